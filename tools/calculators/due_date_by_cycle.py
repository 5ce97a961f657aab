"""Estimated due date by Naegele's rule, adjusted for the length of the cycle."""

from __future__ import annotations

from datetime import date, timedelta

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.pregnancy_dates import CYCLE_LENGTH, LMP, RULE
from tools.calculators.reference import Reference, Verified


def due_date_by_cycle(last_menstrual_period: date, cycle_length: float) -> Outcome:
    """280 days and what the cycle is longer than 28 days (or less, where it is shorter)."""
    days = 280 + round(cycle_length) - 28
    return Outcome(last_menstrual_period + timedelta(days=days), (Term("Days added", float(days), "d"),))


CALCULATOR = Calculator(
    name="due_date_by_cycle",
    title="Due date by cycle length",
    synonyms=("estimated due date by cycle length", "EDD by cycle length", "Naegele's rule adjusted for cycle"),
    purpose="Works out the due date of a pregnancy from the last menstrual period and the length of the cycle.",
    specialty="obstetrics",
    inputs=(LMP, CYCLE_LENGTH),
    notes=("For regular cycles; an early ultrasound dates a pregnancy better",),
    result=Result("Estimated due date", dated=True),
    references=(
        RULE,
        Reference(
            "Calculation of gestational age and estimated date of confinement.",
            "definition",
            url="https://oboolo.com/scientific-and-technologic-subjects/medical-studies/presentation/calculation-of-gestational-age-and-estimated-date-of-confinement-599027.html",
            verified=Verified(
                "https://oboolo.com/scientific-and-technologic-subjects/medical-studies/presentation/calculation-of-gestational-age-and-estimated-date-of-confinement-599027.html",
                "2026-11-22",
                "a teaching text on Oboolo",
                "280 days in a cycle of 28; for a longer cycle the days beyond 28 are added",
            ),
        ),
    ),
    compute=due_date_by_cycle,
)
