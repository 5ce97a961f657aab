"""PLASMIC: is a thrombotic microangiopathy TTP?"""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Population, Result, points
from tools.calculators.common import (
    CREATININE,
    boolean,
)
from tools.calculators.fib_4 import PLATELETS
from tools.calculators.hepatology import INR
from tools.calculators.mentzer_index import MCV
from tools.calculators.reference import Reference, Verified


def plasmic(
    platelets: float,
    haemolysis: bool,
    active_cancer: bool,
    transplant_history: bool,
    mcv: float,
    inr: float,
    creatinine: float,
) -> Outcome:
    """0 to 7 points; creatinine in mg/dL."""
    return points(
        ("Platelets below 30 × 10⁹/L", platelets < 30, 1),
        ("Haemolysis", haemolysis, 1),
        ("No active cancer", not active_cancer, 1),
        ("No transplant", not transplant_history, 1),
        ("MCV below 90 fL", mcv < 90, 1),
        ("INR below 1.5", inr < 1.5, 1),
        ("Creatinine below 2.0 mg/dL", creatinine < 2.0, 1),
    )


CALCULATOR = Calculator(
    name="plasmic",
    title="PLASMIC score",
    synonyms=("PLASMIC", "TTP score", "ADAMTS13 deficiency score"),
    purpose="Scores how likely thrombotic thrombocytopenic purpura (severe ADAMTS13 deficiency) is in an adult with "
    "low platelets and schistocytes.",
    specialty="haematology",
    inputs=(
        PLATELETS.but(cuts=(30.0,), monotone=False, max_age_days=2),
        boolean(
            "haemolysis",
            "Haemolysis",
            ask="Reticulocytes above 2.5%, haptoglobin undetectable, or indirect bilirubin above 2 mg/dL?",
        ),
        boolean("active_cancer", "Active cancer", ask="Cancer treated within the last year?"),
        boolean(
            "transplant_history", "Organ or stem-cell transplant", ask="Ever a solid organ or stem-cell transplant?"
        ),
        MCV.but(cuts=(90.0,), monotone=False, max_age_days=2),
        INR.but(cuts=(1.5,), max_age_days=2),
        CREATININE.but(cuts=(2.0,), monotone=False, max_age_days=2),
    ),
    population=Population(
        "adults with platelets below 150 × 10⁹/L and schistocytes on the smear", below={"platelets": 150}
    ),
    example_inputs={"platelets": {"value": 25, "unit": "10*9/L"}},
    result=Result(
        "PLASMIC",
        noun="points",
        source="http://williams.medicine.wisc.edu/plasmic_score.html",
        bands=(Band("low risk"), Band("intermediate risk", 5), Band("high risk", 6)),
    ),
    references=(
        Reference(
            "Bendapudi PK, et al. Derivation and external validation of the PLASMIC score for rapid assessment of "
            "adults "
            "with thrombotic microangiopathies. Lancet Haematol 2017;4:e157-e164.",
            "derivation",
            url="http://williams.medicine.wisc.edu/plasmic_score.html",
            verified=Verified(
                "http://williams.medicine.wisc.edu/plasmic_score.html",
                "2026-11-22",
                "University of Wisconsin, Department of Medicine; whom it is for at the authors' own site",
                "the seven items at one point each; 0 to 4 low, 5 intermediate, 6 or 7 high",
            ),
        ),
    ),
    compute=plasmic,
)
