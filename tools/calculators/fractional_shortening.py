"""Fractional shortening of the left ventricle."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.common import (
    quantity,
)
from tools.calculators.reference import Reference, Verified


def fractional_shortening(lv_diastolic_diameter: float, lv_systolic_diameter: float) -> Outcome:
    """Per cent; diameters in cm."""
    fall = lv_diastolic_diameter - lv_systolic_diameter
    terms = (Term("Shortening", fall, "cm"),)
    if fall <= 0:
        return Outcome(None, terms, ("The systolic is not below the diastolic diameter: check the two values",))
    return Outcome(100.0 * fall / lv_diastolic_diameter, terms)


DIAMETER = quantity(
    "lv_diastolic_diameter",
    "Left ventricular diameter in diastole",
    "cm",
    plausible=(1, 8),
    possible=(0.3, 12),
    max_age_days=730,
    example={"value": 4.8, "unit": "cm"},
)

CALCULATOR = Calculator(
    name="fractional_shortening",
    title="Fractional shortening",
    synonyms=("FS", "shortening fraction", "LV fractional shortening", "M-mode shortening"),
    purpose="Works out by how much the diameter of the left ventricle shortens, from an M-mode echocardiogram.",
    specialty="cardiology",
    inputs=(
        DIAMETER,
        DIAMETER.but(
            name="lv_systolic_diameter",
            title="Left ventricular diameter in systole",
            plausible=(0.5, 7),
            possible=(0.2, 12),
            example={"value": 3.1, "unit": "cm"},
        ),
    ),
    notes=(
        "Normal above 25% by M-mode in adults, 28 to 45% in children; not the ejection fraction",
        "Only where the septum moves normally and the wall alike everywhere",
    ),
    result=Result("Fractional shortening", "%"),
    references=(
        Reference(
            "Cardiology Connections: LV fractional shortening; after Lang RM, et al. J Am Soc Echocardiogr "
            "2005;18:1444.",
            "definition",
            url="https://www.cardiology-connections.com/app/lv-fractional-shortening",
            verified=Verified(
                "https://www.cardiology-connections.com/app/lv-fractional-shortening",
                "2026-11-22",
                "Cardiology Connections; pedecho.org for children and for the motion of the septum",
                "the formula, and above 25 % by M-mode as normal",
            ),
        ),
    ),
    compute=fractional_shortening,
)
