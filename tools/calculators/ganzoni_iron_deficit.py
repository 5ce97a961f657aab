"""Total iron deficit (Ganzoni)."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Population, Result, Term
from tools.calculators.common import (
    HAEMOGLOBIN,
    WEIGHT,
)
from tools.calculators.reference import Reference, Verified


def ganzoni_iron_deficit(weight: float, haemoglobin: float, target_haemoglobin: float) -> Outcome:
    """mg of iron; haemoglobin in g/dL, 500 mg for the stores."""
    if haemoglobin >= target_haemoglobin:
        return Outcome(None, (), ("The haemoglobin is not below the one aimed at",))
    lacking = weight * (target_haemoglobin - haemoglobin) * 2.4
    return Outcome(lacking + 500.0, (Term("For haemoglobin", lacking, "mg"), Term("For the stores", 500.0, "mg")))


CALCULATOR = Calculator(
    name="ganzoni_iron_deficit",
    title="Iron deficit (Ganzoni)",
    synonyms=("Ganzoni", "Ganzoni formula", "total iron deficit", "iron deficit"),
    purpose="Estimates how much iron the body of a patient with iron deficiency anaemia lacks, stores included.",
    specialty="haematology",
    inputs=(
        WEIGHT.but(plausible=(35, 250)),
        HAEMOGLOBIN.but(max_age_days=30, monotone=True, example={"value": 8.5, "unit": "g/dL"}),
        HAEMOGLOBIN.but(
            name="target_haemoglobin",
            title="Haemoglobin aimed at",
            codings=(),
            plausible=(10, 17),
            possible=(7, 20),
            max_age_days=None,
            monotone=True,
            ask="Which haemoglobin is aimed at?",
            example={"value": 13, "unit": "g/dL"},
        ),
    ),
    population=Population("patients of 35 kg or more with iron deficiency", at_least={"weight": 35}),
    notes=("In obesity the ideal body weight is used", "What is lacking, not a dose: products limit a single infusion"),
    result=Result("Iron deficit", "mg"),
    references=(
        Reference(
            "Bosch Pharmaceuticals: Ganzoni formula; after CADTH, NCBI Bookshelf NBK564172, appendix 5, table 4.",
            "definition",
            url="https://bosch-pharma.com/boferin/ganzoni-formula/",
            verified=Verified(
                "https://bosch-pharma.com/boferin/ganzoni-formula/",
                "2026-11-22",
                "Bosch Pharmaceuticals quoting the Canadian health technology agency on NCBI Bookshelf",
                "weight times what is lacking times 2.4 plus stores, 500 mg above 35 kg, ideal weight in obesity",
            ),
        ),
    ),
    compute=ganzoni_iron_deficit,
)
