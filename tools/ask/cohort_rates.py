"""Survival, mortality, returns and deaths among all patients."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from tools.ask.cohort_events import CannotCount, Event, Everyone
from tools.ask.cohort_relate import inside, later, related, selected, stand
from tools.ask.query import Query, Relation, Select
from tools.ehr.dates import start_of

DAYS = 365
"""A year of a horizon, in days."""


async def deaths(everyone: Everyone) -> dict[str, datetime]:
    """When each patient who has died did."""
    found = {}
    for name, person in (await everyone.people()).items():
        at = start_of(person.get("deceasedDateTime"))
        if person.get("deceasedBoolean") is True and at is None:
            raise CannotCount(f"Patient/{name} has died at a time that is not recorded")
        if at is not None and at <= everyone.now:
            found[name] = at
    return found


def first_of_each(events: list[Event]) -> dict[str, Event]:
    """Each patient's first event."""
    found: dict[str, Event] = {}
    for event in events:
        if event.at is not None and (event.patient not in found or event.at < (found[event.patient].at or event.at)):
            found[event.patient] = event
    return found


async def survival(everyone: Everyone, query: Query) -> tuple[float, list[Event]]:
    """Per cent alive after the horizon, of those whose first such event lies further back than the horizon.

    Raises:
        CannotCount: nobody was followed so long.
    """
    horizon = timedelta(days=DAYS * (query.horizon_years or 1))
    select = query.select
    if select.relation is None:
        start = first_of_each(await selected(everyone, select, query.group))
    else:
        # "Prescribed X after having been diagnosed with Y" is counted from the diagnosis.
        begun = first_of_each(await selected(everyone, select.relation.to))
        again = {
            event.patient for event, other in await related(everyone, select, query.group) if other in begun.values()
        }
        start = {name: event for name, event in begun.items() if name in again}
    return _alive(start, horizon, everyone.now, await deaths(everyone))


def _alive(
    start: dict[str, Event], horizon: timedelta, now: datetime, died: dict[str, datetime]
) -> tuple[float, list[Event]]:
    counted = [event for event in start.values() if event.at and now - event.at > horizon]
    if not counted:
        raise CannotCount("no patient was followed for so long")
    alive = sum(event.patient not in died or died[event.patient] - event.at > horizon for event in counted if event.at)
    return 100 * alive / len(counted), counted


async def mortality(everyone: Everyone, query: Query) -> list[tuple[str, float, list[Event]]]:
    """Per cent dead within the horizon after each name's first event of a patient."""
    horizon = timedelta(days=DAYS * (query.horizon_years or 1))
    died = await deaths(everyone)
    by: dict[str, list[Event]] = defaultdict(list)
    for event in await selected(everyone, query.select, query.group):
        by[event.name].append(event)
    found = []
    for name, events in by.items():
        try:
            alive, counted = _alive(first_of_each(events), horizon, everyone.now, died)
        except CannotCount:
            continue
        found.append((name, 100 - alive, counted))
    return found


async def died_after(everyone: Everyone, query: Query) -> list[Event]:
    """First events of patients who died after them, within the relation's time."""
    select, relation = _base(query)
    died = await deaths(everyone)
    start = first_of_each(await everyone.events(select))
    window = query.select.window
    found = []
    for event in inside(list(start.values()), window):
        at = died.get(event.patient)
        if at is None or event.at is None or at < event.at:
            continue
        if (window.since and at < window.since) or (window.until and at >= window.until):
            continue
        if relation is None or relation.within == "any":
            found.append(event)
        elif relation.within == "stay":
            visit = await everyone.visit_of(event.stay)
            if visit and visit.start and visit.start <= at and (visit.end is None or at <= visit.end):
                found.append(event)
        elif relation.within == "duration":
            if at <= later(event.at, relation.amount or 0, relation.unit or "day"):
                found.append(event)
        elif at.date() == event.at.date() or (
            relation.within == "month" and (at.year, at.month) == (event.at.year, event.at.month)
        ):
            found.append(event)
    return found


async def returned(everyone: Everyone, query: Query) -> list[Event]:
    """An event of each patient who was (or was not) admitted again after one, within the relation's time."""
    select, relation = _base(query)
    window = query.select.window if not query.select.window.open else select.window
    events = inside(await everyone.events(select), window)
    visits: dict[str, list[Event]] = defaultdict(list)
    for visit in inside(await everyone.events(Select(kind="stay")), window):
        visits[visit.patient].append(visit)
    relation = relation or Relation(to=Select(kind="stay"))
    back = set()
    for event in events:
        for visit in visits[event.patient]:
            if await stand(everyone, event, visit, relation.model_copy(update={"order": "after"})):
                back.add(event.patient)
    wanted = [event for event in events if (event.patient in back) == query.returned]
    return list(first_of_each(wanted).values())


def _base(query: Query) -> tuple[Select, Relation | None]:
    """The event that starts the time, and the relation that limits it."""
    relation = query.select.relation
    if relation is not None and query.select.kind in ("stay", "person"):
        return relation.to, relation
    return query.select.model_copy(update={"relation": None}), relation
