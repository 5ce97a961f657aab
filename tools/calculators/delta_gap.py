"""Delta gap: how far the anion gap is above 12."""

from __future__ import annotations

from tools.calculators.acid_base import DELTA_REFERENCE, GAP_INPUTS, GAP_REFERENCE, gap
from tools.calculators.base import Calculator, Outcome, Result, Term


def delta_gap(sodium: float, chloride: float, bicarbonate: float) -> Outcome:
    """mmol/L."""
    value = gap(sodium, chloride, bicarbonate)
    return Outcome(value - 12.0, (Term("Anion gap", value, "mmol/L"),))


CALCULATOR = Calculator(
    name="delta_gap",
    title="Delta gap",
    synonyms=("delta anion gap", "delta AG"),
    purpose="Works out how far the anion gap is above its normal value of 12 mmol/L.",
    specialty="nephrology",
    inputs=GAP_INPUTS,
    notes=("Others call delta gap the difference between this rise and the fall of bicarbonate",),
    result=Result("Delta gap", "mmol/L", decimals=1),
    references=(DELTA_REFERENCE, GAP_REFERENCE),
    compute=delta_gap,
)
