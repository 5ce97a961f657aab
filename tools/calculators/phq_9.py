"""PHQ-9: severity of depression over the last two weeks."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result
from tools.calculators.common import choice
from tools.calculators.questionnaire import FREQUENCY, total
from tools.calculators.reference import Reference, Verified

ITEMS = {
    "interest": "Little interest or pleasure",
    "mood": "Feeling down or hopeless",
    "sleep": "Trouble with sleep, or too much",
    "energy": "Tired or little energy",
    "appetite": "Poor appetite or overeating",
    "self_worth": "Feeling bad about oneself",
    "concentration": "Trouble concentrating",
    "movement": "Slow, or restless",
    "self_harm": "Thoughts of being better off dead or of self-harm",
}


def phq_9(
    interest: str,
    mood: str,
    sleep: str,
    energy: str,
    appetite: str,
    self_worth: str,
    concentration: str,
    movement: str,
    self_harm: str,
) -> Outcome:
    """0 to 27 points."""
    return total(
        {
            ITEMS["interest"]: interest,
            ITEMS["mood"]: mood,
            ITEMS["sleep"]: sleep,
            ITEMS["energy"]: energy,
            ITEMS["appetite"]: appetite,
            ITEMS["self_worth"]: self_worth,
            ITEMS["concentration"]: concentration,
            ITEMS["movement"]: movement,
            ITEMS["self_harm"]: self_harm,
        }
    )


CALCULATOR = Calculator(
    name="phq_9",
    title="PHQ-9",
    synonyms=("PHQ 9", "depression questionnaire"),
    purpose="Scores the severity of depression over the last two weeks from a questionnaire of 9 items.",
    specialty="psychiatry",
    inputs=tuple(
        choice(name, title, FREQUENCY, ask=f"{title}, in the last two weeks?", max_age_days=14)
        for name, title in ITEMS.items()
    ),
    notes=(
        "Measures severity and does not diagnose; any answer but “not at all” to the last question "
        "matters by itself, whatever the total",
    ),
    result=Result(
        "PHQ-9",
        noun="points",
        source="doi:10.1046/j.1525-1497.2001.016009606.x",
        bands=(
            Band("minimal"),
            Band("mild", 5),
            Band("moderate", 10),
            Band("moderately severe", 15),
            Band("severe", 20),
        ),
    ),
    references=(
        Reference(
            "Kroenke K, et al. The PHQ-9: validity of a brief depression severity measure. J Gen Intern "
            "Med 2001;16:606-613.",
            "derivation",
            doi="10.1046/j.1525-1497.2001.016009606.x",
            pmid="11556941",
            verified=Verified(
                "https://pubmed.ncbi.nlm.nih.gov/11556941/",
                "2026-11-22",
                "PubMed, abstract",
                "nine items of 0 to 3; 5, 10, 15 and 20 mild, moderate, moderately severe and severe",
            ),
        ),
    ),
    compute=phq_9,
)
