"""Revised Geneva score: clinical probability of pulmonary embolism from objective items."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, points
from tools.calculators.common import AGE, HEART_RATE, boolean
from tools.calculators.reference import Reference, Verified


def revised_geneva(
    age: float,
    prior_vte: bool,
    surgery_fracture: bool,
    malignancy: bool,
    unilateral_leg_pain: bool,
    haemoptysis: bool,
    heart_rate: float,
    leg_tenderness_oedema: bool,
) -> Outcome:
    """0 to 22 points."""
    return points(
        ("Age over 65", age > 65, 1),
        ("Previous DVT or PE", prior_vte, 3),
        ("Surgery or fracture within 1 month", surgery_fracture, 2),
        ("Active malignancy", malignancy, 2),
        ("Unilateral leg pain", unilateral_leg_pain, 3),
        ("Haemoptysis", haemoptysis, 2),
        ("Heart rate 75 to 94/min", 75 <= heart_rate < 95, 3),
        ("Heart rate 95/min or more", heart_rate >= 95, 5),
        ("Pain on deep venous palpation and unilateral oedema", leg_tenderness_oedema, 4),
    )


CALCULATOR = Calculator(
    name="revised_geneva",
    title="Revised Geneva score",
    synonyms=("Geneva score", "revised Geneva", "pre-test probability of pulmonary embolism", "PE probability"),
    purpose="Scores the clinical probability of pulmonary embolism before any test, from objective items only.",
    specialty="emergency medicine",
    inputs=(
        AGE.but(cuts=(65.0,), plausible=(18, 110)),
        boolean("prior_vte", "Previous DVT or PE", ask="Any previous deep vein thrombosis or pulmonary embolism?"),
        boolean(
            "surgery_fracture",
            "Surgery or fracture within 1 month",
            ask="Surgery under general anaesthesia or a lower-limb fracture within 1 month?",
        ),
        boolean("malignancy", "Active malignancy", ask="Cancer that is active or was cured less than a year ago?"),
        boolean("unilateral_leg_pain", "Unilateral leg pain", ask="Pain in one leg?"),
        boolean("haemoptysis", "Haemoptysis", ask="Coughing up blood?"),
        HEART_RATE.but(cuts=(75.0, 95.0)),
        boolean(
            "leg_tenderness_oedema",
            "Pain on deep venous palpation and unilateral oedema",
            ask="Pain on palpation of the deep leg veins together with swelling of that leg?",
        ),
    ),
    result=Result(
        "Revised Geneva score",
        noun="points",
        source="doi:10.7326/0003-4819-144-3-200602070-00004",
        bands=(Band("low probability"), Band("intermediate probability", 4), Band("high probability", 11)),
    ),
    references=(
        Reference(
            "Le Gal G, et al. Prediction of pulmonary embolism in the emergency department: the revised Geneva score. "
            "Ann Intern Med 2006;144:165-171.",
            "derivation",
            doi="10.7326/0003-4819-144-3-200602070-00004",
            verified=Verified(
                "http://ashpublications.net/view-large/8402304",
                "2026-11-22",
                "American Society of Hematology, table 2",
                "the items with their points, and low below 4, intermediate 4 to 10, high from 11",
            ),
        ),
    ),
    compute=revised_geneva,
)
