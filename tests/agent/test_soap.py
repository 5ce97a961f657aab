"""The draft note: assembled from evidence only, accepted and proposed apart, unknown as unknown, struck left out."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from agent import ClinicalAssistant
from agent.api import Consultation
from agent.export import NOT_A_DEVICE
from agent.soap import DRAFT, as_text, soap
from knowledge.terminology import default_terminology
from tools.ehr.compact import build_bundle
from tools.errors import UsageError

PROTOCOL = "suspected-pulmonary-embolism"


@pytest.fixture(scope="module")
def consult(osler: ClinicalAssistant) -> Consultation:
    question = "Does he need a CT pulmonary angiogram to exclude pulmonary embolism?"
    return osler.consult(question, "demo-pe", protocol=PROTOCOL, model="none").run()


@pytest.fixture(scope="module")
def note(consult: Consultation) -> dict[str, Any]:
    found: dict[str, Any] = consult.note("json")
    return found


def rows(note: dict[str, Any]) -> list[dict[str, Any]]:
    parts = [note[key] for key in ("subjective", "objective", "assessment", "differential")]
    return [row for part in [*parts, note["plan"]["accepted"], note["plan"]["proposed"]] for row in part]


def test_every_sentence_points_at_evidence(note: dict[str, Any]) -> None:
    for row in rows(note):
        if row.get("quote", {}).get("reference") != "question":
            assert row["evidence"] and all(i in note["evidence"] for i in row["evidence"]), row["text"]


def test_quotations_are_the_notes_own_words(osler: ClinicalAssistant, note: dict[str, Any]) -> None:
    quoted = [row["quote"] for row in note["subjective"] if "start" in row.get("quote", {})]
    assert any("No haemoptysis." in quote["text"] for quote in quoted)
    for quote in quoted:
        assert quote["end"] - quote["start"] == len(quote["text"])
        assert quote["reference"].startswith("DocumentReference/")


def test_what_is_told_and_what_is_measured_stand_apart(note: dict[str, Any]) -> None:
    told = {note["evidence"][i]["kind"] for row in note["subjective"] for i in row["evidence"]}
    assert told == {"statement"}
    measured = [note["evidence"][i] for row in note["objective"] for i in row["evidence"]]
    assert all(item["kind"] == "fhir" and isinstance(item["value"], int | float) for item in measured)
    assert any(row["text"].startswith("Systolic blood pressure: 138 mmHg (2026-05-06)") for row in note["objective"])


def test_the_assessment_is_the_claims_that_passed(consult: Consultation, note: dict[str, Any]) -> None:
    shown = {claim.text for claim in consult.answer.claims if claim.status == "shown"}
    assert {row["text"] for row in note["assessment"]} == shown


def test_a_draft_says_so_and_is_not_a_device(consult: Consultation) -> None:
    text = consult.note()
    assert DRAFT in text and NOT_A_DEVICE in text
    numbers = set(re.findall(r"\[\^(\d+)\](?!:)", text))
    assert numbers == set(re.findall(r"^\[\^(\d+)\]:", text, re.MULTILINE))


def test_struck_and_rejected_statements_are_not_in_it(consult: Consultation) -> None:
    state = consult.state
    answer = {**state["answer"], "claims": [dict(claim) for claim in state["answer"]["claims"]]}
    struck, rejected = answer["claims"][0], answer["claims"][1]
    struck["status"], rejected["status"] = "struck", "rejected"
    body = soap({**state, "answer": answer}, default_terminology())
    assert not {struck["text"], rejected["text"]} & {row["text"] for row in body["assessment"]}
    assert struck["text"] not in as_text(body)


def test_what_is_unknown_is_listed_as_unknown(osler: ClinicalAssistant, tmp_path: Path) -> None:
    person = {"id": "bare", "name": {"given": "Jan", "family": "Test"}, "gender": "male", "birth_date": "1986-03-01"}
    told = {"id": "n1", "at": "2026-11-22T08:00:00Z", "text": "Dyspnoea. Suspected pulmonary embolism."}
    path = tmp_path / "bare.json"
    path.write_text(json.dumps(build_bundle({**person, "notes": [told]})), encoding="utf-8")
    other = osler.consult(
        "Is it an embolism?", "bare", record=str(path), as_of="2026-11-22T09:00:00Z", protocol=PROTOCOL, model="none"
    ).run()
    body = other.note("json")
    gaps = [gap.what for gap in other.answer.not_answered if gap.reason == "missing_input"]
    listed = " ".join(row["text"] for row in body["unknown"])
    assert gaps and all(what in listed for what in gaps)
    assert "Most useful to find out next" in listed
    said = " ".join(row["text"] for row in [*body["objective"], *body["subjective"]])
    assert "not known" not in said


def test_accepted_steps_stand_apart_and_a_signature_ends_the_draft(osler: ClinicalAssistant) -> None:
    signed = osler.consult("Is embolism excluded?", "demo-pe", protocol=PROTOCOL, model="none").run()
    step = signed.answer.next_steps[0]
    signed.approve(by="Dr Test", role="physician", item=step.id)
    before = signed.note("json")
    assert before["draft"] and [row["item"] for row in before["plan"]["accepted"]] == [step.id]
    assert step.id not in {row["item"] for row in before["plan"]["proposed"]}
    assert "accepted by Dr Test, physician" in before["plan"]["accepted"][0]["text"]
    signed.approve(by="Dr Test", role="physician")
    text = signed.note()
    assert DRAFT not in text and "Signed by Dr Test, physician" in text


def test_another_form_is_refused(consult: Consultation) -> None:
    with pytest.raises(UsageError):
        consult.note("letter")  # type: ignore[arg-type]
