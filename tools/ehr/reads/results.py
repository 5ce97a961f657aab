"""record.observation and what is worked out of a series: persistence, rise, trend."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pydantic import Field

from knowledge.evidence import Evidence, FhirElement
from knowledge.quantity import Quantity, UnitError, convert
from tools.ehr.facts.results import Result, Results, may_be_newer, results_of
from tools.ehr.reads.reading import (
    ConceptParams,
    age_days,
    concept_of,
    days_of,
    fact,
    literal,
    nothing,
    plural,
    record_of,
    words_of,
)
from tools.errors import BadInput
from tools.spec import ToolOutput, tool

if TYPE_CHECKING:
    from tools.context import ToolContext

TREND = 12
_OPERATORS = (">=", ">", "<=", "<", "==")


class ObservationParams(ConceptParams):
    """A concept and how old its result may be."""

    max_age_days: float | None = Field(default=None, gt=0, description="older results are named but not used")


@tool("record.observation", version="1.0.0", kind="record", title="Latest result")
async def observation(params: ObservationParams, ctx: ToolContext) -> ToolOutput:
    """The newest usable result as recorded, with its trend; too old or unusable results are shown but give no value."""
    results = await results_of(record_of(ctx), concept_of(ctx, params.concept))
    return ToolOutput(evidence=[latest(results, ctx, params.max_age_days)])


def latest(results: Results, ctx: ToolContext, max_age_days: float | None = None, slot: str = "") -> Evidence:
    """The newest result as evidence; see `observation`."""
    flags: list[str] = []
    name = words_of(results.concept)
    dated = [item for item in results.found if item.moment is not None]
    for item in dated or results.found:
        if item.empty:
            flags.append(f"newer result without value: {item.empty}")
            continue
        if item.elsewhere:
            flags.append(f"not used: {item.display}, measured in {item.elsewhere}")
            continue
        if _early(item) and any(other for other in _beside(dated, item) if not _early(other)):
            flags.append(f"preliminary, and a later one is there: {item.display}")
            continue
        newer = [entry for entry in results.rejected if entry.moment and item.moment and entry.moment > item.moment]
        flags += [f"newer result not used: {entry.verdict.reason}" for entry in newer]
        same = [other for other in _beside(dated, item) if _early(other) == _early(item)]
        flags += [f"preliminary, and a later one is there: {o.display}" for o in _beside(dated, item) if o not in same]
        flags += may_be_newer(item, dated)
        return _shown(results, item, same, flags, ctx, max_age_days, slot)
    reasons = [f"{entry.verdict.reason}" for entry in results.rejected]
    aside = "; ".join(dict.fromkeys([*reasons, *flags]))
    return nothing(
        ctx,
        results.query,
        f"{name} not recorded" + (f" ({aside})" if aside else ""),
        concept=results.concept.id,
        flags=tuple(dict.fromkeys([*reasons, *flags])),
        complete=results.complete,
        slot=slot,
    )


def _early(item: Result) -> bool:
    return "preliminary" in item.entry.verdict.flags


def _beside(dated: list[Result], item: Result) -> list[Result]:
    """Other results of the same moment that have a value."""
    return [o for o in dated if o is not item and o.moment == item.moment and not o.empty and not o.elsewhere]


def _shown(
    results: Results,
    item: Result,
    same: list[Result],
    flags: list[str],
    ctx: ToolContext,
    max_age_days: float | None,
    slot: str,
) -> Evidence:
    concept = results.concept
    more: dict[str, Any] = {
        "path": item.path,
        "concept": concept.id,
        "coding": item.coding,
        "trend": trend_of(results),
        "slot": slot,
    }
    flags = [*item.flags, *flags]
    if item.problem:
        shown = f"{words_of(concept)} {item.problem}: not usable"
        return fact(ctx, item.entry, None, shown, flags=(*flags, "not usable"), **more)
    other = next((one for one in same if not _agree(one, item)), None)
    if other is not None:
        shown = f"conflict: {item.display} and {other.problem or other.display} at the same time"
        return fact(ctx, item.entry, None, shown, flags=(*flags, "conflict"), **more)
    if item.moment is None:
        flags.append("undated")
        if max_age_days is not None:
            shown = f"{item.display}, undated: its age is not known"
            return fact(ctx, item.entry, None, shown, flags=tuple(flags), **more)
    elif max_age_days is not None and (age := age_days(item.moment, ctx.now, item.at)) > max_age_days:
        shown = f"last {item.display} ({_span(age)} old), older than {_span(max_age_days)}"
        return fact(ctx, item.entry, None, shown, flags=(*flags, "stale"), **more)
    return fact(
        ctx,
        item.entry,
        item.value,
        item.display,
        flags=tuple(flags),
        unit=item.unit,
        comparator=item.comparator,
        range=item.range,
        **more,
    )


def _agree(one: Result, other: Result) -> bool:
    return (one.value, one.unit, one.comparator, one.range, one.problem) == (
        other.value,
        other.unit,
        other.comparator,
        other.range,
        other.problem,
    )


def _span(days: float) -> str:
    if days < 2:
        return plural(round(days * 24), "hour")
    return plural(int(days), "day")


def trend_of(results: Results) -> tuple[dict[str, Any], ...]:
    """The last results that can be used, oldest first."""
    return tuple(
        {
            "value": item.value,
            "unit": item.unit,
            "comparator": item.comparator,
            "at": item.at,
            "reference": item.entry.reference,
        }
        for item in reversed(results.numbers[:TREND])
    )


class PersistsParams(ConceptParams):
    """A threshold and how long it must hold. `value` and `days` may name a value of the corpus."""

    op: str = Field(description="one of >= > <= < ==")
    value: Any = Field(description="threshold: {value, unit} or RECOMMENDATION.NAME")
    days: Any = Field(description="how far apart the first and the last result must be")
    max_age_days: float = Field(default=365, gt=0, description="a newest result older than this decides nothing")


@tool("record.persists", version="1.0.0", kind="record", title="Does it persist?")
async def persists(params: PersistsParams, ctx: ToolContext) -> ToolOutput:
    """True where results up to the newest satisfy a threshold over at least so many days with none failing between.

    False where the newest fails, or one failed too recently for the time to have passed; otherwise unknown.
    """
    if params.op not in _OPERATORS:
        raise BadInput(
            f"found operator {params.op!r}",
            found=params.op,
            expected=f"one of {_OPERATORS}",
            action="correct the operator",
        )
    concept = concept_of(ctx, params.concept)
    threshold, days = literal(params.value, ctx, concept.unit or "1"), days_of(params.days, ctx)
    results = await results_of(record_of(ctx), concept)
    series = results.numbers
    name = words_of(concept)
    if not series:
        return ToolOutput(
            evidence=[
                nothing(ctx, results.query, f"{name} not recorded", concept=concept.id, complete=results.complete)
            ]
        )
    verdicts = [_satisfies(item, threshold, params.op, concept.id) for item in series]
    newest = series[0]
    run = next((index for index, verdict in enumerate(verdicts) if verdict is not True), len(series))
    first = series[run - 1] if run else newest
    span = _days(newest, first)
    condition = f"{params.op} {threshold.display}"
    value: bool | None
    assert newest.moment is not None
    old = age_days(newest.moment, ctx.now, newest.at)
    if old > params.max_age_days:
        value, shown = None, f"last {name} {newest.display} ({_span(old)} old), older than {_span(params.max_age_days)}"
    elif run and span >= days:
        value, shown = True, f"{name} {condition} in {plural(run, 'result')} over {_span(span)}"
    elif not run and verdicts[0] is False:
        value, shown = False, f"newest {name} {newest.display} is not {condition}"
    elif run and run < len(series) and verdicts[run] is False and _days(newest, series[run]) <= days:
        before = _span(_days(newest, series[run]))
        value, shown = False, f"{name} {condition} for {_span(span)}, not so {before} before the newest"
    else:
        needed = f"{_span(days)} apart are needed"
        value, shown = None, f"{plural(run, 'result')} {condition} over {_span(span)}: {needed}"
    return ToolOutput(evidence=[_series_fact(ctx, results, newest, value, shown)])


def _satisfies(item: Result, threshold: Quantity, op: str, analyte: str) -> bool | None:
    """Whether a result satisfies a comparison; unknown where its comparator or unit leaves it open."""
    quantity = item.quantity
    if quantity is None:
        return None
    try:
        low, high = convert(quantity, threshold.unit, analyte).bounds
    except UnitError:
        return None
    checks = {
        ">=": lambda x: x >= threshold.value,
        ">": lambda x: x > threshold.value,
        "<=": lambda x: x <= threshold.value,
        "<": lambda x: x < threshold.value,
        "==": lambda x: x == threshold.value,
    }
    # "<0.5" never reaches its bound; at a bound both answers stay possible unless the comparison itself excludes it.
    both = {checks[op](low), checks[op](high)}
    return both.pop() if len(both) == 1 else None


def _days(later: Result, earlier: Result) -> float:
    assert later.moment is not None and earlier.moment is not None
    return (later.moment - earlier.moment) / timedelta(days=1)


def _series_fact(ctx: ToolContext, results: Results, newest: Result, value: bool | None, shown: str) -> Evidence:
    flags = () if results.complete else ("incomplete answer",)
    return Evidence(
        slot=ctx.slot,
        value=value,
        display=shown,
        effective_at=newest.at,
        patient=ctx.patient,
        concept=results.concept.id,
        source=FhirElement(
            reference=newest.entry.reference,
            version=newest.entry.version,
            path=newest.path,
            coding=newest.coding,
            query=results.query,
            complete=results.complete,
            flags=(*newest.entry.verdict.flags, *flags),
            trend=trend_of(results),
        ),
    )


class RiseParams(ConceptParams):
    """How much of a rise, within how many days; `delta` is another name for `rise`."""

    days: Any = Field(description="within how many days")
    ratio: Any = Field(default=None, description="newest over an earlier result, at least")
    rise: Any = Field(default=None, description="newest minus an earlier result, at least")
    delta: Any = Field(default=None, description="the same as rise")
    max_age_days: float = Field(default=365, gt=0, description="how far back results are looked at")
    previous_only: bool = Field(default=False, description="compare with the result just before, not with all of them")


@tool("record.rise", version="1.0.0", kind="record", title="Has it risen?")
async def rise(params: RiseParams, ctx: ToolContext) -> ToolOutput:
    """True where the newest result exceeds one of the days before it by a ratio or a difference.

    False where it does not even exceed the lowest result of the whole look-back by as much. Between the two, and with
    fewer than two results, it stays unknown.
    """
    concept = concept_of(ctx, params.concept)
    days = days_of(params.days, ctx)
    delta = params.rise if params.rise is not None else params.delta
    if params.ratio is None and delta is None:
        raise BadInput("neither ratio nor rise is given", expected="ratio or rise", action="give one of them")
    results = await results_of(record_of(ctx), concept)
    series = [
        item
        for item in results.numbers
        if item.moment and age_days(item.moment, ctx.now, item.at) <= params.max_age_days
    ]
    name = words_of(concept)
    if len(series) < 2:
        counted = f"{plural(len(series), 'result')} of {name} in {_span(params.max_age_days)}"
        shown = f"{counted}: a rise cannot be judged"
        if not series:
            empty = nothing(ctx, results.query, shown, concept=concept.id, complete=results.complete)
            return ToolOutput(evidence=[empty])
        return ToolOutput(evidence=[_series_fact(ctx, results, series[0], None, shown)])
    # A slow change of many years is no step: then only the last result before the newest is its measure.
    newest, earlier = series[0], series[1:2] if params.previous_only else series[1:]
    ratio = literal(params.ratio, ctx).value if params.ratio is not None else None
    limit = literal(delta, ctx, concept.unit or "1") if delta is not None else None
    near = [item for item in earlier if _days(newest, item) <= days]
    risen = [item for item in near if _exceeds(newest, item, ratio, limit, concept.id)]
    unclear = [item for item in earlier if _exceeds(newest, item, ratio, limit, concept.id) is not False]
    if risen:
        value: bool | None = True
        shown = f"{name} rose from {risen[0].display} to {newest.display} in {_span(_days(newest, risen[0]))}"
    elif not unclear:
        value = False
        lowest = f"lowest of {plural(len(earlier), 'earlier result')} {_lowest(earlier, concept.id).display}"
        shown = f"no such rise: {name} {newest.display}, {lowest}"
    else:
        value = None
        before = f"{unclear[0].display} {_span(_days(newest, unclear[0]))} earlier"
        shown = f"{name} {newest.display}, {before}: when it rose is not known"
    return ToolOutput(evidence=[_series_fact(ctx, results, newest, value, shown)])


def _exceeds(newer: Result, older: Result, ratio: float | None, limit: Quantity | None, analyte: str) -> bool | None:
    first, second = newer.quantity, older.quantity
    if first is None or second is None or first.comparator or second.comparator:
        return None
    try:
        before = convert(second, first.unit, analyte).value
        tests = []
        if ratio is not None:
            tests.append(first.value >= ratio * before - 1e-9 if before > 0 else None)
        if limit is not None:
            tests.append(first.value - before >= convert(limit, first.unit, analyte).value - 1e-9)
    except UnitError:
        return None
    return True if True in tests else None if None in tests else False


def _lowest(series: list[Result], analyte: str) -> Result:
    """The lowest of results that convert to each other's units."""

    def size(item: Result) -> float:
        assert item.quantity is not None
        return convert(item.quantity, series[0].unit or "1", analyte).value

    return min(series, key=size)


class TrendParams(ConceptParams):
    """A concept."""


@tool("record.trend", version="1.0.0", kind="record", title="Results over time")
async def trend(params: TrendParams, ctx: ToolContext) -> ToolOutput:
    """The newest result and, as items, the last twelve usable ones, oldest first."""
    results = await results_of(record_of(ctx), concept_of(ctx, params.concept))
    items = [
        fact(
            ctx,
            item.entry,
            item.value,
            item.display,
            path=item.path,
            slot=f"{ctx.slot}.{number}",
            flags=item.flags,
            concept=params.concept,
            coding=item.coding,
            unit=item.unit,
            comparator=item.comparator,
        )
        for number, item in enumerate(reversed(results.numbers[:TREND]), 1)
    ]
    return ToolOutput(evidence=[latest(results, ctx), *items])
