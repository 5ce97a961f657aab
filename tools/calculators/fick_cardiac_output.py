"""Cardiac output by the Fick principle."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.common import (
    HAEMOGLOBIN,
    quantity,
)
from tools.calculators.reference import Reference, Verified


def fick_cardiac_output(
    oxygen_consumption: float, haemoglobin: float, arterial_saturation: float, mixed_venous_saturation: float
) -> Outcome:
    """L/min; oxygen in mL/min, haemoglobin in g/dL, saturations in per cent."""
    difference = 1.34 * haemoglobin * (arterial_saturation - mixed_venous_saturation) / 100.0
    terms = (Term("Arteriovenous difference", difference, "mL/dL"),)
    if difference <= 0:
        return Outcome(None, terms, ("The arterial is not above the mixed venous saturation: check the two values",))
    return Outcome(oxygen_consumption / (10.0 * difference), terms)


SATURATION = quantity(
    "arterial_saturation",
    "Arterial oxygen saturation",
    "%",
    plausible=(50, 100),
    possible=(1, 100),
    max_age_days=1,
    example={"value": 97, "unit": "%"},
)

CALCULATOR = Calculator(
    name="fick_cardiac_output",
    title="Cardiac output (Fick)",
    synonyms=("Fick principle", "Fick cardiac output", "oxygen Fick", "direct Fick"),
    purpose="Works out cardiac output from oxygen consumption, haemoglobin and arterial and mixed venous saturation.",
    specialty="cardiology",
    inputs=(
        quantity(
            "oxygen_consumption",
            "Oxygen consumption",
            "mL/min",
            plausible=(80, 600),
            possible=(10, 6000),
            monotone=True,
            max_age_days=1,
            example={"value": 240, "unit": "mL/min"},
            ask="Oxygen consumption (measured, or estimated as 125 mL/min for each m² of body surface)?",
        ),
        HAEMOGLOBIN.but(max_age_days=1),
        SATURATION,
        SATURATION.but(
            name="mixed_venous_saturation",
            title="Mixed venous oxygen saturation",
            plausible=(20, 90),
            example={"value": 70, "unit": "%"},
        ),
    ),
    notes=("Oxygen dissolved in plasma is left out; an assumed oxygen consumption is the largest source of error",),
    result=Result("Cardiac output", "L/min", decimals=1),
    references=(
        Reference(
            "Medical Algorithms Company: cardiac output by the Fick method.",
            "definition",
            url="https://www.medicalalgorithms.com/cardiac-output-by-fick-method",
            verified=Verified(
                "https://www.medicalalgorithms.com/cardiac-output-by-fick-method",
                "2026-11-22",
                "Medical Algorithms Company; the principle in the Merck Manual",
                "1.34 mL of oxygen for each g of haemoglobin, and consumption over ten times the difference in vol%",
            ),
        ),
    ),
    compute=fick_cardiac_output,
)
