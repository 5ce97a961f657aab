"""Pitt bacteraemia score: mortality of a bloodstream infection."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, points
from tools.calculators.common import TEMPERATURE, boolean, choice
from tools.calculators.reference import Reference, Verified

MENTAL_STATE = {
    "alert": "alert",
    "disoriented": "disorientated",
    "stuporous": "stuporous",
    "comatose": "comatose",
}
MENTAL_STATE_POINTS = {"alert": 0, "disoriented": 1, "stuporous": 2, "comatose": 4}


def pitt_bacteraemia(
    temperature: float, acute_hypotension: bool, mechanical_ventilation: bool, cardiac_arrest: bool, mental_state: str
) -> Outcome:
    """0 to 14 points."""
    return points(
        ("Temperature", temperature <= 36 or temperature >= 39, 2 if temperature <= 35 or temperature >= 40 else 1),
        ("Acute hypotension", acute_hypotension, 2),
        ("Mechanical ventilation", mechanical_ventilation, 2),
        ("Cardiac arrest", cardiac_arrest, 4),
        ("Mental status", True, MENTAL_STATE_POINTS[mental_state]),
    )


CALCULATOR = Calculator(
    name="pitt_bacteraemia",
    title="Pitt bacteraemia score",
    synonyms=("Pitt bacteremia score", "PBS", "Pitt score"),
    purpose=(
        "Scores how severe a bloodstream infection is from temperature, pressure, ventilation, cardiac "
        "arrest and mental status."
    ),
    specialty="infectious disease",
    inputs=(
        TEMPERATURE.but(cuts=(35.0, 36.0, 39.0, 40.0)),
        boolean(
            "acute_hypotension",
            "Acute hypotension",
            ask="Fall of over 30 mmHg systolic or 20 diastolic, vasopressor, or systolic pressure below 90 mmHg?",
        ),
        boolean("mechanical_ventilation", "Mechanical ventilation", ask="On mechanical ventilation?"),
        boolean("cardiac_arrest", "Cardiac arrest", ask="Cardiac arrest?"),
        choice(
            "mental_state",
            "Mental status",
            MENTAL_STATE,
            ask="Alert, disorientated, stuporous or comatose?",
            max_age_days=1,
        ),
    ),
    notes=("Read on the day of the first positive culture",),
    result=Result(
        "Pitt bacteraemia score",
        noun="points",
        source="doi:10.7326/0003-4819-140-1-200401060-00008",
        bands=(
            Band("below the limit of higher mortality"),
            Band("higher mortality", 4),
        ),
    ),
    references=(
        Reference(
            (
                "Paterson DL, et al. International prospective study of Klebsiella pneumoniae bacteremia. Ann "
                "Intern Med 2004;140:26-32."
            ),
            "definition",
            doi="10.7326/0003-4819-140-1-200401060-00008",
            pmid="14706969",
            verified=Verified(
                "https://idwiki.org/index.php?direction=prev&oldid=10868&title=Pitt_bacteremia_score",
                "2026-11-22",
                "IDWiki, of infectious disease physicians",
                "the points of the five items; 4 or more is the usual limit of a higher risk of death",
            ),
        ),
        Reference(
            (
                "Henderson H, et al. The Pitt Bacteremia Score predicts mortality in nonbacteremic infections. "
                "Clin Infect Dis 2020;70:1826-1833."
            ),
            "validation",
            url="https://scholars.duke.edu/display/pub1393229",
            verified=Verified(
                "https://scholars.duke.edu/display/pub1393229",
                "2026-11-22",
                "Duke University, abstract",
                "475 patients: 4 points or more multiplied the risk of death by 6.0 in bloodstream infection",
            ),
        ),
    ),
    compute=pitt_bacteraemia,
)
