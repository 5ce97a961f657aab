"""Framingham ten-year risk of infarction or coronary death, the equation behind ATP III."""

from __future__ import annotations

import math

from tools.calculators.base import Calculator, Outcome, Population, Result, Term
from tools.calculators.common import AGE, SEX, SYSTOLIC, boolean
from tools.calculators.lipids import HDL, TOTAL_CHOLESTEROL
from tools.calculators.reference import Reference, Verified

MEN = (
    52.00961,
    20.014077,
    -0.905964,
    1.305784,
    0.241549,
    12.096316,
    -4.605038,
    -2.84367,
    -2.93323,
    172.300168,
    0.9402,
    70.0,
)
WOMEN = (
    31.764001,
    22.465206,
    -1.187731,
    2.552905,
    0.420251,
    13.07543,
    -5.060998,
    -2.996945,
    0.0,
    146.5933061,
    0.98767,
    78.0,
)


def framingham_hard_chd(
    age: float,
    sex: str,
    total_cholesterol: float,
    hdl: float,
    systolic_bp: float,
    bp_treated: bool,
    smoker: bool,
) -> Outcome:
    """Per cent in ten years; cholesterol in mg/dL."""
    b_age, b_chol, b_hdl, b_sbp, b_treated, b_smoker, b_age_chol, b_age_smoker, b_age2, mean, survival, oldest = (
        MEN if sex == "male" else WOMEN
    )
    years, chol = math.log(age), math.log(total_cholesterol)
    total = (
        b_age * years
        + b_chol * chol
        + b_hdl * math.log(hdl)
        + b_sbp * math.log(systolic_bp)
        + b_age_chol * years * chol
    )
    total += b_age2 * years**2 + (b_treated if bp_treated else 0.0)
    total += b_smoker + b_age_smoker * math.log(min(age, oldest)) if smoker else 0.0
    return Outcome(100.0 * (1.0 - survival ** math.exp(total - mean)), (Term("Sum less its mean", total - mean),))


CALCULATOR = Calculator(
    name="framingham_hard_chd",
    title="Framingham hard CHD",
    synonyms=(
        "Framingham risk score hard coronary heart disease",
        "ATP III risk",
        "Framingham ten-year risk of infarction",
    ),
    purpose="Estimates the ten-year risk of myocardial infarction or coronary death by the older "
    "Framingham equation of ATP III.",
    specialty="cardiology",
    inputs=(
        AGE.but(plausible=(30, 79), monotone=False),
        SEX,
        TOTAL_CHOLESTEROL,
        HDL,
        SYSTOLIC.but(plausible=(90, 200), possible=(60, 300), max_age_days=365),
        boolean("bp_treated", "Blood pressure treated", ask="Taking medicine for blood pressure?"),
        boolean("smoker", "Current smoker", ask="Smoking now?"),
    ),
    population=Population(
        "adults of 30 to 79 years without coronary disease, its equivalents or diabetes",
        at_least={"age": 30},
        below={"age": 80},
    ),
    notes=(
        "An older equation, superseded for current decisions by the PREVENT equations",
        "The smoking term stays at 70 years in men and 78 in women",
    ),
    example_inputs={"age": {"value": 55, "unit": "a"}},
    result=Result("Ten-year risk", "%", decimals=1),
    references=(
        Reference(
            "National Cholesterol Education Program. ATP III guidelines at-a-glance, NIH Publication "
            "01-3305, 2001: estimate of 10-year risk.",
            "validation",
            url="https://www.nhlbi.nih.gov/files/docs/guidelines/atglance.pdf",
            verified=Verified(
                "https://accessmedicine.mhmedical.com/content.aspx?bookid=3094&sectionid=259068583",
                "2026-11-22",
                "AccessMedicine, giving the NIH tables",
                "the point tables that approximate the equation, with the risk for each total",
            ),
        ),
        Reference(
            "Framingham Heart Study: hard coronary heart disease, 10-year risk, coefficients.",
            "derivation",
            url="http://www.framinghamheartstudy.org/risk/hrdcoronary.html",
            unverified="the page itself could not be read; the coefficients stand alike in several programs, and "
            "run close to the NIH point tables",
        ),
    ),
    compute=framingham_hard_chd,
)
