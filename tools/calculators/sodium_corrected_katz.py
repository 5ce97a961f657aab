"""Sodium corrected for glucose (Katz)."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.hepatology import SODIUM
from tools.calculators.reference import Reference, Verified
from tools.calculators.serum_osmolality import GLUCOSE


def sodium_corrected_katz(sodium: float, glucose: float) -> Outcome:
    """mmol/L; glucose in mg/dL."""
    change = 0.016 * (glucose - 100.0)
    low = ("Glucose is not above 100 mg/dL (5.6 mmol/L): there is nothing to correct",) if glucose <= 100 else ()
    return Outcome(sodium + change, (Term("0.016 × (glucose − 100)", change, "mmol/L"),), low)


CALCULATOR = Calculator(
    name="sodium_corrected_katz",
    title="Sodium corrected for glucose (Katz)",
    synonyms=(
        "corrected sodium Katz",
        "sodium correction for hyperglycaemia Katz",
        "sodium correction for hyperglycemia Katz",
    ),
    purpose="Estimates what serum sodium would be at a glucose of 100 mg/dL, by Katz's factor.",
    specialty="endocrinology",
    inputs=(SODIUM.but(monotone=True, max_age_days=1), GLUCOSE.but(monotone=True)),
    notes=("1.6 mmol/L for every 100 mg/dL of glucose above 100; the factor is disputed (Hillier 1999 found 2.4)",),
    example_inputs={"sodium": {"value": 130, "unit": "mmol/L"}, "glucose": {"value": 400, "unit": "mg/dL"}},
    result=Result("Corrected sodium", "mmol/L", decimals=1),
    references=(
        Reference(
            "Katz MA. Hyperglycemia-induced hyponatremia: calculation of expected serum sodium "
            "depression. N Engl J Med 1973;289:843-844.",
            "derivation",
            doi="10.1056/NEJM197310182891607",
            verified=Verified(
                "http://www.mdcalc.com/sodium-correction-for-hyperglycemia/",
                "2026-11-22",
                "MDCalc",
                "sodium plus 0.016 (Katz) or 0.024 (Hillier) times glucose in mg/dL less 100",
            ),
        ),
    ),
    compute=sodium_corrected_katz,
)
