"""FIB-4: a first estimate of liver fibrosis from routine blood tests."""

from __future__ import annotations

import math

from tools.calculators.base import ADULTS, Band, Calculator, Outcome, Result, Term
from tools.calculators.common import AGE, quantity
from tools.calculators.reference import Reference, Verified

AST = quantity(
    "ast",
    "AST",
    "U/L",
    plausible=(5, 2000),
    possible=(1, 30000),
    monotone=True,
    max_age_days=365,
    codings=("loinc:1920-8",),
    example={"value": 38, "unit": "U/L"},
)
ALT = quantity(
    "alt",
    "ALT",
    "U/L",
    plausible=(5, 2000),
    possible=(1, 30000),
    monotone=True,
    max_age_days=365,
    codings=("loinc:1742-6",),
    example={"value": 42, "unit": "U/L"},
)
PLATELETS = quantity(
    "platelets", "Platelet count", "10*9/L", analyte="platelets", plausible=(10, 1000), possible=(1, 3000),
    monotone=True, max_age_days=365, codings=("loinc:777-3", "loinc:26515-7"),
    example={"value": 210, "unit": "10*9/L"},
)  # fmt: skip


def fib_4(age: float, ast: float, alt: float, platelets: float) -> Outcome:
    """Age x AST / (platelets x square root of ALT); U/L, 10^9/L."""
    terms = (Term("Age × AST", age * ast), Term("Platelets × √ALT", platelets * math.sqrt(alt)))
    return Outcome(age * ast / (platelets * math.sqrt(alt)), terms)


CALCULATOR = Calculator(
    name="fib_4",
    title="FIB-4",
    synonyms=("fibrosis-4", "FIB4", "fibrosis index", "liver fibrosis score"),
    purpose="Estimates the probability of advanced liver fibrosis of an adult with chronic liver disease from age, "
    "AST, ALT and platelets.",
    specialty="hepatology",
    inputs=(AGE.but(plausible=(36, 110)), AST, ALT, PLATELETS),
    population=ADULTS,
    notes=("Bands for 36 to 64 years; from 65 years the low band ends at 2.0, and up to 35 years it performs poorly",),
    result=Result(
        "FIB-4",
        decimals=2,
        source="http://gihep.com/calculators/hepatology/fibrosis-4-score/",
        bands=(
            Band("low risk of advanced fibrosis"),
            Band("intermediate risk of advanced fibrosis", 1.3),
            Band("high risk of advanced fibrosis", above=2.67),
        ),
    ),
    references=(
        Reference(
            "GIHep, Fibrosis 4 score: formula and limits.",
            "bands",
            url="http://gihep.com/calculators/hepatology/fibrosis-4-score/",
            verified=Verified(
                "http://gihep.com/calculators/hepatology/fibrosis-4-score/",
                "2026-11-22",
                "GIHep",
                "the formula; below 1.30 low, above 2.67 high, intermediate between, at 36 to 64 years; 2 above 64",
            ),
        ),
        Reference(
            "McPherson S, et al. Age as a confounding factor for the accurate non-invasive diagnosis of advanced NAFLD "
            "fibrosis. Am J Gastroenterol 2017;112:740-751.",
            "validation",
            doi="10.1038/ajg.2016.453",
            verified=Verified(
                "http://epos-nafld.eu/index.php/publications/doc_details/60-age-as-a-confounding-factor-for-the-accurate-non-invasive-diagnosis-of-advanced-nafld-fibrosis?tmpl=component",
                "2026-11-22",
                "the EPoS consortium, abstract",
                "poor performance up to 35 years; a cut-off of 2.0 from 65 years",
            ),
        ),
    ),
    compute=fib_4,
)
