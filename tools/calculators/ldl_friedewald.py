"""LDL cholesterol by the Friedewald equation."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.lipids import HDL, TOTAL_CHOLESTEROL, TRIGLYCERIDES
from tools.calculators.reference import Reference, Verified


def ldl_friedewald(total_cholesterol: float, hdl: float, triglycerides: float) -> Outcome:
    """mg/dL."""
    terms = (Term("Triglycerides / 5", triglycerides / 5.0, "mg/dL"),)
    if triglycerides >= 400:
        return Outcome(None, terms, ("Triglycerides are 400 mg/dL (4.5 mmol/L) or more: the equation does not hold",))
    if hdl > total_cholesterol:
        return Outcome(None, terms, ("HDL cholesterol is above total cholesterol: one of them is wrong",))
    return Outcome(total_cholesterol - hdl - triglycerides / 5.0, terms)


CALCULATOR = Calculator(
    name="ldl_friedewald",
    title="LDL cholesterol (Friedewald)",
    synonyms=("calculated LDL", "Friedewald", "LDL calculated", "Friedewald equation"),
    purpose="Works out LDL cholesterol from total cholesterol, HDL cholesterol and fasting triglycerides.",
    specialty="cardiology",
    inputs=(TOTAL_CHOLESTEROL, HDL, TRIGLYCERIDES.but(monotone=False)),
    notes=(
        "For fasting samples with triglycerides below 400 mg/dL; too low where LDL is low and triglycerides are high",
    ),
    result=Result("LDL cholesterol", "mg/dL"),
    references=(
        Reference(
            "Friedewald WT, et al. Estimation of the concentration of low-density lipoprotein "
            "cholesterol in plasma, without use of the preparative ultracentrifuge. "
            "Clin Chem 1972;18:499-502.",
            "derivation",
            doi="10.1093/clinchem/18.6.499",
            pmid="4337382",
            verified=Verified(
                "https://www.merckmanuals.com/medical-calculators/Friedewald.htm",
                "2026-11-22",
                "Merck Manuals",
                "total less HDL less triglycerides over 5, not valid from 400 mg/dL",
            ),
        ),
    ),
    compute=ldl_friedewald,
)
