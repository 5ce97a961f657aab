"""Glasgow alcoholic hepatitis score."""

from __future__ import annotations

from tools.calculators.base import ADULTS, Band, Calculator, Outcome, Result, Term
from tools.calculators.common import (
    AGE,
)
from tools.calculators.gases import WBC
from tools.calculators.glasgow_blatchford import UREA
from tools.calculators.hepatology import BILIRUBIN, INR
from tools.calculators.reference import Reference, Verified


def glasgow_alcoholic_hepatitis(age: float, wbc: float, urea: float, inr: float, bilirubin: float) -> Outcome:
    """5 to 12 points; urea in mmol/L, bilirubin in umol/L."""
    worth = {
        "Age": 1 if age < 50 else 2,
        "White cells": 1 if wbc < 15 else 2,
        "Urea": 1 if urea < 5 else 2,
        "INR": 1 if inr < 1.5 else 2 if inr <= 2.0 else 3,
        "Bilirubin": 1 if bilirubin < 125 else 2 if bilirubin <= 250 else 3,
    }
    return Outcome(float(sum(worth.values())), tuple(Term(name, float(each), "points") for name, each in worth.items()))


CALCULATOR = Calculator(
    name="glasgow_alcoholic_hepatitis",
    title="Glasgow alcoholic hepatitis score",
    synonyms=("GAHS", "Glasgow score alcoholic hepatitis", "Glasgow alcohol-related hepatitis score"),
    purpose="Scores the risk of death within weeks of an adult with alcoholic hepatitis.",
    specialty="hepatology",
    inputs=(
        AGE.but(cuts=(50.0,), plausible=(18, 110)),
        WBC.but(cuts=(15.0,), max_age_days=9),
        UREA.but(cuts=(5.0,), max_age_days=9),
        INR.but(cuts=(1.5, 2.0), max_age_days=9),
        BILIRUBIN.but(
            unit="umol/L",
            cuts=(125.0, 250.0),
            plausible=(2, 850),
            possible=(0.2, 1710),
            max_age_days=9,
            example={"value": 180, "unit": "umol/L"},
        ),
    ),
    population=ADULTS,
    notes=("From the results of the day of admission, or of days 6 to 9",),
    result=Result(
        "GAHS",
        noun="points",
        source="doi:10.1136/gut.2004.050781",
        bands=(Band("below 9"), Band("9 or more: poor prognosis", 9)),
    ),
    references=(
        Reference(
            "Forrest EH, et al. Analysis of factors predictive of mortality in alcoholic hepatitis and derivation and "
            "validation of the Glasgow alcoholic hepatitis score. Gut 2005;54:1174-1179.",
            "derivation",
            doi="10.1136/gut.2004.050781",
            pmid="16009691",
            verified=Verified(
                "https://gut.bmj.com/highwire/markup/174992/expansion",
                "2026-11-22",
                "Gut, table 1 of a later paper of the same authors; age limit in table 1 of PMC6448617",
                "the five items with their points, and 9 or more as poor",
            ),
        ),
    ),
    compute=glasgow_alcoholic_hepatitis,
)
