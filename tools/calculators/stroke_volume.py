"""Stroke volume from cardiac output and heart rate."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.common import (
    HEART_RATE,
)
from tools.calculators.haemodynamic_inputs import CARDIAC_OUTPUT, VOLUMES


def stroke_volume(cardiac_output: float, heart_rate: float) -> Outcome:
    """mL; output in L/min."""
    return Outcome(1000.0 * cardiac_output / heart_rate, (Term("Cardiac output", cardiac_output, "L/min"),))


CALCULATOR = Calculator(
    name="stroke_volume",
    title="Stroke volume",
    synonyms=("SV", "volume per beat"),
    purpose="Works out how much blood the heart ejects with each beat.",
    specialty="cardiology",
    inputs=(CARDIAC_OUTPUT, HEART_RATE.but(possible=(10, 400), monotone=True)),
    result=Result("Stroke volume", "mL"),
    references=(VOLUMES,),
    compute=stroke_volume,
)
