"""TIMI risk score of ST-elevation myocardial infarction."""

from __future__ import annotations

from tools.calculators.base import ADULTS, Band, Calculator, Outcome, Result, points
from tools.calculators.common import AGE, HEART_RATE, SYSTOLIC, WEIGHT, boolean, quantity
from tools.calculators.critical_inputs import KILLIP
from tools.calculators.reference import Reference, Verified


def timi_stemi(
    age: float,
    diabetes_hypertension_angina: bool,
    systolic_bp: float,
    heart_rate: float,
    killip_class: str,
    weight: float,
    anterior_or_lbbb: bool,
    time_to_treatment: float,
) -> Outcome:
    """0 to 14 points."""
    return points(
        ("Age 65 to 74 (2), 75 or older (3)", age >= 65, 3 if age >= 75 else 2),
        ("Diabetes, hypertension or angina", diabetes_hypertension_angina, 1),
        ("Systolic pressure below 100 mmHg", systolic_bp < 100, 3),
        ("Heart rate above 100", heart_rate > 100, 2),
        ("Killip class II to IV", killip_class != "1", 2),
        ("Weight below 67 kg", weight < 67, 1),
        ("Anterior ST elevation or left bundle branch block", anterior_or_lbbb, 1),
        ("Time to treatment above 4 hours", time_to_treatment > 4, 1),
    )


CALCULATOR = Calculator(
    name="timi_stemi",
    title="TIMI risk score for STEMI",
    synonyms=("TIMI STEMI", "TIMI for STEMI", "TIMI ST elevation"),
    purpose="Scores death within 30 days of a heart attack with ST elevation, at presentation.",
    specialty="cardiology",
    inputs=(
        AGE.but(cuts=(65.0, 75.0), plausible=(18, 110)),
        boolean(
            "diabetes_hypertension_angina",
            "Diabetes, hypertension or angina",
            ask="Diabetes, hypertension or angina in the history?",
        ),
        SYSTOLIC.but(cuts=(100.0,)),
        HEART_RATE.but(cuts=(100.0,)),
        KILLIP,
        WEIGHT.but(cuts=(67.0,), monotone=False),
        boolean(
            "anterior_or_lbbb",
            "Anterior ST elevation or left bundle branch block",
            ask="Anterior ST elevation or left bundle branch block?",
        ),
        quantity(
            "time_to_treatment",
            "Time to treatment",
            "h",
            plausible=(0, 48),
            possible=(0, 720),
            cuts=(4.0,),
            max_age_days=1,
            ask="Hours from the first symptom to treatment?",
            example={"value": 3, "unit": "h"},
        ),
    ),
    population=ADULTS,
    result=Result(
        "TIMI risk score for STEMI",
        noun="points",
        source="doi:10.1161/01.CIR.102.17.2031",
        bands=(
            Band("30-day mortality 0.8 %"),
            Band("30-day mortality 1.6 %", 1),
            Band("30-day mortality 2.2 %", 2),
            Band("30-day mortality 4.4 %", 3),
            Band("30-day mortality 7.3 %", 4),
            Band("30-day mortality 12.4 %", 5),
            Band("30-day mortality 16.1 %", 6),
            Band("30-day mortality 23.4 %", 7),
            Band("30-day mortality 26.8 %", 8),
            Band("30-day mortality 35.9 %", 9),
        ),
    ),
    references=(
        Reference(
            (
                "Morrow DA, et al. TIMI risk score for ST-elevation myocardial infarction: a convenient, bedside,"
                " clinical score for risk assessment at presentation. Circulation 2000;102:2031-2037."
            ),
            "derivation",
            doi="10.1161/01.CIR.102.17.2031",
            pmid="11044416",
            verified=Verified(
                "https://globalrph.com/medcalcs/timi-risk-score-for-st-elevation-myocardial-infarction-stemi/",
                "2026-11-22",
                "GlobalRPh; American College of Cardiology, trial summary, for the points",
                "the points of the items and the 30-day mortality of each score, 0.8 to 35.9 %",
            ),
        ),
    ),
    compute=timi_stemi,
)
