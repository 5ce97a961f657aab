"""Inputs that the scores of intensive care, trauma and emergency medicine share."""

from __future__ import annotations

from tools.calculators.common import choice, quantity

GCS = quantity(
    "gcs",
    "Glasgow Coma Scale",
    "1",
    plausible=(3, 15),
    possible=(3, 15),
    max_age_days=1,
    codings=("loinc:9269-2",),
    example={"value": 15, "unit": "1"},
)
LACTATE = quantity(
    "lactate",
    "Lactate",
    "mmol/L",
    analyte="lactate",
    plausible=(0.3, 20),
    possible=(0.1, 40),
    max_age_days=1,
    codings=("loinc:2524-7",),
    example={"value": 1.2, "unit": "mmol/L"},
)
MEAN_PRESSURE = quantity(
    "mean_pressure",
    "Mean arterial pressure",
    "mm[Hg]",
    plausible=(15, 160),
    possible=(5, 250),
    max_age_days=1,
    codings=("loinc:8478-0",),
    example={"value": 70, "unit": "mm[Hg]"},
)
CRP = quantity(
    "crp",
    "C-reactive protein",
    "mg/L",
    plausible=(0, 500),
    possible=(0, 1000),
    max_age_days=2,
    codings=("loinc:1988-5",),
    example={"value": 12, "unit": "mg/L"},
)
PAO2_FIO2 = quantity(
    "pao2_fio2",
    "PaO2/FiO2",
    "mm[Hg]",
    plausible=(40, 600),
    possible=(5, 900),
    max_age_days=1,
    example={"value": 420, "unit": "mm[Hg]"},
)
PLATEAU_PRESSURE = quantity(
    "plateau_pressure",
    "Plateau pressure",
    "cm[H2O]",
    plausible=(5, 60),
    possible=(1, 120),
    monotone=True,
    max_age_days=1,
    ask="Plateau pressure in an inspiratory pause?",
    example={"value": 24, "unit": "cm[H2O]"},
)
PEEP = quantity(
    "peep",
    "Positive end-expiratory pressure (PEEP)",
    "cm[H2O]",
    plausible=(0, 30),
    possible=(0, 60),
    monotone=True,
    max_age_days=1,
    example={"value": 10, "unit": "cm[H2O]"},
)
TIDAL_VOLUME = quantity(
    "tidal_volume",
    "Tidal volume",
    "mL",
    plausible=(50, 1500),
    possible=(2, 5000),
    monotone=True,
    max_age_days=1,
    example={"value": 420, "unit": "mL"},
)
MEAN_AIRWAY_PRESSURE = quantity(
    "mean_airway_pressure",
    "Mean airway pressure",
    "cm[H2O]",
    plausible=(2, 50),
    possible=(0, 100),
    monotone=True,
    max_age_days=1,
    example={"value": 12, "unit": "cm[H2O]"},
)
LDH = quantity(
    "ldh",
    "Lactate dehydrogenase",
    "U/L",
    plausible=(50, 5000),
    possible=(1, 100000),
    max_age_days=2,
    example={"value": 220, "unit": "U/L"},
)
LVEF = quantity(
    "lvef",
    "Left ventricular ejection fraction",
    "%",
    plausible=(5, 80),
    possible=(1, 95),
    monotone=True,
    max_age_days=365,
    codings=("loinc:10230-1",),
    example={"value": 50, "unit": "%"},
)
KILLIP = choice(
    "killip_class",
    "Killip class",
    {
        "1": "no signs of heart failure",
        "2": "crackles, third heart sound or raised venous pressure",
        "3": "pulmonary oedema",
        "4": "cardiogenic shock",
    },
    ask="Signs of heart failure on admission: none, crackles, pulmonary oedema or shock?",
    max_age_days=1,
)
