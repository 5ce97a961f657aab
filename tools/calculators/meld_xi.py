"""MELD-XI: MELD without INR, for patients under anticoagulation."""

from __future__ import annotations

import math

from tools.calculators.base import Calculator, Outcome, Population, Result, Term
from tools.calculators.common import (
    CREATININE,
)
from tools.calculators.hepatology import BILIRUBIN
from tools.calculators.reference import Reference, Verified


def meld_xi(bilirubin: float, creatinine: float) -> Outcome:
    """9 or more; bilirubin and creatinine in mg/dL."""
    bili, crea = max(bilirubin, 1.0), min(max(creatinine, 1.0), 4.0)
    value = 5.11 * math.log(bili) + 11.76 * math.log(crea) + 9.44
    terms = (
        Term("Bilirubin used", bili, "mg/dL"),
        Term("Creatinine used", crea, "mg/dL"),
        Term("Before rounding", value),
    )
    return Outcome(float(math.floor(value + 0.5)), terms)


CALCULATOR = Calculator(
    name="meld_xi",
    title="MELD-XI",
    synonyms=("MELD XI", "MELD excluding INR", "MELD without INR"),
    purpose="Scores the 90-day mortality of chronic liver disease where anticoagulation makes the INR useless.",
    specialty="hepatology",
    inputs=(BILIRUBIN.but(monotone=True), CREATININE.but(max_age_days=90)),
    population=Population("adults with cirrhosis who were not dialysed in the last week"),
    notes=("After dialysis 3 times in a week the creatinine counts as 4.0 mg/dL, which is not done here",),
    result=Result("MELD-XI"),
    references=(
        Reference(
            "Heuman DM, et al. MELD-XI: a rational approach to “sickest first” liver transplantation in cirrhotic "
            "patients requiring anticoagulant therapy. Liver Transpl 2007;13:30-37.",
            "derivation",
            doi="10.1002/lt.20906",
            verified=Verified(
                "http://onlinelibrary.wiley.com/doi/10.1002/lt.20906/abstract",
                "2026-11-22",
                "the journal, abstract; bounds and rounding at Medical Algorithms Company",
                "the formula, its derivation in 554 and validation in 7203 patients",
            ),
        ),
    ),
    compute=meld_xi,
)
