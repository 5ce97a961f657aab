"""CHADS2: the older stroke score in atrial fibrillation."""

from __future__ import annotations

from tools.calculators.base import ADULTS, Band, Calculator, Outcome, Result, points
from tools.calculators.common import AGE, boolean
from tools.calculators.reference import Reference, Verified


def chads2(age: float, heart_failure: bool, hypertension: bool, diabetes: bool, stroke_tia: bool) -> Outcome:
    """0 to 6 points."""
    return points(
        ("Heart failure", heart_failure, 1),
        ("Hypertension", hypertension, 1),
        ("Age 75 or more", age >= 75, 1),
        ("Diabetes", diabetes, 1),
        ("Stroke or TIA", stroke_tia, 2),
    )


CALCULATOR = Calculator(
    name="chads2",
    title="CHADS2 (superseded)",
    synonyms=("CHADS2", "CHADS-2"),
    purpose="Scores stroke risk in atrial fibrillation by the older score that CHA2DS2-VASc and "
    "CHA2DS2-VA have replaced.",
    specialty="cardiology",
    inputs=(
        AGE.but(cuts=(75.0,), plausible=(18, 110)),
        boolean("heart_failure", "Heart failure"),
        boolean("hypertension", "Hypertension"),
        boolean("diabetes", "Diabetes"),
        boolean("stroke_tia", "Stroke or TIA", ask="Stroke or transient ischaemic attack before?"),
    ),
    population=ADULTS,
    notes=("An older score, kept for comparison",),
    result=Result(
        "CHADS2",
        noun="points",
        source="doi:10.1001/jama.285.22.2864",
        bands=(Band("low risk"), Band("moderate risk", 1), Band("high risk", 2)),
    ),
    references=(
        Reference(
            "Gage BF, et al. Validation of clinical classification schemes for predicting stroke: "
            "results from the National Registry of Atrial Fibrillation. "
            "JAMA 2001;285:2864-2870.",
            "derivation",
            doi="10.1001/jama.285.22.2864",
            verified=Verified(
                "https://pmc.ncbi.nlm.nih.gov/articles/PMC5020564/table/T3/",
                "2026-11-22",
                "AHA/ASA primary prevention guideline on PubMed Central, table 3",
                "the five items with their points; 0 low, 1 moderate, 2 or more high",
            ),
        ),
    ),
    compute=chads2,
)
