"""H2FPEF: heart failure with preserved ejection fraction in unexplained breathlessness."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Population, Result, points
from tools.calculators.body_inputs import BMI
from tools.calculators.common import (
    AGE,
    boolean,
    quantity,
)
from tools.calculators.reference import Reference, Verified


def h2fpef(
    bmi: float,
    two_antihypertensives: bool,
    atrial_fibrillation: bool,
    pulmonary_systolic_pressure: float,
    age: float,
    e_over_e_prime: float,
) -> Outcome:
    """0 to 9 points."""
    return points(
        ("Body mass index above 30", bmi > 30, 2),
        ("2 or more drugs for blood pressure", two_antihypertensives, 1),
        ("Atrial fibrillation", atrial_fibrillation, 3),
        ("Pulmonary systolic pressure above 35 mmHg", pulmonary_systolic_pressure > 35, 1),
        ("Age above 60", age > 60, 1),
        ("E/e' above 9", e_over_e_prime > 9, 1),
    )


CALCULATOR = Calculator(
    name="h2fpef",
    title="H2FPEF score",
    synonyms=("H2FPEF", "HFpEF score", "heart failure with preserved ejection fraction score"),
    purpose="Scores how likely heart failure with preserved ejection fraction explains breathlessness on exertion.",
    specialty="cardiology",
    inputs=(
        BMI.but(cuts=(30.0,)),
        boolean(
            "two_antihypertensives", "2 or more drugs for blood pressure", ask="2 or more drugs for blood pressure?"
        ),
        boolean("atrial_fibrillation", "Atrial fibrillation", ask="Atrial fibrillation, paroxysmal or persistent?"),
        quantity(
            "pulmonary_systolic_pressure",
            "Pulmonary artery systolic pressure (echocardiography)",
            "mm[Hg]",
            plausible=(10, 120),
            possible=(0, 200),
            cuts=(35.0,),
            max_age_days=365,
            example={"value": 30, "unit": "mm[Hg]"},
        ),
        AGE.but(cuts=(60.0,), plausible=(18, 110)),
        quantity(
            "e_over_e_prime",
            "E/e' ratio (echocardiography)",
            "1",
            plausible=(3, 40),
            possible=(1, 80),
            cuts=(9.0,),
            max_age_days=365,
            example={"value": 8, "unit": "1"},
        ),
    ),
    population=Population(
        "adults (18 years or older) with unexplained breathlessness on exertion and a preserved ejection fraction",
        at_least={"age": 18},
    ),
    result=Result(
        "H2FPEF",
        noun="points",
        source="https://johnsonfrancis.org/professional/h2fpef-score/",
        bands=(Band("low probability"), Band("intermediate probability", 2), Band("high probability", 6)),
    ),
    references=(
        Reference(
            "Reddy YNV, et al. A simple, evidence-based approach to help guide diagnosis of heart failure with "
            "preserved ejection fraction. Circulation 2018;138:861-870.",
            "derivation",
            doi="10.1161/CIRCULATIONAHA.118.034646",
            pmid="29792299",
            verified=Verified(
                "https://pubmed.ncbi.nlm.nih.gov/29792299/",
                "2026-11-22",
                "PubMed, abstract",
                "the six items with their limits (60 years, 2 drugs, E/e' 9, 35 mmHg), 0 to 9 points",
            ),
        ),
        Reference(
            "Johnson Francis: H2FPEF score.",
            "bands",
            url="https://johnsonfrancis.org/professional/h2fpef-score/",
            verified=Verified(
                "https://johnsonfrancis.org/professional/h2fpef-score/",
                "2026-11-22",
                "Johnson Francis, cardiologist; the three classes also at Mediately",
                "the six items with their points; 0 or 1 low, 2 to 5 intermediate, 6 to 9 high",
            ),
        ),
    ),
    compute=h2fpef,
)
