"""CRB65: 30-day mortality in community-acquired pneumonia without a blood test."""

from __future__ import annotations

from tools.calculators.base import ADULTS, Band, Calculator, Outcome, Result, points
from tools.calculators.common import AGE, RESPIRATORY_RATE, SYSTOLIC
from tools.calculators.infection_inputs import CONFUSION, DIASTOLIC
from tools.calculators.reference import Reference, Verified


def crb_65(confusion: bool, respiratory_rate: float, systolic_bp: float, diastolic_bp: float, age: float) -> Outcome:
    """0 to 4 points."""
    return points(
        ("New confusion", confusion, 1),
        ("Respiratory rate 30/min or more", respiratory_rate >= 30, 1),
        ("Systolic below 90 or diastolic 60 mmHg or less", systolic_bp < 90 or diastolic_bp <= 60, 1),
        ("Age 65 or older", age >= 65, 1),
    )


CALCULATOR = Calculator(
    name="crb_65",
    title="CRB65",
    synonyms=("CRB65", "CRB-65", "CRB 65", "pneumonia severity in primary care"),
    purpose="Scores the risk of death within 30 days of an adult with community-acquired pneumonia, outside hospital.",
    specialty="respiratory medicine",
    inputs=(
        CONFUSION,
        RESPIRATORY_RATE.but(cuts=(30.0,)),
        SYSTOLIC.but(cuts=(90.0,)),
        DIASTOLIC.but(cuts=(60.0,)),
        AGE.but(cuts=(65.0,), plausible=(18, 110)),
    ),
    population=ADULTS,
    result=Result(
        "CRB65",
        noun="points",
        source="https://www.nice.org.uk/guidance/cg191",
        bands=(Band("low risk"), Band("intermediate risk", 1), Band("high risk", 3)),
    ),
    references=(
        Reference(
            "Lim WS, et al. Defining community acquired pneumonia severity on presentation to hospital: an "
            "international derivation and validation study. Thorax 2003;58:377-382.",
            "derivation",
            doi="10.1136/thorax.58.5.377",
            unverified="the paper itself was not read; NICE, which cites it, was",
        ),
        Reference(
            "NICE. Pneumonia in adults: diagnosis and management (CG191), box 1.",
            "bands",
            url="https://www.nice.org.uk/guidance/cg191",
            verified=Verified(
                "https://www.nice.org.uk/guidance/cg191/chapter/2-Research-recommendations",
                "2026-11-22",
                "NICE",
                "the four items at one point each; 0 low, 1 or 2 intermediate, 3 or 4 high risk of death in 30 days",
            ),
        ),
    ),
    compute=crb_65,
)
