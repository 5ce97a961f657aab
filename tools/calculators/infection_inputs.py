"""Inputs that the scores of pneumonia and sepsis share."""

from __future__ import annotations

from tools.calculators.common import boolean, quantity

CONFUSION = boolean(
    "confusion",
    "New confusion",
    ask="New disorientation in person, place or time, or an abbreviated mental test score of 8 or less?",
    max_age_days=1,
)
DIASTOLIC = quantity(
    "diastolic_bp",
    "Diastolic blood pressure",
    "mm[Hg]",
    plausible=(30, 140),
    possible=(0, 250),
    max_age_days=1,
    codings=("loinc:8462-4",),
    example={"value": 75, "unit": "mm[Hg]"},
)
PLATELETS = quantity(
    "platelets",
    "Platelet count",
    "10*9/L",
    plausible=(5, 1000),
    possible=(0.5, 5000),
    max_age_days=2,
    codings=("loinc:777-3",),
    example={"value": 220, "unit": "10*9/L"},
)
