"""FINDRISC: risk of type 2 diabetes within 10 years."""

from __future__ import annotations

from tools.calculators.base import ADULTS, Band, Calculator, Outcome, Result, Term
from tools.calculators.body_inputs import BMI, WAIST
from tools.calculators.common import (
    AGE,
    SEX,
    boolean,
    choice,
)
from tools.calculators.reference import Reference, Verified

RELATIVES = {
    "none": "no",
    "distant": "grandparent, aunt, uncle or first cousin",
    "close": "parent, brother, sister or own child",
}


def findrisc(
    age: float,
    bmi: float,
    waist: float,
    sex: str,
    daily_activity: bool,
    daily_vegetables: bool,
    pressure_drug_ever: bool,
    high_glucose_ever: bool,
    diabetes_family: str,
) -> Outcome:
    """0 to 26 points; waist in cm."""
    low, high = (80, 88) if sex == "female" else (94, 102)
    worth = {
        "Age": 0 if age < 45 else 2 if age < 55 else 3 if age < 65 else 4,
        "Body mass index": 0 if bmi < 25 else 1 if bmi <= 30 else 3,
        "Waist": 0 if waist < low else 3 if waist <= high else 4,
        "No daily activity": 0 if daily_activity else 2,
        "No daily vegetables": 0 if daily_vegetables else 1,
        "Drug for blood pressure": 2 if pressure_drug_ever else 0,
        "High glucose before": 5 if high_glucose_ever else 0,
        "Family": {"none": 0, "distant": 3, "close": 5}[diabetes_family],
    }
    return Outcome(float(sum(worth.values())), tuple(Term(name, float(each), "points") for name, each in worth.items()))


CALCULATOR = Calculator(
    name="findrisc",
    title="FINDRISC",
    synonyms=("Finnish Diabetes Risk Score", "type 2 diabetes risk assessment form", "diabetes risk score"),
    purpose="Scores the risk that an adult without diabetes will have type 2 diabetes within 10 years.",
    specialty="endocrinology",
    inputs=(
        AGE.but(cuts=(45.0, 55.0, 65.0), plausible=(18, 110), monotone=False),
        BMI.but(cuts=(25.0, 30.0)),
        WAIST.but(cuts=(80.0, 88.0, 94.0, 102.0)),
        SEX,
        boolean("daily_activity", "30 minutes of activity a day", ask="At least 30 minutes of activity every day?"),
        boolean("daily_vegetables", "Vegetables, fruit or berries every day", ask="Vegetables or fruit every day?"),
        boolean(
            "pressure_drug_ever",
            "Drug for blood pressure, ever",
            ask="Ever taken a drug for high blood pressure regularly?",
        ),
        boolean(
            "high_glucose_ever",
            "High blood glucose, ever",
            ask="Ever found to have high blood glucose (in a check, an illness or pregnancy)?",
        ),
        choice("diabetes_family", "Diabetes in the family", RELATIVES, ask="Has a relative diabetes?"),
    ),
    population=ADULTS,
    notes=(
        "The risks are those of the Finnish form; in Norway 13.5 % of those from 15 points had diabetes in 10 years",
    ),
    result=Result(
        "FINDRISC",
        noun="points",
        source="https://canadiantaskforce.ca/tools-resources/type-2-diabetes-2/type-2-diabetes-clinician-findrisc/",
        bands=(
            Band("low: 1 in 100 in 10 years"),
            Band("slightly elevated: 1 in 25 in 10 years", 7),
            Band("moderate: 1 in 6 in 10 years", 12),
            Band("high: 1 in 3 in 10 years", 15),
            Band("very high: 1 in 2 in 10 years", above=20),
        ),
    ),
    references=(
        Reference(
            "Tuomilehto J, Lindström J. Type 2 diabetes risk assessment form. Finnish Diabetes Association.",
            "definition",
            url="https://canadiantaskforce.ca/tools-resources/type-2-diabetes-2/type-2-diabetes-clinician-findrisc/",
            verified=Verified(
                "https://canadiantaskforce.ca/tools-resources/type-2-diabetes-2/type-2-diabetes-clinician-findrisc/",
                "2026-11-22",
                "Canadian Task Force on Preventive Health Care for age and waist; a copy of the Finnish form for the "
                "rest and a body mass index of exactly 30, which counts 1 there; Novo Nordisk for the classes",
                "the eight questions with their points, and the five classes with their risks",
            ),
        ),
        Reference(
            "Validity of the FINDRISC of 0 to 26 points as a prediction model for diabetes in a Norwegian population "
            "(HUNT3; PMC6887494).",
            "validation",
            url="https://pmc.ncbi.nlm.nih.gov/articles/PMC6887494",
            verified=Verified(
                "https://pmc.ncbi.nlm.nih.gov/articles/PMC6887494",
                "2026-11-22",
                "PubMed Central, abstract",
                "47,804 adults: 13.5 % had diabetes within 10 years from 15 points, 2.8 % below",
            ),
        ),
    ),
    compute=findrisc,
)
