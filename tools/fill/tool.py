"""`record.input`: one input of a calculation from a patient's record: by code, else from the notes, with its quote."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import Field

from knowledge.evidence import Evidence, FhirElement, Statement, show_value
from tools.calculators import calculator as calculator_of
from tools.calculators.base import Calculator
from tools.calculators.inputs import Input
from tools.context import ToolContext
from tools.ehr.dates import start_of
from tools.errors import BadInput, NotAssessable
from tools.fill.model import Filled
from tools.fill.record import input_from_record
from tools.fill.slots import fill
from tools.fill.text import note_text
from tools.notes import Note
from tools.spec import Params, ToolOutput, tool

NEWEST_NOTES = 30
"""How many notes are read; an older one says little about a patient of today."""


class InputParams(Params):
    """One input of one calculator."""

    calculator: str = Field(description="the calculator's name")
    input: str = Field(description="the name of its input")


@tool("record.input", version="1.0.0", kind="record", title="An input of a calculation, from record and notes")
async def record_input(params: InputParams, ctx: ToolContext) -> ToolOutput:
    """What the record says of an input by code; where it says nothing usable, what the newest note that does says."""
    if ctx.record is None:
        raise NotAssessable(
            "there is no record to read from",
            found="no patient",
            expected="a patient's record",
            action="name a patient",
        )
    calculator, declared = _declared(params)
    recorded = await input_from_record(calculator, declared, ctx)
    if recorded is not None and recorded.value is not None:
        return ToolOutput(evidence=[_at(recorded.evidence, ctx)])
    found = await ctx.record.notes()
    newest = sorted(found.notes, key=lambda note: note.at or "", reverse=True)[:NEWEST_NOTES]
    for note in newest:
        told = _read(calculator.name, declared.name, note.text)
        if told is not None and told.mention is not None and not _too_old(declared, note, ctx):
            return ToolOutput(evidence=[_stated(told, declared, note, ctx)], warnings=list(found.problems))
    if recorded is not None:
        return ToolOutput(evidence=[_at(recorded.evidence, ctx)], warnings=list(found.problems))
    nothing = Evidence(
        slot=ctx.slot,
        display=f"not recorded ({len(newest)} notes searched{found.remark})",
        patient=ctx.patient,
        source=FhirElement(reference=None, query=found.query, complete=found.complete, flags=tuple(found.problems)),
    )
    return ToolOutput(evidence=[nothing], warnings=list(found.problems))


def _declared(params: InputParams) -> tuple[Calculator, Input]:
    calculator = calculator_of(params.calculator)
    declared = next((entry for entry in calculator.inputs if entry.name == params.input), None)
    if declared is None:
        names = ", ".join(entry.name for entry in calculator.inputs)
        raise BadInput(
            f"{calculator.name} has no input {params.input!r}", found=params.input, expected=names, action="name one"
        )
    return calculator, declared


@functools.lru_cache(maxsize=512)
def _read(name: str, wanted: str, text: str) -> Filled | None:
    calculator = calculator_of(name)
    try:
        return fill(replace(calculator, inputs=(calculator.input(wanted),)), note_text(text)).filled.get(wanted)
    except BadInput:
        # A note that cannot be read (another language, empty) says nothing here; it stays in the record.
        return None


def _too_old(declared: Input, note: Note, ctx: ToolContext) -> bool:
    moment = start_of(note.at) if note.at else None
    limit = declared.max_age_days
    return limit is not None and (moment is None or (ctx.now - moment).days > limit)


def _at(evidence: Evidence, ctx: ToolContext) -> Evidence:
    """The same evidence in the slot of this step."""
    return Evidence(**{**evidence.model_dump(exclude={"id", "kind", "slot", "source"}), "source": evidence.source,
                       "slot": ctx.slot})  # fmt: skip


def _stated(told: Filled, declared: Input, note: Note, ctx: ToolContext) -> Evidence:
    mention, raw = told.mention, told.value
    assert mention is not None
    value, unit, bounds, comparator = raw, None, None, None
    if isinstance(raw, Mapping):
        value, unit, comparator = raw.get("value"), raw.get("unit"), raw.get("comparator")
        bounds = _ends(raw)
    shown = declared.choices.get(value, value) if isinstance(value, str) else value
    words = " ".join(text for text in (told.converted, told.inferred) if text)
    start, end = mention.start, mention.end
    if isinstance(value, bool):
        # "haemoptysis" alone would not show that it was denied.
        start, end = note_text(note.text).stated(start)
    return Evidence(
        slot=ctx.slot,
        value=value,
        unit=unit,
        range=bounds,
        comparator=comparator,
        display=show_value(shown, unit, bounds, comparator) + (f" ({words})" if words else ""),
        effective_at=note.at,
        patient=ctx.patient,
        source=Statement(
            by=note.author,
            reference=note.reference,
            start=start,
            end=end,
            quote=note.text[start:end],
            assertion=mention.assertion,
        ),
    )


def _ends(raw: Mapping[str, Any]) -> tuple[float, float] | None:
    ends = raw.get("range")
    return (float(ends[0]), float(ends[1])) if ends is not None else None


TOOLS = (record_input,)
