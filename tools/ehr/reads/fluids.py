"""record.fluids: intake, output and balance over a window, kind by kind."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from knowledge.evidence import Derivation, Evidence
from knowledge.units import number
from tools.ehr.facts.fluids import GAP_HOURS, Fluids, Side, fluids_of, span_of
from tools.ehr.reads.reading import nothing, plural, record_of
from tools.ehr.reads.statistics import WindowParams, back, result_fact, window_of
from tools.spec import ToolOutput, tool

if TYPE_CHECKING:
    from tools.context import ToolContext

SHOWN = 200


@tool("record.fluids", version="1.0.0", kind="record", title="Intake and output")
async def fluids(params: WindowParams, ctx: ToolContext) -> ToolOutput:
    """Fluid balance over a window (the last 24 hours unless said otherwise): volumes in mL, intake, output, each kind.

    No balance unless both sides are charted; gaps in the charting, entries left out and the record's own totals are
    named.
    """
    record = record_of(ctx)
    window = await window_of(params, ctx)
    if window.open:
        window = back("24 h", ctx)
    found = await fluids_of(record, window)
    entries = [*found.intake.used, *found.output.used]
    items = [
        result_fact(ctx, item, f"{ctx.slot}.{n}", "intake" if item in found.intake.used else "output")
        for n, item in enumerate(entries[:SHOWN], 1)
    ]
    flags = list(_flags(found, ctx.now))
    balance = found.balance
    sides = [_side(ctx, found, side, items, entries) for side in (found.intake, found.output)]
    over = window.label or "over the whole record"
    told = "; ".join(_told(side) for side in (found.intake, found.output))
    if not entries and not found.intake.totals and not found.output.totals:
        head = nothing(
            ctx,
            f"{found.part.query}&intake and output",
            f"no intake or output charted, {over}",
            complete=found.part.complete,
            flags=tuple(flags),
            concept="fluid_balance",
        )
        return ToolOutput(evidence=[head], warnings=[*found.part.problems], detail=_detail(found, ctx.now))
    if balance is None:
        shown = f"fluid balance, {over}: not worked out: {told}"
    else:
        shown = f"fluid balance, {over}: {'+' if balance > 0 else ''}{number(balance, 6)} mL ({told})"
    if not found.part.complete:
        balance, shown = None, f"{shown} (incomplete answer: there may be more)"
    head = Evidence(
        slot=ctx.slot,
        value=balance,
        unit="mL" if balance is not None else None,
        display=shown,
        effective_at=ctx.now.isoformat(),
        patient=ctx.patient,
        concept="fluid_balance",
        source=Derivation(
            tool="record.fluids",
            version="1.0.0",
            inputs=tuple(item.id for item in sides),
            steps=("intake minus output",),
            warnings=tuple(flags),
        ),
    )
    return ToolOutput(
        evidence=[head, *sides, *items],
        warnings=[*found.part.problems, *flags],
        detail=_detail(found, ctx.now) | {"total": len(entries), "shown": len(items)},
    )


def _side(ctx: ToolContext, found: Fluids, side: Side, items: list[Evidence], entries: list[Any]) -> Evidence:
    """One side's sum as evidence, with the entries it rests on."""
    used = {id(item) for item in side.used}
    inputs = tuple(item.id for item, entry in zip(items, entries, strict=False) if id(entry) in used)
    kinds = "; ".join(f"{name} {outcome.display}" for name, outcome in _largest(side))
    value = side.ml if found.part.complete else None
    return Evidence(
        slot=f"{ctx.slot}.{side.name}",
        value=value,
        unit="mL" if value is not None else None,
        display=f"{_told(side)}{': ' + kinds if kinds else ''}",
        effective_at=ctx.now.isoformat(),
        patient=ctx.patient,
        concept=f"fluid_{side.name}",
        source=Derivation(
            tool="record.fluids",
            version="1.0.0",
            inputs=inputs,
            steps=tuple(f"{name}: sum of {plural(outcome.n, 'entry')}" for name, outcome in _largest(side)),
            missing=tuple(f"{item.reference}: {item.reason}" for item in side.left_out),
        ),
    )


def _largest(side: Side) -> list[tuple[str, Any]]:
    return sorted(side.kinds.items(), key=lambda pair: -float(pair[1].value or 0))


def _told(side: Side) -> str:
    if not side.kinds:
        return f"{side.name} not charted"
    count = plural(len(side.used), "entry")
    return f"{side.name} {number(side.ml, 6)} mL in {count}" if side.ml is not None else f"{side.name} in bounds only"


def _flags(found: Fluids, now: datetime) -> Iterator[str]:
    """What makes the charting incomplete."""
    since, until = span_of(found.window, now)
    for side in (found.intake, found.output):
        for first, last in side.gaps(since, until):
            hours = number(round((last - first).total_seconds() / 3600, 1))
            yield f"no {side.name} charted for {hours} h from {first.isoformat()[:16].replace('T', ' ')}"
        if side.left_out:
            reasons = ", ".join(dict.fromkeys(item.reason for item in side.left_out))
            yield f"{plural(len(side.left_out), 'entry')} of {side.name} left out: {reasons}"
        for item in side.totals:
            yield f"the record's own total, not added: {item.entry.text} {item.display} ({(item.at or '')[:16]})"


def _detail(found: Fluids, now: datetime) -> dict[str, Any]:
    since, until = span_of(found.window, now)

    def side(item: Side) -> dict[str, Any]:
        return {
            "ml": item.ml,
            "kinds": {name: {"ml": outcome.value, "n": outcome.n} for name, outcome in _largest(item)},
            "left_out": [vars(row) for row in item.left_out],
            "gaps": [[first.isoformat(), last.isoformat()] for first, last in item.gaps(since, until)],
            "totals": [{"name": row.entry.text, "shown": row.display, "at": row.at} for row in item.totals],
        }

    return {
        "window": {"since": since.isoformat() if since else None, "until": until.isoformat()},
        "balance_ml": found.balance,
        "intake": side(found.intake),
        "output": side(found.output),
        "gap_hours": GAP_HOURS,
        "complete": found.part.complete,
    }
