"""Modified MRC scale of breathlessness."""

from __future__ import annotations

from tools.calculators.base import Calculator, Code, Outcome, Result
from tools.calculators.common import (
    choice,
)
from tools.calculators.reference import Reference, Verified

GRADES = {
    "0": "breathless only with strenuous exercise",
    "1": "breathless when hurrying on the level or walking up a slight hill",
    "2": "slower than people of the same age on the level, or stops for breath at own pace",
    "3": "stops for breath after about 100 yards or a few minutes on the level",
    "4": "too breathless to leave the house, or breathless when dressing",
}


def mmrc(mmrc_grade: str) -> Outcome:
    """The grade itself."""
    return Outcome(mmrc_grade)


CALCULATOR = Calculator(
    name="mmrc",
    title="mMRC dyspnoea scale",
    synonyms=("mMRC", "MRC dyspnea scale", "modified Medical Research Council", "breathlessness scale"),
    purpose="Grades breathlessness in daily life, as in chronic obstructive pulmonary disease.",
    specialty="respiratory medicine",
    inputs=(choice("mmrc_grade", "Breathlessness", GRADES, ask="What makes you breathless?", max_age_days=90),),
    result=Result(
        "mMRC",
        source="doi:10.1186/1465-9921-10-1",
        codes=tuple(Code(grade, f"grade {grade}", meaning) for grade, meaning in GRADES.items()),
    ),
    references=(
        Reference(
            "BODE index versus GOLD classification for explaining anxious and depressive symptoms in patients with "
            "COPD. "
            "Respir Res 2009;10:1 (table 1).",
            "definition",
            doi="10.1186/1465-9921-10-1",
            verified=Verified(
                "https://respiratory-research.biomedcentral.com/articles/10.1186/1465-9921-10-1/tables/1",
                "2026-11-22",
                "the journal, footnote of the table",
                "the five grades from 0 to 4",
            ),
        ),
    ),
    compute=mmrc,
)
