"""Lipid inputs."""

from __future__ import annotations

from tools.calculators.common import quantity
from tools.calculators.prevent_equations import INPUTS

_BY_NAME = {declared.name: declared for declared in INPUTS}
TOTAL_CHOLESTEROL = _BY_NAME["total_cholesterol"]
HDL = _BY_NAME["hdl"]
TRIGLYCERIDES = quantity(
    "triglycerides",
    "Triglycerides",
    "mg/dL",
    analyte="triglycerides",
    plausible=(20, 1000),
    possible=(5, 10000),
    monotone=True,
    max_age_days=365,
    codings=("loinc:2571-8",),
    ask="Fasting triglycerides?",
    example={"value": 120, "unit": "mg/dL"},
)
