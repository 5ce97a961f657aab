"""BODE index: survival in chronic obstructive pulmonary disease."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, Term
from tools.calculators.body_inputs import BMI
from tools.calculators.common import (
    choice,
    quantity,
)
from tools.calculators.mmrc import GRADES
from tools.calculators.reference import Reference, Verified


def bode(bmi: float, fev1_percent: float, mmrc_grade: str, walk_6min: float) -> Outcome:
    """0 to 10 points; FEV1 in % of predicted, distance in metres."""
    worth = {
        "FEV1": 0 if fev1_percent >= 65 else 1 if fev1_percent >= 50 else 2 if fev1_percent > 35 else 3,
        "Distance walked": 0 if walk_6min >= 350 else 1 if walk_6min >= 250 else 2 if walk_6min >= 150 else 3,
        "Breathlessness": max(0, int(mmrc_grade) - 1),
        "Body mass index": 0 if bmi > 21 else 1,
    }
    return Outcome(float(sum(worth.values())), tuple(Term(name, float(each), "points") for name, each in worth.items()))


FEV1_PERCENT = quantity(
    "fev1_percent",
    "FEV1 in per cent of predicted, after a bronchodilator",
    "%",
    plausible=(10, 140),
    possible=(3, 200),
    max_age_days=365,
    example={"value": 55, "unit": "%"},
)

CALCULATOR = Calculator(
    name="bode",
    title="BODE index",
    synonyms=("BODE", "COPD survival index", "body mass index, airflow obstruction, dyspnea, exercise"),
    purpose="Scores the 4-year survival of a patient with chronic obstructive pulmonary disease from body mass index, "
    "FEV1, breathlessness and a 6-minute walk.",
    specialty="respiratory medicine",
    inputs=(
        BMI.but(cuts=(21.0,)),
        FEV1_PERCENT.but(cuts=(35.0, 50.0, 65.0)),
        choice("mmrc_grade", "Breathlessness", GRADES, ask="What makes you breathless?", max_age_days=90),
        quantity(
            "walk_6min",
            "Distance walked in 6 minutes",
            "m",
            plausible=(20, 800),
            possible=(0, 1200),
            cuts=(150.0, 250.0, 350.0),
            max_age_days=365,
            example={"value": 380, "unit": "m"},
        ),
    ),
    result=Result(
        "BODE index",
        noun="points",
        source="doi:10.1056/NEJMoa021322",
        bands=(
            Band("80% survived 4 years"),
            Band("67% survived 4 years", 3),
            Band("57% survived 4 years", 5),
            Band("18% survived 4 years", 7),
        ),
    ),
    references=(
        Reference(
            "Celli BR, et al. The body-mass index, airflow obstruction, dyspnea, and exercise capacity index in "
            "chronic "
            "obstructive pulmonary disease. N Engl J Med 2004;350:1005-1012.",
            "derivation",
            doi="10.1056/NEJMoa021322",
            verified=Verified(
                "https://development.cds-platform.com/ckm/clinical-knowledge-manager/demo/view/BODE_Index_COPD_survival/1?language=en",
                "2026-11-22",
                "Cambio CDS model citing the paper; the points in Respir Res 2009;10:1, table 1",
                "the four items with their points and the 4-year survival of each group",
            ),
        ),
    ),
    compute=bode,
)
