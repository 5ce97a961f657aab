"""Body mass index of an adult."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, Term
from tools.calculators.common import HEIGHT, WEIGHT
from tools.calculators.reference import Reference, Verified


def bmi(weight: float, height: float) -> Outcome:
    """kg/m²; weight in kg, height in cm."""
    metres = height / 100.0
    return Outcome(weight / metres**2, (Term("Weight", weight, "kg"), Term("Height", metres, "m")))


CALCULATOR = Calculator(
    name="bmi",
    title="Body mass index",
    synonyms=("BMI", "Quetelet index", "weight for height"),
    purpose="Weight over height squared, with the WHO classes for adults.",
    specialty="general medicine",
    inputs=(WEIGHT, HEIGHT),
    notes=("Classes are those for adults; lower limits are used for Asian populations",),
    result=Result(
        "Body mass index",
        "kg/m2",
        decimals=1,
        source="https://apps.who.int/iris/handle/10665/42330",
        bands=(
            Band("underweight"),
            Band("normal range", 18.5),
            Band("overweight", 25),
            Band("obesity class I", 30),
            Band("obesity class II", 35),
            Band("obesity class III", 40),
        ),
    ),
    references=(
        Reference(
            "WHO. Obesity: preventing and managing the global epidemic. WHO Technical Report Series 894, 2000.",
            "bands",
            url="https://apps.who.int/iris/handle/10665/42330",
            verified=Verified(
                "http://greenfacts.org/en/diet-nutrition/figtableboxes/table-8.htm",
                "2026-11-22",
                "GreenFacts, after WHO/FAO",
                "the formula's unit and the limits of the classes",
            ),
        ),
    ),
    compute=bmi,
)
