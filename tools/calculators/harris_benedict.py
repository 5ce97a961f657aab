"""Basal metabolic rate by Harris and Benedict (1919)."""

from __future__ import annotations

from tools.calculators.base import ADULTS, Calculator, Outcome, Result, Term
from tools.calculators.common import (
    AGE,
    HEIGHT,
    SEX,
    WEIGHT,
)
from tools.calculators.reference import Reference, Verified


def harris_benedict(weight: float, height: float, age: float, sex: str) -> Outcome:
    """kcal a day; height in cm."""
    if sex == "female":
        value = 655.0955 + 9.5634 * weight + 1.8496 * height - 4.6756 * age
    else:
        value = 66.473 + 13.7516 * weight + 5.0033 * height - 6.755 * age
    return Outcome(value, (Term("Equation for", sex),))


CALCULATOR = Calculator(
    name="harris_benedict",
    title="Basal metabolic rate (Harris-Benedict)",
    synonyms=("Harris Benedict equation", "BMR Harris-Benedict", "basal energy expenditure", "BEE"),
    purpose="Estimates the basal metabolic rate of an adult by the oldest equation still in use.",
    specialty="nutrition",
    inputs=(WEIGHT, HEIGHT, AGE.but(plausible=(18, 100)), SEX),
    population=ADULTS,
    notes=("The original of 1919, which later equations such as Mifflin-St Jeor predict better than",),
    result=Result("Basal metabolic rate", "kcal/d"),
    references=(
        Reference(
            "Harris JA, Benedict FG. A biometric study of basal metabolism in man. Carnegie Institution of Washington, "
            "1919; as given by Nutrition Care Pro.",
            "derivation",
            url="https://nutritioncarepro.com/harris-benedict-equation",
            verified=Verified(
                "https://nutritioncarepro.com/harris-benedict-equation",
                "2026-11-22",
                "Nutrition Care Pro, citing the monograph; Medscape for which predicts better",
                "both original equations with every decimal",
            ),
        ),
    ),
    compute=harris_benedict,
)
