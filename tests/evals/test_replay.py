"""Scripted consultations: every case holds, live and frozen, byte for byte."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent import ClinicalAssistant, Settings
from evals import recording
from evals.case import CASES, load_case, load_cases
from evals.replay import canonical, replay, run_case
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
    with ClinicalAssistant(Settings(home=tmp_path)) as again:
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
    with ClinicalAssistant(Settings(home=tmp_path)) as again:
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
