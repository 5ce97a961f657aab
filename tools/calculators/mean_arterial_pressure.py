"""Mean arterial pressure from a cuff reading."""

from __future__ import annotations

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.common import SYSTOLIC
from tools.calculators.infection_inputs import DIASTOLIC
from tools.calculators.reference import Reference, Verified


def mean_arterial_pressure(systolic_bp: float, diastolic_bp: float) -> Outcome:
    """One third of the systolic and two thirds of the diastolic pressure."""
    if diastolic_bp > systolic_bp:
        return Outcome(None, (), ("The diastolic pressure is above the systolic: check the values",))
    mean = (systolic_bp + 2 * diastolic_bp) / 3
    return Outcome(mean, (Term("Mean", mean, "mm[Hg]", "(systolic + 2 x diastolic) / 3"),))


CALCULATOR = Calculator(
    name="mean_arterial_pressure",
    title="Mean arterial pressure",
    synonyms=("MAP", "mean blood pressure", "mean arterial blood pressure"),
    purpose="Estimates the mean arterial pressure from systolic and diastolic pressure.",
    specialty="critical care",
    inputs=(
        SYSTOLIC.but(monotone=True),
        DIASTOLIC.but(monotone=True),
    ),
    notes=("An estimate for a pulse wave of ordinary shape; an arterial line measures it",),
    result=Result("Mean arterial pressure", "mm[Hg]"),
    references=(
        Reference(
            "Mean arterial pressure. WikiLectures, First Faculty of Medicine, Charles University.",
            "definition",
            url="https://www.wikilectures.eu/w/Mean_arterial_pressure",
            verified=Verified(
                "https://www.wikilectures.eu/w/Mean_arterial_pressure",
                "2026-11-22",
                "WikiLectures, medical faculties of Charles University",
                "one third of the systolic plus two thirds of the diastolic pressure; 93.3 mmHg at 120/80",
            ),
        ),
    ),
    compute=mean_arterial_pressure,
)
