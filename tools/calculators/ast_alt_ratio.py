"""Ratio of AST to ALT."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, Term
from tools.calculators.fib_4 import ALT, AST
from tools.calculators.reference import Reference, Verified


def ast_alt_ratio(ast: float, alt: float) -> Outcome:
    """Dimensionless."""
    return Outcome(ast / alt, (Term("AST", ast, "U/L"), Term("ALT", alt, "U/L")))


CALCULATOR = Calculator(
    name="ast_alt_ratio",
    title="AST/ALT ratio",
    synonyms=("AAR", "De Ritis ratio", "AST to ALT ratio", "ASAT ALAT ratio"),
    purpose="Divides one aminotransferase by the other, a first look at fibrosis in fatty liver disease.",
    specialty="hepatology",
    inputs=(AST, ALT),
    result=Result(
        "AST/ALT",
        decimals=2,
        source="doi:10.1136/gut.2007.146019",
        bands=(Band("below 0.8"), Band("0.8 or more: advanced fibrosis more likely in fatty liver disease", 0.8)),
    ),
    references=(
        Reference(
            "Harrison SA, et al. Development and validation of a simple NAFLD clinical scoring system for identifying "
            "patients without advanced disease. Gut 2008;57:1441-1447.",
            "bands",
            doi="10.1136/gut.2007.146019",
            pmid="18390575",
            verified=Verified(
                "https://gut.bmj.com/content/57/10/1441",
                "2026-11-22",
                "Gut, abstract",
                "a ratio of 0.8 or more was associated with advanced fibrosis with an odds ratio of at least 2.4",
            ),
        ),
    ),
    compute=ast_alt_ratio,
)
