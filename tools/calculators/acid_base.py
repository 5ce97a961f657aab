"""Anion gaps and what they share: inputs, sources and the ratio of the two changes."""

from __future__ import annotations

from tools.calculators.anion_gap import BICARBONATE, CHLORIDE
from tools.calculators.base import Outcome, Term
from tools.calculators.hepatology import SODIUM
from tools.calculators.reference import Reference, Verified

GAP_INPUTS = (SODIUM.but(monotone=True, max_age_days=1), CHLORIDE, BICARBONATE)
GAP_REFERENCE = Reference(
    "University of Iowa, Pathology Handbook: anion gap.",
    "definition",
    url="https://www.healthcare.uiowa.edu/path_handbook/handbook/test2734.html",
    verified=Verified(
        "https://www.healthcare.uiowa.edu/path_handbook/handbook/test2734.html",
        "2026-11-22",
        "University of Iowa Health Care, Pathology Handbook",
        "sodium less chloride and bicarbonate",
    ),
)
CORRECTED_REFERENCE = Reference(
    "Figge J, et al. Anion gap and hypoalbuminemia. Crit Care Med 1998;26:1807-1810.",
    "derivation",
    doi="10.1097/00003246-199811000-00019",
    verified=Verified(
        "https://ficm.ac.uk/documents/what-is-the-albumin-correction-for-the-anion-gap",
        "2026-11-22",
        "Faculty of Intensive Care Medicine, case of the month 44",
        "adds 0.25 mmol/L for every g/L of albumin below 40 g/L",
    ),
)
DELTA_REFERENCE = Reference(
    "My Endo Consult: anion gap, delta gap and delta ratio.",
    "definition",
    url="https://myendoconsult.com/learn/anion-gap-formula/",
    verified=Verified(
        "https://myendoconsult.com/learn/anion-gap-formula/",
        "2026-11-22",
        "My Endo Consult, a site of endocrinologists",
        "delta gap is the gap less 12; the ratio divides it by 24 less bicarbonate; 1 to 2 a gap acidosis alone",
    ),
)
RATIO_NOTES = (
    "In a metabolic acidosis with a raised gap: below 1 a second acidosis without a gap is "
    "likely, 1 to 2 there is none, "
    "above 2 a metabolic alkalosis or an earlier high bicarbonate is likely",
    "Taken from a normal gap of 12 and a normal bicarbonate of 24 mmol/L",
)


def gap(sodium: float, chloride: float, bicarbonate: float) -> float:
    """Sodium less chloride and bicarbonate, in mmol/L."""
    return sodium - chloride - bicarbonate


def corrected_gap(sodium: float, chloride: float, bicarbonate: float, albumin: float) -> float:
    """The gap as it would be with an albumin of 4.0 g/dL."""
    return gap(sodium, chloride, bicarbonate) + 2.5 * (4.0 - albumin)


def delta_ratio_of(anion_gap: float, bicarbonate: float) -> Outcome:
    """(Gap - 12) / (24 - bicarbonate)."""
    terms = (Term("Anion gap", anion_gap, "mmol/L"), Term("24 - bicarbonate", 24.0 - bicarbonate, "mmol/L"))
    if bicarbonate == 24:
        return Outcome(None, terms, ("Bicarbonate is 24 mmol/L, so there is no fall to compare the gap with",))
    high = ("Bicarbonate is not below 24 mmol/L: the ratio is about metabolic acidosis",) if bicarbonate > 24 else ()
    return Outcome((anion_gap - 12.0) / (24.0 - bicarbonate), terms, high)
