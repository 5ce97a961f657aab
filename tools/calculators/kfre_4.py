"""Kidney failure risk equation with four variables: 5-year risk of kidney failure treated by dialysis or transplant."""

from __future__ import annotations

import math

from tools.calculators.base import Calculator, Outcome, Population, Result, Term
from tools.calculators.common import ACR, AGE, EGFR, SEX
from tools.calculators.inputs import Input
from tools.calculators.reference import Reference, Verified

# Baseline 5-year survival of the two calibrations; the coefficients are the same.
_BASELINE = {"non_north_american": 0.9365, "north_american": 0.9240}


def kfre_4(age: float, sex: str, egfr: float, acr: float, region: str) -> Outcome:
    """5-year risk in %; eGFR in mL/min/1.73 m², ACR in mg/g."""
    index = (
        -0.2201 * (age / 10 - 7.036)
        + 0.2467 * ((1.0 if sex == "male" else 0.0) - 0.5642)
        - 0.5567 * (egfr / 5 - 7.222)
        + 0.4510 * (math.log(acr) - 5.137)
    )
    baseline = _BASELINE[region]
    terms = (
        Term("Calibration", "North America" if region == "north_american" else "outside North America"),
        Term("ln(ACR)", math.log(acr), how=f"ln({acr:.4g} mg/g)"),
        Term("Prognostic index", index),
        Term("Baseline 5-year survival", baseline),
    )
    return Outcome(100.0 * (1.0 - baseline ** math.exp(index)), terms)


CALCULATOR = Calculator(
    name="kfre_4",
    title="Kidney failure risk equation (4 variables, 5 years)",
    synonyms=("KFRE", "kidney failure risk", "Tangri equation", "risk of dialysis"),
    purpose="Predicts the 5-year risk of kidney failure needing dialysis or transplant in an adult with chronic kidney "
    "disease, eGFR below 60, from age, sex, eGFR and albumin-to-creatinine ratio.",
    specialty="nephrology",
    inputs=(
        AGE.but(plausible=(18, 110)),
        SEX,
        EGFR.but(monotone=True),
        ACR.but(monotone=True),
        Input(
            "region",
            "code",
            "Calibration",
            default="non_north_american",
            choices={"non_north_american": "outside North America", "north_american": "North America"},
        ),
    ),
    population=Population("adults with an eGFR below 60 mL/min/1.73 m²", at_least={"age": 18}, below={"egfr": 60}),
    result=Result("5-year risk of kidney failure", "%", decimals=1),
    references=(
        Reference(
            "Tangri N, et al. Multinational assessment of accuracy of equations for predicting risk of kidney failure: "
            "a meta-analysis. JAMA 2016;315:164-174.",
            "derivation",
            doi="10.1001/jama.2015.18202",
            verified=Verified(
                "https://github.com/lshpaner/kfre/blob/main/src/kfre/main.py",
                "2026-11-22",
                "the kfre package, citing the paper",
                "the coefficients, and the baselines of both calibrations at 2 and 5 years",
            ),
        ),
    ),
    compute=kfre_4,
)
