"""PESI: 30-day mortality in acute pulmonary embolism, eleven items."""

from __future__ import annotations

from tools.calculators.base import ADULTS, Band, Calculator, Outcome, Result, Term, points
from tools.calculators.common import AGE, HEART_RATE, RESPIRATORY_RATE, SEX, SPO2, SYSTOLIC, TEMPERATURE, boolean
from tools.calculators.reference import Reference, Verified


def pesi(
    age: float,
    sex: str,
    malignancy: bool,
    heart_failure: bool,
    chronic_lung_disease: bool,
    heart_rate: float,
    systolic_bp: float,
    respiratory_rate: float,
    temperature: float,
    altered_mental_status: bool,
    spo2: float,
) -> Outcome:
    """Age in years plus the points of what is present."""
    items = points(
        ("Male sex", sex == "male", 10),
        ("Cancer", malignancy, 30),
        ("Heart failure", heart_failure, 10),
        ("Chronic lung disease", chronic_lung_disease, 10),
        ("Heart rate 110/min or more", heart_rate >= 110, 20),
        ("Systolic pressure below 100 mmHg", systolic_bp < 100, 30),
        ("Respiratory rate 30/min or more", respiratory_rate >= 30, 20),
        ("Temperature below 36 °C", temperature < 36, 20),
        ("Altered mental status", altered_mental_status, 60),
        ("Oxygen saturation below 90%", spo2 < 90, 20),
    )
    # Age counts in completed years.
    years = float(int(age))
    assert isinstance(items.value, float)
    return Outcome(items.value + years, (Term("Age", years, "points"), *items.terms))


CALCULATOR = Calculator(
    name="pesi",
    title="Pulmonary embolism severity index (PESI)",
    synonyms=("PESI", "pulmonary embolism severity", "PE mortality"),
    purpose="Scores the 30-day mortality of an adult with confirmed acute pulmonary embolism from eleven items.",
    specialty="emergency medicine",
    inputs=(
        AGE.but(plausible=(18, 110)),
        SEX,
        boolean("malignancy", "Cancer", ask="Any history of cancer?"),
        boolean("heart_failure", "Heart failure", ask="Any history of heart failure?"),
        boolean("chronic_lung_disease", "Chronic lung disease", ask="Any chronic lung disease?"),
        HEART_RATE.but(cuts=(110.0,)),
        SYSTOLIC.but(cuts=(100.0,)),
        RESPIRATORY_RATE.but(cuts=(30.0,)),
        TEMPERATURE.but(cuts=(36.0,)),
        boolean("altered_mental_status", "Altered mental status", ask="Disoriented, lethargic, stuporous or comatose?"),
        SPO2.but(cuts=(90.0,)),
    ),
    population=ADULTS,
    result=Result(
        "PESI",
        noun="points",
        source="doi:10.1164/rccm.200506-862OC",
        bands=(
            Band("class I, very low risk"),
            Band("class II, low risk", above=65),
            Band("class III, intermediate risk", above=85),
            Band("class IV, high risk", above=105),
            Band("class V, very high risk", above=125),
        ),
    ),
    references=(
        Reference(
            "Aujesky D, et al. Derivation and validation of a prognostic model for pulmonary embolism. "
            "Am J Respir Crit Care Med 2005;172:1041-1046.",
            "derivation",
            doi="10.1164/rccm.200506-862OC",
            pmid="16020800",
            verified=Verified(
                "http://www.qxmd.com/calculate-online/respirology/pulmonary-embolism-severity-index-pesi",
                "2026-11-22",
                "QxMD",
                "the points of the eleven items and the limits of classes I to V",
            ),
        ),
    ),
    compute=pesi,
)
