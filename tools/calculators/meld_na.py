"""MELD-Na: 90-day mortality in chronic liver disease, the allocation score of the United States from 2016 to 2023."""

from __future__ import annotations

import math

from tools.calculators.base import Calculator, Outcome, Population, Result, Term
from tools.calculators.common import CREATININE
from tools.calculators.hepatology import BILIRUBIN, INR, SODIUM
from tools.calculators.reference import Reference, Verified


def meld_na(bilirubin: float, inr: float, creatinine: float, sodium: float) -> Outcome:
    """6 to 40; bilirubin and creatinine in mg/dL, sodium in mmol/L."""
    bili, ratio, crea = max(bilirubin, 1.0), max(inr, 1.0), min(max(creatinine, 1.0), 4.0)
    salt = min(max(sodium, 125.0), 137.0)
    first = 0.957 * math.log(crea) + 0.378 * math.log(bili) + 1.120 * math.log(ratio) + 0.643
    meld = float(_half_up(10.0 * first))
    value = meld
    if meld > 11:
        value = meld + 1.32 * (137.0 - salt) - 0.033 * meld * (137.0 - salt)
    terms = (
        Term("Creatinine used", crea, "mg/dL"),
        Term("Bilirubin used", bili, "mg/dL"),
        Term("INR used", ratio),
        Term("Sodium used", salt, "mmol/L"),
        Term("MELD without sodium", meld),
    )
    return Outcome(float(min(max(_half_up(value), 6), 40)), terms)


def _half_up(value: float) -> int:
    # 1e-9: what the formula gives as exactly a half must not fall to the binary noise of its factors.
    return math.floor(value + 0.5 + 1e-9)


CALCULATOR = Calculator(
    name="meld_na",
    title="MELD-Na (2016)",
    synonyms=("MELD", "MELD Na", "MELD sodium"),
    purpose="Scores the 90-day mortality of an adult with chronic liver disease from bilirubin, INR, creatinine and "
    "sodium; MELD 3.0 has taken its place in allocation.",
    specialty="hepatology",
    inputs=(
        BILIRUBIN.but(monotone=True),
        INR.but(monotone=True),
        CREATININE.but(max_age_days=90),
        SODIUM.but(monotone=True),
    ),
    population=Population("adults with chronic liver disease who were not dialysed in the last week"),
    notes=("After dialysis twice in a week the creatinine counts as 4.0 mg/dL, which is not done here",),
    result=Result("MELD-Na"),
    references=(
        Reference(
            "Kim WR, et al. Hyponatremia and mortality among patients on the liver-transplant waiting list. "
            "N Engl J Med 2008;359:1018-1026; OPTN policy 9 of 2016.",
            "derivation",
            doi="10.1056/NEJMoa0801209",
            verified=Verified(
                "https://qxmd.com/calculate/calculator_359/meld-score-age-above-12-years",
                "2026-11-22",
                "QxMD; bounds, and sodium only above 11, in the SAS macro of R. Lopez citing OPTN policy",
                "both formulas, rounding and every bound",
            ),
        ),
    ),
    compute=meld_na,
)
