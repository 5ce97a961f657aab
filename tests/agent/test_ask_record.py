"""`osler ehr ask`: typed values with evidence; words where nothing structured is asked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from agent.ask_record import answer, as_text
from agent.planners.choice import Choice
from agent.searches import searched
from knowledge.guideline import Corpus
from knowledge.terminology import default_terminology
from tools.context import ToolContext
from tools.ehr.bundles import import_document
from tools.ehr.demo import demo_patients
from tools.ehr.record import open_record
from tools.ehr.store.store import Store


async def asked(patient: str, question: str) -> dict[str, Any]:
    demo = next(found for found in demo_patients() if found.id == patient)
    store, terms, clock = Store(), default_terminology(), datetime.fromisoformat(demo.as_of)
    import_document(store, demo.bundle)
    record = await open_record(store, patient, as_of=clock, terminology=terms)
    return await answer(ToolContext(patient, clock, terms, Corpus([]), record=record), question)


async def test_a_result_is_a_typed_value_with_its_evidence() -> None:
    body = await asked("demo-hfref", "What is his latest creatinine?")
    (row,) = body["answer"]
    assert (body["how"], row["value"], row["unit"], row["date"]) == ("structured", 1.05, "mg/dL", "2026-07-06")
    assert body["evidence"][row["evidence"]]["source"]["reference"] == row["reference"] == "Observation/demo-hfref-o7"


async def test_a_question_in_words_is_searched_for() -> None:
    body = await asked("demo-hfref", "When was his last echo?")
    assert body["how"] == "search"
    assert {row["reference"] for row in body["answer"][1:]} == {
        "DocumentReference/demo-hfref-n2",
        "DiagnosticReport/demo-hfref-rep1",
        "ImagingStudy/demo-hfref-img1",
        "Procedure/demo-hfref-p2",
    }
    assert all(row["evidence"] in body["evidence"] for row in body["answer"])
    assert "[ImagingStudy/demo-hfref-img1]" in as_text(body)


async def test_an_allergy_is_read_from_the_allergy_list() -> None:
    (row,) = (await asked("demo-hfref", "Is he allergic to penicillin?"))["answer"]
    assert (row["value"], row["reference"]) == (False, "AllergyIntolerance/demo-hfref-a1")


async def test_the_images_are_a_list() -> None:
    body = await asked("demo-pe", "What imaging has he had?")
    assert [row["reference"] for row in body["answer"]] == [
        None,
        "ImagingStudy/demo-pe-img1",
        "DiagnosticReport/demo-pe-rep1",
    ]


@pytest.mark.parametrize(
    ("kind", "question", "lookup"),
    [
        ("none", "Has she had a stroke?", ("search",)),
        ("one", "Has she had a stroke?", ()),
        ("one", "Did she ever have a stroke?", ("search",)),
        ("one", "Should she be anticoagulated?", ()),
        ("none", "What imaging has she had?", ("imaging",)),
        ("none", "Is she allergic to penicillin?", ("allergy:penicillins",)),
        ("none", "Does she have any allergies?", ("allergies",)),
        ("calculate", "What is her latest weight?", ("weight",)),
        ("calculate", "What is her ideal body weight?", ()),
    ],
)
def test_a_protocol_is_given_up_only_for_words_that_cannot_ask_for_a_diagnosis(
    kind: Any, question: str, lookup: tuple[str, ...]
) -> None:
    found = searched(Choice(kind, protocols=("p",) if kind == "one" else ()), question, default_terminology())
    assert found.lookup == lookup and (found.kind == "lookup") is bool(lookup)


@pytest.mark.parametrize(
    ("question", "lookup"),
    [
        ("Is she taking warfarin?", ("warfarin",)),
        ("Has she ever had warfarin?", ("search",)),
        ("What imaging has she had?", ("imaging",)),
    ],
)
def test_ever_asks_for_more_than_the_lists_of_today(question: str, lookup: tuple[str, ...]) -> None:
    assert searched(Choice("lookup", lookup=("warfarin",)), question, default_terminology()).lookup == lookup


def test_a_models_choice_is_left() -> None:
    said = Choice("none", decided_by="model x")
    assert searched(said, "Did she ever have a stroke?", default_terminology()) is said


@pytest.mark.parametrize(
    ("patient", "question", "concept"),
    [
        ("demo-af-low", "Is there atrial fibrillation?", "atrial_fibrillation"),
        ("demo-af-low", "Has there ever been atrial fibrillation?", "atrial_fibrillation"),
    ],
)
async def test_another_patients_name_for_a_disease_hides_none_of_this_one(
    patient: str, question: str, concept: str
) -> None:
    store, terms = Store(), default_terminology()
    for other in demo_patients():
        import_document(store, other.bundle)
    demo = next(found for found in demo_patients() if found.id == patient)
    clock = datetime.fromisoformat(demo.as_of)
    record = await open_record(store, patient, as_of=clock, terminology=terms)
    body = await answer(ToolContext(patient, clock, terms, Corpus([]), record=record), question)
    assert [row["value"] for row in body["answer"] if row["concept"] == concept] == [True], body
