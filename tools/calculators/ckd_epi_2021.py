"""CKD-EPI 2021: estimated glomerular filtration rate from serum creatinine, without race."""

from __future__ import annotations

from tools.calculators.base import ADULTS, Band, Calculator, Outcome, Result, Term
from tools.calculators.common import AGE, CREATININE, SEX
from tools.calculators.reference import Reference, Verified


def ckd_epi_2021(creatinine: float, age: float, sex: str) -> Outcome:
    """eGFR in mL/min/1.73 m²; creatinine in mg/dL (IDMS-traceable), age in years."""
    knot, power, factor = (0.7, -0.241, 1.012) if sex == "female" else (0.9, -0.302, 1.0)
    below = min(creatinine / knot, 1.0) ** power
    above = max(creatinine / knot, 1.0) ** -1.200
    aged = 0.9938**age
    terms = (
        Term("κ", knot, "mg/dL"),
        Term(f"min(SCr/κ, 1)^{power}", below),
        Term("max(SCr/κ, 1)^-1.2", above),
        Term("0.9938^age", aged),
        Term("Factor for sex", factor),
    )
    return Outcome(142.0 * below * above * aged * factor, terms)


CALCULATOR = Calculator(
    name="ckd_epi_2021",
    title="eGFR, CKD-EPI 2021 (creatinine)",
    synonyms=("eGFR", "estimated GFR", "kidney function", "renal function", "CKD-EPI", "glomerular filtration rate"),
    purpose="Estimates the glomerular filtration rate of an adult from serum creatinine, age and sex, indexed to body "
    "surface area; for staging chronic kidney disease.",
    specialty="nephrology",
    inputs=(CREATININE, AGE, SEX),
    population=ADULTS,
    notes=("Indexed to 1.73 m²; assumes a stable, IDMS-traceable creatinine",),
    result=Result(
        "Estimated GFR",
        "mL/min/{1.73_m2}",
        source="doi:10.1016/j.kint.2023.10.018",
        bands=(Band("G5"), Band("G4", 15), Band("G3b", 30), Band("G3a", 45), Band("G2", 60), Band("G1", 90)),
    ),
    references=(
        Reference(
            "Inker LA, et al. New creatinine- and cystatin C-based equations to estimate GFR without race. "
            "N Engl J Med 2021;385:1737-1749.",
            "derivation",
            doi="10.1056/NEJMoa2102953",
            verified=Verified(
                "https://kidney.org/ckd-epi-creatinine-equation-2021",
                "2026-11-22",
                "National Kidney Foundation",
                "the equation with its constants, for men and women",
            ),
        ),
        Reference(
            "KDIGO 2024 Clinical Practice Guideline for the Evaluation and Management of CKD. "
            "Kidney Int 2024;105(4S):S117-S314.",
            "bands",
            doi="10.1016/j.kint.2023.10.018",
            verified=Verified(
                "https://bestpractice.bmj.com/topics/en-gb/84/criteria",
                "2026-11-22",
                "BMJ Best Practice",
                "the GFR categories G1 to G5 and their limits",
            ),
        ),
    ),
    compute=ckd_epi_2021,
)
