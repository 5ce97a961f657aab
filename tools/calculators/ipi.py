"""International Prognostic Index of aggressive lymphoma."""

from __future__ import annotations

from tools.calculators.base import ADULTS, Band, Calculator, Outcome, Result, points
from tools.calculators.common import (
    AGE,
    boolean,
)
from tools.calculators.ecog_grades import ECOG
from tools.calculators.reference import Reference, Verified


def ipi(age: float, ldh_raised: bool, advanced_stage: bool, extranodal_sites: bool, ecog_performance: str) -> Outcome:
    """0 to 5 points."""
    return points(
        ("Age above 60", age > 60, 1),
        ("LDH above normal", ldh_raised, 1),
        ("Stage III or IV", advanced_stage, 1),
        ("More than 1 extranodal site", extranodal_sites, 1),
        ("ECOG 2 or worse", int(ecog_performance) >= 2, 1),
    )


CALCULATOR = Calculator(
    name="ipi",
    title="International Prognostic Index (IPI)",
    synonyms=("IPI", "aggressive lymphoma prognostic index", "NHL prognostic index", "DLBCL IPI"),
    purpose="Scores the prognosis of an adult with aggressive non-Hodgkin lymphoma, such as diffuse large B-cell "
    "lymphoma.",
    specialty="oncology",
    inputs=(
        AGE.but(cuts=(60.0,), plausible=(18, 110)),
        boolean("ldh_raised", "LDH above normal", ask="Is LDH above the upper limit of normal?"),
        boolean("advanced_stage", "Ann Arbor stage III or IV", ask="Is the Ann Arbor stage III or IV?"),
        boolean("extranodal_sites", "More than 1 extranodal site", ask="Is more than one extranodal site involved?"),
        ECOG,
    ),
    population=ADULTS,
    result=Result(
        "IPI",
        noun="points",
        source="pmid:8141877",
        bands=(
            Band("low risk"),
            Band("low-intermediate risk", 2),
            Band("high-intermediate risk", 3),
            Band("high risk", 4),
        ),
    ),
    references=(
        Reference(
            "Shipp MA, et al. A predictive model for aggressive non-Hodgkin's lymphoma. N Engl J Med 1993;329:987-994.",
            "derivation",
            pmid="8141877",
            verified=Verified(
                "https://merckmanuals.com/medical-calculators/IPINHL.htm",
                "2026-11-22",
                "Merck Manual; the factors and the citation also in Haematologica",
                "the five factors at one point each and the four groups",
            ),
        ),
    ),
    compute=ipi,
)
