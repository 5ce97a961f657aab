"""MDRD study equation, without its coefficient for race."""

from __future__ import annotations

from tools.calculators.base import ADULTS, Calculator, Outcome, Result, Term
from tools.calculators.common import AGE, CREATININE, SEX
from tools.calculators.reference import Reference, Verified


def mdrd(creatinine: float, age: float, sex: str) -> Outcome:
    """mL/min/1.73 m2; creatinine in mg/dL, traceable to IDMS."""
    value = 175.0 * creatinine**-1.154 * age**-0.203 * (0.742 if sex == "female" else 1.0)
    return Outcome(value, (Term("175 x creatinine^-1.154", 175.0 * creatinine**-1.154),))


CALCULATOR = Calculator(
    name="mdrd",
    title="MDRD study equation (superseded)",
    synonyms=("MDRD", "MDRD GFR", "modification of diet in renal disease"),
    purpose="Estimates GFR by the older MDRD equation, for comparison with earlier reports; CKD-EPI 2021 "
    "has replaced it.",
    specialty="nephrology",
    inputs=(CREATININE, AGE.but(plausible=(18, 110)), SEX),
    population=ADULTS,
    notes=(
        "An older equation, kept for comparison; the race-free CKD-EPI 2021 equation is the current one",
        "The published coefficient of 1.212 for race is not applied",
        "Underestimates above 60 mL/min/1.73 m²",
    ),
    result=Result("Estimated GFR (MDRD)", "mL/min/{1.73_m2}"),
    references=(
        Reference(
            "Levey AS, et al. Using standardized serum creatinine values in the Modification of Diet in "
            "Renal Disease study equation for "
            "estimating glomerular filtration rate. Ann Intern Med 2006;145:247-254.",
            "derivation",
            doi="10.7326/0003-4819-145-4-200608150-00004",
            verified=Verified(
                "https://www.kidney.org/content/mdrd-study-equation",
                "2026-11-22",
                "National Kidney Foundation",
                "175, the exponents -1.154 and -0.203, 0.742 in women and 1.212 by race, for standardised creatinine",
            ),
        ),
    ),
    compute=mdrd,
)
