"""Lean body weight (Janmahasatian)."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.common import (
    HEIGHT,
    SEX,
    WEIGHT,
)
from tools.calculators.reference import Reference, Verified


def lean_body_weight(weight: float, height: float, sex: str) -> Outcome:
    """kg; height in cm."""
    bmi = weight / (height / 100.0) ** 2
    first, second = (8780.0, 244.0) if sex == "female" else (6680.0, 216.0)
    return Outcome(9270.0 * weight / (first + second * bmi), (Term("Body mass index", bmi, "kg/m2"),))


CALCULATOR = Calculator(
    name="lean_body_weight",
    title="Lean body weight (Janmahasatian)",
    synonyms=("LBW", "lean bodyweight", "fat-free mass", "lean mass", "Janmahasatian"),
    purpose="Estimates the weight of the body without fat from weight, height and sex, as for drug doses in obesity.",
    specialty="clinical pharmacology",
    inputs=(WEIGHT, HEIGHT, SEX),
    notes=("Derived in adults of 40 to 217 kg and a body mass index of 17 to 70 kg/m²",),
    result=Result("Lean body weight", "kg", decimals=1),
    references=(
        Reference(
            "Janmahasatian S, et al. Quantification of lean bodyweight. Clin Pharmacokinet 2005;44:1051-1065.",
            "derivation",
            doi="10.2165/00003088-200544100-00004",
            pmid="16176118",
            verified=Verified(
                "https://ep.bmj.com/highwire/markup/136780/expansion",
                "2026-11-22",
                "Arch Dis Child Educ Pract, table 2; of the paper itself the abstract was read",
                "9270 times weight over 6680 + 216 BMI in men and 8780 + 244 BMI in women",
            ),
        ),
    ),
    compute=lean_body_weight,
)
