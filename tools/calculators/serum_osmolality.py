"""Calculated serum osmolality."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.common import quantity
from tools.calculators.hepatology import SODIUM
from tools.calculators.reference import Reference, Verified

GLUCOSE = quantity(
    "glucose",
    "Glucose",
    "mg/dL",
    analyte="glucose",
    plausible=(30, 1500),
    possible=(5, 3000),
    monotone=True,
    max_age_days=1,
    codings=("loinc:2345-7",),
    example={"value": 90, "unit": "mg/dL"},
)
UREA_NITROGEN = quantity(
    "urea_nitrogen",
    "Urea nitrogen, or urea in mmol/L",
    "mg/dL",
    analyte="urea_nitrogen",
    plausible=(3, 170),
    possible=(0.3, 420),
    monotone=True,
    max_age_days=1,
    codings=("loinc:3094-0",),
    example={"value": 14, "unit": "mg/dL"},
)


def serum_osmolality(sodium: float, glucose: float, urea_nitrogen: float) -> Outcome:
    """Osmolality in mosm/kg; sodium in mmol/L, glucose and urea nitrogen in mg/dL."""
    terms = (
        Term("2 × sodium", 2.0 * sodium),
        Term("Glucose / 18", glucose / 18.0),
        Term("Urea nitrogen / 2.8", urea_nitrogen / 2.8),
    )
    return Outcome(2.0 * sodium + glucose / 18.0 + urea_nitrogen / 2.8, terms)


CALCULATOR = Calculator(
    name="serum_osmolality",
    title="Serum osmolality, calculated",
    synonyms=("osmolality", "calculated osmolality", "osmolarity", "osmolal gap"),
    purpose="Works out the osmolality of serum from sodium, glucose and urea nitrogen.",
    specialty="nephrology",
    inputs=(SODIUM.but(monotone=True, max_age_days=1), GLUCOSE, UREA_NITROGEN),
    notes=("A urea in mg/dL is read as urea nitrogen; ethanol and other osmoles do not count",),
    result=Result("Calculated osmolality", "mosm/kg", decimals=1),
    references=(
        Reference(
            "QxMD: osmolal gap.",
            "definition",
            url="https://qxmd.com/calculate/calculator_335/calculator_171/osmolal-gap",
            verified=Verified(
                "https://qxmd.com/calculate/calculator_335/calculator_171/osmolal-gap",
                "2026-11-22",
                "QxMD; the same equation at Weill Cornell Medical College",
                "twice sodium, plus glucose in mg/dL over 18, plus urea nitrogen in mg/dL over 2.8",
            ),
        ),
    ),
    compute=serum_osmolality,
)
