"""A tool is declared once: `@tool(...)` over `(params, ctx) -> ToolOutput`, sync or async.

Schema, description, forms and the planner's binding are read from the resulting `ToolSpec`. Declaring registers
nothing: `tools/catalog.py` lists every tool.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from knowledge.evidence import Evidence, Value
from tools.completeness import flagged, warnings_of, watching
from tools.errors import BadInput

if TYPE_CHECKING:
    from tools.context import ToolContext

ToolKind = Literal["record", "calculator", "notes", "guideline", "drug", "image", "decision"]
P = TypeVar("P", bound=BaseModel)


class Params(BaseModel):
    """Base of every tool's parameters."""

    model_config = ConfigDict(extra="forbid", defer_build=True, arbitrary_types_allowed=True)


class ToolOutput(BaseModel):
    """What a tool found. The first piece of evidence fills the step's slot; the rest are its items or support."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    evidence: list[Evidence] = Field(default_factory=list)
    warnings: list[str] = Field(default_factory=list)
    detail: dict[str, Any] = Field(default_factory=dict)


class ToolRecord(BaseModel):
    """One run of a tool: the audit line, the step on the page and the unit of replay.

    `bindings` {parameter: slot} is what the correction graph is read from; `inputs` are the evidence ids they held.
    Runs of the same `wave` (the number of runs before it) went on side by side.
    """

    model_config = ConfigDict(extra="forbid", defer_build=True)

    id: str
    tool: str
    version: str
    slot: str
    arguments: dict[str, Any] = Field(default_factory=dict)
    bindings: dict[str, str] = Field(default_factory=dict)
    inputs: dict[str, str | None] = Field(default_factory=dict)
    status: Literal["ok", "error", "skipped"]
    error: dict[str, Any] | None = None
    evidence: list[str] = Field(default_factory=list)
    warnings: list[str] = Field(default_factory=list)
    wave: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class ToolSpec(Generic[P]):
    """A tool's card and its function."""

    name: str
    version: str
    kind: ToolKind
    title: str
    description: str
    params: type[P]
    run: Callable[[P, ToolContext], ToolOutput | Awaitable[ToolOutput]]
    effect: bool = False
    unit: str | None = None
    licence: str = "Apache-2.0"
    requires: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    asks: dict[str, str] = field(default_factory=dict)

    async def call(self, arguments: dict[str, Any], ctx: ToolContext) -> ToolOutput:
        """Check the arguments and run.

        Raises:
            BadInput: the arguments do not fit the parameters.
        """
        try:
            params = self.params.model_validate(arguments)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "arguments"
            raise BadInput(
                f"{self.name}: {where}: {first['msg']}",
                found=first.get("input"),
                expected=f"{where} of {self.name}",
                action=f"see the parameters of {self.name}",
            ) from error
        with watching() as incomplete:
            result = self.run(params, ctx)
            output: ToolOutput = await result if inspect.isawaitable(result) else result
        if incomplete:
            evidence, detail = flagged(output.evidence, output.detail)
            warnings = list(dict.fromkeys([*output.warnings, *warnings_of(incomplete)]))
            output = output.model_copy(update={"evidence": evidence, "detail": detail, "warnings": warnings})
        return output


def tool(
    name: str,
    *,
    version: str,
    kind: ToolKind,
    title: str,
    effect: bool = False,
    unit: str | None = None,
    requires: tuple[str, ...] = (),
    references: tuple[str, ...] = (),
) -> Callable[[Callable[[P, ToolContext], Any]], ToolSpec[P]]:
    """Declare a tool over a function `(params: Model, ctx: ToolContext) -> ToolOutput`; its docstring describes it."""

    def declare(function: Callable[[P, ToolContext], Any]) -> ToolSpec[P]:
        params = next(iter(inspect.get_annotations(function, eval_str=False).values()))
        if isinstance(params, str):
            params = function.__globals__[params]
        return ToolSpec(
            name=name,
            version=version,
            kind=kind,
            title=title,
            description=inspect.getdoc(function) or title,
            params=params,
            run=function,
            effect=effect,
            unit=unit,
            requires=requires,
            references=references,
        )

    return declare


def plain(evidence: Evidence | None) -> Value | dict[str, Any]:
    """A piece of evidence as an argument: a quantity as {value, unit}, a boolean or code as itself, unknown as null."""
    if evidence is None or evidence.value is None:
        return None
    quantity = evidence.quantity
    if quantity is None:
        return evidence.value
    body: dict[str, Any] = {"value": quantity.value, "unit": quantity.unit}
    if quantity.comparator:
        body["comparator"] = quantity.comparator
    return body
