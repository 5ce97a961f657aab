"""Oakland score: lower gastrointestinal bleeding."""

from __future__ import annotations

import math

from tools.calculators.base import ADULTS, Band, Calculator, Outcome, Result, Term
from tools.calculators.common import AGE, HAEMOGLOBIN, HEART_RATE, SEX, SYSTOLIC, boolean
from tools.calculators.reference import Reference, Verified


def _reached(value: float, *limits: tuple[float, int]) -> int:
    """The points of the highest limit that is reached."""
    return next(worth for limit, worth in limits if value >= limit)


def oakland(
    age: float,
    sex: str,
    previous_admission: bool,
    blood_on_examination: bool,
    heart_rate: float,
    systolic_bp: float,
    haemoglobin: float,
) -> Outcome:
    """0 to 35 points; haemoglobin in g/dL."""
    items = {
        "Age": _reached(age, (70, 2), (40, 1), (-math.inf, 0)),
        "Male": int(sex == "male"),
        "Previous admission": int(previous_admission),
        "Blood on rectal examination": int(blood_on_examination),
        "Heart rate": _reached(heart_rate, (110, 3), (90, 2), (70, 1), (-math.inf, 0)),
        "Systolic pressure": _reached(systolic_bp, (160, 0), (130, 2), (120, 3), (90, 4), (-math.inf, 5)),
        "Haemoglobin": _reached(haemoglobin, (16, 0), (13, 4), (11, 8), (9, 13), (7, 17), (-math.inf, 22)),
    }
    return Outcome(
        float(sum(items.values())), tuple(Term(name, float(worth), "points") for name, worth in items.items())
    )


CALCULATOR = Calculator(
    name="oakland",
    title="Oakland score",
    synonyms=("Oakland", "lower GI bleeding score", "lower gastrointestinal bleeding score"),
    purpose="Scores how likely it is that an acute lower gastrointestinal bleed passes without harm.",
    specialty="gastroenterology",
    inputs=(
        AGE.but(cuts=(40.0, 70.0), plausible=(18, 110)),
        SEX,
        boolean("previous_admission", "Previous admission with lower gastrointestinal bleeding"),
        boolean("blood_on_examination", "Blood on rectal examination"),
        HEART_RATE.but(cuts=(70.0, 90.0, 110.0)),
        SYSTOLIC.but(cuts=(90.0, 120.0, 130.0, 160.0)),
        HAEMOGLOBIN.but(cuts=(7.0, 9.0, 11.0, 13.0, 16.0), max_age_days=1),
    ),
    population=ADULTS,
    result=Result(
        "Oakland score",
        noun="points",
        source="doi:10.1016/S2468-1253(17)30150-4",
        bands=(Band("8 or less: complications unlikely"), Band("above 8", above=8)),
    ),
    references=(
        Reference(
            "Oakland K, et al. Derivation and validation of a novel risk score for safe discharge after "
            "acute lower gastrointestinal bleeding. Lancet Gastroenterol Hepatol 2017;2:635-643.",
            "derivation",
            doi="10.1016/S2468-1253(17)30150-4",
            verified=Verified(
                "https://mobile.fpnotebook.com/GI/Exam/OklndScrFrSfDschrgAftrLwrGstrntstnlBldng.htm",
                "2026-11-22",
                "Family Practice Notebook, Scott Moses, MD",
                "the seven items with limits and points; 8 or less has a low risk of complications",
            ),
        ),
    ),
    compute=oakland,
)
