"""Age shock index: age times shock index."""

from __future__ import annotations

from tools.calculators.base import ADULTS, Calculator, Outcome, Result, Term
from tools.calculators.common import AGE, HEART_RATE, SYSTOLIC
from tools.calculators.reference import Reference, Verified


def age_shock_index(age: float, heart_rate: float, systolic_bp: float) -> Outcome:
    """Years."""
    shock = heart_rate / systolic_bp
    return Outcome(age * shock, (Term("Shock index", shock),))


CALCULATOR = Calculator(
    name="age_shock_index",
    title="Age shock index",
    synonyms=("SIA", "age shock index", "shock index times age", "ASI"),
    purpose="Multiplies the shock index of an older injured patient by age for the risk of early death.",
    specialty="trauma",
    inputs=(
        AGE.but(plausible=(18, 110)),
        HEART_RATE.but(monotone=True),
        SYSTOLIC.but(monotone=True, possible=(1, 350)),
    ),
    population=ADULTS,
    result=Result("Age shock index", decimals=1),
    references=(
        Reference(
            (
                "Kimura A, Tanaka N. Reverse shock index multiplied by Glasgow Coma Scale score (rSIG) is a "
                "simple measure with high discriminant ability for mortality risk in trauma patients. Crit Care "
                "2018;22:87."
            ),
            "derivation",
            doi="10.1186/s13054-018-2014-0",
            pmid="29642920",
            verified=Verified(
                "https://pmc.ncbi.nlm.nih.gov/articles/PMC5896075",
                "2026-11-22",
                "PubMed Central, abstract",
                (
                    "the shock index, heart rate over systolic pressure, times age may predict early death better "
                    "above 55 years"
                ),
            ),
        ),
    ),
    compute=age_shock_index,
)
