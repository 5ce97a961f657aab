"""Transtubular potassium gradient."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.gases import POTASSIUM
from tools.calculators.reference import Reference, Verified
from tools.calculators.renal_inputs import MEASURED_OSMOLALITY, URINE_OSMOLALITY, URINE_POTASSIUM


def ttkg(urine_potassium: float, potassium: float, urine_osmolality: float, measured_osmolality: float) -> Outcome:
    """Dimensionless; potassium in mmol/L, osmolality in mosm/kg."""
    terms = (
        Term("Urine over serum potassium", urine_potassium / potassium),
        Term("Urine over serum osmolality", urine_osmolality / measured_osmolality),
    )
    dilute = ("The urine is not more concentrated than serum: the gradient does not hold",)
    value = (urine_potassium / potassium) / (urine_osmolality / measured_osmolality)
    return Outcome(value, terms, dilute if urine_osmolality <= measured_osmolality else ())


CALCULATOR = Calculator(
    name="ttkg",
    title="Transtubular potassium gradient (TTKG)",
    synonyms=("TTKG", "transtubular potassium concentration gradient", "potassium gradient"),
    purpose="Estimates how strongly the kidney secretes potassium, in unexplained high or low potassium.",
    specialty="nephrology",
    inputs=(URINE_POTASSIUM, POTASSIUM.but(monotone=True), URINE_OSMOLALITY, MEASURED_OSMOLALITY),
    notes=(
        "Holds only where the urine is more concentrated than serum and its sodium is at least 25 mmol/L",
        "8 to 9 on a normal diet; in high potassium above 10 is the normal response and below 7 suggests too little "
        "aldosterone effect; in low potassium above 3 suggests renal loss",
        "Whether it can be used at all has been questioned since urea was found to recycle",
    ),
    result=Result("TTKG", decimals=1),
    references=(
        Reference(
            "Ethier JH, et al. The transtubular potassium concentration in patients with hypokalemia and hyperkalemia. "
            "Am J Kidney Dis 1990;15:309-315.",
            "derivation",
            doi="10.1016/s0272-6386(12)80076-x",
            pmid="2321642",
            verified=Verified(
                "https://modelling.cds-platform.com/ckm/view/ckm-cambio-community/transtubular_potassium_gradient_guideline/1?language=en",
                "2026-11-22",
                "Cambio CDS model citing the paper; validity and doubts at Medscape",
                "the formula, the condition on urine sodium, and the expected values",
            ),
        ),
    ),
    compute=ttkg,
)
