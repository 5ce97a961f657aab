"""Glasgow Coma Scale from its three responses."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.common import choice
from tools.calculators.reference import Reference, Verified

EYES = {"4": "open spontaneously", "3": "to voice", "2": "to pain or pressure", "1": "none"}
VERBAL = {"5": "orientated", "4": "confused", "3": "inappropriate words", "2": "incomprehensible sounds", "1": "none"}
MOTOR = {
    "6": "obeys commands",
    "5": "localises",
    "4": "withdraws",
    "3": "abnormal flexion",
    "2": "extension",
    "1": "none",
}


def glasgow_coma_scale(eye_response: str, verbal_response: str, motor_response: str) -> Outcome:
    """3 to 15 points."""
    terms = (
        Term("Eyes", float(eye_response), "points"),
        Term("Verbal", float(verbal_response), "points"),
        Term("Motor", float(motor_response), "points"),
    )
    return Outcome(float(int(eye_response) + int(verbal_response) + int(motor_response)), terms)


CALCULATOR = Calculator(
    name="glasgow_coma_scale",
    title="Glasgow Coma Scale",
    synonyms=("GCS", "Glasgow coma score", "coma scale"),
    purpose="Adds up the best eye, verbal and motor responses of a patient with impaired consciousness.",
    specialty="emergency medicine",
    inputs=(
        choice("eye_response", "Best eye response", EYES, ask="Best eye response?", max_age_days=1),
        choice("verbal_response", "Best verbal response", VERBAL, ask="Best verbal response?", max_age_days=1),
        choice("motor_response", "Best motor response", MOTOR, ask="Best motor response?", max_age_days=1),
    ),
    notes=("A response that cannot be tested (intubation, swollen eyes) is not known, and is not a 1",),
    result=Result("Glasgow Coma Scale", noun="points"),
    references=(
        Reference(
            "Teasdale G, Jennett B. Assessment of coma and impaired consciousness: a practical scale. "
            "Lancet 1974;2:81-84.",
            "derivation",
            doi="10.1016/S0140-6736(74)91639-0",
            verified=Verified(
                "https://radiowiki.org.nz/index.php/GCS",
                "2026-11-22",
                "Radiowiki New Zealand",
                "the levels of the three responses, 4, 5 and 6, and the sum of 3 to 15",
            ),
        ),
    ),
    compute=glasgow_coma_scale,
)
