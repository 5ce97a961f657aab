"""record.procedures and record.immunizations: what was done, and what was not, with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from tools.ehr.compartment import walk
from tools.ehr.elements import words
from tools.ehr.reads.listing import ListParams, dated, key, listed
from tools.ehr.reads.reading import concept_of, fact, main_concept, record_of
from tools.ehr.record import Entry, Slice
from tools.spec import ToolOutput, tool

if TYPE_CHECKING:
    from tools.context import ToolContext


class EventParams(ListParams):
    """Which ones."""

    concept: str | None = Field(default=None, description="only what is this concept")
    text: str | None = Field(default=None, description="only what is named with these words")


def _narrowed(ctx: ToolContext, part: Slice, params: EventParams) -> Slice:
    if params.concept is None and params.text is None:
        return part
    record = record_of(ctx)
    wanted = concept_of(ctx, params.concept).id if params.concept else None

    def fits(entry: Entry) -> bool:
        named = params.text is None or params.text.casefold() in entry.text.casefold()
        return named and (wanted is None or record.match(wanted, entry) is not None)

    return Slice(
        part.query,
        [entry for entry in part.entries if fits(entry)],
        [entry for entry in part.rejected if fits(entry)],
        part.problems,
    )


def reasons(entry: Entry) -> str:
    """Why it was not done, in the record's words."""
    return ", ".join(words(item) for item in walk(entry.resource, "statusReason") if words(item))


@tool("record.procedures", version="1.0.0", kind="record", title="Procedures")
async def procedures(params: EventParams, ctx: ToolContext) -> ToolOutput:
    """Every procedure done, newest first: name, site, when, by whom, outcome; those not done are named as such."""
    record = record_of(ctx)
    part = _narrowed(ctx, await record.slice("Procedure"), params)
    items = [
        fact(
            ctx,
            entry,
            True,
            _procedure(ctx, entry),
            path="Procedure.code",
            slot=f"{ctx.slot}.{key(entry)}",
            concept=main_concept(ctx.terminology, entry),
        )
        for entry in part.entries[: params.limit]
    ]
    flags = [
        f"not done: {entry.text}{': ' + reasons(entry) if reasons(entry) else ''}"
        for entry in part.rejected
        if entry.verdict.reason == "not done"
    ]
    return listed(ctx, [part], items, len(part.entries), "procedure", flags=flags, concept=params.concept)


def _procedure(ctx: ToolContext, entry: Entry) -> str:
    body = entry.resource
    sites = [words(item) for item in walk(body, "bodySite") if words(item)]
    by = [str(name) for name in walk(body, "performer.actor.display")]
    more = [text for text in entry.verdict.flags if text != "completed"]
    parts = [entry.text or entry.reference, *sites, *more]
    text = f"{', '.join(parts)} ({dated(ctx, entry)})"
    outcome = words(body.get("outcome"))
    complications = [words(item) for item in walk(body, "complication") if words(item)]
    text += f"; outcome: {outcome}" if outcome else ""
    text += f"; complication: {', '.join(complications)}" if complications else ""
    return text + (f"; by {', '.join(by)}" if by else "")


@tool("record.immunizations", version="1.0.0", kind="record", title="Immunisations")
async def immunizations(params: EventParams, ctx: ToolContext) -> ToolOutput:
    """Every immunisation, newest first, with dose number and disease; those not done are items too, with the reason."""
    record = record_of(ctx)
    part = _narrowed(ctx, await record.slice("Immunization"), params)
    missed = [entry for entry in part.rejected if entry.verdict.reason == "not done"]
    rest = Slice(
        part.query,
        part.entries,
        [entry for entry in part.rejected if entry.verdict.reason != "not done"],
        part.problems,
    )
    shown = part.entries[: params.limit]
    items = [_vaccine(ctx, entry, given=True) for entry in shown]
    items += [_vaccine(ctx, entry, given=False) for entry in missed]
    tail = f"{len(missed)} not done" if missed else ""
    return listed(
        ctx,
        [rest],
        items,
        len(part.entries),
        "immunisation",
        shown=len(shown),
        tail=tail,
        detail={"immunizations": [_row(entry) for entry in (*shown, *missed)]},
        concept=params.concept,
    )


def _vaccine(ctx: ToolContext, entry: Entry, *, given: bool) -> Any:
    row = _row(entry)
    told = entry.text or entry.reference
    if row["dose"]:
        told += f", dose {row['dose']}" + (f" of {row['doses']}" if row["doses"] else "")
    if row["diseases"]:
        told += f", against {', '.join(row['diseases'])}"
    flags = [text for text in entry.verdict.flags if text not in ("completed", "not done")]
    if entry.resource.get("primarySource") is False:
        flags.append("as reported, not from the vaccinator")
    told += f"; {', '.join(flags)}" if flags else ""
    if entry.at is None and isinstance(stated := entry.resource.get("occurrenceString"), str):
        told += f"; when: {stated}"
    if not given:
        told = f"not done: {told}" + (f": {row['reason']}" if row["reason"] else "; reason not stated")
    return fact(
        ctx,
        entry,
        given,
        f"{told} ({dated(ctx, entry)})",
        path="Immunization.vaccineCode" if given else "Immunization.status",
        slot=f"{ctx.slot}.{key(entry)}",
        flags=tuple(flags),
        concept=main_concept(ctx.terminology, entry),
    )


def _row(entry: Entry) -> dict[str, Any]:
    body = entry.resource
    applied = [item for item in walk(body, "protocolApplied") if isinstance(item, dict)]
    protocol = applied[0] if applied else {}
    return {
        "reference": entry.reference,
        "vaccine": entry.text,
        "status": body.get("status"),
        "at": entry.at,
        "dose": protocol.get("doseNumberPositiveInt") or protocol.get("doseNumberString"),
        "doses": protocol.get("seriesDosesPositiveInt") or protocol.get("seriesDosesString"),
        "diseases": list(
            dict.fromkeys(words(item) for row in applied for item in walk(row, "targetDisease") if words(item))
        ),
        "reason": reasons(entry) or None,
        "subpotent": bool(body.get("isSubpotent")),
        "codes": [coding.short for coding in entry.codings],
    }
