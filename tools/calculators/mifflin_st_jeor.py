"""Resting energy expenditure by Mifflin and St Jeor."""

from __future__ import annotations

from tools.calculators.base import ADULTS, Calculator, Outcome, Result, Term
from tools.calculators.common import (
    AGE,
    HEIGHT,
    SEX,
    WEIGHT,
)
from tools.calculators.reference import Reference, Verified


def mifflin_st_jeor(weight: float, height: float, age: float, sex: str) -> Outcome:
    """kcal a day; height in cm."""
    constant = -161.0 if sex == "female" else 5.0
    return Outcome(10.0 * weight + 6.25 * height - 5.0 * age + constant, (Term("Constant", constant),))


CALCULATOR = Calculator(
    name="mifflin_st_jeor",
    title="Resting energy expenditure (Mifflin-St Jeor)",
    synonyms=("Mifflin", "Mifflin St Jeor", "resting metabolic rate", "BMR", "REE", "calorie requirement"),
    purpose="Estimates how many calories a healthy adult uses at rest.",
    specialty="nutrition",
    inputs=(WEIGHT, HEIGHT, AGE.but(plausible=(18, 100)), SEX),
    population=ADULTS,
    notes=("At rest; activity multiplies it by 1.2 (sedentary) to 1.9 (very active)",),
    result=Result("Resting energy expenditure", "kcal/d"),
    references=(
        Reference(
            "Mifflin MD, et al. A new predictive equation for resting energy expenditure in healthy individuals. Am J "
            "Clin Nutr 1990;51:241-247.",
            "derivation",
            doi="10.1093/ajcn/51.2.241",
            verified=Verified(
                "https://reference.medscape.com/calculator/846/mifflin-st-jeor-equation",
                "2026-11-22",
                "Medscape",
                "both equations and the factors of activity",
            ),
        ),
    ),
    compute=mifflin_st_jeor,
)
