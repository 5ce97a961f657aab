"""CHA2DS2-VASc: thromboembolic risk in atrial fibrillation, with the sex category (ACC/AHA 2023 uses it)."""

from __future__ import annotations

from tools.calculators.af_inputs import AF_AGE, AF_INPUTS, af_items
from tools.calculators.base import ADULTS, Band, Calculator, Outcome, Result, points
from tools.calculators.common import SEX
from tools.calculators.reference import Reference, Verified


def cha2ds2_vasc(
    age: float,
    sex: str,
    heart_failure: bool,
    hypertension: bool,
    diabetes: bool,
    stroke_tia_te: bool,
    vascular_disease: bool,
) -> Outcome:
    """0 to 9 points."""
    items = af_items(age, heart_failure, hypertension, diabetes, stroke_tia_te, vascular_disease)
    return points(*items, ("Female sex", sex == "female", 1))


CALCULATOR = Calculator(
    name="cha2ds2_vasc",
    title="CHA2DS2-VASc",
    synonyms=("CHADS-VASc", "CHA2DS2VASc", "CHADSVASc", "stroke risk in atrial fibrillation", "AF stroke score"),
    purpose="Scores the risk of stroke and thromboembolism in an adult with atrial fibrillation, sex included.",
    specialty="cardiology",
    inputs=(AF_AGE, SEX, *AF_INPUTS),
    population=ADULTS,
    result=Result(
        "CHA2DS2-VASc",
        noun="points",
        source="doi:10.1378/chest.09-1584",
        bands=(Band("low risk"), Band("intermediate risk", 1), Band("high risk", 2)),
    ),
    references=(
        Reference(
            "Lip GYH, et al. Refining clinical risk stratification for predicting stroke and thromboembolism in atrial "
            "fibrillation using a novel risk factor-based approach: the Euro Heart Survey. Chest 2010;137:263-272.",
            "derivation",
            doi="10.1378/chest.09-1584",
            verified=Verified(
                "https://development.cds-platform.com/ckm/clinical-knowledge-manager/demo/view/CHA2DS2-VASc/1?language=en",
                "2026-11-22",
                "Cambio Healthcare Systems, guideline model citing the paper",
                "the points, the maximum of 9, and low 0, intermediate 1, high 2 or more",
            ),
        ),
    ),
    compute=cha2ds2_vasc,
)
