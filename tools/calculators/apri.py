"""APRI: AST to platelet ratio index."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.common import quantity
from tools.calculators.fib_4 import AST, PLATELETS
from tools.calculators.reference import Reference, Verified


def apri(ast: float, ast_upper_limit: float, platelets: float) -> Outcome:
    """Dimensionless; U/L, 10^9/L."""
    return Outcome(
        ast / ast_upper_limit / platelets * 100.0, (Term("AST over its upper limit", ast / ast_upper_limit),)
    )


CALCULATOR = Calculator(
    name="apri",
    title="APRI",
    synonyms=("AST to platelet ratio index", "AST platelet ratio"),
    purpose="Relates AST to the platelet count, an estimate of liver fibrosis in chronic hepatitis.",
    specialty="hepatology",
    inputs=(
        AST,
        quantity(
            "ast_upper_limit",
            "Upper limit of normal of AST",
            "U/L",
            plausible=(20, 60),
            possible=(10, 100),
            monotone=True,
            ask="The laboratory's own upper limit?",
            example={"value": 40, "unit": "U/L"},
        ),
        PLATELETS,
    ),
    notes=("Limits differ between diseases and guidelines, and none is given here",),
    result=Result("APRI", decimals=2),
    references=(
        Reference(
            "Wai CT, et al. A simple noninvasive index can predict both significant fibrosis and "
            "cirrhosis in patients with chronic hepatitis C. Hepatology 2003;38:518-526.",
            "derivation",
            doi="10.1053/jhep.2003.50346",
            pmid="12883497",
            verified=Verified(
                "https://pmc.ncbi.nlm.nih.gov/articles/PMC3286137/table/T1",
                "2026-11-22",
                "PubMed Central, table 1",
                "AST over its upper limit, over platelets in 10^9/L, times 100",
            ),
        ),
    ),
    compute=apri,
)
