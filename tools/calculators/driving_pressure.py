"""Driving pressure of the respiratory system."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result
from tools.calculators.critical_inputs import PEEP, PLATEAU_PRESSURE
from tools.calculators.reference import Reference, Verified


def driving_pressure(plateau_pressure: float, peep: float) -> Outcome:
    """cmH2O."""
    if plateau_pressure < peep:
        return Outcome(None, (), ("The plateau pressure is below PEEP: check the two pressures",))
    return Outcome(plateau_pressure - peep)


CALCULATOR = Calculator(
    name="driving_pressure",
    title="Driving pressure",
    synonyms=("delta P", "driving pressure", "ΔP"),
    purpose="Takes PEEP from the plateau pressure of a ventilated patient.",
    specialty="critical care",
    inputs=(
        PLATEAU_PRESSURE,
        PEEP,
    ),
    notes=("With total PEEP, and without efforts of the patient",),
    result=Result("Driving pressure", "cm[H2O]"),
    references=(
        Reference(
            (
                "The future of driving pressure: a primary goal for mechanical ventilation? J Intensive Care "
                "2018;6:64, table 1."
            ),
            "definition",
            doi="10.1186/s40560-018-0334-4",
            verified=Verified(
                "https://jintensivecare.biomedcentral.com/articles/10.1186/s40560-018-0334-4/tables/1",
                "2026-11-22",
                "Journal of Intensive Care, table 1",
                "plateau pressure less PEEP",
            ),
        ),
    ),
    compute=driving_pressure,
)
