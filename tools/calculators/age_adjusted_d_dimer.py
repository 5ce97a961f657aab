"""Age-adjusted D-dimer cut-off (ADJUST-PE)."""

from __future__ import annotations

from tools.calculators.base import ADULTS, Calculator, Code, Outcome, Result, Term
from tools.calculators.common import AGE, D_DIMER
from tools.calculators.reference import Reference, Verified


def age_adjusted_d_dimer(age: float, d_dimer: float) -> Outcome:
    """`below` or `above` (which includes equal); the cut-off is age × 10 from 50 years, else 500 ng/mL FEU."""
    cutoff = age * 10.0 if age >= 50 else 500.0
    terms = (
        Term("Cut-off", cutoff, "ng/mL{FEU}", "age × 10" if age >= 50 else ""),
        Term("D-dimer", d_dimer, "ng/mL{FEU}"),
    )
    return Outcome("below" if d_dimer < cutoff else "above", terms)


CALCULATOR = Calculator(
    name="age_adjusted_d_dimer",
    title="Age-adjusted D-dimer",
    synonyms=("age adjusted D-dimer", "ADJUST-PE", "D-dimer cut-off by age"),
    purpose="Compares a D-dimer in fibrinogen equivalent units with the cut-off for the patient's age, in suspected "
    "pulmonary embolism of low or intermediate clinical probability.",
    specialty="emergency medicine",
    inputs=(AGE.but(plausible=(18, 110)), D_DIMER),
    population=ADULTS,
    notes=("Only where the clinical probability is not high",),
    result=Result(
        "D-dimer",
        source="doi:10.1001/jama.2014.2135",
        rules_out=("below",),
        codes=(
            Code("below", "below the age-adjusted cut-off", "D-dimer below the cut-off for age"),
            Code("above", "at or above the age-adjusted cut-off", "D-dimer at or above the cut-off for age"),
        ),
    ),
    references=(
        Reference(
            "Righini M, et al. Age-adjusted D-dimer cutoff levels to rule out pulmonary embolism: the ADJUST-PE study. "
            "JAMA 2014;311:1117-1124.",
            "derivation",
            doi="10.1001/jama.2014.2135",
            pmid="24643601",
            verified=Verified(
                "https://cris.maastrichtuniversity.nl/en/publications/"
                "age-adjusted-d-dimer-cutoff-levels-to-rule-out-pulmonary-embolism",
                "2026-11-22",
                "Maastricht University, abstract of the paper",
                "age × 10 from 50 years, 500 µg/L otherwise, with clinical probability assessed first",
            ),
        ),
    ),
    compute=age_adjusted_d_dimer,
)
