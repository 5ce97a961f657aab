"""GAD-7: severity of anxiety over the last two weeks."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result
from tools.calculators.common import choice
from tools.calculators.questionnaire import FREQUENCY, total
from tools.calculators.reference import Reference, Verified

ITEMS = {
    "nervous": "Nervous, anxious or on edge",
    "control": "Not able to stop worrying",
    "worry": "Worrying too much",
    "relaxing": "Trouble relaxing",
    "restless": "Restless",
    "irritable": "Easily annoyed",
    "afraid": "Afraid that something awful might happen",
}


def gad_7(nervous: str, control: str, worry: str, relaxing: str, restless: str, irritable: str, afraid: str) -> Outcome:
    """0 to 21 points."""
    return total(
        {
            ITEMS["nervous"]: nervous,
            ITEMS["control"]: control,
            ITEMS["worry"]: worry,
            ITEMS["relaxing"]: relaxing,
            ITEMS["restless"]: restless,
            ITEMS["irritable"]: irritable,
            ITEMS["afraid"]: afraid,
        }
    )


CALCULATOR = Calculator(
    name="gad_7",
    title="GAD-7",
    synonyms=("GAD 7", "anxiety questionnaire"),
    purpose="Scores the severity of anxiety over the last two weeks from a questionnaire of 7 items.",
    specialty="psychiatry",
    inputs=tuple(
        choice(name, title, FREQUENCY, ask=f"{title}, in the last two weeks?", max_age_days=14)
        for name, title in ITEMS.items()
    ),
    notes=("Measures severity and does not diagnose",),
    result=Result(
        "GAD-7",
        noun="points",
        source="doi:10.1001/archinte.166.10.1092",
        bands=(Band("minimal"), Band("mild", 5), Band("moderate", 10), Band("severe", 15)),
    ),
    references=(
        Reference(
            "Spitzer RL, et al. A brief measure for assessing generalized anxiety disorder: the GAD-7. "
            "Arch Intern Med 2006;166:1092-1097.",
            "derivation",
            doi="10.1001/archinte.166.10.1092",
            verified=Verified(
                "https://ravansanji.ir/?EAnx1204GAD",
                "2026-11-22",
                "Ravansanji, giving the instrument with its scoring; the abstract was read on ResearchGate",
                "seven items of 0 to 3; 5, 10 and 15 mild, moderate and severe anxiety",
            ),
        ),
    ),
    compute=gad_7,
)
