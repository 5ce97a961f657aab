"""Weight of a child estimated from age (Luscombe and Owens)."""

from __future__ import annotations

import math

from tools.calculators.base import Calculator, Outcome, Population, Result, Term
from tools.calculators.common import AGE
from tools.calculators.reference import Reference, Verified


def luscombe_weight(age: float) -> Outcome:
    """kg, from completed years."""
    years = float(math.floor(age))
    return Outcome(3 * years + 7, (Term("Completed years", years),))


CALCULATOR = Calculator(
    name="luscombe_weight",
    title="Luscombe and Owens weight by age",
    synonyms=("Luscombe formula", "Luscombe-Owens weight", "3 x age + 7"),
    purpose=(
        "Estimates the weight of a child of 1 to 13 years as three times the age plus seven where it cannot be weighed."
    ),
    specialty="paediatrics",
    inputs=(AGE.but(plausible=(1, 13.9)),),
    population=Population("children of 1 to under 14 years", at_least={"age": 1}, below={"age": 14}),
    notes=("An estimate: a measured weight always comes first",),
    example_inputs={"age": {"value": 4, "unit": "a"}},
    result=Result("Estimated weight", "kg", decimals=1),
    references=(
        Reference(
            (
                "Luscombe MD, et al. Weight estimation in paediatrics: a comparison of the APLS formula and the "
                "formula 'Weight=3(age)+7'. Emerg Med J 2011;28:590-593."
            ),
            "validation",
            doi="10.1136/emj.2009.087288",
            pmid="20659877",
            verified=Verified(
                "https://pubmed.ncbi.nlm.nih.gov/20659877/",
                "2026-11-22",
                "PubMed, abstract",
                (
                    "three times the age plus 7, from 1 to 13 years inclusive; 6.9 % too low on average in 93,827 "
                    "children"
                ),
            ),
        ),
    ),
    compute=luscombe_weight,
)
