"""record.statistic: one statistic of a patient's results, over a window, with every result that it rests on."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from knowledge.evidence import Derivation, Evidence
from knowledge.quantity import UnitError
from knowledge.units import ucum
from tools.ehr.dates import interval
from tools.ehr.facts.encounters import Stay, admission, open_stays, stays_of
from tools.ehr.facts.results import Result, Results, results_of
from tools.ehr.facts.results_named import results_named
from tools.ehr.facts.specimens import BLOOD
from tools.ehr.facts.statistics import Comparison, Outcome, Statistic, grouped, statistic_of
from tools.ehr.facts.windows import EVER, Window, hours_of
from tools.ehr.reads.reading import concept_of, fact, literal, nothing, plural, record_of, words_of
from tools.errors import BadInput, NotAssessable
from tools.spec import Params, ToolOutput, tool

if TYPE_CHECKING:
    from tools.context import ToolContext

SHOWN = 50
_NAMES = {
    "latest": "newest",
    "first": "oldest",
    "minimum": "lowest",
    "maximum": "highest",
    "percent_change": "change in per cent",
    "first_abnormal": "first abnormal",
    "last_abnormal": "last abnormal",
    "count": "number of results",
}


class WindowParams(Params):
    """A window of time: between two dates, back from the clinical clock, or an encounter's."""

    since: str | None = Field(default=None, description="from this date or time on, ISO 8601")
    until: str | None = Field(default=None, description="before this date or time, ISO 8601")
    last: Any = Field(default=None, description='back from the clinical clock: "24 h", "7 d" or {value, unit}')
    encounter: str | None = Field(
        default=None, description='"current": since the admission that goes on, or Encounter/ID'
    )


class StatisticParams(WindowParams):
    """What is measured, which statistic, over which window."""

    concept: str | None = Field(default=None, description="concept id, for example potassium")
    code: str | None = Field(default=None, description="a code as the record has it: loinc:2823-3, SYSTEM|CODE or CODE")
    name: str | None = Field(default=None, description="the test as the record names it, where it has no concept here")
    statistic: Statistic = Field(description="what is worked out")
    n: int = Field(default=1, description="for nth: 1 is the oldest result, -1 the newest")
    unit: str | None = Field(default=None, description="UCUM unit of the answer")
    material: str | None = Field(default=None, description="only results of this material, for example capillary blood")
    op: str | None = Field(default=None, description="only results for which it holds: one of >= > <= < ==")
    value: Any = Field(default=None, description="the limit that goes with op: {value, unit} or RECOMMENDATION.NAME")
    per: Literal["day", "month", "year"] | None = Field(default=None, description="one value for each")


@tool("record.statistic", version="1.0.0", kind="record", title="Statistic of results")
async def statistic(params: StatisticParams, ctx: ToolContext) -> ToolOutput:
    """Newest, oldest, nth, mean, median, lowest, highest, sum, number, change or abnormal results of one test.

    The first evidence is the value (or why there is none), the rest are the results it rests on. Results of different
    materials are not taken together, comparators stay, and what was left out is named with its reason.
    """
    results = await _results(params, ctx)
    window = await window_of(params, ctx)
    unit, where = _unit(params.unit), _comparison(params, ctx, results)
    more: dict[str, Any] = {"unit": unit, "material": params.material, "n": params.n, "where": where}
    found = statistic_of(results, params.statistic, window=window, **more)
    shown = found.used[:SHOWN]
    items = [result_fact(ctx, item, f"{ctx.slot}.{number}", results.concept.id) for number, item in enumerate(shown, 1)]
    head = _head(ctx, params, results, found, window, items)
    detail: dict[str, Any] = {
        "statistic": params.statistic,
        "window": {"since": _iso(window.since), "until": _iso(window.until), "label": window.label},
        "n": found.n,
        "shown": len(shown),
        "complete": results.complete,
        "material": found.material,
        "left_out": [vars(item) for item in found.left_out],
        "parts": [_row(part) for part in found.parts],
    }
    if params.per is not None:
        rows = [item for item in results.found if window.holds(item.at)]
        by = grouped(rows, params.statistic, params.per, analyte=results.concept.id, **more)
        detail["per"] = {key: _row(value) for key, value in by.items()}
    return ToolOutput(
        evidence=[head, *items], detail=detail, warnings=[] if results.complete else ["incomplete answer"]
    )


async def _results(params: StatisticParams, ctx: ToolContext) -> Results:
    given = [text for text in (params.concept, params.code, params.name) if text]
    if not given or (params.concept and len(given) > 1):
        raise BadInput(
            "say what was measured in one way",
            found=", ".join(given) or "nothing",
            expected="a concept, or a code or name of the record",
            action="give one of them",
        )
    record = record_of(ctx)
    if params.concept:
        return await results_of(record, concept_of(ctx, params.concept))
    name = params.name or str(params.code)
    names = [params.name] if params.name and not params.code else []
    return await results_named(record, name, codes=[params.code] if params.code else [], names=names)


async def window_of(params: WindowParams, ctx: ToolContext) -> Window:
    """The window that parameters name.

    Raises:
        BadInput: a date or length of time that is none, or two windows at once.
        NotAssessable: no admission goes on, or there is no such encounter.
    """
    kinds = [name for name in ("last", "encounter") if getattr(params, name)]
    if ((params.since or params.until) and kinds) or len(kinds) > 1:
        raise BadInput(
            "two windows at once",
            found=", ".join(kinds),
            expected="dates, a length of time or an encounter",
            action="give one of them",
        )
    if params.last:
        return back(params.last, ctx)
    if params.encounter:
        return await encounter_window(params.encounter, ctx)
    if not (params.since or params.until):
        return EVER
    since, until = _moment(params.since, "since"), _moment(params.until, "until")
    label = " ".join(
        part for part in (f"from {params.since}" if since else "", f"before {params.until}" if until else "") if part
    )
    return Window(since, until, label)


def back(length: Any, ctx: ToolContext) -> Window:
    """The window of a length of time up to the clinical clock.

    Raises:
        BadInput: it is no length of time.
    """
    quantity = length
    if isinstance(length, str):
        number, _, unit = length.strip().partition(" ")
        quantity = {"value": number, "unit": ucum(unit.strip() or "d")}
    found = literal(quantity, ctx, "d")
    try:
        hours = hours_of(found)
    except UnitError as error:
        raise BadInput(
            f"{found.display} is no length of time", found=found.unit, expected="h, d, wk, mo or a", action="correct it"
        ) from error
    return Window(ctx.now - timedelta(hours=hours), None, f"last {found.display}")


async def encounter_window(name: str, ctx: ToolContext) -> Window:
    """From the beginning of an encounter to its end; `current`: of the admission that goes on, else of the visit.

    Raises:
        NotAssessable: none goes on, or there is no such encounter.
    """
    stays = await stays_of(record_of(ctx))
    if name in ("current", "admission"):
        going = open_stays(stays, ctx.now)
        stay = admission(stays, ctx.now) or (going[0] if going and name == "current" else None)
        if stay is None:
            raise NotAssessable(
                f"no {'encounter' if name == 'current' else 'admission'} goes on at {ctx.now.date().isoformat()}",
                found=f"{plural(len(stays), 'encounter')} in the record",
                expected="an encounter that has begun and not ended",
                action="name the encounter or give dates",
            )
        window = _bounded(stay)
        return Window(window.since, None, f"since {stay.setting} admission on {(stay.start or '')[:10]}")
    reference = name if name.startswith("Encounter/") else f"Encounter/{name}"
    stay = next((item for item in stays if item.entry.reference == reference), None)
    if stay is None:
        raise NotAssessable(
            "no such encounter in this record",
            found=reference,
            expected=f"one of {plural(len(stays), 'encounter')}",
            action="see record.encounters",
        )
    return _bounded(stay)


def _bounded(stay: Stay) -> Window:
    """The window of a stay whose beginning is recorded: without one it would be the whole record before its end."""
    if stay.window.since is None:
        raise NotAssessable(
            "the encounter has no beginning",
            found=stay.entry.reference,
            expected="a period with a start",
            action="give dates",
        )
    return stay.window


def _moment(text: str | None, name: str) -> datetime | None:
    if text is None:
        return None
    try:
        return interval(text)[0]
    except (ValueError, OverflowError) as error:
        raise BadInput(f"{name} is no date", found=text, expected="ISO 8601", action="correct it") from error


def _unit(text: str | None) -> str | None:
    return ucum(text) if text else None


def _comparison(params: StatisticParams, ctx: ToolContext, results: Results) -> Comparison | None:
    if params.op is None:
        return None
    if params.op not in (">=", ">", "<=", "<", "=="):
        raise BadInput("no such comparison", found=params.op, expected=">= > <= < ==", action="correct op")
    bare = not isinstance(params.value, dict) and not isinstance(params.value, str) and results.concept.unit is None
    return Comparison(params.op, literal(params.value, ctx, results.concept.unit or "1"), bare=bare)


def result_fact(ctx: ToolContext, item: Result, slot: str, concept: str) -> Evidence:
    """A result as evidence, as recorded."""
    material = (f"measured in {item.material}",) if item.material else ()
    return fact(
        ctx,
        item.entry,
        item.value,
        item.display or item.problem or "no value",
        path=item.path,
        slot=slot,
        flags=(*item.flags, *material),
        concept=concept,
        coding=item.coding,
        unit=item.unit,
        comparator=item.comparator,
        range=item.range,
    )


def _head(
    ctx: ToolContext,
    params: StatisticParams,
    results: Results,
    found: Outcome,
    window: Window,
    items: list[Evidence],
) -> Evidence:
    name = words_of(results.concept)
    what = f"{_NAMES.get(params.statistic, params.statistic)} of {name}"
    if params.statistic in ("latest", "first", "nth", "minimum", "maximum") or params.statistic.endswith("_abnormal"):
        what = f"{_NAMES.get(params.statistic, params.statistic)} {name}"
    over = f", {window.label}" if window.label else ""
    left = f"; {len(found.left_out)} left out: {_reasons(found)}" if found.left_out else ""
    flags = tuple(dict.fromkeys([*found.flags, *(item.reason for item in found.left_out)]))
    if not found.used:
        # Nothing was found: of a count that is the value, of all else the absence of one.
        value = 0.0 if params.statistic == "count" and results.complete else None
        told = f"{what}{over}: {'0' if value is not None else found.reason}{left}"
        return nothing(
            ctx,
            results.query,
            told,
            concept=results.concept.id,
            complete=results.complete,
            flags=flags,
            value=value,
            unit="1" if value is not None else None,
        )
    when = f" ({found.at[:10]})" if found.at else f" ({plural(found.n, 'result')})"
    display = f"{what}{over}: {found.display}{when if found.known else ''}{left}"
    if found.known and found.material not in (None, *BLOOD):
        display += f" (measured in {found.material})"
    if not results.complete:
        # Only the whole could tell: what was read is named, and is no value.
        display += " (incomplete answer: there may be more)"
        found = replace(found, value=None, bounds=None, comparator=None)
    return Evidence(
        slot=ctx.slot,
        value=found.value,
        unit=found.unit if found.known else None,
        comparator=found.comparator,
        range=found.bounds,
        display=display,
        effective_at=found.at or found.used[0].at,
        patient=ctx.patient,
        concept=results.concept.id,
        source=Derivation(
            tool="record.statistic",
            version="1.0.0",
            inputs=tuple(item.id for item in items),
            steps=(f"{params.statistic} of {plural(found.n, 'result')}{over}",),
            missing=tuple(dict.fromkeys(f"{item.reference}: {item.reason}" for item in found.left_out)),
            warnings=found.flags,
        ),
    )


def _reasons(found: Outcome) -> str:
    counts: dict[str, int] = {}
    for item in found.left_out:
        counts[item.reason] = counts.get(item.reason, 0) + 1
    return ", ".join(f"{count} {reason}" if len(found.left_out) > 1 else reason for reason, count in counts.items())


def _row(found: Outcome) -> dict[str, Any]:
    return {
        "value": found.value,
        "unit": found.unit,
        "comparator": found.comparator,
        "range": found.bounds,
        "n": found.n,
        "material": found.material,
        "shown": found.display,
        "at": found.at,
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


__all__ = ["WindowParams", "back", "encounter_window", "result_fact", "statistic", "window_of"]
