"""Gestational age from the last menstrual period."""

from __future__ import annotations

from datetime import date

from tools.calculators.base import Calculator, Outcome, Result, Term
from tools.calculators.inputs import Input
from tools.calculators.pregnancy_dates import LMP, RULE


def gestational_age(last_menstrual_period: date, on_date: date) -> Outcome:
    """Days since the first day of the last menstrual period, and as weeks and days."""
    days = (on_date - last_menstrual_period).days
    if days < 0:
        return Outcome(None, (), ("The day asked about is before the last menstrual period: check the dates",))
    late = ("More than 44 weeks since the last menstrual period: check the dates",) if days > 308 else ()
    return Outcome(float(days), (Term("Weeks and days", f"{days // 7} weeks {days % 7} days"),), late)


CALCULATOR = Calculator(
    name="gestational_age",
    title="Gestational age",
    synonyms=("gestational age from LMP", "weeks of pregnancy", "weeks of gestation"),
    purpose="Counts the weeks and days of a pregnancy from the last menstrual period to a given day.",
    specialty="obstetrics",
    inputs=(LMP, Input("on_date", "date", "Day on which the age is asked", example="2026-08-01", ask="On which day?")),
    notes=("From the last menstrual period of a regular cycle; an early ultrasound dates a pregnancy better",),
    result=Result("Gestational age", "d"),
    references=(RULE,),
    compute=gestational_age,
)
