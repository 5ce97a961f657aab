"""Delta ratio: the rise of the anion gap over the fall of bicarbonate."""

from __future__ import annotations

from tools.calculators.acid_base import DELTA_REFERENCE, GAP_INPUTS, GAP_REFERENCE, RATIO_NOTES, delta_ratio_of, gap
from tools.calculators.base import Calculator, Outcome, Result


def delta_ratio(sodium: float, chloride: float, bicarbonate: float) -> Outcome:
    """Dimensionless."""
    return delta_ratio_of(gap(sodium, chloride, bicarbonate), bicarbonate)


CALCULATOR = Calculator(
    name="delta_ratio",
    title="Delta ratio",
    synonyms=("delta delta", "delta-delta ratio", "delta ratio"),
    purpose="Compares the rise of the anion gap with the fall of bicarbonate in metabolic acidosis.",
    specialty="nephrology",
    inputs=(GAP_INPUTS[0], GAP_INPUTS[1], GAP_INPUTS[2].but(monotone=False)),
    notes=RATIO_NOTES,
    example_inputs={
        "sodium": {"value": 140, "unit": "mmol/L"},
        "chloride": {"value": 100, "unit": "mmol/L"},
        "bicarbonate": {"value": 14, "unit": "mmol/L"},
    },
    result=Result("Delta ratio", decimals=2),
    references=(DELTA_REFERENCE, GAP_REFERENCE),
    compute=delta_ratio,
)
