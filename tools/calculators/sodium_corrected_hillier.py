"""Sodium corrected for glucose (Hillier)."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.hepatology import SODIUM
from tools.calculators.reference import Reference, Verified
from tools.calculators.serum_osmolality import GLUCOSE


def sodium_corrected_hillier(sodium: float, glucose: float) -> Outcome:
    """mmol/L; glucose in mg/dL."""
    change = 0.024 * (glucose - 100.0)
    low = ("Glucose is not above 100 mg/dL (5.6 mmol/L): there is nothing to correct",) if glucose <= 100 else ()
    return Outcome(sodium + change, (Term("0.024 × (glucose − 100)", change, "mmol/L"),), low)


CALCULATOR = Calculator(
    name="sodium_corrected_hillier",
    title="Sodium corrected for glucose (Hillier)",
    synonyms=(
        "corrected sodium",
        "sodium correction",
        "corrected sodium concentration",
        "corrected sodium Hillier",
        "sodium correction for hyperglycaemia Hillier",
        "sodium correction for hyperglycemia Hillier",
    ),
    purpose="Estimates what serum sodium would be at a glucose of 100 mg/dL, by Hillier's factor.",
    specialty="endocrinology",
    inputs=(SODIUM.but(monotone=True, max_age_days=1), GLUCOSE.but(monotone=True)),
    notes=("2.4 mmol/L for every 100 mg/dL of glucose above 100; the factor is disputed (Katz 1973 has 1.6)",),
    example_inputs={"sodium": {"value": 130, "unit": "mmol/L"}, "glucose": {"value": 400, "unit": "mg/dL"}},
    result=Result("Corrected sodium", "mmol/L", decimals=1),
    references=(
        Reference(
            "Hillier TA, et al. Hyponatremia: evaluating the correction factor for hyperglycemia. Am J "
            "Med 1999;106:399-403.",
            "derivation",
            doi="10.1016/S0002-9343(99)00055-8",
            verified=Verified(
                "http://www.mdcalc.com/sodium-correction-for-hyperglycemia/",
                "2026-11-22",
                "MDCalc",
                "sodium plus 0.016 (Katz) or 0.024 (Hillier) times glucose in mg/dL less 100",
            ),
        ),
    ),
    compute=sodium_corrected_hillier,
)
