"""Simplified PESI: 30-day mortality in acute pulmonary embolism."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, points
from tools.calculators.common import AGE, HEART_RATE, SPO2, SYSTOLIC, boolean
from tools.calculators.reference import Reference, Verified


def spesi(
    age: float,
    malignancy: bool,
    chronic_cardiopulmonary: bool,
    heart_rate: float,
    systolic_bp: float,
    spo2: float,
) -> Outcome:
    """0 to 6 points."""
    return points(
        ("Age over 80", age > 80, 1),
        ("Cancer", malignancy, 1),
        ("Chronic heart failure or lung disease", chronic_cardiopulmonary, 1),
        ("Heart rate 110/min or more", heart_rate >= 110, 1),
        ("Systolic pressure below 100 mmHg", systolic_bp < 100, 1),
        ("Oxygen saturation below 90%", spo2 < 90, 1),
    )


CALCULATOR = Calculator(
    name="spesi",
    title="Simplified PESI",
    synonyms=("sPESI", "simplified pulmonary embolism severity index", "PE severity"),
    purpose="Scores the 30-day mortality of an adult with confirmed acute pulmonary embolism from six items.",
    specialty="emergency medicine",
    inputs=(
        AGE.but(cuts=(80.0,), plausible=(18, 110)),
        boolean("malignancy", "Cancer", ask="Active cancer, diagnosed within 12 months or under treatment?"),
        boolean(
            "chronic_cardiopulmonary",
            "Chronic heart failure or lung disease",
            ask="Chronic heart failure or chronic lung disease?",
        ),
        HEART_RATE.but(cuts=(110.0,)),
        SYSTOLIC.but(cuts=(100.0,)),
        SPO2.but(cuts=(90.0,)),
    ),
    result=Result(
        "sPESI",
        noun="points",
        source="doi:10.1001/archinternmed.2010.199",
        bands=(Band("low risk"), Band("high risk", 1)),
    ),
    references=(
        Reference(
            "Jiménez D, et al. Simplification of the pulmonary embolism severity index for prognostication in patients "
            "with acute symptomatic pulmonary embolism. Arch Intern Med 2010;170:1383-1389.",
            "derivation",
            doi="10.1001/archinternmed.2010.199",
            verified=Verified(
                "https://thorax.bmj.com/highwire/markup/189052/expansion",
                "2026-11-22",
                "Thorax, table 4",
                "the six items at one point each; 0 low risk, 1 or more high risk",
            ),
        ),
    ),
    compute=spesi,
)
