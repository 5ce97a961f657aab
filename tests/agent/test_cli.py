"""The command line as others call it: one JSON document, typed exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.cli import main

ROOT = Path(__file__).parents[2]


UNSET = ("OSLER_MODEL", "OSLER_MODEL_URL", "OSLER_FHIR_URL")
Run = Callable[..., tuple[int, Any]]


@pytest.fixture
def here(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`osler ARGUMENTS` in this process: exit code and document. Each command line of README has its own process."""
    monkeypatch.setenv("OSLER_HOME", str(home))
    for name in UNSET:
        monkeypatch.delenv(name, raising=False)

    def run_here(*arguments: str) -> tuple[int, Any]:
        monkeypatch.setattr(sys, "argv", ["osler", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0), json.loads(capsys.readouterr().out)

    return run_here


def run(home: Path, *arguments: str) -> tuple[int, Any, str]:
    """`osler ARGUMENTS` in a process of its own: exit code, document, stderr."""
    env = {**os.environ, "OSLER_HOME": str(home), "PYTHONPATH": str(ROOT)}
    for name in UNSET:
        env.pop(name, None)
    done = subprocess.run(
        [sys.executable, "-c", "from agent.cli import main; main()", *arguments],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    return done.returncode, json.loads(done.stdout) if done.stdout.strip() else None, done.stderr


def test_ask_correct_show_approve_over_processes(home: Path) -> None:
    code, body, _ = run(home, "ask", "Should she be anticoagulated?", "--patient", "demo-af", "--json")
    assert code == 0
    assert {
        "consultation",
        "patient",
        "as_of",
        "critical",
        "plan",
        "answer",
        "evidence",
        "records",
        "checks",
        "ledger",
    } <= set(body)
    consultation = body["consultation"]
    code, change, _ = run(
        home,
        "correct",
        consultation,
        "--evidence",
        "creatinine",
        "--value",
        '{"value": 1.9, "unit": "mg/dL"}',
        "--by",
        "Dr A",
        "--json",
    )
    assert code == 0
    assert {"rerun", "kept", "added", "dropped", "before", "after", "diff"} <= set(change)
    code, shown, _ = run(home, "show", consultation, "--json")
    assert code == 0
    assert shown["version"] == 2
    code, signed, _ = run(
        home, "approve", consultation, "--item", "answer", "--by", "Dr A", "--role", "physician", "--json"
    )
    assert (code, signed["approved"]) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (["ask", "", "--patient", "demo-af"], 2, "usage"),
        (["ask", "Should she?", "--patient", "nobody"], 2, "usage"),
        (["ask", "Should she?"], 2, "usage"),
        (["ask", "Should she?", "--patient", "demo-af", "--as-of", "yesterday"], 2, "bad_input"),
        (["ask", "Should she?", "--record", "http://127.0.0.1:9/fhir", "--patient", "x"], 5, "upstream"),
        (["ask", "Should she?", "--record", "/nowhere/bundle.json", "--patient", "x"], 2, "usage"),
        (["show", "c-nothing"], 2, "usage"),
        (["calc", "run", "nothing", "{}"], 2, None),
        (["calc", "run", "ckd_epi_2021", "{"], 2, "usage"),
        (
            [
                "calc",
                "run",
                "ckd_epi_2021",
                '{"creatinine": {"value": -1, "unit": "mg/dL"}, "age": {"value": 50, "unit": "a"}, "sex": "male"}',
            ],
            2,
            "bad_input",
        ),
        (["schema", "nothing"], 2, "usage"),
    ],
)
def test_errors_are_documents_with_their_exit_code(
    here: Run, arguments: list[str], code: int, error: str | None
) -> None:
    found, body = here(*arguments, "--json")
    assert found == code
    assert set(body["error"]) == {"code", "message", "found", "expected", "action"}
    assert body["error"]["message"]
    if error:
        assert body["error"]["code"] == error


def test_a_calculation_with_missing_inputs_is_not_assessable(here: Run) -> None:
    code, body = here("calc", "run", "ckd_epi_2021", "{}", "--json")
    assert code == 3
    assert body["value"] is None
    assert body["missing"]


def test_a_bundle_of_two_patients_needs_a_choice(home: Path, tmp_path: Path) -> None:
    entry = [
        {
            "resource": {"resourceType": "Patient", "id": name, "birthDate": "1950-01-01", "gender": "female"},
            "request": {"method": "PUT", "url": f"Patient/{name}"},
        }
        for name in ("one", "two")
    ]
    path = tmp_path / "two.json"
    path.write_text(json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entry}), encoding="utf-8")
    code, body, _ = run(home, "ask", "How old is she?", "--record", str(path), "--json")
    assert code == 2
    assert "one" in str(body["error"])
    assert "two" in str(body["error"])


def test_demo_doctor_schema_knowledge(here: Run) -> None:
    code, rows = here("demo", "--json")
    assert code == 0
    assert len(rows) >= 6
    assert {"id", "name", "question", "as_of", "twin_of"} == set(rows[0])
    code, body = here("doctor", "--json")
    assert code == 0
    assert {"tools", "models", "index", "store"} <= set(body)
    code, body = here("knowledge", "search", "dose of apixaban in kidney disease", "--json")
    assert code == 0
    assert body["hits"]
    code, body = here("ehr", "search", "Observation?patient=demo-af&code=2160-0", "--json")
    assert code == 0
    assert body["resourceType"] == "Bundle"
    assert body["total"] == len(body["entry"]) > 1
