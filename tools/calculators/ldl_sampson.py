"""LDL cholesterol by Sampson (NIH equation 2)."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.lipids import HDL, TOTAL_CHOLESTEROL, TRIGLYCERIDES
from tools.calculators.reference import Reference, Verified


def ldl_sampson(total_cholesterol: float, hdl: float, triglycerides: float) -> Outcome:
    """mg/dL."""
    non_hdl = total_cholesterol - hdl
    terms = (Term("Non-HDL cholesterol", non_hdl, "mg/dL"),)
    if non_hdl <= 0:
        return Outcome(None, terms, ("HDL is not below total cholesterol: check the two values",))
    if triglycerides > 800:
        return Outcome(None, terms, ("Triglycerides are above 800 mg/dL (9 mmol/L), where the equation does not hold",))
    value = (
        total_cholesterol / 0.948
        - hdl / 0.971
        - (triglycerides / 8.56 + triglycerides * non_hdl / 2140.0 - triglycerides**2 / 16100.0)
        - 9.44
    )
    if value <= 0:
        return Outcome(None, terms, ("The equation gives no positive LDL: check the three values",))
    return Outcome(value, terms)


CALCULATOR = Calculator(
    name="ldl_sampson",
    title="LDL cholesterol (Sampson)",
    synonyms=("Sampson LDL", "NIH equation", "LDL NIH equation 2", "calculated LDL Sampson", "Sampson-NIH"),
    purpose="Works out LDL cholesterol from the lipid profile, also where triglycerides are high.",
    specialty="endocrinology",
    inputs=(TOTAL_CHOLESTEROL.but(max_age_days=365), HDL.but(max_age_days=365), TRIGLYCERIDES.but(monotone=False)),
    result=Result("LDL cholesterol", "mg/dL"),
    references=(
        Reference(
            "Eastern Health Pathology, Melbourne: LDL cholesterol by the Sampson equation.",
            "definition",
            url="https://pathology.easternhealth.org.au/handbook/search.php?testid=2052",
            verified=Verified(
                "https://pathology.easternhealth.org.au/handbook/search.php?testid=2052",
                "2026-11-22",
                "Eastern Health Pathology, in mmol/L; ClinFuse and others print the same equation in mg/dL",
                "the equation, in use there since 2024, and triglycerides up to 9 mmol/L",
            ),
        ),
    ),
    compute=ldl_sampson,
)
