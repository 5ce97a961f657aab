"""Recordings: a case as it ran, with what each tool returned, so that it can run again without any of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from agent.state import Json, State, load
from agent.steps import CORRECTION, DECIDE
from evals.wrapped import wrapped
from tools.context import ToolContext
from tools.errors import BadInput, NotAssessable, ToolError, UpstreamError, UsageError
from tools.spec import ToolOutput, ToolSpec

_ERRORS: dict[str, type[ToolError]] = {kind.code: kind for kind in (BadInput, NotAssessable, UpstreamError, ToolError)}
LIVE = frozenset({DECIDE, CORRECTION, "intake.question", "protocol.choose"})
"""What is Osler itself and runs in every mode; everything else is a tool and can be frozen."""


def key(slot: str, tool: str, arguments: Json) -> str:
    """What a tool's answer is filed under."""
    return json.dumps([slot, tool, arguments], sort_keys=True, ensure_ascii=False)


def tool_answers(state: State) -> Json:
    """Every tool's answer in a state, filed by slot, tool and arguments."""
    found: Json = {}
    for record in state["records"]:
        if record["tool"] not in LIVE and record["status"] != "skipped":
            found[key(record["slot"], record["tool"], record["arguments"])] = {
                "evidence": [state["evidence"][i] for i in record["evidence"]],
                "error": record["error"],
                "warnings": record["warnings"],
                "version": record["version"],
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

        return wrapped(spec, answer)

    return {name: play(spec) for name, spec in tools.items()}


def write(path: Path, body: Json) -> None:
    """Write a recording, byte-stable."""
    path.write_text(json.dumps(body, sort_keys=True, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def read(path: Path) -> Json:
    """Read a recording.

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
    if not {"case", "steps", "tools"} <= set(body):
        raise UsageError(
            f"{path.name} is not a recording",
            found=sorted(body),
            expected="case, steps, tools",
            action="record the case again",
        )
    return body
