"""Three-valued logic over slots, where a protocol needs a fact that two others make ("labile INR" counts on a VKA)."""

from __future__ import annotations

from typing import Literal

from knowledge.evidence import Derivation, Evidence, show_value
from tools.context import ToolContext
from tools.spec import Params, ToolOutput, tool


class LogicParams(Params):
    """Up to four facts, true, false or unknown (null)."""

    a: bool | None = None
    b: bool | None = None
    c: bool | None = None
    d: bool | None = None


def _output(value: bool | None, name: Literal["logic.all", "logic.any"], ctx: ToolContext) -> ToolOutput:
    parts = [f"{key}: {evidence.display}" for key, evidence in ctx.inputs.items()]
    return ToolOutput(evidence=[Evidence(
        slot=ctx.slot, value=value, display=show_value(value), patient=ctx.patient,
        source=Derivation(tool=name, version="1.0.0", steps=tuple(parts)),
    )])


def _given(params: LogicParams) -> list[bool | None]:
    return [getattr(params, name) for name in params.model_fields_set]


@tool("logic.all", version="1.0.0", kind="decision", title="All of several facts")
def logic_all(params: LogicParams, ctx: ToolContext) -> ToolOutput:
    """True when all facts are true, false when one is false, else unknown (Kleene)."""
    given = _given(params)
    value = False if False in given else (None if None in given else True)
    return _output(value, "logic.all", ctx)


@tool("logic.any", version="1.0.0", kind="decision", title="Any of several facts")
def logic_any(params: LogicParams, ctx: ToolContext) -> ToolOutput:
    """True when one fact is true, false when all are false, else unknown (Kleene)."""
    given = _given(params)
    value = True if True in given else (None if None in given else False)
    return _output(value, "logic.any", ctx)


TOOLS = (logic_all, logic_any)
