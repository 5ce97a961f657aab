"""Canadian Syncope Risk Score: serious events within 30 days."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Population, Result, points
from tools.calculators.common import AGE, boolean, choice, quantity
from tools.calculators.reference import Reference, Verified

DIAGNOSIS = {
    "other": "neither",
    "vasovagal": "vasovagal syncope",
    "cardiac": "cardiac syncope",
}
DIAGNOSIS_POINTS = {"other": 0, "vasovagal": -2, "cardiac": 2}


def canadian_syncope_risk(
    age: float,
    vasovagal_predisposition: bool,
    heart_disease: bool,
    systolic_below_90_or_above_180: bool,
    troponin_raised: bool,
    abnormal_qrs_axis: bool,
    qrs_duration: float,
    qtc: float,
    diagnosis_in_department: str,
) -> Outcome:
    """-3 to 11 points; age only decides whether it applies."""
    return points(
        ("Predisposition to vasovagal symptoms", vasovagal_predisposition, -1),
        ("History of heart disease", heart_disease, 1),
        ("Systolic pressure below 90 or above 180 mmHg", systolic_below_90_or_above_180, 2),
        ("Raised troponin", troponin_raised, 2),
        ("Abnormal QRS axis", abnormal_qrs_axis, 1),
        ("QRS duration above 130 ms", qrs_duration > 130, 1),
        ("Corrected QT interval above 480 ms", qtc > 480, 2),
        ("Diagnosis in the emergency department", True, DIAGNOSIS_POINTS[diagnosis_in_department]),
    )


CALCULATOR = Calculator(
    name="canadian_syncope_risk",
    title="Canadian Syncope Risk Score",
    synonyms=("CSRS", "Canadian syncope score", "syncope risk score"),
    purpose="Scores the risk of a serious event within 30 days of a faint seen in the emergency department.",
    specialty="emergency medicine",
    inputs=(
        AGE.but(plausible=(16, 110)),
        boolean(
            "vasovagal_predisposition",
            "Predisposition to vasovagal symptoms",
            ask="Warm, crowded place, long standing, fear, emotion or pain?",
        ),
        boolean(
            "heart_disease",
            "History of heart disease",
            ask="Coronary or valvular disease, cardiomyopathy, heart failure or another rhythm than sinus?",
        ),
        boolean(
            "systolic_below_90_or_above_180",
            "Systolic pressure below 90 or above 180 mmHg",
            ask="Any systolic pressure below 90 or above 180 mmHg in the department?",
        ),
        boolean("troponin_raised", "Raised troponin", ask="Troponin above the 99th percentile?"),
        boolean("abnormal_qrs_axis", "Abnormal QRS axis", ask="QRS axis below -30 or above 100 degrees?"),
        quantity(
            "qrs_duration",
            "QRS duration",
            "ms",
            plausible=(50, 220),
            possible=(20, 400),
            cuts=(130.0,),
            max_age_days=1,
            example={"value": 90, "unit": "ms"},
        ),
        quantity(
            "qtc",
            "Corrected QT interval",
            "ms",
            plausible=(300, 700),
            possible=(150, 1200),
            cuts=(480.0,),
            max_age_days=1,
            example={"value": 420, "unit": "ms"},
        ),
        choice(
            "diagnosis_in_department",
            "Diagnosis in the emergency department",
            DIAGNOSIS,
            ask="Diagnosis when leaving the department: vasovagal, cardiac or neither?",
        ),
    ),
    population=Population("people of 16 or older within 24 hours of syncope", at_least={"age": 16}),
    result=Result(
        "Canadian Syncope Risk Score",
        noun="points",
        source="http://www.cmaj.ca/content/188/12/E289.full.txt",
        bands=(
            Band("very low risk"),
            Band("low risk", -1),
            Band("medium risk", 1),
            Band("high risk", 4),
            Band("very high risk", 6),
        ),
    ),
    references=(
        Reference(
            (
                "Thiruganasambandamoorthy V, et al. Development of the Canadian Syncope Risk Score to predict "
                "serious adverse events after emergency department assessment of syncope. CMAJ "
                "2016;188:E289-E298."
            ),
            "derivation",
            url="http://www.cmaj.ca/content/188/12/E289.full.txt",
            verified=Verified(
                "http://tsaco.smart01.highwire.org/highwire/markup/24218/expansion?width=1000&height=500&iframe=true&postprocessors=highwire_tables%2Chighwire_reclass%2Chighwire_figures%2Chighwire_math%2Chighwire_inline_linked_media%2Chighwire_embed",
                "2026-11-22",
                "Trauma Surgery and Acute Care Open, table 3; the abstract in CMAJ",
                "the points of the nine items and the five groups of risk",
            ),
        ),
    ),
    compute=canadian_syncope_risk,
)
