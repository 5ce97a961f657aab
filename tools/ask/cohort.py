"""Questions about all patients, answered from complete searches over the whole store or not at all.

Every answer names its criteria and what was counted. How a query is meant here:

- Ties share a rank: the "top three" are all names whose frequency is among the three highest.
- An event counts once, however many events it is related to; a window said once holds for both of two related events.
- Age is the age at the admission an event belongs to; months and years of a distance are calendar ones.
- Charges with a relation (`charge` "with" a procedure within a stay) are totals per hospital stay: `aggregate` is over
  stays, the window is the charges' own. Charges of a name are the prices it was charged at.
- A rate is of patients, from each one's first such event that lies further back than the horizon; a year is 365 days.
- `per` a period counts only periods that have any.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from knowledge.evidence import Value
from knowledge.terminology import Terminology
from tools.ask.cohort_events import READ, CannotCount, Event, Everyone
from tools.ask.cohort_rates import died_after, mortality, returned, survival
from tools.ask.cohort_relate import age_at, inside, selected
from tools.ask.query import Aggregate, Period, Query, Select, Window
from tools.ehr.client.client import FhirClient
from tools.ehr.compartment import walk
from tools.ehr.elements import words

_T = TypeVar("_T")


@dataclass(frozen=True)
class CohortValue:
    """One value, and the events it rests on."""

    value: Value
    unit: str | None
    display: str
    events: tuple[Event, ...] = ()
    at: str | None = None


@dataclass
class CohortAnswer:
    """Values about everyone. `searches`: what was read, with how many each found; `left_out`: what did not count."""

    values: list[CohortValue] = field(default_factory=list)
    criteria: str = ""
    patients: int = 0
    searches: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    problem: str = ""

    @property
    def coverage(self) -> str:
        """How far it reaches, in words."""
        return f"complete over {self.patients} patients"


async def answer_everyone(client: FhirClient, query: Query, terms: Terminology) -> CohortAnswer:
    """Answer a query about everyone; `problem` says why it could not be answered.

    Raises:
        UpstreamError: the server failed.
    """
    everyone = Everyone(client, query.now, terms)
    found = CohortAnswer()
    try:
        found.values = await _values(everyone, query)
        found.patients = await everyone.size()
    except CannotCount as error:
        found.values, found.problem = [], str(error)
    found.searches, found.left_out = everyone.searches, everyone.left_out
    return found


async def _values(everyone: Everyone, query: Query) -> list[CohortValue]:
    select = query.select
    if query.rate == "survival":
        share, counted = await survival(everyone, query)
        return [
            CohortValue(
                share, "%", f"{share:.1f} % of {_many(len(counted), 'patients')} followed long enough", tuple(counted)
            )
        ]
    if query.rate == "mortality":
        rates = [(name, share, events) for name, share, events in await mortality(everyone, query)]
        chosen = _ranked([(share, (name, events)) for name, share, events in rates], query.top or 1, query.lowest)
        return [
            CohortValue(name, None, f"{name}: {share:.1f} % of {_many(len(events), 'patients')}", tuple(events))
            for share, (name, events) in chosen
        ]
    if query.died is not None or query.returned is not None:
        events = await (died_after if query.died is not None else returned)(everyone, query)
        return _counted(query, events)
    if query.wants == "percentile":
        return [await _percentile(everyone, query)]
    if query.wants == "expansion":
        return await _expansion(everyone, select)
    if select.kind == "charge":
        return await _charges(everyone, query)
    if select.kind not in READ:
        raise CannotCount(f"{select.kind} is not read of all patients at once")
    events = (
        await _discharges(everyone, query)
        if query.field == "discharged"
        else await selected(everyone, select, query.group)
    )
    if select.times is not None:
        events = _times(events, select)
    if query.top is not None:
        return _frequent(events, query.top, query.lowest)
    if query.wants == "count" and (query.per or query.aggregate):
        return _per(events, query)
    if query.wants in ("count", "patients") or (query.wants == "list" and query.count_of == "patients"):
        return _counted(query, events)
    if query.wants == "exists":
        return [
            CohortValue(bool(events), None, f"{len(events)} recorded" if events else "none recorded", tuple(events))
        ]
    if query.wants in ("route", "dose", "name", "list", "value", "unit"):
        return _held(events, query)
    raise CannotCount(f"{query.wants} is not worked out over all patients")


async def _discharges(everyone: Everyone, query: Query) -> list[Event]:
    """Stays by the time they ended."""
    stays = await selected(everyone, query.select.model_copy(update={"window": Window()}), query.group)
    return inside([replace(stay, at=stay.end) for stay in stays if stay.end is not None], query.select.window)


def _times(events: list[Event], select: Select) -> list[Event]:
    held: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        held[event.patient].append(event)
    wanted = select.times or 0
    fits: Callable[[int], bool] = (lambda n: n >= wanted) if select.at_least else (lambda n: n == wanted)
    return [event for rows in held.values() if fits(len(rows)) for event in rows]


def _counted(query: Query, events: list[Event]) -> list[CohortValue]:
    """How many, or (where patients are to be listed) who."""
    patients = {event.patient: event for event in events}
    if query.wants != "count":
        return [
            CohortValue(name, None, f"Patient/{name}", tuple(event for event in events if event.patient == name))
            for name in sorted(patients, key=lambda name: (len(name), name))
        ]
    numbers = {
        "patients": len(patients),
        "events": len(events),
        "names": len({event.name.casefold() for event in events}),
        "stays": len({event.stay for event in events}),
    }
    number = numbers[query.count_of]
    detail = _many(number, query.count_of)
    if query.count_of != "events":
        detail += f" ({_many(len(events), 'events')} recorded)"
    return [CohortValue(number, None, detail, tuple(events))]


def _many(number: int, what: str) -> str:
    return f"{number} {what.removesuffix('s') if number == 1 else what}"


def _ranked(rows: Iterable[tuple[float, _T]], top: int, lowest: bool = False) -> list[tuple[float, _T]]:
    """Rows whose number is among the `top` highest (or lowest) numbers, highest first; ties share a rank."""
    held = sorted(rows, key=lambda row: row[0], reverse=not lowest)
    numbers = list(dict.fromkeys(row[0] for row in held))[:top]
    return [row for row in held if row[0] in numbers]


def _frequent(events: list[Event], top: int, lowest: bool) -> list[CohortValue]:
    by: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        by[event.name.casefold()].append(event)
    chosen = _ranked([(float(len(rows)), rows) for rows in by.values()], top, lowest)
    return [
        CohortValue(rows[0].name, None, f"{rows[0].name}: {_many(len(rows), 'times')}", tuple(rows))
        for _, rows in chosen
    ]


def _per(events: list[Event], query: Query) -> list[CohortValue]:
    by: dict[tuple[int, ...], list[Event]] = defaultdict(list)
    for event in events:
        if event.at is not None:
            by[_period(event.at, query.per or "month")].append(event)
    rows = [
        (key, CohortValue(_counted(query, held)[0].value, None, "-".join(map(str, key)), tuple(held)))
        for key, held in sorted(by.items())
    ]
    if query.aggregate is None or not rows:
        return [value for _, value in rows]
    numbers = [float(value.value or 0) for _, value in rows]
    number = aggregate(numbers, query.aggregate)
    display = f"{number:g}: {query.aggregate} over {len(rows)} {query.per}s with any"
    return [CohortValue(number, None, display, tuple(events))]


def _period(at: datetime, per: Period) -> tuple[int, ...]:
    if per == "week":
        return tuple(at.isocalendar())[:2]
    return (at.year, at.month, at.day, at.hour)[: {"year": 1, "month": 2, "day": 3, "hour": 4}[per]]


def aggregate(numbers: list[float], how: Aggregate) -> float:
    """One number of many."""
    whole: dict[str, Callable[[list[float]], float]] = {
        "mean": statistics.fmean,
        "min": min,
        "max": max,
        "sum": sum,
        "median": statistics.median,
        "count": len,
    }
    return float(whole[how](numbers))


def _held(events: list[Event], query: Query) -> list[CohortValue]:
    """The different routes, names or values of events."""
    if query.wants in ("value", "dose"):
        return _numbers(events, query)
    by: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        texts = [event.name]
        if query.wants == "route":
            instructions = event.resource.get("dosageInstruction") or []
            texts = [words(item.get("route")) for item in instructions if words(item.get("route"))]
        for text in texts:
            by[text].append(event)
    rows = sorted(by.items(), key=lambda row: -len(row[1]))
    return [CohortValue(text, None, f"{text}: {len(held)} times", tuple(held)) for text, held in rows]


def _numbers(events: list[Event], query: Query) -> list[CohortValue]:
    units = {event.unit for event in events if event.value is not None}
    if query.aggregate is None or query.wants == "dose":
        raise CannotCount("values of all patients are told only as one number of them: mean, lowest, highest, median")
    if len(units) > 1:
        raise CannotCount(f"results in different units: {', '.join(sorted(str(unit) for unit in units))}")
    numbers = [event.value for event in events if event.value is not None]
    if not numbers:
        return []
    number, unit = aggregate(numbers, query.aggregate), units.pop()
    return [CohortValue(number, unit, f"{query.aggregate} of {len(numbers)} results", tuple(events))]


async def _charges(everyone: Everyone, query: Query) -> list[CohortValue]:
    select = query.select
    charges = inside(await everyone.events(select.model_copy(update={"relation": None})), select.window)
    currencies = {event.unit for event in charges}
    if len(currencies) > 1:
        raise CannotCount("charges in different currencies")
    if select.relation is None and query.aggregate is None:
        by: dict[float, list[Event]] = defaultdict(list)
        for event in charges:
            if event.value is not None:
                by[event.value].append(event)
        return [
            CohortValue(price, rows[0].unit, f"{price:g} {rows[0].unit or ''}: {len(rows)} times", tuple(rows))
            for price, rows in sorted(by.items())
        ]
    stays: set[str] | None = None
    if select.relation is not None:
        events = await everyone.events(select.relation.to)
        events = inside(events, select.relation.to.window)
        stays = {visit.id for event in events if (visit := await everyone.visit_of(event.stay))}
    totals: dict[str, list[Event]] = defaultdict(list)
    for event in charges:
        visit = await everyone.visit_of(event.stay)
        if visit is not None and event.value is not None and (stays is None or visit.id in stays):
            totals[visit.id].append(event)
    if not totals:
        return []
    sums = [sum(event.value or 0 for event in rows) for rows in totals.values()]
    number = aggregate(sums, query.aggregate or "sum")
    held = tuple(event for rows in totals.values() for event in rows)
    return [CohortValue(number, held[0].unit, f"{query.aggregate or 'sum'} over {len(totals)} hospital stays", held)]


async def _expansion(everyone: Everyone, select: Select) -> list[CohortValue]:
    """What a name of the record stands for: the longer wording its code carries."""
    by: dict[str, list[Event]] = defaultdict(list)
    kinds = ("condition", "procedure") if select.kind == "any" else (select.kind,)
    for kind in kinds:
        for event in await everyone.events(select.model_copy(update={"kind": kind})):
            for display in walk(event.resource, "code.coding.display"):
                if str(display).casefold() != event.name.casefold():
                    by[str(display)].append(event)
    return [CohortValue(text, None, text, tuple(rows)) for text, rows in by.items()]


async def _percentile(everyone: Everyone, query: Query) -> CohortValue:
    """Where a value stands among results of patients who were as old (at admission) as the patient asked about.

    Below it, of all others: (rank - 1) / (n - 1), the relative rank of SQL's `percent_rank`.
    """
    person = (await everyone.people()).get(query.person.id or "")
    if person is None or query.number is None:
        raise CannotCount("a percentile needs a patient and a value")
    visits = [stay for stay in (await everyone.stays()).values() if stay.patient == person["id"] and stay.hospital]
    ages = {age_at(person.get("birthDate"), stay.start) for stay in _which(visits, query.select)}
    if len(ages) != 1 or None in ages:
        raise CannotCount("the patient's age then is not settled")
    age = ages.pop()
    people = await everyone.people()
    values = []
    for event in await everyone.events(query.select.model_copy(update={"relation": None})):
        visit = await everyone.visit_of(event.stay)
        born = people.get(event.patient, {}).get("birthDate")
        if visit and event.value is not None and age_at(born, visit.start) == age:
            values.append(event)
    below = sum((event.value or 0) < query.number for event in values)
    if len(values) < 2 or not any(event.value == query.number for event in values):
        return CohortValue(None, None, f"no such value among {len(values)} results of patients aged {age}")
    share = 100 * below / (len(values) - 1)
    return CohortValue(share, "%", f"above {share:.1f} % of {len(values) - 1} others aged {age}", tuple(values))


def _which(visits: list, select: Select) -> list:  # type: ignore[type-arg]
    stay = select.window.stay
    held = sorted((row for row in visits if row.start), key=lambda row: row.start)
    if stay is None or stay.which == "current":
        open_ones = [row for row in held if row.end is None]
        return open_ones or ([] if stay else held[-1:])
    ended = [row for row in held if row.end is not None]
    if len(ended) < stay.n:
        return []
    return [ended[stay.n - 1 if stay.which == "first" else -stay.n]]
