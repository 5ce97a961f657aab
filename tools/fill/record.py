"""Inputs of a calculator read from a patient's record: by code, with the age of every value.

How an input is read comes, in this order, from a protocol that binds it, from its own codes and name, and for findings
from the concepts that its rule for notes names. A result older than the input may be, or one that is not usable, is
named but fills nothing; a finding the record does not mention stays unknown.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from knowledge.coding import Coding
from knowledge.evidence import Evidence, FhirElement
from knowledge.protocol import default_protocols
from knowledge.terminology import Terminology
from tools.calculators import calculator as calculator_of
from tools.calculators.base import Calculator
from tools.calculators.inputs import Input
from tools.calculators.nesting import producers
from tools.context import ToolContext
from tools.errors import ToolError
from tools.fill.slots import rule_for
from tools.spec import plain

SYMPTOM_DAYS = 2
"""How long ago a symptom may be recorded to be taken as there now, where the input does not say."""

_DRUGS = ("medication", "drug_class")


@dataclass(frozen=True)
class Read:
    """How an input is read: the tool and its literal arguments."""

    tool: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Recorded:
    """What the record says about an input.

    Attributes:
        value: as `tools.calculators.run` takes it; None where nothing usable is recorded, and `evidence` says why.
        age_days: how old the value is at the clinical clock; None where it has no date.
    """

    input: str
    value: Any
    evidence: Evidence
    age_days: int | None
    why: str

    @property
    def named(self) -> bool:
        """Whether the record holds something about it, if not usable."""
        source = self.evidence.source
        return self.value is not None or (isinstance(source, FhirElement) and source.reference is not None)


def declared_parts(calculator: Calculator) -> dict[str, Input]:
    """Every input that can be of use: the calculator's own, and the parts its inputs can be worked out from."""
    found: dict[str, Input] = {entry.name: entry for entry in calculator.inputs}
    waiting = [calculator]
    while waiting:
        current = waiting.pop()
        for entry in current.inputs:
            for producer in producers(current.name, entry.name):
                if producer.calculator is not None:
                    below = calculator_of(producer.calculator)
                    if any(part.name not in found for part in below.inputs):
                        waiting.append(below)
                    for part in below.inputs:
                        found.setdefault(part.name, part)
                for limit in producer.limits:
                    found.setdefault(limit.of, limit.declared)
    return found


def reads_for(calculator: Calculator, declared: Input, terminology: Terminology) -> tuple[Read, ...]:
    """How an input can be read from a record; of several findings one that is there is enough."""
    bound = _bindings().get((calculator.name, declared.name))
    if bound is not None:
        return (bound,)
    if declared.name in ("age", "sex"):
        return (Read(f"record.{declared.name}", {}),)
    if declared.numeric:
        concept = _measured(declared, terminology)
        limit = {"max_age_days": declared.max_age_days} if declared.max_age_days else {}
        return (Read("record.observation", {"concept": concept, **limit}),) if concept else ()
    if declared.kind == "boolean":
        return _findings(calculator, declared, terminology)
    return ()


@functools.cache
def _bindings() -> dict[tuple[str, str], Read]:
    """What the protocols say about how the inputs of calculators are read."""
    found: dict[tuple[str, str], Read] = {}
    for protocol in default_protocols().values():
        steps = {step.slot: step for step in protocol.steps}
        for step in protocol.steps:
            if not step.tool.startswith("calc."):
                continue
            for parameter, slot in step.from_.items():
                source = steps.get(slot)
                # A step that asks for the calculator's own input says nothing more about where that is read.
                named = source is not None and source.tool.startswith("record.") and source.tool != "record.input"
                if source is not None and named and not source.from_:
                    key = (step.tool.removeprefix("calc."), parameter)
                    found.setdefault(key, Read(source.tool, source.with_))
    return found


def _measured(declared: Input, terminology: Terminology) -> str | None:
    """The observation that an input is: by its codes, else by what it can be measured as."""
    for code in declared.codings:
        named = [found.id for found in terminology.by_coding(Coding.parse(code))]
        if named:
            return declared.name if declared.name in named else named[0]
    for name in declared.measured_as:
        if name in terminology and terminology.get(name).kind == "observation":
            return name
    return None


def _findings(calculator: Calculator, declared: Input, terminology: Terminology) -> tuple[Read, ...]:
    rule = rule_for(calculator.name, declared)
    names = list(rule.get("any_of", ())) or ([declared.name] if declared.name in terminology else [])
    window = rule.get("within_days") or declared.max_age_days
    found = []
    for name in names:
        if name not in terminology:
            continue
        kind = terminology.get(name).kind
        if kind in _DRUGS:
            found.append(Read("record.medication", {"concept": name}))
        else:
            days = window or (SYMPTOM_DAYS if kind == "symptom" else None)
            found.append(Read("record.finding", {"concept": name, **({"window_days": days} if days else {})}))
    return tuple(found)


async def from_record(calculator: Calculator, ctx: ToolContext) -> dict[str, Recorded]:
    """What the record says about each input of a calculator and about the parts it can be worked out from."""
    found: dict[str, Recorded] = {}
    for name, declared in declared_parts(calculator).items():
        recorded = await input_from_record(calculator, declared, ctx)
        if recorded is not None:
            found[name] = recorded
    return found


async def input_from_record(calculator: Calculator, declared: Input, ctx: ToolContext) -> Recorded | None:
    """What the record says about one input; None where nothing in it can answer for that."""
    pieces = [await _call(read, ctx, declared.name) for read in reads_for(calculator, declared, ctx.terminology)]
    evidence = [piece for piece in pieces if piece is not None]
    return _settled(declared.name, evidence, len(pieces), ctx) if evidence else None


async def _call(read: Read, ctx: ToolContext, slot: str) -> Evidence | None:
    try:
        output = await _tools()[read.tool].call(dict(read.arguments), ctx.at(f"input.{slot}", {}))
    except ToolError:
        # A read that this record cannot answer (no such list, no such concept) leaves the input unknown.
        return None
    return output.evidence[0] if output.evidence else None


@functools.cache
def _tools() -> dict[str, Any]:
    from tools.ehr.reads.catalog import TOOLS

    return {spec.name: spec for spec in TOOLS}


def _settled(name: str, evidence: list[Evidence], asked: int, ctx: ToolContext) -> Recorded:
    """One answer from several reads: a finding is there if one is, and absent only if every one is."""
    chosen = next((piece for piece in evidence if piece.value is True), None)
    if chosen is None and len(evidence) > 1:
        unknown = [piece for piece in evidence if piece.value is None]
        chosen = unknown[0] if unknown or len(evidence) < asked else evidence[0]
    chosen = chosen or evidence[0]
    value: Any = plain(chosen)
    if value is None and chosen.range is not None:
        value = {"range": list(chosen.range), "unit": chosen.unit or "1"}
    days = _days(chosen, ctx)
    when = f"of {chosen.date}" if chosen.date else "without a date"
    age = "" if not days else f", {days} days old"
    why = f"the newest in the record, {when}{age}" if value is not None else chosen.display
    if name in ("age", "sex") and value is not None:
        why = "from the person's data in the record"
    return Recorded(name, value, chosen, days, why)


def _days(evidence: Evidence, ctx: ToolContext) -> int | None:
    from tools.ehr.dates import start_of

    moment = start_of(evidence.effective_at) if evidence.effective_at else None
    return (ctx.now - moment).days if moment is not None else None
