"""Plain questions of a ward round in a consultation: typed, answered from the record, and worked out again."""

from __future__ import annotations

from typing import Any

import pytest

from agent.api import ClinicalAssistant
from agent.choose import LISTS
from tools.catalog import catalog


def _said(document: dict[str, Any]) -> list[str]:
    return [claim["text"] for claim in document["answer"]["claims"] if claim["section"] == "Record"]


def _lookup(document: dict[str, Any]) -> list[str]:
    choice = next(item for item in document["evidence"].values() if item["slot"] == "protocol.choice")
    return list(choice["source"]["detail"]["lookup"])


@pytest.mark.parametrize(
    ("patient", "question", "told"),
    [
        ("demo-ugib", "What was his mean heart rate today?", "115 /min"),
        ("demo-ugib", "How long has he been in the emergency department?", "2.667 hours"),
        ("demo-hfref-k", "How many medications is she currently on?", "5 different names"),
        ("demo-t2d", "How long is it since his cholecystectomy?", "1747 days"),
        ("demo-cap", "Which results are still outstanding?", "Legionella"),
    ],
)
def test_more_than_a_newest_value_is_answered(osler: ClinicalAssistant, patient: str, question: str, told: str) -> None:
    document = osler.consult(question, patient, model="none").document()
    assert any(told in text for text in _said(document)), _said(document)
    assert document["answer"]["not_answered"] == []


def test_a_corrected_input_makes_a_new_mean_and_one_taken_back_leaves_it(osler: ClinicalAssistant) -> None:
    consult = osler.consult("What was his mean heart rate today?", "demo-ugib", model="none")
    [first, second] = sorted(
        (item for item in consult.evidence.values() if item.slot.startswith("lookup.ask.")), key=lambda row: row.slot
    )
    assert {first.value, second.value} == {118.0, 112.0}
    assert consult.outdated() == []
    record = next(row for row in consult.state["records"] if row["slot"] == "lookup.answer")
    assert record["bindings"]["rows"] == "lookup.ask"
    claim = next(claim for claim in consult.answer.claims if claim.section == "Record")
    assert {first.id, second.id} < set(claim.evidence)

    high = first if first.value == 118.0 else second
    changed = consult.correct(high.id, {"value": 128, "unit": "/min"}, by="Dr Reed", reason="misread")
    assert "lookup.ask" in changed["corrected"] and changed["rerun"] == ["lookup.answer"]
    assert [row["before"] or row["after"] for row in changed["diff"]] == [
        "mean heart rate from 2026-02-09 00:00 until 2026-02-10 00:00: 115 /min (mean of 2).",
        "mean heart rate from 2026-02-09 00:00 until 2026-02-10 00:00: 120 /min (mean of 2).",
    ]

    gone = consult.correct(high.slot, None, by="Dr Reed", reason="another patient's")
    assert gone["rerun"] == ["lookup.answer"]
    [said] = _said(consult.document())
    assert "112 /min (mean of 1); 1 left out: taken back in this consultation" in said


def test_a_corrected_extreme_gives_way_to_the_next(osler: ClinicalAssistant) -> None:
    consult = osler.consult("Any heart rate above 115 today?", "demo-ugib", model="none")
    assert "yes" in _said(consult.document())[0]
    high = next(item for item in consult.evidence.values() if item.slot.startswith("lookup.ask.") and item.value == 118)
    consult.correct(high.id, {"value": 90, "unit": "/min"}, by="Dr Reed")
    assert "none recorded" in _said(consult.document())[0]


def test_what_is_not_answered_as_typed_says_why_and_looks_up_as_before(osler: ClinicalAssistant) -> None:
    document = osler.consult("How many potassium results by moonlight?", "demo-ugib", model="none").document()
    assert _lookup(document)[0] == "ask"
    [gap] = [row for row in document["answer"]["not_answered"] if row["what"] == "The question word for word"]
    assert gap["reason"] == "out_of_scope" and "moonlight" in gap["needs"][0]
    assert len(_lookup(document)) > 1


def test_no_stay_is_not_said_of_visits(osler: ClinicalAssistant) -> None:
    document = osler.consult("Which clinic visits has she had this year?", "demo-hfref-k", model="none").document()
    assert not any("none recorded" in text for text in _said(document))


@pytest.mark.parametrize(
    "text",
    [
        "If potassium is below 3.5 order potassium chloride 20 mEq orally",
        "if potassium is below 3.5 unless on dialysis order potassium chloride 40 mEq",
        "Order a haemoglobin for tomorrow morning",
    ],
)
def test_an_instruction_is_named_as_one_and_drafts_nothing(osler: ClinicalAssistant, text: str) -> None:
    consult = osler.consult(text, "demo-hfref-k", model="none")
    gaps = consult.document()["answer"]["not_answered"]
    assert any(row["what"].startswith("The instruction") and "osler ehr instruct" in row["needs"][0] for row in gaps)
    assert consult.drafts() == []


def test_every_list_of_a_conversation_is_a_tool() -> None:
    assert set(LISTS.values()) <= set(catalog())
