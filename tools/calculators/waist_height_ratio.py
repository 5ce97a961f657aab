"""Waist-to-height ratio."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, Term
from tools.calculators.body_inputs import WAIST
from tools.calculators.common import (
    HEIGHT,
)
from tools.calculators.reference import Reference, Verified


def waist_height_ratio(waist: float, height: float) -> Outcome:
    """Dimensionless."""
    return Outcome(waist / height, (Term("Waist", waist, "cm"),))


CALCULATOR = Calculator(
    name="waist_height_ratio",
    title="Waist-to-height ratio",
    synonyms=("WHtR", "waist to height", "central adiposity"),
    purpose="Judges the fat around the waist in proportion to height, beside the body mass index.",
    specialty="endocrinology",
    inputs=(WAIST.but(monotone=True), HEIGHT),
    notes=("Not for a body mass index above 35 kg/m², pregnancy or children under 2 years",),
    result=Result(
        "Waist-to-height ratio",
        decimals=2,
        source="https://www.independent.co.uk/news/uk/home-news/waist-measurement-good-health-b2053810.html",
        bands=(
            Band("below 0.4"),
            Band("healthy", 0.4),
            Band("increased central adiposity", 0.5),
            Band("high central adiposity", 0.6),
        ),
    ),
    references=(
        Reference(
            "National Institute for Health and Care Excellence: update of the obesity guideline, 2022.",
            "bands",
            url="https://www.independent.co.uk/news/uk/home-news/waist-measurement-good-health-b2053810.html",
            verified=Verified(
                "https://www.independent.co.uk/news/uk/home-news/waist-measurement-good-health-b2053810.html",
                "2026-11-22",
                "The Independent reporting the NICE guideline; the same limits at LBC",
                "0.4 to 0.49 healthy, 0.5 to 0.59 increased, 0.6 or more further increased; for whom it does not hold",
            ),
        ),
    ),
    compute=waist_height_ratio,
)
