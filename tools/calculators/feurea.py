"""Fractional excretion of urea."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, Term
from tools.calculators.common import CREATININE
from tools.calculators.serum_osmolality import UREA_NITROGEN
from tools.calculators.urine import NEPHROMATIC, URINE_CREATININE, URINE_UREA_NITROGEN


def feurea(urea_nitrogen: float, creatinine: float, urine_urea_nitrogen: float, urine_creatinine: float) -> Outcome:
    """Per cent of the filtered urea."""
    terms = (
        Term("Urine over serum urea nitrogen", urine_urea_nitrogen / urea_nitrogen),
        Term("Urine over serum creatinine", urine_creatinine / creatinine),
    )
    return Outcome(100.0 * (urine_urea_nitrogen / urea_nitrogen) / (urine_creatinine / creatinine), terms)


CALCULATOR = Calculator(
    name="feurea",
    title="Fractional excretion of urea",
    synonyms=("FEUrea", "FE urea", "FEUN", "fractional urea excretion"),
    purpose="Works out what share of the filtered urea is excreted, in acute kidney injury under diuretics.",
    specialty="nephrology",
    inputs=(UREA_NITROGEN, CREATININE.but(max_age_days=1), URINE_UREA_NITROGEN, URINE_CREATININE),
    result=Result(
        "FEUrea",
        "%",
        decimals=1,
        source="doi:10.1046/j.1523-1755.2002.00683.x",
        bands=(
            Band("below 35%: suggests a prerenal cause"),
            Band("35 to 50%: indeterminate", 35),
            Band("above 50%: suggests tubular necrosis", above=50),
        ),
    ),
    references=(NEPHROMATIC,),
    compute=feurea,
)
