"""`osler bench model`: twenty questions through the whole graph with the configured model.

What a model is held to: nothing is worked out that does not exist (`invented_actions`), and no argument comes from
anywhere but evidence (`arguments_without_evidence`). Both are looked for in what ran, not in what the model said, and
both must be 0. Beside them: how often its answers were valid at once, repaired or refused, and how often the choice was
right, with the protocol planner alone on the same questions.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from agent import ClinicalAssistant, Settings
from agent.choose import LISTS
from agent.state import current_records, load
from evals.metrics import document
from knowledge.protocol import default_protocols
from knowledge.terminology import default_terminology
from tools.catalog import catalog
from tools.errors import UsageError
from tools.spec import ToolRecord, plain

QUESTIONS = Path(__file__).with_name("questions.yaml")
EXTRA = "extra."
Json = dict[str, Any]


def questions() -> list[Json]:
    """The questions and what would be right."""
    rows: list[Json] = yaml.safe_load(QUESTIONS.read_text(encoding="utf-8"))
    return rows


def run(settings: Settings | None = None, on_case: Callable[[Json], None] = lambda case: None) -> Json:
    """Ask every question, with the model and without; `on_case` is told each result as it comes.

    Raises:
        UsageError: no model is configured.
    """
    settings = settings or Settings.from_environment()
    if settings.model_url is None:
        raise UsageError(
            "no model is configured",
            found="no OSLER_MODEL_URL",
            expected="an OpenAI-compatible server",
            action="set OSLER_MODEL_URL (and OSLER_MODEL), or run `make test-model`",
        )
    started = time.perf_counter()
    with ClinicalAssistant(settings) as osler, tempfile.TemporaryDirectory() as folder:
        cases = []
        for row in questions():
            cases.append(_case(osler, row, Path(folder)))
            on_case(cases[-1])
    right = sum(case["right"] for case in cases)
    return document(
        "model",
        "share of questions whose choice is right",
        right,
        len(cases),
        time.perf_counter() - started,
        by=totals(cases),
        cases=cases,
        model={"name": settings.model, "seen": cases[0]["model"]},
    )


def _case(osler: ClinicalAssistant, row: Json, folder: Path) -> Json:
    notes = []
    if row.get("note"):
        notes = [folder / f"{row['id']}.txt"]
        notes[0].write_text(row["note"], encoding="utf-8")
    alone = _choice(osler.consult(row["question"], row["patient"], notes=notes, model="none").state)
    began = time.perf_counter()
    state = osler.consult(row["question"], row["patient"], notes=notes).state
    seconds = time.perf_counter() - began
    choice = _choice(state)
    trace, refinement = choice.get("model", {}), state["plan"].get("refinement", {})
    problems = [*trace.get("problems", []), *refinement.get("problems", [])]
    return {
        "id": row["id"],
        "kind": choice["kind"],
        "protocols": choice["protocols"],
        "reads": [*choice["lookup"], *choice["calculators"]],
        "decided_by": choice["decided_by"],
        "said": _said(state),
        "right": is_right(choice, row),
        "right_without_model": is_right(alone, row),
        "outcome": trace.get("outcome"),
        "refinement": refinement.get("stopped"),
        "refused": problems,
        "extra": refinement.get("steps", []),
        "calls": state["ledger"].get("model_calls", 0),
        "tokens": state["ledger"].get("tokens", 0),
        "invented": list(invented(state, choice)),
        "unfounded": list(unfounded(state)),
        "seconds": round(seconds, 1),
        "model": {key: trace.get(key) for key in ("name", "revision", "prompt_version")},
    }


def totals(cases: list[Json]) -> Json:
    """The figures over all questions."""

    def count(outcome: str) -> int:
        return sum(case["outcome"] == outcome for case in cases)

    return {
        "valid": sum(case["outcome"] == "decided" and not case["refused"] for case in cases),
        "repaired": sum(case["outcome"] == "decided" and bool(case["refused"]) for case in cases),
        "could_not_decide": count("could_not_decide"),
        "unavailable": count("unavailable"),
        "out_of_budget": count("budget"),
        "answers_refused": sum(len(case["refused"]) for case in cases),
        "right": sum(case["right"] for case in cases),
        "right_without_model": sum(case["right_without_model"] for case in cases),
        "extra_steps": sum(len(case["extra"]) for case in cases),
        "invented_actions": sum(len(case["invented"]) for case in cases),
        "arguments_without_evidence": sum(len(case["unfounded"]) for case in cases),
        "calls": sum(case["calls"] for case in cases),
        "tokens": sum(case["tokens"] for case in cases),
        "seconds_median": sorted(case["seconds"] for case in cases)[len(cases) // 2],
        "seconds_longest": max(case["seconds"] for case in cases),
    }


def is_right(choice: Json, row: Json) -> bool:
    """Whether a choice is one of those accepted."""
    reads = {*choice["lookup"], *choice["calculators"]}
    return any(
        choice["kind"] == wanted["kind"]
        and set(choice["protocols"]) == set(wanted.get("protocols", []))
        and (not wanted.get("any") or bool(reads & set(wanted["any"])))
        for wanted in row["accept"]
    )


def invented(state: Any, choice: Json) -> Iterator[str]:
    """What was chosen or run and does not exist, or was not offered."""
    offered = {row["protocol"] for row in choice["ranked"] if row["entry"] is not False}
    for name in [*choice["protocols"], *choice["options"]]:
        if name not in default_protocols() or name not in offered:
            yield f"protocol {name}"
    tools, readable = catalog(), {*LISTS, *default_terminology().concepts}
    yield from (f"look-up {name}" for name in choice["lookup"] if name not in readable)
    yield from (f"calculator {name}" for name in choice["calculators"] if f"calc.{name}" not in tools)
    for body in state["plan"]["steps"]:
        if body["slot"].startswith(EXTRA) and (body["tool"] not in tools or tools[body["tool"]].kind != "calculator"):
            yield f"tool {body['tool']} in {body['slot']}"


def unfounded(state: Any) -> Iterator[str]:
    """Arguments of steps a model asked for, or of calculators, that are not the evidence of the slot they name."""
    records = current_records(state)
    for record in records.values():
        if record.slot.startswith(EXTRA) or record.tool.startswith("calc."):
            for name, value in record.arguments.items():
                if not _founded(name, value, record, records, state):
                    yield f"{record.slot}: {name}"


def _founded(name: str, value: Any, record: ToolRecord, records: dict[str, ToolRecord], state: Any) -> bool:
    source = records.get(record.bindings.get(name, ""))
    if value is None and not record.slot.startswith(EXTRA):
        return True  # a protocol's own step may have an input that is not known
    if source is None or source.status != "ok" or not source.evidence:
        return False
    found: Any = plain(load(state["evidence"][source.evidence[0]]))
    return value is not None and bool(value == found)


def _choice(state: Any) -> Json:
    detail: Json = load(state["evidence"][current_records(state)["protocol.choice"].evidence[0]]).source.detail  # type: ignore[union-attr]
    return detail


def _said(state: Any) -> str | None:
    """The model's own decision, in the form's values."""
    readings = [item for item in state["evidence"].values() if item["slot"] == "model.choice"]
    return str(readings[-1]["value"]) if readings else None
