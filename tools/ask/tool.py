"""record.ask and record.ask_value: a question in plain words, put to one record without a model.

The first reads the question and holds every entry its answer rests on, each with a slot of its own; the second works
the answer out of them. So a correction of one entry makes a new answer, and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from knowledge.evidence import Derivation, Evidence, FhirElement, Value
from tools.ask.asking import Asked, asked, label
from tools.ask.events import Event
from tools.ask.query import Person, Unread
from tools.ask.rows import Row, row_name
from tools.ask.run_base import TOOL, VERSION, Answer, Value_
from tools.ask.said import said
from tools.ehr.reads.reading import plural, record_of
from tools.errors import NotAssessable
from tools.spec import Params, ToolOutput, ToolSpec, tool

if TYPE_CHECKING:
    from tools.context import ToolContext
    from tools.ehr.record import PatientRecord

SHOWN = 50
VALUE_TOOL = "record.ask_value"
_NOTES = "notes may say it as well as the lists of the record"


class AskParams(Params):
    """The question."""

    question: str = Field(min_length=1, description='for example "mean potassium over the last 24 h"')


class AskedRow(BaseModel):
    """An entry the answer rests on, as the consultation holds it."""

    model_config = ConfigDict(extra="forbid")

    id: str
    name: str
    value: Value = None
    unit: str | None = None
    comparator: str | None = None
    corrected: bool = False


class ValueParams(AskParams):
    """The question, and the entries its answer rests on."""

    rows: list[AskedRow] = Field(default_factory=list, description="what record.ask found")


@tool(TOOL, version=VERSION, kind="record", title="Question to the record")
async def record_ask(params: AskParams, ctx: ToolContext) -> ToolOutput:
    """Read a question about windows, counts, statistics, changes, times or names, and find what answers it.

    The first evidence says how the question was read (or is unknown, with why); the rest are the entries the answer
    rests on.
    """
    record = record_of(ctx)
    found = await asked(record, params.question, ctx.now, ctx.terminology)
    refused = _refused(found, record)
    if refused is not None:
        return ToolOutput(evidence=[_head(ctx, None, refused[1], refused[0])])
    assert found.answer is not None and found.runner is not None and not isinstance(found.query, Unread)
    rows = [
        found.runner.row(event).model_copy(update={"slot": f"{ctx.slot}.{row_name(event)}"})
        for event in _rests_on(found.answer)
    ]
    rows = [Evidence.model_validate(row.model_dump(exclude={"id", "kind"})) for row in rows]
    if found.query.select.kind == "person":
        rows = [
            Evidence.model_validate(
                value.evidence.model_dump(exclude={"id", "kind"}) | {"slot": f"{ctx.slot}.{number}"}
            )
            for number, value in enumerate(found.answer.values, 1)
        ]
    return ToolOutput(
        evidence=[_head(ctx, float(len(rows)), said(found.query)), *rows],
        detail={"query": found.query.model_dump(mode="json", exclude_defaults=True, exclude={"question"})},
    )


@tool(VALUE_TOOL, version=VERSION, kind="record", title="Answer of the record")
async def record_ask_value(params: ValueParams, ctx: ToolContext) -> ToolOutput:
    """The answer to a question, worked out of what record.ask found, with the entries that were corrected since."""
    record = record_of(ctx)
    rows = {row.name: row for row in params.rows}
    changed = {name: Row(row.value, row.unit, row.comparator) for name, row in rows.items() if row.corrected}
    found = await asked(record, params.question, ctx.now, ctx.terminology, changed=changed)
    refused = _refused(found, record)
    if refused is not None:
        raise NotAssessable(
            "the question has no answer in this record",
            found=refused[1],
            expected="an answer that the entries give",
            action="ask for the entries themselves",
        )
    assert found.answer is not None and not isinstance(found.query, Unread)
    name = label(found.query)
    if found.query.select.kind == "person":
        evidence = [_of_person(ctx, name, row) for row in params.rows]
    else:
        evidence = [_value(ctx, name, value, rows, found.answer) for value in found.answer.values]
    return ToolOutput(evidence=_listed(ctx, name, evidence, found.answer.notes))


def _refused(found: Asked, record: PatientRecord) -> tuple[str, str] | None:
    """Why there is no answer: the kind of reason, and the reason."""
    query = found.query
    if isinstance(query, Unread):
        return query.reason, query.said or "not understood"
    if query.everyone:
        return "everyone", "it asks about more than this patient: osler ehr ask, without a patient, answers that"
    if not _of_this_patient(query.person, record):
        return "everyone", "it names a patient who is not the one of this consultation"
    if found.answer is None:
        return "notes", _NOTES
    stays = query.select.kind in ("stay", "icu")
    if stays and not found.answer.problem and not any(value.events for value in found.answer.values):
        # A visit to a clinic or an emergency department is an encounter and no stay: "none" would be read of these too.
        return "not_recorded", f"{label(query)}: no such hospital stay is recorded"
    if found.answer.problem:
        kind = "incomplete" if "not complete" in found.answer.problem else "not_recorded"
        return kind, f"{label(query)}: {found.answer.problem}"
    return None


def _of_this_patient(person: Person, record: PatientRecord) -> bool:
    if person.id and person.id not in record.ids:
        known = {str(row.get("value")) for row in record.patient.get("identifier") or []}
        return person.id in known
    if person.name:
        parts = [
            str(part).casefold()
            for row in record.patient.get("name") or []
            for part in [*(row.get("given") or []), row.get("family") or "", row.get("text") or ""]
        ]
        held = {word for part in parts for word in part.split()}
        titles = {"mr", "mrs", "ms", "miss", "dr"}
        return {word.strip(".") for word in person.name.casefold().split()} - titles <= held
    return True


def _rests_on(answer: Answer) -> list[Event]:
    events: dict[str, Event] = {}
    for event in [event for value in answer.values for event in value.events] + answer.considered[::-1]:
        if len(events) < SHOWN:
            events.setdefault(row_name(event), event)
    return list(events.values())


def _head(ctx: ToolContext, value: Value, shown: str, reason: str = "") -> Evidence:
    return Evidence(
        slot=ctx.slot,
        value=value,
        unit="1" if value is not None else None,
        display=shown,
        patient=ctx.patient,
        source=FhirElement(reference=None, query=f"Patient/{ctx.patient}", flags=(reason,) if reason else ()),
    )


def _derived(
    ctx: ToolContext, slot: str, name: str, value: Value, shown: str, inputs: list[str], **more: Any
) -> Evidence:
    steps = more.pop("steps", (shown,))
    return Evidence(
        slot=slot,
        value=value,
        display=shown,
        patient=ctx.patient,
        concept=name,
        source=Derivation(tool=TOOL, version=VERSION, inputs=tuple(dict.fromkeys(inputs)), steps=steps),
        **more,
    )


def _value(ctx: ToolContext, name: str, value: Value_, rows: dict[str, AskedRow], answer: Answer) -> Evidence:
    source = value.evidence.source
    names = [row_name(event) for event in value.events]
    beside = [row_name(event) for event in answer.considered]
    inputs = [rows[key].id for key in [*names, *beside] if key in rows]
    unlisted = [key for key in names if key not in rows]
    steps = source.steps if isinstance(source, Derivation) else (value.display,)
    more = (f"and {plural(len(unlisted), 'entry')} more",) if unlisted else ()
    said_already = value.display.startswith(tuple(str(event.written) for event in value.events))
    element = not isinstance(source, Derivation) and len(value.events) == 1 and not said_already
    dated = element and value.evidence.effective_at and str(value.evidence.effective_at) not in value.display
    return _derived(
        ctx,
        ctx.slot,
        name,
        value.value,
        value.display,
        inputs,
        unit=value.unit,
        comparator=value.evidence.comparator,
        range=value.evidence.range,
        effective_at=value.evidence.effective_at if dated else None,
        steps=(*steps, *more),
    )


def _of_person(ctx: ToolContext, name: str, row: AskedRow) -> Evidence:
    from knowledge.evidence import show_value

    return _derived(ctx, ctx.slot, name, row.value, show_value(row.value, row.unit), [row.id], unit=row.unit)


def _listed(ctx: ToolContext, name: str, found: list[Evidence], notes: list[str]) -> list[Evidence]:
    """One value fills the slot; of several the head says how many there are."""
    aside = "".join(f"; {note}" for note in dict.fromkeys(notes))
    if len(found) == 1:
        fields = found[0].model_dump(exclude={"id", "kind"}) | {"display": found[0].display + aside}
        return [Evidence.model_validate(fields)]
    items = [
        Evidence.model_validate(item.model_dump(exclude={"id", "kind"}) | {"slot": f"{ctx.slot}.{number}"})
        for number, item in enumerate(found, 1)
    ]
    inputs = [key for item in found if isinstance(item.source, Derivation) for key in item.source.inputs]
    shown = f"{len(found)} found{aside}"
    return [_derived(ctx, ctx.slot, name, float(len(found)), shown, inputs, unit="1"), *items]


TOOLS: list[ToolSpec[Any]] = [record_ask, record_ask_value]
