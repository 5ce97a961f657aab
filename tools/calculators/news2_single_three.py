"""Whether any single item of NEWS2 scores 3 points, which calls for review whatever the total."""

from __future__ import annotations

from tools.calculators.base import Calculator, Code, Outcome, Result, Term
from tools.calculators.news2_items import CHART, INPUTS, item_points


def news2_single_three(
    respiratory_rate: float,
    spo2: float,
    spo2_scale: str,
    supplemental_oxygen: bool,
    systolic_bp: float,
    heart_rate: float,
    not_alert: bool,
    temperature: float,
) -> Outcome:
    """`present` where an item scores 3."""
    items = item_points(
        respiratory_rate, spo2, spo2_scale, supplemental_oxygen, systolic_bp, heart_rate, not_alert, temperature
    )
    terms = tuple(Term(name, float(worth), "points") for name, worth in items.items())
    return Outcome("present" if 3 in items.values() else "none", terms)


CALCULATOR = Calculator(
    name="news2_single_three",
    title="NEWS2, single item with 3 points",
    synonyms=("NEWS2 red score", "single red score"),
    purpose="Says whether one vital sign alone reaches 3 points on NEWS2.",
    specialty="acute medicine",
    inputs=INPUTS,
    result=Result(
        "Single item with 3 points",
        source=CHART.key,
        codes=(
            Code("none", "none", "no item scores 3 points"),
            Code("present", "present", "at least one item scores 3 points"),
        ),
    ),
    references=(CHART,),
    compute=news2_single_three,
)
