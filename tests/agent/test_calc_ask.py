"""`osler calc ask`: the calculator chosen, filled from note, record and dialogue, worked out or refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent.calc_ask import answer, ask
from agent.calc_text import answer_text, choice_text
from agent.settings import Settings
from tools.calculators.choice import choose
from tools.errors import BadInput, UsageError

NOTE = """Margaret is a 68-year-old woman seen for a check of her kidneys.
Weight 82 kg, height 165 cm. BP 148/82 mmHg, HR 96. Creatinine 1.4 mg/dL today.
"""


def bundle(*more: dict[str, Any]) -> dict[str, Any]:
    patient = {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1956-05-01"}
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in (patient, *more)]}


def result(identity: str, loinc: str, value: float, unit: str, at: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation", "id": identity, "status": "final", "subject": {"reference": "Patient/p1"},
        "code": {"coding": [{"system": "http://loinc.org", "code": loinc}]}, "effectiveDateTime": at,
        "valueQuantity": {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit},
    }  # fmt: skip


@pytest.fixture
def record(tmp_path: Path) -> str:
    path = tmp_path / "bundle.json"
    found = bundle(
        result("o1", "2160-0", 1.0, "mg/dL", "2026-01-10"),
        result("o2", "29463-7", 80.0, "kg", "2023-01-10"),
        result("o3", "8302-2", 166.0, "cm", "2020-01-10"),
    )
    path.write_text(json.dumps(found), "utf-8")
    return str(path)


@pytest.fixture
def settings(tmp_path: Path, index_folder: Path) -> Settings:
    return Settings(home=tmp_path / "home", index_folder=index_folder)


def asked(settings: Settings, question: str = "kidneys?", **options: Any) -> dict[str, Any]:
    return ask(settings, question, **options)


def test_a_note_fills_the_inputs_with_exact_quotes(settings: Settings) -> None:
    body = asked(settings, calculator="ckd_epi_2021", note=NOTE)
    creatinine = body["inputs"]["creatinine"]
    assert (creatinine["value"], creatinine["unit"], creatinine["from"]) == (1.4, "mg/dL", "note")
    assert NOTE[creatinine["start"] : creatinine["end"]] == creatinine["quote"]
    assert body["inputs"]["sex"]["value"] == "female"
    assert body["result"]["value"] == pytest.approx(41.0, abs=0.5)
    assert body["refused"] is None and body["missing"] == []
    assert answer_text(body).startswith(f"{body['title']}: 41")


def test_what_was_said_with_the_question_comes_before_the_note(settings: Settings) -> None:
    given = {"creatinine": {"value": 100, "unit": "umol/L"}}
    body = asked(settings, calculator="ckd_epi_2021", note=NOTE, given=given)
    assert body["inputs"]["creatinine"]["from"] == "dialogue"
    assert [row["input"] for row in body["conflicts"]] == ["creatinine"]


def test_numbers_in_the_question_itself_are_taken() -> None:
    question = "eGFR of a 50-year-old woman with a creatinine of 1.0 mg/dL"
    body = answer(question, choose(question, meaning=False))
    assert body["calculator"] == "ckd_epi_2021"
    assert body["result"]["value"] == pytest.approx(68.6, abs=0.1)
    assert {row["from"] for row in body["inputs"].values()} == {"dialogue"}


def test_a_nested_input_is_worked_out_from_its_parts() -> None:
    body = answer("BMI", choose("body mass index", meaning=False), note=NOTE)
    assert body["result"]["value"] == pytest.approx(30.1, abs=0.1)
    nested = answer("q", choose("nafld fibrosis score", meaning=False), note=NOTE)
    assert nested["inputs"]["bmi"]["from"] == "calculation"
    assert set(nested["parts"]) >= {"weight", "height"}
    assert nested["inputs"]["bmi"]["derivation"]["calculator"] == "bmi"


def test_without_a_needed_number_it_is_refused_and_says_which(settings: Settings) -> None:
    body = asked(settings, calculator="ckd_epi_2021", note="A 60-year-old man with tiredness.")
    assert body["refused"]["missing"] == ["creatinine"]
    assert "Serum creatinine" in body["refused"]["why"]
    assert body["missing"][0]["ask"]
    assert "Still needed" in answer_text(body)


def test_unknown_findings_give_a_range_and_absent_is_said_to_be_assumed(settings: Settings) -> None:
    note = "A 76-year-old woman with atrial fibrillation and hypertension."
    open_ = asked(settings, calculator="cha2ds2_va", note=note)
    low, high = open_["result"]["range"]
    assert low < high and open_["missing"] and not open_["assumed"]
    assumed = asked(settings, calculator="cha2ds2_va", note=note, unmentioned="absent")
    assert assumed["result"]["value"] == low
    assert assumed["assumed"]
    assert "assumed" in answer_text(assumed)


def test_the_record_fills_by_code_and_an_old_result_is_named_not_used(settings: Settings, record: str) -> None:
    body = asked(settings, calculator="cockcroft_gault", record=record, as_of="2026-03-01")
    creatinine = body["inputs"]["creatinine"]
    assert (creatinine["from"], creatinine["reference"], creatinine["age_days"]) == ("record", "Observation/o1", 50)
    assert body["refused"]["missing"] == ["weight"]
    assert "older" in body["missing"][0]["why"]


def test_note_and_record_in_conflict_are_both_shown(settings: Settings, record: str) -> None:
    body = asked(settings, calculator="ckd_epi_2021", record=record, note=NOTE, as_of="2026-03-01")
    conflict = {row["input"]: row for row in body["conflicts"]}["creatinine"]
    assert (conflict["taken"]["from"], conflict["other"]["from"]) == ("note", "record")
    assert conflict["other"]["effective_at"].startswith("2026-01-10")
    assert "note" in conflict["why"]
    assert body["inputs"]["age"]["from"] == "record"  # 69 by birth date, 68 in the note: one year is no conflict
    assert "age" not in {row["input"] for row in body["conflicts"]}
    assert "In conflict" in answer_text(body)


def test_bad_inputs_are_typed_errors(settings: Settings) -> None:
    with pytest.raises(BadInput):
        asked(settings, calculator="ckd_epi_2021", given={"creatinine": {"value": 1, "unit": "kg"}})
    with pytest.raises(BadInput):
        asked(settings, calculator="ckd_epi_2021", given={"colour": True})
    with pytest.raises(UsageError):
        asked(settings, calculator="no_such")
    with pytest.raises(UsageError):
        asked(settings, "  ")


def test_the_public_api_gives_the_same_document(settings: Settings, record: str) -> None:
    from agent import ClinicalAssistant

    with ClinicalAssistant(settings) as osler:
        body = osler.calculate("q", record=record, note=NOTE, calculator="ckd_epi_2021", as_of="2026-03-01")
    same = asked(settings, "q", record=record, note=NOTE, calculator="ckd_epi_2021", as_of="2026-03-01")
    assert body == same


def test_the_choice_as_text() -> None:
    text = choice_text(choose("wells score for DVT", meaning=False).document())
    assert text.splitlines()[0] == "Wells score for deep vein thrombosis (wells_dvt)"
    assert "for the lung" in text
    nothing = choice_text(choose("what is the weather like tomorrow", meaning=False).document())
    assert "No calculator" in nothing


def test_a_denied_finding_is_shown_with_its_sentence() -> None:
    body = answer("q", choose("wells pe", meaning=False), note="A 50-year-old man. He denies haemoptysis. HR 88/min.")
    row = body["inputs"]["haemoptysis"]
    assert (row["value"], row["quote"], row["sentence"]) == (False, "haemoptysis", "He denies haemoptysis.")
    assert '[note: "He denies haemoptysis."]' in answer_text(body)
