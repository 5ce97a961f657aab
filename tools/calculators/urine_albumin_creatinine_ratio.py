"""Urine albumin-to-creatinine ratio from its two concentrations."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, Term
from tools.calculators.common import (
    quantity,
)
from tools.calculators.reference import Reference, Verified
from tools.calculators.urine import URINE_CREATININE


def urine_albumin_creatinine_ratio(urine_albumin: float, urine_creatinine: float) -> Outcome:
    """mg/g; albumin in mg/L, creatinine in mg/dL."""
    return Outcome(100.0 * urine_albumin / urine_creatinine, (Term("Creatinine", urine_creatinine / 100.0, "g/L"),))


CALCULATOR = Calculator(
    name="urine_albumin_creatinine_ratio",
    title="Urine albumin-to-creatinine ratio",
    synonyms=("UACR", "ACR", "albumin creatinine ratio", "microalbumin creatinine ratio"),
    purpose="Works out albuminuria from albumin and creatinine of one urine sample.",
    specialty="nephrology",
    inputs=(
        quantity(
            "urine_albumin",
            "Albumin in urine",
            "mg/L",
            plausible=(1, 10000),
            possible=(0, 100000),
            monotone=True,
            max_age_days=365,
            example={"value": 25, "unit": "mg/L"},
        ),
        URINE_CREATININE.but(max_age_days=365),
    ),
    result=Result(
        "ACR",
        "mg/g",
        source="http://nkdep.nih.gov/identify-manage/evaluate-patients/assess-urine-albumin.shtml",
        bands=(Band("30 mg/g or less"), Band("above 30 mg/g: abnormal", above=30), Band("above 300 mg/g", above=300)),
    ),
    references=(
        Reference(
            "National Kidney Disease Education Program: assess urine albumin.",
            "definition",
            url="http://nkdep.nih.gov/identify-manage/evaluate-patients/assess-urine-albumin.shtml",
            verified=Verified(
                "http://nkdep.nih.gov/identify-manage/evaluate-patients/assess-urine-albumin.shtml",
                "2026-11-22",
                "National Institutes of Health",
                "albumin in mg/dL over creatinine in g/dL is mg/g; above 30 abnormal, 300 the older limit",
            ),
        ),
    ),
    compute=urine_albumin_creatinine_ratio,
)
