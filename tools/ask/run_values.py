"""Numbers of events: limits, units, statistics over results."""

from __future__ import annotations

from collections import defaultdict

from knowledge.evidence import Value
from knowledge.quantity import Quantity, UnitError, convert
from knowledge.units import ucum
from tools.ask.events import Event
from tools.ask.query import Filter, Name, Query
from tools.ehr.facts.results import Result
from tools.ehr.facts.results_named import fold
from tools.ehr.facts.statistic_values import Comparison, Outcome
from tools.ehr.facts.statistics import grouped, summarise
from tools.ehr.record import PatientRecord

_STATISTICS = {"mean": "mean", "median": "median", "sum": "sum", "min": "minimum", "max": "maximum", "count": "count"}
_SECONDS = {
    "hour": (3600.0, "h"),
    "day": (86400.0, "d"),
    "week": (604800.0, "wk"),
    "month": (2629800.0, "mo"),
    "year": (31557600.0, "a"),
}


def in_unit(seconds: float, period: str) -> tuple[float, str, str]:
    """A length of time in a unit, its UCUM code, and how it reads."""
    size, unit = _SECONDS[period]
    value = round(seconds / size, 4)
    return value, unit, f"{value:.4g} {period}{'' if value == 1 else 's'}"


def keep(event: Event, condition: Filter, record: PatientRecord) -> bool:
    """Whether a result satisfies a limit; one whose comparator or unit leaves it open does not count."""
    if event.result is None or not isinstance(condition.value, int | float):
        return False
    unit = ucum(condition.unit) if condition.unit else None
    op = "==" if condition.op == "=" else condition.op
    limit = Comparison(op, Quantity(float(condition.value), unit or "1"), bare=unit is None)
    return any(limit.of(event.result, analyte) is True for analyte in (*analytes(event, record), None))


def analytes(event: Event, record: PatientRecord) -> list[str]:
    """Concepts and codes by which a result may be converted."""
    codes = [coding.code for coding in event.entry.codings]
    return [*(concept.id for coding in event.entry.codings for concept in record.terminology.by_coding(coding)), *codes]


def converted_to(
    result: Result, unit: str, event: Event, query: Query, record: PatientRecord
) -> tuple[Value, str | None]:
    """A result in the unit asked for; nothing where it is not converted."""
    target = ucum(unit)
    if result.quantity is None or result.unit is None:
        return None, None
    asked = [name for item in query.select.what for name in item.concepts]
    for analyte in (None, *analytes(event, record), *asked):
        try:
            return convert(result.quantity, target, analyte).value, target
        except UnitError:
            continue
    return None, None


def aggregated(events: list[Event], query: Query, record: PatientRecord) -> list[tuple[str, Outcome, list[Event]]]:
    """A statistic over results, for each period where one is named: its label, the outcome, what it rests on."""
    results = [event.result for event in events if event.result is not None]
    by = {id(event.result): event for event in events}
    statistic = _STATISTICS[query.aggregate or "mean"]
    unit = ucum(query.unit) if query.unit else None
    analyte = next((name for item in query.select.what for name in item.concepts), None)
    if analyte is None and events:
        analyte = next(iter(analytes(events[0], record)), None)
    if query.per is None:
        outcome = summarise(results, statistic, unit=unit, analyte=analyte)  # type: ignore[arg-type]
        return [("", outcome, _used(outcome, by, events))]
    if query.per in ("day", "month", "year"):
        rows = grouped(results, statistic, query.per, unit=unit, analyte=analyte)  # type: ignore[arg-type]
        return [(f"{key}: ", outcome, _used(outcome, by, events)) for key, outcome in rows.items()]
    held: dict[str, list[Result]] = defaultdict(list)
    for event in events:
        if event.at is not None and event.result is not None:
            key = (
                event.at.strftime("%Y-%m-%d %H:00")
                if query.per == "hour"
                else "{}-W{:02}".format(*event.at.isocalendar()[:2])
            )
            held[key].append(event.result)
    found = []
    for key in sorted(held):
        outcome = summarise(held[key], statistic, unit=unit, analyte=analyte)  # type: ignore[arg-type]
        found.append((f"{key}: ", outcome, _used(outcome, by, events)))
    return found


def _used(outcome: Outcome, by: dict[int, Event], events: list[Event]) -> list[Event]:
    used = [by[id(item)] for item in outcome.used if id(item) in by]
    return used or events


def share_moment(events: list[Event], names: tuple[Name, ...]) -> list[Event]:
    """Events at moments at which each of the names was."""
    held: dict[object, set[int]] = defaultdict(set)
    wanted = [{fold(text) for text in (*name.names, name.text)} for name in names]
    for event in events:
        for number, called in enumerate(wanted):
            if event.called & called:
                held[event.at].add(number)
    return [event for event in events if event.at is not None and len(held[event.at]) == len(names)]


__all__ = ["aggregated", "analytes", "converted_to", "in_unit", "keep", "share_moment"]
