"""Bedside Schwartz equation: GFR of a child from height and creatinine."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Population, Result, Term
from tools.calculators.common import AGE, CREATININE, HEIGHT
from tools.calculators.reference import Reference, Verified


def schwartz_bedside(age: float, height: float, creatinine: float) -> Outcome:
    """mL/min/1.73 m2; height in cm, creatinine in mg/dL. Age only decides whether it applies."""
    return Outcome(0.413 * height / creatinine, (Term("Height over creatinine", height / creatinine),))


CALCULATOR = Calculator(
    name="schwartz_bedside",
    title="Bedside Schwartz equation",
    synonyms=("Schwartz", "bedside Schwartz", "paediatric GFR", "pediatric GFR", "GFR in children"),
    purpose="Estimates GFR of a child or adolescent from height and standardised creatinine.",
    specialty="paediatrics",
    inputs=(AGE.but(plausible=(1, 18)), HEIGHT.but(plausible=(65, 200)), CREATININE.but(plausible=(0.1, 15))),
    population=Population("children and adolescents (1 to under 18 years)", at_least={"age": 1}, below={"age": 18}),
    example_inputs={
        "age": {"value": 8, "unit": "a"},
        "height": {"value": 128, "unit": "cm"},
        "creatinine": {"value": 0.5, "unit": "mg/dL"},
    },
    result=Result("Estimated GFR", "mL/min/{1.73_m2}"),
    references=(
        Reference(
            "Schwartz GJ, et al. New equations to estimate GFR in children with CKD. J Am Soc Nephrol 2009;20:629-637.",
            "derivation",
            doi="10.1681/ASN.2008030287",
            verified=Verified(
                "https://www.kidney.org/content/creatinine-based-%E2%80%9Cbedside-schwartz%E2%80%9D-equation-2009",
                "2026-11-22",
                "National Kidney Foundation",
                "0.413 times height in cm over creatinine in mg/dL, for 1 to 18 years, IDMS-traceable assays",
            ),
        ),
    ),
    compute=schwartz_bedside,
)
