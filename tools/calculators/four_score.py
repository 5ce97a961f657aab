"""FOUR score: coma from eyes, movement, brainstem reflexes and breathing."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, points
from tools.calculators.common import choice
from tools.calculators.reference import Reference, Verified

EYE_SIGNS = {
    "4": "open, tracking or blinking to command",
    "3": "open, not tracking",
    "2": "open to loud voice",
    "1": "open to pain",
    "0": "closed with pain",
}
MOTOR_SIGNS = {
    "4": "thumbs up, fist or peace sign",
    "3": "localises pain",
    "2": "flexes to pain",
    "1": "extends to pain",
    "0": "none, or generalised myoclonus status",
}
BRAINSTEM_REFLEXES = {
    "4": "pupil and corneal reflexes present",
    "3": "one pupil wide and fixed",
    "2": "pupil or corneal reflexes absent",
    "1": "pupil and corneal reflexes absent",
    "0": "pupil, corneal and cough reflexes absent",
}
BREATHING_PATTERN = {
    "4": "not intubated, regular",
    "3": "not intubated, Cheyne-Stokes",
    "2": "not intubated, irregular",
    "1": "breathes above the ventilator rate",
    "0": "at the ventilator rate, or apnoea",
}


def four_score(eye_signs: str, motor_signs: str, brainstem_reflexes: str, breathing_pattern: str) -> Outcome:
    """0 (deepest) to 16 points."""
    return points(
        ("Eyes", True, float(eye_signs)),
        ("Movement", True, float(motor_signs)),
        ("Brainstem reflexes", True, float(brainstem_reflexes)),
        ("Breathing", True, float(breathing_pattern)),
    )


CALCULATOR = Calculator(
    name="four_score",
    title="FOUR score",
    synonyms=("FOUR score", "Full Outline of UnResponsiveness"),
    purpose=(
        "Scores the depth of coma of a patient who may be intubated, from eyes, movement, brainstem "
        "reflexes and breathing."
    ),
    specialty="critical care",
    inputs=(
        choice("eye_signs", "Eyes", EYE_SIGNS, ask="Eyes?", max_age_days=1),
        choice("motor_signs", "Movement", MOTOR_SIGNS, ask="Best movement?", max_age_days=1),
        choice(
            "brainstem_reflexes",
            "Brainstem reflexes",
            BRAINSTEM_REFLEXES,
            ask="Pupil, corneal and cough reflexes?",
            max_age_days=1,
        ),
        choice(
            "breathing_pattern",
            "Breathing",
            BREATHING_PATTERN,
            ask="Breathing, with or without a ventilator?",
            max_age_days=1,
        ),
    ),
    result=Result("FOUR score", noun="points"),
    references=(
        Reference(
            "Wijdicks EF, et al. Validation of a new coma scale: the FOUR score. Ann Neurol 2005;58:585-593.",
            "derivation",
            doi="10.1002/ana.20611",
            pmid="16178024",
            verified=Verified(
                "https://jintensivecare.biomedcentral.com/articles/10.1186/s40560-016-0141-8/tables/1",
                "2026-11-22",
                "Journal of Intensive Care, table 1 (with permission)",
                "the five levels of each of the four components",
            ),
        ),
    ),
    compute=four_score,
)
