"""Aldrete score of recovery from anaesthesia, modified with the saturation."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, points
from tools.calculators.common import choice
from tools.calculators.reference import Reference, Verified

LIMB_MOVEMENT = {
    "2": "moves four limbs",
    "1": "moves two limbs",
    "0": "moves none",
}
RECOVERY_BREATHING = {
    "2": "breathes deeply and coughs",
    "1": "dyspnoea or limited breathing",
    "0": "apnoea",
}
PRESSURE_CHANGE = {
    "2": "within 20 %",
    "1": "20 to 49 % off",
    "0": "50 % or more off",
}
WAKEFULNESS = {
    "2": "fully awake",
    "1": "arousable on calling",
    "0": "not responding",
}
RECOVERY_SATURATION = {
    "2": "above 92 % on air",
    "1": "needs oxygen for above 90 %",
    "0": "below 90 % with oxygen",
}


def aldrete(
    limb_movement: str, recovery_breathing: str, pressure_change: str, wakefulness: str, recovery_saturation: str
) -> Outcome:
    """0 to 10 points."""
    return points(
        ("Activity", True, float(limb_movement)),
        ("Breathing", True, float(recovery_breathing)),
        ("Blood pressure against before anaesthesia", True, float(pressure_change)),
        ("Consciousness", True, float(wakefulness)),
        ("Saturation", True, float(recovery_saturation)),
    )


CALCULATOR = Calculator(
    name="aldrete",
    title="Aldrete score",
    synonyms=(
        "Aldrete",
        "modified Aldrete score",
        "post-anaesthetic recovery score",
        "postanesthesia recovery score",
        "PARS",
    ),
    purpose=("Scores recovery after anaesthesia from movement, breathing, circulation, consciousness and saturation."),
    specialty="anaesthesia",
    inputs=(
        choice("limb_movement", "Activity", LIMB_MOVEMENT, ask="Moves how many limbs on command?", max_age_days=1),
        choice("recovery_breathing", "Breathing", RECOVERY_BREATHING, ask="Breathing?", max_age_days=1),
        choice(
            "pressure_change",
            "Blood pressure against before anaesthesia",
            PRESSURE_CHANGE,
            ask="How far is blood pressure from before anaesthesia?",
            max_age_days=1,
        ),
        choice("wakefulness", "Consciousness", WAKEFULNESS, ask="Consciousness?", max_age_days=1),
        choice(
            "recovery_saturation",
            "Saturation",
            RECOVERY_SATURATION,
            ask="Saturation, on air or oxygen?",
            max_age_days=1,
        ),
    ),
    result=Result(
        "Aldrete score",
        noun="points",
        source="pmid:7772368",
        bands=(
            Band("below the usual limit for leaving the recovery unit"),
            Band("at or above the usual limit for leaving the recovery unit", 9),
        ),
    ),
    references=(
        Reference(
            "Aldrete JA. The post-anesthesia recovery score revisited. J Clin Anesth 1995;7:89-91.",
            "derivation",
            pmid="7772368",
            verified=Verified(
                "https://en.wikipedia.org/wiki/Aldrete%27s_scoring_system",
                "2026-11-22",
                "Wikipedia; StatPearls for the five items and 1995, Skyscape for the lower levels",
                "five items of 0 to 2 with saturation in place of colour; 9 or more to leave the recovery unit",
            ),
        ),
    ),
    compute=aldrete,
)
