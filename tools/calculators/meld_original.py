"""MELD (2001 formula with the bounds of UNOS): 3-month mortality in chronic liver disease, without sodium."""

from __future__ import annotations

import math

from tools.calculators.base import Band, Calculator, Outcome, Population, Result, Term
from tools.calculators.common import (
    CREATININE,
)
from tools.calculators.hepatology import BILIRUBIN, INR
from tools.calculators.reference import Reference, Verified


def meld_original(bilirubin: float, inr: float, creatinine: float) -> Outcome:
    """6 to 40; bilirubin and creatinine in mg/dL."""
    bili, ratio, crea = max(bilirubin, 1.0), max(inr, 1.0), min(max(creatinine, 1.0), 4.0)
    value = 9.57 * math.log(crea) + 3.78 * math.log(bili) + 11.2 * math.log(ratio) + 6.43
    terms = (
        Term("Creatinine used", crea, "mg/dL"),
        Term("Bilirubin used", bili, "mg/dL"),
        Term("INR used", ratio),
        Term("Before rounding", value),
    )
    return Outcome(float(min(max(math.floor(value + 0.5), 6), 40)), terms)


CALCULATOR = Calculator(
    name="meld_original",
    title="MELD (original)",
    synonyms=("original MELD", "MELD without sodium", "MELD 2001", "UNOS MELD"),
    purpose="Scores the 3-month mortality of an adult with chronic liver disease from bilirubin, INR and creatinine "
    "alone; MELD-Na and MELD 3.0 have replaced it in allocation.",
    specialty="hepatology",
    inputs=(BILIRUBIN.but(monotone=True), INR.but(monotone=True), CREATININE.but(max_age_days=90)),
    population=Population("adults with chronic liver disease who were not dialysed in the last week"),
    notes=("After dialysis twice in a week the creatinine counts as 4.0 mg/dL, which is not done here",),
    result=Result(
        "MELD",
        source="http://www.clinlabnavigator.com/meld-score.html",
        bands=(
            Band("1.9% died within 3 months"),
            Band("6.0% died within 3 months", 10),
            Band("19.6% died within 3 months", 20),
            Band("52.6% died within 3 months", 30),
            Band("71.3% died within 3 months", 40),
        ),
    ),
    references=(
        Reference(
            "Kamath PS, et al. A model to predict survival in patients with end-stage liver disease. Hepatology "
            "2001;33:464-470.",
            "derivation",
            url="http://www.clinlabnavigator.com/meld-score.html",
            verified=Verified(
                "http://www.clinlabnavigator.com/meld-score.html",
                "2026-11-22",
                "Clinlab Navigator; the ranges of the mortalities at GiHep and in the encyclopaedia article on MELD",
                "the formula, values below 1 set to 1, creatinine 4.0 after dialysis, 6 to 40, the mortalities",
            ),
        ),
    ),
    compute=meld_original,
)
