"""Recordings: a case as it ran, with what each tool returned, so that it can run again without any of them.

Kept small enough to be committed: evidence once, whatever slots it was read into; of each step what `evals.diff.view`
sees, and only what is other than after the step before. Calculators and logic are functions of their arguments: they
run in every mode, so that a frozen replay notices when one of them changes.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from agent.state import Json, State, load
from agent.steps import CORRECTION, DECIDE
from evals.diff import view
from evals.wrapped import wrapped
from tools.context import ToolContext
from tools.errors import BadInput, NotAssessable, ToolError, UpstreamError, UsageError
from tools.spec import ToolOutput, ToolSpec

_ERRORS: dict[str, type[ToolError]] = {kind.code: kind for kind in (BadInput, NotAssessable, UpstreamError, ToolError)}
LIVE = frozenset({DECIDE, CORRECTION, "intake.question", "protocol.choose"})
"""What is Osler itself and runs in every mode; everything else is a tool and can be frozen."""
PURE = ("calc.", "logic.")
_OUTCOME = ("rerun", "added", "dropped", "outdated", "item", "approved", "result")


def key(slot: str, tool: str, arguments: Json) -> str:
    """What a tool's answer is filed under."""
    return json.dumps([slot, tool, arguments], sort_keys=True, ensure_ascii=False)


def is_frozen(tool: str) -> bool:
    """Whether a replay answers this tool from the recording."""
    return tool not in LIVE and not tool.startswith(PURE)


def tool_answers(state: State) -> Json:
    """Every frozen tool's answer in a state, filed by slot, tool and arguments."""
    found: Json = {}
    for record in state["records"]:
        if is_frozen(record["tool"]) and record["status"] != "skipped":
            found[key(record["slot"], record["tool"], record["arguments"])] = {
                "evidence": [state["evidence"][i] for i in record["evidence"]],
                "error": record["error"],
                "warnings": record["warnings"],
            }
    return found


def frozen(tools: dict[str, ToolSpec[Any]], answers: Json) -> dict[str, ToolSpec[Any]]:
    """The catalogue with every tool answering from a recording.

    Raises (when run):
        UsageError: a tool is asked what was not recorded.
    """

    def play(spec: ToolSpec[Any]) -> ToolSpec[Any]:
        async def answer(arguments: dict[str, Any], ctx: ToolContext) -> ToolOutput:
            row = answers.get(key(ctx.slot, spec.name, arguments))
            if row is None:
                raise UsageError(
                    f"{spec.name} for {ctx.slot} was not recorded with these arguments",
                    found=arguments,
                    expected="a call of the recording",
                    action="replay with --mode tools, or record again",
                )
            if row["error"]:
                body = dict(row["error"])
                kind = _ERRORS.get(body.pop("code"), ToolError)
                raise kind(body.pop("message"), **body)
            return ToolOutput(evidence=[load(item) for item in row["evidence"]], warnings=row["warnings"])

        return wrapped(spec, answer) if is_frozen(spec.name) else spec

    return {name: play(spec) for name, spec in tools.items()}


def noted(tools: dict[str, ToolSpec[Any]], answers: Json) -> dict[str, ToolSpec[Any]]:
    """The catalogue with every frozen tool's answer written down as it comes; the first one to a question stays."""

    def listen(spec: ToolSpec[Any]) -> ToolSpec[Any]:
        async def answer(arguments: dict[str, Any], ctx: ToolContext) -> ToolOutput:
            filed = key(ctx.slot, spec.name, arguments)
            try:
                output = await spec.call(arguments, ctx)
            except ToolError as error:
                answers.setdefault(filed, {"evidence": [], "error": error.document(), "warnings": []})
                raise
            evidence = [item.model_dump(mode="json") for item in output.evidence]
            answers.setdefault(filed, {"evidence": evidence, "error": None, "warnings": output.warnings})
            return output

        return wrapped(spec, answer) if is_frozen(spec.name) else spec

    return {name: listen(spec) for name, spec in tools.items()}


def write(path: Path, case: Json, result: Json) -> None:
    """Write a recording of `run_case`'s result, byte-stable: one line for each piece of evidence, answer and step."""
    pool: Json = {}
    periods = []
    patient = result["start"].get("patient")
    for answers in result["tools"]:
        rows: Json = {}
        for filed, row in answers.items():
            found = []
            for item in row["evidence"]:
                body = _spare(item, patient)
                name = "f" + hashlib.sha256(_line(body).encode()).hexdigest()[:10]
                pool[name] = body
                found.append(f"{name} {item['slot']}")
            rows[filed] = [found, row["error"], row["warnings"]]
        periods.append(rows)
    steps, before = [], dict[str, Any]()
    for step in result["steps"]:
        now = step["view"]
        changed = None if now is None else _delta(before, now)
        before = before if now is None else now
        outcome = {name: step["outcome"][name] for name in _OUTCOME if name in step["outcome"]}
        steps.append(
            {"kind": step["kind"], "failures": step["failures"], "outcome": outcome, "error": step["error"]}
            | {"view": changed}
        )
    parts = [f'"case":{_line(case)}', f'"start":{_line(result["start"])}']
    parts.append('"evidence":{\n' + ",\n".join(f"{json.dumps(i)}:{_line(pool[i])}" for i in sorted(pool)) + "\n}")
    tables = [
        "{\n" + ",\n".join(f"{json.dumps(k, ensure_ascii=False)}:{_line(v)}" for k, v in sorted(rows.items())) + "\n}"
        for rows in periods
    ]
    parts.append('"tools":[' + ",".join(tables) + "]")
    parts.append('"steps":[\n' + ",\n".join(map(_line, steps)) + "\n]")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{" + ",\n".join(parts) + "}\n", encoding="utf-8")


def _line(body: Any) -> str:
    return json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _spare(item: Json, patient: str | None) -> Json:
    """A piece of evidence without its slot, what follows from the rest of it or the case, and when it was read."""
    source = {k: v for k, v in item["source"].items() if v not in (None, [], {}) and k != "retrieved_at"}
    if source.get("complete") is True:
        del source["complete"]
    body = {k: v for k, v in item.items() if v is not None and k not in ("id", "kind", "slot", "source")}
    if body.get("patient") == patient:
        body["patient"] = 1
    return body | {"source": source}


def _whole(reference: str, pool: Json, patient: str | None) -> Json:
    """A piece of evidence as it was, from the name of what it holds and its slot."""
    name, _, slot = reference.partition(" ")
    body: Json = {**pool[name], "slot": slot}
    if body["source"]["kind"] == "fhir":
        body["source"] = {"reference": None} | body["source"]
    return body | {"patient": patient} if body.get("patient") == 1 else body


def _delta(before: Json, now: Json) -> Json:
    changed = {path: value for path, value in now.items() if path not in before or before[path] != value}
    return {"set": changed, "gone": sorted(set(before) - set(now))}


def read(path: Path) -> Json:
    """Read a recording: {"case", "start", "tools": [answers of each period], "steps": [{..., "view"}]}.

    Raises:
        UsageError: it is not one.
    """
    try:
        body: Json = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{path.name} is not a recording",
            found=str(error)[:120],
            expected="JSON of `osler replay`",
            action="record the case again",
        ) from error
    if not {"case", "steps", "tools", "evidence", "start"} <= set(body):
        raise UsageError(
            f"{path.name} is not a recording",
            found=sorted(body),
            expected="case, start, evidence, tools, steps",
            action="record the case again",
        )
    pool, patient = body["evidence"], body["start"].get("patient")
    tools = [
        {
            filed: {"evidence": [_whole(i, pool, patient) for i in ids], "error": error, "warnings": warnings}
            for filed, (ids, error, warnings) in rows.items()
        }
        for rows in body["tools"]
    ]
    steps, before = [], dict[str, Any]()
    for step in body["steps"]:
        if step["view"] is not None:
            kept = {path: value for path, value in before.items() if path not in step["view"]["gone"]}
            before = kept | step["view"]["set"]
            step = step | {"view": before}
        steps.append(step)
    return {"case": body["case"], "start": body["start"], "tools": tools, "steps": steps}


def same(steps: list[Json], recorded: list[Json]) -> bool:
    """Whether what was found, decided, said and checked is the same after every step."""
    return [_seen(step) for step in steps] == [_seen(step) for step in recorded]


def _seen(step: Json) -> Any:
    """The view of a step as JSON reads it back; a protocol's hash explains a difference and is none."""
    shown = step["view"] if "view" in step else view(step["document"])
    if shown is None:
        return [step["kind"], (step["error"] or {}).get("code")]
    return json.loads(_line({path: value for path, value in shown.items() if not path.startswith("hashes/")}))
