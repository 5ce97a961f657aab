"""Fractional excretion of magnesium."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, Term
from tools.calculators.common import (
    CREATININE,
    quantity,
)
from tools.calculators.reference import Reference, Verified
from tools.calculators.urine import URINE_CREATININE

MAGNESIUM = quantity(
    "magnesium",
    "Serum magnesium",
    "mg/dL",
    analyte="magnesium",
    plausible=(0.3, 6),
    possible=(0.1, 20),
    monotone=True,
    max_age_days=7,
    example={"value": 1.3, "unit": "mg/dL"},
)


def fe_magnesium(magnesium: float, creatinine: float, urine_magnesium: float, urine_creatinine: float) -> Outcome:
    """Per cent of the filtered magnesium; 70 % of serum magnesium is filtered."""
    terms = (
        Term("Urine over filterable magnesium", urine_magnesium / (0.7 * magnesium)),
        Term("Urine over serum creatinine", urine_creatinine / creatinine),
    )
    value = 100.0 * urine_magnesium * creatinine / (0.7 * magnesium * urine_creatinine)
    return Outcome(value, terms)


CALCULATOR = Calculator(
    name="fe_magnesium",
    title="Fractional excretion of magnesium",
    synonyms=("FEMg", "FE Mg", "fractional magnesium excretion"),
    purpose="Tells renal from other losses in a patient with low magnesium.",
    specialty="nephrology",
    inputs=(
        MAGNESIUM,
        CREATININE.but(max_age_days=7),
        MAGNESIUM.but(
            name="urine_magnesium",
            title="Magnesium in urine",
            plausible=(0.2, 40),
            possible=(0.05, 200),
            example={"value": 3, "unit": "mg/dL"},
        ),
        URINE_CREATININE.but(max_age_days=7),
    ),
    notes=("Magnesium supplements and diuretics disturb it",),
    result=Result(
        "FEMg",
        "%",
        decimals=1,
        source="https://clinlabnavigator.com/test-interpretations/test-interpretations-1/magnesium-in-urine.html",
        bands=(Band("4% or less"), Band("above 4%: renal wasting where magnesium is low", above=4)),
    ),
    references=(
        Reference(
            "Clinlab Navigator: magnesium in urine; after Tucker BM, et al. Urinary magnesium in the evaluation of "
            "hypomagnesemia. JAMA 2020.",
            "definition",
            url="https://clinlabnavigator.com/test-interpretations/test-interpretations-1/magnesium-in-urine.html",
            verified=Verified(
                "https://clinlabnavigator.com/test-interpretations/test-interpretations-1/magnesium-in-urine.html",
                "2026-11-22",
                "Clinlab Navigator, a handbook of clinical pathologists",
                "the formula with 0.7 times serum magnesium, and renal wasting above 4 %",
            ),
        ),
    ),
    compute=fe_magnesium,
)
