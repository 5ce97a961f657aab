"""Predicted body weight of the ARDS Network, for tidal volumes."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result
from tools.calculators.body_weights import devine
from tools.calculators.common import HEIGHT, SEX
from tools.calculators.reference import Reference, Verified


def predicted_body_weight(sex: str, height: float) -> Outcome:
    """kg; height in cm."""
    return Outcome(devine(sex, height))


CALCULATOR = Calculator(
    name="predicted_body_weight",
    title="Predicted body weight (ARDSNet)",
    synonyms=("PBW", "predicted body weight", "ARDSNet weight", "lung protective weight"),
    purpose="Works out the weight by height and sex on which lung-protective tidal volumes are based.",
    specialty="critical care",
    inputs=(
        SEX,
        HEIGHT.but(plausible=(122, 213)),
    ),
    notes=("For adults; the equation is that of Devine",),
    result=Result("Predicted body weight", "kg", decimals=1),
    references=(
        Reference(
            "ARDS Network mechanical ventilation protocol; as at the University of Michigan.",
            "definition",
            url="https://ecosystem.tactuum.com/university-of-michigan/respiratory/ardsnet-mechanical-ventilation-protocol/",
            verified=Verified(
                "https://ecosystem.tactuum.com/university-of-michigan/respiratory/ardsnet-mechanical-ventilation-protocol/",
                "2026-11-22",
                "University of Michigan; thorax.us for the same",
                "50 kg in men and 45.5 kg in women, plus 2.3 kg for every inch above 60",
            ),
        ),
    ),
    compute=predicted_body_weight,
)
