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
from evals.case import Case, Correct, Expect, Step, load_cases
from evals.diff import diff
from evals.keys import gaps, said, shown_texts, value_shown
from tools.catalog import catalog
from tools.errors import OslerError, UsageError

Json = dict[str, Any]


def run_case(case: Case, osler: ClinicalAssistant, frozen: Json | None = None) -> Json:
    """Run a case. Returns {"id", "passed", "steps": [{"kind", "failures", "document"}], "tools"}.

    Args:
        frozen: a recording; its patient and clock are used and no record is opened.
    """
    consult: Consultation | None = None
    steps: list[Json] = []
    tools: Json = {}
    with tempfile.TemporaryDirectory() as folder:
        record = changed_record(case, Path(folder))
        for step in case.steps:
            outcome: Json = {}
            error: OslerError | None = None
            try:
                consult, outcome = _do(step, case, osler, consult, record, frozen)
            except OslerError as caught:
                error = caught
            document = consult.document() if consult is not None and error is None else None
            if consult is not None and error is None:
                # After each step, first answer first: a later run with the same result would bring its own lineage.
                tools = recording.tool_answers(consult.state) | tools
            steps.append(
                {
                    "kind": step.kind,
                    "failures": failures(step.expect, document, outcome, error),
                    "document": without_times(document) if document else None,
                    "outcome": without_times(outcome),
                    "error": error.document() if error else None,
                }
            )
        start = {key: consult.state["case"][key] for key in ("patient", "as_of", "clock")} if consult else {}
    return {
        "id": case.id,
        "passed": not any(step["failures"] for step in steps),
        "steps": steps,
        "tools": tools,
        "start": start,
    }


def changed_record(case: Case, folder: Path) -> str | None:
    """A Bundle of the case's patient with its change made, or None where nothing is changed."""
    if case.change is None:
        return None
    from tools.ehr.compact import apply_change, build_bundle
    from tools.ehr.demo import compact_patient

    path = folder / f"{case.id}.json"
    path.write_text(json.dumps(build_bundle(apply_change(compact_patient(case.patient), case.change))), "utf-8")
    return str(path)


def _do(
    step: Step,
    case: Case,
    osler: ClinicalAssistant,
    consult: Consultation | None,
    record: str | None,
    frozen: Json | None,
) -> tuple[Consultation, Json]:
    if step.ask is not None:
        if consult is not None:
            return consult.ask(step.ask).run(), {}
        if frozen is not None:
            body = {
                "consultation": f"c-{case.id}",
                "record": None,
                "turn": 0,
                "version": 1,
                "attachments": [],
                "model": None,
                **frozen["start"],
            }
            return osler.start(body, step.ask).run(), {}
        as_of = case.as_of
        if as_of is None and record is not None:
            from tools.ehr.demo import compact_patient

            as_of = str(compact_patient(case.patient)["as_of"])
        return osler.consult(step.ask, case.patient, as_of=as_of, record=record).run(), {}
    if consult is None:
        raise UsageError("a case begins by asking", found=step.kind, expected="ask", action="put `ask` first")
    if step.correct is not None:
        given = step.correct
        return consult, consult.correct(given.slot, given.value, given.by, given.reason)
    assert step.approve is not None
    return consult, consult.approve(step.approve.by, step.approve.role, step.approve.item)


def failures(expect: Expect, document: Json | None, outcome: Json, error: OslerError | None) -> list[str]:
    """What of a step's expectations did not hold."""
    if expect.error is not None:
        found = error.code if error else "no error"
        return [] if found == expect.error else [f"expected error {expect.error}, found {found}"]
    if error is not None:
        return [f"error {error.code}: {error.message}"]
    if document is None:
        return ["no answer"]
    bad = [f"nothing says {p!r}" for p in expect.says if not _any(p, said(document))]
    bad += [f"says {p!r}" for p in expect.forbids if _any(p, shown_texts(document))]
    bad += [f"value {wanted}" for wanted in expect.values if not value_shown(document, wanted)]
    critical = [f"{row['display']} {row['concept']}" for row in document["critical"]]
    bad += [f"critical {p!r}" for p in expect.critical if not _any(p, critical)]
    bad += [f"not left open: {p!r}" for p in expect.not_answered if not _any(p, [words for _, words in gaps(document)])]
    if expect.protocols is not None and document["plan"]["protocols"] != expect.protocols:
        bad.append(f"protocols {document['plan']['protocols']}, expected {expect.protocols}")
    for name in ("rerun", "kept", "added", "dropped"):
        wanted = getattr(expect, name)
        if wanted is not None and (lost := set(wanted) - set(outcome.get(name, []))):
            bad.append(f"{name} lacks {sorted(lost)}")
    return bad


def _any(pattern: str, texts: list[str]) -> bool:
    return any(re.search(pattern, text, re.IGNORECASE) for text in texts)


def replay(path: Path, mode: str = "tools", home: Path | None = None) -> Json:
    """Replay a case, a folder of cases, or a recording: one document without times.

    Args:
        mode: `frozen` answers tools from the recording beside the case (or given); `tools` runs them; `model` also
            lets the configured model plan.

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
        settings = settings.beside(home or Path(folder))
        for case, stored in _inputs(path, mode):
            with ClinicalAssistant(settings) as osler:
                if stored is not None and mode == "frozen":
                    osler.use_tools(recording.frozen(catalog(), stored["tools"]), record=False)
                result = run_case(case, osler, stored if mode == "frozen" else None)
            if stored is not None:
                now = [step["document"] for step in result["steps"]]
                result["same"] = canonical(now) == canonical([step["document"] for step in stored["steps"]])
            result.pop("tools")
            results.append(result)
    return {
        "mode": mode,
        "n": len(results),
        "passed": sum(result["passed"] for result in results),
        "same": sum(bool(result.get("same")) for result in results),
        "cases": results,
    }


def without_model() -> Settings:
    """The configured settings on the embedded record and without a model: what a scripted case is run under."""
    return Settings(home=Settings.from_environment().home)


def canonical(body: Any) -> str:
    """JSON with sorted keys: what byte-stable means here."""
    return json.dumps(body, sort_keys=True, ensure_ascii=False)


def _inputs(path: Path, mode: str) -> list[tuple[Case, Json | None]]:
    if path.suffix == ".json":
        stored = recording.read(path)
        return [(Case.model_validate(stored["case"]), stored)]
    found: list[tuple[Case, Json | None]] = []
    for case in load_cases(path):
        folder = path if path.is_dir() else path.parent
        beside = folder / "recordings" / f"{case.id}.json"
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
    start = {key: state["case"][key] for key in ("patient", "as_of", "clock")}
    tools = recording.tool_answers(state)
    with tempfile.TemporaryDirectory() as home, ClinicalAssistant(consultation.settings.beside(Path(home))) as osler:
        osler.use_tools(recording.frozen(catalog(), tools), record=False)
        result = run_case(case, osler, {"start": start})
    body = {
        "case": case.model_dump(mode="json", exclude_defaults=True),
        "steps": result["steps"],
        "tools": tools,
        "start": start,
    }
    recording.write(path, body)
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


def record(path: Path) -> list[Path]:
    """Run every case of a folder live and keep the recordings beside them."""
    written = []
    with tempfile.TemporaryDirectory() as home:
        for case in load_cases(path):
            folder = (path if path.is_dir() else path.parent) / "recordings"
            folder.mkdir(exist_ok=True)
            with ClinicalAssistant(without_model().beside(Path(home))) as osler:
                result = run_case(case, osler)
            body = {
                "case": case.model_dump(mode="json", exclude_defaults=True),
                "steps": result["steps"],
                "tools": result["tools"],
                "start": result["start"],
            }
            target = folder / f"{case.id}.json"
            recording.write(target, body)
            written.append(target)
    return written
