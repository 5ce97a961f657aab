"""Mid-parental (target) height of a child, by Tanner."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.common import (
    HEIGHT,
    SEX,
)
from tools.calculators.reference import Reference, Verified


def mid_parental_height(father_height: float, mother_height: float, sex: str) -> Outcome:
    """cm."""
    shift = -13.0 if sex == "female" else 13.0
    value = (father_height + mother_height + shift) / 2.0
    return Outcome(value, (Term("From", value - 8.5, "cm"), Term("To", value + 8.5, "cm")))


CALCULATOR = Calculator(
    name="mid_parental_height",
    title="Mid-parental height (Tanner)",
    synonyms=("target height", "genetic height potential", "midparental height", "MPH"),
    purpose="Estimates how tall a child is likely to become, from the heights of both parents.",
    specialty="paediatrics",
    inputs=(
        HEIGHT.but(name="father_height", title="Height of the father", codings=()),
        HEIGHT.but(name="mother_height", title="Height of the mother", codings=()),
        SEX.but(title="Sex of the child"),
    ),
    notes=("The range is 8.5 cm on either side; for very tall or short parents it predicts badly",),
    result=Result("Target height", "cm", decimals=1),
    references=(
        Reference(
            "Tanner JM, et al. 1970, in: overview of the formulas proposed over the time to calculate target height. "
            "BMC "
            "Pediatr 2025;26:30 (table 1).",
            "derivation",
            doi="10.1186/s12887-025-05551-6",
            verified=Verified(
                "https://pmc.ncbi.nlm.nih.gov/articles/PMC12797921/table/Tab1",
                "2026-11-22",
                "the journal, table 1; extreme heights in Arch Dis Child",
                "the mean of the parents' heights with 13 cm added or taken away, with 8.5 cm on either side",
            ),
        ),
    ),
    compute=mid_parental_height,
)
