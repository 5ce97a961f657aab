"""record.encounters and record.setting: visits and stays, and where the patient is now."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from knowledge.evidence import Evidence
from tools.ehr.dates import start_of
from tools.ehr.facts.encounters import INPATIENT, Stay, admission, open_stays, stays_of
from tools.ehr.reads.listing import ListParams, ago, key, listed
from tools.ehr.reads.reading import NoParams, fact, nothing, plural, record_of
from tools.spec import ToolOutput, tool

if TYPE_CHECKING:
    from tools.context import ToolContext


_NEVER = datetime.min.replace(tzinfo=UTC)


def length(stay: Stay, ctx: ToolContext) -> str:
    """How long a stay lasted, in minutes under two hours, in hours under two days, else in days."""
    hours = stay.hours(ctx.now)
    if hours is None:
        return "length not known"
    if hours < 2:
        told = plural(round(hours * 60), "minute")
    else:
        told = plural(round(hours), "hour") if hours < 48 else plural(int(hours // 24), "day")
    return f"{told} so far" if stay.open_at(ctx.now) else told


def stay_text(stay: Stay, ctx: ToolContext) -> str:
    """An encounter in words: setting, what for, from when to when, where."""
    name = f" ({stay.name})" if stay.name else ""
    when = stay.start[:16].replace("T", " ") if stay.start else "beginning not recorded,"
    end = (
        "goes on"
        if stay.open_at(ctx.now)
        else f"to {stay.end[:16].replace('T', ' ')}"
        if stay.end
        else "end not recorded"
    )
    where = ""
    if stay.places:
        names = list(dict.fromkeys(place.name for place in stay.places))
        where = f"; {' → '.join(names[:6])}" + (f" and {len(names) - 6} more" if len(names) > 6 else "")
    return f"{stay.setting}{name}, {when} {end}, {length(stay, ctx)}{where}"


def _row(stay: Stay, ctx: ToolContext) -> dict[str, object]:
    return {
        "reference": stay.entry.reference,
        "setting": stay.setting,
        "start": stay.start,
        "end": stay.end,
        "goes_on": stay.open_at(ctx.now),
        "hours": stay.hours(ctx.now),
        "part_of": stay.part_of,
        "places": [vars(place) for place in stay.places],
    }


@tool("record.encounters", version="1.0.0", kind="record", title="Visits and stays")
async def encounters(params: ListParams, ctx: ToolContext) -> ToolOutput:
    """Every encounter, newest first: setting, beginning and end, length, wards; cancelled and planned ones left out."""
    record = record_of(ctx)
    stays = await stays_of(record)
    shown = stays[: params.limit]
    items = [
        fact(
            ctx,
            stay.entry,
            stay.setting,
            stay_text(stay, ctx),
            path="Encounter.class",
            slot=f"{ctx.slot}.{key(stay.entry)}",
            flags=("in intensive care",) if stay.icu or any(place.icu for place in stay.places) else (),
            concept="encounter",
            at=stay.start or stay.entry.at,
        )
        for stay in shown
    ]
    going = open_stays(stays, ctx.now)
    tail = f"{plural(len(going), 'encounter')} going on" if going else ""
    part = await record.slice("Encounter")
    return listed(
        ctx,
        [part],
        items,
        len(stays),
        "encounter",
        tail=tail,
        detail={"encounters": [_row(stay, ctx) for stay in shown]},
    )


@tool("record.setting", version="1.0.0", kind="record", title="Where is the patient now?")
async def setting(params: NoParams, ctx: ToolContext) -> ToolOutput:
    """Inpatient, intensive care, emergency or outpatient at the clinical clock; admission, ward and length of stay.

    Without an encounter that goes on it is unknown, never "at home": the last stay is named.
    """
    record = record_of(ctx)
    part = await record.slice("Encounter")
    stays = await stays_of(record)
    going = open_stays(stays, ctx.now)
    if not going:
        told = "no encounter goes on at the clock"
        if stays:
            last = stays[0]
            told += f"; last: {stay_text(last, ctx)}"
        else:
            told += "; no encounter in the record"
        return ToolOutput(evidence=[nothing(ctx, part.query, told, complete=part.complete)], warnings=[*part.problems])
    main = admission(stays, ctx.now) or going[0]
    inner = [stay for stay in going if stay is not main]
    places = [(place, stay) for stay in (main, *inner) if (place := stay.place(ctx.now))]
    place, held = max(places, key=lambda pair: start_of(pair[0].start) or _NEVER, default=(None, main))
    intensive = place.icu if place is not None else any(stay.icu for stay in going)
    value = "intensive care" if intensive or any(stay.icu for stay in inner) else main.setting
    told = value if value == main.setting else f"{value} ({main.setting} admission)"
    flags = []
    begun = start_of(main.start)
    if main.setting not in INPATIENT and begun is not None and (ctx.now - begun).days > 2:
        flags.append(f"open since {(main.start or '')[:10]}: may not have been closed")
    ward = (
        f", {place.name}" + (f" since {place.start[:16].replace('T', ' ')}" if place.start else "")
        if place is not None
        else ", ward not recorded"
    )
    since = f" since {main.start[:16].replace('T', ' ')}" if main.start else ", beginning not recorded"
    told += f"{since}, {length(main, ctx)}{ward}"
    items: list[Evidence] = [
        fact(
            ctx, main.entry, value, told, path="Encounter.class", flags=tuple(flags), concept="encounter", at=main.start
        )
    ]
    for stay in inner:
        items.append(
            fact(
                ctx,
                stay.entry,
                stay.setting,
                f"{stay_text(stay, ctx)} ({ago(ctx, stay.entry)})",
                path="Encounter.class",
                slot=f"{ctx.slot}.{key(stay.entry)}",
                concept="encounter",
            )
        )
    detail = {
        "setting": value,
        "admission": _row(main, ctx),
        "ward": vars(place) if place is not None else None,
        "ward_of": held.entry.reference,
        "moves": [vars(item) for stay in (main, *inner) for item in stay.places],
    }
    return ToolOutput(evidence=items, warnings=[*part.problems], detail=detail)
