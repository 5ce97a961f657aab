"""Scripted consultations: every case holds, live and frozen, byte for byte."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent import ClinicalAssistant
from evals import recording
from evals.case import CASES, load_case, load_cases
from evals.replay import canonical, compare, replay, run_case, save
from tools.catalog import catalog
from tools.errors import UsageError

ALL = {case.id: case for case in load_cases(CASES)}


def test_there_are_at_least_twelve() -> None:
    assert len(ALL) >= 12


@pytest.mark.parametrize("name", sorted(ALL))
def test_every_case_holds(osler: ClinicalAssistant, name: str) -> None:
    result = run_case(ALL[name], osler)
    assert [step["failures"] for step in result["steps"] if step["failures"]] == []


def test_a_frozen_replay_is_byte_stable_and_opens_no_record(osler: ClinicalAssistant, tmp_path: Path) -> None:
    live = run_case(ALL["af-creatinine-corrected"], osler)
    with ClinicalAssistant(osler.settings.beside(tmp_path)) as again:
        again.use_tools(recording.frozen(catalog(), live["tools"]), record=False)
        frozen = run_case(ALL["af-creatinine-corrected"], again, live)
    assert not (tmp_path / "records.sqlite").exists()
    pick = [(step["document"] or {}).get("answer") for step in live["steps"]]
    assert canonical(pick) == canonical([(step["document"] or {}).get("answer") for step in frozen["steps"]])
    evidence = [(step["document"] or {}).get("evidence") for step in live["steps"]]
    assert canonical(evidence) == canonical([(step["document"] or {}).get("evidence") for step in frozen["steps"]])


def test_a_frozen_replay_refuses_what_was_not_recorded(osler: ClinicalAssistant, tmp_path: Path) -> None:
    live = run_case(ALL["af-start"], osler)
    tools = {key: row for key, row in live["tools"].items() if '"creatinine"' not in key}
    with ClinicalAssistant(osler.settings.beside(tmp_path)) as again:
        again.use_tools(recording.frozen(catalog(), tools), record=False)
        result = run_case(ALL["af-start"], again, live)
    assert any("not recorded" in failure for step in result["steps"] for failure in step["failures"])


def test_what_is_not_a_case_or_a_recording_is_refused(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("id: x\nsteps: 3\n", encoding="utf-8")
    with pytest.raises(UsageError, match="not a case"):
        load_case(bad)
    broken = tmp_path / "bad.json"
    broken.write_text(json.dumps({"a": 1}), encoding="utf-8")
    with pytest.raises(UsageError, match="not a recording"):
        replay(broken)
    with pytest.raises(UsageError, match="no such file"):
        replay(tmp_path / "nothing.yaml")


def test_a_consultation_is_saved_as_a_case_with_its_correction(osler: ClinicalAssistant, tmp_path: Path) -> None:
    consult = osler.consult("Should she be anticoagulated?", "demo-af").run()
    consult.correct("creatinine", {"value": 1.9, "unit": "mg/dL"}, by="Dr Osei", reason="wrong tube")
    saved = save(consult, tmp_path / "wrong-tube.json")
    assert saved["passed"], saved["failures"]
    again = replay(tmp_path / "wrong-tube.json", "frozen")
    assert (again["passed"], again["same"]) == (1, 1)
    case = recording.read(tmp_path / "wrong-tube.json")["case"]
    assert [next(iter(step)) for step in case["steps"]] == ["ask", "correct"]
    assert len(case["steps"][1]["expect"]["says"]) == len([c for c in consult.answer.claims if c.status == "shown"])


def test_two_recordings_differ_where_a_value_does(osler: ClinicalAssistant, tmp_path: Path) -> None:
    for name, value in (("one", 1.9), ("other", 1.0)):
        consult = osler.consult("Should she be anticoagulated?", "demo-af").run()
        consult.correct("creatinine", {"value": value, "unit": "mg/dL"}, by="Dr Osei")
        save(consult, tmp_path / f"{name}.json")
    assert compare(tmp_path / "one.json", tmp_path / "one.json") == {"same": True, "steps": [], "missing": []}
    found = compare(tmp_path / "one.json", tmp_path / "other.json")
    assert not found["same"] and [step["step"] for step in found["steps"]] == [2]
    changed = {row["path"] for row in found["steps"][0]["values"]}
    assert {"creatinine", "crcl"} <= changed and "weight" not in changed and found["steps"][0]["answer"]


def test_a_what_if_is_no_case(osler: ClinicalAssistant, tmp_path: Path) -> None:
    copy, _ = osler.consult("Should she be anticoagulated?", "demo-af").what_if(
        "creatinine", {"value": 2, "unit": "mg/dL"}
    )
    with pytest.raises(UsageError, match="what-if"):
        save(copy, tmp_path / "if.json")
