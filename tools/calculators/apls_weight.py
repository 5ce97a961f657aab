"""Weight of a child estimated from age (APLS)."""

from __future__ import annotations

import math

from tools.calculators.base import Calculator, Outcome, Population, Result, Term
from tools.calculators.common import AGE
from tools.calculators.reference import Reference, Verified


def apls_weight(age: float) -> Outcome:
    """kg, from completed years, or months in the first year."""
    if age < 1:
        months = float(math.floor(age * 12 + 1e-9))
        return Outcome(0.5 * months + 4, (Term("Completed months", months),))
    years = float(math.floor(age))
    return Outcome(2 * years + 8 if years <= 5 else 3 * years + 7, (Term("Completed years", years),))


CALCULATOR = Calculator(
    name="apls_weight",
    title="APLS weight by age",
    synonyms=("APLS weight", "estimated weight for age", "paediatric weight estimate", "pediatric weight estimation"),
    purpose="Estimates the weight of a child from age where it cannot be weighed in an emergency.",
    specialty="paediatrics",
    inputs=(AGE.but(plausible=(0, 12.9)),),
    population=Population("children under 13 years", below={"age": 13}),
    notes=("An estimate: a measured weight always comes first",),
    example_inputs={"age": {"value": 4, "unit": "a"}},
    result=Result("Estimated weight", "kg", decimals=1),
    references=(
        Reference(
            ("Marikar D. A novel tool to aid usability of age-based weight estimation formulae. BMJ Innov 2015."),
            "definition",
            doi="10.1136/bmjinnov-2015-000059",
            verified=Verified(
                "https://deploy.abcdocz.com/doc/1327151/based-weight-estimation-formulae",
                "2026-11-22",
                "BMJ Innovations, copy of the article",
                (
                    "the three formulae of the APLS course since 2011: half the months plus 4, twice the years plus 8"
                    " from 1 to 5, three times the years plus 7 from 6 to 12"
                ),
            ),
        ),
    ),
    compute=apls_weight,
)
