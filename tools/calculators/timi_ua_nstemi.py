"""TIMI risk score for unstable angina and NSTEMI."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Population, Result, points
from tools.calculators.common import AGE, boolean
from tools.calculators.reference import Reference, Verified


def timi_ua_nstemi(
    age: float,
    three_risk_factors: bool,
    coronary_stenosis: bool,
    aspirin_7_days: bool,
    severe_angina: bool,
    st_deviation: bool,
    raised_markers: bool,
) -> Outcome:
    """0 to 7 points."""
    return points(
        ("Age 65 or more", age >= 65, 1),
        ("Three risk factors", three_risk_factors, 1),
        ("Known stenosis of 50% or more", coronary_stenosis, 1),
        ("Aspirin within 7 days", aspirin_7_days, 1),
        ("Two anginal events in 24 hours", severe_angina, 1),
        ("ST deviation of 0.5 mm or more", st_deviation, 1),
        ("Raised cardiac markers", raised_markers, 1),
    )


CALCULATOR = Calculator(
    name="timi_ua_nstemi",
    title="TIMI risk score (UA/NSTEMI)",
    synonyms=("TIMI", "TIMI score", "TIMI UA NSTEMI"),
    purpose="Scores the 14-day risk of death, infarction or urgent revascularisation in unstable angina and NSTEMI.",
    specialty="cardiology",
    inputs=(
        AGE.but(cuts=(65.0,), plausible=(18, 110)),
        boolean(
            "three_risk_factors",
            "At least three coronary risk factors",
            ask="Three or more of family history, hypertension, hypercholesterolaemia, diabetes, smoking?",
        ),
        boolean("coronary_stenosis", "Known coronary stenosis of 50% or more"),
        boolean("aspirin_7_days", "Aspirin within 7 days", ask="Aspirin in the last 7 days?"),
        boolean(
            "severe_angina",
            "Two anginal events in 24 hours",
            ask="At least two episodes of angina in the last 24 hours?",
        ),
        boolean("st_deviation", "ST deviation of 0.5 mm or more"),
        boolean("raised_markers", "Raised cardiac markers", ask="Raised troponin or CK-MB?"),
    ),
    population=Population("adults with unstable angina or NSTEMI", at_least={"age": 18}),
    result=Result(
        "TIMI risk score",
        noun="points",
        source="doi:10.1001/jama.284.7.835",
        bands=(
            Band("4.7% in 14 days"),
            Band("8.3% in 14 days", 2),
            Band("13.2% in 14 days", 3),
            Band("19.9% in 14 days", 4),
            Band("26.2% in 14 days", 5),
            Band("40.9% in 14 days", 6),
        ),
    ),
    references=(
        Reference(
            "Antman EM, et al. The TIMI risk score for unstable angina/non-ST elevation MI: a method for "
            "prognostication and therapeutic decision making. "
            "JAMA 2000;284:835-842.",
            "derivation",
            doi="10.1001/jama.284.7.835",
            verified=Verified(
                "https://globalrph.com/medcalcs/timi-risk-score-for-unstable-angina-nstemi/",
                "2026-11-22",
                "GlobalRPh; Journal of the American Board of Family Medicine, table 1, for the risk factors",
                "the seven items and the 14-day rates for each total",
            ),
        ),
    ),
    compute=timi_ua_nstemi,
)
