"""Calcium adjusted for albumin (Payne)."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.common import quantity
from tools.calculators.hepatology import ALBUMIN
from tools.calculators.reference import Reference, Verified

CALCIUM = quantity(
    "calcium",
    "Total calcium",
    "mg/dL",
    analyte="calcium",
    plausible=(5, 18),
    possible=(2, 30),
    monotone=True,
    max_age_days=30,
    codings=("loinc:17861-6", "loinc:2000-8"),
    example={"value": 9.2, "unit": "mg/dL"},
)


def corrected_calcium(calcium: float, albumin: float) -> Outcome:
    """Adjusted calcium in mg/dL; albumin in g/dL."""
    change = 0.8 * (4.0 - albumin)
    return Outcome(calcium + change, (Term("0.8 × (4.0 − albumin)", change, "mg/dL"),))


CALCULATOR = Calculator(
    name="corrected_calcium",
    title="Calcium adjusted for albumin",
    synonyms=("corrected calcium", "adjusted calcium", "albumin-adjusted calcium", "Payne formula"),
    purpose="Adjusts total serum calcium for albumin.",
    specialty="endocrinology",
    inputs=(CALCIUM, ALBUMIN.but(monotone=True, max_age_days=30)),
    notes=(
        "Inaccurate in kidney disease, and in myeloma and cirrhosis; an ionised calcium is the better measure there",
    ),
    result=Result("Adjusted calcium", "mg/dL", decimals=2),
    references=(
        Reference(
            "Payne RB, et al. Interpretation of serum calcium in patients with abnormal serum proteins. "
            "Br Med J 1973;4:643-646.",
            "derivation",
            doi="10.1136/bmj.4.5893.643",
            verified=Verified(
                "https://reference.medscape.com/calculator/267/calcium-correction-for-hypoalbuminemia",
                "2026-11-22",
                "Medscape; GPnotebook for the normal albumin of 40 g/L and the limits of the formula",
                "0.8 mg/dL per g/dL of albumin, or 0.02 mmol/L per g/L, below 4.0 g/dL; inaccurate in kidney disease",
            ),
        ),
    ),
    compute=corrected_calcium,
)
