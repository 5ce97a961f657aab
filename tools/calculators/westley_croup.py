"""Westley croup score."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, points
from tools.calculators.common import choice
from tools.calculators.reference import Reference, Verified

STRIDOR_DEGREE = {
    "0": "none",
    "1": "with agitation",
    "2": "at rest",
}
CHEST_RETRACTIONS = {
    "0": "none",
    "1": "mild",
    "2": "moderate",
    "3": "severe",
}
AIR_ENTRY = {
    "0": "normal",
    "1": "decreased",
    "2": "markedly decreased",
}
CYANOSIS_DEGREE = {
    "0": "none",
    "4": "with agitation",
    "5": "at rest",
}
CONSCIOUSNESS = {
    "0": "normal, asleep too",
    "5": "disorientated",
}


def westley_croup(
    stridor_degree: str, chest_retractions: str, air_entry: str, cyanosis_degree: str, consciousness: str
) -> Outcome:
    """0 to 17 points."""
    return points(
        ("Stridor", True, float(stridor_degree)),
        ("Chest wall retractions", True, float(chest_retractions)),
        ("Air entry", True, float(air_entry)),
        ("Cyanosis", True, float(cyanosis_degree)),
        ("Level of consciousness", True, float(consciousness)),
    )


CALCULATOR = Calculator(
    name="westley_croup",
    title="Westley croup score",
    synonyms=("Westley", "croup score", "Westley score"),
    purpose=("Scores how severe croup is in a child from stridor, retractions, air entry, cyanosis and consciousness."),
    specialty="paediatrics",
    inputs=(
        choice("stridor_degree", "Stridor", STRIDOR_DEGREE, ask="Stridor?", max_age_days=1),
        choice("chest_retractions", "Chest wall retractions", CHEST_RETRACTIONS, ask="Retractions?", max_age_days=1),
        choice("air_entry", "Air entry", AIR_ENTRY, ask="Air entry?", max_age_days=1),
        choice("cyanosis_degree", "Cyanosis", CYANOSIS_DEGREE, ask="Cyanosis?", max_age_days=1),
        choice("consciousness", "Level of consciousness", CONSCIOUSNESS, ask="Level of consciousness?", max_age_days=1),
    ),
    notes=("Other sources draw the groups at 2 and 5 points, or 4 and 7",),
    result=Result(
        "Westley croup score",
        noun="points",
        source="doi:10.1186/s13052-017-0348-x",
        bands=(
            Band("mild croup"),
            Band("moderate croup", 3),
            Band("severe croup", 6),
            Band("impending respiratory failure", 12),
        ),
    ),
    references=(
        Reference(
            (
                "Westley CR, et al. Nebulized racemic epinephrine by IPPB for the treatment of croup. Am J Dis "
                "Child 1978;132:484-487; as in Ital J Pediatr 2017, table 8."
            ),
            "definition",
            doi="10.1186/s13052-017-0348-x",
            verified=Verified(
                "https://ijponline.biomedcentral.com/articles/10.1186/s13052-017-0348-x/tables/12",
                "2026-11-22",
                "Italian Journal of Pediatrics, table 8; RCEM Learning for the same groups",
                (
                    "the points of the five items; up to 2 mild, 3 to 5 moderate, 6 to 11 severe, 12 and more "
                    "impending respiratory failure"
                ),
            ),
        ),
    ),
    compute=westley_croup,
)
