"""HOMA-B: beta-cell function from fasting glucose and insulin."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.homa_ir import CALCULATOR as HOMA_IR
from tools.calculators.reference import Reference, Verified


def homa_b(fasting_glucose: float, fasting_insulin: float) -> Outcome:
    """Per cent; glucose in mmol/L, insulin in mU/L."""
    above = fasting_glucose - 3.5
    terms = (Term("Glucose - 3.5", above, "mmol/L"),)
    if above <= 0:
        return Outcome(None, terms, ("The glucose is not above 3.5 mmol/L, below which the formula does not hold",))
    return Outcome(20.0 * fasting_insulin / above, terms)


CALCULATOR = Calculator(
    name="homa_b",
    title="HOMA-B",
    synonyms=("HOMA-beta", "HOMA %B", "HOMA beta-cell function"),
    purpose="Estimates how well the beta cells of the pancreas work, from fasting glucose and fasting insulin.",
    specialty="endocrinology",
    inputs=(
        HOMA_IR.input("fasting_glucose").but(
            unit="mmol/L",
            plausible=(2.2, 22),
            possible=(0.3, 170),
            monotone=False,
            example={"value": 5.2, "unit": "mmol/L"},
        ),
        HOMA_IR.input("fasting_insulin"),
    ),
    notes=("Insulin assays differ, and no limit holds for all of them; unreliable under insulin treatment",),
    result=Result("HOMA-B", "%"),
    references=(
        Reference(
            "Medical Algorithms Company: homeostasis model assessment; after Matthews DR, et al. Diabetologia "
            "1985;28:412-419.",
            "definition",
            url="https://www.medicalalgorithms.com/homeostasis-model-assessment-homa-beta-cell-function-and-insulin-resistance",
            verified=Verified(
                "https://www.medicalalgorithms.com/homeostasis-model-assessment-homa-beta-cell-function-and-insulin-resistance",
                "2026-11-22",
                "Medical Algorithms Company",
                "20 times insulin in mU/L over glucose in mmol/L less 3.5, in per cent",
            ),
        ),
    ),
    compute=homa_b,
)
