"""KDIGO 2024: the categories of GFR and albuminuria, shared by three calculators."""

from __future__ import annotations

from tools.calculators.base import Code
from tools.calculators.common import ACR, EGFR
from tools.calculators.reference import Reference, Verified

KEY = "doi:10.1016/j.kint.2023.10.018"
GFR_LIMITS = (("G1", 90.0), ("G2", 60.0), ("G3a", 45.0), ("G3b", 30.0), ("G4", 15.0), ("G5", 0.0))
CKD_EGFR = EGFR.but(cuts=(15.0, 30.0, 45.0, 60.0, 90.0))
# KDIGO prints its limits in both units, ten to one (3 and 30 mg/mmol); the exact conversion would move patients.
CKD_ACR = ACR.but(cuts=(30.0, 300.0), equivalents={"mg/mmol": 10.0})
GFR_CODES = (
    Code("G1", "G1", "normal or high"),
    Code("G2", "G2", "mildly decreased"),
    Code("G3a", "G3a", "mildly to moderately decreased"),
    Code("G3b", "G3b", "moderately to severely decreased"),
    Code("G4", "G4", "severely decreased"),
    Code("G5", "G5", "kidney failure"),
)
ACR_CODES = (
    Code("A1", "A1", "normal to mildly increased"),
    Code("A2", "A2", "moderately increased"),
    Code("A3", "A3", "severely increased"),
)
_CITATION = (
    "KDIGO 2024 Clinical Practice Guideline for the Evaluation and Management of Chronic Kidney Disease. "
    "Kidney Int 2024;105(4S):S117-S314."
)
CATEGORIES = Reference(
    _CITATION,
    "definition",
    doi="10.1016/j.kint.2023.10.018",
    verified=Verified(
        "https://bestpractice.bmj.com/topics/en-gb/84/criteria",
        "2026-11-22",
        "BMJ Best Practice",
        "the limits of G1 to G5, and of A1 to A3 in mg/g and mg/mmol",
    ),
)
HEAT_MAP = Reference(
    _CITATION,
    "definition",
    doi="10.1016/j.kint.2023.10.018",
    verified=Verified(
        "https://www.wjgnet.com/1948-9358/full/v8/i5/222-T1.htm",
        "2026-11-22",
        "World Journal of Diabetes, table 1, after KDIGO 2012 (unchanged in 2024)",
        "the risk of each combination of GFR and albuminuria category",
    ),
)


def gfr_category(egfr: float) -> str:
    """G1 to G5; eGFR in mL/min/1.73 m²."""
    return next(code for code, limit in GFR_LIMITS if egfr >= limit)


def albuminuria_category(acr: float) -> str:
    """A1 below 30, A2 30 to 300, A3 above 300 mg/g (3 and 30 mg/mmol)."""
    return "A1" if acr < 30 else "A2" if acr <= 300 else "A3"
