"""Asking without naming the patient beside the question: by id, by name and birth date, or about everyone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agent.ask_record import as_text, ask
from agent.settings import Settings
from tools.errors import UsageError


def _patient(name: str, given: str, family: str, born: str) -> dict[str, Any]:
    number = {"type": {"coding": [{"code": "MR"}]}, "value": f"S100000{name[-1]}"}
    return {
        "resourceType": "Patient", "id": name, "identifier": [number], "birthDate": born, "gender": "female",
        "name": [{"family": family, "given": [given]}],
    }  # fmt: skip


def _magnesium(number: int, patient: str, at: str, value: float) -> dict[str, Any]:
    return {
        "resourceType": "Observation", "id": f"o{number}", "status": "final",
        "category": [{"coding": [{"code": "laboratory"}]}], "subject": {"reference": f"Patient/{patient}"},
        "code": {"coding": [{"system": "urn:local", "code": "MG"}], "text": "MG"}, "effectiveDateTime": at,
        "valueQuantity": {"value": value, "unit": "mg/dL", "system": "http://unitsofmeasure.org", "code": "mg/dL"},
    }  # fmt: skip


def _condition(number: int, patient: str, text: str) -> dict[str, Any]:
    return {
        "resourceType": "Condition", "id": f"c{number}", "subject": {"reference": f"Patient/{patient}"},
        "code": {"text": text}, "recordedDate": "2023-11-01",
    }  # fmt: skip


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, str]:
    rows = [
        _patient("p1", "Ada", "Lovelace", "1950-02-01"), _patient("p2", "Ada", "Byron", "1950-02-01"),
        _patient("p3", "Ada", "Byron", "1950-02-01"),
        _magnesium(1, "p1", "2023-11-12T12:00:00Z", 1.4), _magnesium(2, "p1", "2023-11-13T08:00:00Z", 1.8),
        _magnesium(3, "p1", "2023-11-01T08:00:00Z", 9.0), _magnesium(4, "p2", "2023-11-13T08:00:00Z", 7.0),
        _condition(1, "p1", "Rare thrombopathy"), _condition(2, "p2", "Rare thrombopathy"),
    ]  # fmt: skip
    folder = tmp_path_factory.mktemp("ward")
    path = folder / "ward.json"
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": row} for row in rows]}
    path.write_text(json.dumps(bundle), encoding="utf-8")
    return Settings(home=folder / "home"), str(path)


CONTEXT = 'It\'s 2023-11-13T10:15:00+00:00 now. The code for magnesium is "MG". Give it in a unit of mmol/L.'


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("Mean magnesium of the patient with MRN S1000001 over the last 24 hours?", 0.6583),
        ("most recent magnesium of patient S1000001", 0.7406),
        ("How many magnesium results does patient S1000001 have since 2023?", 3),
    ],
)
def test_codes_time_and_unit_come_from_the_context(ward: tuple[Settings, str], question: str, value: float) -> None:
    body = ask(ward[0], None, question, record=ward[1], context=CONTEXT)
    (row,) = body["answer"]
    assert row["value"] == pytest.approx(value, abs=2e-3)
    assert (body["patient"], body["as_of"][:16]) == ("p1", "2023-11-13T10:15")
    assert body["query"]["read_as"] in as_text(body)


def test_the_patient_is_found_by_name_and_birth_date(ward: tuple[Settings, str]) -> None:
    question = "What is the MRN of Ada Lovelace, born on 1 February 1950?"
    assert ask(ward[0], None, question, record=ward[1])["answer"][0]["value"] == "S1000001"


@pytest.mark.parametrize(
    "who", ["Ada Byron, born 1950-02-01", "Ada Byron, born 1951-02-01", "Ada Lovelac, born 1950-02-01"]
)
def test_ties_and_strangers_are_never_guessed(ward: tuple[Settings, str], who: str) -> None:
    with pytest.raises(UsageError) as caught:
        ask(ward[0], None, f"What is the MRN of {who}?", record=ward[1])
    tied = who == "Ada Byron, born 1950-02-01"
    assert ("2 patients fit" in str(caught.value)) is tied
    assert ("Patient/p2" in str(caught.value.found)) is tied


def test_everyone_is_answered_only_where_no_patient_is_given(ward: tuple[Settings, str]) -> None:
    question = "How many patients were diagnosed with rare thrombopathy?"
    body = ask(ward[0], None, question, record=ward[1], as_of="2023-11-13")
    assert (body["scope"], body["answer"][0]["value"], body["coverage"]["patients"]) == ("everyone", 2, 3)
    one = ask(ward[0], "p1", question, record=ward[1], as_of="2023-11-13")
    assert one["not_answered"] and one["how"] != "structured"


@pytest.mark.parametrize(
    "question", ["Why does patient S1000001 have low magnesium?", "What is the average magnesium?"]
)
def test_what_is_not_understood_is_not_answered(ward: tuple[Settings, str], question: str) -> None:
    body = ask(ward[0], None, question, record=ward[1], as_of="2023-11-13")
    assert body["not_answered"]


def test_a_word_that_names_nothing_known_is_said(ward: tuple[Settings, str]) -> None:
    body = ask(ward[0], None, "Has patient S1000001 ever been diagnosed with zorbopathy?", record=ward[1])
    assert body["not_answered"][0]["words"] == ["zorbopathy"]
