"""The PREVENT base equations for 10 years: inputs and coefficients that `prevent_ascvd` and `prevent_cvd` share."""

from __future__ import annotations

import math
from collections.abc import Mapping

from tools.calculators.base import Outcome, Population, Term
from tools.calculators.common import AGE, EGFR, SEX, SYSTOLIC, boolean, quantity
from tools.calculators.inputs import Input
from tools.calculators.reference import Reference, Verified

_MMOL_PER_MG = 0.02586  # the conversion that the published equations use

# Constant; age, non-HDL, HDL, systolic below and above 110, diabetes, smoking, eGFR below and above 60; drug against
# high pressure, statin, that drug by systolic, statin by non-HDL; age by non-HDL, HDL, systolic above 110, diabetes,
# smoking and eGFR below 60.
COEFFICIENTS: dict[str, dict[str, tuple[float, ...]]] = {
    "cvd": {
        "female": (
            *(-3.307728, 0.7939329, 0.0305239, -0.1606857, -0.2394003, 0.360078, 0.8667604, 0.5360739, 0.6045917),
            *(0.0433769, 0.3151672, -0.1477655, -0.0663612, 0.1197879),
            *(-0.0819715, 0.0306769, -0.0946348, -0.27057, -0.078715, -0.1637806),
        ),
        "male": (
            *(-3.031168, 0.7688528, 0.0736174, -0.0954431, -0.4347345, 0.3362658, 0.7692857, 0.4386871, 0.5378979),
            *(0.0164827, 0.288879, -0.1337349, -0.0475924, 0.150273),
            *(-0.0517874, 0.0191169, -0.1049477, -0.2251948, -0.0895067, -0.1543702),
        ),
    },
    "ascvd": {
        "female": (
            *(-3.819975, 0.719883, 0.1176967, -0.151185, -0.0835358, 0.3592852, 0.8348585, 0.4831078, 0.4864619),
            *(0.0397779, 0.2265309, -0.0592374, -0.0395762, 0.0844423),
            *(-0.0567839, 0.0325692, -0.1035985, -0.2417542, -0.0791142, -0.1671492),
        ),
        "male": (
            *(-3.500655, 0.7099847, 0.1658663, -0.1144285, -0.2837212, 0.3239977, 0.7189597, 0.3956973, 0.3690075),
            *(0.0203619, 0.2036522, -0.0865581, -0.0322916, 0.114563),
            *(-0.0300005, 0.0232747, -0.0927024, -0.2018525, -0.0970527, -0.1217081),
        ),
    },
}

INPUTS: tuple[Input, ...] = (
    AGE.but(plausible=(30, 79), monotone=False),
    SEX,
    quantity(
        "total_cholesterol",
        "Total cholesterol",
        "mg/dL",
        analyte="total_cholesterol",
        plausible=(130, 320),
        possible=(40, 1500),
        max_age_days=1825,
        codings=("loinc:2093-3",),
        example={"value": 200, "unit": "mg/dL"},
    ),
    quantity(
        "hdl",
        "HDL cholesterol",
        "mg/dL",
        analyte="hdl",
        plausible=(20, 100),
        possible=(2, 200),
        max_age_days=1825,
        codings=("loinc:2085-9",),
        example={"value": 45, "unit": "mg/dL"},
    ),
    SYSTOLIC.but(plausible=(90, 200), possible=(60, 300), max_age_days=365),
    EGFR.but(plausible=(15, 140), possible=(1, 250)),
    boolean("diabetes", "Diabetes"),
    boolean("smoker", "Smokes now", ask="Smoking in the last month?"),
    boolean("antihypertensive", "Takes a drug against high blood pressure"),
    boolean("statin", "Takes a statin"),
)

POPULATION = Population(
    "adults aged 30 to 79 without known cardiovascular disease (no heart attack, stroke or heart failure)",
    at_least={"age": 30},
    below={"age": 80},
)

REFERENCES = (
    Reference(
        "Khan SS, et al. Development and validation of the American Heart Association's PREVENT equations. "
        "Circulation 2024;149:430-449.",
        "derivation",
        doi="10.1161/CIRCULATIONAHA.123.067626",
        pmid="37947085",
        verified=Verified(
            "https://github.com/JMLuther/tabletools/blob/main/R/calculate_prevent_risk.R",
            "2026-11-22",
            "the tabletools package, checked by its author against the publication; four other public packages agree, "
            "and the preventr package gives the worked example of the tests",
            "all coefficients of the base model for both sexes and both outcomes, the transformations and the ages",
        ),
    ),
)


def ten_year_risk(outcome: str, values: Mapping[str, float], sex: str) -> Outcome:
    """10-year risk in %; cholesterol in mg/dL, pressure in mmHg, eGFR in mL/min/1.73 m²."""
    age = (values["age"] - 55) / 10
    non_hdl = (values["total_cholesterol"] - values["hdl"]) * _MMOL_PER_MG - 3.5
    hdl = (values["hdl"] * _MMOL_PER_MG - 1.3) / 0.3
    low_pressure = (min(values["systolic_bp"], 110) - 110) / 20
    high_pressure = (max(values["systolic_bp"], 110) - 130) / 20
    low_gfr = (min(values["egfr"], 60) - 60) / -15
    high_gfr = (max(values["egfr"], 60) - 90) / -15
    diabetes, smoker = float(values["diabetes"]), float(values["smoker"])
    drug, statin = float(values["antihypertensive"]), float(values["statin"])
    terms = (
        *(1.0, age, non_hdl, hdl, low_pressure, high_pressure, diabetes, smoker, low_gfr, high_gfr, drug, statin),
        *(drug * high_pressure, statin * non_hdl),
        *(age * non_hdl, age * hdl, age * high_pressure, age * diabetes, age * smoker, age * low_gfr),
    )
    index = sum(beta * term for beta, term in zip(COEFFICIENTS[outcome][sex], terms, strict=True))
    shown = (
        Term("Equation", f"PREVENT base, 10 years, {sex}"),
        Term("Non-HDL cholesterol", values["total_cholesterol"] - values["hdl"], "mg/dL"),
        Term("Linear predictor", index),
    )
    return Outcome(100.0 / (1.0 + math.exp(-index)), shown)
