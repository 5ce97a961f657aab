"""Framingham ten-year risk of general cardiovascular disease (2008)."""

from __future__ import annotations

import math

from tools.calculators.base import Calculator, Outcome, Population, Result, Term
from tools.calculators.common import AGE, SEX, SYSTOLIC, boolean
from tools.calculators.lipids import HDL, TOTAL_CHOLESTEROL
from tools.calculators.reference import Reference, Verified

MEN = (3.06117, 1.12370, -0.93263, 1.93303, 1.99881, 0.65451, 0.57367, 23.9802, 0.88936)
WOMEN = (2.32888, 1.20904, -0.70833, 2.76157, 2.82263, 0.52873, 0.69154, 26.1931, 0.95012)


def framingham_cvd_2008(
    age: float,
    sex: str,
    total_cholesterol: float,
    hdl: float,
    systolic_bp: float,
    bp_treated: bool,
    smoker: bool,
    diabetes: bool,
) -> Outcome:
    """Per cent in ten years; cholesterol in mg/dL."""
    b_age, b_chol, b_hdl, b_sbp, b_sbp_treated, b_smoker, b_diabetes, mean, survival = MEN if sex == "male" else WOMEN
    total = b_age * math.log(age) + b_chol * math.log(total_cholesterol) + b_hdl * math.log(hdl)
    total += (b_sbp_treated if bp_treated else b_sbp) * math.log(systolic_bp)
    total += (b_smoker if smoker else 0.0) + (b_diabetes if diabetes else 0.0)
    return Outcome(100.0 * (1.0 - survival ** math.exp(total - mean)), (Term("Sum less its mean", total - mean),))


CALCULATOR = Calculator(
    name="framingham_cvd_2008",
    title="Framingham CVD risk (2008)",
    synonyms=("Framingham general cardiovascular risk", "Framingham CVD 2008", "general cardiovascular risk profile"),
    purpose="Estimates the ten-year risk of any cardiovascular disease by the Framingham profile of 2008.",
    specialty="cardiology",
    inputs=(
        AGE.but(plausible=(30, 74)),
        SEX,
        TOTAL_CHOLESTEROL.but(monotone=True),
        HDL.but(monotone=True),
        SYSTOLIC.but(plausible=(90, 200), possible=(60, 300), monotone=True, max_age_days=365),
        boolean("bp_treated", "Blood pressure treated", ask="Taking medicine for blood pressure?"),
        boolean("smoker", "Current smoker", ask="Smoking now?"),
        boolean("diabetes", "Diabetes"),
    ),
    population=Population(
        "adults of 30 to 74 years without cardiovascular disease", at_least={"age": 30}, below={"age": 75}
    ),
    notes=("An older equation of one cohort; the PREVENT equations are the current ones",),
    example_inputs={"age": {"value": 55, "unit": "a"}},
    result=Result("Ten-year risk", "%", decimals=1),
    references=(
        Reference(
            "D'Agostino RB Sr, et al. General cardiovascular risk profile for use in primary care: the "
            "Framingham Heart Study. Circulation 2008;117:743-753.",
            "derivation",
            doi="10.1161/CIRCULATIONAHA.107.699579",
            verified=Verified(
                "http://www.framinghamheartstudy.org/risk-functions/cardiovascular-disease/10-year-risk.php",
                "2026-11-22",
                "Framingham Heart Study; Medscape for the mean sums",
                "the coefficients of the primary model, baseline survival 0.88936 and 0.95012, ages 30 to 74",
            ),
        ),
    ),
    compute=framingham_cvd_2008,
)
