"""The benchmark's own detectors find what is planted; no model needed."""

from __future__ import annotations

from typing import Any

import pytest

from agent.choose import LISTS
from agent.state import dump
from evals.model.bench import invented, is_right, questions, totals, unfounded
from knowledge.evidence import Evidence, FhirElement
from knowledge.protocol import default_protocols
from knowledge.terminology import default_terminology
from tools.catalog import catalog
from tools.errors import UsageError
from tools.spec import ToolRecord

AF, CKD = "af-stroke-prevention", "chronic-kidney-disease"
BOUND = {"weight": "weight", "height": "height"}
WEIGHT, HEIGHT = (
    Evidence(slot=slot, value=value, unit=unit, display=str(value), patient="p", source=FhirElement(reference=slot))
    for slot, value, unit in (("weight", 70.0, "kg"), ("height", 170.0, "cm"))
)
GIVEN = {"weight": {"value": 70.0, "unit": "kg"}, "height": {"value": 170.0, "unit": "cm"}}


def choice(**fields: Any) -> dict[str, Any]:
    ranked = [{"protocol": AF, "entry": True}, {"protocol": CKD, "entry": False}]
    body = {"kind": "one", "protocols": [], "lookup": [], "calculators": [], "options": [], "ranked": ranked}
    return body | fields


def state(arguments: dict[str, Any], bindings: dict[str, str] | None = None, tool: str = "calc.bmi") -> dict[str, Any]:
    records = [
        ToolRecord(id=item.slot, tool="record.observation", version="1", slot=item.slot, status="ok",
                   evidence=[item.id]) for item in (WEIGHT, HEIGHT)
    ]
    records.append(ToolRecord(id="x", tool=tool, version="1", slot="extra.1", arguments=arguments, status="ok",
                              bindings=BOUND if bindings is None else bindings))
    return {
        "plan": {"steps": [{"slot": record.slot, "tool": record.tool} for record in records]},
        "records": [record.model_dump(mode="json") for record in records],
        "evidence": {item.id: dump(item) for item in (WEIGHT, HEIGHT)},
    }


def test_a_sound_consultation_has_nothing_invented_and_nothing_unfounded() -> None:
    sound = choice(protocols=[AF], lookup=["creatinine", "problems"], calculators=["bmi"])
    assert not list(invented(state(GIVEN), sound))
    assert not list(unfounded(state(GIVEN)))


@pytest.mark.parametrize("planted", [
    {"protocols": ["prescribe-warfarin"]}, {"protocols": [CKD]}, {"options": ["prescribe-warfarin"]},
    {"lookup": ["blood_of_a_dragon"]}, {"calculators": ["luck"]},
])
def test_what_does_not_exist_or_was_not_offered_is_found(planted: dict[str, Any]) -> None:
    assert len(list(invented(state(GIVEN), choice(**planted)))) == 1


@pytest.mark.parametrize("tool", ["record.prescribe", "record.problems"])
def test_a_step_with_a_tool_that_no_model_may_call_is_found(tool: str) -> None:
    assert list(invented(state(GIVEN, tool=tool), choice())) == [f"tool {tool} in extra.1"]


@pytest.mark.parametrize(("arguments", "bindings"), [
    (GIVEN | {"weight": {"value": 71.0, "unit": "kg"}}, BOUND),
    (GIVEN | {"weight": {"value": 70.0, "unit": "g"}}, BOUND),
    (GIVEN | {"weight": None}, BOUND),
    (GIVEN, {"height": "height"}),
    (GIVEN, BOUND | {"weight": "somewhere"}),
])
def test_an_argument_that_is_not_the_evidence_of_its_slot_is_found(
    arguments: dict[str, Any], bindings: dict[str, str]
) -> None:
    assert list(unfounded(state(arguments, bindings))) == ["extra.1: weight"]


def test_a_choice_is_right_when_any_accepted_one_fits() -> None:
    row = {"accept": [{"kind": "lookup", "any": ["creatinine"]}, {"kind": "several", "protocols": [AF, CKD]}]}
    assert is_right(choice(kind="lookup", lookup=["problems", "creatinine"]), row)
    assert is_right(choice(kind="several", protocols=[CKD, AF]), row)
    assert not is_right(choice(kind="lookup", lookup=["problems"]), row)
    assert not is_right(choice(kind="several", protocols=[AF]), row)
    assert not is_right(choice(kind="one", protocols=[AF]), row)


def test_figures_add_up() -> None:
    def case(outcome: str, refused: list[str], **more: Any) -> dict[str, Any]:
        return {"outcome": outcome, "refused": refused, "right": True, "right_without_model": False, "extra": [],
                "invented": [], "unfounded": [], "calls": 2, "tokens": 10, "seconds": 1.0, **more}

    figures = totals([
        case("decided", []), case("decided", ["invented", "form"], extra=["extra.1"]),
        case("could_not_decide", ["form"] * 3, invented=["protocol x"]), case("unavailable", [], seconds=9.0),
    ])
    assert (figures["valid"], figures["repaired"], figures["could_not_decide"], figures["unavailable"]) == (1, 1, 1, 1)
    assert (figures["answers_refused"], figures["extra_steps"], figures["invented_actions"]) == (5, 1, 1)
    assert (figures["calls"], figures["tokens"], figures["seconds_longest"]) == (8, 40, 9.0)


def test_the_questions_ask_only_for_what_exists() -> None:
    rows = questions()
    assert len(rows) == 20 and len({row["id"] for row in rows}) == 20
    readable = {*LISTS, *default_terminology().concepts, *(name.removeprefix("calc.") for name in catalog())}
    for row in rows:
        for wanted in row["accept"]:
            assert set(wanted.get("protocols", [])) <= set(default_protocols())
            assert set(wanted.get("any", [])) <= readable
    assert sum(row.get("injection", False) for row in rows) >= 3
    kinds = {wanted["kind"] for row in rows for wanted in row["accept"]}
    assert kinds >= {"one", "several", "lookup", "calculate", "none"}


def test_without_a_server_it_says_so() -> None:
    from agent.settings import Settings
    from evals.model.bench import run

    with pytest.raises(UsageError, match="no model is configured"):
        run(Settings())
