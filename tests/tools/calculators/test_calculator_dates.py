"""Results that are dates: worked out, known only between two, and as evidence."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from vectors import q, worked

from knowledge.guideline import Corpus
from knowledge.terminology import Terminology
from tools.calculators import run
from tools.calculators.tool import calculator_tools
from tools.context import ToolContext
from tools.errors import BadInput


@pytest.mark.parametrize(
    ("last", "due"),
    [
        ("2023-01-03", "2023-10-10"),
        ("2023-06-06", "2024-03-12"),  # across a leap day; by calendar months the rule says 13 March
        ("2024-02-29", "2024-12-05"),
        ("2024-12-31", "2025-10-07"),
    ],
)
def test_due_date(last: str, due: str) -> None:
    result = worked("estimated_due_date", last_menstrual_period=last)
    assert (result.value, result.display, result.unit, result.label) == (due, due, None, None)
    assert result.steps[-1] == f"Estimated due date: {due}"
    assert worked("due_date_by_cycle", last_menstrual_period=last, cycle_length=28).value == due


@pytest.mark.parametrize(
    ("cycle", "due"), [(26, "2023-10-08"), (28, "2023-10-10"), (30, "2023-10-12"), (35, "2023-10-17")]
)
def test_due_date_by_cycle(cycle: float, due: str) -> None:
    assert worked("due_date_by_cycle", last_menstrual_period="2023-01-03", cycle_length=cycle).value == due


def test_a_cycle_that_is_not_known_is_not_28_days() -> None:
    result = worked("due_date_by_cycle", last_menstrual_period="2023-01-03")
    assert (result.value, result.missing, result.display) == (None, ["cycle_length"], "not known")


def test_a_cycle_known_within_bounds_gives_both_ends() -> None:
    cycle = {"range": [26, 30], "unit": "d"}
    result = worked("due_date_by_cycle", last_menstrual_period="2023-01-03", cycle_length=cycle)
    assert (result.value, result.range, result.label) == (None, None, "2023-10-08 to 2023-10-12")


def test_conception_date() -> None:
    assert worked("conception_date", last_menstrual_period="2014-01-16").value == "2014-01-30"


@pytest.mark.parametrize(
    ("last", "on", "days", "shown"),
    [
        ("2011-12-20", "2012-07-12", 205, "29 weeks 2 days"),
        ("2023-07-08", "2023-12-18", 163, "23 weeks 2 days"),
        ("2024-03-10", "2024-03-10", 0, "0 weeks 0 days"),
    ],
)
def test_gestational_age(last: str, on: str, days: float, shown: str) -> None:
    result = worked("gestational_age", last_menstrual_period=last, on_date=on)
    assert result.value == days
    assert f"Weeks and days: {shown}" in result.steps
    assert result.warnings == []


def test_gestational_age_says_when_the_dates_cannot_be_right() -> None:
    before = worked("gestational_age", last_menstrual_period="2024-03-10", on_date="2024-03-09")
    assert before.value is None and "before the last menstrual period" in before.warnings[-1]
    late = worked("gestational_age", last_menstrual_period="2024-01-01", on_date="2024-11-05")
    assert late.value == 309 and "44 weeks" in late.warnings[-1]


def test_a_date_that_is_none_is_refused() -> None:
    with pytest.raises(BadInput, match="last_menstrual_period"):
        run("estimated_due_date", {"last_menstrual_period": "31/12/2025"})
    with pytest.raises(BadInput, match="15 to 60"):
        run("due_date_by_cycle", {"last_menstrual_period": "2025-01-01", "cycle_length": q(90, "d")})


async def test_a_date_is_evidence() -> None:
    tool = next(tool for tool in calculator_tools() if tool.name == "calc.estimated_due_date")
    context = ToolContext(
        patient="p1", as_of=datetime(2026, 3, 2, tzinfo=UTC), terminology=Terminology({}), corpus=Corpus([]), slot="due"
    )
    output = await tool.call({"last_menstrual_period": "2026-01-10"}, context)
    evidence = output.evidence[0]
    assert (evidence.slot, evidence.value, evidence.unit, evidence.display) == ("due", "2026-10-17", None, "2026-10-17")
    assert tool.unit is None
