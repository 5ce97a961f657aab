"""McIsaac score: the Centor criteria adjusted for age."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Population, Result, points
from tools.calculators.common import AGE, boolean
from tools.calculators.reference import Reference, Verified


def centor_mcisaac(
    age: float, temperature_above_38: bool, cough: bool, tender_anterior_nodes: bool, tonsillar_exudate: bool
) -> Outcome:
    """-1 to 5 points."""
    return points(
        ("Age under 15", age < 15, 1),
        ("Age 45 or more", age >= 45, -1),
        ("Fever above 38 °C", temperature_above_38, 1),
        ("No cough", not cough, 1),
        ("Tender anterior cervical nodes", tender_anterior_nodes, 1),
        ("Tonsillar exudate or swelling", tonsillar_exudate, 1),
    )


CALCULATOR = Calculator(
    name="centor_mcisaac",
    title="McIsaac score (modified Centor)",
    synonyms=("Centor score", "modified Centor", "McIsaac score", "strep throat score"),
    purpose="Scores how likely group A streptococcus is in a sore throat from four signs and age.",
    specialty="general practice",
    inputs=(
        AGE.but(cuts=(15.0, 45.0), plausible=(3, 110)),
        boolean("temperature_above_38", "Fever above 38 °C", ask="Temperature above 38 °C, measured or by history?"),
        boolean("cough", "Cough", ask="Is there a cough?"),
        boolean(
            "tender_anterior_nodes", "Tender anterior cervical nodes", ask="Swollen, tender anterior cervical nodes?"
        ),
        boolean("tonsillar_exudate", "Tonsillar exudate or swelling", ask="Exudate or swelling of the tonsils?"),
    ),
    population=Population("people of 3 years or older with a sore throat", at_least={"age": 3}),
    result=Result("McIsaac score", noun="points"),
    references=(
        Reference(
            "McIsaac WJ, et al. A clinical score to reduce unnecessary antibiotic use in patients with "
            "sore throat. CMAJ 1998;158:75-83.",
            "derivation",
            pmid="9475915",
            verified=Verified(
                "https://scottishpaeds.org.uk/tag/strep/",
                "2026-11-22",
                "Scottish Paediatrics; NICE NG84 for the four signs; Guideline Central for swelling and "
                "fever above 38 °C",
                "a point for fever, no cough, exudate and tender anterior nodes; one more under 15 years and "
                "one less from 45",
            ),
        ),
    ),
    compute=centor_mcisaac,
)
