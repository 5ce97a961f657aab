"""Body surface area by Haycock, made for infants, children and adults."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.common import (
    HEIGHT,
    WEIGHT,
)
from tools.calculators.reference import Reference, Verified


def bsa_haycock(weight: float, height: float) -> Outcome:
    """m2; height in cm, weight in kg."""
    return Outcome(0.024265 * height**0.3964 * weight**0.5378, (Term("Height", height, "cm"),))


CALCULATOR = Calculator(
    name="bsa_haycock",
    title="Body surface area (Haycock)",
    synonyms=("Haycock", "BSA Haycock", "body surface area in children"),
    purpose="Estimates the surface of the body from weight and height, in children too.",
    specialty="paediatrics",
    inputs=(WEIGHT.but(plausible=(2, 250)), HEIGHT.but(plausible=(40, 220))),
    result=Result("Body surface area", "m2", decimals=2),
    references=(
        Reference(
            "Some size descriptors used for determining doses in obese patients. Arch Dis Child Educ Pract (table 2).",
            "definition",
            url="https://ep.bmj.com/highwire/markup/136780/expansion",
            verified=Verified(
                "https://ep.bmj.com/highwire/markup/136780/expansion",
                "2026-11-22",
                "Arch Dis Child Educ Pract, table 2",
                "0.024265 times height to the power 0.3964 times weight to the power 0.5378",
            ),
        ),
    ),
    compute=bsa_haycock,
)
