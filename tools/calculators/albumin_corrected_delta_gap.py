"""Delta gap from the albumin-corrected anion gap."""

from __future__ import annotations

from tools.calculators.acid_base import CORRECTED_REFERENCE, DELTA_REFERENCE, GAP_INPUTS, corrected_gap
from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.hepatology import ALBUMIN


def albumin_corrected_delta_gap(sodium: float, chloride: float, bicarbonate: float, albumin: float) -> Outcome:
    """mmol/L; albumin in g/dL."""
    value = corrected_gap(sodium, chloride, bicarbonate, albumin)
    return Outcome(value - 12.0, (Term("Albumin-corrected anion gap", value, "mmol/L"),))


CALCULATOR = Calculator(
    name="albumin_corrected_delta_gap",
    title="Albumin-corrected delta gap",
    synonyms=("albumin corrected delta gap", "corrected delta gap"),
    purpose="Works out how far the albumin-corrected anion gap is above 12 mmol/L.",
    specialty="nephrology",
    inputs=(*GAP_INPUTS, ALBUMIN.but(monotone=True, max_age_days=7)),
    notes=("Taken from a normal albumin of 4.0 g/dL and a normal gap of 12 mmol/L",),
    result=Result("Albumin-corrected delta gap", "mmol/L", decimals=1),
    references=(CORRECTED_REFERENCE, DELTA_REFERENCE),
    compute=albumin_corrected_delta_gap,
)
