"""Duke treadmill score."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, Term
from tools.calculators.common import (
    choice,
    quantity,
)
from tools.calculators.reference import Reference, Verified

ANGINA = {"0": "none", "1": "angina that does not limit exercise", "2": "angina that ends the exercise"}


def duke_treadmill(exercise_time: float, st_deviation_mm: float, exercise_angina: str) -> Outcome:
    """Minutes of the Bruce protocol less 5 times ST in mm less 4 times angina."""
    terms = (
        Term("Exercise time", exercise_time, "min"),
        Term("5 × ST deviation", 5.0 * st_deviation_mm),
        Term("4 × angina index", 4.0 * int(exercise_angina)),
    )
    return Outcome(exercise_time - 5.0 * st_deviation_mm - 4.0 * int(exercise_angina), terms)


CALCULATOR = Calculator(
    name="duke_treadmill",
    title="Duke treadmill score",
    synonyms=("DTS", "Duke score", "exercise test score"),
    purpose="Scores the prognosis of suspected coronary disease from an exercise ECG on a treadmill.",
    specialty="cardiology",
    inputs=(
        quantity(
            "exercise_time",
            "Exercise time (Bruce protocol)",
            "min",
            plausible=(0, 21),
            possible=(0, 40),
            monotone=True,
            max_age_days=365,
            example={"value": 9, "unit": "min"},
        ),
        quantity(
            "st_deviation_mm",
            "Largest ST deviation",
            "mm",
            equivalents={"mV": 10.0},
            plausible=(0, 6),
            possible=(0, 20),
            monotone=True,
            max_age_days=365,
            example={"value": 0, "unit": "mm"},
            ask="Largest ST elevation or depression in any lead but aVR?",
        ),
        choice("exercise_angina", "Angina during exercise", ANGINA, ask="Angina during exercise?", max_age_days=365),
    ),
    result=Result(
        "Duke treadmill score",
        decimals=1,
        source="https://en.wikipedia.org/wiki/Duke_Treadmill_Score",
        bands=(Band("high risk"), Band("moderate risk", above=-11), Band("low risk", 5)),
    ),
    references=(
        Reference(
            "Healio: Duke treadmill score.",
            "definition",
            url="https://www.healio.com/cardiology/learn-the-heart/cardiology-review/topic-reviews/duke-treadmill-score",
            verified=Verified(
                "https://www.healio.com/cardiology/learn-the-heart/cardiology-review/topic-reviews/duke-treadmill-score",
                "2026-11-22",
                "Healio, Learn the Heart",
                "the formula, the angina index and the Bruce protocol",
            ),
        ),
        Reference(
            "Wikipedia: Duke Treadmill Score.",
            "bands",
            url="https://en.wikipedia.org/wiki/Duke_Treadmill_Score",
            verified=Verified(
                "https://en.wikipedia.org/wiki/Duke_Treadmill_Score",
                "2026-11-22",
                "Wikipedia",
                "-11 or less, -10 to 4, and 5 or more with 5.25, 1.25 and 0.25 % deaths in a year",
            ),
        ),
    ),
    compute=duke_treadmill,
)
