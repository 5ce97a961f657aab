"""HAS-BLED: risk of major bleeding on anticoagulation for atrial fibrillation."""

from __future__ import annotations

from tools.calculators.base import ADULTS, Band, Calculator, Outcome, Result, points
from tools.calculators.common import AGE, boolean
from tools.calculators.reference import Reference, Verified


def has_bled(
    hypertension_uncontrolled: bool,
    abnormal_renal: bool,
    abnormal_liver: bool,
    stroke: bool,
    bleeding: bool,
    labile_inr: bool,
    age: float,
    antiplatelet_nsaid: bool,
    alcohol: bool,
) -> Outcome:
    """0 to 9 points."""
    return points(
        ("Uncontrolled hypertension", hypertension_uncontrolled, 1),
        ("Abnormal renal function", abnormal_renal, 1),
        ("Abnormal liver function", abnormal_liver, 1),
        ("Stroke", stroke, 1),
        ("Bleeding history or predisposition", bleeding, 1),
        ("Labile INR", labile_inr, 1),
        ("Age over 65", age > 65, 1),
        ("Antiplatelet or NSAID", antiplatelet_nsaid, 1),
        ("Alcohol", alcohol, 1),
    )


CALCULATOR = Calculator(
    name="has_bled",
    title="HAS-BLED",
    synonyms=("HASBLED", "bleeding risk", "bleeding score in atrial fibrillation"),
    purpose="Scores the risk of major bleeding of an adult with atrial fibrillation who is or would be anticoagulated.",
    specialty="cardiology",
    inputs=(
        boolean("hypertension_uncontrolled", "Uncontrolled hypertension", ask="Systolic pressure above 160 mmHg?"),
        boolean(
            "abnormal_renal",
            "Abnormal renal function",
            ask="Dialysis, kidney transplant, or creatinine of 200 µmol/L (2.26 mg/dL) or more?",
        ),
        boolean(
            "abnormal_liver",
            "Abnormal liver function",
            ask="Cirrhosis, or bilirubin above 2 times with AST, ALT or ALP above 3 times the upper limit?",
        ),
        boolean("stroke", "Stroke", ask="Any previous stroke?"),
        boolean(
            "bleeding",
            "Bleeding history or predisposition",
            ask="Previous major bleeding, or a predisposition such as anaemia or a bleeding diathesis?",
        ),
        boolean("labile_inr", "Labile INR", ask="On a vitamin K antagonist with time in range below 60 %?"),
        AGE.but(cuts=(65.0,), plausible=(18, 110)),
        boolean("antiplatelet_nsaid", "Antiplatelet or NSAID", ask="Taking an antiplatelet drug or an NSAID?"),
        boolean("alcohol", "Alcohol", ask="8 or more units of alcohol a week?"),
    ),
    population=ADULTS,
    result=Result(
        "HAS-BLED",
        noun="points",
        source="doi:10.1378/chest.10-0134",
        bands=(Band("not high risk"), Band("high risk", 3)),
    ),
    references=(
        Reference(
            "Pisters R, et al. A novel user-friendly score (HAS-BLED) to assess 1-year risk of major bleeding in "
            "patients with atrial fibrillation: the Euro Heart Survey. Chest 2010;138:1093-1100.",
            "derivation",
            doi="10.1378/chest.10-0134",
            verified=Verified(
                "https://pmc.ncbi.nlm.nih.gov/articles/PMC3418985/table/t3-0580850",
                "2026-11-22",
                "a review article on PubMed Central",
                "the nine items with their definitions, and 3 or more as high risk",
            ),
        ),
    ),
    compute=has_bled,
)
