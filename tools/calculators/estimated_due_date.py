"""Estimated due date by Naegele's rule, for a cycle of 28 days."""

from __future__ import annotations

from datetime import date, timedelta

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.pregnancy_dates import LMP, RULE


def estimated_due_date(last_menstrual_period: date) -> Outcome:
    """280 days after the first day of the last menstrual period."""
    return Outcome(last_menstrual_period + timedelta(days=280), (Term("Days added", 280.0, "d"),))


CALCULATOR = Calculator(
    name="estimated_due_date",
    title="Due date",
    synonyms=(
        "estimated due date",
        "EDD",
        "Naegele's rule",
        "estimated date of delivery",
        "expected date of confinement",
    ),
    purpose="Works out the due date of a pregnancy from the last menstrual period.",
    specialty="obstetrics",
    inputs=(LMP,),
    notes=(
        "Assumes a regular cycle of 28 days; for another length there is the due date by cycle length",
        "An early ultrasound dates a pregnancy better",
    ),
    result=Result("Estimated due date", dated=True),
    references=(RULE,),
    compute=estimated_due_date,
)
