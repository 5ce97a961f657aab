"""Shock index: heart rate over systolic pressure."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result
from tools.calculators.common import HEART_RATE, SYSTOLIC
from tools.calculators.reference import Reference, Verified


def shock_index(heart_rate: float, systolic_bp: float) -> Outcome:
    """Dimensionless."""
    return Outcome(heart_rate / systolic_bp)


CALCULATOR = Calculator(
    name="shock_index",
    title="Shock index",
    synonyms=("SI shock", "heart rate over systolic pressure"),
    purpose="Divides heart rate by systolic blood pressure, an early sign of shock.",
    specialty="emergency medicine",
    inputs=(HEART_RATE.but(monotone=True), SYSTOLIC.but(possible=(20, 350), monotone=True)),
    notes=("Weaker in older people, in hypertension, and under beta-blockers",),
    result=Result(
        "Shock index",
        decimals=2,
        source="doi:10.2147/OAEM.S178358",
        bands=(Band("1.0 or less"), Band("above 1.0: higher risk of death and intensive care", above=1.0)),
    ),
    references=(
        Reference(
            "Koch E, et al. Shock index in the emergency department: utility and limitations. Open "
            "Access Emerg Med 2019;11:179-199.",
            "validation",
            doi="10.2147/OAEM.S178358",
            verified=Verified(
                "https://www.dovepress.com/shock-index-in-the-emergency-department-utility-and-limitations-peer-reviewed-article-OAEM",
                "2026-11-22",
                "Dove Medical Press, abstract of the review",
                "heart rate over systolic pressure; above 1.0 predicts death and other harm",
            ),
        ),
    ),
    compute=shock_index,
)
