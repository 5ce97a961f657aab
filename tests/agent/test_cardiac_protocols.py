"""Acute chest pain, hypertension and HFrEF on small invented patients: the usual answer, a contraindication, a gap."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agent import ClinicalAssistant, Settings
from tools.ehr.compact import build_bundle

DAY = "2026-05-04"
NOW = f"{DAY}T13:30:00Z"
Row = dict[str, Any]
Ask = Callable[..., Any]
QUIET = (
    "No hypertension, no diabetes, no high cholesterol. Non-smoker. No family history of coronary disease. No history "
    "of myocardial infarction, stroke, TIA or peripheral arterial disease. No known coronary artery disease. "
    "Not bleeding."
)
LOW = (
    "Sharp chest pain since this morning, now gone. History slightly suspicious for ACS. ECG normal, no ischaemic "
    f"changes. No tearing pain, no pulse deficit. {QUIET}"
)


def result(code: str, value: float, unit: str, at: str = f"{DAY}T09:20:00Z") -> Row:
    return {"id": f"{code[6:]}-{at[11:13]}", "code": f"loinc:{code[6:]}", "value": value, "unit": unit, "at": at}


def pressure(systolic: float, diastolic: float) -> list[Row]:
    parts = [("8480-6", systolic), ("8462-4", diastolic)]
    components = [{"code": f"loinc:{code}", "value": value, "unit": "mm[Hg]"} for code, value in parts]
    return [{"id": "bp", "code": "loinc:85354-9", "at": f"{DAY}T09:10:00Z", "components": components}]


def bloods(potassium: float = 4.3, creatinine: float = 1.0) -> list[Row]:
    earlier = result("loinc:2160-0", creatinine, "mg/dL", "2026-02-01T08:00:00Z")
    return [
        result("loinc:2160-0", creatinine, "mg/dL"),
        earlier,
        result("loinc:2823-3", potassium, "mmol/L"),
        result("loinc:39156-5", 26, "kg/m2"),
    ]


def troponin(*rows: tuple[float, str], code: str = "67151-1") -> list[Row]:
    return [result(f"loinc:{code}", value, "ng/L", f"{DAY}T{at}:00Z") for value, at in rows]


@pytest.fixture(scope="module")
def ask(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    folder = tmp_path_factory.mktemp("cardiac")
    with ClinicalAssistant(Settings(home=home)) as assistant:

        def answer(protocol: str, note: str = "", born: str = "1970-02-01", gender: str = "male", **rows: Any) -> Any:
            patient: Row = {
                "id": f"p{len(list(folder.iterdir()))}",
                "name": {"given": "T", "family": "P"},
                "gender": gender,
                "birth_date": born,
                "allergies": [{"id": "a1", "code": "snomed:716186003", "text": "No known allergy"}],
            } | rows
            if note:
                patient["notes"] = [{"id": "n1", "type": "Note", "at": f"{DAY}T09:30:00Z", "text": note}]
            file = folder / f"{patient['id']}.json"
            file.write_text(json.dumps(build_bundle(patient)), encoding="utf-8")
            consult = assistant.consult(
                "What should be done?", patient["id"], record=str(file), as_of=NOW, protocol=protocol
            )
            return consult.answer

        yield answer


def claims(answer: Any) -> str:
    return "\n".join(claim.text for claim in answer.claims)


def treatments(answer: Any) -> str:
    return "\n".join(step.text for step in answer.next_steps if step.kind == "treatment")


def test_two_normal_troponins_and_a_low_heart_score_allow_discharge(ask: Ask) -> None:
    found = troponin((5, "09:20"), (6, "12:30"))
    answer = ask("acute-chest-pain", LOW, observations=[*pressure(138, 80), *bloods(), *found])
    assert "HEART score 1 point and two troponins three hours apart not raised" in claims(answer)
    assert "spirin" not in treatments(answer)


def test_one_troponin_excludes_nothing(ask: Ask) -> None:
    answer = ask("acute-chest-pain", LOW, observations=[*pressure(138, 80), *bloods(), *troponin((5, "09:20"))])
    assert "one early result excludes nothing" in claims(answer)
    assert "early discharge is an option" not in claims(answer)


def test_a_troponin_without_its_limit_is_not_assessable(ask: Ask) -> None:
    found = troponin((22, "09:20"), code="89579-7")
    answer = ask("acute-chest-pain", "Chest pain. Suspected ACS.", observations=[*pressure(130, 80), *found])
    assert "The troponin of 22 ng/L is not assessable" in claims(answer)


def test_st_elevation_calls_for_reperfusion_and_aspirin(ask: Ask) -> None:
    note = f"Crushing chest pain. ECG: ST elevation in II, III and aVF. No tearing pain, no pulse deficit. {QUIET}"
    answer = ask("acute-chest-pain", note, observations=[*pressure(128, 80), *bloods()])
    assert answer.claims[0].text.startswith("ST elevation is recorded")
    assert "Aspirin 300 mg" in treatments(answer)


RISING = troponin((38, "09:20"), (112, "12:30"))


def test_a_rising_troponin_is_named_first_and_treated_without_a_heart_score(ask: Ask) -> None:
    note = f"Chest pain at rest since this morning. ECG: ST depression, no ST elevation. No pulse deficit. {QUIET}"
    drugs = [{"id": "m1", "text": "Sildenafil 100 mg"}]
    answer = ask("acute-chest-pain", note, observations=[*pressure(138, 82), *bloods(), *RISING], medications=drugs)
    assert answer.claims[0].text.startswith("High-sensitivity troponin T 112 ng/L")
    assert "Fondaparinux" in treatments(answer)
    assert "Sildenafil 100 mg is recorded: no nitrate" in claims(answer)
    assert "HEART score" not in claims(answer)


def test_bleeding_decides_before_the_troponin(ask: Ask) -> None:
    note = "Chest pain at rest, melaena for three days. ECG: ST depression, no ST elevation."
    seen = [*pressure(98, 54), *bloods(), *RISING, result("loinc:718-7", 6.3, "g/dL")]
    drugs = [{"id": "m1", "text": "Naproxen 500 mg"}]
    answer = ask("acute-chest-pain", note, observations=seen, medications=drugs)
    assert answer.claims[0].text.startswith("Haemoglobin 6.3 g/dL")
    assert "Transfuse red cells now" in treatments(answer)
    assert "Stop Naproxen 500 mg" in treatments(answer)
    for words in ("Aspirin", "prasugrel", "Fondaparinux"):
        assert words not in treatments(answer)
    assert "invasive strategy" not in " ".join(step.text for step in answer.next_steps)


def test_anaemia_between_the_thresholds_is_a_decision_not_an_order(ask: Ask) -> None:
    note = "Chest pain at rest, melaena for three days. ECG: ST depression, no ST elevation."
    seen = [*pressure(118, 64), *bloods(), *RISING, result("loinc:718-7", 8.6, "g/dL")]
    answer = ask("acute-chest-pain", note, observations=seen)
    assert "restrictive threshold of 7 g/dL does not hold here" in claims(answer)
    assert "Transfuse red cells now" not in treatments(answer)


def test_features_of_dissection_hold_aspirin_and_reperfusion_back(ask: Ask) -> None:
    note = "Abrupt tearing chest pain, weak left radial pulse. ECG: inferior ST elevation. Suspected MI."
    answer = ask("acute-chest-pain", note, observations=pressure(182, 90))
    assert "features of aortic dissection" in claims(answer)
    assert "Call the primary PCI team" not in " ".join(step.text for step in answer.next_steps)
    assert treatments(answer) == ""


def test_pregnancy_excludes_an_ace_inhibitor_for_hypertension(ask: Ask) -> None:
    conditions = [
        {"id": "c1", "code": "snomed:38341003", "text": "Hypertension", "recorded": "2024-01-01", "clinical": "active"},
        {"id": "c2", "code": "snomed:72892002", "text": "Pregnancy", "recorded": "2026-03-01", "clinical": "active"},
    ]
    drugs = [{"id": "m1", "code": "rxnorm:29046", "text": "Lisinopril 10 mg"}]
    answer = ask(
        "hypertension",
        born="1992-01-01",
        gender="female",
        conditions=conditions,
        medications=drugs,
        observations=[*pressure(158, 98), *bloods()],
    )
    assert "never an ACE inhibitor or ARB" in claims(answer)
    assert "below 140 mmHg over 90 mmHg (SMFM)" in claims(answer)
    assert treatments(answer).startswith("Stop Lisinopril 10 mg")
    assert "Low-dose aspirin from 12 weeks" in treatments(answer)


def test_asthma_in_pregnancy_leaves_nifedipine(ask: Ask) -> None:
    conditions = [
        {"id": "c1", "code": "snomed:38341003", "text": "Hypertension", "recorded": "2024-01-01", "clinical": "active"},
        {"id": "c2", "code": "snomed:72892002", "text": "Pregnancy", "recorded": "2026-03-01", "clinical": "active"},
        {"id": "c3", "code": "snomed:195967001", "text": "Asthma", "recorded": "2012-01-01", "clinical": "active"},
    ]
    answer = ask(
        "hypertension",
        "No heart failure. No complete heart block.",
        born="1992-01-01",
        gender="female",
        conditions=conditions,
        observations=[*pressure(152, 96), *bloods()],
    )
    assert "contraindicated in asthma" in claims(answer)
    assert "nifedipine in a modified-release form" in treatments(answer)
    assert "labetalol" not in treatments(answer)


def test_an_untreated_pressure_gets_a_target_and_its_ibuprofen_stopped(ask: Ask) -> None:
    condition = {"id": "c1", "code": "snomed:38341003", "text": "Hypertension", "clinical": "active"}
    answer = ask(
        "hypertension",
        conditions=[condition],
        medications=[{"id": "m1", "code": "rxnorm:5640", "text": "Ibuprofen 400 mg"}],
        observations=[*pressure(162, 96), *bloods()],
    )
    assert "Target: below 130 mmHg over 80 mmHg (AHA/ACC)" in claims(answer)
    assert "Stop Ibuprofen 400 mg" in treatments(answer)


def test_a_raised_pressure_is_confirmed_before_it_is_treated(ask: Ask) -> None:
    answer = ask("hypertension", observations=[*pressure(152, 94), *bloods()])
    assert "confirmed outside the clinic before it is treated" in claims(answer)
    assert treatments(answer) == ""


def test_organ_damage_makes_an_emergency_and_holds_tablets_back(ask: Ask) -> None:
    note = "Known hypertension. New confusion since last night. Fundoscopy: papilloedema."
    answer = ask("hypertension", note, observations=[*pressure(214, 128), *bloods()])
    assert "as a hypertensive emergency" in answer.claims[0].text
    assert treatments(answer) == ""


HF = [{"id": "c1", "code": "snomed:84114007", "text": "Heart failure", "recorded": "2024-01-01", "clinical": "active"}]


def test_all_four_pillars_are_offered_where_nothing_forbids_them(ask: Ask) -> None:
    note = "No angioedema, no complete heart block, no asthma, no type 1 diabetes, no ketoacidosis. Not bleeding."
    seen = [*pressure(124, 76), *bloods(), result("loinc:8867-4", 74, "/min"), result("loinc:10230-1", 30, "%")]
    drugs = [{"id": "m1", "code": "rxnorm:4603", "text": "Furosemide 40 mg"}]
    given = treatments(ask("heart-failure-reduced-ef", note, conditions=HF, medications=drugs, observations=seen))
    for words in ("Sacubitril", "beta blocker", "spironolactone or eplerenone", "Dapagliflozin"):
        assert words in given


def test_potassium_kidney_pulse_and_angioedema_hold_three_pillars_back(ask: Ask) -> None:
    seen = [*pressure(92, 60), *bloods(5.4, 2.6), result("loinc:8867-4", 46, "/min"), result("loinc:10230-1", 30, "%")]
    answer = ask("heart-failure-reduced-ef", "History of angioedema on lisinopril.", conditions=HF, observations=seen)
    for words in ("Sacubitril", "spironolactone", "beta blocker proven"):
        assert words not in treatments(answer)
    assert "here 5.4 mmol/L" in claims(answer)


def test_a_harmful_drug_stops_and_the_beta_blocker_goes_on(ask: Ask) -> None:
    seen = [*pressure(126, 78), *bloods(), result("loinc:8867-4", 72, "/min"), result("loinc:10230-1", 28, "%")]
    drugs = [{"id": "m1", "text": "Bisoprolol 2.5 mg"}, {"id": "m2", "text": "Diltiazem 120 mg"}]
    answer = ask("heart-failure-reduced-ef", conditions=HF, medications=drugs, observations=seen)
    assert "Stop Diltiazem 120 mg" in treatments(answer)
    assert "Bisoprolol 2.5 mg stays, and is raised" in claims(answer)


def test_a_high_potassium_raises_no_dose_and_angioedema_rules_the_arni_out(ask: Ask) -> None:
    seen = [*pressure(112, 70), *bloods(5.7, 1.9), result("loinc:8867-4", 70, "/min"), result("loinc:10230-1", 25, "%")]
    drugs = [{"id": "m1", "code": "rxnorm:52175", "text": "Losartan 50 mg"}]
    note = "History of angioedema on enalapril. Ankle swelling."
    answer = ask("heart-failure-reduced-ef", note, conditions=HF, medications=drugs, observations=seen)
    steps = " ".join(step.text for step in answer.next_steps)
    assert "so its dose is not raised" in claims(answer)
    assert "sacubitril with valsartan and every ACE inhibitor are ruled out" in claims(answer)
    assert "Raise Losartan" not in steps
    assert "Loop diuretic" in steps
