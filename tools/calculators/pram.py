"""Pediatric Respiratory Assessment Measure (PRAM) of acute asthma."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, points
from tools.calculators.common import SPO2, boolean, choice
from tools.calculators.reference import Reference, Verified

AIR_ENTRY = {
    "0": "normal",
    "1": "decreased at the base",
    "2": "decreased at apex and base",
    "3": "minimal or absent",
}
WHEEZE = {
    "0": "none",
    "1": "expiratory only",
    "2": "inspiratory",
    "3": "audible without stethoscope, or silent chest",
}


def pram(spo2: float, suprasternal_retraction: bool, scalene_contraction: bool, air_entry: str, wheeze: str) -> Outcome:
    """0 to 12 points."""
    return points(
        ("Saturation 92 to 94 % (1), below 92 % (2)", spo2 < 95, 2 if spo2 < 92 else 1),
        ("Suprasternal retraction", suprasternal_retraction, 2),
        ("Scalene muscle contraction", scalene_contraction, 2),
        ("Air entry", True, float(air_entry)),
        ("Wheeze", True, float(wheeze)),
    )


CALCULATOR = Calculator(
    name="pram",
    title="Pediatric Respiratory Assessment Measure (PRAM)",
    synonyms=("PRAM", "paediatric respiratory assessment measure", "childhood asthma score"),
    purpose=("Scores how severe an attack of asthma is in a child from saturation, retractions, air entry and wheeze."),
    specialty="paediatrics",
    inputs=(
        SPO2.but(cuts=(92.0, 95.0)),
        boolean("suprasternal_retraction", "Suprasternal retraction", ask="Suprasternal retraction?"),
        boolean("scalene_contraction", "Scalene muscle contraction", ask="Scalene muscle contraction?"),
        choice("air_entry", "Air entry", AIR_ENTRY, ask="Air entry in the worse lung?", max_age_days=1),
        choice("wheeze", "Wheeze", WHEEZE, ask="Wheeze?", max_age_days=1),
    ),
    result=Result(
        "PRAM",
        noun="points",
        source="https://pmc.ncbi.nlm.nih.gov/articles/PMC4614088/table/t4-pch-20-353",
        bands=(
            Band("mild"),
            Band("moderate", 4),
            Band("severe", 8),
        ),
    ),
    references=(
        Reference(
            (
                "Ducharme FM, et al. The Pediatric Respiratory Assessment Measure: a valid clinical score for "
                "assessing acute asthma severity from toddlers to teenagers. J Pediatr 2008;152:476-480."
            ),
            "validation",
            url="https://pmc.ncbi.nlm.nih.gov/articles/PMC4614088/table/t4-pch-20-353",
            verified=Verified(
                "https://pmc.ncbi.nlm.nih.gov/articles/PMC4614088/table/t4-pch-20-353",
                "2026-11-22",
                "Canadian Paediatric Society and Canadian Thoracic Society, table 4",
                "the points of the five items; 0 to 3 mild, 4 to 7 moderate, 8 to 12 severe",
            ),
        ),
    ),
    compute=pram,
)
