"""Partial Mayo score: activity of ulcerative colitis, without endoscopy."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result
from tools.calculators.mayo_items import PHYSICIAN, RECTAL_BLEEDING, STOOL_FREQUENCY
from tools.calculators.questionnaire import total
from tools.calculators.reference import Reference, Verified


def mayo_partial(stool_frequency_change: str, rectal_bleeding_grade: str, physician_global: str) -> Outcome:
    """0 to 9 points."""
    return total(
        {
            "Stool frequency": stool_frequency_change,
            "Rectal bleeding": rectal_bleeding_grade,
            "Physician's assessment": physician_global,
        }
    )


CALCULATOR = Calculator(
    name="mayo_partial",
    title="Partial Mayo score (ulcerative colitis)",
    synonyms=("partial Mayo", "pMayo", "non-invasive Mayo score"),
    purpose="Scores how active ulcerative colitis is without an endoscopy, from stools, bleeding and the physician's "
    "view.",
    specialty="gastroenterology",
    inputs=(STOOL_FREQUENCY, RECTAL_BLEEDING, PHYSICIAN),
    result=Result("Partial Mayo score", noun="points"),
    references=(
        Reference(
            "Components of the modified Mayo score. BMC Gastroenterol (table 1 of s12876-018-0890-z).",
            "definition",
            doi="10.1186/s12876-018-0890-z",
            verified=Verified(
                "https://bmcgastroenterol.biomedcentral.com/articles/10.1186/s12876-018-0890-z/tables/1",
                "2026-11-22",
                "the journal",
                "the items with their points, and that the partial score leaves out the mucosa",
            ),
        ),
    ),
    compute=mayo_partial,
)
