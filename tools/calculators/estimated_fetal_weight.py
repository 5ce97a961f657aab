"""Estimated fetal weight (Hadlock 1985, four measurements)."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.common import (
    quantity,
)
from tools.calculators.inputs import Input
from tools.calculators.reference import Reference, Verified


def estimated_fetal_weight(
    biparietal_diameter: float, head_circumference: float, abdominal_circumference: float, femur_length: float
) -> Outcome:
    """Grams; all measurements in cm."""
    log_weight = (
        1.3596
        + 0.0064 * head_circumference
        + 0.0424 * abdominal_circumference
        + 0.174 * femur_length
        + 0.00061 * biparietal_diameter * abdominal_circumference
        - 0.00386 * abdominal_circumference * femur_length
    )
    return Outcome(10.0**log_weight, (Term("log10 of the weight in g", log_weight),))


def _measure(name: str, title: str, plausible: tuple[float, float], example: float) -> Input:
    possible = (plausible[0] / 4, plausible[1] * 1.5)
    shown = {"value": example, "unit": "cm"}
    return quantity(name, title, "cm", plausible=plausible, possible=possible, max_age_days=1, example=shown)


CALCULATOR = Calculator(
    name="estimated_fetal_weight",
    title="Estimated fetal weight (Hadlock)",
    synonyms=("EFW", "Hadlock", "fetal weight ultrasound", "foetal weight", "Hadlock 4"),
    purpose="Estimates the weight of a fetus from four ultrasound measurements.",
    specialty="obstetrics",
    inputs=(
        _measure("biparietal_diameter", "Biparietal diameter", (4, 11), 8.2),
        _measure("head_circumference", "Head circumference", (14, 39), 30),
        _measure("abdominal_circumference", "Abdominal circumference", (12, 42), 28),
        _measure("femur_length", "Femur length", (2.2, 8.5), 6.2),
    ),
    result=Result("Estimated fetal weight", "g"),
    references=(
        Reference(
            "Hadlock FP, et al. Estimation of fetal weight with the use of head, body, and femur measurements. Am J "
            "Obstet Gynecol 1985;151:333-337.",
            "derivation",
            url="https://www.medicalalgorithms.com/fetal-weight-from-abdominal-circumference-biparietal-diameter-head-circumference-and-femoral-diaphysis-length",
            verified=Verified(
                "https://www.medicalalgorithms.com/fetal-weight-from-abdominal-circumference-biparietal-diameter-head-circumference-and-femoral-diaphysis-length",
                "2026-11-22",
                "Medical Algorithms Company",
                "every coefficient, with measurements in cm",
            ),
        ),
    ),
    compute=estimated_fetal_weight,
)
