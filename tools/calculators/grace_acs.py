"""GRACE score: death in hospital from an acute coronary syndrome."""

from __future__ import annotations

from tools.calculators.base import ADULTS, Band, Calculator, Outcome, Result, points
from tools.calculators.common import AGE, CREATININE, HEART_RATE, SYSTOLIC, boolean
from tools.calculators.critical_inputs import KILLIP
from tools.calculators.reference import Reference, Verified

AGE_LIMITS, AGE_POINTS = (30, 40, 50, 60, 70, 80, 90), (0, 8, 25, 41, 58, 75, 91, 100)
RATE_LIMITS, RATE_POINTS = (50, 70, 90, 110, 150, 200), (0, 3, 9, 15, 24, 38, 46)
PRESSURE_LIMITS, PRESSURE_POINTS = (80, 100, 120, 140, 160, 200), (58, 53, 43, 34, 24, 10, 0)
CREATININE_LIMITS, CREATININE_POINTS = (0.4, 0.8, 1.2, 1.6, 2.0, 4.0), (1, 4, 7, 10, 13, 21, 28)


def _from(value: float, limits: tuple[float, ...], worth: tuple[int, ...]) -> int:
    return worth[sum(value >= limit for limit in limits)]


def grace_acs(
    age: float,
    heart_rate: float,
    systolic_bp: float,
    creatinine: float,
    killip_class: str,
    cardiac_arrest_admission: bool,
    st_deviation: bool,
    raised_markers: bool,
) -> Outcome:
    """1 to 372 points."""
    return points(
        ("Age", True, _from(age, AGE_LIMITS, AGE_POINTS)),
        ("Heart rate", True, _from(heart_rate, RATE_LIMITS, RATE_POINTS)),
        ("Systolic pressure", True, _from(systolic_bp, PRESSURE_LIMITS, PRESSURE_POINTS)),
        ("Creatinine", True, _from(creatinine, CREATININE_LIMITS, CREATININE_POINTS)),
        ("Killip class", True, (0, 20, 39, 59)[int(killip_class) - 1]),
        ("Cardiac arrest on admission", cardiac_arrest_admission, 39),
        ("ST deviation", st_deviation, 28),
        ("Raised cardiac markers", raised_markers, 14),
    )


CALCULATOR = Calculator(
    name="grace_acs",
    title="GRACE score (in hospital)",
    synonyms=("GRACE", "GRACE risk score", "Global Registry of Acute Coronary Events", "Granger score"),
    purpose="Scores the risk of death in hospital of an adult admitted with an acute coronary syndrome.",
    specialty="cardiology",
    inputs=(
        AGE.but(cuts=(30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0), plausible=(18, 110)),
        HEART_RATE.but(cuts=(50.0, 70.0, 90.0, 110.0, 150.0, 200.0)),
        SYSTOLIC.but(cuts=(80.0, 100.0, 120.0, 140.0, 160.0, 200.0)),
        CREATININE.but(cuts=(0.4, 0.8, 1.2, 1.6, 2.0, 4.0), max_age_days=2),
        KILLIP,
        boolean("cardiac_arrest_admission", "Cardiac arrest on admission", ask="Cardiac arrest on admission?"),
        boolean("st_deviation", "ST deviation", ask="ST segment deviation on the ECG?"),
        boolean("raised_markers", "Raised cardiac markers", ask="Raised troponin or other cardiac marker?"),
    ),
    population=ADULTS,
    notes=(
        "Bands are those of coronary syndromes without ST elevation",
        "GRACE 2.0 is another model, whose equations are not public",
    ),
    result=Result(
        "GRACE score",
        noun="points",
        source="https://empendium.com/mcmtextbook/table/031_2892",
        bands=(
            Band("low: in-hospital death below 1 %"),
            Band("intermediate: in-hospital death 1 to 3 %", above=108),
            Band("high: in-hospital death above 3 %", above=140),
        ),
    ),
    references=(
        Reference(
            (
                "Granger CB, et al. Predictors of hospital mortality in the Global Registry of Acute Coronary "
                "Events. Arch Intern Med 2003;163:2345-2353."
            ),
            "derivation",
            doi="10.1001/archinte.163.19.2345",
            verified=Verified(
                "http://www.medicalalgorithms.com/grace-global-registry-of-acute-coronary-events-prediction-model-for-in-hospital-mortality-for-a-patient-with-acute-coronary-syndrome",
                "2026-11-22",
                "The Medical Algorithms Company",
                "the points of the eight items, 1 to 372 in all",
            ),
        ),
        Reference(
            "McMaster Textbook of Internal Medicine, table 3.11-2: GRACE risk model.",
            "bands",
            url="https://empendium.com/mcmtextbook/table/031_2892",
            verified=Verified(
                "https://empendium.com/mcmtextbook/table/031_2892",
                "2026-11-22",
                "McMaster Textbook of Internal Medicine",
                (
                    "death in hospital below 1 % up to 108 points, 1 to 3 % up to 140, above 3 % beyond, without ST "
                    "elevation"
                ),
            ),
        ),
    ),
    compute=grace_acs,
)
