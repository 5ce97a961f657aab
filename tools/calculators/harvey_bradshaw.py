"""Harvey-Bradshaw index: activity of Crohn's disease."""

from __future__ import annotations

import math

from tools.calculators.base import Band, Calculator, Outcome, Result, Term
from tools.calculators.common import (
    boolean,
    choice,
    quantity,
)
from tools.calculators.reference import Reference, Verified

WELL_BEING = {"0": "very well", "1": "slightly below par", "2": "poor", "3": "very poor", "4": "terrible"}
PAIN = {"0": "none", "1": "mild", "2": "moderate", "3": "severe"}
MASS = {"0": "none", "1": "dubious", "2": "definite", "3": "definite and tender"}


def harvey_bradshaw(
    well_being: str,
    pain_severity: str,
    liquid_stools: float,
    mass_felt: str,
    arthralgia: bool,
    uveitis: bool,
    erythema_nodosum: bool,
    aphthous_ulcers: bool,
    pyoderma_gangrenosum: bool,
    anal_fissure: bool,
    new_fistula: bool,
    abscess: bool,
) -> Outcome:
    """0 or more points; a point for each liquid stool of the day before and each complication."""
    complications = (
        arthralgia,
        uveitis,
        erythema_nodosum,
        aphthous_ulcers,
        pyoderma_gangrenosum,
        anal_fissure,
        new_fistula,
        abscess,
    )
    terms = (
        Term("Well-being", float(well_being), "points"),
        Term("Abdominal pain", float(pain_severity), "points"),
        Term("Liquid stools", liquid_stools, "points"),
        Term("Abdominal mass", float(mass_felt), "points"),
        Term("Complications", float(sum(complications)), "points"),
    )
    return Outcome(math.fsum(float(term.value) for term in terms), terms)


CALCULATOR = Calculator(
    name="harvey_bradshaw",
    title="Harvey-Bradshaw index",
    synonyms=("HBI", "Harvey Bradshaw", "simple Crohn's disease activity index", "simple CDAI"),
    purpose="Scores how active Crohn's disease is from symptoms of the day before, a mass and complications.",
    specialty="gastroenterology",
    inputs=(
        choice("well_being", "General well-being", WELL_BEING, ask="How did you feel yesterday?", max_age_days=2),
        choice("pain_severity", "Abdominal pain", PAIN, ask="Abdominal pain yesterday?", max_age_days=2),
        quantity(
            "liquid_stools",
            "Liquid or soft stools a day",
            "1",
            plausible=(0, 25),
            possible=(0, 80),
            monotone=True,
            max_age_days=2,
            example={"value": 3, "unit": "1"},
            ask="How many liquid stools yesterday?",
        ),
        choice("mass_felt", "Abdominal mass", MASS, ask="Is a mass felt in the abdomen?", max_age_days=7),
        boolean("arthralgia", "Joint pain"),
        boolean("uveitis", "Uveitis"),
        boolean("erythema_nodosum", "Erythema nodosum"),
        boolean("aphthous_ulcers", "Mouth ulcers"),
        boolean("pyoderma_gangrenosum", "Pyoderma gangrenosum"),
        boolean("anal_fissure", "Anal fissure"),
        boolean("new_fistula", "New fistula"),
        boolean("abscess", "Abscess"),
    ),
    result=Result(
        "HBI",
        noun="points",
        source="https://badgut.org/information-centre/a-z-digestive-topics/assessing-ibd/",
        bands=(
            Band("remission"),
            Band("mild disease", 5),
            Band("moderate disease", 8),
            Band("severe disease", above=16),
        ),
    ),
    references=(
        Reference(
            "Harvey RF, Bradshaw JM. A simple index of Crohn's-disease activity. Lancet 1980;315:514.",
            "derivation",
            url="https://badgut.org/information-centre/a-z-digestive-topics/assessing-ibd/",
            verified=Verified(
                "https://badgut.org/information-centre/a-z-digestive-topics/assessing-ibd/",
                "2026-11-22",
                "Gastrointestinal Society, Canada; the same items in table 4 of PMC4734954",
                "the five questions with their points, eight complications, and the limits 5, 8 and above 16",
            ),
        ),
    ),
    compute=harvey_bradshaw,
)
