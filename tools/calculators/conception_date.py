"""Estimated date of conception from the last menstrual period."""

from __future__ import annotations

from datetime import date, timedelta

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.pregnancy_dates import CONCEPTION, LMP


def conception_date(last_menstrual_period: date) -> Outcome:
    """Two weeks after the first day of the last menstrual period."""
    return Outcome(last_menstrual_period + timedelta(days=14), (Term("Days added", 14.0, "d"),))


CALCULATOR = Calculator(
    name="conception_date",
    title="Conception date",
    synonyms=("estimated date of conception", "date of conception", "conception date from LMP"),
    purpose="Estimates the date of conception from the last menstrual period.",
    specialty="obstetrics",
    inputs=(LMP,),
    notes=("Assumes ovulation on day 14 of a cycle of 28 days",),
    result=Result("Estimated date of conception", dated=True),
    references=(CONCEPTION,),
    compute=conception_date,
)
