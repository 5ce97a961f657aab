"""Adjusted body weight: ideal weight plus four tenths of the excess."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.body_weights import DEVINE, devine
from tools.calculators.common import HEIGHT, SEX, WEIGHT
from tools.calculators.reference import Reference, Verified


def adjusted_body_weight(sex: str, weight: float, height: float) -> Outcome:
    """kg; weight in kg, height in cm."""
    ideal = devine(sex, height)
    lean = (
        ()
        if weight >= ideal
        else ("The actual weight is below the ideal weight: the formula is made for excess weight",)
    )
    return Outcome(ideal + 0.4 * (weight - ideal), (Term("Ideal body weight", ideal, "kg"),), lean)


CALCULATOR = Calculator(
    name="adjusted_body_weight",
    title="Adjusted body weight",
    synonyms=("ABW", "AdjBW", "adjusted body weight", "dosing weight in obesity"),
    purpose="Works out an adjusted body weight of an adult with excess weight from ideal and actual weight.",
    specialty="general medicine",
    inputs=(SEX, WEIGHT, HEIGHT),
    notes=("Ideal weight after Devine; other factors than 0.4 are in use for some drugs",),
    result=Result("Adjusted body weight", "kg", decimals=1),
    references=(
        DEVINE,
        Reference(
            "Calculators.org: ideal and adjusted body weight.",
            "definition",
            url="http://www.calculators.org/health/ideal-weight.php",
            verified=Verified(
                "http://www.calculators.org/health/ideal-weight.php",
                "2026-11-22",
                "Calculators.org; the worked case on healthaide.info agrees",
                "ideal weight plus 0.4 times the difference of actual and ideal weight",
            ),
        ),
    ),
    compute=adjusted_body_weight,
)
