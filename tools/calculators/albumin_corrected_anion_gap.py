"""Anion gap corrected for albumin."""

from __future__ import annotations

from tools.calculators.acid_base import CORRECTED_REFERENCE, GAP_INPUTS, GAP_REFERENCE, corrected_gap, gap
from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.hepatology import ALBUMIN


def albumin_corrected_anion_gap(sodium: float, chloride: float, bicarbonate: float, albumin: float) -> Outcome:
    """mmol/L; albumin in g/dL."""
    value = corrected_gap(sodium, chloride, bicarbonate, albumin)
    return Outcome(
        value,
        (
            Term("Anion gap", gap(sodium, chloride, bicarbonate), "mmol/L"),
            Term("2.5 × (4.0 − albumin)", 2.5 * (4.0 - albumin), "mmol/L"),
        ),
    )


CALCULATOR = Calculator(
    name="albumin_corrected_anion_gap",
    title="Albumin-corrected anion gap",
    synonyms=("albumin corrected anion gap", "corrected anion gap", "anion gap corrected for albumin"),
    purpose="Works out the anion gap as it would be with a normal albumin.",
    specialty="nephrology",
    inputs=(*GAP_INPUTS, ALBUMIN.but(monotone=True, max_age_days=7)),
    notes=("Taken from a normal albumin of 4.0 g/dL; some take 4.4 g/dL, which adds 1 mmol/L",),
    result=Result("Albumin-corrected anion gap", "mmol/L", decimals=1),
    references=(CORRECTED_REFERENCE, GAP_REFERENCE),
    compute=albumin_corrected_anion_gap,
)
