"""Reticulocyte production index."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.common import (
    quantity,
)
from tools.calculators.gases import HAEMATOCRIT
from tools.calculators.reference import Reference, Verified


def reticulocyte_production_index(reticulocytes: float, haematocrit: float) -> Outcome:
    """Dimensionless; both in per cent."""
    corrected = reticulocytes * haematocrit / 45.0
    days = 1.0 if haematocrit > 35 else 1.5 if haematocrit > 25 else 2.0 if haematocrit > 15 else 2.5
    terms = (Term("Corrected reticulocytes", corrected, "%"), Term("Maturation", days, "d"))
    return Outcome(corrected / days, terms)


CALCULATOR = Calculator(
    name="reticulocyte_production_index",
    title="Reticulocyte production index",
    synonyms=("RPI", "corrected reticulocyte count", "reticulocyte index"),
    purpose="Tells whether the bone marrow answers an anaemia, from reticulocytes and haematocrit.",
    specialty="haematology",
    inputs=(
        quantity(
            "reticulocytes",
            "Reticulocytes",
            "%",
            plausible=(0.1, 30),
            possible=(0, 80),
            monotone=True,
            max_age_days=7,
            example={"value": 4, "unit": "%"},
        ),
        HAEMATOCRIT.but(max_age_days=7, cuts=(), example={"value": 30, "unit": "%"}),
    ),
    notes=(
        "Taken from a normal haematocrit of 45%; between the steps of the table the index jumps, and other tables set "
        "the steps otherwise",
    ),
    result=Result("RPI", decimals=2),
    references=(
        Reference(
            "UpToDate graphic 129992: reticulocyte parameters for assessing anemia; after Hillman RS. J Clin Invest "
            "1969;48:443.",
            "definition",
            url="https://scribd.com/document/712923915/Reticulocyte-parameters-for-assessing-anemia",
            verified=Verified(
                "https://scribd.com/document/712923915/Reticulocyte-parameters-for-assessing-anemia",
                "2026-11-22",
                "a copy of the UpToDate graphic; Medical Algorithms Company and AMBOSS for steps that differ",
                "correction to a haematocrit of 45 %, and 1, 1.5, 2 and 2.5 days of maturation",
            ),
        ),
    ),
    compute=reticulocyte_production_index,
)
