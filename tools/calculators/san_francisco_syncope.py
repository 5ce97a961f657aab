"""San Francisco Syncope Rule (CHESS)."""

from __future__ import annotations

from tools.calculators.base import Calculator, Code, Outcome, Result, points
from tools.calculators.common import SYSTOLIC, boolean
from tools.calculators.gases import HAEMATOCRIT
from tools.calculators.reference import Reference, Verified


def san_francisco_syncope(
    heart_failure: bool, haematocrit: float, ecg_abnormal: bool, shortness_of_breath: bool, systolic_bp: float
) -> Outcome:
    """Positive on any of five factors."""
    items = points(
        ("Heart failure", heart_failure, 1),
        ("Haematocrit below 30 %", haematocrit < 30, 1),
        ("ECG not normal", ecg_abnormal, 1),
        ("Shortness of breath", shortness_of_breath, 1),
        ("Systolic pressure below 90 mmHg", systolic_bp < 90, 1),
    )
    return Outcome("positive" if items.value else "negative", items.terms)


CALCULATOR = Calculator(
    name="san_francisco_syncope",
    title="San Francisco Syncope Rule",
    synonyms=("SFSR", "CHESS", "San Francisco syncope"),
    purpose=(
        "Decides from five findings whether a patient with syncope is at high risk of a serious outcome within days."
    ),
    specialty="emergency medicine",
    inputs=(
        boolean("heart_failure", "Heart failure", ask="History of congestive heart failure?"),
        HAEMATOCRIT.but(cuts=(30.0,)),
        boolean("ecg_abnormal", "ECG not normal", ask="ECG not in sinus rhythm or with new changes?"),
        boolean("shortness_of_breath", "Shortness of breath", ask="Shortness of breath?"),
        SYSTOLIC.but(cuts=(90.0,)),
    ),
    notes=("Misses about one in eight serious outcomes",),
    result=Result(
        "San Francisco Syncope Rule",
        source="https://www.aafp.org/afp/2021/0315/p375.html",
        codes=(
            Code("negative", "negative", "none of the five factors"),
            Code("positive", "positive", "high risk of a serious outcome"),
        ),
        rules_out=("negative",),
    ),
    references=(
        Reference(
            (
                "Canadian Syncope Risk Score: a validated risk stratification tool. Am Fam Physician "
                "2021;103:375-376; on the rule of Quinn JV, et al. Ann Emerg Med 2004;43:224-232."
            ),
            "validation",
            url="https://www.aafp.org/afp/2021/0315/p375.html",
            verified=Verified(
                "https://www.aafp.org/afp/2021/0315/p375.html",
                "2026-11-22",
                "American Family Physician",
                "the five risk factors; in 12 validation studies sensitivity 87 %, specificity 52 %",
            ),
        ),
    ),
    compute=san_francisco_syncope,
)
