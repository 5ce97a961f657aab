"""Pre-endoscopy (clinical) Rockall score."""

from __future__ import annotations

from tools.calculators.base import ADULTS, Calculator, Outcome, Result, points
from tools.calculators.common import AGE, HEART_RATE, SYSTOLIC, choice
from tools.calculators.reference import Reference, Verified

COMORBIDITY = {
    "none": "none major",
    "major": "heart failure, ischaemic heart disease or any other major one",
    "severe": "renal failure, liver failure or disseminated malignancy",
}
COMORBIDITY_POINTS = {"none": 0, "major": 2, "severe": 3}


def rockall_pre_endoscopy(age: float, systolic_bp: float, heart_rate: float, comorbidity: str) -> Outcome:
    """0 to 7 points."""
    return points(
        ("Age 60 to 79 (1), 80 or older (2)", age >= 60, 2 if age >= 80 else 1),
        (
            "Pulse 100 or more (1), systolic pressure below 100 mmHg (2)",
            systolic_bp < 100 or heart_rate >= 100,
            2 if systolic_bp < 100 else 1,
        ),
        ("Comorbidity", True, COMORBIDITY_POINTS[comorbidity]),
    )


CALCULATOR = Calculator(
    name="rockall_pre_endoscopy",
    title="Pre-endoscopy Rockall score",
    synonyms=("clinical Rockall score", "admission Rockall score", "pre-endoscopic Rockall"),
    purpose=(
        "Scores the risk of acute upper gastrointestinal bleeding on admission, before endoscopy, from "
        "age, shock and comorbidity."
    ),
    specialty="gastroenterology",
    inputs=(
        AGE.but(cuts=(60.0, 80.0), plausible=(18, 110)),
        SYSTOLIC.but(cuts=(100.0,)),
        HEART_RATE.but(cuts=(100.0,)),
        choice("comorbidity", "Comorbidity", COMORBIDITY, ask="Major comorbidity?"),
    ),
    population=ADULTS,
    result=Result("Pre-endoscopy Rockall score", noun="points"),
    references=(
        Reference(
            ("Rockall TA, et al. Risk assessment after acute upper gastrointestinal haemorrhage. Gut 1996;38:316-321."),
            "derivation",
            doi="10.1136/gut.38.3.316",
            pmid="8675081",
            verified=Verified(
                "https://gut.bmj.com/highwire/markup/167098/expansion?width=1000&height=500&iframe=true&postprocessors=highwire_tables%2Chighwire_reclass%2Chighwire_figures%2Chighwire_math%2Chighwire_inline_linked_media%2Chighwire_embed",
                "2026-11-22",
                "Gut, table 2 of a guideline; OMICS J Gastrointest Dig Syst, table 2, for the columns of points",
                "age, shock and comorbidity, the items known before endoscopy",
            ),
        ),
    ),
    compute=rockall_pre_endoscopy,
)
