"""NAFLD fibrosis score."""

from __future__ import annotations

from tools.calculators.base import ADULTS, Calculator, Outcome, Result, Term
from tools.calculators.common import AGE, boolean, quantity
from tools.calculators.fib_4 import ALT, AST, PLATELETS
from tools.calculators.hepatology import ALBUMIN
from tools.calculators.reference import Reference, Verified


def nafld_fibrosis_score(
    age: float, bmi: float, impaired_glucose_diabetes: bool, ast: float, alt: float, platelets: float, albumin: float
) -> Outcome:
    """Dimensionless; BMI in kg/m2, enzymes in U/L, platelets in 10^9/L, albumin in g/dL."""
    value = -1.675 + 0.037 * age + 0.094 * bmi + (1.13 if impaired_glucose_diabetes else 0.0) + 0.99 * ast / alt
    return Outcome(value - 0.013 * platelets - 0.66 * albumin, (Term("AST over ALT", ast / alt),))


CALCULATOR = Calculator(
    name="nafld_fibrosis_score",
    title="NAFLD fibrosis score",
    synonyms=("NFS", "NAFLD score", "fatty liver fibrosis score"),
    purpose="Estimates advanced fibrosis in fatty liver disease from age, BMI, diabetes, AST, ALT, "
    "platelets and albumin.",
    specialty="hepatology",
    inputs=(
        AGE.but(plausible=(18, 110)),
        quantity(
            "bmi",
            "Body mass index",
            "kg/m2",
            plausible=(15, 60),
            possible=(8, 150),
            monotone=True,
            max_age_days=365,
            example={"value": 31, "unit": "kg/m2"},
        ),
        boolean("impaired_glucose_diabetes", "Impaired fasting glucose or diabetes"),
        AST,
        ALT,
        PLATELETS,
        ALBUMIN.but(monotone=True),
    ),
    population=ADULTS,
    notes=("Higher with age: less specific from 65 years",),
    result=Result("NAFLD fibrosis score", decimals=3),
    references=(
        Reference(
            "Angulo P, et al. The NAFLD fibrosis score: a noninvasive system that identifies liver "
            "fibrosis in patients with NAFLD. Hepatology 2007;45:846-854.",
            "derivation",
            doi="10.1002/hep.21496",
            verified=Verified(
                "http://wjgnet.com/1007-9327/full/v28/i15/1563-T1.htm",
                "2026-11-22",
                "World Journal of Gastroenterology, table 1",
                "the seven terms with their coefficients and units",
            ),
        ),
    ),
    compute=nafld_fibrosis_score,
)
