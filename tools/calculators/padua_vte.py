"""Padua score: venous thromboembolism of medical inpatients."""

from __future__ import annotations

from tools.calculators.base import ADULTS, Band, Calculator, Outcome, Result, points
from tools.calculators.common import AGE, boolean, quantity
from tools.calculators.reference import Reference, Verified


def padua_vte(
    active_cancer: bool,
    prior_vte: bool,
    reduced_mobility: bool,
    thrombophilia: bool,
    recent_trauma_surgery: bool,
    age: float,
    heart_or_respiratory_failure: bool,
    infarction_or_stroke: bool,
    infection_or_rheumatic: bool,
    bmi: float,
    hormonal_treatment: bool,
) -> Outcome:
    """0 to 20 points."""
    return points(
        ("Active cancer", active_cancer, 3),
        ("Previous DVT or PE", prior_vte, 3),
        ("Reduced mobility", reduced_mobility, 3),
        ("Known thrombophilia", thrombophilia, 3),
        ("Trauma or surgery within a month", recent_trauma_surgery, 2),
        ("Age 70 or older", age >= 70, 1),
        ("Heart or respiratory failure", heart_or_respiratory_failure, 1),
        ("Acute myocardial infarction or ischaemic stroke", infarction_or_stroke, 1),
        ("Acute infection or rheumatological disorder", infection_or_rheumatic, 1),
        ("Body mass index 30 or more", bmi >= 30, 1),
        ("Hormonal treatment", hormonal_treatment, 1),
    )


CALCULATOR = Calculator(
    name="padua_vte",
    title="Padua prediction score",
    synonyms=("Padua", "Padua score", "Padua VTE score"),
    purpose="Scores the risk of venous thromboembolism of a medical patient in hospital.",
    specialty="haematology",
    inputs=(
        boolean("active_cancer", "Active cancer", ask="Metastases, or chemotherapy or radiotherapy within 6 months?"),
        boolean("prior_vte", "Previous DVT or PE", ask="Previous DVT or pulmonary embolism (not superficial)?"),
        boolean("reduced_mobility", "Reduced mobility", ask="Bed rest with bathroom privileges for 3 days or more?"),
        boolean(
            "thrombophilia",
            "Known thrombophilia",
            ask=(
                "Defect of antithrombin, protein C or S, factor V Leiden, prothrombin mutation or "
                "antiphospholipid syndrome?"
            ),
        ),
        boolean("recent_trauma_surgery", "Trauma or surgery within a month", ask="Trauma or surgery within a month?"),
        AGE.but(cuts=(70.0,), plausible=(18, 110)),
        boolean("heart_or_respiratory_failure", "Heart or respiratory failure", ask="Heart or respiratory failure?"),
        boolean(
            "infarction_or_stroke",
            "Acute myocardial infarction or ischaemic stroke",
            ask="Acute myocardial infarction or ischaemic stroke?",
        ),
        boolean(
            "infection_or_rheumatic",
            "Acute infection or rheumatological disorder",
            ask="Acute infection or rheumatological disorder?",
        ),
        quantity(
            "bmi",
            "Body mass index",
            "kg/m2",
            plausible=(12, 70),
            possible=(5, 150),
            cuts=(30.0,),
            max_age_days=365,
            codings=("loinc:39156-5",),
            example={"value": 24, "unit": "kg/m2"},
        ),
        boolean("hormonal_treatment", "Hormonal treatment", ask="Ongoing hormonal treatment?"),
    ),
    population=ADULTS,
    result=Result(
        "Padua score",
        noun="points",
        source="doi:10.1111/j.1538-7836.2010.04044.x",
        bands=(
            Band("low risk"),
            Band("high risk", 4),
        ),
    ),
    references=(
        Reference(
            (
                "Barbar S, et al. A risk assessment model for the identification of hospitalized medical patients"
                " at risk for venous thromboembolism: the Padua Prediction Score. J Thromb Haemost "
                "2010;8:2450-2457."
            ),
            "derivation",
            doi="10.1111/j.1538-7836.2010.04044.x",
            verified=Verified(
                "https://pmc.ncbi.nlm.nih.gov/articles/PMC7454299/table/T1",
                "2026-11-22",
                (
                    "PubMed Central, table 1; PMC3278052 table 2 (American College of Chest Physicians) for 70 "
                    "included and the outcomes"
                ),
                (
                    "the points of the eleven factors; 4 or more is high risk: 11.0 % against 0.3 % had "
                    "thromboembolism without prophylaxis"
                ),
            ),
        ),
    ),
    compute=padua_vte,
)
