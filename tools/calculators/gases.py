"""Inputs of blood gases and of the blood count that intensive care scores share."""

from __future__ import annotations

from tools.calculators.common import quantity

PAO2 = quantity(
    "pao2",
    "Arterial oxygen pressure (PaO2)",
    "mm[Hg]",
    plausible=(30, 600),
    possible=(5, 800),
    monotone=True,
    max_age_days=1,
    example={"value": 85, "unit": "mm[Hg]"},
)
PACO2 = quantity(
    "paco2",
    "Arterial carbon dioxide pressure (PaCO2)",
    "mm[Hg]",
    plausible=(15, 120),
    possible=(3, 250),
    monotone=True,
    max_age_days=1,
    example={"value": 40, "unit": "mm[Hg]"},
)
FIO2 = quantity(
    "fio2",
    "Inspired oxygen fraction (FiO2)",
    "%",
    plausible=(21, 100),
    possible=(15, 100),
    monotone=True,
    equivalents={"1": 100.0},
    max_age_days=1,
    example={"value": 21, "unit": "%"},
)
ARTERIAL_PH = quantity(
    "arterial_ph",
    "Arterial pH",
    "1",
    plausible=(6.8, 7.8),
    possible=(6.3, 8.3),
    equivalents={"[pH]": 1.0},
    max_age_days=1,
    codings=("loinc:2744-1",),
    example={"value": 7.4, "unit": "1"},
)
POTASSIUM = quantity(
    "potassium",
    "Potassium",
    "mmol/L",
    analyte="potassium",
    plausible=(1.5, 9),
    possible=(0.5, 15),
    max_age_days=1,
    codings=("loinc:2823-3",),
    example={"value": 4.1, "unit": "mmol/L"},
)
HAEMATOCRIT = quantity(
    "haematocrit",
    "Haematocrit",
    "%",
    equivalents={"1": 100.0},
    plausible=(12, 70),
    possible=(3, 85),
    max_age_days=2,
    codings=("loinc:4544-3",),
    example={"value": 40, "unit": "%"},
)
WBC = quantity(
    "wbc",
    "White cell count",
    "10*9/L",
    analyte="wbc",
    plausible=(0.5, 60),
    possible=(0.01, 1000),
    max_age_days=2,
    codings=("loinc:6690-2",),
    example={"value": 7.5, "unit": "10*9/L"},
)
