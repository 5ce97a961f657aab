"""Inputs of doses by label: creatinine clearance by Cockcroft-Gault, and whether it can be relied on."""

from __future__ import annotations

from tools.calculators.base import Outcome, Term
from tools.calculators.common import WEIGHT, boolean, quantity

CRCL = quantity(
    "crcl",
    "Creatinine clearance (Cockcroft-Gault)",
    "mL/min",
    plausible=(5, 200),
    possible=(0.5, 400),
    max_age_days=365,
    ask="Creatinine clearance by Cockcroft-Gault, in mL/min (not the eGFR)",
    example={"value": 62, "unit": "mL/min"},
)
UNSTABLE = boolean(
    "unstable_creatinine",
    "Unstable creatinine",
    ask="Is the creatinine changing from day to day (acute kidney injury)?",
    max_age_days=7,
)
DOSING_WEIGHT = WEIGHT.but(max_age_days=90, ask="Actual body weight, and when it was measured")
LABEL_NOTE = "What the label states, no more: allergies, other drugs, bleeding and pregnancy are not looked at here"


def if_stable(unstable: bool, dose: str, *terms: Term) -> Outcome:
    """A dose band, or none: a clearance worked out from an unstable creatinine is no measure for a dose."""
    if unstable:
        reason = "No dose band from a creatinine that is not stable: the clearance worked out from it does not hold"
        return Outcome(None, terms, (reason,))
    return Outcome(dose, terms)
