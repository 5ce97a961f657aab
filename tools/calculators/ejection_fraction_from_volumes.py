"""Ejection fraction of the left ventricle from its volumes."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.common import (
    quantity,
)
from tools.calculators.haemodynamic_inputs import VOLUMES


def ejection_fraction_from_volumes(end_diastolic_volume: float, end_systolic_volume: float) -> Outcome:
    """Per cent; volumes in mL."""
    ejected = end_diastolic_volume - end_systolic_volume
    terms = (Term("Stroke volume", ejected, "mL"),)
    if ejected <= 0:
        return Outcome(None, terms, ("The end-systolic is not below the end-diastolic volume: check the two values",))
    return Outcome(100.0 * ejected / end_diastolic_volume, terms)


VOLUME = quantity(
    "end_diastolic_volume",
    "End-diastolic volume",
    "mL",
    plausible=(40, 450),
    possible=(5, 900),
    max_age_days=365,
    example={"value": 120, "unit": "mL"},
)

CALCULATOR = Calculator(
    name="ejection_fraction_from_volumes",
    title="Ejection fraction from volumes",
    synonyms=("LVEF from volumes", "ejection fraction", "EF", "Simpson ejection fraction"),
    purpose="Works out the ejection fraction from the volumes of the left ventricle after filling and after emptying.",
    specialty="cardiology",
    inputs=(
        VOLUME,
        VOLUME.but(
            name="end_systolic_volume",
            title="End-systolic volume",
            plausible=(10, 350),
            possible=(1, 800),
            example={"value": 50, "unit": "mL"},
        ),
    ),
    result=Result("Ejection fraction", "%"),
    references=(VOLUMES,),
    compute=ejection_fraction_from_volumes,
)
