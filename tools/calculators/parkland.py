"""Parkland formula: fluid of the first day after a burn."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.common import WEIGHT, choice, quantity
from tools.calculators.reference import Reference, Verified

FACTORS = {"4": "4 mL (classic)", "3": "3 mL", "2": "2 mL"}


def parkland(weight: float, burned_area: float, volume_factor: str) -> Outcome:
    """mL; the classic factor is 4."""
    total = float(volume_factor) * weight * burned_area
    terms = (Term("First 8 hours from the burn", total / 2, "mL"), Term("Next 16 hours", total / 2, "mL"))
    return Outcome(total, terms)


CALCULATOR = Calculator(
    name="parkland",
    title="Parkland formula",
    synonyms=("Parkland", "Baxter formula", "burn resuscitation volume"),
    purpose=(
        "Estimates the volume of crystalloid in the first 24 hours after a large burn, from weight and burned area."
    ),
    specialty="burns",
    inputs=(
        WEIGHT.but(plausible=(3, 250), max_age_days=30),
        quantity(
            "burned_area",
            "Burned body surface",
            "%",
            plausible=(1, 95),
            possible=(0, 100),
            monotone=True,
            max_age_days=2,
            ask="Per cent of the body surface with second- or third-degree burns?",
            example={"value": 30, "unit": "%"},
        ),
        choice("volume_factor", "Volume per kg and per cent", FACTORS, default="4"),
    ),
    notes=(
        ("A first estimate from the time of the burn, on top of maintenance; urine output decides the rate afterwards"),
    ),
    result=Result("Crystalloid in the first 24 hours", "mL"),
    references=(
        Reference(
            (
                "Baxter CR, Shires T. Physiological response to crystalloid resuscitation of severe burns. Ann N "
                "Y Acad Sci 1968;150:874-894."
            ),
            "derivation",
            doi="10.1111/j.1749-6632.1968.tb14738.x",
            pmid="4973463",
            verified=Verified(
                "https://www.rcemlearning.org/modules/major-trauma-burns/lessons/fluids/",
                "2026-11-22",
                "RCEM Learning, of the Royal College of Emergency Medicine; mdicu.com for the factor of 4",
                (
                    "2 to 4 mL for each kg and per cent over 24 hours from the burn, half of it in the first 8 hours;"
                    " 3 mL is usual there"
                ),
            ),
        ),
    ),
    compute=parkland,
)
