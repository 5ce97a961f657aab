"""Triglyceride-glucose index."""

from __future__ import annotations

import math

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.homa_ir import CALCULATOR as HOMA_IR
from tools.calculators.lipids import TRIGLYCERIDES
from tools.calculators.reference import Reference, Verified


def tyg_index(triglycerides: float, fasting_glucose: float) -> Outcome:
    """Dimensionless; both in mg/dL."""
    product = triglycerides * fasting_glucose
    return Outcome(math.log(product / 2.0), (Term("Triglycerides × glucose", product),))


CALCULATOR = Calculator(
    name="tyg_index",
    title="Triglyceride-glucose index (TyG)",
    synonyms=("TyG", "TyG index", "triglyceride glucose index"),
    purpose="Estimates insulin resistance from fasting triglycerides and glucose, without insulin.",
    specialty="endocrinology",
    inputs=(TRIGLYCERIDES, HOMA_IR.input("fasting_glucose")),
    notes=("No limit is agreed on",),
    result=Result("TyG index", decimals=2),
    references=(
        Reference(
            "Usefulness of the triglyceride glucose index for the diagnosis of fatty liver in Korean adults "
            "(PMC6599902).",
            "definition",
            url="https://pmc.ncbi.nlm.nih.gov/articles/PMC6599902",
            verified=Verified(
                "https://pmc.ncbi.nlm.nih.gov/articles/PMC6599902",
                "2026-11-22",
                "an article on PubMed Central, abstract",
                "the natural logarithm of triglycerides times fasting glucose over 2, both in mg/dL",
            ),
        ),
    ),
    compute=tyg_index,
)
