"""The protocols on pneumonia and sepsis, on small invented patients: the usual answer, and those it would harm."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from agent import ClinicalAssistant
from tools.ehr.compact import build_bundle

AS_OF = "2026-05-06T11:30:00Z"
AT = "2026-05-06T09:50:00Z"
CAP = {"id": "c1", "code": "snomed:385093006", "text": "Community-acquired pneumonia", "onset": "2026-05-06"}
WELL = "Alert and oriented. Breathing room air. Right lower lobe consolidation. Previously fit and well."
NO_ALLERGY = {"id": "a1", "code": "snomed:716186003", "text": "No known allergy"}
PENICILLIN = {"id": "a1", "text": "Penicillin"}
SIGNS = {
    "loinc:9279-1": "/min",
    "loinc:8480-6": "mm[Hg]",
    "loinc:8462-4": "mm[Hg]",
    "loinc:8867-4": "/min",
    "loinc:59408-5": "%",
    "loinc:8310-5": "Cel",
}
LABS = {
    "urea_nitrogen": ("loinc:3094-0", "mg/dL"),
    "creatinine": ("loinc:2160-0", "mg/dL"),
    "potassium": ("loinc:2823-3", "mmol/L"),
    "wbc": ("loinc:6690-2", "10*9/L"),
    "platelets": ("loinc:777-3", "10*9/L"),
    "lactate": ("loinc:2524-7", "mmol/L"),
}


def patient(
    name: str, born: str, signs: tuple[float, ...] = (), labs: dict[str, float] | None = None, **sections: Any
) -> dict[str, Any]:
    """Signs in the order: breathing, systolic, diastolic, pulse, saturation, temperature."""
    rows = [(code, unit, value) for (code, unit), value in zip(SIGNS.items(), signs, strict=False)]
    rows += [(*LABS[key], value) for key, value in (labs or {}).items()]
    observations = [
        {"id": f"o{number}", "code": code, "text": code, "value": value, "unit": unit, "at": AT, "status": "final"}
        for number, (code, unit, value) in enumerate(rows)
    ]
    for section in ("conditions", "allergies", "medications"):
        for row in sections.get(section, []):
            row.setdefault("clinical" if section == "conditions" else "status", "active")
    if note := sections.pop("note", None):
        sections["notes"] = [{"id": "n1", "at": "2026-05-06T10:00:00Z", "text": note}]
    body = {"id": name, "name": {"given": "Ann", "family": "Test"}, "gender": "female", "birth_date": born}
    return body | {"observations": observations, "medications": [{"id": "m9", "text": "Paracetamol"}]} | sections


def answer(osler: ClinicalAssistant, folder: Path, body: dict[str, Any], protocol: str) -> dict[str, Any]:
    """What is shown, as texts."""
    path = folder / f"{body['id']}.json"
    path.write_text(json.dumps(build_bundle(body)), encoding="utf-8")
    consult = osler.consult("What should be done?", body["id"], record=str(path), as_of=AS_OF, protocol=protocol).run()
    document = consult.document()
    found = document["answer"]
    assert [check for check in document["checks"] if not check["passed"]] == []
    return {
        "claims": " ".join(c["text"] for c in found["claims"] if c["status"] == "shown"),
        "red": " ".join(c["text"] for c in found["claims"] if c["red_flag"]),
        "steps": [n for n in found["next_steps"] if n["status"] == "shown"],
        "open": " ".join(n["what"] for n in found["not_answered"] if n["reason"] == "missing_input"),
    }


def drugs(found: dict[str, Any]) -> set[str]:
    return {drug for step in found["steps"] for drug in step["drugs"]}


def test_pneumonia_of_low_risk_is_treated_at_home_with_amoxicillin(osler: ClinicalAssistant, tmp_path: Path) -> None:
    labs = {"urea_nitrogen": 12, "creatinine": 0.9, "potassium": 4.1, "wbc": 13, "platelets": 230}
    body = patient(
        "cap-home", "1990-02-01", (20, 124, 76, 92, 96, 38.2), labs, conditions=[CAP], allergies=[NO_ALLERGY], note=WELL
    )
    found = answer(osler, tmp_path, body, "community-acquired-pneumonia")
    assert "CURB65 0 points, low risk: care at home" in found["claims"]
    assert "amoxicillin 1 g three times a day" in found["claims"]
    assert "Not severe: no systemic corticosteroid" in found["claims"]
    assert "5 days in all" in found["claims"] and "at least 3 days" in found["claims"]
    assert found["red"] == ""
    assert drugs(found) == {"amoxicillin", "penicillins"}


def test_severe_pneumonia_with_penicillin_allergy_and_low_potassium(osler: ClinicalAssistant, tmp_path: Path) -> None:
    labs = {"urea_nitrogen": 34, "creatinine": 1.9, "potassium": 3.3, "wbc": 17, "platelets": 210}
    body = patient(
        "cap-severe",
        "1948-02-01",
        (32, 118, 58, 108, 90, 38.9),
        labs,
        conditions=[CAP],
        allergies=[PENICILLIN],
        medications=[{"id": "m1", "text": "Simvastatin 40 mg"}],
        note="Confused since this morning. On oxygen via nasal cannula. Multilobar consolidation.",
    )
    found = answer(osler, tmp_path, body, "community-acquired-pneumonia")
    assert "CURB65 5 points, high risk" in found["red"]
    assert "Severe pneumonia by the ATS/IDSA criteria" in found["red"]
    assert "no co-amoxiclav or other penicillin" in found["red"]
    assert "Simvastatin 40 mg is on the list: contraindicated together with clarithromycin" in found["claims"]
    assert not drugs(found) & {"amoxicillin", "co_amoxiclav", "clarithromycin", "azithromycin", "levofloxacin"}
    steroid = next(step for step in found["steps"] if "corticosteroid" in step["drugs"])
    assert "Is it influenza (rapid test)?" in steroid["unknown"]


def test_pregnancy_keeps_doxycycline_and_levofloxacin_away(osler: ClinicalAssistant, tmp_path: Path) -> None:
    pregnant = {"id": "c2", "code": "snomed:72892002", "text": "Pregnancy", "onset": "2026-02-01"}
    body = patient(
        "cap-pregnant",
        "1998-02-01",
        (20, 112, 70, 100, 96, 38.0),
        {"urea_nitrogen": 9},
        conditions=[CAP, pregnant],
        allergies=[PENICILLIN],
        note=WELL + " 14 weeks pregnant.",
    )
    found = answer(osler, tmp_path, body, "community-acquired-pneumonia")
    assert "doxycycline and levofloxacin are contraindicated" in found["claims"]
    assert "care at home" not in found["claims"]
    assert not drugs(found) & {"doxycycline", "levofloxacin", "amoxicillin"}


def test_pneumonia_without_signs_is_not_graded(osler: ClinicalAssistant, tmp_path: Path) -> None:
    body = patient("cap-missing", "1950-02-01", conditions=[CAP], note="Pneumonia.")
    found = answer(osler, tmp_path, body, "community-acquired-pneumonia")
    assert "CURB65" not in found["claims"]
    assert "Care at home" in found["open"] and "Antibiotic in low severity" in found["open"]
    assert drugs(found) == set()


SHOCK = (28, 84, 46, 128, 93, 39.4)
KIDNEY = {"id": "c1", "text": "Pyelonephritis", "onset": "2026-05-06"}


def test_septic_shock(osler: ClinicalAssistant, tmp_path: Path) -> None:
    note = "Suspected sepsis. Drowsy. Breathing room air. Mottled skin. No heart failure. Not on dialysis."
    body = patient(
        "sepsis-shock", "1955-02-01", SHOCK, {"lactate": 4.6, "platelets": 88}, conditions=[KIDNEY], note=note
    )
    found = answer(osler, tmp_path, body, "sepsis")
    assert "lactate 4.6 mmol/L" in found["red"] and "septic shock, unless fluid corrects it" in found["red"]
    assert "NEWS2 15 points with infection: high risk" in found["red"]
    assert "Antibiotics within 1 hour" in found["red"]
    assert any("30 mL/kg within 3 h" in step["text"] for step in found["steps"])
    assert drugs(found) == {"norepinephrine"}


def test_septic_shock_with_heart_failure_gets_no_fixed_volume(osler: ClinicalAssistant, tmp_path: Path) -> None:
    heart = {"id": "c2", "code": "snomed:84114007", "text": "Heart failure", "onset": "2019-01-01"}
    body = patient(
        "sepsis-heart",
        "1955-02-01",
        SHOCK,
        {"lactate": 4.6},
        conditions=[KIDNEY, heart],
        note="Suspected sepsis. Drowsy. Breathing room air.",
    )
    found = answer(osler, tmp_path, body, "sepsis")
    assert "no fixed volume is proposed" in found["red"]
    assert not any("Balanced crystalloid" in step["text"] for step in found["steps"])


def test_a_low_score_excludes_nothing_and_a_lactate_overrules_it(osler: ClinicalAssistant, tmp_path: Path) -> None:
    note = "Urinary tract infection. Alert and oriented. Breathing air."
    signs = (16, 122, 76, 96, 98, 38.0)
    infection = {"id": "c1", "text": "Urinary tract infection", "onset": "2026-05-05"}
    low = answer(osler, tmp_path, patient("sep-low", "1985-02-01", signs, conditions=[infection], note=note), "sepsis")
    assert "low risk by the score, which does not exclude sepsis" in low["claims"]
    assert "qSOFA 0 points does not exclude sepsis" in low["claims"]
    assert "the absence of fever does not speak against sepsis" in low["claims"]
    body = patient("sep-lactate", "1985-02-01", signs, {"lactate": 3.2}, conditions=[infection], note=note)
    raised = answer(osler, tmp_path, body, "sepsis")
    assert "looks low, but a lactate above 2 mmol/L" in raised["red"]
    assert "low risk by the score" not in raised["claims"]


def test_chemotherapy_makes_it_neutropenic_sepsis_whatever_the_score(osler: ClinicalAssistant, tmp_path: Path) -> None:
    infection = {"id": "c1", "text": "Cellulitis", "onset": "2026-05-05"}
    note = "On chemotherapy, last cycle nine days ago. Alert and oriented. Breathing air."
    body = patient("sep-chemo", "1970-02-01", (16, 122, 76, 92, 98, 38.2), conditions=[infection], note=note)
    found = answer(osler, tmp_path, body, "sepsis")
    assert "possible neutropenic sepsis" in found["red"]
    assert "low risk by the score" not in found["claims"]


def test_pulmonary_oedema_in_shock_gets_a_vasopressor_and_no_bolus(osler: ClinicalAssistant, tmp_path: Path) -> None:
    allergy = {"id": "a1", "text": "Piperacillin with tazobactam", "reaction": "anaphylaxis"}
    note = "Rigors, foul urine. Chest X-ray: pulmonary oedema. Breathing worse after fluid."
    body = patient("sepsis-oedema", "1948-02-01", SHOCK, {"lactate": 3.9}, allergies=[allergy], note=note)
    found = answer(osler, tmp_path, body, "sepsis")
    assert "no fluid bolus by weight" in found["red"] and "Piperacillin with tazobactam (anaphylaxis)" in found["red"]
    assert not any("Balanced crystalloid" in step["text"] for step in found["steps"])
    assert "norepinephrine" in drugs(found)


def test_a_high_score_without_a_recorded_infection_asks_for_one(osler: ClinicalAssistant, tmp_path: Path) -> None:
    body = patient("sepsis-open", "1948-02-01", SHOCK, note="Drowsy. Breathing room air.")
    assert "could this be sepsis?" in answer(osler, tmp_path, body, "sepsis")["claims"]
