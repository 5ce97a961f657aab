"""FeverPAIN score for sore throat."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Population, Result, points
from tools.calculators.common import boolean
from tools.calculators.reference import Reference, Verified


def feverpain(
    fever_24h: bool,
    purulence: bool,
    attended_within_3_days: bool,
    severely_inflamed_tonsils: bool,
    cough_or_coryza: bool,
) -> Outcome:
    """0 to 5 points."""
    return points(
        ("Fever in the last 24 hours", fever_24h, 1),
        ("Purulence", purulence, 1),
        ("Attended within 3 days", attended_within_3_days, 1),
        ("Severely inflamed tonsils", severely_inflamed_tonsils, 1),
        ("No cough or coryza", not cough_or_coryza, 1),
    )


CALCULATOR = Calculator(
    name="feverpain",
    title="FeverPAIN score",
    synonyms=("FeverPAIN", "fever pain score"),
    purpose="Scores how likely streptococci are in acute sore throat from five findings.",
    specialty="general practice",
    inputs=(
        boolean("fever_24h", "Fever in the last 24 hours", ask="Fever in the last 24 hours?"),
        boolean("purulence", "Purulence", ask="Pus on the tonsils?"),
        boolean("attended_within_3_days", "Attended within 3 days", ask="Seen within 3 days of the first symptom?"),
        boolean("severely_inflamed_tonsils", "Severely inflamed tonsils", ask="Are the tonsils severely inflamed?"),
        boolean("cough_or_coryza", "Cough or coryza", ask="Is there a cough or coryza?"),
    ),
    population=Population("people of 3 years or older with an acute sore throat"),
    result=Result(
        "FeverPAIN",
        noun="points",
        source="https://www.nice.org.uk/guidance/ng84",
        bands=(
            Band("13 to 18% isolate streptococci"),
            Band("34 to 40% isolate streptococci", 2),
            Band("62 to 65% isolate streptococci", 4),
        ),
    ),
    references=(
        Reference(
            "NICE NG84. Sore throat (acute): antimicrobial prescribing. Terms used in the guideline.",
            "bands",
            url="https://www.nice.org.uk/guidance/ng84",
            verified=Verified(
                "https://nice.org.uk/guidance/ng84/chapter/terms-used-in-the-guideline",
                "2026-11-22",
                "NICE",
                "the five criteria, a point each; 13 to 18 % at 0 or 1, 34 to 40 % at 2 or 3, 62 to 65 % at 4 or 5",
            ),
        ),
        Reference(
            "Little P, et al. Clinical score and rapid antigen detection test to guide antibiotic use "
            "for sore throats (PRISM). BMJ 2013;347:f5806.",
            "validation",
            doi="10.1136/bmj.f5806",
            unverified="the trial itself was not read",
        ),
    ),
    compute=feverpain,
)
