"""R factor: pattern of liver injury."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, Term
from tools.calculators.common import quantity
from tools.calculators.fib_4 import ALT
from tools.calculators.reference import Reference, Verified


def r_factor(alt: float, alt_upper_limit: float, alp: float, alp_upper_limit: float) -> Outcome:
    """Dimensionless; U/L."""
    first, second = alt / alt_upper_limit, alp / alp_upper_limit
    flat = ("Neither enzyme is raised: there is no pattern of injury to name",) if first <= 1 and second <= 1 else ()
    return Outcome(
        first / second, (Term("ALT over its upper limit", first), Term("ALP over its upper limit", second)), flat
    )


CALCULATOR = Calculator(
    name="r_factor",
    title="R factor for liver injury",
    synonyms=("R factor", "R value", "R ratio", "pattern of liver injury"),
    purpose="Tells hepatocellular from cholestatic and mixed liver injury by ALT and alkaline phosphatase.",
    specialty="hepatology",
    inputs=(
        ALT.but(max_age_days=14),
        quantity(
            "alt_upper_limit",
            "Upper limit of normal of ALT",
            "U/L",
            plausible=(20, 70),
            possible=(10, 120),
            monotone=True,
            ask="The laboratory's own upper limit?",
            example={"value": 40, "unit": "U/L"},
        ),
        quantity(
            "alp",
            "Alkaline phosphatase",
            "U/L",
            plausible=(20, 2000),
            possible=(5, 10000),
            monotone=True,
            max_age_days=14,
            codings=("loinc:6768-6",),
            example={"value": 110, "unit": "U/L"},
        ),
        quantity(
            "alp_upper_limit",
            "Upper limit of normal of alkaline phosphatase",
            "U/L",
            plausible=(80, 400),
            possible=(40, 600),
            monotone=True,
            ask="The laboratory's own upper limit?",
            example={"value": 120, "unit": "U/L"},
        ),
    ),
    notes=("For raised enzymes, by those of the same sample",),
    example_inputs={"alt": {"value": 400, "unit": "U/L"}},
    result=Result(
        "R factor",
        decimals=1,
        source="doi:10.1038/ajg.2014.131",
        bands=(Band("cholestatic (2 or less)"), Band("mixed", above=2), Band("hepatocellular (5 or more)", 5)),
    ),
    references=(
        Reference(
            "Chalasani NP, et al. ACG clinical guideline: the diagnosis and management of idiosyncratic "
            "drug-induced liver injury. Am J Gastroenterol 2014;109:950-966.",
            "definition",
            doi="10.1038/ajg.2014.131",
            verified=Verified(
                "https://empendium.com/mcmtextbook/table/031_4013",
                "2026-11-22",
                "McMaster Textbook of Internal Medicine, table 7.3-6, after the guideline",
                "ALT over its limit to ALP over its limit; 5 or more hepatocellular, 2 or less cholestatic, "
                "mixed between",
            ),
        ),
    ),
    compute=r_factor,
)
