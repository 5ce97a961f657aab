"""Inputs that the calculators of liver disease share."""

from __future__ import annotations

from tools.calculators.common import quantity

BILIRUBIN = quantity(
    "bilirubin",
    "Total bilirubin",
    "mg/dL",
    analyte="bilirubin",
    plausible=(0.1, 50),
    possible=(0.01, 100),
    max_age_days=90,
    codings=("loinc:1975-2", "loinc:14631-6"),
    example={"value": 1.1, "unit": "mg/dL"},
)
ALBUMIN = quantity(
    "albumin",
    "Serum albumin",
    "g/dL",
    analyte="albumin",
    plausible=(1, 6),
    possible=(0.2, 10),
    max_age_days=90,
    codings=("loinc:1751-7",),
    example={"value": 4.0, "unit": "g/dL"},
)
INR = quantity(
    "inr",
    "INR",
    "1",
    plausible=(0.7, 10),
    possible=(0.3, 30),
    max_age_days=90,
    codings=("loinc:6301-6", "loinc:34714-6"),
    example={"value": 1.1},
)
SODIUM = quantity(
    "sodium",
    "Serum sodium",
    "mmol/L",
    analyte="sodium",
    plausible=(105, 170),
    possible=(80, 220),
    max_age_days=90,
    codings=("loinc:2951-2",),
    example={"value": 138, "unit": "mmol/L"},
)
