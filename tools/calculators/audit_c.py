"""AUDIT-C: three questions on drinking."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result
from tools.calculators.common import choice
from tools.calculators.questionnaire import total
from tools.calculators.reference import Reference, Verified

OFTEN = {
    "0": "never",
    "1": "monthly or less",
    "2": "2 to 4 times a month",
    "3": "2 to 3 times a week",
    "4": "4 or more times a week",
}
DRINKS = {"0": "1 or 2", "1": "3 or 4", "2": "5 or 6", "3": "7 to 9", "4": "10 or more"}
BINGES = {"0": "never", "1": "less than monthly", "2": "monthly", "3": "weekly", "4": "daily or almost daily"}


def audit_c(drinking_frequency: str, drinks_per_day: str, six_or_more: str) -> Outcome:
    """0 to 12 points."""
    return total(
        {"How often": drinking_frequency, "Drinks on a typical day": drinks_per_day, "Six or more": six_or_more}
    )


CALCULATOR = Calculator(
    name="audit_c",
    title="AUDIT-C",
    synonyms=("AUDIT C", "alcohol screening questions"),
    purpose="Scores three questions on drinking, to find hazardous use of alcohol.",
    specialty="general practice",
    inputs=(
        choice("drinking_frequency", "How often a drink", OFTEN, ask="How often a drink containing alcohol?"),
        choice("drinks_per_day", "Drinks on a typical day", DRINKS, ask="How many drinks on a day of drinking?"),
        choice("six_or_more", "Six or more drinks", BINGES, ask="How often six or more drinks on one occasion?"),
    ),
    notes=("Positive from 4 points in men and 3 in women; the United Kingdom counts units and takes 5 for both",),
    result=Result("AUDIT-C", noun="points"),
    references=(
        Reference(
            "Bush K, et al. The AUDIT alcohol consumption questions (AUDIT-C): an effective brief "
            "screening test for problem drinking. Arch Intern Med 1998;158:1789-1795.",
            "derivation",
            doi="10.1001/archinte.158.16.1789",
            verified=Verified(
                "https://primarycare.ementalhealth.ca/index.php?ID=58&hideFormatting=1&m=printSurveyScoring",
                "2026-11-22",
                "eMentalHealth.ca; Victory Bay and GPnotebook for the answers",
                "three questions of 0 to 4 points; positive from 4 in men and 3 in women",
            ),
        ),
    ),
    compute=audit_c,
)
