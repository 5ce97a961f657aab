"""Mayo score: activity of ulcerative colitis, with endoscopy."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result
from tools.calculators.mayo_items import MUCOSAL, PHYSICIAN, RECTAL_BLEEDING, STOOL_FREQUENCY
from tools.calculators.questionnaire import total
from tools.calculators.reference import Reference, Verified


def mayo_score(
    stool_frequency_change: str, rectal_bleeding_grade: str, mucosal_appearance: str, physician_global: str
) -> Outcome:
    """0 to 12 points."""
    return total(
        {
            "Stool frequency": stool_frequency_change,
            "Rectal bleeding": rectal_bleeding_grade,
            "Mucosa": mucosal_appearance,
            "Physician's assessment": physician_global,
        }
    )


CALCULATOR = Calculator(
    name="mayo_score",
    title="Mayo score (ulcerative colitis)",
    synonyms=("full Mayo score", "Mayo clinic score", "disease activity index ulcerative colitis"),
    purpose="Scores how active ulcerative colitis is, from stools, bleeding, endoscopy and the physician's view.",
    specialty="gastroenterology",
    inputs=(STOOL_FREQUENCY, RECTAL_BLEEDING, MUCOSAL, PHYSICIAN),
    notes=("Remission also asks that no item is above 1",),
    result=Result(
        "Mayo score",
        noun="points",
        source="https://gut.bmj.com/highwire/markup/226899/expansion",
        bands=(
            Band("2 or less"),
            Band("mild activity", 3),
            Band("moderate activity", 6),
            Band("severe activity", 11),
        ),
    ),
    references=(
        Reference(
            "Mayo score for ulcerative colitis. Gut (table 2); used in Rutgeerts P, et al. N Engl J Med "
            "2005;353:2462-2476.",
            "definition",
            url="https://gut.bmj.com/highwire/markup/226899/expansion",
            verified=Verified(
                "https://gut.bmj.com/highwire/markup/226899/expansion",
                "2026-11-22",
                "Gut; the same items in BMC Gastroenterology, table 1 of s12876-018-0890-z",
                "the four items with their points, remission, and mild 3 to 5, moderate 6 to 10, severe 11 or 12",
            ),
        ),
    ),
    compute=mayo_score,
)
