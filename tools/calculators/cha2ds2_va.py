"""CHA2DS2-VA: thromboembolic risk in atrial fibrillation without the sex category (ESC 2024)."""

from __future__ import annotations

from tools.calculators.af_inputs import AF_AGE, AF_INPUTS, af_items
from tools.calculators.base import ADULTS, Band, Calculator, Outcome, Result, points
from tools.calculators.reference import Reference, Verified


def cha2ds2_va(
    age: float,
    heart_failure: bool,
    hypertension: bool,
    diabetes: bool,
    stroke_tia_te: bool,
    vascular_disease: bool,
) -> Outcome:
    """0 to 8 points."""
    return points(*af_items(age, heart_failure, hypertension, diabetes, stroke_tia_te, vascular_disease))


CALCULATOR = Calculator(
    name="cha2ds2_va",
    title="CHA2DS2-VA",
    synonyms=("CHADS-VA", "CHA2DS2VA", "CHADSVA", "stroke risk in atrial fibrillation", "AF stroke score without sex"),
    purpose="Scores the risk of stroke and thromboembolism in an adult with atrial fibrillation, without sex.",
    specialty="cardiology",
    inputs=(AF_AGE, *AF_INPUTS),
    population=ADULTS,
    result=Result(
        "CHA2DS2-VA",
        noun="points",
        source="doi:10.1093/eurheartj/ehae176",
        bands=(Band("low risk"), Band("intermediate risk", 1), Band("high risk", 2)),
    ),
    references=(
        Reference(
            "Van Gelder IC, et al. 2024 ESC Guidelines for the management of atrial fibrillation. "
            "Eur Heart J 2024;45:3314-3414.",
            "definition",
            doi="10.1093/eurheartj/ehae176",
            verified=Verified(
                "https://chadsva.org",
                "2026-11-22",
                "chadsva.org, citing the guideline",
                "the items, their definitions and points",
            ),
        ),
        Reference(
            "Updated scoring tool: CHA2DS2-VA.",
            "bands",
            url="https://ecg247.com/updated-scoring-tool-cha2ds2-va",
            verified=Verified(
                "https://ecg247.com/updated-scoring-tool-cha2ds2-va",
                "2026-11-22",
                "ECG247",
                "0 low, 1 moderate, 2 or more high risk under the guideline",
            ),
        ),
    ),
    compute=cha2ds2_va,
)
