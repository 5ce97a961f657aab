"""ISTH score for overt disseminated intravascular coagulation."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Population, Result, points
from tools.calculators.common import choice, quantity
from tools.calculators.fib_4 import PLATELETS
from tools.calculators.reference import Reference, Verified

FIBRIN = {"none": "no increase", "moderate": "moderate increase", "strong": "strong increase"}


def dic_isth(platelets: float, fibrin_marker: str, pt_prolongation: float, fibrinogen: float) -> Outcome:
    """0 to 8 points; prolongation in seconds, fibrinogen in g/L."""
    return points(
        ("Platelets", platelets < 100, 2 if platelets < 50 else 1),
        ("Fibrin-related marker", fibrin_marker != "none", 3 if fibrin_marker == "strong" else 2),
        ("Prolonged prothrombin time", pt_prolongation >= 3, 2 if pt_prolongation >= 6 else 1),
        ("Fibrinogen", fibrinogen < 1, 1),
    )


CALCULATOR = Calculator(
    name="dic_isth",
    title="ISTH score for overt DIC",
    synonyms=("ISTH DIC", "DIC score", "disseminated intravascular coagulation score"),
    purpose="Scores overt disseminated intravascular coagulation where a disorder known to cause it is present.",
    specialty="haematology",
    inputs=(
        PLATELETS.but(cuts=(50.0, 100.0), monotone=False, max_age_days=1),
        choice(
            "fibrin_marker",
            "D-dimer or fibrin degradation products",
            FIBRIN,
            ask="Raised moderately or strongly, by the laboratory's own limits?",
            max_age_days=1,
        ),
        quantity(
            "pt_prolongation",
            "Prolongation of the prothrombin time",
            "s",
            plausible=(0, 40),
            possible=(-10, 200),
            cuts=(3.0, 6.0),
            max_age_days=1,
            ask="Seconds above the upper limit of normal?",
            example={"value": 1, "unit": "s"},
        ),
        quantity(
            "fibrinogen",
            "Fibrinogen",
            "g/L",
            plausible=(0.3, 10),
            possible=(0.05, 30),
            cuts=(1.0,),
            max_age_days=1,
            codings=("loinc:3255-7",),
            example={"value": 3, "unit": "g/L"},
        ),
    ),
    population=Population("people with a disorder known to cause DIC"),
    notes=(
        "Sources differ at exactly 6 seconds; here it counts 2 points",
        "A score below 5 does not exclude DIC that is not overt",
    ),
    result=Result(
        "ISTH DIC score",
        noun="points",
        source="doi:10.1055/s-0037-1616068",
        bands=(Band("below 5: not overt"), Band("5 or more: compatible with overt DIC", 5)),
    ),
    references=(
        Reference(
            "Taylor FB Jr, et al. Towards definition, clinical and laboratory criteria, and a scoring "
            "system for disseminated intravascular coagulation. "
            "Thromb Haemost 2001;86:1327-1330.",
            "derivation",
            doi="10.1055/s-0037-1616068",
            verified=Verified(
                "https://pmc.ncbi.nlm.nih.gov/articles/PMC5011102/table/T1",
                "2026-11-22",
                "PubMed Central, table 1",
                "the four tests with limits and points; 5 or more compatible with overt DIC",
            ),
        ),
    ),
    compute=dic_isth,
)
