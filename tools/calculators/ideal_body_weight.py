"""Ideal body weight (Devine)."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.body_weights import DEVINE, devine
from tools.calculators.common import HEIGHT, SEX


def ideal_body_weight(sex: str, height: float) -> Outcome:
    """kg; height in cm."""
    return Outcome(devine(sex, height), (Term("Height", height / 2.54, "[in_i]"),))


CALCULATOR = Calculator(
    name="ideal_body_weight",
    title="Ideal body weight (Devine)",
    synonyms=("IBW", "ideal body weight", "Devine formula", "predicted body weight"),
    purpose="Works out the ideal body weight of an adult from height and sex.",
    specialty="general medicine",
    inputs=(SEX, HEIGHT),
    notes=("Made for people of 5 feet (152.4 cm) or more; below, the same line is continued",),
    result=Result("Ideal body weight", "kg", decimals=1),
    references=(DEVINE,),
    compute=ideal_body_weight,
)
