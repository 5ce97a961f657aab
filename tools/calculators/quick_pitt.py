"""Quick Pitt score (qPitt) of a Gram-negative bloodstream infection."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, points
from tools.calculators.common import RESPIRATORY_RATE, SYSTOLIC, TEMPERATURE, boolean
from tools.calculators.reference import Reference, Verified


def quick_pitt(
    temperature: float,
    systolic_bp: float,
    vasopressor: bool,
    respiratory_rate: float,
    mechanical_ventilation: bool,
    cardiac_arrest: bool,
    altered_mental_status: bool,
) -> Outcome:
    """0 to 5 points."""
    return points(
        ("Temperature below 36 °C", temperature < 36, 1),
        ("Systolic pressure below 90 mmHg or vasopressor", systolic_bp < 90 or vasopressor, 1),
        ("Respiratory rate 25 or more, or ventilated", respiratory_rate >= 25 or mechanical_ventilation, 1),
        ("Cardiac arrest", cardiac_arrest, 1),
        ("Altered mental status", altered_mental_status, 1),
    )


CALCULATOR = Calculator(
    name="quick_pitt",
    title="Quick Pitt score",
    synonyms=("qPitt", "quick Pitt bacteremia score", "quick Pitt bacteraemia score"),
    purpose="Counts five bedside signs for death within two weeks of a Gram-negative bloodstream infection.",
    specialty="infectious disease",
    inputs=(
        TEMPERATURE.but(cuts=(36.0,)),
        SYSTOLIC.but(cuts=(90.0,)),
        boolean("vasopressor", "Vasopressor", ask="On a vasopressor?"),
        RESPIRATORY_RATE.but(cuts=(25.0,)),
        boolean("mechanical_ventilation", "Mechanical ventilation", ask="On mechanical ventilation?"),
        boolean("cardiac_arrest", "Cardiac arrest", ask="Cardiac arrest?"),
        boolean("altered_mental_status", "Altered mental status", ask="Is the mental status altered?"),
    ),
    result=Result(
        "Quick Pitt score",
        noun="points",
        source="doi:10.1007/s15010-019-01277-7",
        bands=(
            Band("mortality 3 to 5 %"),
            Band("mortality 24 to 49 %", 2),
        ),
    ),
    references=(
        Reference(
            (
                "Battle SE, et al. Derivation of a quick Pitt bacteremia score to predict mortality in patients "
                "with Gram-negative bloodstream infection. Infection 2019;47:571-578."
            ),
            "derivation",
            doi="10.1007/s15010-019-01277-7",
            pmid="30737765",
            verified=Verified(
                "https://scholars.mssm.edu/en/publications/derivation-of-a-quick-pitt-bacteremia-score-to-predict-mortality-",
                "2026-11-22",
                "Mount Sinai, abstract of the paper",
                (
                    "five signs; mortality with 2 or more was 24 % and 49 % with and without suitable first "
                    "treatment, below 2 it was 3 and 5 %"
                ),
            ),
        ),
    ),
    compute=quick_pitt,
)
