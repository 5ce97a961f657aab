"""Cockcroft-Gault: creatinine clearance, the measure in most drug labels."""

from __future__ import annotations

from tools.calculators.base import ADULTS, Calculator, Outcome, Result, Term
from tools.calculators.common import AGE, CREATININE, SEX, WEIGHT
from tools.calculators.reference import Reference, Verified


def cockcroft_gault(age: float, weight: float, creatinine: float, sex: str) -> Outcome:
    """Creatinine clearance in mL/min; weight in kg, creatinine in mg/dL."""
    # The publication gives women 15 % less.
    factor = 0.85 if sex == "female" else 1.0
    terms = (
        Term("140 − age", 140.0 - age),
        Term("Weight", weight, "kg"),
        Term("72 × SCr", 72.0 * creatinine, "mg/dL"),
        Term("Factor for sex", factor),
    )
    return Outcome((140.0 - age) * weight / (72.0 * creatinine) * factor, terms)


CALCULATOR = Calculator(
    name="cockcroft_gault",
    title="Creatinine clearance (Cockcroft-Gault, actual body weight)",
    synonyms=("CrCl", "creatinine clearance", "Cockcroft Gault", "renal dosing", "kidney function for dosing"),
    purpose="Estimates creatinine clearance in mL/min from age, actual body weight, serum creatinine and sex; the "
    "measure of renal function in most drug labels.",
    specialty="nephrology",
    inputs=(AGE.but(plausible=(18, 110)), WEIGHT, CREATININE, SEX),
    population=ADULTS,
    notes=("Uses the actual body weight; not indexed to body surface; assumes a stable creatinine",),
    result=Result("Creatinine clearance", "mL/min", decimals=1),
    references=(
        Reference(
            "Cockcroft DW, Gault MH. Prediction of creatinine clearance from serum creatinine. Nephron 1976;16:31-41.",
            "derivation",
            doi="10.1159/000180580",
            verified=Verified(
                "https://scribd.com/document/519107434/Cock-Croft-1976",
                "2026-11-22",
                "a copy of the paper",
                "its abstract: the formula for men, and 15 % less for women",
            ),
        ),
    ),
    compute=cockcroft_gault,
)
