"""Revised Trauma Score, weighted, from coma scale, pressure and breathing."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.common import RESPIRATORY_RATE, SYSTOLIC
from tools.calculators.critical_inputs import GCS
from tools.calculators.reference import Reference, Verified


def revised_trauma_score(gcs: float, systolic_bp: float, respiratory_rate: float) -> Outcome:
    """0 to 7.8408; the sum of the codes is the triage score."""
    eyes = 4 if gcs >= 13 else 3 if gcs >= 9 else 2 if gcs >= 6 else 1 if gcs >= 4 else 0
    pressure = (
        4 if systolic_bp > 89 else 3 if systolic_bp > 75 else 2 if systolic_bp > 49 else 1 if systolic_bp > 0 else 0
    )
    breathing = (
        3
        if respiratory_rate > 29
        else 4
        if respiratory_rate >= 10
        else 2
        if respiratory_rate >= 6
        else int(respiratory_rate > 0)
    )
    terms = (
        Term("Glasgow Coma Scale, coded", float(eyes)),
        Term("Systolic pressure, coded", float(pressure)),
        Term("Respiratory rate, coded", float(breathing)),
        Term("Triage score (sum of the codes)", float(eyes + pressure + breathing)),
    )
    return Outcome(0.9368 * eyes + 0.7326 * pressure + 0.2908 * breathing, terms)


CALCULATOR = Calculator(
    name="revised_trauma_score",
    title="Revised Trauma Score",
    synonyms=("RTS", "revised trauma score", "trauma score"),
    purpose=(
        "Scores the physiology of an injured patient on first contact from coma scale, systolic pressure "
        "and respiratory rate."
    ),
    specialty="trauma",
    inputs=(
        GCS.but(cuts=(4.0, 6.0, 9.0, 13.0)),
        SYSTOLIC.but(plausible=(0, 240), possible=(0, 350), cuts=(0.0, 49.0, 50.0, 75.0, 76.0, 89.0)),
        RESPIRATORY_RATE.but(plausible=(0, 60), possible=(0, 150), cuts=(0.0, 6.0, 10.0, 29.0)),
    ),
    result=Result("Revised Trauma Score", decimals=4),
    references=(
        Reference(
            "Champion HR, et al. A revision of the Trauma Score. J Trauma 1989;29:623-629.",
            "derivation",
            url="http://www.cambridgeorthopaedics.com/easytrauma/classification/trauma%20scores/revised_trauma_score.htm",
            verified=Verified(
                "http://www.cambridgeorthopaedics.com/easytrauma/classification/trauma%20scores/revised_trauma_score.htm",
                "2026-11-22",
                (
                    "Cambridge Orthopaedics; the Utstein template for major trauma (SJTREM 2008, table 7) for the "
                    "same codes"
                ),
                "the coded values 0 to 4 of the three signs and the weights 0.9368, 0.7326 and 0.2908",
            ),
        ),
    ),
    compute=revised_trauma_score,
)
