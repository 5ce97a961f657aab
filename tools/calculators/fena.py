"""Fractional excretion of sodium."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, Term
from tools.calculators.common import CREATININE
from tools.calculators.hepatology import SODIUM
from tools.calculators.urine import CORNELL, NEPHROMATIC, URINE_CREATININE, URINE_SODIUM


def fena(sodium: float, creatinine: float, urine_sodium: float, urine_creatinine: float) -> Outcome:
    """Per cent of the filtered sodium."""
    terms = (
        Term("Urine over serum sodium", urine_sodium / sodium),
        Term("Urine over serum creatinine", urine_creatinine / creatinine),
    )
    return Outcome(100.0 * (urine_sodium / sodium) / (urine_creatinine / creatinine), terms)


CALCULATOR = Calculator(
    name="fena",
    title="Fractional excretion of sodium",
    synonyms=("FENa", "FE Na", "fractional sodium excretion"),
    purpose="Works out what share of the filtered sodium is excreted, in acute kidney injury with little urine.",
    specialty="nephrology",
    inputs=(SODIUM.but(monotone=True, max_age_days=1), CREATININE.but(max_age_days=1), URINE_SODIUM, URINE_CREATININE),
    notes=(
        "Not to be relied on under diuretics; low values also occur in glomerulonephritis, heart failure and cirrhosis",
    ),
    result=Result(
        "FENa",
        "%",
        decimals=2,
        source="doi:10.1046/j.1523-1755.2002.00683.x",
        bands=(
            Band("below 1%: suggests a prerenal cause"),
            Band("1 to 2%: indeterminate", 1),
            Band("above 2%: suggests tubular necrosis", above=2),
        ),
    ),
    references=(CORNELL, NEPHROMATIC),
    compute=fena,
)
