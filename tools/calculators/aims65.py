"""AIMS65: death in hospital from upper gastrointestinal bleeding."""

from __future__ import annotations

from tools.calculators.base import ADULTS, Band, Calculator, Outcome, Result, points
from tools.calculators.common import AGE, SYSTOLIC, boolean
from tools.calculators.hepatology import ALBUMIN, INR
from tools.calculators.reference import Reference, Verified


def aims65(albumin: float, inr: float, altered_mental_status: bool, systolic_bp: float, age: float) -> Outcome:
    """0 to 5 points; albumin in g/dL, pressure in mmHg."""
    return points(
        ("Albumin below 3.0 g/dL", albumin < 3.0, 1),
        ("INR above 1.5", inr > 1.5, 1),
        ("Altered mental status", altered_mental_status, 1),
        ("Systolic pressure 90 mmHg or less", systolic_bp <= 90, 1),
        ("Age 65 or older", age >= 65, 1),
    )


CALCULATOR = Calculator(
    name="aims65",
    title="AIMS65",
    synonyms=("AIMS 65", "mortality of upper GI bleeding"),
    purpose="Scores the risk of death in hospital of an adult with acute upper gastrointestinal bleeding.",
    specialty="gastroenterology",
    inputs=(
        ALBUMIN.but(cuts=(3.0,)),
        INR.but(cuts=(1.5,)),
        boolean("altered_mental_status", "Altered mental status", ask="Is the mental status altered?"),
        SYSTOLIC.but(cuts=(90.0,)),
        AGE.but(cuts=(65.0,), plausible=(18, 110)),
    ),
    population=ADULTS,
    result=Result(
        "AIMS65",
        noun="points",
        source="doi:10.5946/ce.2015.48.5.380",
        bands=(Band("lower mortality"), Band("higher mortality", 2)),
    ),
    references=(
        Reference(
            "Thandassery RB, et al. Clinical application of AIMS65 scores to predict outcomes in patients with upper "
            "gastrointestinal hemorrhage. Clin Endosc 2015;48:380-384.",
            "validation",
            doi="10.5946/ce.2015.48.5.380",
            verified=Verified(
                "https://synapse.koreamed.org/articles/1152066",
                "2026-11-22",
                "the journal, abstract",
                "the five items with their limits at one point each; mortality 30.9 % from 2 points, 4.5 % below",
            ),
        ),
    ),
    compute=aims65,
)
