"""Criteria on a patient: what holds, what is held back, what stays open."""

from __future__ import annotations

from typing import Any

from agent.decide import decide
from knowledge.evidence import Decision, Derivation, Evidence
from knowledge.guideline import default_corpus
from knowledge.protocol import Criterion, Protocol

CORPUS = default_corpus()
REC = next(rec_id for rec_id, rec in CORPUS.recommendations.items() if rec.verified)


def fact(slot: str, value: Any) -> Evidence:
    return Evidence(slot=slot, value=value, display=str(value), patient="p", source=Derivation(tool="t", version="1"))


def protocol(**criterion: Any) -> tuple[Protocol, Criterion]:
    body = {
        "id": "p",
        "version": "1",
        "title": "t",
        "purpose": "x",
        "decides": ["start"],
        "about": [],
        "jurisdiction": "x",
        "entry": {"present": "a"},
        "steps": [{"slot": s, "tool": "t"} for s in ("a", "b", "c")],
        "criteria": [{"id": "k", "cites": [REC], "claim": "A is {a}.", **criterion}],
    }
    made = Protocol.model_validate(body)
    return made, made.criteria[0]


def judge(criterion: tuple[Protocol, Criterion], **facts: Any) -> Evidence:
    held = {slot: fact(slot, value) for slot, value in facts.items()}
    return decide(*criterion, CORPUS, held.get, [], "p").evidence[0]


def detail(evidence: Evidence) -> dict[str, Any]:
    assert isinstance(evidence.source, Decision)
    return evidence.source.detail


def test_a_criterion_holds_fails_or_stays_open() -> None:
    one = protocol(when={"present": "a"})
    assert judge(one, a=True).value is True
    assert judge(one, a=False).value is False
    assert judge(one).value is None
    assert judge(one, a=None).value is None


def test_what_forbids_it_holds_it_back_even_while_it_is_open() -> None:
    one = protocol(when={"present": "a"}, unless=[{"present": "b"}])
    for facts in ({"a": True, "b": True}, {"b": True}):
        found = judge(one, **facts)
        assert found.value is False
        assert detail(found)["held_by"] == ["b"]


def test_an_unknown_objection_is_named_to_be_checked_first() -> None:
    found = judge(protocol(when={"present": "a"}, unless=[{"present": "b"}]), a=True)
    assert found.value is True
    assert detail(found)["check_first"] == ["b"]


def test_nothing_is_ruled_out_while_anything_is_unknown() -> None:
    one = protocol(when={"any": [{"absent": "a"}, {"absent": "c"}]}, unless=[{"present": "b"}], rules_out=True)
    assert judge(one, a=False, b=False, c=False).value is True
    assert judge(one, a=False, b=False).value is None
    assert judge(one, a=False, c=False).value is None


def test_a_decision_carries_what_it_was_worked_out_from_and_what_it_cites() -> None:
    made = protocol(when={"present": "a"})
    output = decide(*made, CORPUS, {"a": fact("a", True)}.get, [], "p")
    source = output.evidence[0].source
    assert isinstance(source, Decision)
    assert source.inputs == (fact("a", True).id,)
    assert [e.slot for e in output.evidence[1:]] == [REC]
