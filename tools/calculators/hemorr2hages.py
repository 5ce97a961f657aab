"""HEMORR2HAGES: bleeding on warfarin in atrial fibrillation."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, points
from tools.calculators.common import (
    AGE,
    boolean,
)
from tools.calculators.reference import Reference, Verified


def hemorr2hages(
    hepatic_renal_disease: bool,
    alcohol_abuse: bool,
    malignancy: bool,
    age: float,
    platelet_problem: bool,
    prior_bleed: bool,
    hypertension_uncontrolled: bool,
    anaemia_present: bool,
    cyp2c9_variant: bool,
    fall_risk: bool,
    stroke: bool,
) -> Outcome:
    """0 to 12 points."""
    return points(
        ("Hepatic or renal disease", hepatic_renal_disease, 1),
        ("Ethanol abuse", alcohol_abuse, 1),
        ("Malignancy", malignancy, 1),
        ("Age above 75", age > 75, 1),
        ("Reduced platelet count or function", platelet_problem, 1),
        ("Bleeding before", prior_bleed, 2),
        ("Uncontrolled hypertension", hypertension_uncontrolled, 1),
        ("Anaemia", anaemia_present, 1),
        ("CYP2C9 variant", cyp2c9_variant, 1),
        ("Excessive risk of falls", fall_risk, 1),
        ("Stroke", stroke, 1),
    )


CALCULATOR = Calculator(
    name="hemorr2hages",
    title="HEMORR2HAGES",
    synonyms=("HEMORRHAGES", "HEMORR₂HAGES", "bleeding risk on warfarin"),
    purpose="Scores the rate of major bleeding of an older patient with atrial fibrillation under warfarin.",
    specialty="cardiology",
    inputs=(
        boolean(
            "hepatic_renal_disease",
            "Hepatic or renal disease",
            ask="Cirrhosis, AST or ALT doubled, albumin below 3.6 g/dL, or creatinine clearance below 30 mL/min?",
        ),
        boolean("alcohol_abuse", "Alcohol abuse", ask="A history of alcohol abuse?"),
        boolean("malignancy", "Malignancy", ask="Recent or metastatic cancer?"),
        AGE.but(cuts=(75.0,), plausible=(18, 110)),
        boolean(
            "platelet_problem",
            "Reduced platelet count or function",
            ask="Platelets below 75 × 10⁹/L, antiplatelet drug or NSAID, or blood dyscrasia?",
        ),
        boolean("prior_bleed", "Bleeding before", ask="Ever in hospital for bleeding?"),
        boolean(
            "hypertension_uncontrolled",
            "Uncontrolled hypertension",
            ask="Is the last systolic pressure above 160 mmHg?",
        ),
        boolean("anaemia_present", "Anaemia", ask="Haematocrit below 30% or haemoglobin below 10 g/dL?"),
        boolean("cyp2c9_variant", "CYP2C9 variant", ask="CYP2C9*2 or *3 found?"),
        boolean("fall_risk", "Excessive risk of falls", ask="Dementia, Parkinson's disease, or falls?"),
        boolean("stroke", "Stroke", ask="Any previous stroke?"),
    ),
    result=Result(
        "HEMORR2HAGES",
        noun="points",
        source="http://warfarindosing.org/Source/PredictionRule.aspx",
        bands=(
            Band("1.9 major bleeds in 100 patient-years"),
            Band("2.5 major bleeds in 100 patient-years", 1),
            Band("5.3 major bleeds in 100 patient-years", 2),
            Band("8.4 major bleeds in 100 patient-years", 3),
            Band("10.4 major bleeds in 100 patient-years", 4),
            Band("12.3 major bleeds in 100 patient-years", 5),
        ),
    ),
    references=(
        Reference(
            "Gage BF, et al. Clinical classification schemes for predicting hemorrhage: results from the National "
            "Registry of Atrial Fibrillation. Am Heart J 2006;151:713-719.",
            "derivation",
            url="http://warfarindosing.org/Source/PredictionRule.aspx",
            verified=Verified(
                "http://warfarindosing.org/Source/PredictionRule.aspx",
                "2026-11-22",
                "WarfarinDosing.org, the site of the first author",
                "the factors with definitions and points, and the bleeds for each score under warfarin",
            ),
        ),
    ),
    compute=hemorr2hages,
)
