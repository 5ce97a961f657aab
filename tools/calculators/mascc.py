"""MASCC risk index: febrile neutropenia at low risk."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Population, Result, points
from tools.calculators.common import AGE, boolean, choice
from tools.calculators.reference import Reference, Verified

BURDEN_OF_ILLNESS = {
    "none_mild": "no or mild symptoms",
    "moderate": "moderate symptoms",
    "severe": "severe symptoms",
}
BURDEN_OF_ILLNESS_POINTS = {"none_mild": 5, "moderate": 3, "severe": 0}


def mascc(
    burden_of_illness: str,
    hypotension: bool,
    copd: bool,
    haematological_with_fungal: bool,
    dehydration: bool,
    outpatient_at_onset: bool,
    age: float,
) -> Outcome:
    """0 to 26 points; more is better."""
    return points(
        ("Burden of illness", True, BURDEN_OF_ILLNESS_POINTS[burden_of_illness]),
        ("No hypotension", not hypotension, 5),
        ("No chronic obstructive pulmonary disease", not copd, 4),
        ("Solid tumour, or no previous fungal infection", not haematological_with_fungal, 4),
        ("No dehydration", not dehydration, 3),
        ("Outpatient at onset of fever", outpatient_at_onset, 3),
        ("Age below 60", age < 60, 2),
    )


CALCULATOR = Calculator(
    name="mascc",
    title="MASCC risk index",
    synonyms=("MASCC", "MASCC score", "Multinational Association for Supportive Care in Cancer"),
    purpose=("Scores whether a cancer patient with fever and neutropenia is at low risk of serious complications."),
    specialty="oncology",
    inputs=(
        choice(
            "burden_of_illness",
            "Burden of illness",
            BURDEN_OF_ILLNESS,
            ask="How ill: no or mild, moderate or severe symptoms?",
            max_age_days=1,
        ),
        boolean("hypotension", "Hypotension", ask="Systolic pressure below 90 mmHg?"),
        boolean("copd", "Chronic obstructive pulmonary disease", ask="Active chronic obstructive pulmonary disease?"),
        boolean(
            "haematological_with_fungal",
            "Haematological cancer with previous fungal infection",
            ask="Haematological cancer with a previous fungal infection?",
        ),
        boolean("dehydration", "Dehydration", ask="Dehydration that needs intravenous fluids?"),
        boolean("outpatient_at_onset", "Outpatient at onset of fever", ask="Outpatient when the fever began?"),
        AGE.but(cuts=(60.0,), plausible=(16, 110)),
    ),
    population=Population("people of 16 or older with cancer, fever and neutropenia", at_least={"age": 16}),
    result=Result(
        "MASCC risk index",
        noun="points",
        source="doi:10.1200/JCO.2000.18.16.3038",
        bands=(
            Band("high risk of complications"),
            Band("low risk of complications", 21),
        ),
    ),
    references=(
        Reference(
            (
                "Klastersky J, et al. The Multinational Association for Supportive Care in Cancer risk index: a "
                "multinational scoring system for identifying low-risk febrile neutropenic cancer patients. J "
                "Clin Oncol 2000;18:3038-3051."
            ),
            "derivation",
            doi="10.1200/JCO.2000.18.16.3038",
            pmid="10944139",
            verified=Verified(
                "https://www.eviq.org.au/clinical-resources/assessment-tools/875-patient-evaluation-risk-assessment-and-initia",
                "2026-11-22",
                "eviQ, Cancer Institute NSW; BMJ Best Practice for 21 included",
                "the points of the seven items, 26 at most; 21 or more is low risk",
            ),
        ),
        Reference(
            (
                "Bitar RA. Utility of the MASCC risk index score as a criterion for nonadmission in febrile "
                "neutropenic patients with solid tumors. Perm J 2015;19:37-47."
            ),
            "validation",
            doi="10.7812/TPP/14-188",
            pmid="26176568",
            verified=Verified(
                "https://pmc.ncbi.nlm.nih.gov/articles/PMC4500479",
                "2026-11-22",
                "PubMed Central, abstract",
                "42.3 % of episodes with 21 or more had a complication in 198 admitted episodes",
            ),
        ),
    ),
    compute=mascc,
)
