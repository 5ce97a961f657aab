"""GAD-2: two questions that screen for anxiety."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result
from tools.calculators.common import (
    choice,
)
from tools.calculators.gad_7 import ITEMS
from tools.calculators.questionnaire import FREQUENCY, total
from tools.calculators.reference import Reference, Verified


def gad_2(nervous: str, control: str) -> Outcome:
    """0 to 6 points."""
    return total({ITEMS["nervous"]: nervous, ITEMS["control"]: control})


CALCULATOR = Calculator(
    name="gad_2",
    title="GAD-2",
    synonyms=("GAD 2", "two-question anxiety screen", "generalized anxiety disorder 2"),
    purpose="Screens for an anxiety disorder with two questions about the last two weeks.",
    specialty="psychiatry",
    inputs=tuple(
        choice(name, ITEMS[name], FREQUENCY, ask=f"{ITEMS[name]}, in the last two weeks?", max_age_days=14)
        for name in ("nervous", "control")
    ),
    notes=("A screen, not a diagnosis",),
    result=Result(
        "GAD-2",
        noun="points",
        source="https://ips-institute.org/eval-concept/gad-2/",
        bands=(Band("below 3"), Band("3 or more: positive screen", 3)),
    ),
    references=(
        Reference(
            "Kroenke K, et al. Anxiety disorders in primary care: prevalence, impairment, comorbidity, and detection. "
            "Ann Intern Med 2007;146:317-325.",
            "derivation",
            url="https://ips-institute.org/eval-concept/gad-2/",
            verified=Verified(
                "https://ips-institute.org/eval-concept/gad-2/",
                "2026-11-22",
                "IPS Institute, which also states that no permission is needed; Skyscape for the same limit",
                "the two questions of 0 to 3 points, and 3 as the preferred limit",
            ),
        ),
    ),
    compute=gad_2,
)
