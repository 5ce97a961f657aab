"""qSOFA: quick sequential organ failure assessment at the bedside."""

from __future__ import annotations

from tools.calculators.base import Band, Calculator, Outcome, Result, points
from tools.calculators.common import RESPIRATORY_RATE, SYSTOLIC, boolean
from tools.calculators.reference import Reference, Verified


def qsofa(respiratory_rate: float, altered_mentation: bool, systolic_bp: float) -> Outcome:
    """0 to 3 points."""
    return points(
        ("Respiratory rate 22/min or more", respiratory_rate >= 22, 1),
        ("Altered mentation", altered_mentation, 1),
        ("Systolic pressure 100 mmHg or less", systolic_bp <= 100, 1),
    )


CALCULATOR = Calculator(
    name="qsofa",
    title="qSOFA",
    synonyms=("quick SOFA", "quick sequential organ failure assessment", "qSOFA score"),
    purpose="Counts three bedside signs of a poor outcome in an adult with suspected infection outside intensive care.",
    specialty="emergency medicine",
    inputs=(
        RESPIRATORY_RATE.but(cuts=(22.0,)),
        boolean("altered_mentation", "Altered mentation", ask="Confused, drowsy or a Glasgow Coma Scale below 15?"),
        SYSTOLIC.but(cuts=(100.0,)),
    ),
    notes=("Not a screening test on its own: a low score does not exclude sepsis",),
    result=Result(
        "qSOFA",
        noun="points",
        source="doi:10.1001/jama.2016.0287",
        bands=(Band("below 2: sepsis not excluded"), Band("2 or more: higher risk of a poor outcome", 2)),
    ),
    references=(
        Reference(
            "Singer M, et al. The Third International Consensus Definitions for Sepsis and Septic Shock (Sepsis-3). "
            "JAMA 2016;315:801-810.",
            "definition",
            doi="10.1001/jama.2016.0287",
            pmid="26903338",
            verified=Verified(
                "https://brundagegroup.com/tips/sepsis-3/",
                "2026-11-22",
                "Brundage Group, physician advisers, stating Sepsis-3",
                "the three criteria with their limits, and at least 2 of them",
            ),
        ),
    ),
    compute=qsofa,
)
