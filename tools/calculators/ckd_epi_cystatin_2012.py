"""CKD-EPI 2012: GFR from cystatin C alone."""

from __future__ import annotations

from tools.calculators.base import ADULTS, Calculator, Outcome, Result, Term
from tools.calculators.common import (
    AGE,
    SEX,
)
from tools.calculators.reference import Reference, Verified
from tools.calculators.renal_inputs import CYSTATIN_C


def ckd_epi_cystatin_2012(cystatin_c: float, age: float, sex: str) -> Outcome:
    """mL/min/1.73 m2; cystatin C in mg/L."""
    ratio = cystatin_c / 0.8
    value = 133.0 * min(ratio, 1.0) ** -0.499 * max(ratio, 1.0) ** -1.328 * 0.996**age
    return Outcome(value * (0.932 if sex == "female" else 1.0), (Term("Cystatin C / 0.8", ratio),))


CALCULATOR = Calculator(
    name="ckd_epi_cystatin_2012",
    title="CKD-EPI cystatin C (2012)",
    synonyms=("CKD-EPI cystatin", "eGFRcys", "cystatin C eGFR", "cystatin GFR"),
    purpose="Estimates GFR of an adult from cystatin C where creatinine misleads, as with little muscle.",
    specialty="nephrology",
    inputs=(CYSTATIN_C, AGE.but(plausible=(18, 110)), SEX),
    population=ADULTS,
    notes=(
        "Without race; the 2021 paper prints the base for age as 0.9962, which at 70 years gives 1.4% more",
        "Cystatin C also rises with inflammation, obesity, thyroid disease and glucocorticoids",
    ),
    result=Result("Estimated GFR (cystatin C)", "mL/min/{1.73_m2}"),
    references=(
        Reference(
            "Inker LA, et al. Estimating glomerular filtration rate from serum creatinine and cystatin C. N Engl J Med "
            "2012;367:20-29.",
            "derivation",
            doi="10.1056/NEJMoa1114248",
            verified=Verified(
                "https://www.kidney.org/content/ckd-epi-cystatin-c-equation-2012",
                "2026-11-22",
                "National Kidney Foundation",
                "the equation with every coefficient",
            ),
        ),
    ),
    compute=ckd_epi_cystatin_2012,
)
