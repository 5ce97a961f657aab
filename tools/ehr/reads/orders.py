"""record.pending and record.since: orders without a result, and what is new since the last look."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import Field

from tools.ehr.compartment import local_reference, walk
from tools.ehr.dates import interval, latest, start_of
from tools.ehr.elements import words
from tools.ehr.facts.orders import Order, Orders, orders_of
from tools.ehr.facts.results import judged_by_itself
from tools.ehr.reads.imaging import conclusion
from tools.ehr.reads.listing import ListParams, dated, key, listed
from tools.ehr.reads.reading import fact, main_concept, plural, record_of
from tools.ehr.record import Entry, Slice
from tools.ehr.search.texts import value_of
from tools.errors import BadInput
from tools.spec import ToolOutput, tool

if TYPE_CHECKING:
    from tools.context import ToolContext


@tool("record.pending", version="1.0.0", kind="record", title="Pending orders")
async def pending(params: ListParams, ctx: ToolContext) -> ToolOutput:
    """Current orders without a final result, newest first: what, when, how urgent, how far; then registered results.

    A result counts for an order that it names; else the next one of the same code, for one order, and that is said.
    """
    found = await orders_of(record_of(ctx))
    waiting = [order for order in found.found if order.pending]
    answered = [order for order in found.found if not order.pending]
    shown = waiting[: params.limit]
    items = [
        fact(
            ctx,
            order.entry,
            True,
            f"{order.entry.text or order.entry.reference}{_urgency(order.entry)}, ordered {dated(ctx, order.entry)}"
            f": {order.state}",
            path="ServiceRequest.code",
            slot=f"{ctx.slot}.{key(order.entry)}",
            concept=main_concept(ctx.terminology, order.entry),
        )
        for order in shown
    ]
    begun = _registered(found, waiting)
    items += [
        fact(
            ctx,
            entry,
            True,
            f"{entry.text or entry.reference}, registered {dated(ctx, entry)}: no result yet",
            path=f"{entry.type}.status",
            slot=f"{ctx.slot}.{key(entry)}",
            concept=main_concept(ctx.terminology, entry),
        )
        for entry in begun[: params.limit - len(shown)]
    ]
    by_code = sum(1 for order in answered if order.how == "same code later")
    tail = f"{plural(len(answered), 'order')} answered" if answered else ""
    tail = tail or ("" if found.found else "no current order in the record at all")
    tail += f", {by_code} of them matched only by the same code later" if by_code else ""
    rows = [
        {
            "order": order.entry.reference,
            "what": order.entry.text,
            "at": order.entry.at,
            "priority": order.entry.resource.get("priority"),
            "pending": order.pending,
            "state": order.state,
            "matched_by": order.how or None,
            "answers": [entry.reference for entry in (*order.answers, *order.early)][:20],
        }
        for order in found.found[: params.limit]
    ]
    own = found.parts["ServiceRequest"]
    held = sum("on-hold" in entry.verdict.flags for entry in own.entries)
    tail += f"{'; ' if tail else ''}{plural(held, 'order')} on hold" if held else ""
    problems = [text for part in found.parts.values() for text in part.problems]
    return listed(
        ctx,
        [own],
        items,
        len(waiting) + len(begun),
        "pending result" if begun else "pending order",
        tail=tail,
        problems=problems,
        detail={"orders": rows},
    )


def _registered(found: Orders, waiting: list[Order]) -> list[Entry]:
    """Results that their laboratory has registered and not given yet, where no order listed here stands for them."""
    named = {entry.reference for order in waiting for entry in (*order.answers, *order.early)}
    names = {order.entry.text.casefold() for order in waiting if order.entry.text}
    return [
        entry
        for kind in ("Observation", "DiagnosticReport")
        if (part := found.parts.get(kind)) is not None
        for entry in part.rejected
        if entry.resource.get("status") == "registered"
        and entry.reference not in named
        and entry.text.casefold() not in names
    ]


def _urgency(entry: Entry) -> str:
    priority = entry.resource.get("priority")
    return f" ({priority})" if priority in ("urgent", "asap", "stat") else ""


class SinceParams(ListParams):
    """Since when."""

    since: str | None = Field(
        default=None, description="the time of the last look, ISO 8601; default 24 hours before the clinical clock"
    )


@tool("record.since", version="1.0.0", kind="record", title="New results since")
async def since(params: SinceParams, ctx: ToolContext) -> ToolOutput:
    """Results and reports that became known since a time, newest first; abnormal, corrected and early ones marked.

    Known is when it was issued; where that is missing when the server stored it; else when it is dated: it says which.
    """
    try:
        start = interval(params.since)[0] if params.since else ctx.now - timedelta(hours=24)
    except (ValueError, OverflowError) as error:
        raise BadInput("since is no date", found=params.since, expected="ISO 8601", action="correct it") from error
    record = record_of(ctx)
    parts = [await record.slice(kind) for kind in ("Observation", "DiagnosticReport")]
    rows: list[tuple[datetime, str, Entry]] = []
    undated = 0
    for entry in (entry for part in parts for entry in part.entries):
        when, how = known(entry, ctx.now)
        if when is None:
            undated += 1
        elif when >= start or (how == "dated" and (latest(entry.at) or when) >= start):
            rows.append((when, how, entry))
    rows.sort(key=lambda row: (row[0], row[2].reference), reverse=True)
    given = {entry.reference for _, _, entry in rows}
    rows = [row for row in rows if not _silent(row[2], record.client.base, given)]
    shown = rows[: params.limit]
    items = [_item(ctx, when, how, entry) for when, how, entry in shown]
    marked = sum(1 for _, _, entry in rows if judged_by_itself(entry.resource) in ("high", "low", "abnormal"))
    tail = "" if params.since else f"since {start.isoformat()[:16].replace('T', ' ')}, the last 24 hours"
    tail += f"{'; ' if tail else ''}{marked} called abnormal by the laboratory" if marked else ""
    tail += f"{'; ' if tail else ''}{undated} without any date, not judged" if undated else ""
    bare = [Slice(part.query, part.entries, _withdrawn(part, start), part.problems) for part in parts]
    return listed(ctx, bare, items, len(rows), "new result", tail=tail, detail={"since": start.isoformat()})


def known(entry: Entry, now: datetime) -> tuple[datetime | None, str]:
    """When a result became known, and by which element."""
    issued = start_of(entry.resource.get("issued"))
    if issued is not None:
        return issued, "issued"
    stored = start_of((entry.resource.get("meta") or {}).get("lastUpdated"))
    if stored is not None and entry.moment is not None and entry.moment <= stored <= now:
        # A store that was filled later than the clock says nothing of when a result became known.
        return stored, "stored"
    return entry.moment, "dated"


def _silent(entry: Entry, base: str, given: set[str]) -> bool:
    """Whether a report or panel says nothing itself and some of its results are listed: those are shown instead."""
    if _text(entry):
        return False
    held = (walk(entry.resource, element) for element in ("hasMember", "result"))
    targets = (local_reference(reference, base) for rows in held for reference in rows)
    return any(target is not None and "/".join(target) in given for target in targets)


def _withdrawn(part: Slice, start: datetime) -> list[Entry]:
    return [entry for entry in part.rejected if entry.moment is None or entry.moment >= start]


def _text(entry: Entry) -> str:
    return conclusion(entry) if entry.type == "DiagnosticReport" else value_of(entry.resource)


def _item(ctx: ToolContext, when: datetime, how: str, entry: Entry) -> Any:
    judged = judged_by_itself(entry.resource)
    flags = [*entry.verdict.flags, *([f"{judged} by its own flag or range"] if judged and judged != "normal" else [])]
    said = _text(entry) or "no value"
    name = entry.text or words(entry.resource.get("category")) or entry.reference
    aside = f" [{', '.join(flags)}]" if flags else ""
    shown = f"{name}: {said}{aside} ({how} {when.isoformat()[:16].replace('T', ' ')}; {dated(ctx, entry)})"
    return fact(
        ctx,
        entry,
        said,
        shown,
        path=f"{entry.type}.{'value' if entry.type == 'Observation' else 'conclusion'}",
        slot=f"{ctx.slot}.{key(entry)}",
        flags=tuple(flags),
        concept=main_concept(ctx.terminology, entry),
    )
