"""What the lists share: how many there are and how many are shown, how old each is, what was left out and why."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pydantic import Field

from knowledge.evidence import Evidence
from tools.ehr.reads.reading import age_days, nothing, plural
from tools.ehr.record import Entry, Slice
from tools.spec import Params, ToolOutput

if TYPE_CHECKING:
    from tools.context import ToolContext

SHOWN, MOST = 50, 500


class ListParams(Params):
    """How many to show."""

    limit: int = Field(default=SHOWN, ge=1, le=MOST, description="how many to show, newest first")


def ago(ctx: ToolContext, entry: Entry) -> str:
    """How long before the clinical clock: `today`, `3 days ago`, `5 months ago`, `2 years ago`, `undated`."""
    if entry.moment is None:
        return "undated"
    days = int(age_days(entry.moment, ctx.now, entry.at))
    if days < 1:
        return "today" if entry.moment.date() == ctx.now.date() else "within 24 hours"
    if days < 60:
        return f"{plural(days, 'day')} ago"
    return f"{plural(days // 30, 'month')} ago" if days < 730 else f"{plural(int(days / 365.25), 'year')} ago"


def dated(ctx: ToolContext, entry: Entry) -> str:
    """Day and age of an entry."""
    return f"{entry.at[:10]}, {ago(ctx, entry)}" if entry.at else "undated"


def key(entry: Entry) -> str:
    """An entry as part of a slot's name."""
    return entry.reference.replace("/", "-")


def left_out(entries: Iterable[Entry]) -> list[str]:
    """Entries that do not count, one line each."""
    return [
        f"left out, {entry.verdict.reason}: {entry.text or entry.reference} ({entry.reference})" for entry in entries
    ]


def listed(
    ctx: ToolContext,
    parts: Iterable[Slice],
    items: list[Evidence],
    total: int,
    word: str,
    *,
    shown: int | None = None,
    query: str = "",
    tail: str = "",
    flags: Iterable[str] = (),
    problems: Iterable[str] = (),
    detail: dict[str, Any] | None = None,
    concept: str | None = None,
) -> ToolOutput:
    """A list as a tool's output: its head counts, its items follow.

    Args:
        parts: the slices it was made of: their queries, their problems, what they rejected.
        items: what is shown.
        total: how many there are.
        word: what one of them is called.
        shown: how many are shown, where an item is not one piece of evidence.
        tail: what else the head says.
    """
    slices = list(parts)
    trouble = list(dict.fromkeys([*(text for part in slices for text in part.problems), *problems]))
    given = len(items) if shown is None else shown
    if total == 0:
        head = f"no {word} found in the record as of {ctx.now.date().isoformat()}"
    elif given < total:
        head = f"{given} of {plural(total, word)} shown, newest first"
    else:
        head = plural(total, word)
    rejected = [entry for part in slices for entry in part.rejected]
    if rejected:
        reasons = ", ".join(dict.fromkeys(entry.verdict.reason for entry in rejected))
        head += f"; {len(rejected)} left out: {reasons}"
    first = nothing(
        ctx,
        query or " and ".join(part.query for part in slices),
        head + (f"; {tail}" if tail else ""),
        value=float(total) if not trouble else None,
        unit="1" if not trouble else None,
        flags=tuple(dict.fromkeys([*flags, *left_out(rejected)[:20], *trouble])),
        complete=not trouble,
        concept=concept,
    )
    told = {"total": total, "shown": given, "complete": not trouble, **(detail or {})}
    return ToolOutput(evidence=[first, *items], warnings=trouble, detail=told)
