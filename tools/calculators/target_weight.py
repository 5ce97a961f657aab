"""The weight at which a person of a given height would have a given body mass index."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.common import HEIGHT, quantity
from tools.calculators.reference import Reference, Verified


def target_weight(target_bmi: float, height: float) -> Outcome:
    """kg; height in cm."""
    return Outcome(target_bmi * (height / 100.0) ** 2, (Term("Height", height / 100.0, "m"),))


CALCULATOR = Calculator(
    name="target_weight",
    title="Weight for a target BMI",
    synonyms=("target weight", "weight at a given BMI", "goal weight"),
    purpose="Works out the weight that goes with a chosen body mass index at a given height.",
    specialty="general medicine",
    inputs=(
        quantity(
            "target_bmi",
            "Body mass index aimed at",
            "kg/m2",
            plausible=(15, 45),
            possible=(8, 100),
            monotone=True,
            example={"value": 22, "unit": "kg/m2"},
        ),
        HEIGHT,
    ),
    result=Result("Weight for the target BMI", "kg", decimals=1),
    references=(
        Reference(
            "WHO. Obesity: preventing and managing the global epidemic. WHO Technical Report Series 894, 2000.",
            "definition",
            url="https://apps.who.int/iris/handle/10665/42330",
            verified=Verified(
                "http://greenfacts.org/en/diet-nutrition/figtableboxes/table-8.htm",
                "2026-11-22",
                "GreenFacts, after WHO/FAO",
                "body mass index is weight in kg over the square of height in m",
            ),
        ),
    ),
    compute=target_weight,
)
