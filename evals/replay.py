"""Replay: run a scripted consultation, live or frozen, and say whether every expectation held."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any

from agent import ClinicalAssistant, Settings
from agent.api import Consultation
from agent.branch import refuse_hypothetical
from agent.export import without_times
from agent.state import State
from evals import recording
from evals.case import CASES, RECORDINGS, Case, Correct, Expect, Step, load_cases
from evals.diff import diff, view
from evals.driver import Driver
from evals.keys import gaps, said, shown_texts, value_shown
from tools.catalog import catalog
from tools.errors import OslerError, UsageError

Json = dict[str, Any]


def run_case(case: Case, osler: ClinicalAssistant, frozen: Json | None = None, name: str | None = None) -> Json:
    """Run a case. Returns {"id", "passed", "steps": [{"kind", "failures", "document", "view"}], "tools", "start"}.

    Args:
        frozen: a recording; its patient and clock are used and no record is opened. The assistant's tools must then
            answer from it (`recording.frozen`).
        name: id of a frozen run's consultation, where a case runs more than once in one home.
    """
    steps: list[Json] = []
    with tempfile.TemporaryDirectory() as folder:
        driver = Driver(case, osler, Path(folder), frozen, name)
        try:
            for step in case.steps:
                document: Json | None = None
                outcome: Json = {}
                error: OslerError | None = None
                try:
                    document, outcome = driver.do(step)
                except OslerError as caught:
                    error = caught
                steps.append(
                    {
                        "kind": step.kind,
                        "failures": failures(step.expect, document, outcome, error),
                        "document": without_times(document) if document else None,
                        "view": view(document) if document else None,
                        "outcome": without_times(outcome),
                        "error": error.document() if error else None,
                    }
                )
            start = driver.start
        finally:
            driver.close()
    return {
        "id": case.id,
        "passed": not any(step["failures"] for step in steps),
        "steps": steps,
        "tools": driver.answers,
        "start": start,
    }


def failures(expect: Expect, document: Json | None, outcome: Json, error: OslerError | None) -> list[str]:
    """What of a step's expectations did not hold."""
    if expect.error is not None:
        found = error.code if error else "no error"
        return [] if found == expect.error else [f"expected error {expect.error}, found {found}"]
    if error is not None:
        return [f"error {error.code}: {error.message}"]
    if document is None:
        return ["no answer"]
    spoken, texts = said(document), shown_texts(document)
    bad = [f"nothing says {p!r}" for p in expect.says if not _any(p, spoken)]
    bad += [f"says {p!r}" for p in expect.forbids if _any(p, texts)]
    if expect.first is not None and not _any(expect.first, texts[:1]):
        bad.append(f"first is {texts[:1]}, expected {expect.first!r}")
    bad += [f"value {wanted}" for wanted in expect.values if not value_shown(document, wanted)]
    critical = [f"{row['display']} {row['concept']}" for row in document["critical"]]
    bad += [f"critical {p!r}" for p in expect.critical if not _any(p, critical)]
    bad += [f"not left open: {p!r}" for p in expect.not_answered if not _any(p, [words for _, words in gaps(document)])]
    parts = [part for key in ("claims", "next_steps") for part in document["answer"][key]]
    gone = [f"{part['text']} {part['reason']}" for part in parts if part["status"] in ("struck", "rejected")]
    bad += [f"not struck: {p!r}" for p in expect.struck if not _any(p, gone)]
    bad += [
        f"cites nothing: {part['text']}"
        for part in parts
        if part["status"] == "shown" and not set(part["evidence"]) & set(document["evidence"])
    ]
    if expect.protocols is not None and sorted(document["plan"]["protocols"]) != sorted(expect.protocols):
        bad.append(f"protocols {document['plan']['protocols']}, expected {expect.protocols}")
    if expect.status is not None and document["status"] != expect.status:
        bad.append(f"status {document['status']}, expected {expect.status}")
    for name in ("rerun", "kept", "added", "dropped"):
        wanted = getattr(expect, name)
        if wanted is not None and (lost := set(wanted) - set(outcome.get(name, []))):
            bad.append(f"{name} lacks {sorted(lost)}")
    if expect.approved is not None and outcome.get("approved") is not expect.approved:
        bad.append(f"approved {outcome.get('approved')}, expected {expect.approved}")
    if expect.outdated is not None:
        moved = {row["slot"] for row in outcome.get("outdated", [])}
        if not set(expect.outdated) <= moved or (moved and not expect.outdated):
            bad.append(f"outdated {sorted(moved)}, expected {expect.outdated}")
    return bad


def _any(pattern: str, texts: list[str]) -> bool:
    return any(re.search(pattern, text, re.IGNORECASE) for text in texts)


def replay(path: Path, mode: str = "tools", home: Path | None = None, only: set[str] | None = None) -> Json:
    """Replay a case, a folder of cases, or a recording: one document without times.

    Args:
        mode: `frozen` answers tools from the recording of the case (or given); `tools` runs them; `model` also
            lets the configured model plan.
        only: ids, where not every case of a folder is wanted.

    Raises:
        UsageError: no such file, or nothing recorded.
    """
    if not path.exists():
        raise UsageError(
            f"no such file {path}",
            found=path,
            expected="a case, a folder of cases or a recording",
            action="see evals/cases/",
        )
    if mode not in ("frozen", "tools", "model"):
        raise UsageError(f"no mode {mode!r}", found=mode, expected="frozen, tools or model", action="name one of these")
    results = []
    with tempfile.TemporaryDirectory() as folder:
        settings = without_model() if mode != "model" else Settings.from_environment()
        with ClinicalAssistant(settings.beside(home or Path(folder))) as osler:
            for case, stored in _inputs(path, mode, only):
                result = run_frozen(case, osler, stored) if stored and mode == "frozen" else run_case(case, osler)
                if stored is not None:
                    result["same"] = recording.same(result["steps"], stored["steps"])
                result.pop("tools")
                results.append(result)
    return {
        "mode": mode,
        "n": len(results),
        "passed": sum(result["passed"] for result in results),
        "same": sum(bool(result.get("same")) for result in results),
        "cases": results,
    }


def run_frozen(case: Case, osler: ClinicalAssistant, stored: Json) -> Json:
    """Run a case on a recording's answers. The assistant's tools are those of the recording from then on."""
    osler.use_tools(recording.frozen(catalog(), stored["tools"][0]), record=False)
    return run_case(case, osler, stored)


def without_model() -> Settings:
    """The configured settings on the embedded record and without a model: what a scripted case is run under."""
    return Settings(home=Settings.from_environment().home)


def canonical(body: Any) -> str:
    """JSON with sorted keys: what byte-stable means here."""
    return json.dumps(body, sort_keys=True, ensure_ascii=False)


def recorded(path: Path, case: str) -> Path:
    """Where the recording of a case of a folder (or of one file) lies: the house's own, or beside the case."""
    folder = path if path.is_dir() else path.parent
    return (RECORDINGS if folder.resolve() == CASES else folder / "recordings") / f"{case}.json"


def _inputs(path: Path, mode: str, only: set[str] | None = None) -> list[tuple[Case, Json | None]]:
    if path.suffix == ".json":
        stored = recording.read(path)
        return [(Case.model_validate(stored["case"]), stored)]
    found: list[tuple[Case, Json | None]] = []
    for case in load_cases(path):
        if (only is not None and case.id not in only) or (mode == "frozen" and not case.opens):
            continue
        beside = recorded(path, case.id)
        if mode == "frozen" and not beside.exists():
            raise UsageError(
                f"{case.id} has no recording",
                found=beside,
                expected="a recording",
                action="run `osler replay PATH --record`",
            )
        found.append((case, recording.read(beside) if beside.exists() else None))
    return found


def compare(one: Path, other: Path) -> Json:
    """What differs between two recordings.

    Raises:
        UsageError: one of them is no recording.
    """
    return diff(recording.read(one), recording.read(other))


def save(consultation: Consultation, path: Path) -> Json:
    """Keep a consultation as a case: what was asked and corrected in its last turn, and what tools answered.

    The file holds the patient's data. It is replayed (`frozen`) without the record; what is expected of it is what
    stood there when it was saved, after the clinician's corrections.

    Raises:
        UsageError: a what-if, which is nobody's judgement.
    """
    state = consultation.state
    refuse_hypothetical(state["case"], "saved as a case")
    case = Case(id=path.stem, patient=str(state["case"]["patient"]), steps=_script(state))
    start = {key: state["case"][key] for key in ("patient", "as_of", "clock", "attachments")}
    tools = [recording.tool_answers(state)]
    with tempfile.TemporaryDirectory() as home, ClinicalAssistant(consultation.settings.beside(Path(home))) as osler:
        result = run_frozen(case, osler, {"start": start, "tools": tools})
    recording.write(path, case.model_dump(mode="json", exclude_defaults=True), result | {"tools": tools})
    return {"path": str(path), "passed": result["passed"], "failures": [s["failures"] for s in result["steps"]]}


def _script(state: State) -> list[Step]:
    """The steps of a turn; the last one expects what is shown and left open now."""
    steps = [Step(ask=state["case"]["question"])]
    for line in state["corrections"]:
        new = state["evidence"][line["new"]]
        value = {"value": new["value"], "unit": new["unit"]} if new["unit"] else new["value"]
        given = Correct(slot=line["slots"][0], value=value, by=line["by"], reason=line["reason"])
        steps.append(Step(correct=given))
    answer = state["answer"]
    steps[-1].expect = Expect(
        protocols=state["plan"]["protocols"],
        says=[f"^{re.escape(claim['text'])}$" for claim in answer["claims"] if claim["status"] == "shown"],
        not_answered=[re.escape(gap["what"]) for gap in answer["not_answered"]],
    )
    return steps


def record(path: Path) -> list[Json]:
    """Run every case of a folder live and keep the recordings: [{"path", "passed", "failures", "bytes"}].

    A case that is refused at the door is run and has none (`path` null).
    """
    written: list[Json] = []
    with tempfile.TemporaryDirectory() as home, ClinicalAssistant(without_model().beside(Path(home))) as osler:
        for case in load_cases(path):
            result = run_case(case, osler)
            bad = [failure for step in result["steps"] for failure in step["failures"]]
            if not case.opens:
                written.append({"path": None, "passed": result["passed"], "failures": bad, "bytes": 0})
                continue
            target = recorded(path, case.id)
            recording.write(target, case.model_dump(mode="json", exclude_defaults=True), result)
            size = target.stat().st_size
            written.append({"path": str(target), "passed": result["passed"], "failures": bad, "bytes": size})
    return written
