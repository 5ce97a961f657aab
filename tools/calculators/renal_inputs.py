"""Inputs of urine, of osmoles and of dialysis that the calculators of kidney disease share."""

from __future__ import annotations

from tools.calculators.common import (
    quantity,
)

CYSTATIN_C = quantity(
    "cystatin_c",
    "Serum cystatin C",
    "mg/L",
    plausible=(0.4, 8),
    possible=(0.1, 20),
    monotone=True,
    max_age_days=365,
    example={"value": 1.1, "unit": "mg/L"},
)
URINE_POTASSIUM = quantity(
    "urine_potassium",
    "Potassium in urine",
    "mmol/L",
    analyte="potassium",
    plausible=(3, 150),
    possible=(0.5, 400),
    monotone=True,
    max_age_days=1,
    example={"value": 40, "unit": "mmol/L"},
)
URINE_CHLORIDE = quantity(
    "urine_chloride",
    "Chloride in urine",
    "mmol/L",
    analyte="chloride",
    plausible=(5, 300),
    possible=(0.5, 500),
    monotone=True,
    max_age_days=1,
    example={"value": 60, "unit": "mmol/L"},
)
MEASURED_OSMOLALITY = quantity(
    "measured_osmolality",
    "Serum osmolality, measured",
    "mosm/kg",
    equivalents={"mmol/kg": 1.0, "mosm/L": 1.0},
    plausible=(230, 450),
    possible=(150, 700),
    monotone=True,
    max_age_days=1,
    example={"value": 295, "unit": "mosm/kg"},
    ask="Osmolality of serum as the laboratory measured it?",
)
URINE_OSMOLALITY = quantity(
    "urine_osmolality",
    "Urine osmolality",
    "mosm/kg",
    equivalents={"mmol/kg": 1.0, "mosm/L": 1.0},
    plausible=(50, 1300),
    possible=(20, 1600),
    monotone=True,
    max_age_days=1,
    example={"value": 500, "unit": "mosm/kg"},
)
PRE_DIALYSIS_UREA = quantity(
    "pre_dialysis_urea",
    "Urea nitrogen before dialysis, or urea in mmol/L",
    "mg/dL",
    analyte="urea_nitrogen",
    plausible=(15, 170),
    possible=(3, 420),
    monotone=True,
    max_age_days=31,
    example={"value": 70, "unit": "mg/dL"},
    ask="Urea (nitrogen) just before this dialysis?",
)
POST_DIALYSIS_UREA = quantity(
    "post_dialysis_urea",
    "Urea nitrogen after dialysis, or urea in mmol/L",
    "mg/dL",
    analyte="urea_nitrogen",
    plausible=(4, 80),
    possible=(1, 420),
    monotone=True,
    max_age_days=31,
    example={"value": 21, "unit": "mg/dL"},
    ask="Urea (nitrogen) at the end of the same dialysis?",
)
