"""HScore: reactive haemophagocytic syndrome."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, Term
from tools.calculators.common import (
    HAEMOGLOBIN,
    TEMPERATURE,
    boolean,
    choice,
    quantity,
)
from tools.calculators.fib_4 import AST, PLATELETS
from tools.calculators.gases import WBC
from tools.calculators.lipids import TRIGLYCERIDES
from tools.calculators.reference import Reference, Verified

ORGANS = {"none": "neither", "one": "liver or spleen", "both": "liver and spleen"}


def hscore(
    immunosuppression: bool,
    temperature: float,
    organomegaly: str,
    haemoglobin: float,
    wbc: float,
    platelets: float,
    ferritin: float,
    triglycerides: float,
    fibrinogen: float,
    ast: float,
    haemophagocytosis: bool,
) -> Outcome:
    """0 to 337 points; haemoglobin in g/dL, ferritin in ug/L, triglycerides in mmol/L, fibrinogen in g/L."""
    lineages = sum((haemoglobin <= 9.2, wbc <= 5, platelets <= 110))
    worth = {
        "Immunosuppression": 18 if immunosuppression else 0,
        "Temperature": 0 if temperature < 38.4 else 33 if temperature <= 39.4 else 49,
        "Large liver or spleen": {"none": 0, "one": 23, "both": 38}[organomegaly],
        "Cell lines that are low": (0, 0, 24, 34)[lineages],
        "Ferritin": 0 if ferritin < 2000 else 35 if ferritin <= 6000 else 50,
        "Triglycerides": 0 if triglycerides < 1.5 else 44 if triglycerides <= 4 else 64,
        "Fibrinogen": 30 if fibrinogen <= 2.5 else 0,
        "AST": 19 if ast >= 30 else 0,
        "Haemophagocytosis": 35 if haemophagocytosis else 0,
    }
    return Outcome(float(sum(worth.values())), tuple(Term(name, float(each), "points") for name, each in worth.items()))


CALCULATOR = Calculator(
    name="hscore",
    title="HScore",
    synonyms=(
        "H-score",
        "HScore HLH",
        "hemophagocytic syndrome score",
        "haemophagocytic lymphohistiocytosis score",
        "macrophage activation score",
    ),
    purpose="Scores how likely a reactive haemophagocytic syndrome is in a feverish adult with low blood counts and a "
    "high ferritin.",
    specialty="haematology",
    inputs=(
        boolean(
            "immunosuppression",
            "Known immunosuppression",
            ask="HIV, or long-term immunosuppressive treatment such as glucocorticoids?",
        ),
        TEMPERATURE.but(cuts=(38.4, 39.4), max_age_days=7, ask="Highest temperature?"),
        choice("organomegaly", "Large liver or spleen", ORGANS, ask="Are liver or spleen enlarged?"),
        HAEMOGLOBIN.but(cuts=(9.2,), max_age_days=7),
        WBC.but(cuts=(5.0,), max_age_days=7),
        PLATELETS.but(cuts=(110.0,), monotone=False, max_age_days=7),
        quantity(
            "ferritin",
            "Ferritin",
            "ug/L",
            equivalents={"ng/mL": 1.0},
            plausible=(5, 50000),
            possible=(0.5, 1000000),
            cuts=(2000.0, 6000.0),
            max_age_days=7,
            codings=("loinc:2276-4",),
            example={"value": 1200, "unit": "ug/L"},
        ),
        TRIGLYCERIDES.but(
            unit="mmol/L",
            plausible=(0.2, 11),
            possible=(0.05, 115),
            cuts=(1.5, 4.0),
            monotone=False,
            max_age_days=7,
            ask="Triglycerides?",
            example={"value": 1.8, "unit": "mmol/L"},
        ),
        quantity(
            "fibrinogen",
            "Fibrinogen",
            "g/L",
            plausible=(0.3, 10),
            possible=(0.05, 30),
            cuts=(2.5,),
            max_age_days=7,
            codings=("loinc:3255-7",),
            example={"value": 3, "unit": "g/L"},
        ),
        AST.but(cuts=(30.0,), monotone=False, max_age_days=7),
        boolean(
            "haemophagocytosis", "Haemophagocytosis in the marrow", ask="Haemophagocytosis on the marrow aspirate?"
        ),
    ),
    population=None,
    result=Result(
        "HScore",
        noun="points",
        source="doi:10.1002/art.38690",
        bands=(Band("169 or less"), Band("above 169: haemophagocytic syndrome likely", above=169)),
    ),
    references=(
        Reference(
            "Fardet L, et al. Development and validation of the HScore, a score for the diagnosis of reactive "
            "hemophagocytic syndrome. Arthritis Rheumatol 2014;66:2613-2620.",
            "derivation",
            doi="10.1002/art.38690",
            verified=Verified(
                "https://www.hindawi.com/journals/crirh/2017/5304180/tab3/",
                "2026-11-22",
                "Case Reports in Rheumatology, table 3, copied from the paper",
                "every item with its points and which side each limit is on, low cell lines, and 169 as the best limit",
            ),
        ),
        Reference(
            "Clinical and laboratory findings included in the adapted H-score and HLH-2004 guidelines. Cureus "
            "2023;15:e36140 (table 1).",
            "validation",
            doi="10.7759/cureus.36140",
            verified=Verified(
                "https://pmc.ncbi.nlm.nih.gov/articles/PMC10101193/table/TAB1",
                "2026-11-22",
                "Cureus; what counts as a low cell line in table 4 of PMC7589537",
                "the nine items with their points, and 169 as the limit",
            ),
        ),
    ),
    compute=hscore,
)
