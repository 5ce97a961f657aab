"""Three-valued logic over slots, where a protocol needs a fact that others make ("labile INR" counts on a VKA)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from knowledge.evidence import Derivation, Evidence, show_value
from knowledge.guideline import CorpusError
from knowledge.predicate import PredicateError, check, evaluate, unvalidated
from knowledge.quantity import Quantity
from tools.context import ToolContext
from tools.errors import BadInput
from tools.spec import Params, ToolOutput, tool

VERSION = "1.1.0"
Name = Literal["logic.all", "logic.any", "logic.compare", "logic.first", "logic.is", "logic.measured_or_stated"]


class LogicParams(Params):
    """Up to four facts, true, false or unknown (null)."""

    a: bool | None = None
    b: bool | None = None
    c: bool | None = None
    d: bool | None = None


def _output(
    value: bool | None, name: Name, ctx: ToolContext, *more: str, references: tuple[str, ...] = ()
) -> ToolOutput:
    # What went in stands in `inputs`; steps repeat none of it, as they do not make one result differ from another.
    dates = [evidence.effective_at for evidence in ctx.inputs.values() if evidence.effective_at]
    return ToolOutput(evidence=[Evidence(
        slot=ctx.slot, value=value, display=show_value(value), patient=ctx.patient,
        effective_at=max(dates, default=None),
        source=Derivation(tool=name, version=VERSION, steps=more, references=references),
    )])


def _given(params: LogicParams) -> list[bool | None]:
    return [getattr(params, name) for name in params.model_fields_set]


@tool("logic.all", version=VERSION, kind="decision", title="All of several facts")
def logic_all(params: LogicParams, ctx: ToolContext) -> ToolOutput:
    """True when all facts are true, false when one is false, else unknown (Kleene)."""
    given = _given(params)
    value = False if False in given else (None if None in given else True)
    return _output(value, "logic.all", ctx)


@tool("logic.any", version=VERSION, kind="decision", title="Any of several facts")
def logic_any(params: LogicParams, ctx: ToolContext) -> ToolOutput:
    """True when one fact is true, false when all are false, else unknown (Kleene)."""
    given = _given(params)
    value = True if True in given else (None if None in given else False)
    return _output(value, "logic.any", ctx)


class CompareParams(Params):
    """A number, and the value of a recommendation it is compared with."""

    a: Any = Field(default=None, description="the number: a result or a score; a range is compared as a whole")
    op: Literal[">=", ">", "<=", "<", "=="] = Field(description="the comparison")
    value: str = Field(description="RECOMMENDATION.NAME, a value of the corpus")


@tool("logic.compare", version=VERSION, kind="decision", title="A number against a limit")
def logic_compare(params: CompareParams, ctx: ToolContext) -> ToolOutput:
    """Whether a number lies on one side of a limit; unknown where its range or its unit leaves that open."""
    predicate = {"compare": {"slot": "a", "op": params.op, "value": params.value}}

    def reference(name: str) -> Quantity:
        found = ctx.corpus.value(name)
        return Quantity(float(found.value), found.unit or "1")

    try:
        check(predicate)
        limit = reference(params.value)
        value = evaluate(predicate, ctx.inputs.get, reference)
    except (CorpusError, PredicateError) as error:
        raise BadInput(f"cannot compare with {params.value!r}", found=params.value, action="correct the argument",
                       expected="RECOMMENDATION.NAME, a value of the corpus") from error
    return _output(value, "logic.compare", ctx, f"{params.op} {limit.display}",
                   references=(params.value.partition(".")[0],))


class IsParams(Params):
    """A code, and the one it is compared with."""

    a: str | None = Field(default=None, description="the code, for example a sex or a category")
    value: str = Field(description="the code it is compared with")


@tool("logic.is", version=VERSION, kind="decision", title="Is it this code?")
def logic_is(params: IsParams, ctx: ToolContext) -> ToolOutput:
    """Whether a code is the one named; unknown where there is none."""
    bound = ctx.inputs.get("a")
    known = params.a is not None and (bound is None or not unvalidated(bound))
    value = params.a == params.value if known else None
    return _output(value, "logic.is", ctx, f"is {params.value}")


class MeasuredParams(Params):
    """A measurement's verdict, and what is stated beside it."""

    measured: bool | None = Field(default=None, description="what the measurement says; it alone can say no")
    stated: bool | None = Field(default=None, description="what is recorded or noted; enough for a yes")


@tool("logic.measured_or_stated", version=VERSION, kind="decision", title="Measured or stated")
def logic_measured_or_stated(params: MeasuredParams, ctx: ToolContext) -> ToolOutput:
    """True when either says so; false when the measurement says no and nothing stated says otherwise; else unknown."""
    value = True if params.measured or params.stated else params.measured
    return _output(value, "logic.measured_or_stated", ctx)


class FirstParams(Params):
    """Up to four facts or measurements of the same thing, the preferred one first."""

    a: Any = Field(default=None, description="the preferred one")
    b: Any = Field(default=None, description="used where the first is not known")
    c: Any = None
    d: Any = None


@tool("logic.first", version=VERSION, kind="decision", title="The first that is known")
def logic_first(params: FirstParams, ctx: ToolContext) -> ToolOutput:
    """The first of several that is known, as it stands, with its unit and date; unknown where none is."""
    known = (ctx.inputs[name] for name in params.model_fields if name in ctx.inputs)
    found = next((item for item in known if item.value is not None), None)
    if found is None:
        return _output(None, "logic.first", ctx)
    taken = found.model_dump(exclude={"id", "kind", "slot", "source", "supersedes"})
    source = Derivation(
        tool="logic.first", version=VERSION, inputs=(found.id,), steps=(f"taken from {found.slot}",)
    )
    return ToolOutput(evidence=[Evidence(**taken, slot=ctx.slot, source=source)])


TOOLS = (logic_all, logic_any, logic_compare, logic_first, logic_is, logic_measured_or_stated)
