"""Modified Mallampati class of the airway."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result
from tools.calculators.common import choice
from tools.calculators.reference import Reference, Verified

PHARYNGEAL_VIEW = {
    "1": "soft palate, fauces, uvula and pillars",
    "2": "soft palate, fauces and uvula",
    "3": "soft palate and base of the uvula",
    "4": "hard palate only",
}


def mallampati(pharyngeal_view: str) -> Outcome:
    """Class 1 to 4."""
    return Outcome(float(pharyngeal_view))


CALCULATOR = Calculator(
    name="mallampati",
    title="Mallampati class",
    synonyms=("Mallampati", "modified Mallampati", "Samsoon and Young classification"),
    purpose="Classes how much of the throat is seen with the mouth open, before intubation.",
    specialty="anaesthesia",
    inputs=(
        choice(
            "pharyngeal_view",
            "View with the mouth open",
            PHARYNGEAL_VIEW,
            ask="What is seen with the mouth wide open and the tongue out?",
        ),
    ),
    notes=("One test among several: used alone it predicts about half of difficult laryngoscopies",),
    result=Result(
        "Mallampati class",
        source="doi:10.1007/BF03011357",
        bands=(
            Band("not associated with difficult laryngoscopy"),
            Band("associated with difficult laryngoscopy", 3),
        ),
    ),
    references=(
        Reference(
            (
                "Mallampati SR, et al. A clinical sign to predict difficult tracheal intubation: a prospective "
                "study. Can Anaesth Soc J 1985;32:429-434; fourth class by Samsoon and Young 1987."
            ),
            "derivation",
            doi="10.1007/BF03011357",
            pmid="4027773",
            verified=Verified(
                "https://trialsjournal.biomedcentral.com/articles/10.1186/s13063-020-04468-y/tables/2",
                "2026-11-22",
                (
                    "Trials, table 2; e-SAFE (Royal College of Anaesthetists) for classes 3 and 4 as those of more "
                    "difficult laryngoscopy"
                ),
                "the structures seen in each class",
            ),
        ),
    ),
    compute=mallampati,
)
