"""Modified NUTRIC score: nutritional risk in intensive care."""

from __future__ import annotations

from tools.calculators.base import ADULTS, Band, Calculator, Outcome, Result, points
from tools.calculators.common import AGE, boolean, quantity
from tools.calculators.reference import Reference, Verified


def modified_nutric(
    age: float, apache_ii_score: float, sofa_score: float, two_comorbidities: bool, day_before_intensive_care: bool
) -> Outcome:
    """0 to 9 points."""
    return points(
        ("Age 50 to 74 (1), 75 or older (2)", age >= 50, 2 if age >= 75 else 1),
        (
            "APACHE II 15 to 19 (1), 20 to 28 (2), above 28 (3)",
            apache_ii_score >= 15,
            3 if apache_ii_score > 28 else 2 if apache_ii_score >= 20 else 1,
        ),
        ("SOFA 6 to 9 (1), above 9 (2)", sofa_score >= 6, 2 if sofa_score > 9 else 1),
        ("Two or more comorbidities", two_comorbidities, 1),
        ("A day or more in hospital before intensive care", day_before_intensive_care, 1),
    )


CALCULATOR = Calculator(
    name="modified_nutric",
    title="Modified NUTRIC score",
    synonyms=("mNUTRIC", "NUTRIC", "NUTRIC score", "nutrition risk in the critically ill"),
    purpose=(
        "Scores the nutritional risk of a critically ill adult from age, severity of illness, "
        "comorbidities and days in hospital."
    ),
    specialty="critical care",
    inputs=(
        AGE.but(cuts=(50.0, 75.0), plausible=(18, 110)),
        quantity(
            "apache_ii_score",
            "APACHE II",
            "1",
            plausible=(0, 60),
            possible=(0, 71),
            cuts=(15.0, 20.0, 28.0),
            max_age_days=2,
            ask="APACHE II on admission?",
            example={"value": 12},
        ),
        quantity(
            "sofa_score",
            "SOFA",
            "1",
            plausible=(0, 24),
            possible=(0, 24),
            cuts=(6.0, 9.0),
            max_age_days=2,
            ask="SOFA on admission?",
            example={"value": 4},
        ),
        boolean("two_comorbidities", "Two or more comorbidities", ask="Two or more comorbidities?"),
        boolean(
            "day_before_intensive_care",
            "A day or more in hospital before intensive care",
            ask="One day or more in hospital before intensive care?",
        ),
    ),
    population=ADULTS,
    notes=("An APACHE II of exactly 28 counts 2 points here; in some prints of the table it counts 3",),
    result=Result(
        "Modified NUTRIC",
        noun="points",
        source="doi:10.1186/cc10546",
        bands=(
            Band("low nutritional risk"),
            Band("high nutritional risk", 5),
        ),
    ),
    references=(
        Reference(
            (
                "Heyland DK, et al. Identifying critically ill patients who benefit the most from nutrition "
                "therapy: the development and initial validation of a novel risk assessment tool. Crit Care "
                "2011;15:R268; without interleukin 6 (Rahman 2016)."
            ),
            "derivation",
            doi="10.1186/cc10546",
            pmid="22085763",
            verified=Verified(
                "https://critical-care-platform.pages.dev/ar/viewer/3/33",
                "2026-11-22",
                "a critical care review course; mdapp.co and the abstract of the paper for the items",
                "the limits of the five items without interleukin 6, nine points in all; 5 or more is high risk",
            ),
        ),
    ),
    compute=modified_nutric,
)
