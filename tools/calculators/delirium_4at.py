"""4AT: rapid test for delirium."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result
from tools.calculators.common import choice
from tools.calculators.questionnaire import total
from tools.calculators.reference import Reference, Verified

ALERTNESS = {"0": "normal, or sleepy for less than 10 seconds on waking", "4": "clearly abnormal"}
AMT4 = {"0": "no mistakes", "1": "one mistake", "2": "two or more mistakes, or untestable"}
ATTENTION = {"0": "7 months or more correctly", "1": "starts but fewer than 7, or refuses to start", "2": "untestable"}
CHANGE = {"0": "no", "4": "yes"}


def delirium_4at(alertness: str, amt4: str, attention: str, acute_change: str) -> Outcome:
    """0 to 12 points."""
    return total({"Alertness": alertness, "AMT4": amt4, "Attention": attention, "Acute change": acute_change})


CALCULATOR = Calculator(
    name="delirium_4at",
    title="4AT delirium test",
    synonyms=("4AT", "4 A's test", "delirium test"),
    purpose="Scores a short bedside test for delirium and cognitive impairment.",
    specialty="geriatrics",
    inputs=(
        choice("alertness", "Alertness", ALERTNESS, ask="Markedly drowsy, agitated or hyperactive?", max_age_days=1),
        choice("amt4", "AMT4", AMT4, ask="Age, date of birth, place, current year: how many mistakes?", max_age_days=1),
        choice("attention", "Attention", ATTENTION, ask="Months of the year backwards: how many?", max_age_days=1),
        choice(
            "acute_change",
            "Acute change or fluctuation",
            CHANGE,
            ask="Change over the last two weeks, still there in the last 24 hours?",
            max_age_days=1,
        ),
    ),
    notes=("Points to delirium, and does not diagnose it; 0 does not exclude it",),
    result=Result(
        "4AT",
        noun="points",
        source="doi:10.1093/ageing/afu021",
        bands=(
            Band("delirium or severe cognitive impairment unlikely"),
            Band("possible cognitive impairment", 1),
            Band("possible delirium", 4),
        ),
    ),
    references=(
        Reference(
            "Bellelli G, et al. Validation of the 4AT, a new instrument for rapid delirium screening: a "
            "study in 234 hospitalised older people. Age Ageing 2014;43:496-502.",
            "validation",
            doi="10.1093/ageing/afu021",
            pmid="24590568",
            verified=Verified(
                "https://www.the4at.com/4atguide",
                "2026-11-22",
                "the4AT.com, its authors; Royal College of Physicians journals, table 1, for the points",
                "four items, 0 to 12; 4 or more suggests delirium, 1 to 3 cognitive impairment",
            ),
        ),
    ),
    compute=delirium_4at,
)
