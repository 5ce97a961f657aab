"""The protocol on cirrhosis, on small invented patients: the usual answer and those in whom it would harm."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from agent import ClinicalAssistant
from tools.ehr.compact import build_bundle

DAY = "2026-11-22"
LIVER = {"id": "c1", "text": "Cirrhosis of liver", "code": "snomed:19943007", "clinical": "active"}
CALM = "No ascites, no hepatic encephalopathy, no variceal bleeding. No asthma. No gastrointestinal bleeding."
USUAL = {
    "loinc:8867-4": ("Heart rate", 72, "/min"),
    "loinc:8480-6": ("Systolic blood pressure", 128, "mm[Hg]"),
    "loinc:777-3": ("Platelets", 120, "10*9/L"),
    "loinc:6301-6": ("INR", 1.2, "1"),
    "loinc:2160-0": ("Creatinine", 0.9, "mg/dL"),
    "loinc:1975-2": ("Bilirubin", 1.2, "mg/dL"),
    "loinc:1751-7": ("Albumin", 3.8, "g/dL"),
    "loinc:2951-2": ("Sodium", 139, "mmol/L"),
    "loinc:2823-3": ("Potassium", 4.2, "mmol/L"),
}


def patient(name: str, note: str, stiffness: float | None = None, drugs: tuple[str, ...] = (), **changed: float) -> Any:
    """A man of 55 with cirrhosis; `changed` are results by their title's first word, in small letters."""
    results = []
    for code, (text, value, unit) in USUAL.items():
        found = changed.get(text.split()[0].lower(), value)
        results.append({"id": code[6:], "code": code, "text": text, "value": found, "unit": unit, "at": DAY})
    if stiffness is not None:
        results.append({"id": "ls", "text": "Liver stiffness", "value": stiffness, "unit": "kPa", "at": DAY})
    if "before" in changed:
        row = {"code": "loinc:2160-0", "text": "Creatinine", "unit": "mg/dL"}
        results.append({**row, "id": "crea0", "value": changed["before"], "at": "2026-11-18"})
    if "last_year" in changed:
        row = {"code": "loinc:2160-0", "text": "Creatinine", "unit": "mg/dL"}
        results.append({**row, "id": "crea1", "value": changed["last_year"], "at": "2025-06-18"})
    if "neutrophils" in changed:
        row = {"text": "Ascitic neutrophil count", "unit": "/uL", "at": DAY}
        results.append({**row, "id": "pmn", "value": changed["neutrophils"]})
    body: dict[str, Any] = {
        "id": name,
        "name": {"given": "Jan", "family": "Test"},
        "gender": "male",
        "birth_date": "1971-03-01",
    }
    body |= {"conditions": [LIVER], "observations": results}
    body |= {"notes": [{"id": "n1", "at": f"{DAY}T08:00:00Z", "text": note}]}
    return body | {"medications": [{"id": f"m{n}", "text": text} for n, text in enumerate(drugs or ("Vitamin D",))]}


def answer(osler: ClinicalAssistant, folder: Path, body: dict[str, Any]) -> dict[str, Any]:
    """What is shown: claims and red flags as text, next steps by text, gaps by what they are about."""
    path = folder / f"{body['id']}.json"
    path.write_text(json.dumps(build_bundle(body)), encoding="utf-8")
    question, as_of = "How should his cirrhosis be managed?", f"{DAY}T09:00:00Z"
    consult = osler.consult(question, body["id"], record=str(path), as_of=as_of, protocol="cirrhosis").run()
    document = consult.document()
    assert all(check["passed"] for check in document["checks"])
    found = document["answer"]
    return {
        "claims": " ".join(c["text"] for c in found["claims"] if c["status"] == "shown"),
        "red": " ".join(c["text"] for c in found["claims"] if c["red_flag"]),
        "steps": {n["text"]: n for n in found["next_steps"] if n["status"] == "shown"},
        "gaps": {n["what"]: n for n in found["not_answered"]},
    }


def step(found: dict[str, Any], words: str) -> dict[str, Any] | None:
    """The next step that holds some words."""
    return next((body for text, body in found["steps"].items() if words in text), None)


def test_compensated_with_portal_hypertension(osler: ClinicalAssistant, tmp_path: Path) -> None:
    found = answer(osler, tmp_path, patient("cirrhosis-beta", CALM, 31))
    assert "Child-Pugh 5 points: class A" in found["claims"]
    assert "MELD, third version, 8; MELD-Na 9" in found["claims"]
    carvedilol = step(found, "Carvedilol, low dose first")
    assert carvedilol and "AV block or sick sinus syndrome?" in carvedilol["unknown"]
    assert "every 6 months" in found["claims"]
    assert found["red"] == ""


def test_asthma_and_a_slow_pulse_hold_the_beta_blocker_back(osler: ClinicalAssistant, tmp_path: Path) -> None:
    note = "No ascites, no encephalopathy. Asthma since childhood. Endoscopy: large varices."
    found = answer(osler, tmp_path, patient("cirrhosis-asthma", note, 31, heart=48))
    assert not step(found, "Carvedilol, low dose")
    assert step(found, "Endoscopic band ligation")


def test_low_stiffness_and_good_platelets_spare_the_endoscopy(osler: ClinicalAssistant, tmp_path: Path) -> None:
    found = answer(osler, tmp_path, patient("cirrhosis-spare", CALM, 14, platelets=190))
    assert "screening endoscopy can be avoided" in found["claims"]
    assert step(found, "Elastography and platelets every year")
    assert not step(found, "Carvedilol")


def test_ascites_gets_spironolactone_only_where_potassium_sodium_and_kidneys_allow(
    osler: ClinicalAssistant, tmp_path: Path
) -> None:
    note = "Mild ascites. No hepatic encephalopathy. No variceal bleeding."
    usual = answer(osler, tmp_path, patient("cirrhosis-ascites", note, drugs=("Naproxen 500 mg", "Ramipril 5 mg")))
    assert step(usual, "Spironolactone 100 mg a day")
    assert step(usual, "Stop Naproxen 500 mg") and step(usual, "Stop Ramipril 5 mg")
    twin = answer(osler, tmp_path, patient("cirrhosis-potassium", note, potassium=5.4))
    assert not step(twin, "Spironolactone 100 mg a day")
    assert "no spironolactone is started" in twin["claims"]


def test_kidney_injury_with_ascites_encephalopathy_and_a_beta_blocker(osler: ClinicalAssistant, tmp_path: Path) -> None:
    note = "Decompensated cirrhosis with tense ascites and hepatic encephalopathy."
    body = patient(
        "cirrhosis-aki", note, drugs=("Propranolol 40 mg",), creatinine=1.9, before=1.0, systolic=86, sodium=127
    )
    found = answer(osler, tmp_path, body)
    assert "acute kidney injury in cirrhosis" in found["red"]
    assert "peritonitis is not excluded" in found["red"]
    assert step(found, "Stop Propranolol 40 mg")
    assert not step(found, "Spironolactone 100 mg a day")
    assert not step(found, "large-volume paracentesis with human albumin")
    assert step(found, "Lactulose to two or three soft stools")


def test_peritonitis_by_cell_count(osler: ClinicalAssistant, tmp_path: Path) -> None:
    found = answer(osler, tmp_path, patient("cirrhosis-sbp", "Tense ascites, fever.", neutrophils=480))
    assert "spontaneous bacterial peritonitis" in found["red"]
    assert step(found, "human albumin 1.5 g/kg at diagnosis and 1 g/kg on day 3")


def test_peritonitis_on_record_stops_the_beta_blocker_and_kidney_injury_the_diuretic(
    osler: ClinicalAssistant, tmp_path: Path
) -> None:
    note = "Tense ascites, spontaneous bacterial peritonitis, grade 1 encephalopathy. No variceal bleeding."
    drugs = ("Propranolol 40 mg", "Furosemide 40 mg")
    body = patient("cirrhosis-stated", note, drugs=drugs, creatinine=1.9, before=1.0)
    body["allergies"] = [{"id": "a1", "text": "Ceftriaxone", "reaction": "anaphylaxis"}]
    found = answer(osler, tmp_path, body)
    assert "peritonitis is on record" in found["red"]
    assert step(found, "Stop Propranolol 40 mg") and step(found, "Stop Furosemide 40 mg")
    assert not step(found, "Ceftriaxone or cefotaxime")
    assert "Child-Pugh 8 points: class B" in found["claims"]
    assert "MELD is calculated again" not in found["claims"]


def test_ascites_without_a_tap_leaves_infection_open(osler: ClinicalAssistant, tmp_path: Path) -> None:
    found = answer(osler, tmp_path, patient("cirrhosis-tap", "Mild ascites. No encephalopathy. No variceal bleeding."))
    gap = next(body for what, body in found["gaps"].items() if "Infection of the ascites" in what)
    assert gap["reason"] == "missing_input"
    assert "surveillance is due" in found["claims"]


def test_a_creatinine_far_above_an_old_one_is_kidney_injury_until_shown_otherwise(
    osler: ClinicalAssistant, tmp_path: Path
) -> None:
    note = "Mild ascites. No hepatic encephalopathy. No variceal bleeding."
    found = answer(osler, tmp_path, patient("cirrhosis-step", note, creatinine=1.6, last_year=0.8))
    assert "Acute kidney injury is presumed until shown otherwise" in found["red"]
    assert not step(found, "Spironolactone 100 mg a day")
    assert not step(found, "Volume with human albumin")
    steady = answer(osler, tmp_path, patient("cirrhosis-steady", note, creatinine=1.0, last_year=0.8))
    assert "presumed" not in steady["red"]
    assert step(steady, "Spironolactone 100 mg a day")
