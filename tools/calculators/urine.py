"""Inputs and sources of the fractional excretions."""

from __future__ import annotations

from tools.calculators.common import quantity
from tools.calculators.reference import Reference, Verified

URINE_SODIUM = quantity(
    "urine_sodium",
    "Sodium in urine",
    "mmol/L",
    analyte="sodium",
    plausible=(5, 300),
    possible=(1, 500),
    monotone=True,
    max_age_days=1,
    example={"value": 20, "unit": "mmol/L"},
)
URINE_CREATININE = quantity(
    "urine_creatinine",
    "Creatinine in urine",
    "mg/dL",
    analyte="creatinine",
    plausible=(5, 500),
    possible=(1, 1000),
    monotone=True,
    max_age_days=1,
    example={"value": 100, "unit": "mg/dL"},
)
URINE_UREA_NITROGEN = quantity(
    "urine_urea_nitrogen",
    "Urea nitrogen in urine",
    "mg/dL",
    analyte="urea_nitrogen",
    plausible=(20, 3000),
    possible=(1, 6000),
    monotone=True,
    max_age_days=1,
    example={"value": 400, "unit": "mg/dL"},
)
CORNELL = Reference(
    "Weill Cornell Medicine, paediatric critical care: fractional excretion of sodium.",
    "definition",
    url="http://www-users.med.cornell.edu/~spon/picu/calc/fenacalc.htm",
    verified=Verified(
        "http://www-users.med.cornell.edu/~spon/picu/calc/fenacalc.htm",
        "2026-11-22",
        "Weill Cornell Medicine",
        "urine sodium times plasma creatinine over plasma sodium times urine creatinine; diuretics disturb it",
    ),
)
NEPHROMATIC = Reference(
    "Nephromatic: fractional excretion; after Carvounis CP, et al. Significance of the "
    "fractional excretion of urea in the "
    "differential diagnosis of acute renal failure. Kidney Int 2002;62:2223-2229.",
    "bands",
    doi="10.1046/j.1523-1755.2002.00683.x",
    verified=Verified(
        "http://www.nephromatic.com/fractional_excretion.php",
        "2026-11-22",
        "Nephromatic, a site of nephrologists",
        "the formula; sodium below 1 % suggests a prerenal cause, above 2 % tubular necrosis; urea "
        "below 35 % and above 50 %",
    ),
)
