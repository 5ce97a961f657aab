"""Khorana score: thrombosis risk in cancer under chemotherapy."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, points
from tools.calculators.common import HAEMOGLOBIN, boolean, choice, quantity
from tools.calculators.fib_4 import PLATELETS
from tools.calculators.gases import WBC
from tools.calculators.reference import Reference, Verified

SITES = {
    "other": "any other site",
    "high": "lung, lymphoma, gynaecological, bladder, testicular",
    "very_high": "stomach, pancreas",
}


def khorana(
    cancer_site: str, platelets: float, haemoglobin: float, growth_factors: bool, wbc: float, bmi: float
) -> Outcome:
    """0 to 6 points; 10^9/L, g/dL, kg/m2."""
    return points(
        ("Site of cancer", cancer_site != "other", 2 if cancer_site == "very_high" else 1),
        ("Platelets 350 or more", platelets >= 350, 1),
        ("Haemoglobin below 10 g/dL or growth factors", haemoglobin < 10 or growth_factors, 1),
        ("White cells above 11", wbc > 11, 1),
        ("BMI 35 kg/m² or more", bmi >= 35, 1),
    )


CALCULATOR = Calculator(
    name="khorana",
    title="Khorana score",
    synonyms=("Khorana", "thrombosis risk in cancer", "VTE risk in chemotherapy"),
    purpose="Scores the risk of venous thromboembolism of an outpatient with cancer who begins chemotherapy.",
    specialty="oncology",
    inputs=(
        choice("cancer_site", "Site of cancer", SITES, ask="Which cancer?"),
        PLATELETS.but(cuts=(350.0,), monotone=False, max_age_days=30),
        HAEMOGLOBIN.but(cuts=(10.0,), max_age_days=30),
        boolean("growth_factors", "Red cell growth factors", ask="Treated with erythropoietin or its like?"),
        WBC.but(cuts=(11.0,), max_age_days=30),
        quantity(
            "bmi",
            "Body mass index",
            "kg/m2",
            plausible=(15, 60),
            possible=(8, 150),
            cuts=(35.0,),
            max_age_days=90,
            example={"value": 25, "unit": "kg/m2"},
        ),
    ),
    notes=("Counts are those before chemotherapy",),
    result=Result(
        "Khorana score",
        noun="points",
        source="doi:10.1182/blood-2007-10-116327",
        bands=(Band("low risk"), Band("intermediate risk", 1), Band("high risk", 3)),
    ),
    references=(
        Reference(
            "Khorana AA, et al. Development and validation of a predictive model for "
            "chemotherapy-associated thrombosis. Blood 2008;111:4902-4907.",
            "derivation",
            doi="10.1182/blood-2007-10-116327",
            verified=Verified(
                "https://jmedicalcasereports.biomedcentral.com/articles/10.1186/s13256-018-1833-6/tables/1",
                "2026-11-22",
                "Journal of Medical Case Reports, table 1; PMC7409200, table 1, for the sites",
                "the items with their points; 0 low, 1 to 2 intermediate, 3 or more high",
            ),
        ),
    ),
    compute=khorana,
)
