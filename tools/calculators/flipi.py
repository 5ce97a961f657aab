"""FLIPI: prognosis of follicular lymphoma."""

from __future__ import annotations

from tools.calculators.base import ADULTS, Band, Calculator, Outcome, Result, points
from tools.calculators.common import (
    AGE,
    HAEMOGLOBIN,
    boolean,
)
from tools.calculators.reference import Reference, Verified


def flipi(age: float, advanced_stage: bool, haemoglobin: float, five_nodal_areas: bool, ldh_raised: bool) -> Outcome:
    """0 to 5 points; haemoglobin in g/dL."""
    return points(
        ("Age above 60", age > 60, 1),
        ("Stage III or IV", advanced_stage, 1),
        ("Haemoglobin below 12 g/dL", haemoglobin < 12, 1),
        ("More than 4 nodal areas", five_nodal_areas, 1),
        ("LDH above normal", ldh_raised, 1),
    )


CALCULATOR = Calculator(
    name="flipi",
    title="FLIPI",
    synonyms=("Follicular Lymphoma International Prognostic Index", "follicular lymphoma score"),
    purpose="Scores the prognosis of follicular lymphoma at diagnosis.",
    specialty="oncology",
    inputs=(
        AGE.but(cuts=(60.0,), plausible=(18, 110)),
        boolean("advanced_stage", "Ann Arbor stage III or IV", ask="Is the Ann Arbor stage III or IV?"),
        HAEMOGLOBIN.but(cuts=(12.0,), max_age_days=60),
        boolean("five_nodal_areas", "More than 4 nodal areas", ask="Are more than 4 nodal areas involved?"),
        boolean("ldh_raised", "LDH above normal", ask="Is LDH above the upper limit of normal?"),
    ),
    population=ADULTS,
    result=Result(
        "FLIPI",
        noun="points",
        source="https://ashpublications.org/blood/article/104/5/1258/18907/Follicular-Lymphoma-International-Prognostic-Index",
        bands=(Band("low risk"), Band("intermediate risk", 2), Band("poor risk", 3)),
    ),
    references=(
        Reference(
            "Solal-Céligny P, et al. Follicular Lymphoma International Prognostic Index. Blood 2004;104:1258-1265.",
            "derivation",
            url="https://ashpublications.org/blood/article/104/5/1258/18907/Follicular-Lymphoma-International-Prognostic-Index",
            verified=Verified(
                "https://ashpublications.org/blood/article/104/5/1258/18907/Follicular-Lymphoma-International-Prognostic-Index",
                "2026-11-22",
                "Blood, abstract",
                "the five factors with their limits; 0 or 1 low, 2 intermediate, 3 or more poor",
            ),
        ),
    ),
    compute=flipi,
)
