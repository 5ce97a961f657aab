"""Scripted consultations: the cases hold, live and from their recordings; `osler bench replay` runs all of them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from agent import ClinicalAssistant
from evals import recording
from evals.case import CASES, KINDS, RECORDINGS, Case, Expect, load_case, load_cases
from evals.replay import canonical, compare, failures, replay, run_case, run_frozen, save
from knowledge.protocol import default_protocols
from tools.catalog import catalog
from tools.errors import UsageError

ALL = {case.id: case for case in load_cases(CASES)}
LIVE = ("af-creatinine-corrected", "film-calipers", "pe-note-haemoptysis", "refused", "reopened-changed")
FROZEN = ("acs-nitrate", "cap-severity", "film-supine", "reopened-unchanged")
RECORD = "run `osler replay evals/cases --record`, look at what differs, and commit evals/recordings"


def test_the_cases_cover_every_kind_of_step_and_every_protocol() -> None:
    assert len(ALL) >= 40
    steps = [step for case in ALL.values() for step in case.steps]
    assert {step.kind for step in steps} == set(KINDS)
    assert any(step.notes for step in steps) and any(step.images for step in steps)
    assert {step.expect.error for step in steps} >= {"usage", "bad_input", "identity_mismatch"}
    recorded = [recording.read(path) for path in RECORDINGS.glob("*.json")]
    views = [step["view"] for body in recorded for step in body["steps"] if step["view"]]
    assert {name for view in views for name in view["plan/protocols"]} == set(default_protocols())
    idle = [
        case.id for case in ALL.values() if all(step.expect == Expect() for step in case.steps if step.kind == "ask")
    ]
    assert len(idle) <= 4, f"cases that expect nothing of an answer: {idle}"


def test_every_case_has_its_recording_and_they_stay_small() -> None:
    files = {path.stem: path for path in RECORDINGS.glob("*.json")}
    assert set(files) == {name for name, case in ALL.items() if case.opens}, RECORD
    for name, path in files.items():
        stored = recording.read(path)
        assert Case.model_validate(stored["case"]) == ALL[name], f"{name}: {RECORD}"
        assert not [step["failures"] for step in stored["steps"] if step["failures"]], f"{name} was recorded failing"
        assert path.stat().st_size < 150_000
    assert sum(path.stat().st_size for path in files.values()) < 3_500_000


@pytest.mark.parametrize("name", LIVE)
def test_a_case_holds_live(osler: ClinicalAssistant, name: str) -> None:
    result = run_case(ALL[name], osler)
    assert [step["failures"] for step in result["steps"] if step["failures"]] == []


@pytest.fixture(scope="module")
def recorded_only(osler: ClinicalAssistant, tmp_path_factory: pytest.TempPathFactory) -> object:
    """An assistant that answers from recordings alone."""
    with ClinicalAssistant(osler.settings.beside(tmp_path_factory.mktemp("frozen"))) as again:
        yield again


@pytest.mark.parametrize("name", FROZEN)
def test_a_committed_recording_replays_as_it_was(recorded_only: ClinicalAssistant, name: str) -> None:
    stored = recording.read(RECORDINGS / f"{name}.json")
    result = run_frozen(ALL[name], recorded_only, stored)
    assert [step["failures"] for step in result["steps"] if step["failures"]] == [], RECORD
    assert recording.same(result["steps"], stored["steps"]), RECORD
    assert not recorded_only.settings.records.exists()


def test_a_frozen_replay_is_byte_stable(
    osler: ClinicalAssistant, recorded_only: ClinicalAssistant, tmp_path: Path
) -> None:
    case = ALL["af-creatinine-corrected"]
    live = run_case(case, osler)
    recording.write(tmp_path / "one.json", case.model_dump(mode="json", exclude_defaults=True), live)
    frozen = run_frozen(case, recorded_only, recording.read(tmp_path / "one.json"))
    recording.write(
        tmp_path / "two.json", case.model_dump(mode="json", exclude_defaults=True), frozen | {"tools": live["tools"]}
    )
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    for part in ("answer", "evidence", "checks", "critical"):
        one, two = ([(step["document"] or {}).get(part) for step in run["steps"]] for run in (live, frozen))
        assert canonical(one) == canonical(two)


def test_a_frozen_replay_refuses_what_was_not_recorded(recorded_only: ClinicalAssistant) -> None:
    stored = recording.read(RECORDINGS / "af-start.json")
    stored["tools"] = [{key: row for key, row in stored["tools"][0].items() if '"creatinine"' not in key}]
    result = run_case_named(ALL["af-start"], recorded_only, stored, "c-less")
    assert any("not recorded" in failure for step in result["steps"] for failure in step["failures"])


def run_case_named(case: Case, osler: ClinicalAssistant, stored: recording.Json, name: str) -> recording.Json:
    """A frozen run under a name of its own."""
    osler.use_tools(recording.frozen(catalog(), stored["tools"][0]), record=False)
    return run_case(case, osler, stored, name)


def test_an_expectation_that_does_not_hold_is_told() -> None:
    step = recording.read(RECORDINGS / "out-of-scope.json")["steps"][0]
    document = {
        "answer": {"claims": [], "next_steps": [], "not_answered": []},
        "critical": [],
        "evidence": {},
        "plan": {"protocols": step["view"]["plan/protocols"]},
        "status": "verified",
    }
    assert failures(Expect(), document, {}, None) == []
    wrong = {
        "says": ["colchicine"],
        "first": "gout",
        "values": [{"name": "bmi", "equals": 3}],
        "critical": ["potassium"],
        "not_answered": ["gout"],
        "struck": ["gout"],
        "protocols": ["sepsis"],
        "rerun": ["egfr"],
        "status": "signed",
        "approved": True,
        "outdated": ["egfr"],
        "error": "usage",
    }
    for name, value in wrong.items():
        assert failures(Expect.model_validate({name: value}), document, {}, None), name
    claim = {"text": "Gout.", "status": "shown", "evidence": ["e1"], "reason": None}
    document["answer"]["claims"] = [claim]
    assert failures(Expect(), document, {}, None) == ["cites nothing: Gout."]
    assert "says 'gout'" in failures(Expect(forbids=["gout"]), document, {}, None)


def test_what_is_not_a_case_or_a_recording_is_refused(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("id: x\nsteps: 3\n", encoding="utf-8")
    with pytest.raises(UsageError, match="not a case"):
        load_case(bad)
    bad.write_text("id: x\npatient: y\nsteps: [{ask: a, approve: {by: b, role: c}}]\n", encoding="utf-8")
    with pytest.raises(UsageError, match="one thing"):
        _ = load_case(bad).steps[0].kind
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
    stored = recording.read(tmp_path / "wrong-tube.json")
    assert [next(iter(step)) for step in stored["case"]["steps"]] == ["ask", "correct"]
    shown = [claim for claim in consult.answer.claims if claim.status == "shown"]
    assert len(stored["case"]["steps"][1]["expect"]["says"]) == len(shown)
    again = replay(tmp_path / "wrong-tube.json", "frozen")
    assert (again["passed"], again["same"]) == (1, 1)
    with pytest.raises(UsageError, match="what-if"):
        save(consult.what_if("creatinine", {"value": 2, "unit": "mg/dL"})[0], tmp_path / "if.json")


def test_two_recordings_differ_where_a_value_does(tmp_path: Path) -> None:
    one = RECORDINGS / "af-creatinine-corrected.json"
    text = one.read_text(encoding="utf-8")
    other = tmp_path / "other.json"
    other.write_text(re.sub(r'("values/crcl":")[^"]*', r"\g<1>70 mL/min", text, count=1), encoding="utf-8")
    assert compare(one, one) == {"same": True, "steps": [], "missing": []}
    found = compare(one, other)
    assert not found["same"] and found["steps"][0]["step"] == 1
    assert {row["path"] for row in found["steps"][0]["values"]} == {"crcl"} and not found["steps"][0]["answer"]
