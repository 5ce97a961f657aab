"""HOMA-IR: insulin resistance from fasting glucose and insulin."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.common import quantity
from tools.calculators.reference import Reference, Verified


def homa_ir(fasting_glucose: float, fasting_insulin: float) -> Outcome:
    """Dimensionless; glucose in mg/dL, insulin in mU/L."""
    return Outcome(
        fasting_glucose * fasting_insulin / 405.0, (Term("Glucose × insulin", fasting_glucose * fasting_insulin),)
    )


CALCULATOR = Calculator(
    name="homa_ir",
    title="HOMA-IR",
    synonyms=("HOMA", "homeostatic model assessment", "insulin resistance index"),
    purpose="Estimates insulin resistance from fasting glucose and fasting insulin.",
    specialty="endocrinology",
    inputs=(
        quantity(
            "fasting_glucose",
            "Fasting glucose",
            "mg/dL",
            analyte="fasting_glucose",
            plausible=(40, 400),
            possible=(5, 3000),
            monotone=True,
            max_age_days=90,
            example={"value": 90, "unit": "mg/dL"},
        ),
        quantity(
            "fasting_insulin",
            "Fasting insulin",
            "m[IU]/L",
            analyte="fasting_insulin",
            equivalents={"u[IU]/mL": 1.0, "mU/L": 1.0, "uU/mL": 1.0},
            plausible=(1, 200),
            possible=(0.1, 2000),
            monotone=True,
            max_age_days=90,
            example={"value": 8, "unit": "m[IU]/L"},
        ),
    ),
    notes=("Insulin assays differ, and no limit holds for all of them; unreliable under insulin treatment",),
    result=Result("HOMA-IR", decimals=2),
    references=(
        Reference(
            "Matthews DR, et al. Homeostasis model assessment: insulin resistance and beta-cell function "
            "from fasting plasma glucose and insulin concentrations in man. "
            "Diabetologia 1985;28:412-419.",
            "derivation",
            doi="10.1007/BF00280883",
            verified=Verified(
                "https://gpnotebook.com/en-IE/pages/cardiovascular-medicine/homeostatic-model-assessment-for-insulin-resistance-homa-ir",
                "2026-11-22",
                "GPnotebook",
                "glucose in mg/dL times insulin in mU/L over 405, or in mmol/L over 22.5",
            ),
        ),
    ),
    compute=homa_ir,
)
