"""Cardiac index."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.haemodynamic_inputs import BSA, CARDIAC_OUTPUT, TRUMAN


def cardiac_index(cardiac_output: float, bsa: float) -> Outcome:
    """L/min/m2."""
    return Outcome(cardiac_output / bsa, (Term("Body surface area", bsa, "m2"),))


CALCULATOR = Calculator(
    name="cardiac_index",
    title="Cardiac index",
    synonyms=("CI", "cardiac output index", "indexed cardiac output"),
    purpose="Puts cardiac output in proportion to the size of the body.",
    specialty="cardiology",
    inputs=(CARDIAC_OUTPUT, BSA),
    result=Result("Cardiac index", "L/min/m2", decimals=1),
    references=(TRUMAN,),
    compute=cardiac_index,
)
