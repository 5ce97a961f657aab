"""The protocol on type 2 diabetes, on small invented patients: the usual answer and those in whom it would harm."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from agent import ClinicalAssistant
from tools.ehr.compact import build_bundle

AS_OF = "2026-11-22T09:00:00Z"
TYPE_2 = {"id": "d1", "text": "Type 2 diabetes mellitus", "code": "snomed:44054006", "clinical": "active"}
METFORMIN = {"id": "m1", "text": "Metformin 500 mg", "code": "rxnorm:6809"}


def lab(name: str, code: str, value: float, unit: str | None, at: str = "2026-11-01T08:00:00Z") -> dict[str, Any]:
    """A laboratory result."""
    return {"id": name, "code": code, "text": name, "value": value, "unit": unit, "at": at}


def kidney(creatinine: float) -> list[dict[str, Any]]:
    """A creatinine that is the same twice."""
    return [
        lab("c1", "loinc:2160-0", creatinine, "mg/dL"),
        lab("c0", "loinc:2160-0", creatinine, "mg/dL", "2026-05-01T08:00:00Z"),
    ]


def answer(osler: ClinicalAssistant, folder: Path, name: str, **sections: Any) -> tuple[str, str, str]:
    """Claims, red flags and next steps of a man of 64, each as one text."""
    body = {"id": name, "name": {"given": "Al", "family": "Test"}, "gender": "male", "birth_date": "1962-01-01"}
    path = folder / f"{name}.json"
    path.write_text(json.dumps(build_bundle(body | sections)), encoding="utf-8")
    question = "Which diabetes treatment is right?"
    consult = osler.consult(question, name, record=str(path), as_of=AS_OF, protocol="type-2-diabetes").run()
    found = consult.document()["answer"]
    shown = [claim for claim in found["claims"] if claim["status"] == "shown"]
    return (
        " ".join(claim["text"] for claim in shown),
        " ".join(claim["text"] for claim in shown if claim["red_flag"]),
        " ".join(step["text"] for step in found["next_steps"] if step["status"] == "shown"),
    )


def test_after_a_heart_attack_an_sglt2_inhibitor_and_semaglutide(osler: ClinicalAssistant, tmp_path: Path) -> None:
    heart = {"id": "d2", "text": "Myocardial infarction", "code": "snomed:22298006", "clinical": "active"}
    results = [lab("a1", "loinc:4548-4", 8.2, "%"), *kidney(1.0)]
    claims, red, steps = answer(
        osler, tmp_path, "t2-heart", conditions=[TYPE_2, heart], observations=results, medications=[METFORMIN]
    )
    assert "HbA1c 8.2 % on 2026-11-01" in claims
    assert "NICE adds semaglutide" in claims
    assert "SGLT2 inhibitor, with sick day rules" in steps
    assert "Semaglutide, raised to 1 mg" in steps
    assert "Metformin 500 mg continues" in claims
    assert not red


def test_low_egfr_stops_metformin_and_hypoglycaemia_comes_before_intensifying(
    osler: ClinicalAssistant, tmp_path: Path
) -> None:
    note = {"id": "n1", "at": "2026-11-20T10:00:00Z", "text": "Two hypoglycaemic episodes last month."}
    drugs = [METFORMIN, {"id": "m2", "text": "Glibenclamide 5 mg"}]
    results = [lab("a1", "loinc:4548-4", 7.9, "%"), *kidney(2.9)]
    claims, red, steps = answer(
        osler, tmp_path, "t2-kidney", conditions=[TYPE_2], observations=results, medications=drugs, notes=[note]
    )
    assert "contraindicated below 30" in red
    assert "Stop Metformin 500 mg" in steps
    assert "reduce or replace it before anything is added" in claims
    assert "where NICE intensifies treatment" not in claims


def test_an_sglt2_inhibitor_is_paused_and_ketones_measured_in_acute_illness(
    osler: ClinicalAssistant, tmp_path: Path
) -> None:
    note = {"id": "n1", "at": "2026-11-22T07:00:00Z", "text": "Vomiting for two days, unable to eat or drink."}
    drug = {"id": "m1", "text": "Dapagliflozin 10 mg", "code": "rxnorm:1488564"}
    _, red, steps = answer(osler, tmp_path, "t2-ill", conditions=[TYPE_2], medications=[drug], notes=[note])
    assert "ketoacidosis can come with a near-normal glucose" in red
    assert "Blood ketones now" in steps
    assert "Pause Dapagliflozin 10 mg" in steps


def test_one_result_without_symptoms_is_repeated(osler: ClinicalAssistant, tmp_path: Path) -> None:
    claims, _, steps = answer(osler, tmp_path, "t2-one", observations=[lab("a1", "loinc:4548-4", 6.8, "%")])
    assert "not yet confirmed" in claims
    assert "within two weeks" in steps
    assert "diabetes is confirmed" not in claims


def test_an_hba1c_without_its_unit_is_not_interpreted(osler: ClinicalAssistant, tmp_path: Path) -> None:
    claims, _, steps = answer(
        osler, tmp_path, "t2-unit", conditions=[TYPE_2], observations=[lab("a1", "loinc:4548-4", 7.2, None)]
    )
    assert "No usable HbA1c" in claims
    assert "HbA1c 7.2" not in claims.replace("(HbA1c 7.2", "")
    assert "with its unit" in steps


def test_ketoacidosis_in_the_past_bars_an_sglt2_inhibitor_and_a_transfusion_the_hba1c(
    osler: ClinicalAssistant, tmp_path: Path
) -> None:
    past = {"id": "d2", "text": "Diabetic ketoacidosis", "code": "snomed:420422005", "clinical": "resolved"}
    kidneys = {"id": "d3", "text": "Chronic kidney disease", "code": "snomed:709044004", "clinical": "active"}
    note = {"id": "n1", "at": "2026-10-20T10:00:00Z", "text": "Two units of red cells after the operation."}
    results = [lab("a1", "loinc:4548-4", 6.4, "%"), *kidney(1.2)]
    claims, _, steps = answer(
        osler,
        tmp_path,
        "t2-past",
        conditions=[TYPE_2, past, kidneys],
        observations=results,
        medications=[METFORMIN],
        notes=[note],
    )
    assert "No SGLT2 inhibitor" in claims and "SGLT2 inhibitor, with sick day rules" not in steps
    assert "an SGLT2 inhibitor from" not in claims
    assert "fructosamine" in steps and "by HbA1c alone NICE does not intensify" not in claims
    assert "Metformin 500 mg continues" in claims
