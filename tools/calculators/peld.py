"""PELD: severity of chronic liver disease in a child (the formula without creatinine)."""

from __future__ import annotations

import math

from tools.calculators.base import Calculator, Outcome, Population, Result, Term
from tools.calculators.common import (
    AGE,
    boolean,
)
from tools.calculators.hepatology import ALBUMIN, BILIRUBIN, INR
from tools.calculators.reference import Reference, Verified


def peld(bilirubin: float, inr: float, albumin: float, age: float, growth_failure: bool) -> Outcome:
    """Rounded; bilirubin in mg/dL, albumin in g/dL, age in years."""
    bili, ratio, protein = max(bilirubin, 1.0), max(inr, 1.0), max(albumin, 1.0)
    value = 10.0 * (
        0.480 * math.log(bili)
        + 1.857 * math.log(ratio)
        - 0.687 * math.log(protein)
        + (0.436 if age < 1 else 0.0)
        + (0.667 if growth_failure else 0.0)
    )
    terms = (
        Term("Bilirubin used", bili, "mg/dL"),
        Term("INR used", ratio),
        Term("Albumin used", protein, "g/dL"),
        Term("Before rounding", value),
    )
    return Outcome(float(math.floor(value + 0.5)), terms)


CALCULATOR = Calculator(
    name="peld",
    title="PELD",
    synonyms=("pediatric end-stage liver disease", "paediatric end-stage liver disease", "PELD score"),
    purpose="Scores how ill a child under 12 with chronic liver disease is who may need a transplant.",
    specialty="hepatology",
    inputs=(
        BILIRUBIN.but(monotone=True),
        INR.but(monotone=True),
        ALBUMIN.but(monotone=True),
        AGE.but(plausible=(0, 12), cuts=(1.0,), monotone=False, example={"value": 3, "unit": "a"}),
        boolean(
            "growth_failure",
            "Growth failure",
            ask="Height or weight more than 2 standard deviations below the mean for age?",
        ),
    ),
    population=Population("children under 12 years with chronic liver disease", below={"age": 12}),
    notes=(
        "A child listed before the first birthday keeps the points for age until 24 months, which is not done here",
    ),
    example_inputs={"bilirubin": {"value": 8, "unit": "mg/dL"}, "albumin": {"value": 2.8, "unit": "g/dL"}},
    result=Result("PELD"),
    references=(
        Reference(
            "PELD score of the Organ Procurement and Transplantation Network, as given by QxMD and Medscape.",
            "definition",
            url="https://reference.medscape.com/calculator/183/peld-score-age-younger-than-12-years",
            verified=Verified(
                "https://reference.medscape.com/calculator/183/peld-score-age-younger-than-12-years",
                "2026-11-22",
                "Medscape (QxMD); WikiDoc for times 10, values below 1 set to 1 and for rounding",
                "the equation, growth failure and the term for age",
            ),
        ),
    ),
    compute=peld,
)
