"""Modified Rankin Scale: disability after a stroke."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result
from tools.calculators.common import choice
from tools.calculators.reference import Reference, Verified

DISABILITY = {
    "0": "no symptoms",
    "1": "symptoms, but all usual activities",
    "2": "not all previous activities, looks after own affairs",
    "3": "needs some help, walks without help",
    "4": "cannot walk or see to bodily needs without help",
    "5": "bedridden, incontinent, constant nursing care",
    "6": "dead",
}


def modified_rankin(disability: str) -> Outcome:
    """Grade 0 to 6."""
    return Outcome(float(disability))


CALCULATOR = Calculator(
    name="modified_rankin",
    title="Modified Rankin Scale",
    synonyms=("mRS", "modified Rankin score", "Rankin scale"),
    purpose="Grades how disabled or dependent a patient is in daily life after a stroke.",
    specialty="neurology",
    inputs=(
        choice(
            "disability", "Disability", DISABILITY, ask="Which of the seven grades of disability?", max_age_days=180
        ),
    ),
    result=Result(
        "Modified Rankin Scale",
        source="doi:10.1161/01.str.19.5.604",
        bands=(
            Band("no symptoms"),
            Band("no significant disability", 1),
            Band("slight disability", 2),
            Band("moderate disability", 3),
            Band("moderately severe disability", 4),
            Band("severe disability", 5),
            Band("dead", 6),
        ),
    ),
    references=(
        Reference(
            (
                "van Swieten JC, et al. Interobserver agreement for the assessment of handicap in stroke "
                "patients. Stroke 1988;19:604-607."
            ),
            "definition",
            doi="10.1161/01.str.19.5.604",
            pmid="3363593",
            verified=Verified(
                "https://www.sralab.org/rehabilitation-measures/modified-rankin-handicap-scale",
                "2026-11-22",
                "Shirley Ryan AbilityLab; AJNR (table of a study) for 6 as dead",
                "the definitions of grades 0 to 5; 6 is death",
            ),
        ),
    ),
    compute=modified_rankin,
)
