"""GOLD grade of airflow limitation."""

from __future__ import annotations

from tools.calculators.base import Calculator, Code, Outcome, Result, Term
from tools.calculators.bode import FEV1_PERCENT
from tools.calculators.common import (
    quantity,
)
from tools.calculators.reference import Reference, Verified


def gold_spirometry_grade(fev1_fvc: float, fev1_percent: float) -> Outcome:
    """Grades only where FEV1/FVC is below 0.70."""
    if fev1_fvc >= 0.70:
        return Outcome("none", (Term("FEV1/FVC below 0.70", False),))
    grade = "1" if fev1_percent >= 80 else "2" if fev1_percent >= 50 else "3" if fev1_percent >= 30 else "4"
    return Outcome(grade, (Term("FEV1/FVC below 0.70", True), Term("FEV1", fev1_percent, "%")))


CALCULATOR = Calculator(
    name="gold_spirometry_grade",
    title="GOLD grade of airflow limitation",
    synonyms=("GOLD stage", "GOLD grade", "COPD severity by spirometry", "COPD stage", "COPD grade"),
    purpose="Grades the airflow limitation of chronic obstructive pulmonary disease from spirometry after a "
    "bronchodilator.",
    specialty="respiratory medicine",
    inputs=(
        quantity(
            "fev1_fvc",
            "FEV1/FVC after a bronchodilator",
            "1",
            equivalents={"%": 0.01},
            plausible=(0.15, 1),
            possible=(0.05, 1),
            cuts=(0.7,),
            max_age_days=365,
            example={"value": 0.62, "unit": "1"},
        ),
        FEV1_PERCENT.but(cuts=(30.0, 50.0, 80.0)),
    ),
    result=Result(
        "GOLD grade",
        source="https://thorax.bmj.com/highwire/markup/162930/expansion",
        codes=(
            Code("none", "no airflow limitation by the fixed ratio", "FEV1/FVC is 0.70 or more"),
            Code("1", "GOLD 1", "mild: FEV1 80% of predicted or more"),
            Code("2", "GOLD 2", "moderate: FEV1 50 to 79%"),
            Code("3", "GOLD 3", "severe: FEV1 30 to 49%"),
            Code("4", "GOLD 4", "very severe: FEV1 below 30%"),
        ),
    ),
    references=(
        Reference(
            "Algorithm for the classification of chronic respiratory disease, based on the GOLD criteria. Thorax "
            "(table 1).",
            "definition",
            url="https://thorax.bmj.com/highwire/markup/162930/expansion",
            verified=Verified(
                "https://thorax.bmj.com/highwire/markup/162930/expansion",
                "2026-11-22",
                "Thorax; the very severe grade in tables of the European Respiratory Journal and Breathe",
                "FEV1/FVC below 0.70, and the limits 80, 50 and 30 % with which side they belong to",
            ),
        ),
    ),
    compute=gold_spirometry_grade,
)
