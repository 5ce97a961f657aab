"""Winters' formula: the carbon dioxide pressure expected in metabolic acidosis."""

from __future__ import annotations

from tools.calculators.anion_gap import BICARBONATE
from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.reference import Reference, Verified


def winters_pco2(bicarbonate: float) -> Outcome:
    """mmHg; bicarbonate in mmol/L."""
    value = 1.5 * bicarbonate + 8.0
    high = ("Bicarbonate is not below 24 mmol/L: the formula is about metabolic acidosis",) if bicarbonate >= 24 else ()
    return Outcome(value, (Term("Expected range", f"{value - 2:g} to {value + 2:g} mmHg"),), high)


CALCULATOR = Calculator(
    name="winters_pco2",
    title="Winters' formula",
    synonyms=("Winter's formula", "expected pCO2", "respiratory compensation of metabolic acidosis"),
    purpose="Works out the PaCO2 that goes with full respiratory compensation of a metabolic acidosis.",
    specialty="nephrology",
    inputs=(BICARBONATE.but(plausible=(4, 23)),),
    notes=(
        "Within 2 mmHg either way; a higher PaCO2 means an added respiratory acidosis, a lower one a "
        "respiratory alkalosis",
    ),
    example_inputs={"bicarbonate": {"value": 12, "unit": "mmol/L"}},
    result=Result("Expected PaCO2", "mm[Hg]", decimals=1),
    references=(
        Reference(
            "Albert MS, Dell RB, Winters RW. Quantitative displacement of acid-base equilibrium in "
            "metabolic acidosis. "
            "Ann Intern Med 1967;66:312-322.",
            "derivation",
            doi="10.7326/0003-4819-66-2-312",
            verified=Verified(
                "https://resus.me/complex-acid-base-problems/",
                "2026-11-22",
                "Resus M.E., Cliff Reid, after Harwood-Nuss' Clinical Practice of Emergency Medicine",
                "1.5 times bicarbonate plus 8, give or take 2 mmHg",
            ),
        ),
    ),
    compute=winters_pco2,
)
