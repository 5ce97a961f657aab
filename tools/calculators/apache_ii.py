"""APACHE II: severity of illness in intensive care from twelve measurements, age and chronic health."""

from __future__ import annotations

from tools.calculators.base import ADULTS, Calculator, Outcome, Result, Term
from tools.calculators.common import (
    AGE,
    CREATININE,
    HEART_RATE,
    RESPIRATORY_RATE,
    TEMPERATURE,
    boolean,
    choice,
    quantity,
)
from tools.calculators.gases import ARTERIAL_PH, FIO2, HAEMATOCRIT, PAO2, POTASSIUM, WBC
from tools.calculators.hepatology import SODIUM
from tools.calculators.reference import Reference, Verified

CHRONIC = {
    "none": "none",
    "elective": "severe organ insufficiency or immunocompromise, after elective surgery",
    "other": "severe organ insufficiency or immunocompromise, not operated or after emergency surgery",
}


def _steps(value: float, *steps: tuple[float, int], below: int) -> int:
    """The points of the highest limit that is reached."""
    return next((worth for limit, worth in steps if value >= limit), below)


def _oxygenation(fio2: float, pao2: float, aa_gradient: float) -> int:
    if fio2 >= 50:
        return _steps(aa_gradient, (500, 4), (350, 3), (200, 2), below=0)
    return 0 if pao2 > 70 else 1 if pao2 > 60 else 3 if pao2 >= 55 else 4


def apache_ii(
    age: float,
    temperature: float,
    mean_pressure: float,
    heart_rate: float,
    respiratory_rate: float,
    fio2: float,
    pao2: float,
    aa_gradient: float,
    arterial_ph: float,
    sodium: float,
    potassium: float,
    creatinine: float,
    acute_renal_failure: bool,
    haematocrit: float,
    wbc: float,
    gcs: float,
    chronic_health: str,
) -> Outcome:
    """0 to 71 points."""
    kidney = _steps(creatinine, (3.5, 4), (2.0, 3), (1.5, 2), (0.6, 0), below=2)
    items = {
        "Temperature": _steps(temperature, (41, 4), (39, 3), (38.5, 1), (36, 0), (34, 1), (32, 2), (30, 3), below=4),
        "Mean arterial pressure": _steps(mean_pressure, (160, 4), (130, 3), (110, 2), (70, 0), (50, 2), below=4),
        "Heart rate": _steps(heart_rate, (180, 4), (140, 3), (110, 2), (70, 0), (55, 2), (40, 3), below=4),
        "Respiratory rate": _steps(respiratory_rate, (50, 4), (35, 3), (25, 1), (12, 0), (10, 1), (6, 2), below=4),
        "Oxygenation": _oxygenation(fio2, pao2, aa_gradient),
        "Arterial pH": _steps(arterial_ph, (7.7, 4), (7.6, 3), (7.5, 1), (7.33, 0), (7.25, 2), (7.15, 3), below=4),
        "Sodium": _steps(sodium, (180, 4), (160, 3), (155, 2), (150, 1), (130, 0), (120, 2), (111, 3), below=4),
        "Potassium": _steps(potassium, (7, 4), (6, 3), (5.5, 1), (3.5, 0), (3, 1), (2.5, 2), below=4),
        "Creatinine": kidney * (2 if acute_renal_failure and creatinine >= 1.5 else 1),
        "Haematocrit": _steps(haematocrit, (60, 4), (50, 2), (46, 1), (30, 0), (20, 2), below=4),
        "White cells": _steps(wbc, (40, 4), (20, 2), (15, 1), (3, 0), (1, 2), below=4),
        "15 less Glasgow Coma Scale": 15 - int(gcs),
        "Age": _steps(age, (75, 6), (65, 5), (55, 3), (45, 2), below=0),
        "Chronic health": {"none": 0, "elective": 2, "other": 5}[chronic_health],
    }
    return Outcome(
        float(sum(items.values())), tuple(Term(name, float(worth), "points") for name, worth in items.items())
    )


CALCULATOR = Calculator(
    name="apache_ii",
    title="APACHE II",
    synonyms=("APACHE", "APACHE II score", "acute physiology and chronic health evaluation"),
    purpose="Scores the severity of illness of an adult in the first 24 hours of intensive care.",
    specialty="critical care",
    inputs=(
        AGE.but(cuts=(45.0, 55.0, 65.0, 75.0), plausible=(18, 110)),
        TEMPERATURE.but(cuts=(30.0, 32.0, 34.0, 36.0, 38.5, 39.0, 41.0), ask="Rectal or core temperature?"),
        quantity(
            "mean_pressure",
            "Mean arterial pressure",
            "mm[Hg]",
            plausible=(30, 180),
            possible=(10, 250),
            cuts=(50.0, 70.0, 110.0, 130.0, 160.0),
            max_age_days=1,
            codings=("loinc:8478-0",),
            example={"value": 85, "unit": "mm[Hg]"},
        ),
        HEART_RATE.but(cuts=(40.0, 55.0, 70.0, 110.0, 140.0, 180.0)),
        RESPIRATORY_RATE.but(cuts=(6.0, 10.0, 12.0, 25.0, 35.0, 50.0)),
        FIO2.but(cuts=(50.0,), monotone=False),
        PAO2.but(cuts=(55.0, 60.0, 70.0), monotone=False),
        quantity(
            "aa_gradient",
            "A-a gradient",
            "mm[Hg]",
            plausible=(0, 650),
            possible=(-100, 760),
            cuts=(200.0, 350.0, 500.0),
            max_age_days=1,
            ask="Only looked at where FiO2 is 50% or more",
            example={"value": 20, "unit": "mm[Hg]"},
        ),
        ARTERIAL_PH.but(cuts=(7.15, 7.25, 7.33, 7.5, 7.6, 7.7)),
        SODIUM.but(cuts=(111.0, 120.0, 130.0, 150.0, 155.0, 160.0, 180.0), max_age_days=1),
        POTASSIUM.but(cuts=(2.5, 3.0, 3.5, 5.5, 6.0, 7.0)),
        CREATININE.but(cuts=(0.6, 1.5, 2.0, 3.5), monotone=False, max_age_days=1),
        boolean("acute_renal_failure", "Acute renal failure", ask="Is the renal failure acute?"),
        HAEMATOCRIT.but(cuts=(20.0, 30.0, 46.0, 50.0, 60.0)),
        WBC.but(cuts=(1.0, 3.0, 15.0, 20.0, 40.0)),
        quantity(
            "gcs",
            "Glasgow Coma Scale",
            "1",
            plausible=(3, 15),
            possible=(3, 15),
            cuts=tuple(float(n) for n in range(4, 16)),
            max_age_days=1,
            codings=("loinc:9269-2",),
            example={"value": 15, "unit": "1"},
        ),
        choice(
            "chronic_health",
            "Severe chronic organ insufficiency or immunocompromise",
            CHRONIC,
            ask="Cirrhosis with portal hypertension, NYHA IV, severe chronic lung disease, dialysis or "
            "immunocompromise?",
        ),
    ),
    population=ADULTS,
    notes=(
        "The worst values of the first 24 hours count; points for creatinine of 1.5 mg/dL or more "
        "are doubled in acute renal failure",
    ),
    result=Result("APACHE II", noun="points"),
    references=(
        Reference(
            "Knaus WA, et al. APACHE II: a severity of disease classification system. Crit Care Med 1985;13:818-829.",
            "derivation",
            doi="10.1097/00003246-198510000-00009",
            verified=Verified(
                "https://gut.bmj.com/highwire/markup/160002/expansion",
                "2026-11-22",
                "Gut, table 2; MSD Manual, and the Winnipeg critical care database for the open intervals",
                "the limits and points of the twelve measurements, of age and of chronic health",
            ),
        ),
    ),
    compute=apache_ii,
)
