"""Calculators as tools `calc.<name>`: parameters from the declared inputs, the result as one piece of evidence."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr, create_model

from knowledge.evidence import Derivation, Evidence
from tools.calculators import calculators
from tools.calculators.base import Calculator
from tools.calculators.evaluate import evaluate
from tools.calculators.inputs import Input
from tools.context import ToolContext
from tools.errors import BadInput
from tools.spec import Params, ToolOutput, ToolSpec


class Measured(BaseModel):
    """A number as measured: with its UCUM unit, and a comparator where the laboratory gave one."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    value: StrictFloat | StrictInt
    unit: StrictStr | None = None
    comparator: StrictStr | None = None


_TYPES: dict[str, Any] = {
    "quantity": Measured | StrictFloat | StrictInt | None,
    "count": Measured | StrictFloat | StrictInt | None,
    "boolean": StrictBool | None,
    "code": StrictStr | None,
    "date": StrictStr | None,
}


def calculator_tools() -> list[ToolSpec[Any]]:
    """Every calculator as a tool."""
    return [calculator_tool(calculator) for calculator in calculators().values()]


def calculator_tool(calculator: Calculator) -> ToolSpec[Any]:
    """One calculator as a tool."""

    def work_out(params: Params, ctx: ToolContext) -> ToolOutput:
        return _run(calculator, params.model_dump(exclude_none=True), ctx)

    population = f" Holds for {calculator.population.text}." if calculator.population else ""
    return ToolSpec(
        name=f"calc.{calculator.name}",
        version=calculator.version,
        kind="calculator",
        title=calculator.title,
        description=calculator.purpose + population,
        params=_params(calculator),
        run=work_out,
        unit=calculator.result.measured_in,
        references=tuple(reference.key for reference in calculator.references),
        asks={entry.name: entry.ask or entry.title for entry in calculator.inputs},
    )


def _params(calculator: Calculator) -> type[Params]:
    fields: dict[str, Any] = {}
    for entry in calculator.inputs:
        unit = f" ({entry.unit})" if entry.numeric and entry.unit != "1" else ""
        choices = f": {', '.join(entry.choices)}" if entry.choices else ""
        about = f"{entry.title}{unit}{choices}. {entry.ask}".strip()
        fields[entry.name] = (_TYPES[entry.kind], Field(default=None, description=about))
    name = "".join(part.capitalize() for part in calculator.name.split("_")) + "Params"
    return create_model(name, __base__=Params, __doc__=calculator.purpose, **fields)


def _run(calculator: Calculator, arguments: dict[str, Any], ctx: ToolContext) -> ToolOutput:
    bound = {entry.name: ctx.inputs[entry.name] for entry in calculator.inputs if entry.name in ctx.inputs}
    for name, evidence in bound.items():
        # A result known only within bounds has no value to pass as an argument; its bounds still count.
        if name not in arguments and evidence.range is not None:
            arguments[name] = {"range": list(evidence.range), "unit": evidence.unit or "1"}
    result = evaluate(calculator, arguments, as_of=ctx.now.date())
    warnings = [*result.warnings, *_stale(calculator, bound, ctx.now)]
    reached = _within_ranges(calculator, arguments, bound, result.value, ctx)
    warnings += reached
    dates = sorted(
        (evidence.effective_at for evidence in bound.values() if evidence.effective_at),
        key=_when,
    )
    evidence = Evidence(
        slot=ctx.slot or calculator.name,
        value=result.value,
        unit=result.unit,
        range=result.range,
        display="; ".join((result.display, *reached)),
        effective_at=dates[-1] if dates else None,
        patient=ctx.patient,
        concept=calculator.name,
        source=Derivation(
            tool=f"calc.{calculator.name}",
            version=calculator.version,
            inputs=tuple(dict.fromkeys(evidence.id for evidence in bound.values())),
            steps=tuple(result.steps),
            references=tuple(reference.key for reference in calculator.references),
            missing=tuple(result.missing),
            sensitivity=tuple(change.text for change in result.sensitivity),
            warnings=tuple(warnings),
        ),
    )
    return ToolOutput(evidence=[evidence], warnings=warnings, detail=result.model_dump())


def _within_ranges(
    calculator: Calculator, arguments: Mapping[str, Any], bound: Mapping[str, Evidence], value: Any, ctx: ToolContext
) -> list[str]:
    """Other categories that the range of a measured input reaches: the measure alone does not settle between them."""
    if not isinstance(value, str):
        return []
    said = []
    for name, evidence in bound.items():
        if evidence.value is None or evidence.range is None:
            continue
        others = []
        for end in evidence.range:
            # An end beyond what the calculator takes reaches no other category.
            with contextlib.suppress(BadInput):
                given = {**arguments, name: {"value": end, "unit": evidence.unit or "1"}}
                others.append(evaluate(calculator, given, as_of=ctx.now.date()))
        reached = [other.display for other in others if other.value not in (value, None)]
        if reached:
            low, high = (f"{end:g}" for end in evidence.range)
            title = calculator.input(name).title.lower()
            said.append(f"the {title} ({low} to {high} {evidence.unit or ''}) also reaches: {'; '.join(reached)}")
    return list(dict.fromkeys(said))


def _stale(calculator: Calculator, bound: Mapping[str, Evidence], now: datetime) -> list[str]:
    found = []
    for name, evidence in bound.items():
        declared: Input = calculator.input(name)
        if declared.max_age_days is None or evidence.effective_at is None or evidence.value is None:
            continue
        days = (now - _when(evidence.effective_at)).days
        if days > declared.max_age_days:
            found.append(
                f"{declared.title} is {days} days old ({evidence.date}); expected no more than {declared.max_age_days}"
            )
    return found


def _when(text: str) -> datetime:
    """A FHIR dateTime, which may stop at the year or month, as a moment."""
    if len(text) <= 10:
        year, month, day = [*text.split("-"), "1", "1"][:3]
        start = date(int(year), int(month), int(day))
        return datetime(start.year, start.month, start.day, tzinfo=UTC)
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
