"""Grade group of prostate cancer from the Gleason patterns."""

from __future__ import annotations

from tools.calculators.base import Calculator, Code, Outcome, Result, Term
from tools.calculators.common import (
    choice,
)
from tools.calculators.reference import Reference, Verified

PATTERNS = {"3": "pattern 3", "4": "pattern 4", "5": "pattern 5"}


def gleason_grade_group(gleason_primary: str, gleason_secondary: str) -> Outcome:
    """1 to 5, from the most common and the second pattern."""
    first, second = int(gleason_primary), int(gleason_secondary)
    score = first + second
    if score <= 6:
        group = "1"
    elif score == 7:
        group = "2" if first == 3 else "3"
    else:
        group = "4" if score == 8 else "5"
    return Outcome(group, (Term("Gleason score", float(score)),))


CALCULATOR = Calculator(
    name="gleason_grade_group",
    title="Gleason grade group",
    synonyms=("ISUP grade", "ISUP grade group", "grade group", "Gleason score"),
    purpose="Turns the two Gleason patterns of a prostate biopsy into one of five grade groups.",
    specialty="urology",
    inputs=(
        choice("gleason_primary", "Most common pattern", PATTERNS, ask="The most common Gleason pattern?"),
        choice("gleason_secondary", "Second pattern", PATTERNS, ask="The second Gleason pattern?"),
    ),
    result=Result(
        "Grade group",
        source="https://edu.isupweb.org/en/course/grading-of-prostate-cancer/?slide=19",
        codes=(
            Code("1", "grade group 1", "Gleason score 6"),
            Code("2", "grade group 2", "Gleason score 3+4"),
            Code("3", "grade group 3", "Gleason score 4+3"),
            Code("4", "grade group 4", "Gleason score 8"),
            Code("5", "grade group 5", "Gleason score 9 or 10"),
        ),
    ),
    references=(
        Reference(
            "International Society of Urological Pathology: grading of prostate cancer (course), slide 19.",
            "definition",
            url="https://edu.isupweb.org/en/course/grading-of-prostate-cancer/?slide=19",
            verified=Verified(
                "https://edu.isupweb.org/en/course/grading-of-prostate-cancer/?slide=19",
                "2026-11-22",
                "International Society of Urological Pathology",
                "which Gleason score is which grade group, 3+4 and 4+3 apart",
            ),
        ),
    ),
    compute=gleason_grade_group,
)
