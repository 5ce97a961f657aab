"""KDIGO GFR category, G1 to G5."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.kdigo import CATEGORIES, CKD_EGFR, GFR_CODES, KEY, gfr_category


def kdigo_gfr_category(egfr: float) -> Outcome:
    """The category of an eGFR in mL/min/1.73 m²."""
    return Outcome(gfr_category(egfr), (Term("Estimated GFR", egfr, "mL/min/{1.73_m2}"),))


CALCULATOR = Calculator(
    name="kdigo_gfr_category",
    title="KDIGO GFR category",
    synonyms=("CKD stage", "G stage", "GFR stage", "kidney disease stage"),
    purpose="Puts an estimated GFR into the KDIGO categories G1 to G5.",
    specialty="nephrology",
    inputs=(CKD_EGFR,),
    notes=("One value does not make chronic kidney disease: it must persist for more than 3 months",),
    result=Result("GFR category", codes=GFR_CODES, source=KEY),
    references=(CATEGORIES,),
    compute=kdigo_gfr_category,
)
