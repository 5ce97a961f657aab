"""TmP/GFR: renal threshold of phosphate."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.common import (
    CREATININE,
    quantity,
)
from tools.calculators.reference import Reference, Verified
from tools.calculators.urine import URINE_CREATININE

PHOSPHATE = quantity(
    "phosphate",
    "Serum phosphate",
    "mmol/L",
    analyte="phosphate",
    plausible=(0.2, 3.5),
    possible=(0.05, 10),
    max_age_days=7,
    example={"value": 0.6, "unit": "mmol/L"},
)


def tmp_gfr(phosphate: float, creatinine: float, urine_phosphate: float, urine_creatinine: float) -> Outcome:
    """mmol per litre of filtrate; phosphate in mmol/L, creatinine in mg/dL (only its ratio counts)."""
    reabsorbed = 1.0 - (urine_phosphate / phosphate) * (creatinine / urine_creatinine)
    terms = (Term("Tubular reabsorption of phosphate (TRP)", reabsorbed),)
    if reabsorbed <= 0:
        return Outcome(None, terms, ("More phosphate in urine than was filtered: check the four values",))
    # Payne: a straight line up to a reabsorption of 0.86, a curve above it.
    factor = reabsorbed if reabsorbed <= 0.86 else 0.3 * reabsorbed / (1.0 - 0.8 * reabsorbed)
    return Outcome(factor * phosphate, terms)


CALCULATOR = Calculator(
    name="tmp_gfr",
    title="Renal threshold phosphate (TmP/GFR)",
    synonyms=(
        "TmP/GFR",
        "TmPO4/GFR",
        "tubular maximum reabsorption of phosphate",
        "TRP",
        "tubular reabsorption of phosphate",
    ),
    purpose="Tells whether the kidney loses phosphate, from fasting phosphate and creatinine in blood and urine.",
    specialty="nephrology",
    inputs=(
        PHOSPHATE,
        CREATININE.but(max_age_days=7, monotone=False),
        PHOSPHATE.but(
            name="urine_phosphate",
            title="Phosphate in urine",
            plausible=(0.5, 80),
            possible=(0.05, 200),
            example={"value": 10, "unit": "mmol/L"},
        ),
        URINE_CREATININE.but(max_age_days=7, monotone=False),
    ),
    notes=("From a second morning urine and blood taken while fasting; reference ranges depend on age",),
    result=Result("TmP/GFR", "mmol/L", decimals=2),
    references=(
        Reference(
            "Payne RB. Renal tubular reabsorption of phosphate (TmP/GFR): indications and interpretation. "
            "Ann Clin Biochem 1998;35:201-206.",
            "derivation",
            url="http://baspath.co.uk/calculations/renal_tubular_reabsorption_of_ph.htm",
            verified=Verified(
                "http://baspath.co.uk/calculations/renal_tubular_reabsorption_of_ph.htm",
                "2026-11-22",
                "Black Country pathology service, approved by a consultant biochemist",
                "TRP, and the two formulas on either side of 0.86",
            ),
        ),
    ),
    compute=tmp_gfr,
)
