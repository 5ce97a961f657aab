"""Delta ratio from the albumin-corrected anion gap."""

from __future__ import annotations

from tools.calculators.acid_base import (
    CORRECTED_REFERENCE,
    DELTA_REFERENCE,
    GAP_INPUTS,
    RATIO_NOTES,
    corrected_gap,
    delta_ratio_of,
)
from tools.calculators.base import Calculator, Outcome, Result
from tools.calculators.hepatology import ALBUMIN


def albumin_corrected_delta_ratio(sodium: float, chloride: float, bicarbonate: float, albumin: float) -> Outcome:
    """Dimensionless; albumin in g/dL."""
    return delta_ratio_of(corrected_gap(sodium, chloride, bicarbonate, albumin), bicarbonate)


CALCULATOR = Calculator(
    name="albumin_corrected_delta_ratio",
    title="Albumin-corrected delta ratio",
    synonyms=("albumin corrected delta ratio", "corrected delta ratio"),
    purpose="Compares the rise of the albumin-corrected anion gap with the fall of bicarbonate in metabolic acidosis.",
    specialty="nephrology",
    inputs=(GAP_INPUTS[0], GAP_INPUTS[1], GAP_INPUTS[2].but(monotone=False), ALBUMIN.but(max_age_days=7)),
    notes=RATIO_NOTES,
    example_inputs={
        "sodium": {"value": 140, "unit": "mmol/L"},
        "chloride": {"value": 100, "unit": "mmol/L"},
        "bicarbonate": {"value": 14, "unit": "mmol/L"},
    },
    result=Result("Albumin-corrected delta ratio", decimals=2),
    references=(CORRECTED_REFERENCE, DELTA_REFERENCE),
    compute=albumin_corrected_delta_ratio,
)
