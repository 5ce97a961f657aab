"""Lille model: response of alcoholic hepatitis to steroids after a week."""

from __future__ import annotations

import math

from tools.calculators.base import ADULTS, Band, Calculator, Outcome, Result, Term
from tools.calculators.common import AGE, CREATININE, quantity
from tools.calculators.hepatology import ALBUMIN, BILIRUBIN
from tools.calculators.reference import Reference, Verified

# The equation is in µmol/L and g/L; the factor is that of the unit table.
UMOL_PER_MG_DL = 1 / 0.058467


def lille(
    age: float,
    albumin: float,
    bilirubin_day_0: float,
    bilirubin_day_7: float,
    creatinine: float,
    prothrombin_time: float,
) -> Outcome:
    """0 to 1; albumin in g/dL, bilirubin in mg/dL."""
    first, fall = bilirubin_day_0 * UMOL_PER_MG_DL, (bilirubin_day_0 - bilirubin_day_7) * UMOL_PER_MG_DL
    renal = creatinine > 1.3
    r = 3.19 - 0.101 * age + 1.47 * albumin + 0.0165 * fall - 0.206 * renal - 0.0065 * first - 0.0096 * prothrombin_time
    terms = (Term("Fall in bilirubin", fall, "umol/L"), Term("Renal insufficiency", renal), Term("R", r))
    return Outcome(1.0 / (1.0 + math.exp(r)), terms)


CALCULATOR = Calculator(
    name="lille",
    title="Lille model",
    synonyms=("Lille score", "Lille model for alcoholic hepatitis"),
    purpose=("Estimates survival of severe alcoholic hepatitis from the course over seven days of corticosteroids."),
    specialty="hepatology",
    inputs=(
        AGE.but(plausible=(18, 110)),
        ALBUMIN.but(monotone=True, max_age_days=14),
        BILIRUBIN.but(
            name="bilirubin_day_0",
            codings=(),
            title="Total bilirubin on day 0",
            max_age_days=14,
            ask="Bilirubin before steroids?",
        ),
        BILIRUBIN.but(
            name="bilirubin_day_7",
            codings=(),
            title="Total bilirubin on day 7",
            monotone=True,
            max_age_days=14,
            ask="Bilirubin after 7 days of steroids?",
        ),
        CREATININE.but(cuts=(1.3,), max_age_days=14, equivalents={"umol/L": 1.3 / 115}),
        quantity(
            "prothrombin_time",
            "Prothrombin time",
            "s",
            plausible=(9, 60),
            possible=(5, 200),
            monotone=True,
            max_age_days=14,
            example={"value": 18, "unit": "s"},
        ),
    ),
    population=ADULTS,
    result=Result(
        "Lille model",
        decimals=2,
        source="http://lillemodel.com/lillept.asp",
        bands=(
            Band("6-month survival about 85 %"),
            Band("6-month survival about 25 %", above=0.45),
        ),
    ),
    references=(
        Reference(
            (
                "Louvet A, et al. The Lille model: a new tool for therapeutic strategy in patients with severe "
                "alcoholic hepatitis treated with steroids. Hepatology 2007;45:1348-1354."
            ),
            "derivation",
            url="http://lillemodel.com/lillept.asp",
            verified=Verified(
                "https://globalrph.com/medcalcs/lille-model-scoring-in-severe-alcoholic-hepatitis/",
                "2026-11-22",
                "GlobalRPh; PMC6448617 table 1 for the same equation; lillemodel.com, the authors' site, for the limit",
                (
                    "the equation with its seven terms and the units; above 0.45 survival at 6 months about 25 %, "
                    "below about 85 %"
                ),
            ),
        ),
    ),
    compute=lille,
)
