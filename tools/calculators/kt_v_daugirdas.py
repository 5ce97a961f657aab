"""Single-pool Kt/V of a haemodialysis session (Daugirdas, second generation)."""

from __future__ import annotations

import math

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.common import (
    WEIGHT,
    quantity,
)
from tools.calculators.reference import Reference, Verified
from tools.calculators.renal_inputs import POST_DIALYSIS_UREA, PRE_DIALYSIS_UREA


def kt_v_daugirdas(
    pre_dialysis_urea: float,
    post_dialysis_urea: float,
    dialysis_time: float,
    ultrafiltration_volume: float,
    post_dialysis_weight: float,
) -> Outcome:
    """Dimensionless; time in hours, volume in litres, weight in kg."""
    ratio = post_dialysis_urea / pre_dialysis_urea
    terms = (Term("Urea after over before", ratio),)
    if ratio - 0.008 * dialysis_time <= 0:
        return Outcome(None, terms, ("Urea fell further than the equation can take: check the two values",))
    if ratio >= 1:
        return Outcome(None, terms, ("Urea did not fall: check the two values",))
    removed = (4.0 - 3.5 * ratio) * ultrafiltration_volume / post_dialysis_weight
    return Outcome(
        -math.log(ratio - 0.008 * dialysis_time) + removed, (*terms, Term("Part of ultrafiltration", removed))
    )


CALCULATOR = Calculator(
    name="kt_v_daugirdas",
    title="Kt/V (Daugirdas II)",
    synonyms=(
        "Kt/V",
        "KtV",
        "spKt/V",
        "single-pool Kt/V",
        "dialysis adequacy",
        "haemodialysis dose",
        "hemodialysis dose",
    ),
    purpose="Works out the dose of one haemodialysis session from urea before and after, time, fluid removed and "
    "weight.",
    specialty="nephrology",
    inputs=(
        PRE_DIALYSIS_UREA.but(monotone=False),
        POST_DIALYSIS_UREA.but(monotone=False),
        quantity(
            "dialysis_time",
            "Duration of the dialysis",
            "h",
            plausible=(2, 8),
            possible=(0.5, 24),
            max_age_days=31,
            example={"value": 4, "unit": "h"},
        ),
        quantity(
            "ultrafiltration_volume",
            "Fluid removed",
            "L",
            plausible=(0, 6),
            possible=(0, 15),
            max_age_days=31,
            example={"value": 3, "unit": "L"},
            ask="How many litres were taken off (ultrafiltration)?",
        ),
        WEIGHT.but(
            name="post_dialysis_weight", title="Weight after dialysis", monotone=False, max_age_days=31, codings=()
        ),
    ),
    result=Result("spKt/V", decimals=2),
    references=(
        Reference(
            "Theoretical basis for and improvement of Daugirdas' second generation formula for single-pool Kt/V. "
            "ASAIO J 2016 (of the formula published in 1993).",
            "definition",
            url="https://insights.ovid.com/tijao/201602080/00080248-201602080-00002",
            verified=Verified(
                "https://insights.ovid.com/tijao/201602080/00080248-201602080-00002",
                "2026-11-22",
                "the abstract; for 0.008 per hour: https://readycalculator.com/health/kt-v-calculator-daugirdas",
                "the equation; Yale prints 0.03 for the product of 0.008 and the hours of an ordinary session",
            ),
        ),
    ),
    compute=kt_v_daugirdas,
)
