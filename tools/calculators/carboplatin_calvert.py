"""Calvert formula: dose of carboplatin for a target exposure."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.common import (
    quantity,
)
from tools.calculators.reference import Reference, Verified

CAP = 125.0


def carboplatin_calvert(target_auc: float, gfr: float) -> Outcome:
    """mg; AUC in mg/mL min, GFR in mL/min (not indexed)."""
    terms, warnings = [Term("GFR + 25", gfr + 25.0, "mL/min")], []
    if gfr > CAP:
        terms.append(Term("Most with an estimated GFR, which counts up to 125 mL/min", target_auc * (CAP + 25.0), "mg"))
        warnings.append("GFR above 125 mL/min: an estimated one is capped there (FDA, NCCN), which is not done here")
    return Outcome(target_auc * (gfr + 25.0), tuple(terms), tuple(warnings))


CALCULATOR = Calculator(
    name="carboplatin_calvert",
    title="Carboplatin dose (Calvert)",
    synonyms=("Calvert formula", "carboplatin AUC dose", "carboplatin dosing"),
    purpose="Works out the dose of carboplatin in mg that gives a chosen exposure (AUC) at a known GFR.",
    specialty="oncology",
    inputs=(
        quantity(
            "target_auc",
            "Target AUC",
            "mg.min/mL",
            plausible=(1.5, 8),
            possible=(0.5, 12),
            monotone=True,
            ask="Which exposure (AUC, in mg/mL × min) does the protocol name?",
            example={"value": 5, "unit": "mg.min/mL"},
        ),
        quantity(
            "gfr",
            "GFR, in mL/min",
            "mL/min",
            plausible=(15, 150),
            possible=(0, 250),
            monotone=True,
            max_age_days=14,
            ask="GFR in mL/min, measured or estimated and not per 1.73 m²?",
            example={"value": 80, "unit": "mL/min"},
        ),
    ),
    notes=(
        "Derived with GFR measured by 51Cr-EDTA; the FDA caps an estimated GFR at 125 mL/min, which is not done here",
        "The formula, not a prescription: protocol, blood counts and earlier treatment decide the dose",
    ),
    result=Result("Carboplatin", "mg"),
    references=(
        Reference(
            "Calvert AH, et al. Carboplatin dosage: prospective evaluation of a simple formula based on renal "
            "function. "
            "J Clin Oncol 1989;7:1748-1756.",
            "derivation",
            url="http://globalrph.com/carboplatin2.htm",
            verified=Verified(
                "http://globalrph.com/carboplatin2.htm",
                "2026-11-22",
                "GlobalRPh; NCCN order templates, appendix B, for the cap of the FDA at 125 mL/min",
                "target AUC times GFR plus 25, with GFR measured by 51Cr-EDTA",
            ),
        ),
    ),
    compute=carboplatin_calvert,
)
