"""Logic over slots keeps three values, and a limit decides only where the whole range lies on one side."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from knowledge.evidence import Derivation, Evidence
from knowledge.guideline import default_corpus
from knowledge.terminology import default_terminology
from tools.catalog import catalog
from tools.context import ToolContext
from tools.errors import BadInput
from tools.spec import plain

SOURCE = Derivation(tool="test", version="1")
LIMIT = "esc_af_oac_score2.threshold"


def run(tool: str, arguments: dict[str, Any], **inputs: Evidence) -> Evidence:
    context = ToolContext(
        patient="p",
        as_of=datetime(2026, 3, 2, tzinfo=UTC),
        terminology=default_terminology(),
        corpus=default_corpus(),
    ).at("slot", inputs)
    given = arguments | {name: plain(evidence) for name, evidence in inputs.items()}
    return asyncio.run(catalog()[tool].call(given, context)).evidence[0]


def fact(value: bool | str | float | None, **more: Any) -> Evidence:
    return Evidence(slot="x", value=value, display=str(value), patient="p", source=SOURCE, **more)


@pytest.mark.parametrize(("low", "high", "expected"), [(2.0, 3.0, True), (0.0, 1.0, False), (1.0, 2.0, None)])
def test_a_range_is_compared_as_a_whole(low: float, high: float, expected: bool | None) -> None:
    score = fact(None, range=(low, high), unit="1")
    assert run("logic.compare", {"op": ">=", "value": LIMIT}, a=score).value is expected


def test_a_number_is_compared_with_the_value_cited_and_what_is_missing_stays_open() -> None:
    assert run("logic.compare", {"op": ">=", "value": LIMIT}, a=fact(2.0, unit="1")).value is True
    assert run("logic.compare", {"op": ">=", "value": LIMIT}).value is None
    assert (
        run(
            "logic.compare",
            {"op": ">", "value": "has_bled_components.creatinine"},
            a=Evidence(
                slot="x",
                value=300.0,
                unit="umol/L",
                display="300",
                patient="p",
                concept="creatinine",
                source=SOURCE,
            ),
        ).value
        is True
    )


def test_an_unknown_limit_is_refused() -> None:
    with pytest.raises(BadInput, match="no_such"):
        run("logic.compare", {"op": ">=", "value": "no_such.limit"}, a=fact(2.0, unit="1"))


@pytest.mark.parametrize(
    ("measured", "stated", "expected"),
    [
        (False, None, False),
        (False, True, True),
        (True, False, True),
        (None, True, True),
        (None, False, None),
        (None, None, None),
        (False, False, False),
    ],
)
def test_only_the_measurement_says_no(measured: bool | None, stated: bool | None, expected: bool | None) -> None:
    found = run("logic.measured_or_stated", {}, measured=fact(measured), stated=fact(stated))
    assert found.value is expected


def test_a_code_is_the_one_named_or_not_known() -> None:
    assert run("logic.is", {"value": "female"}, a=fact("male")).value is False
    assert run("logic.is", {"value": "female"}, a=fact(None)).value is None


@pytest.mark.parametrize(
    ("tool", "facts", "expected"),
    [
        ("logic.all", (True, None), None),
        ("logic.all", (False, None), False),
        ("logic.all", (True, True), True),
        ("logic.any", (True, None), True),
        ("logic.any", (False, None), None),
        ("logic.any", (False, False), False),
    ],
)
def test_all_and_any_keep_three_values(
    tool: str, facts: tuple[bool | None, bool | None], expected: bool | None
) -> None:
    assert run(tool, {}, a=fact(facts[0]), b=fact(facts[1])).value is expected


def test_the_first_known_is_taken_as_it_stands() -> None:
    urea = fact(8.4, unit="mmol/L", effective_at="2026-03-01T08:00:00Z", concept="urea")
    found = run("logic.first", {}, a=fact(None), b=urea, c=fact(3.0, unit="mg/dL"))
    assert (found.slot, found.value, found.unit, found.concept) == ("slot", 8.4, "mmol/L", "urea")
    assert found.effective_at == urea.effective_at and found.kind == "derivation"


def test_false_is_known_and_nothing_known_is_unknown() -> None:
    assert run("logic.first", {}, a=fact(None), b=fact(False), c=fact(True)).value is False
    assert run("logic.first", {}, a=fact(None), b=fact(None)).value is None


def test_a_category_says_which_others_its_measure_may_be_in() -> None:
    """Fleischner Society 2017: 5.4 mm (4.7 to 6.1) is below 6 mm by its value, not by its range."""
    given = {"nodule_type": "solid", "multiple": False, "risk": "high", "age": {"value": 60, "unit": "a"}}
    given |= {"known_cancer": False, "immunosuppression": False, "screening": False}

    def follow_up(value: float, low: float, high: float) -> Evidence:
        size = fact(value, unit="mm", range=(low, high))
        return run("calc.fleischner_2017", given, mean_diameter=size)

    open_, settled = follow_up(5.4, 4.7, 6.6), follow_up(5.0, 4.6, 5.3)
    assert open_.value == settled.value and "also reaches" in open_.display and "also reaches" not in settled.display
