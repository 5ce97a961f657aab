"""Palliative Prognostic Index: survival in advanced cancer."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, Term
from tools.calculators.common import (
    boolean,
    choice,
    quantity,
)
from tools.calculators.reference import Reference, Verified

INTAKE = {"normal": "normal", "moderate": "moderately reduced", "severe": "severely reduced (mouthfuls or less)"}


def palliative_prognostic_index(
    palliative_performance: float, oral_intake: str, oedema: bool, dyspnoea_at_rest: bool, delirium: bool
) -> Outcome:
    """0 to 15 points; the performance scale in per cent."""
    worth = {
        "Palliative performance scale": 4.0
        if palliative_performance <= 20
        else 2.5
        if palliative_performance <= 50
        else 0,
        "Oral intake": {"normal": 0, "moderate": 1.0, "severe": 2.5}[oral_intake],
        "Oedema": 1.0 if oedema else 0,
        "Breathless at rest": 3.5 if dyspnoea_at_rest else 0,
        "Delirium": 4.0 if delirium else 0,
    }
    return Outcome(float(sum(worth.values())), tuple(Term(name, float(each), "points") for name, each in worth.items()))


CALCULATOR = Calculator(
    name="palliative_prognostic_index",
    title="Palliative Prognostic Index",
    synonyms=("PPI", "palliative prognosis", "survival in terminal cancer"),
    purpose="Scores how many weeks a patient with terminal cancer is likely to live.",
    specialty="palliative medicine",
    inputs=(
        quantity(
            "palliative_performance",
            "Palliative performance scale",
            "%",
            plausible=(10, 100),
            possible=(0, 100),
            cuts=(20.0, 50.0),
            max_age_days=7,
            example={"value": 60, "unit": "%"},
        ),
        choice("oral_intake", "Oral intake", INTAKE, ask="How much does the patient eat?", max_age_days=7),
        boolean("oedema", "Oedema", ask="Is there oedema?", max_age_days=7),
        boolean("dyspnoea_at_rest", "Breathless at rest", ask="Breathless at rest?", max_age_days=7),
        boolean("delirium", "Delirium", ask="Is there delirium?", max_age_days=7),
    ),
    notes=("The scale goes in steps of 10; a value between two steps is read as the higher one",),
    result=Result(
        "PPI",
        noun="points",
        decimals=1,
        source="https://pressbooks.gvsu.edu/palliativecarenotes/chapter/palliative-prognostic-index-ppi",
        bands=(
            Band("group A"),
            Band("group B", above=2),
            Band("group C: less than 6 weeks expected", above=4),
            Band("group C: less than 3 weeks expected", above=6),
        ),
    ),
    references=(
        Reference(
            "Morita T, et al. The Palliative Prognostic Index: a scoring system for survival prediction of terminally "
            "ill cancer patients. Support Care Cancer 1999;7:128-133.",
            "derivation",
            url="https://pressbooks.gvsu.edu/palliativecarenotes/chapter/palliative-prognostic-index-ppi",
            verified=Verified(
                "https://pressbooks.gvsu.edu/palliativecarenotes/chapter/palliative-prognostic-index-ppi",
                "2026-11-22",
                "palliative care notes of Grand Valley State University",
                "the five items with their points, the three groups and the survival expected above 4 and 6",
            ),
        ),
    ),
    compute=palliative_prognostic_index,
)
