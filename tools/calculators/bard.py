"""BARD: advanced fibrosis in non-alcoholic fatty liver disease."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Population, Result, points
from tools.calculators.body_inputs import BMI
from tools.calculators.common import (
    boolean,
)
from tools.calculators.fib_4 import ALT, AST
from tools.calculators.reference import Reference, Verified


def bard(bmi: float, ast: float, alt: float, diabetes: bool) -> Outcome:
    """0 to 4 points."""
    return points(
        ("BMI 28 or more", bmi >= 28, 1),
        ("AST/ALT 0.8 or more", ast / alt >= 0.8, 2),
        ("Diabetes", diabetes, 1),
    )


CALCULATOR = Calculator(
    name="bard",
    title="BARD score",
    synonyms=("BARD", "NAFLD BARD score"),
    purpose="Scores how likely advanced fibrosis is in fatty liver disease, from body mass index, AST and ALT and "
    "diabetes.",
    specialty="hepatology",
    inputs=(BMI.but(cuts=(28.0,)), AST, ALT, boolean("diabetes", "Diabetes")),
    population=Population("patients with non-alcoholic (metabolic) fatty liver disease"),
    result=Result(
        "BARD",
        noun="points",
        source="doi:10.1136/gut.2007.146019",
        bands=(Band("0 or 1: advanced fibrosis unlikely"), Band("2 to 4: advanced fibrosis more likely", 2)),
    ),
    references=(
        Reference(
            "Harrison SA, et al. Development and validation of a simple NAFLD clinical scoring system for identifying "
            "patients without advanced disease. Gut 2008;57:1441-1447.",
            "derivation",
            doi="10.1136/gut.2007.146019",
            pmid="18390575",
            verified=Verified(
                "https://gut.bmj.com/content/57/10/1441",
                "2026-11-22",
                "Gut, abstract",
                "the three items with their points; 2 to 4 had an odds ratio of 17 and a negative predictive value "
                "of 96 %",
            ),
        ),
    ),
    compute=bard,
)
