"""Tisdale score: QT prolongation in hospital."""

from __future__ import annotations

from tools.calculators.base import ADULTS, Band, Calculator, Outcome, Result, points
from tools.calculators.common import AGE, SEX, boolean, choice, quantity
from tools.calculators.gases import POTASSIUM
from tools.calculators.reference import Reference, Verified

QT_DRUGS = {
    "0": "none",
    "1": "one",
    "2": "two or more",
}
QT_DRUGS_POINTS = {"0": 0, "1": 3, "2": 6}


def tisdale_qt(
    age: float,
    sex: str,
    loop_diuretic: bool,
    potassium: float,
    qtc: float,
    acute_myocardial_infarction: bool,
    sepsis: bool,
    heart_failure: bool,
    qt_drugs: str,
) -> Outcome:
    """0 to 21 points."""
    return points(
        ("Age 68 or older", age >= 68, 1),
        ("Female", sex == "female", 1),
        ("Loop diuretic", loop_diuretic, 1),
        ("Potassium 3.5 mmol/L or less", potassium <= 3.5, 2),
        ("QTc on admission 450 ms or more", qtc >= 450, 2),
        ("Acute myocardial infarction", acute_myocardial_infarction, 2),
        ("Sepsis", sepsis, 3),
        ("Heart failure", heart_failure, 3),
        ("QT-prolonging drugs", True, QT_DRUGS_POINTS[qt_drugs]),
    )


CALCULATOR = Calculator(
    name="tisdale_qt",
    title="Tisdale QT risk score",
    synonyms=("Tisdale score", "QT prolongation risk score", "Tisdale"),
    purpose="Scores the risk of a long QT interval in a patient in hospital who may take QT-prolonging drugs.",
    specialty="cardiology",
    inputs=(
        AGE.but(cuts=(68.0,), plausible=(18, 110)),
        SEX,
        boolean("loop_diuretic", "Loop diuretic", ask="On a loop diuretic?"),
        POTASSIUM.but(cuts=(3.5,)),
        quantity(
            "qtc",
            "Corrected QT interval",
            "ms",
            plausible=(300, 700),
            possible=(150, 1200),
            cuts=(450.0,),
            max_age_days=2,
            ask="Corrected QT interval on admission?",
            example={"value": 420, "unit": "ms"},
        ),
        boolean("acute_myocardial_infarction", "Acute myocardial infarction", ask="Acute myocardial infarction?"),
        boolean("sepsis", "Sepsis", ask="Sepsis?"),
        boolean("heart_failure", "Heart failure", ask="Heart failure?"),
        choice("qt_drugs", "QT-prolonging drugs", QT_DRUGS, ask="How many QT-prolonging drugs?"),
    ),
    population=ADULTS,
    result=Result(
        "Tisdale score",
        noun="points",
        source="https://www.medicalalgorithms.com/risk-score-of-tisdale-et-al-for-predicting-qtc-interval-prolongation-in-a-hospitalized-patient",
        bands=(
            Band("low risk"),
            Band("moderate risk", 7),
            Band("high risk", 11),
        ),
    ),
    references=(
        Reference(
            (
                "Tisdale JE, et al. Development and validation of a risk score to predict QT interval "
                "prolongation in hospitalized patients. Circ Cardiovasc Qual Outcomes 2013;6:479-487."
            ),
            "derivation",
            url="https://www.medicalalgorithms.com/risk-score-of-tisdale-et-al-for-predicting-qtc-interval-prolongation-in-a-hospitalized-patient",
            verified=Verified(
                "https://www.medicalalgorithms.com/risk-score-of-tisdale-et-al-for-predicting-qtc-interval-prolongation-in-a-hospitalized-patient",
                "2026-11-22",
                "The Medical Algorithms Company",
                (
                    "the points of the nine items, 6 for two or more drugs so that 21 is reached; up to 6 low, 7 to "
                    "10 moderate, 11 and more high"
                ),
            ),
        ),
    ),
    compute=tisdale_qt,
)
