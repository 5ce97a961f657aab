"""The protocol on lipid-lowering treatment, on small invented patients: the usual answer and those it would harm."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from agent import ClinicalAssistant
from tools.ehr.compact import build_bundle

AS_OF = "2026-11-22T09:00:00Z"
LIPIDS = {"id": "d1", "text": "Hyperlipidaemia", "code": "snomed:55822004", "clinical": "active"}
INFARCTION = {"id": "d2", "text": "Myocardial infarction", "code": "snomed:22298006", "clinical": "active"}
PREGNANCY = {"id": "d3", "text": "Pregnancy", "code": "snomed:72892002", "clinical": "active", "onset": "2026-08-01"}
NO_ALLERGY = [{"id": "a1", "code": "snomed:716186003", "text": "No known allergy"}]


def lab(name: str, code: str, value: float, unit: str) -> dict[str, Any]:
    """A result of three weeks ago."""
    return {"id": name, "code": code, "text": name, "value": value, "unit": unit, "at": "2026-11-01T08:00:00Z"}


def ldl(value: float) -> dict[str, Any]:
    """An LDL cholesterol in mmol/L."""
    return lab("ldl", "loinc:13457-7", value, "mmol/L")


def note(text: str) -> list[dict[str, Any]]:
    """A note of two days ago."""
    return [{"id": "n1", "at": "2026-11-20T10:00:00Z", "text": text}]


def answer(
    osler: ClinicalAssistant, folder: Path, name: str, gender: str = "male", born: str = "1968-01-01", **sections: Any
) -> tuple[str, str, str]:
    """Claims, red flags and next steps, each as one text."""
    body = {"id": name, "name": {"given": "A", "family": "Test"}, "gender": gender, "birth_date": born}
    path = folder / f"{name}.json"
    path.write_text(json.dumps(build_bundle(body | sections)), encoding="utf-8")
    question = "Which lipid-lowering treatment is right?"
    consult = osler.consult(question, name, record=str(path), as_of=AS_OF, protocol="lipid-lowering").run()
    found = consult.document()["answer"]
    shown = [claim for claim in found["claims"] if claim["status"] == "shown"]
    return (
        " ".join(claim["text"] for claim in shown),
        " ".join(claim["text"] for claim in shown if claim["red_flag"]),
        " ".join(step["text"] for step in found["next_steps"] if step["status"] == "shown"),
    )


PROFILE = [
    lab("total", "loinc:2093-3", 6.5, "mmol/L"),
    lab("hdl", "loinc:2085-9", 1.0, "mmol/L"),
    lab("sbp", "loinc:8480-6", 150, "mm[Hg]"),
    lab("creatinine", "loinc:2160-0", 1.0, "mg/dL"),
]
SMOKES = "Smokes 20 a day. No diabetes. No coronary disease, stroke or peripheral arterial disease."


def test_high_prevent_risk_gets_a_statin_and_the_number_is_worked_out(osler: ClinicalAssistant, tmp_path: Path) -> None:
    drugs = [{"id": "m1", "text": "Amlodipine 5 mg"}]
    claims, red, steps = answer(
        osler,
        tmp_path,
        "li-high",
        conditions=[LIPIDS],
        observations=[*PROFILE, ldl(4.4)],
        medications=drugs,
        allergies=NO_ALLERGY,
        notes=note(SMOKES),
    )
    assert "Ten-year risk 11.6%, at or above 10 %" in claims
    assert "high-intensity statin" in steps
    assert not red


def test_without_pressure_and_creatinine_no_risk_and_no_statin(osler: ClinicalAssistant, tmp_path: Path) -> None:
    claims, _, steps = answer(osler, tmp_path, "li-missing", conditions=[LIPIDS], observations=PROFILE[:2])
    assert "cannot be worked out yet" in claims
    assert "high-intensity statin" not in steps


def test_after_an_infarction_statin_whatever_the_cholesterol(osler: ClinicalAssistant, tmp_path: Path) -> None:
    claims, _, steps = answer(osler, tmp_path, "li-second", conditions=[INFARCTION], observations=[ldl(2.0)])
    assert "high-intensity statin whatever the cholesterol" in claims
    assert "Atorvastatin 80 mg" in steps
    assert "PREVENT" not in claims


def test_pregnancy_stops_the_statin_and_starts_nothing(osler: ClinicalAssistant, tmp_path: Path) -> None:
    familial = {"id": "d4", "text": "Familial hypercholesterolaemia", "clinical": "active"}
    claims, red, steps = answer(
        osler,
        tmp_path,
        "li-pregnant",
        gender="female",
        born="1990-01-01",
        conditions=[familial, INFARCTION, PREGNANCY],
        observations=[ldl(6.1)],
        medications=[{"id": "m1", "text": "Atorvastatin 40 mg"}],
    )
    assert "contraindicated in pregnancy" in red
    assert "Stop Atorvastatin 40 mg" in steps
    assert "dd ezetimibe" not in steps
    assert "Goal of LDL" not in claims


def test_simvastatin_with_clarithromycin_and_dark_urine(osler: ClinicalAssistant, tmp_path: Path) -> None:
    drugs = [{"id": "m1", "text": "Simvastatin 40 mg"}, {"id": "m2", "text": "Clarithromycin 500 mg"}]
    _, red, steps = answer(
        osler,
        tmp_path,
        "li-muscle",
        conditions=[INFARCTION],
        observations=[ldl(2.9)],
        medications=drugs,
        notes=note("Muscle pain in both thighs for two weeks. Dark urine since yesterday."),
    )
    assert "rhabdomyolysis until excluded" in red
    assert "Simvastatin 40 mg together with Clarithromycin 500 mg: contraindicated" in red
    assert "Stop Simvastatin 40 mg now" in steps
    assert "dd ezetimibe" not in steps


def test_very_high_triglycerides_are_a_red_flag(osler: ClinicalAssistant, tmp_path: Path) -> None:
    results = [lab("tg", "loinc:2571-8", 14.0, "mmol/L"), lab("total", "loinc:2093-3", 7.9, "mmol/L")]
    claims, red, _ = answer(osler, tmp_path, "li-tg", conditions=[LIPIDS], observations=results)
    assert "risk of acute pancreatitis" in red
    assert "a calculated LDL is not valid" in claims
    assert "think of familial hypercholesterolaemia" not in claims


def test_above_the_goal_the_dose_is_raised_and_ezetimibe_added(osler: ClinicalAssistant, tmp_path: Path) -> None:
    results = [ldl(3.1), lab("lpa", "loinc:10835-7", 62, "mg/dL")]
    claims, _, steps = answer(
        osler,
        tmp_path,
        "li-raise",
        conditions=[INFARCTION],
        observations=results,
        medications=[{"id": "m1", "text": "Atorvastatin 20 mg"}],
        notes=note("No liver disease, no muscle pain. Not frail. No rhabdomyolysis."),
    )
    assert "High intensity is atorvastatin 40 mg to 80 mg" in claims
    assert "high-intensity statin (atorvastatin up to 80 mg)" in steps
    assert "Add ezetimibe" in steps
    assert "not converted into a molar value" in claims


def test_results_far_above_their_own_limit_stop_the_statin_whatever_the_notes_say(
    osler: ClinicalAssistant, tmp_path: Path
) -> None:
    treated = {"conditions": [LIPIDS, INFARCTION], "medications": [{"id": "m1", "text": "Atorvastatin 20 mg"}]}
    treated |= {"notes": note("No muscle pain. No liver disease."), "allergies": NO_ALLERGY}
    usual = [*PROFILE, ldl(3.1)]
    for name, code, value, limit in (("ALT", "loinc:1742-6", 310, 40), ("CK", "loinc:2157-6", 4200, 170)):
        high = {**lab(name, code, value, "U/L"), "high": limit}
        _, red, steps = answer(osler, tmp_path, f"li-{name.lower()}", observations=[*usual, high], **treated)
        assert f"{value / limit:.1f} times the upper limit" in red
        assert ("Withhold Atorvastatin" in steps) or ("Stop Atorvastatin" in steps)
        assert "ezetimibe" not in steps and "high-intensity" not in steps
    normal = {**lab("ALT", "loinc:1742-6", 60, "U/L"), "high": 40}
    claims, red, steps = answer(osler, tmp_path, "li-alt-60", observations=[*usual, normal], **treated)
    assert not red
    assert "no reason to withhold" in claims
    assert "high-intensity" in steps
