"""Pulmonary vascular resistance, in Wood units."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.haemodynamic_inputs import CARDIAC_OUTPUT, MEAN_PA, TRUMAN, WEDGE


def pulmonary_vascular_resistance(
    mean_pulmonary_pressure: float, wedge_pressure: float, cardiac_output: float
) -> Outcome:
    """mmHg min/L (Wood units); 80 times that in dyn s/cm5."""
    gradient = mean_pulmonary_pressure - wedge_pressure
    across = Term("Transpulmonary gradient", gradient, "mm[Hg]")
    if gradient < 0:
        why = "The wedge pressure is above the pulmonary pressure: check the two pressures"
        return Outcome(None, (across,), (why,))
    wood = gradient / cardiac_output
    return Outcome(wood, (across, Term("In dyn·s/cm⁵", 80.0 * wood)))


CALCULATOR = Calculator(
    name="pulmonary_vascular_resistance",
    title="Pulmonary vascular resistance",
    synonyms=("PVR", "Wood units", "pulmonary resistance"),
    purpose="Works out the resistance of the vessels of the lung from a right heart catheter.",
    specialty="cardiology",
    inputs=(MEAN_PA, WEDGE, CARDIAC_OUTPUT.but(monotone=False)),
    result=Result("PVR", "{Wood}", noun="Wood units", decimals=1),
    references=(TRUMAN,),
    compute=pulmonary_vascular_resistance,
)
