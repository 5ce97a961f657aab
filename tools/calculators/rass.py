"""Richmond Agitation-Sedation Scale."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result
from tools.calculators.common import choice
from tools.calculators.reference import Reference, Verified

SEDATION_STATE = {
    "4": "combative, a danger to staff",
    "3": "very agitated, pulls at tubes",
    "2": "agitated, fights the ventilator",
    "1": "restless, anxious",
    "0": "alert and calm",
    "-1": "drowsy: over 10 s of eye contact to voice",
    "-2": "light sedation: under 10 s of eye contact to voice",
    "-3": "moderate sedation: moves to voice, no eye contact",
    "-4": "deep sedation: moves to touch only",
    "-5": "unrousable",
}


def rass(sedation_state: str) -> Outcome:
    """-5 to 4."""
    return Outcome(float(sedation_state))


CALCULATOR = Calculator(
    name="rass",
    title="Richmond Agitation-Sedation Scale (RASS)",
    synonyms=("RASS", "Richmond Agitation Sedation Scale", "sedation scale"),
    purpose=("Grades how agitated or how deeply sedated a patient in intensive care is, from combative to unrousable."),
    specialty="critical care",
    inputs=(
        choice(
            "sedation_state",
            "State",
            SEDATION_STATE,
            ask="How agitated or sedated: +4 combative to -5 unrousable?",
            max_age_days=1,
        ).but(example="0"),
    ),
    result=Result(
        "RASS",
        source="doi:10.1164/rccm.2107138",
        bands=(
            Band("unrousable"),
            Band("deep sedation", -4),
            Band("moderate sedation", -3),
            Band("light sedation", -2),
            Band("drowsy", -1),
            Band("alert and calm", 0),
            Band("restless", 1),
            Band("agitated", 2),
            Band("very agitated", 3),
            Band("combative", 4),
        ),
    ),
    references=(
        Reference(
            (
                "Sessler CN, et al. The Richmond Agitation-Sedation Scale: validity and reliability in adult "
                "intensive care unit patients. Am J Respir Crit Care Med 2002;166:1338-1344."
            ),
            "derivation",
            doi="10.1164/rccm.2107138",
            pmid="12421743",
            verified=Verified(
                "https://palliative.stanford.edu/palliative-sedation/appendices/richmond-agitation-sedation-scale/",
                "2026-11-22",
                "Stanford Medicine, palliative care; neuroscand.com for +2",
                "the ten levels and how they are told apart",
            ),
        ),
    ),
    compute=rass,
)
