"""The protocol on hyperkalaemia, on small invented patients: the usual answer and those in whom it would harm."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent import ClinicalAssistant
from tools.ehr.compact import build_bundle

AS_OF = "2026-11-22T09:00:00Z"
QUESTION = "How should the high potassium be treated?"
ECG = {"id": "n1", "at": "2026-11-22T08:00:00Z", "text": "ECG: peaked T waves and broad QRS."}


def patient(name: str, potassium: float, at: str = "2026-11-22T07:00:00Z", **sections: Any) -> dict[str, Any]:
    """A woman of 68 with one potassium."""
    result = {"id": "k", "code": "loinc:2823-3", "text": "Potassium", "value": potassium, "unit": "mmol/L", "at": at}
    body = {"id": name, "name": {"given": "Ann", "family": "Test"}, "gender": "female", "birth_date": "1958-03-01"}
    return body | sections | {"observations": [result, *sections.get("observations", [])]}


def answer(osler: ClinicalAssistant, folder: Path, body: dict[str, Any]) -> dict[str, Any]:
    """The answer, with what is shown as two lists of texts."""
    path = folder / f"{body['id']}.json"
    path.write_text(json.dumps(build_bundle(body)), encoding="utf-8")
    consult = osler.consult(QUESTION, body["id"], record=str(path), as_of=AS_OF, protocol="hyperkalaemia").run()
    found = consult.document()["answer"]
    return {
        "claims": " ".join(c["text"] for c in found["claims"] if c["status"] == "shown"),
        "red": " ".join(c["text"] for c in found["claims"] if c["red_flag"]),
        "steps": {n["text"]: n for n in found["next_steps"] if n["status"] == "shown"},
        "held": {n["what"]: n for n in found["not_answered"] if n["reason"] == "not_applicable"},
    }


def step(found: dict[str, Any], words: str) -> dict[str, Any] | None:
    """The next step that holds some words."""
    return next((body for text, body in found["steps"].items() if words in text), None)


def test_severe_with_ecg_changes(osler: ClinicalAssistant, tmp_path: Path) -> None:
    found = answer(osler, tmp_path, patient("hk-severe", 6.8, notes=[ECG]))
    assert "severe and life-threatening" in found["red"]
    assert step(found, "Calcium gluconate 10 %, 30 mL")
    insulin = step(found, "10 units of soluble insulin with 25 g of glucose")
    assert insulin and "The blood glucose now" in insulin["unknown"]
    assert step(found, "nebulised")
    assert step(found, "1, 4, 6 and 24 hours")


def test_a_haemolysed_sample_with_a_normal_ecg_is_repeated_and_not_treated(
    osler: ClinicalAssistant, tmp_path: Path
) -> None:
    note = {"id": "n1", "at": "2026-11-22T08:00:00Z", "text": "Lab comment: sample haemolysed. ECG normal."}
    found = answer(osler, tmp_path, patient("hk-haemolysed", 6.7, notes=[note]))
    assert "neither to be believed nor to be dismissed" in found["red"]
    assert not step(found, "insulin")
    assert not step(found, "Calcium gluconate")
    assert not step(found, "Salbutamol")


def test_digoxin_and_coronary_disease_change_calcium_and_salbutamol(osler: ClinicalAssistant, tmp_path: Path) -> None:
    drug = {"id": "m1", "text": "Digoxin 125 micrograms", "code": "rxnorm:3407"}
    heart = {"id": "d1", "text": "Coronary artery disease", "code": "snomed:53741008", "clinical": "active"}
    body = patient("hk-digoxin", 6.6, notes=[ECG], medications=[drug], conditions=[heart])
    found = answer(osler, tmp_path, body)
    assert "Digoxin 125 micrograms is on the list" in found["red"]
    assert not step(found, "Calcium gluconate 10 %, 30 mL")
    assert not step(found, "10 mg to 20 mg nebulised")
    assert step(found, "salbutamol 10 mg nebulised")


@pytest.mark.parametrize(
    ("potassium", "expected", "absent"),
    [
        (5.7, "below 6 mmol/L it is not stopped on the number alone", "Withhold"),
        (6.2, "NICE stops it from 6", "alone;"),
    ],
)
def test_what_happens_to_the_ace_inhibitor(
    osler: ClinicalAssistant, tmp_path: Path, potassium: float, expected: str, absent: str
) -> None:
    drug = {"id": "m1", "text": "Lisinopril 10 mg", "code": "rxnorm:29046"}
    found = answer(osler, tmp_path, patient(f"hk-ace-{potassium}", potassium, medications=[drug]))
    assert expected in found["claims"]
    assert absent not in found["claims"] + " ".join(found["steps"])


def test_an_old_result_decides_nothing(osler: ClinicalAssistant, tmp_path: Path) -> None:
    found = answer(osler, tmp_path, patient("hk-old", 6.8, at="2026-10-01T08:00:00Z"))
    assert "No usable potassium of the last week" in found["claims"]
    assert not step(found, "insulin")
