"""CKD-EPI 2021: GFR from creatinine and cystatin C, without race."""

from __future__ import annotations

from tools.calculators.base import ADULTS, Calculator, Outcome, Result, Term
from tools.calculators.common import (
    AGE,
    CREATININE,
    SEX,
)
from tools.calculators.reference import Reference, Verified
from tools.calculators.renal_inputs import CYSTATIN_C


def ckd_epi_creatinine_cystatin_2021(creatinine: float, cystatin_c: float, age: float, sex: str) -> Outcome:
    """mL/min/1.73 m2; creatinine in mg/dL, cystatin C in mg/L."""
    kappa, alpha = (0.7, -0.219) if sex == "female" else (0.9, -0.144)
    first, second = creatinine / kappa, cystatin_c / 0.8
    value = (
        135.0
        * min(first, 1.0) ** alpha
        * max(first, 1.0) ** -0.544
        * min(second, 1.0) ** -0.323
        * max(second, 1.0) ** -0.778
        * 0.9961**age
    )
    terms = (Term(f"Creatinine / {kappa}", first), Term("Cystatin C / 0.8", second))
    return Outcome(value * (0.963 if sex == "female" else 1.0), terms)


CALCULATOR = Calculator(
    name="ckd_epi_creatinine_cystatin_2021",
    title="CKD-EPI creatinine-cystatin C (2021)",
    synonyms=("CKD-EPI 2021 combined", "eGFRcr-cys", "creatinine-cystatin C equation", "combined eGFR"),
    purpose="Estimates GFR of an adult from creatinine and cystatin C together, to confirm an estimate from creatinine "
    "alone.",
    specialty="nephrology",
    inputs=(CREATININE, CYSTATIN_C, AGE.but(plausible=(18, 110)), SEX),
    population=ADULTS,
    result=Result("Estimated GFR (creatinine and cystatin C)", "mL/min/{1.73_m2}"),
    references=(
        Reference(
            "Inker LA, et al. New creatinine- and cystatin C-based equations to estimate GFR without race. N Engl J "
            "Med "
            "2021;385:1737-1749.",
            "derivation",
            doi="10.1056/NEJMoa2102953",
            verified=Verified(
                "https://rdrr.io/cran/nephro/man/CKDEpi2021.creat.cys.html",
                "2026-11-22",
                "the CRAN package nephro (Eurac Research), its source; egfr.app prints the same coefficients",
                "every coefficient of the equation",
            ),
        ),
    ),
    compute=ckd_epi_creatinine_cystatin_2021,
)
