"""What is worked out of a size that nobody validated decides nothing either, and says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from langgraph.runtime import Runtime

from agent import ClinicalAssistant
from agent.act import act
from agent.runtime import Services
from agent.state import dump, load
from agent.steps import step
from knowledge.evidence import DicomRegion, Evidence, Statement
from knowledge.predicate import evaluate
from knowledge.quantity import Quantity
from tools.context import ToolContext

DRAWN = DicomRegion(segment="body", algorithm="a program", validated=False)
BY_HAND = Statement(by="Dr A", assertion="correction")
AS_OF = datetime(2026, 3, 2, tzinfo=UTC)


def size(slot: str, source: DicomRegion | Statement) -> Evidence:
    return Evidence(slot=slot, value=70, unit="kg", display="70 kg", patient="p", source=source)


@pytest.fixture
def services(osler: ClinicalAssistant) -> Services:
    made: Services = osler.portal.call(osler.core.services())
    context = ToolContext(patient="p", as_of=AS_OF, terminology=made.terminology, corpus=made.corpus)
    return replace(made, contexts={("sizes", 0): context}, locks={})


def run(osler: ClinicalAssistant, services: Services, tool: str, given: dict[str, Any], **bound: Evidence) -> Evidence:
    sent = {
        "step": step("made", tool, given, {name: name for name in bound}),
        "case": {"consultation": "sizes", "turn": 0, "version": 1, "patient": "p"},
        "read": {name: [dump(item)] for name, item in bound.items()},
        "tokens": {name: item.id for name, item in bound.items()},
        "open": True,
        "wave": 0,
    }
    found = osler.portal.call(act(sent, Runtime(context=services)))
    record = found["records"][0]
    assert record["status"] == "ok", record["error"]
    return load(found["evidence"][record["evidence"][0]])


def doubted(found: Evidence) -> bool:
    said = "worked out of an unvalidated size" in found.display
    assert said is (getattr(found.source, "validated", None) is False)
    return said


def test_doubt_is_handed_on_from_value_to_value(osler: ClinicalAssistant, services: Services) -> None:
    for source, doubtful in ((DRAWN, True), (BY_HAND, False)):
        converted = run(osler, services, "units.convert", {"to": "g"}, value=size("value", source))
        assert (converted.value, converted.unit, doubted(converted)) == (70000, "g", doubtful)
        first = run(osler, services, "logic.first", {}, a=converted, b=size("b", BY_HAND))
        assert (first.value, doubted(first)) == (70000, doubtful)
        index = run(
            osler, services, "calc.bmi", {"height": {"value": 170, "unit": "cm"}}, weight=size("weight", source)
        )
        assert index.value is not None and doubted(index) is doubtful
        heavy = {"compare": {"slot": "bmi", "op": ">=", "value": "r.limit"}}
        decided = evaluate(heavy, {"bmi": index}.get, lambda _: Quantity(20, "kg/m2"))
        assert decided is (None if doubtful else True)


def test_what_is_not_taken_leaves_no_doubt(osler: ClinicalAssistant, services: Services) -> None:
    taken = run(osler, services, "logic.first", {}, a=size("a", BY_HAND), b=size("b", DRAWN))
    assert taken.value == 70 and not doubted(taken)


def test_what_is_unknown_stays_only_unknown(osler: ClinicalAssistant, services: Services) -> None:
    index = run(osler, services, "calc.bmi", {}, weight=size("weight", DRAWN))
    assert index.value is None and not doubted(index)
