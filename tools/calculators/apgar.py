"""Apgar score of a newborn."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result
from tools.calculators.common import choice
from tools.calculators.questionnaire import total
from tools.calculators.reference import Reference, Verified

COLOUR = {"2": "all pink", "1": "body pink, hands and feet blue", "0": "all blue or pale"}
PULSE = {"2": "100 per minute or more", "1": "below 100 per minute", "0": "none"}
REFLEX = {"2": "sneeze, cough", "1": "grimace", "0": "none"}
TONE = {"2": "active movement", "1": "some bending of arms and legs", "0": "limp"}
BREATHING = {"2": "good cry", "1": "irregular, slow", "0": "none"}


def apgar(appearance: str, pulse: str, grimace: str, activity: str, respiration: str) -> Outcome:
    """0 to 10 points."""
    return total(
        {"Appearance": appearance, "Pulse": pulse, "Grimace": grimace, "Activity": activity, "Respiration": respiration}
    )


CALCULATOR = Calculator(
    name="apgar",
    title="Apgar score",
    synonyms=("Apgar",),
    purpose="Scores the condition of a newborn from colour, pulse, reflex, tone and breathing.",
    specialty="neonatology",
    inputs=(
        choice("appearance", "Colour of skin", COLOUR),
        choice("pulse", "Heart rate", PULSE),
        choice("grimace", "Reflex response", REFLEX),
        choice("activity", "Muscle tone", TONE),
        choice("respiration", "Breathing", BREATHING),
    ),
    notes=("Bands are those at 5 minutes",),
    result=Result(
        "Apgar",
        noun="points",
        source="https://www.msdmanuals.com/home/multimedia/table/apgar-score",
        bands=(Band("low"), Band("intermediate", 4), Band("normal", 7)),
    ),
    references=(
        Reference(
            "MSD Manual: Apgar score.",
            "bands",
            url="https://www.msdmanuals.com/home/multimedia/table/apgar-score",
            verified=Verified(
                "https://www.msdmanuals.com/home/multimedia/table/apgar-score",
                "2026-11-22",
                "MSD Manual",
                "five items of 0 to 2; at 5 minutes 7 to 10 normal, 4 to 6 intermediate, 0 to 3 low",
            ),
        ),
    ),
    compute=apgar,
)
