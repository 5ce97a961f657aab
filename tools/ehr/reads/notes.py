"""record.notes: the notes of a record, and one note in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from knowledge.evidence import Evidence, Statement
from tools.ehr.dates import start_of
from tools.ehr.reads.listing import ListParams, listed
from tools.ehr.reads.reading import age_days, plural, record_of
from tools.ehr.record import Slice
from tools.errors import BadInput
from tools.notes import Note
from tools.spec import ToolOutput, tool

if TYPE_CHECKING:
    from tools.context import ToolContext

LONGEST = 20_000


class NotesParams(ListParams):
    """Which notes."""

    reference: str | None = Field(default=None, description="one note in full: DocumentReference/ID")
    text: str | None = Field(default=None, description="only notes whose title or author holds these words")


@tool("record.notes", version="1.0.0", kind="record", title="Notes")
async def notes(params: NotesParams, ctx: ToolContext) -> ToolOutput:
    """Every note, newest first, with title, author, date and document status; one note's text where it is named.

    A sentence that addresses a machine is marked as quarantined; superseded and replaced notes are left out and named.
    """
    record = record_of(ctx)
    found = await record.notes()
    part = await record.slice("DocumentReference")
    if params.reference:
        return _one(ctx, found.notes, params.reference)
    wanted = [
        note
        for note in found.notes
        if params.text is None or params.text.casefold() in f"{note.title} {note.author or ''}".casefold()
    ]
    shown = wanted[: params.limit]
    items = [_item(ctx, note) for note in shown]
    unread = f"{plural(found.unread, 'note')} not readable as text" if found.unread else ""
    status = {entry.reference: str(entry.resource.get("docStatus") or "") or None for entry in part.entries}
    rows = [
        {
            "reference": note.reference,
            "title": note.title,
            "author": note.author,
            "at": note.at,
            "doc_status": status.get(note.reference),
            "flags": list(note.flags),
            "characters": len(note.text),
            "quarantined": len(note.quarantined),
            "evidence": item.id,
        }
        for note, item in zip(shown, items, strict=True)
    ]
    slices = [Slice(part.query, part.entries, part.rejected, found.problems)]
    return listed(ctx, slices, items, len(wanted), "note", tail=unread, detail={"notes": rows})


def _item(ctx: ToolContext, note: Note) -> Evidence:
    by = f" by {note.author}" if note.author else ", author not stated"
    moment = start_of(note.at)
    age = f", {plural(int(age_days(moment, ctx.now, note.at)), 'day')} old" if moment else ""
    flags = [*note.flags, *(["instructions to a machine quarantined"] if note.quarantined else [])]
    aside = f"; {', '.join(flags)}" if flags else ""
    return Evidence(
        slot=f"{ctx.slot}.{note.reference.replace('/', '-')}",
        value=note.title,
        display=f"{note.title}{by}, {(note.at or 'undated')[:10]}{age}{aside}",
        effective_at=note.at,
        patient=ctx.patient,
        concept="note",
        source=Statement(by=note.author, reference=note.reference),
    )


def _one(ctx: ToolContext, found: list[Note], reference: str) -> ToolOutput:
    note = next((item for item in found if item.reference == reference), None)
    if note is None:
        raise BadInput(
            "no such note in this record",
            found=reference,
            expected=f"one of {plural(len(found), 'note')}",
            action="see record.notes without a reference",
        )
    text = note.text[:LONGEST]
    warnings = [f"shown are {LONGEST} of {len(note.text)} characters"] if len(note.text) > LONGEST else []
    item = _item(ctx, note)
    spans = [list(span) for span in note.quarantined if span[0] < LONGEST]
    detail = {"reference": note.reference, "text": text, "characters": len(note.text), "quarantined": spans}
    return ToolOutput(evidence=[item], warnings=warnings, detail=detail)
