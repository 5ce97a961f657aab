"""Free water deficit in hypernatraemia."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.common import AGE, SEX, WEIGHT
from tools.calculators.hepatology import SODIUM
from tools.calculators.reference import Reference, Verified


def _fraction(age: float, sex: str) -> float:
    """Share of the body weight that is water."""
    if age < 18:
        return 0.6
    if age >= 65:
        return 0.5 if sex == "male" else 0.45
    return 0.6 if sex == "male" else 0.5


def free_water_deficit(age: float, sex: str, weight: float, sodium: float) -> Outcome:
    """Litres, towards a sodium of 140 mmol/L; weight in kg."""
    water = _fraction(age, sex) * weight
    low = (
        ("Sodium is not above 140 mmol/L: there is no deficit of free water by this formula",) if sodium <= 140 else ()
    )
    return Outcome(water * (sodium / 140.0 - 1.0), (Term("Total body water", water, "L"),), low)


CALCULATOR = Calculator(
    name="free_water_deficit",
    title="Free water deficit",
    synonyms=("water deficit", "free water deficit", "water deficit in hypernatraemia", "hypernatremia water deficit"),
    purpose="Estimates how much free water is lacking in hypernatraemia from weight, age, sex and sodium.",
    specialty="nephrology",
    inputs=(AGE.but(cuts=(), monotone=False), SEX, WEIGHT.but(plausible=(3, 250)), SODIUM.but(max_age_days=1)),
    notes=(
        "Body water: 0.6 of weight in children and men, 0.5 in women and older men, 0.45 in older women",
        "The source gives no age for older people; here it is 65 years",
        "Continuing losses are not part of it",
    ),
    example_inputs={"sodium": {"value": 154, "unit": "mmol/L"}},
    result=Result("Free water deficit", "L", decimals=1),
    references=(
        Reference(
            "Family Practice Notebook: total body sodium deficit and free water deficit.",
            "definition",
            url="https://fpnotebook.com/renal/Lab/TtlBdySdmDfct.htm",
            verified=Verified(
                "https://fpnotebook.com/renal/Lab/TtlBdySdmDfct.htm",
                "2026-11-22",
                "Family Practice Notebook, Scott Moses, MD",
                "body water times sodium over 140 less 1; the shares of body water by age and sex",
            ),
        ),
    ),
    compute=free_water_deficit,
)
