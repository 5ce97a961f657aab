"""Glasgow Coma Scale for infants and children."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, points
from tools.calculators.common import choice
from tools.calculators.reference import Reference, Verified

EYES = {
    "4": "open spontaneously",
    "3": "to voice",
    "2": "to pain only",
    "1": "none",
}
VERBAL = {
    "5": "infant: coos and babbles; child: orientated",
    "4": "infant: irritable cries; child: confused",
    "3": "infant: cries to pain; child: inappropriate words",
    "2": "infant: moans to pain; child: incomprehensible sounds",
    "1": "none",
}
MOTOR = {
    "6": "infant: moves spontaneously and purposefully; child: obeys commands",
    "5": "infant: withdraws to touch; child: localises pain",
    "4": "withdraws to pain",
    "3": "abnormal flexion to pain",
    "2": "extension to pain",
    "1": "none",
}


def paediatric_gcs(eye_response: str, verbal_response: str, motor_response: str) -> Outcome:
    """3 to 15 points."""
    return points(
        ("Best eye response", True, float(eye_response)),
        ("Best verbal response", True, float(verbal_response)),
        ("Best motor response", True, float(motor_response)),
    )


CALCULATOR = Calculator(
    name="paediatric_gcs",
    title="Paediatric Glasgow Coma Scale",
    synonyms=("pediatric GCS", "paediatric GCS", "pGCS", "infant coma scale", "children's coma scale"),
    purpose=(
        "Adds up the best eye, verbal and motor responses of an infant or young child with impaired consciousness."
    ),
    specialty="paediatrics",
    inputs=(
        choice("eye_response", "Best eye response", EYES, ask="Best eye response?", max_age_days=1),
        choice("verbal_response", "Best verbal response", VERBAL, ask="Best verbal response?", max_age_days=1),
        choice("motor_response", "Best motor response", MOTOR, ask="Best motor response?", max_age_days=1),
    ),
    notes=("A response that cannot be tested (intubation, swollen eyes) is not known, and is not a 1",),
    result=Result("Paediatric Glasgow Coma Scale", noun="points"),
    references=(
        Reference(
            "MSD Manual: modified Glasgow Coma Scale for infants and children.",
            "definition",
            url="https://merckmanuals.com/professional/multimedia/table/modified-glasgow-coma-scale-for-infants-and-children",
            verified=Verified(
                "https://merckmanuals.com/professional/multimedia/table/modified-glasgow-coma-scale-for-infants-and-children",
                "2026-11-22",
                "MSD Manual, professional version",
                "the levels of the three responses for infants and for children",
            ),
        ),
        Reference(
            (
                "Holmes JF, et al. Performance of the pediatric Glasgow Coma Scale in children with blunt head "
                "trauma. Acad Emerg Med 2005;12:814-819."
            ),
            "validation",
            doi="10.1197/j.aem.2005.04.019",
            unverified="the abstract was not read",
        ),
    ),
    compute=paediatric_gcs,
)
