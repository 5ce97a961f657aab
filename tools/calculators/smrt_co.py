"""SMRT-CO: SMART-COP without laboratory tests."""

from __future__ import annotations

from tools.calculators.base import ADULTS, Band, Calculator, Outcome, Result, points
from tools.calculators.common import AGE, HEART_RATE, RESPIRATORY_RATE, SPO2, SYSTOLIC, boolean
from tools.calculators.infection_inputs import CONFUSION
from tools.calculators.reference import Reference, Verified


def smrt_co(
    age: float,
    systolic_bp: float,
    multilobar: bool,
    respiratory_rate: float,
    heart_rate: float,
    confusion: bool,
    spo2: float,
) -> Outcome:
    """0 to 8 points."""
    return points(
        ("Systolic pressure below 90 mmHg", systolic_bp < 90, 2),
        ("Multilobar infiltrates", multilobar, 1),
        ("Respiratory rate 25, or 30 above 50 years", respiratory_rate >= (25 if age <= 50 else 30), 1),
        ("Heart rate 125 or more", heart_rate >= 125, 1),
        ("New confusion", confusion, 1),
        ("Saturation 93 % or less, or 90 % above 50 years", spo2 <= (93 if age <= 50 else 90), 2),
    )


CALCULATOR = Calculator(
    name="smrt_co",
    title="SMRT-CO",
    synonyms=("SMRT-CO", "SMRTCO", "SMART-COP without blood tests"),
    purpose=(
        "Scores at the bedside, without blood tests, how likely an adult with pneumonia is to need "
        "ventilation or vasopressors."
    ),
    specialty="respiratory medicine",
    inputs=(
        AGE.but(cuts=(50.0,), plausible=(18, 110)),
        SYSTOLIC.but(cuts=(90.0,)),
        boolean("multilobar", "Multilobar infiltrates", ask="More than one lobe on the chest film?"),
        RESPIRATORY_RATE.but(cuts=(25.0, 30.0)),
        HEART_RATE.but(cuts=(125.0,)),
        CONFUSION,
        SPO2.but(cuts=(90.0, 93.0)),
    ),
    population=ADULTS,
    result=Result(
        "SMRT-CO",
        noun="points",
        source="doi:10.1086/589754",
        bands=(
            Band("very low risk"),
            Band("low risk, about 5 %", 1),
            Band("moderate risk, about 10 %", 2),
            Band("high risk, about 17 %", 3),
            Band("very high risk, about 33 %", 4),
        ),
    ),
    references=(
        Reference(
            (
                "Charles PG, et al. SMART-COP: a tool for predicting the need for intensive respiratory or "
                "vasopressor support in community-acquired pneumonia. Clin Infect Dis 2008;47:375-384."
            ),
            "derivation",
            doi="10.1086/589754",
            pmid="18558884",
            verified=Verified(
                "https://ebmcalc.com/SMRTCO.htm",
                "2026-11-22",
                "EBMcalc",
                "the points of the six items and the risk of ventilation or vasopressors by score",
            ),
        ),
    ),
    compute=smrt_co,
)
