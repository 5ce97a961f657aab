"""COWS: severity of opioid withdrawal."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, Term
from tools.calculators.common import (
    HEART_RATE,
    choice,
)
from tools.calculators.reference import Reference, Verified

SWEATING = {
    "0": "no chills or flushing",
    "1": "reports chills or flushing",
    "2": "flushed or moist face",
    "3": "beads of sweat on the face",
    "4": "sweat streaming off the face",
}
RESTLESS = {
    "0": "sits still",
    "1": "sits still with difficulty",
    "3": "shifts often or moves arms and legs",
    "5": "cannot sit still for more than seconds",
}
PUPILS = {
    "0": "small or normal",
    "1": "possibly larger than normal",
    "2": "moderately dilated",
    "5": "only the rim of the iris visible",
}
ACHES = {"0": "none", "1": "mild", "2": "severe, diffuse", "4": "rubs joints and cannot sit still"}
NOSE = {"0": "none", "1": "stuffy nose or moist eyes", "2": "running nose or tears", "4": "constantly running"}
STOMACH = {
    "0": "none",
    "1": "cramps",
    "2": "nausea or loose stool",
    "3": "vomiting or diarrhoea",
    "5": "repeated vomiting or diarrhoea",
}
TREMOR = {"0": "none", "1": "felt, not seen", "2": "slight", "4": "gross tremor or twitching"}
YAWNING = {"0": "none", "1": "once or twice", "2": "three times or more", "4": "several times a minute"}
ANXIETY = {"0": "none", "1": "reports it", "2": "obvious", "4": "makes the assessment difficult"}
SKIN = {"0": "smooth", "3": "gooseflesh felt or hairs standing up", "5": "prominent gooseflesh"}
ITEMS = {
    "withdrawal_sweating": ("Sweating", SWEATING),
    "withdrawal_restlessness": ("Restlessness", RESTLESS),
    "withdrawal_pupils": ("Pupils", PUPILS),
    "withdrawal_aches": ("Bone or joint aches", ACHES),
    "withdrawal_nose_tears": ("Running nose or tears", NOSE),
    "withdrawal_stomach": ("Stomach and bowel", STOMACH),
    "withdrawal_tremor": ("Tremor", TREMOR),
    "withdrawal_yawning": ("Yawning", YAWNING),
    "withdrawal_anxiety": ("Anxiety or irritability", ANXIETY),
    "withdrawal_skin": ("Gooseflesh", SKIN),
}


def cows(
    heart_rate: float,
    withdrawal_sweating: str,
    withdrawal_restlessness: str,
    withdrawal_pupils: str,
    withdrawal_aches: str,
    withdrawal_nose_tears: str,
    withdrawal_stomach: str,
    withdrawal_tremor: str,
    withdrawal_yawning: str,
    withdrawal_anxiety: str,
    withdrawal_skin: str,
) -> Outcome:
    """0 to 48 points."""
    answers = (
        withdrawal_sweating,
        withdrawal_restlessness,
        withdrawal_pupils,
        withdrawal_aches,
        withdrawal_nose_tears,
        withdrawal_stomach,
        withdrawal_tremor,
        withdrawal_yawning,
        withdrawal_anxiety,
        withdrawal_skin,
    )
    pulse = 0 if heart_rate <= 80 else 1 if heart_rate <= 100 else 2 if heart_rate <= 120 else 4
    terms = [Term("Pulse", float(pulse), "points")]
    terms += [Term(title, float(each), "points") for (title, _), each in zip(ITEMS.values(), answers, strict=True)]
    return Outcome(float(pulse + sum(int(each) for each in answers)), tuple(terms))


CALCULATOR = Calculator(
    name="cows",
    title="COWS",
    synonyms=("clinical opiate withdrawal scale", "opioid withdrawal scale", "opiate withdrawal score"),
    purpose="Scores how severe opioid withdrawal is at this moment, from the pulse and ten observations.",
    specialty="psychiatry",
    inputs=(
        HEART_RATE.but(cuts=(80.0, 100.0, 120.0), ask="Pulse after a minute of sitting or lying?"),
        *(
            choice(name, title, choices, ask=f"{title}, as far as withdrawal explains it?", max_age_days=1)
            for name, (title, choices) in ITEMS.items()
        ),
    ),
    result=Result(
        "COWS",
        noun="points",
        source="doi:10.1080/02791072.2003.10400007",
        bands=(
            Band("no withdrawal"),
            Band("mild withdrawal", 5),
            Band("moderate withdrawal", 13),
            Band("moderately severe withdrawal", 25),
            Band("severe withdrawal", above=36),
        ),
    ),
    references=(
        Reference(
            "Wesson DR, Ling W. The Clinical Opiate Withdrawal Scale (COWS). J Psychoactive Drugs 2003;35:253-259.",
            "derivation",
            doi="10.1080/02791072.2003.10400007",
            verified=Verified(
                "https://www.ncbi.nlm.nih.gov/books/NBK64244/table/A72915/",
                "2026-11-22",
                "the form in a treatment protocol on NCBI Bookshelf; Valant for the classes",
                "the eleven items with their points; 5 to 12, 13 to 24, 25 to 36, above 36",
            ),
        ),
    ),
    compute=cows,
)
