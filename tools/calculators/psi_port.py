"""Pneumonia severity index (PSI, PORT): 30-day mortality in community-acquired pneumonia from twenty items."""

from __future__ import annotations

from tools.calculators.base import ADULTS, Band, Calculator, Outcome, Result, Term, points
from tools.calculators.common import AGE, HEART_RATE, RESPIRATORY_RATE, SEX, SYSTOLIC, TEMPERATURE, boolean
from tools.calculators.reference import Reference, Verified


def psi_port(
    age: float,
    sex: str,
    nursing_home: bool,
    malignancy: bool,
    liver_disease: bool,
    heart_failure: bool,
    cerebrovascular_disease: bool,
    renal_disease: bool,
    altered_mental_status: bool,
    respiratory_rate: float,
    systolic_bp: float,
    temperature: float,
    heart_rate: float,
    acidosis: bool,
    urea_nitrogen_raised: bool,
    hyponatraemia: bool,
    hyperglycaemia: bool,
    anaemia: bool,
    hypoxaemia: bool,
    pleural_effusion: bool,
) -> Outcome:
    """Age in years (less 10 in women) plus the points of what is present."""
    items = points(
        ("Nursing home resident", nursing_home, 10),
        ("Active cancer", malignancy, 30),
        ("Liver disease", liver_disease, 20),
        ("Heart failure", heart_failure, 10),
        ("Cerebrovascular disease", cerebrovascular_disease, 10),
        ("Renal disease", renal_disease, 10),
        ("Altered mental status", altered_mental_status, 20),
        ("Respiratory rate 30/min or more", respiratory_rate >= 30, 20),
        ("Systolic pressure below 90 mmHg", systolic_bp < 90, 20),
        ("Temperature below 35 or from 40 °C", temperature < 35 or temperature >= 40, 15),
        ("Heart rate 125/min or more", heart_rate >= 125, 10),
        ("Arterial pH below 7.35", acidosis, 30),
        ("Urea nitrogen 30 mg/dL or more", urea_nitrogen_raised, 20),
        ("Sodium below 130 mmol/L", hyponatraemia, 20),
        ("Glucose 250 mg/dL or more", hyperglycaemia, 10),
        ("Haematocrit below 30%", anaemia, 10),
        ("PaO2 below 60 mmHg or saturation below 90%", hypoxaemia, 10),
        ("Pleural effusion", pleural_effusion, 10),
    )
    # Age counts in completed years.
    years = float(int(age)) - (10 if sex == "female" else 0)
    assert isinstance(items.value, float)
    return Outcome(items.value + years, (Term("Age, less 10 in women", years, "points"), *items.terms))


CALCULATOR = Calculator(
    name="psi_port",
    title="Pneumonia severity index (PSI/PORT)",
    synonyms=("PSI", "PORT score", "pneumonia severity index", "Fine score"),
    purpose="Scores the 30-day mortality of an adult with community-acquired pneumonia from twenty items.",
    specialty="respiratory medicine",
    inputs=(
        AGE.but(plausible=(18, 110)),
        SEX,
        boolean("nursing_home", "Nursing home resident", ask="Living in a nursing home?"),
        boolean("malignancy", "Active cancer", ask="Active cancer?"),
        boolean("liver_disease", "Liver disease", ask="Chronic liver disease?"),
        boolean("heart_failure", "Heart failure", ask="Heart failure?"),
        boolean("cerebrovascular_disease", "Cerebrovascular disease", ask="Stroke or transient ischaemic attack?"),
        boolean("renal_disease", "Renal disease", ask="Chronic kidney disease?"),
        boolean("altered_mental_status", "Altered mental status", ask="New disorientation, stupor or coma?"),
        RESPIRATORY_RATE.but(cuts=(30.0,)),
        SYSTOLIC.but(cuts=(90.0,)),
        TEMPERATURE.but(cuts=(35.0, 40.0)),
        HEART_RATE.but(cuts=(125.0,)),
        boolean("acidosis", "Arterial pH below 7.35", ask="Arterial pH below 7.35?"),
        boolean("urea_nitrogen_raised", "Urea nitrogen 30 mg/dL or more", ask="Urea nitrogen 30 mg/dL or more?"),
        boolean("hyponatraemia", "Sodium below 130 mmol/L", ask="Sodium below 130 mmol/L?"),
        boolean("hyperglycaemia", "Glucose 250 mg/dL or more", ask="Glucose 250 mg/dL (14 mmol/L) or more?"),
        boolean("anaemia", "Haematocrit below 30%", ask="Haematocrit below 30%?"),
        boolean(
            "hypoxaemia", "PaO2 below 60 mmHg or saturation below 90%", ask="PaO2 below 60 mmHg or SpO2 below 90%?"
        ),
        boolean("pleural_effusion", "Pleural effusion", ask="Pleural effusion on imaging?"),
    ),
    population=ADULTS,
    notes=("Class I is read before any points: 50 or younger, none of the illnesses and none of the signs",),
    result=Result(
        "PSI",
        noun="points",
        source="doi:10.1056/NEJM199701233360402",
        bands=(
            Band("class I or II"),
            Band("class III", above=70),
            Band("class IV", above=90),
            Band("class V", above=130),
        ),
    ),
    references=(
        Reference(
            "Fine MJ, et al. A prediction rule to identify low-risk patients with community-acquired pneumonia. "
            "N Engl J Med 1997;336:243-250.",
            "derivation",
            doi="10.1056/NEJM199701233360402",
            verified=Verified(
                "https://wikem.org/wiki/Pneumonia_severity_index_(Port_Score)",
                "2026-11-22",
                "WikEM; Skyscape for which limits include their value",
                "the points of the twenty items and the limits of classes II to V",
            ),
        ),
    ),
    compute=psi_port,
)
