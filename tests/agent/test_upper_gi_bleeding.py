"""The protocol on upper gastrointestinal bleeding, on small invented patients: the usual answer and its twins."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from agent import ClinicalAssistant
from tools.ehr.compact import build_bundle

DAY = "2026-11-22"
DENIED = (
    "No melaena. No syncope. No liver disease, no heart failure, no cirrhosis, no varices. No coronary artery disease."
)


def result(code: str, text: str, value: float, unit: str) -> dict[str, Any]:
    return {"id": code[6:], "code": code, "text": text, "value": value, "unit": unit, "at": f"{DAY}T07:00:00Z"}


def patient(
    name: str, note: str, pulse: float = 80, pressure: float = 130, hb: float = 14.2, urea: float = 14, **more: Any
) -> dict[str, Any]:
    """A man of 55 with the usual blood tests; urea as urea nitrogen in mg/dL."""
    results = [
        result("loinc:8867-4", "Heart rate", pulse, "/min"),
        result("loinc:8480-6", "Systolic blood pressure", pressure, "mm[Hg]"),
        result("loinc:718-7", "Haemoglobin", hb, "g/dL"),
        result("loinc:3094-0", "Urea nitrogen", urea, "mg/dL"),
    ]
    body: dict[str, Any] = {
        "id": name,
        "name": {"given": "Jan", "family": "Test"},
        "gender": "male",
        "birth_date": "1971-03-01",
    }
    body |= {"notes": [{"id": "n1", "at": f"{DAY}T08:00:00Z", "text": note}], **more}
    return body | {"observations": [*results, *more.get("observations", [])]}


def answer(osler: ClinicalAssistant, folder: Path, body: dict[str, Any]) -> dict[str, Any]:
    """What is shown: claims and red flags as text, next steps by text, gaps by what they are about."""
    path = folder / f"{body['id']}.json"
    path.write_text(json.dumps(build_bundle(body)), encoding="utf-8")
    question = "How should this gastrointestinal bleed be managed?"
    protocol, as_of = "upper-gi-bleeding", f"{DAY}T09:00:00Z"
    consult = osler.consult(question, body["id"], record=str(path), as_of=as_of, protocol=protocol).run()
    document = consult.document()
    assert all(check["passed"] for check in document["checks"])
    found = document["answer"]
    return {
        "claims": " ".join(c["text"] for c in found["claims"] if c["status"] == "shown"),
        "red": " ".join(c["text"] for c in found["claims"] if c["red_flag"]),
        "steps": " ".join(n["text"] for n in found["next_steps"] if n["status"] == "shown"),
        "gaps": {n["what"]: n for n in found["not_answered"]},
    }


def test_a_very_low_score_may_go_home(osler: ClinicalAssistant, tmp_path: Path) -> None:
    drug = {"id": "m1", "text": "Ibuprofen 400 mg"}
    found = answer(osler, tmp_path, patient("ugib-low", f"Coffee-ground vomiting. {DENIED}", medications=[drug]))
    assert "Glasgow-Blatchford 0 points" in found["claims"]
    assert "outpatient management" in found["claims"]
    assert "Stop Ibuprofen 400 mg" in found["steps"]
    assert "admit" not in found["claims"]


def test_the_same_score_on_an_anticoagulant_does_not_go_home_by_the_score(
    osler: ClinicalAssistant, tmp_path: Path
) -> None:
    drug = {"id": "m1", "text": "Apixaban 5 mg", "code": "rxnorm:1364430"}
    found = answer(osler, tmp_path, patient("ugib-doac", f"Coffee-ground vomiting. {DENIED}", medications=[drug]))
    assert "no further dose while bleeding" in found["red"]
    assert "outpatient management with early endoscopy is an option" not in found["claims"]
    assert "which the score does not count" in found["claims"]
    assert "about 14 days after the bleed" in found["claims"]


def test_an_open_item_that_could_change_the_place_of_care_is_asked_for(
    osler: ClinicalAssistant, tmp_path: Path
) -> None:
    note = "Coffee-ground vomiting. No melaena. No liver disease, no heart failure, no cirrhosis, no varices."
    found = answer(osler, tmp_path, patient("ugib-open", note))
    assert "known only as 0 to 2 points" in found["claims"]
    assert "outpatient management" not in found["claims"]
    gap = next(body for what, body in found["gaps"].items() if "Outpatient management" in what)
    assert "Syncope in this episode?" in gap["needs"]


def varices(name: str, **more: Any) -> dict[str, Any]:
    note = "Haematemesis and melaena. No syncope. No heart failure. No coronary artery disease."
    liver = {"id": "c1", "text": "Cirrhosis of liver", "code": "snomed:19943007", "clinical": "active"}
    conditions = [liver, *more.pop("conditions", [])]
    return patient(name, note, pulse=118, pressure=92, hb=6.8, urea=30, conditions=conditions, **more)


def test_varices_and_shock(osler: ClinicalAssistant, tmp_path: Path) -> None:
    found = answer(osler, tmp_path, varices("ugib-varices"))
    assert "Systolic 92 mmHg" in found["red"] and "treat as variceal bleeding" in found["red"]
    assert "transfuse red cells" in found["red"]
    assert "Terlipressin intravenously now" in found["steps"]
    assert "ceftriaxone 1 g a day" in found["steps"]
    assert "within 12 hours" in found["steps"] and "within 24 hours" not in found["steps"]


def test_infarction_and_cephalosporin_allergy_change_both_drugs(osler: ClinicalAssistant, tmp_path: Path) -> None:
    heart = {"id": "c2", "text": "Myocardial infarction", "code": "snomed:22298006", "clinical": "active"}
    allergy = {"id": "a1", "text": "Ceftriaxone", "reaction": "anaphylaxis"}
    aspirin = {"id": "m1", "text": "Aspirin 75 mg", "code": "rxnorm:243670"}
    body = varices("ugib-heart", conditions=[heart], allergies=[allergy], medications=[aspirin])
    found = answer(osler, tmp_path, body)
    assert "Terlipressin intravenously" not in found["steps"]
    assert "Octreotide or somatostatin" in found["steps"]
    assert "ceftriaxone" not in found["steps"]
    assert "of another class" in found["claims"]
    assert "Aspirin 75 mg with vascular disease on record: not held" in found["claims"]


def test_a_bleed_of_years_ago_is_no_emergency(osler: ClinicalAssistant, tmp_path: Path) -> None:
    old = {"id": "c1", "text": "Upper gastrointestinal bleeding", "clinical": "resolved", "recorded": "2019-05-01"}
    found = answer(osler, tmp_path, patient("ugib-old", "Review of blood pressure.", conditions=[old]))
    assert "Glasgow-Blatchford" not in found["claims"]
    assert found["red"] == ""


def test_hypoxia_or_limb_ischaemia_forbids_terlipressin_and_shock_the_beta_blocker(
    osler: ClinicalAssistant, tmp_path: Path
) -> None:
    low = result("loinc:59408-5", "Oxygen saturation", 86, "%")
    propranolol = {"id": "m1", "text": "Propranolol 40 mg"}
    body = varices("ugib-hypoxia", medications=[propranolol])
    body["observations"].append(low)
    found = answer(osler, tmp_path, body)
    assert "No terlipressin" in found["red"] and "Terlipressin intravenously" not in found["steps"]
    assert "Octreotide or somatostatin" in found["steps"] and "Pause Propranolol 40 mg" in found["steps"]
    limb = {"id": "c2", "text": "Critical limb ischaemia", "clinical": "active"}
    assert "No terlipressin" in answer(osler, tmp_path, varices("ugib-limb", conditions=[limb]))["red"]


def test_shock_with_a_fair_haemoglobin_names_the_restrictive_threshold(
    osler: ClinicalAssistant, tmp_path: Path
) -> None:
    found = answer(osler, tmp_path, patient("ugib-shock", f"Haematemesis. {DENIED}", pulse=112, pressure=98, hb=9.4))
    assert "restrictive threshold of 70 g/L" in found["claims"]
    assert "transfuse red cells" not in found["claims"]
