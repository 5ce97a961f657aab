"""NIH Stroke Scale: neurological deficit of an acute stroke from fifteen items."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, points
from tools.calculators.common import choice
from tools.calculators.reference import Reference, Verified

CONSCIOUSNESS_LEVEL = {
    "0": "alert",
    "1": "roused by minor stimulation",
    "2": "needs repeated or painful stimulation",
    "3": "reflex responses only, or none",
}
LOC_QUESTIONS = {
    "0": "both right",
    "1": "one right",
    "2": "neither right",
}
LOC_COMMANDS = {
    "0": "both obeyed",
    "1": "one obeyed",
    "2": "neither obeyed",
}
BEST_GAZE = {
    "0": "normal",
    "1": "partial gaze palsy",
    "2": "forced deviation or total palsy",
}
VISUAL_LOSS = {
    "0": "no loss",
    "1": "partial hemianopia",
    "2": "complete hemianopia",
    "3": "bilateral hemianopia or blind",
}
FACIAL_WEAKNESS = {
    "0": "normal",
    "1": "minor weakness",
    "2": "partial weakness",
    "3": "complete, one or both sides",
}
LIMB = {
    "0": "no drift",
    "1": "drifts, does not reach the bed",
    "2": "some effort against gravity",
    "3": "no effort against gravity",
    "4": "no movement",
    "untestable": "amputation or joint fusion: not scored",
}
LIMB_POINTS = {
    "0": 0,
    "1": 1,
    "2": 2,
    "3": 3,
    "4": 4,
    "untestable": 0,
}
ATAXIA = {
    "0": "none",
    "1": "in one limb",
    "2": "in two limbs",
    "untestable": "not scored",
}
ATAXIA_POINTS = {"0": 0, "1": 1, "2": 2, "untestable": 0}
SENSORY_LOSS = {
    "0": "normal",
    "1": "mild loss",
    "2": "severe loss",
}
BEST_LANGUAGE = {
    "0": "no aphasia",
    "1": "mild to moderate aphasia",
    "2": "severe aphasia",
    "3": "mute or global aphasia",
}
ARTICULATION = {
    "0": "normal",
    "1": "mild to moderate dysarthria",
    "2": "unintelligible",
    "untestable": "intubated or other barrier: not scored",
}
ARTICULATION_POINTS = {"0": 0, "1": 1, "2": 2, "untestable": 0}
NEGLECT = {
    "0": "none",
    "1": "in one modality",
    "2": "in more than one modality",
}


def nihss(
    consciousness_level: str,
    loc_questions: str,
    loc_commands: str,
    best_gaze: str,
    visual_loss: str,
    facial_weakness: str,
    left_arm: str,
    right_arm: str,
    left_leg: str,
    right_leg: str,
    limb_ataxia: str,
    sensory_loss: str,
    best_language: str,
    articulation: str,
    neglect: str,
) -> Outcome:
    """0 to 42 points."""
    return points(
        ("Level of consciousness", True, float(consciousness_level)),
        ("Month and age", True, float(loc_questions)),
        ("Two commands", True, float(loc_commands)),
        ("Gaze", True, float(best_gaze)),
        ("Visual fields", True, float(visual_loss)),
        ("Face", True, float(facial_weakness)),
        ("Left arm", True, LIMB_POINTS[left_arm]),
        ("Right arm", True, LIMB_POINTS[right_arm]),
        ("Left leg", True, LIMB_POINTS[left_leg]),
        ("Right leg", True, LIMB_POINTS[right_leg]),
        ("Limb ataxia", True, ATAXIA_POINTS[limb_ataxia]),
        ("Sensation", True, float(sensory_loss)),
        ("Language", True, float(best_language)),
        ("Articulation", True, ARTICULATION_POINTS[articulation]),
        ("Extinction and inattention", True, float(neglect)),
    )


CALCULATOR = Calculator(
    name="nihss",
    title="NIH Stroke Scale (NIHSS)",
    synonyms=("NIHSS", "NIH Stroke Scale", "National Institutes of Health Stroke Scale", "stroke scale"),
    purpose=(
        "Scores how severe the neurological deficit of an acute stroke is: consciousness, gaze, visual "
        "fields, face, arms, legs, sensation, speech and neglect."
    ),
    specialty="neurology",
    inputs=(
        choice(
            "consciousness_level",
            "Level of consciousness",
            CONSCIOUSNESS_LEVEL,
            ask="Level of consciousness?",
            max_age_days=1,
        ),
        choice("loc_questions", "Month and age", LOC_QUESTIONS, ask="Does the patient know the month and their age?"),
        choice("loc_commands", "Two commands", LOC_COMMANDS, ask="Opens and closes eyes, makes a fist and lets go?"),
        choice("best_gaze", "Gaze", BEST_GAZE, ask="Horizontal eye movements?"),
        choice("visual_loss", "Visual fields", VISUAL_LOSS, ask="Visual fields?"),
        choice("facial_weakness", "Face", FACIAL_WEAKNESS, ask="Shows teeth, raises eyebrows, closes eyes?"),
        choice("left_arm", "Left arm", LIMB, ask="Left arm, held up: drift or fall?"),
        choice("right_arm", "Right arm", LIMB, ask="Right arm, held up: drift or fall?"),
        choice("left_leg", "Left leg", LIMB, ask="Left leg, held up: drift or fall?"),
        choice("right_leg", "Right leg", LIMB, ask="Right leg, held up: drift or fall?"),
        choice("limb_ataxia", "Limb ataxia", ATAXIA, ask="Finger to nose and heel to shin?"),
        choice("sensory_loss", "Sensation", SENSORY_LOSS, ask="Pinprick on both sides?"),
        choice("best_language", "Language", BEST_LANGUAGE, ask="Names, describes a picture, reads?"),
        choice("articulation", "Articulation", ARTICULATION, ask="Speech when reading words aloud?"),
        choice("neglect", "Extinction and inattention", NEGLECT, ask="Neglect, or extinction on both sides at once?"),
    ),
    notes=("An item that cannot be tested adds nothing; it is not a normal finding",),
    result=Result("NIHSS", noun="points"),
    references=(
        Reference(
            (
                "Brott T, et al. Measurements of acute cerebral infarction: a clinical examination scale. Stroke "
                "1989;20:864-870."
            ),
            "derivation",
            doi="10.1161/01.str.20.7.864",
            pmid="2749846",
            verified=Verified(
                "https://merckmanuals.com/en-ca/professional/multimedia/table/the-national-institutes-of-health-stroke-scale",
                "2026-11-22",
                "MSD Manual, professional version; PMC8157911 table 2",
                "the fifteen items with the points of each answer; untestable limbs and speech are left out",
            ),
        ),
    ),
    compute=nihss,
)
