"""Body surface area after Mosteller."""

from __future__ import annotations

import math

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.common import HEIGHT, WEIGHT
from tools.calculators.reference import Reference, Verified


def bsa_mosteller(weight: float, height: float) -> Outcome:
    """m²; weight in kg, height in cm."""
    product = height * weight / 3600.0
    return Outcome(math.sqrt(product), (Term("Height × weight / 3600", product),))


CALCULATOR = Calculator(
    name="bsa_mosteller",
    title="Body surface area (Mosteller)",
    synonyms=("BSA", "body surface area"),
    purpose="Body surface area from height and weight.",
    specialty="general medicine",
    inputs=(WEIGHT.but(plausible=(2, 250)), HEIGHT.but(plausible=(45, 220))),
    result=Result("Body surface area", "m2", decimals=2),
    references=(
        Reference(
            "Mosteller RD. Simplified calculation of body-surface area. N Engl J Med 1987;317:1098.",
            "derivation",
            doi="10.1056/NEJM198710223171717",
            verified=Verified(
                "http://globalrph.com/bsa2.htm",
                "2026-11-22",
                "GlobalRPH, citing the letter",
                "the square root of height in cm times weight in kg over 3600",
            ),
        ),
    ),
    compute=bsa_mosteller,
)
