"""PHQ-2: two questions that screen for depression."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result
from tools.calculators.common import (
    choice,
)
from tools.calculators.phq_9 import ITEMS
from tools.calculators.questionnaire import FREQUENCY, total
from tools.calculators.reference import Reference, Verified


def phq_2(interest: str, mood: str) -> Outcome:
    """0 to 6 points."""
    return total({ITEMS["interest"]: interest, ITEMS["mood"]: mood})


CALCULATOR = Calculator(
    name="phq_2",
    title="PHQ-2",
    synonyms=("PHQ 2", "two-question depression screen", "patient health questionnaire 2"),
    purpose="Screens for depression with two questions about the last two weeks.",
    specialty="psychiatry",
    inputs=tuple(
        choice(name, ITEMS[name], FREQUENCY, ask=f"{ITEMS[name]}, in the last two weeks?", max_age_days=14)
        for name in ("interest", "mood")
    ),
    notes=("A screen, not a diagnosis; from 2 points it finds more depressed patients and errs more often",),
    result=Result(
        "PHQ-2",
        noun="points",
        source="https://pmc.ncbi.nlm.nih.gov/articles/PMC2906530",
        bands=(Band("below 3"), Band("3 or more: positive screen", 3)),
    ),
    references=(
        Reference(
            "Arroll B, et al. Validation of PHQ-2 and PHQ-9 to screen for major depression in the primary care "
            "population. Ann Fam Med 2010;8:348-353.",
            "validation",
            url="https://pmc.ncbi.nlm.nih.gov/articles/PMC2906530",
            verified=Verified(
                "https://pmc.ncbi.nlm.nih.gov/articles/PMC2906530",
                "2026-11-22",
                "the journal, abstract; the two questions at Hindawi, table 1 of 695925",
                "the first two questions of the PHQ-9; sensitivity 61 % and specificity 92 % from 3, 86 and 78 % "
                "from 2",
            ),
        ),
    ),
    compute=phq_2,
)
