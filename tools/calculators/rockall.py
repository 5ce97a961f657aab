"""Full Rockall score: rebleeding and death after upper gastrointestinal bleeding, with endoscopy."""

from __future__ import annotations

from tools.calculators.base import ADULTS, Calculator, Outcome, Result, points
from tools.calculators.common import AGE, HEART_RATE, SYSTOLIC, boolean, choice
from tools.calculators.reference import Reference, Verified

COMORBIDITY = {
    "none": "none major",
    "major": "heart failure, ischaemic heart disease or any other major one",
    "severe": "renal failure, liver failure or disseminated malignancy",
}
COMORBIDITY_POINTS = {"none": 0, "major": 2, "severe": 3}
DIAGNOSIS = {
    "none": "Mallory-Weiss tear, or no lesion and no stigmata",
    "other": "any other diagnosis",
    "malignancy": "malignancy of the upper tract",
}
DIAGNOSIS_POINTS = {"none": 0, "other": 1, "malignancy": 2}


def rockall(
    age: float, systolic_bp: float, heart_rate: float, comorbidity: str, endoscopic_diagnosis: str, major_stigmata: bool
) -> Outcome:
    """0 to 11 points."""
    return points(
        ("Age 60 to 79 (1), 80 or older (2)", age >= 60, 2 if age >= 80 else 1),
        (
            "Pulse 100 or more (1), systolic pressure below 100 mmHg (2)",
            systolic_bp < 100 or heart_rate >= 100,
            2 if systolic_bp < 100 else 1,
        ),
        ("Comorbidity", True, COMORBIDITY_POINTS[comorbidity]),
        ("Endoscopic diagnosis", True, DIAGNOSIS_POINTS[endoscopic_diagnosis]),
        ("Major stigmata of recent haemorrhage", major_stigmata, 2),
    )


CALCULATOR = Calculator(
    name="rockall",
    title="Rockall score",
    synonyms=("Rockall", "full Rockall score", "complete Rockall score"),
    purpose=("Scores the risk of rebleeding and death after endoscopy for acute upper gastrointestinal bleeding."),
    specialty="gastroenterology",
    inputs=(
        AGE.but(cuts=(60.0, 80.0), plausible=(18, 110)),
        SYSTOLIC.but(cuts=(100.0,)),
        HEART_RATE.but(cuts=(100.0,)),
        choice("comorbidity", "Comorbidity", COMORBIDITY, ask="Major comorbidity?"),
        choice("endoscopic_diagnosis", "Endoscopic diagnosis", DIAGNOSIS, ask="Diagnosis at endoscopy?"),
        boolean(
            "major_stigmata",
            "Major stigmata of recent haemorrhage",
            ask="Blood in the upper tract, adherent clot, visible or spurting vessel?",
        ),
    ),
    population=ADULTS,
    result=Result("Rockall score", noun="points"),
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
                (
                    "the five items and their points; no shock is a pulse below 100, so that a pulse of exactly 100 "
                    "counts as tachycardia here, and a pressure of exactly 100 not as hypotension"
                ),
            ),
        ),
    ),
    compute=rockall,
)
