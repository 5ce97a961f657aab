"""Windows, groups and relations between the events of all patients."""

from __future__ import annotations

import calendar
from collections import defaultdict
from datetime import datetime, timedelta

from tools.ask.cohort_events import CannotCount, Event, Everyone
from tools.ask.query import Group, Relation, Select, Window
from tools.ehr.dates import years_at

Pair = tuple[Event, Event]
"""An event, and the one it is related to."""


async def selected(everyone: Everyone, select: Select, group: Group | None = None) -> list[Event]:
    """The events of a selection, each once: kind, names, conditions, window, relation, group."""
    if select.relation is None:
        events = dated(everyone, await everyone.events(select), _window(select.window))
        return await of_group(everyone, events, group)
    found = dict.fromkeys(event for event, _ in await related(everyone, select, group))
    return list(found)


async def related(everyone: Everyone, select: Select, group: Group | None = None) -> list[Pair]:
    """Events with the events they stand in the selection's relation to. A window said once holds for both."""
    relation = select.relation
    assert relation is not None
    first, second = relation.to.window, select.window
    here = _window(first if second.open else second)
    there = _window(second if first.open else first)
    events = dated(everyone, await everyone.events(select.model_copy(update={"relation": None})), here)
    events = await of_group(everyone, events, group)
    others: dict[str, list[Event]] = defaultdict(list)
    for other in inside(await everyone.events(relation.to), there):
        others[other.patient].append(other)
    pairs = []
    for event in events:
        for other in others[event.patient]:
            if other is not event and await stand(everyone, other, event, relation):
                pairs.append((event, other))
    return pairs


async def stand(everyone: Everyone, first: Event, second: Event, relation: Relation) -> bool:
    """Whether the second event stands to the first as a relation says."""
    if first.at is None or second.at is None:
        return False
    if relation.order == "after" and not first.at < second.at:
        return False
    if relation.order == "before" and not second.at < first.at:
        return False
    if relation.within == "stay":
        one, other = await everyone.visit_of(first.stay), await everyone.visit_of(second.stay)
        return one is not None and one == other
    if relation.within == "day":
        return first.at.date() == second.at.date()
    if relation.within == "month":
        return (first.at.year, first.at.month) == (second.at.year, second.at.month)
    if relation.within == "duration":
        early, late = sorted((first.at, second.at))
        close = late <= later(early, relation.amount or 0, relation.unit or "day")
        return close != relation.beyond
    return relation.order != "with" or first.at == second.at


def later(at: datetime, amount: float, unit: str) -> datetime:
    """So much later by the calendar; the end of a shorter month where the day is missing."""
    if unit in ("month", "year"):
        months = at.year * 12 + at.month - 1 + round(amount * (12 if unit == "year" else 1))
        year, month = months // 12, months % 12 + 1
        return at.replace(year=year, month=month, day=min(at.day, calendar.monthrange(year, month)[1]))
    return at + timedelta(**{f"{unit}s": amount})


def _window(window: Window) -> Window:
    if window.stay is not None:
        raise CannotCount("one stay of each patient is not read of all patients at once")
    return window


def dated(everyone: Everyone, events: list[Event], window: Window) -> list[Event]:
    """Those in a window; what has no time is said to be left out of it."""
    if not window.open:
        everyone.leave_out("without a date, so in no window", sum(event.at is None for event in events))
    return inside(events, window)


def inside(events: list[Event], window: Window) -> list[Event]:
    """Those in a window; without a time only where it leaves nothing out."""
    return [
        event
        for event in events
        if window.open
        or (
            event.at is not None
            and (window.since is None or event.at >= window.since)
            and (window.until is None or event.at < window.until)
        )
    ]


async def of_group(everyone: Everyone, events: list[Event], group: Group | None) -> list[Event]:
    """Those of patients of a group; age is the age at the admission an event belongs to, else at the event."""
    if group is None or group == Group():
        return events
    people = await everyone.people()
    present: set[str] = set()
    if group.current:
        present = {stay.patient for stay in (await everyone.stays()).values() if stay.hospital and stay.end is None}
    found = []
    for event in events:
        person = people.get(event.patient)
        if person is None or (group.gender and person.get("gender") != group.gender):
            continue
        if group.current and (event.patient not in present or (_is_stay(event) and event.end is not None)):
            continue
        if group.age_from is not None or group.age_to is not None:
            visit = await everyone.visit_of(event.stay)
            moment = visit.start if visit and visit.start else event.at
            age = age_at(person.get("birthDate"), moment)
            if age is None or age < (group.age_from or 0) or (group.age_to is not None and age > group.age_to):
                continue
        found.append(event)
    return found


def _is_stay(event: Event) -> bool:
    return event.reference.startswith("Encounter/")


def age_at(birth: str | None, moment: datetime | None) -> int | None:
    """Completed years; none where the birth date does not settle them."""
    if not birth or moment is None:
        return None
    low, high = years_at(birth, moment)
    return low if low == high else None
