"""Katz index: independence in activities of daily living."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, points
from tools.calculators.common import (
    boolean,
)
from tools.calculators.reference import Reference, Verified


def katz_adl(bathes: bool, dresses: bool, toilets: bool, transfers: bool, continent: bool, feeds: bool) -> Outcome:
    """0 to 6 points."""
    return points(
        ("Bathing", bathes, 1),
        ("Dressing", dresses, 1),
        ("Toileting", toilets, 1),
        ("Transferring", transfers, 1),
        ("Continence", continent, 1),
        ("Feeding", feeds, 1),
    )


CALCULATOR = Calculator(
    name="katz_adl",
    title="Katz index of independence",
    synonyms=("Katz ADL", "Katz index", "activities of daily living", "ADL score"),
    purpose="Counts in how many basic activities of daily life an older person is independent.",
    specialty="geriatrics",
    inputs=(
        boolean("bathes", "Bathing", ask="Bathes alone, or with help for a single part of the body?", max_age_days=30),
        boolean("dresses", "Dressing", ask="Gets dressed alone (help with shoes allowed)?", max_age_days=30),
        boolean("toilets", "Toileting", ask="Goes to the toilet and cleans without help?", max_age_days=30),
        boolean("transfers", "Transferring", ask="Gets in and out of bed or chair unassisted?", max_age_days=30),
        boolean("continent", "Continence", ask="Full control of bladder and bowel?", max_age_days=30),
        boolean("feeds", "Feeding", ask="Eats without help?", max_age_days=30),
    ),
    result=Result(
        "Katz index",
        noun="points",
        source="https://medicalcriteria.com/web/gerik/",
        bands=(Band("dependent in all"), Band("dependent in some", 1), Band("independent", 6)),
    ),
    references=(
        Reference(
            "Katz S, et al. Progress in development of the index of ADL. Gerontologist 1970;10:20-30.",
            "derivation",
            url="https://medicalcriteria.com/web/gerik/",
            verified=Verified(
                "https://medicalcriteria.com/web/gerik/",
                "2026-11-22",
                "MedicalCriteria.com, quoting the paper",
                "the six activities, what counts as independent, 6 high and 0 low",
            ),
        ),
    ),
    compute=katz_adl,
)
