"""KDIGO risk: the combination of GFR and albuminuria category."""

from __future__ import annotations

from tools.calculators.base import Calculator, Code, Outcome, Result, Term
from tools.calculators.kdigo import CKD_ACR, CKD_EGFR, HEAT_MAP, KEY, albuminuria_category, gfr_category

_LEVELS = ("low", "moderate", "high", "very_high")
_MAP = {
    "G1": (0, 1, 2),
    "G2": (0, 1, 2),
    "G3a": (1, 2, 3),
    "G3b": (2, 3, 3),
    "G4": (3, 3, 3),
    "G5": (3, 3, 3),
}


def kdigo_risk(egfr: float, acr: float) -> Outcome:
    """The risk category of an eGFR (mL/min/1.73 m²) with an albumin-to-creatinine ratio."""
    g, a = gfr_category(egfr), albuminuria_category(acr)
    level = _LEVELS[_MAP[g][("A1", "A2", "A3").index(a)]]
    return Outcome(level, (Term("GFR category", g), Term("Albuminuria category", a)))


CALCULATOR = Calculator(
    name="kdigo_risk",
    title="KDIGO risk of chronic kidney disease",
    synonyms=("KDIGO heat map", "CKD risk", "CGA staging", "kidney disease prognosis"),
    purpose="Combines GFR and albuminuria category into the KDIGO risk of adverse outcomes of chronic kidney disease.",
    specialty="nephrology",
    inputs=(CKD_EGFR, CKD_ACR),
    notes=("Low risk in G1 or G2 with A1 is no kidney disease unless there are other markers of damage",),
    result=Result(
        "KDIGO risk",
        source=KEY,
        codes=(
            Code("low", "low", "low risk (green)"),
            Code("moderate", "moderately increased", "moderately increased risk (yellow)"),
            Code("high", "high", "high risk (orange)"),
            Code("very_high", "very high", "very high risk (red)"),
        ),
    ),
    references=(HEAT_MAP,),
    compute=kdigo_risk,
)
