"""Modified Early Warning Score (MEWS) of Subbe."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, points
from tools.calculators.common import HEART_RATE, RESPIRATORY_RATE, SYSTOLIC, TEMPERATURE, choice
from tools.calculators.reference import Reference, Verified

AVPU = {
    "0": "alert",
    "1": "reacts to voice",
    "2": "reacts to pain",
    "3": "unresponsive",
}


def _rate(heart_rate: float) -> int:
    if heart_rate <= 50:
        return 2 if heart_rate <= 40 else 1
    return 1 + (heart_rate > 110) + (heart_rate >= 130)


def mews(systolic_bp: float, heart_rate: float, respiratory_rate: float, temperature: float, avpu: str) -> Outcome:
    """0 to 14 points."""
    return points(
        (
            "Systolic pressure",
            systolic_bp <= 100 or systolic_bp >= 200,
            2 if systolic_bp >= 200 else 1 + (systolic_bp <= 80) + (systolic_bp <= 70),
        ),
        ("Heart rate", heart_rate <= 50 or heart_rate > 100, _rate(heart_rate)),
        (
            "Respiratory rate",
            respiratory_rate < 9 or respiratory_rate > 14,
            2 if respiratory_rate < 9 else 1 + (respiratory_rate > 20) + (respiratory_rate >= 30),
        ),
        ("Temperature below 35 or from 38.5 °C", temperature < 35 or temperature >= 38.5, 2),
        ("AVPU", True, float(avpu)),
    )


CALCULATOR = Calculator(
    name="mews",
    title="Modified Early Warning Score (MEWS)",
    synonyms=("MEWS", "modified early warning score"),
    purpose="Scores vital signs of a medical patient on the ward for the risk of deterioration.",
    specialty="acute medicine",
    inputs=(
        SYSTOLIC.but(cuts=(70.0, 80.0, 100.0, 200.0)),
        HEART_RATE.but(cuts=(40.0, 50.0, 100.0, 110.0, 130.0)),
        RESPIRATORY_RATE.but(cuts=(9.0, 14.0, 20.0, 30.0)),
        TEMPERATURE.but(cuts=(35.0, 38.5)),
        choice("avpu", "AVPU", AVPU, ask="Alert, reacts to voice, to pain, or unresponsive?", max_age_days=1),
    ),
    notes=("Replaced by NEWS2 in the United Kingdom",),
    result=Result(
        "MEWS",
        noun="points",
        source="https://pmj.bmj.com/highwire/markup/170929/expansion?width=1000&height=500&iframe=true&postprocessors=highwire_tables%2Chighwire_reclass%2Chighwire_figures%2Chighwire_math%2Chighwire_inline_linked_media%2Chighwire_embed",
        bands=(
            Band("below the limit of higher risk"),
            Band("higher risk of death or intensive care", 5),
        ),
    ),
    references=(
        Reference(
            (
                "Subbe CP, et al. Validation of a modified Early Warning Score in medical admissions. QJM "
                "2001;94:521-526."
            ),
            "derivation",
            url="https://pmj.bmj.com/highwire/markup/170929/expansion?width=1000&height=500&iframe=true&postprocessors=highwire_tables%2Chighwire_reclass%2Chighwire_figures%2Chighwire_math%2Chighwire_inline_linked_media%2Chighwire_embed",
            verified=Verified(
                "https://pmj.bmj.com/highwire/markup/170929/expansion?width=1000&height=500&iframe=true&postprocessors=highwire_tables%2Chighwire_reclass%2Chighwire_figures%2Chighwire_math%2Chighwire_inline_linked_media%2Chighwire_embed",
                "2026-11-22",
                (
                    "Postgraduate Medical Journal, table of the score; Wikipedia after Subbe for respiratory rate and"
                    " temperature, GPnotebook for 30 and 38.5 included"
                ),
                "the limits and points of the five observations; 5 or more goes with death and intensive care",
            ),
        ),
    ),
    compute=mews,
)
