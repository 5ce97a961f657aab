"""Mentzer index: thalassaemia trait or iron deficiency."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, Term
from tools.calculators.common import (
    quantity,
)
from tools.calculators.reference import Reference, Verified

MCV = quantity(
    "mcv",
    "Mean corpuscular volume",
    "fL",
    plausible=(50, 130),
    possible=(30, 180),
    monotone=True,
    max_age_days=30,
    example={"value": 72, "unit": "fL"},
)


def mentzer_index(mcv: float, red_cell_count: float) -> Outcome:
    """Volume in fL over red cells in 10^12/L."""
    return Outcome(mcv / red_cell_count, (Term("Mean corpuscular volume", mcv, "fL"),))


CALCULATOR = Calculator(
    name="mentzer_index",
    title="Mentzer index",
    synonyms=("Mentzer", "MCV/RBC ratio", "Mentzer formula"),
    purpose="Tells thalassaemia trait from iron deficiency in a microcytic anaemia, from the blood count alone.",
    specialty="haematology",
    inputs=(
        MCV,
        quantity(
            "red_cell_count",
            "Red cell count",
            "10*12/L",
            equivalents={"10*6/uL": 1.0},
            plausible=(1.5, 8),
            possible=(0.3, 12),
            monotone=True,
            max_age_days=30,
            example={"value": 5.8, "unit": "10*12/L"},
        ),
    ),
    notes=("For microcytic anaemia; a screening index, and at 13 itself it says nothing",),
    result=Result(
        "Mentzer index",
        decimals=1,
        source="https://www.medicalalgorithms.com/mentzer-formula",
        bands=(
            Band("below 13: thalassaemia trait more likely"),
            Band("13", 13),
            Band("above 13: iron deficiency more likely", above=13),
        ),
    ),
    references=(
        Reference(
            "Medical Algorithms Company: the Mentzer formula.",
            "definition",
            url="https://www.medicalalgorithms.com/mentzer-formula",
            verified=Verified(
                "https://www.medicalalgorithms.com/mentzer-formula",
                "2026-11-22",
                "Medical Algorithms Company",
                "volume over red cells in millions per microlitre; above 13 iron deficiency, below it thalassaemia "
                "minor",
            ),
        ),
    ),
    compute=mentzer_index,
)
