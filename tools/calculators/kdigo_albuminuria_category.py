"""KDIGO albuminuria category, A1 to A3."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.kdigo import ACR_CODES, CATEGORIES, CKD_ACR, KEY, albuminuria_category


def kdigo_albuminuria_category(acr: float) -> Outcome:
    """The category of a urine albumin-to-creatinine ratio."""
    category = albuminuria_category(acr)
    limits = {
        "A1": "below 30 mg/g (3 mg/mmol)",
        "A2": "30 to 300 mg/g (3 to 30 mg/mmol)",
        "A3": "above 300 mg/g (30 mg/mmol)",
    }
    return Outcome(category, (Term(f"Limits of {category}", limits[category]),))


CALCULATOR = Calculator(
    name="kdigo_albuminuria_category",
    title="KDIGO albuminuria category",
    synonyms=("ACR category", "albuminuria stage", "A stage", "microalbuminuria"),
    purpose="Puts a urine albumin-to-creatinine ratio into the KDIGO categories A1 to A3, by the limits in its unit.",
    specialty="nephrology",
    inputs=(CKD_ACR,),
    result=Result("Albuminuria category", codes=ACR_CODES, source=KEY),
    references=(CATEGORIES,),
    compute=kdigo_albuminuria_category,
)
