"""Paediatric early warning score (PEWS), modified from Brighton."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, points
from tools.calculators.common import boolean, choice
from tools.calculators.reference import Reference, Verified

CHILD_BEHAVIOUR = {
    "0": "playing, or usual activity",
    "1": "sleeping, or irritable but consolable",
    "2": "irritable or agitated, not consolable",
    "3": "lethargic, confused or reduced response to pain",
}
CHILD_CIRCULATION = {
    "0": "pink, capillary refill 1 to 2 s",
    "1": "pale, or capillary refill 3 s",
    "2": "grey, capillary refill 4 s, or heart rate 20 above normal",
    "3": "grey and mottled, capillary refill 5 s or more, heart rate 30 above normal, or bradycardia",
}
CHILD_BREATHING = {
    "0": "normal rate, no retractions",
    "1": "rate 10 above normal, accessory muscles, or oxygen from 24 % or 2 L/min",
    "2": "rate 20 above normal, retractions, or oxygen from 40 % or 3 L/min",
    "3": "rate 5 below normal with retractions or grunting, or oxygen from 50 %",
}


def paediatric_early_warning(
    child_behaviour: str, child_circulation: str, child_breathing: str, frequent_interventions: bool
) -> Outcome:
    """0 to 11 points."""
    return points(
        ("Behaviour", True, float(child_behaviour)),
        ("Circulation", True, float(child_circulation)),
        ("Breathing", True, float(child_breathing)),
        ("Frequent interventions", frequent_interventions, 2),
    )


CALCULATOR = Calculator(
    name="paediatric_early_warning",
    title="Paediatric early warning score (PEWS)",
    synonyms=("PEWS", "pediatric early warning score", "Brighton PEWS", "paediatric early warning score"),
    purpose=("Scores a child on the ward for deterioration from behaviour, colour and circulation, and breathing."),
    specialty="paediatrics",
    inputs=(
        choice("child_behaviour", "Behaviour", CHILD_BEHAVIOUR, ask="Behaviour?", max_age_days=1),
        choice(
            "child_circulation",
            "Circulation",
            CHILD_CIRCULATION,
            ask="Colour, capillary refill and heart rate?",
            max_age_days=1,
        ),
        choice(
            "child_breathing",
            "Breathing",
            CHILD_BREATHING,
            ask="Respiratory rate, retractions and oxygen?",
            max_age_days=1,
        ),
        boolean(
            "frequent_interventions",
            "Frequent interventions",
            ask=(
                "Nebulisers every quarter of an hour, persistent vomiting after surgery, frequent suction or "
                "oxygen changes?"
            ),
        ),
    ),
    notes=("Wards use different versions: the levels of breathing and circulation vary",),
    result=Result(
        "PEWS",
        noun="points",
        source="doi:10.1371/journal.pone.0072534",
        bands=(
            Band("below the limit that went with severe illness"),
            Band("at or above the limit that went with severe illness", 3),
        ),
    ),
    references=(
        Reference(
            (
                "Solevåg AL, et al. Use of a modified pediatric early warning score in a department of pediatric "
                "and adolescent medicine. PLoS One 2013;8:e72534; on the Brighton score (Monaghan 2005)."
            ),
            "validation",
            doi="10.1371/journal.pone.0072534",
            verified=Verified(
                "https://cliniborg.com/2015/05/14/pediatric-early-warning-score",
                "2026-11-22",
                (
                    "Cliniborg, a site of clinical forms; paperzz.com for Monaghan's own levels; PLoS One abstract "
                    "for the limit of 3"
                ),
                (
                    "the levels of the three signs and 2 points for frequent interventions; 3 or more went with "
                    "severe illness in 761 children"
                ),
            ),
        ),
    ),
    compute=paediatric_early_warning,
)
