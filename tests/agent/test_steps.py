"""What runs next, and what a changed slot makes stale."""

from __future__ import annotations

from typing import Any

from agent.state import Board, dump
from agent.steps import CORRECTION, compile_protocols, is_stale, leaves, needs, ready_steps, step, tokens
from knowledge.evidence import Derivation, Evidence
from knowledge.protocol import default_protocols


def fact(slot: str, value: Any) -> Evidence:
    return Evidence(slot=slot, value=value, display=str(value), patient="p", source=Derivation(tool="t", version="1"))


def ran(body: dict[str, Any], board: Board, value: Any, tool: str | None = None) -> tuple[dict[str, Any], Evidence]:
    found = fact(body["slot"], value)
    return {
        "id": f"r-{body['slot']}",
        "tool": tool or body["tool"],
        "version": "1",
        "slot": body["slot"],
        "arguments": body["arguments"],
        "bindings": needs(body),
        "inputs": tokens(body, board),
        "status": "ok",
        "evidence": [found.id],
    }, found


STEPS = [
    step("a", "t.a", {"x": 1}),
    step("b", "t.b"),
    step("c", "t.c", {}, {"p": "a", "q": "b"}),
    step("d", "t.d", {}, {"p": "c"}),
    step("e", "t.e", {}, {}, {"present": "b"}),
]


def state(rows: list[dict[str, Any]], evidence: list[Evidence]) -> Any:
    return {"plan": {"steps": STEPS}, "records": rows, "evidence": {e.id: dump(e) for e in evidence}}


def play(values: dict[str, Any]) -> tuple[list[list[str]], Any]:
    """Run the steps wave by wave with given values; the waves and the final state."""
    rows: list[dict[str, Any]] = []
    held: list[Evidence] = []
    waves = []
    while ready := ready_steps(STEPS, Board(state(rows, held))):
        board = Board(state(rows, held))
        waves.append([body["slot"] for body in ready])
        for body in ready:
            row, found = ran(body, board, values[body["slot"]])
            rows.append(row)
            held.append(found)
    return waves, (rows, held)


def test_steps_run_in_waves_after_what_they_read() -> None:
    waves, _ = play(dict.fromkeys("abcde", 1))
    assert waves == [["a", "b"], ["c", "e"], ["d"]]


def test_a_changed_slot_makes_only_its_readers_stale_and_an_unchanged_result_stops_it() -> None:
    _, (rows, held) = play(dict.fromkeys("abcde", 1))
    corrected = fact("a", 2)
    rows.append({**rows[0], "id": "r-corr", "tool": CORRECTION, "evidence": [corrected.id]})
    held.append(corrected)
    board = Board(state(rows, held))
    assert [body["slot"] for body in STEPS if is_stale(body, board)] == ["c"]
    assert [body["slot"] for body in ready_steps(STEPS, board)] == ["c"]
    row, same = ran(STEPS[2], board, 1)
    settled = Board(state([*rows, {**row, "id": "r-c2"}], [*held, same]))
    assert ready_steps(STEPS, settled) == []
    row, other = ran(STEPS[2], board, 9)
    moved = Board(state([*rows, {**row, "id": "r-c3"}], [*held, other]))
    assert [body["slot"] for body in ready_steps(STEPS, moved)] == ["d"]


def test_a_condition_is_a_dependency_too() -> None:
    assert needs(STEPS[4]) == {"when:b": "b"}


def test_leaves_are_what_has_to_be_asked() -> None:
    _, (rows, held) = play({"a": None, "b": 1, "c": None, "d": None, "e": 1})
    assert leaves("d", {body["slot"]: body for body in STEPS}, Board(state(rows, held))) == ["a"]


def test_protocols_that_meet_are_merged_by_slot() -> None:
    protocols = default_protocols()
    one = compile_protocols([protocols["af-stroke-prevention"]])
    both = compile_protocols([protocols["af-stroke-prevention"], protocols["chronic-kidney-disease"]])
    slots = [body["slot"] for body in both]
    assert len(slots) == len(set(slots))
    assert {body["slot"] for body in one} <= set(slots)
    assert sum(slot == "creatinine" for slot in slots) == 1
