"""ABCD2: early stroke risk after a transient ischaemic attack."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, points
from tools.calculators.common import AGE, SYSTOLIC, boolean, choice, quantity
from tools.calculators.infection_inputs import DIASTOLIC
from tools.calculators.reference import Reference, Verified

FEATURES = {"other": "neither", "speech": "speech disturbance without weakness", "weakness": "unilateral weakness"}


def abcd2(
    age: float, systolic_bp: float, diastolic_bp: float, clinical_features: str, duration: float, diabetes: bool
) -> Outcome:
    """0 to 7 points; duration in minutes."""
    return points(
        ("Age 60 or more", age >= 60, 1),
        ("Blood pressure 140/90 mmHg or more", systolic_bp >= 140 or diastolic_bp >= 90, 1),
        ("Unilateral weakness", clinical_features == "weakness", 2),
        ("Speech disturbance without weakness", clinical_features == "speech", 1),
        ("60 minutes or more", duration >= 60, 2),
        ("10 to 59 minutes", 10 <= duration < 60, 1),
        ("Diabetes", diabetes, 1),
    )


CALCULATOR = Calculator(
    name="abcd2",
    title="ABCD2 score",
    synonyms=("ABCD2", "ABCD squared", "stroke risk after TIA"),
    purpose="Scores the two-day risk of stroke after a transient ischaemic attack.",
    specialty="neurology",
    inputs=(
        AGE.but(cuts=(60.0,), plausible=(18, 110)),
        SYSTOLIC.but(cuts=(140.0,)),
        DIASTOLIC.but(cuts=(90.0,)),
        choice(
            "clinical_features",
            "Clinical features",
            FEATURES,
            ask="Unilateral weakness, or speech disturbance without it?",
        ),
        quantity(
            "duration",
            "Duration of symptoms",
            "min",
            equivalents={"h": 60.0},
            plausible=(1, 1440),
            possible=(0, 2880),
            cuts=(10.0, 60.0),
            example={"value": 30, "unit": "min"},
        ),
        boolean("diabetes", "Diabetes"),
    ),
    notes=(
        "The first blood pressure after the attack counts; the score alone does not settle how urgent assessment is",
    ),
    result=Result(
        "ABCD2",
        noun="points",
        source="doi:10.1016/S0140-6736(07)60150-0",
        bands=(Band("1% stroke in two days"), Band("4% stroke in two days", 4), Band("8% stroke in two days", 6)),
    ),
    references=(
        Reference(
            "Johnston SC, et al. Validation and refinement of scores to predict very early stroke risk "
            "after transient ischaemic attack. Lancet 2007;369:283-292.",
            "derivation",
            doi="10.1016/S0140-6736(07)60150-0",
            verified=Verified(
                "https://primarycarenotebook.com/pages/trauma-medicine/abcd2-algorithm-for-risk-of-stroke-following-tia",
                "2026-11-22",
                "GPnotebook",
                "the items with their points; 1 % at 0 to 3, 4 % at 4 to 5, 8 % at 6 to 7",
            ),
        ),
    ),
    compute=abcd2,
)
