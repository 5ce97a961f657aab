"""Body mass index, waist and hip as inputs."""

from __future__ import annotations

from tools.calculators.common import (
    quantity,
)

BMI = quantity(
    "bmi",
    "Body mass index",
    "kg/m2",
    plausible=(12, 70),
    possible=(5, 150),
    max_age_days=365,
    codings=("loinc:39156-5",),
    example={"value": 27, "unit": "kg/m2"},
)
WAIST = quantity(
    "waist",
    "Waist circumference",
    "cm",
    plausible=(50, 180),
    possible=(25, 300),
    max_age_days=365,
    example={"value": 92, "unit": "cm"},
)
