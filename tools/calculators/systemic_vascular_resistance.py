"""Systemic vascular resistance."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.haemodynamic_inputs import CARDIAC_OUTPUT, CVP, MEAN_PRESSURE, TRUMAN


def systemic_vascular_resistance(
    mean_pressure: float, central_venous_pressure: float, cardiac_output: float
) -> Outcome:
    """dyn s/cm5; pressures in mmHg, output in L/min."""
    fall = mean_pressure - central_venous_pressure
    terms = (Term("Fall of pressure", fall, "mm[Hg]"),)
    if fall <= 0:
        return Outcome(None, terms, ("The arterial pressure is not above the venous one: check the two pressures",))
    return Outcome(80.0 * fall / cardiac_output, terms)


CALCULATOR = Calculator(
    name="systemic_vascular_resistance",
    title="Systemic vascular resistance",
    synonyms=("SVR", "peripheral resistance", "total peripheral resistance"),
    purpose="Works out the resistance of the systemic vessels from pressures and cardiac output, as in shock.",
    specialty="cardiology",
    inputs=(MEAN_PRESSURE, CVP, CARDIAC_OUTPUT.but(monotone=False)),
    result=Result("SVR", "dyn.s/cm5"),
    references=(TRUMAN,),
    compute=systemic_vascular_resistance,
)
