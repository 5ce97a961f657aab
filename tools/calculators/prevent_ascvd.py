"""PREVENT base equation: 10-year risk of atherosclerotic cardiovascular disease."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result
from tools.calculators.prevent_equations import INPUTS, POPULATION, REFERENCES, ten_year_risk


def prevent_ascvd(
    age: float,
    sex: str,
    total_cholesterol: float,
    hdl: float,
    systolic_bp: float,
    egfr: float,
    diabetes: bool,
    smoker: bool,
    antihypertensive: bool,
    statin: bool,
) -> Outcome:
    """10-year risk in %; cholesterol in mg/dL, pressure in mmHg, eGFR in mL/min/1.73 m²."""
    values = {
        "age": age,
        "total_cholesterol": total_cholesterol,
        "hdl": hdl,
        "systolic_bp": systolic_bp,
        "egfr": egfr,
        "diabetes": diabetes,
        "smoker": smoker,
        "antihypertensive": antihypertensive,
        "statin": statin,
    }
    return ten_year_risk("ascvd", values, sex)


CALCULATOR = Calculator(
    name="prevent_ascvd",
    title="PREVENT-ASCVD risk (base model, 10 years)",
    synonyms=("PREVENT", "PREVENT-ASCVD", "ASCVD risk", "cardiovascular risk score"),
    purpose="Predicts the 10-year risk of heart attack, stroke or death from coronary disease or stroke in an adult "
    "of 30 to 79 years without known cardiovascular disease, from cholesterol, blood pressure, eGFR, diabetes, smoking "
    "and treatment.",
    specialty="cardiology",
    inputs=INPUTS,
    population=POPULATION,
    result=Result("10-year risk of atherosclerotic cardiovascular disease", "%", decimals=1),
    references=REFERENCES,
    compute=prevent_ascvd,
)
