"""Static compliance of the respiratory system."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.critical_inputs import PEEP, PLATEAU_PRESSURE, TIDAL_VOLUME
from tools.calculators.reference import Reference, Verified


def static_compliance(tidal_volume: float, plateau_pressure: float, peep: float) -> Outcome:
    """mL/cmH2O."""
    driving = plateau_pressure - peep
    terms = (Term("Driving pressure", driving, "cm[H2O]"),)
    if driving <= 0:
        return Outcome(None, terms, ("The plateau pressure is not above PEEP: check the two pressures",))
    return Outcome(tidal_volume / driving, terms)


CALCULATOR = Calculator(
    name="static_compliance",
    title="Static compliance",
    synonyms=("Cstat", "Crs", "respiratory system compliance", "lung compliance"),
    purpose="Divides tidal volume by the driving pressure of a ventilated patient.",
    specialty="critical care",
    inputs=(
        TIDAL_VOLUME,
        PLATEAU_PRESSURE,
        PEEP,
    ),
    notes=("With total PEEP, and without efforts of the patient",),
    result=Result("Static compliance", "mL/cm[H2O]"),
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
                "tidal volume over plateau pressure less PEEP",
            ),
        ),
    ),
    compute=static_compliance,
)
