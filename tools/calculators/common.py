"""Inputs that many calculators share. `but(...)` changes what differs (cuts, title).

`possible` and `plausible` are limits of entry chosen here to catch slips and wrong units; they are not reference
ranges and come from no guideline.
"""

from __future__ import annotations

from typing import Any

from tools.calculators.inputs import Input


def boolean(name: str, title: str, *codings: str, ask: str = "", max_age_days: int | None = None) -> Input:
    """A yes-or-no input."""
    return Input(name, "boolean", title, codings=codings, ask=ask, max_age_days=max_age_days)


def quantity(name: str, title: str, unit: str, **declared: Any) -> Input:
    """A number with a unit."""
    return Input(name, "quantity", title, unit, **declared)


def choice(name: str, title: str, choices: dict[str, str], **declared: Any) -> Input:
    """One of several answers, in order; the first is the example."""
    return Input(name, "code", title, choices=choices, example=next(iter(choices)), **declared)


AGE = quantity(
    "age",
    "Age",
    "a",
    analyte="age",
    plausible=(0, 110),
    possible=(0, 130),
    monotone=True,
    example={"value": 72, "unit": "a"},
)
SEX = Input(
    "sex",
    "code",
    "Sex",
    choices={"female": "female", "male": "male"},
    unknowns=("unknown", "other"),
    example="female",
    ask="Sex for clinical use",
)
CREATININE = quantity(
    "creatinine",
    "Serum creatinine",
    "mg/dL",
    analyte="creatinine",
    plausible=(0.2, 20),
    possible=(0.05, 75),
    monotone=True,
    max_age_days=365,
    codings=("loinc:2160-0", "loinc:14682-9"),
    example={"value": 1.2, "unit": "mg/dL"},
)
WEIGHT = quantity(
    "weight",
    "Body weight",
    "kg",
    analyte="weight",
    plausible=(30, 250),
    possible=(0.3, 650),
    monotone=True,
    max_age_days=365,
    codings=("loinc:29463-7",),
    example={"value": 70, "unit": "kg"},
)
HEIGHT = quantity(
    "height",
    "Height",
    "cm",
    analyte="height",
    plausible=(120, 220),
    possible=(20, 280),
    monotone=True,
    codings=("loinc:8302-2",),
    example={"value": 170, "unit": "cm"},
)
HEART_RATE = quantity(
    "heart_rate",
    "Heart rate",
    "/min",
    plausible=(30, 220),
    possible=(10, 400),
    max_age_days=1,
    codings=("loinc:8867-4",),
    example={"value": 80, "unit": "/min"},
)
SYSTOLIC = quantity(
    "systolic_bp",
    "Systolic blood pressure",
    "mm[Hg]",
    plausible=(60, 240),
    possible=(20, 350),
    max_age_days=1,
    codings=("loinc:8480-6",),
    example={"value": 120, "unit": "mm[Hg]"},
)
SPO2 = quantity(
    "spo2",
    "Oxygen saturation",
    "%",
    plausible=(60, 100),
    possible=(10, 100),
    max_age_days=1,
    codings=("loinc:59408-5", "loinc:2708-6"),
    example={"value": 97, "unit": "%"},
)
RESPIRATORY_RATE = quantity(
    "respiratory_rate",
    "Respiratory rate",
    "/min",
    plausible=(6, 60),
    possible=(1, 150),
    max_age_days=1,
    codings=("loinc:9279-1",),
    example={"value": 16, "unit": "/min"},
)
TEMPERATURE = quantity(
    "temperature",
    "Body temperature",
    "Cel",
    plausible=(33, 42),
    possible=(10, 47),
    max_age_days=1,
    codings=("loinc:8310-5",),
    example={"value": 37, "unit": "Cel"},
)
HAEMOGLOBIN = quantity(
    "haemoglobin",
    "Haemoglobin",
    "g/dL",
    analyte="haemoglobin",
    plausible=(4, 22),
    possible=(0.5, 30),
    max_age_days=365,
    codings=("loinc:718-7",),
    example={"value": 13.1, "unit": "g/dL"},
)
EGFR = quantity(
    "egfr",
    "Estimated GFR",
    "mL/min/{1.73_m2}",
    plausible=(2, 150),
    possible=(0.5, 250),
    max_age_days=365,
    example={"value": 43, "unit": "mL/min/{1.73_m2}"},
)
ACR = quantity(
    "acr",
    "Urine albumin-to-creatinine ratio",
    "mg/g",
    analyte="acr",
    plausible=(0.5, 10000),
    possible=(0.01, 50000),
    max_age_days=365,
    codings=("loinc:9318-7", "loinc:14959-1"),
    example={"value": 120, "unit": "mg/g"},
)
D_DIMER = quantity(
    "d_dimer",
    "D-dimer",
    "ng/mL{FEU}",
    analyte="d_dimer",
    assay="FEU",
    plausible=(20, 35000),
    possible=(1, 1000000),
    monotone=True,
    max_age_days=1,
    example={"value": 420, "unit": "ng/mL{FEU}"},
)
