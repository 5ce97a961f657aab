"""Events made for a question, so that its published query has something to find; some questions are left without."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from evals.ehrsql.questions import EVENTS, NOW, Question, When
from evals.ehrsql.schema import VITALS, WARDS

if TYPE_CHECKING:
    from evals.ehrsql.ward import Stay, Ward

EMPTY = 0.1
"""Share of questions left to whatever the ward happens to hold."""
PEOPLE = 3
"""Patients a question about everyone gets events for."""
_JOIN = re.compile(r"\) as t1 join \(|\) as t2 join \(")
Plan = Callable[[], None]


def direct(ward: Ward) -> list[Plan]:
    """Ask for the admissions that the questions need, and say what to write when they stand."""
    plans: list[Plan] = []
    for question in ward.questions:
        visit = question.visit or ""
        if question.patient is not None and (visit.endswith("cur") or ".dischtime is null" in question.query):
            ward.current.add(question.patient)
        if question.patient is not None and "icustays.outtime is null" in question.query:
            ward.current.add(question.patient)
        if ward.rng.random() < EMPTY:
            continue
        if question.patient is not None:
            plans += _one(ward, question)
        if question.cohort:
            plans += _everyone(ward, question)
    return plans


def _one(ward: Ward, question: Question) -> list[Plan]:
    patient = question.patient
    assert patient is not None
    if question.visit:
        return [functools.partial(_in_visit, ward, question, patient)]
    times = [at for when in question.when if (at := when.sample(ward.rng))]
    ward.demands[patient] += times
    route = re.search(r"admission_location = '([^']*)'", question.query)
    if route and times:
        ward.sources[patient].append((times[0], route.group(1)))
    return [
        functools.partial(_write, ward, question, patient, at, when)
        for at, when in zip(times, question.when, strict=False)
    ]


def _in_visit(ward: Ward, question: Question, patient: int) -> None:
    """Events in the visits the question names, at times that its window allows."""
    for tag in question.times[:2]:
        if not tag.startswith(("rel-hosp", "rel-icu")):
            continue
        _, place, which = tag.split("-")
        stays = [stay for stay in ward.stays[patient] if (stay.end is None) == (which == "cur")]
        if not stays:
            continue
        stay = stays[0] if which == "first" else stays[-1]
        begin, end = stay.start, stay.end or NOW
        if place == "icu":
            _, begin, until = stay.icu[0] if which == "first" else stay.icu[-1]
            end = until or NOW
        window = When(begin + timedelta(minutes=40), end - timedelta(minutes=40))
        at = window.sample(ward.rng)
        if at:
            _write(ward, question, patient, at, window)


def _everyone(ward: Ward, question: Question) -> list[Plan]:
    plans: list[Plan] = []
    deadly = "dod" in question.query
    for step in range(PEOPLE + 2 * deadly):
        patient = ward.rng.choice(ward.patients)
        if deadly:
            patient = 300_000 + len(ward.patients)
            ward.patients.append(patient)
        when = question.when[0]
        at = when.sample(ward.rng)
        if at is None or at > NOW - timedelta(days=3 + 20 * deadly):
            at = when.low + (when.high - when.low) / 3 if at else None
        if at is None:
            continue
        at = at.replace(second=0, microsecond=0)
        if deadly and "survival_period" in question.kind:
            at = min(at, datetime(2100, 2, 1) + timedelta(days=ward.rng.randint(0, 200)))
        ward.demands[patient].append(at)
        if deadly and step < PEOPLE:
            ward.deaths[patient] = at + timedelta(days=6 + ward.rng.randint(0, 900 if "rate" in question.kind else 12))
        plans.append(functools.partial(_write, ward, question, patient, at, when))
    return plans


def _write(ward: Ward, question: Question, patient: int, at: datetime, when: When) -> None:
    """The events of one question for one patient around one time."""
    stay = ward.stay_at(patient, at)
    if stay is None:
        return
    parts = _JOIN.split(question.query) if question.within or "after having" in question.kind else []
    if len(parts) >= 2:
        _related(ward, question, patient, at, when, parts)
        return
    repeat = 2 if "two" in question.options[5] else 3
    for table, names in _wanted(question).items():
        if table == "transfers":
            _move(stay, at, question)
            continue
        for name in names or [None]:
            moments = [at, *_near(ward, stay, at, when, repeat - 1)]
            name = name or (ward.rare_name(table) if repeat == 2 else None)
            for moment in moments:
                ward.event(table, patient, moment, name, **_forced(question, table, name))


def _wanted(question: Question, text: str | None = None) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {table: [] for table in question.tables(text)}
    for table, name in question.names(text):
        found.setdefault(table, []).append(name)
    for table in [name for name in found if not found[name]]:
        if table not in EVENTS:
            del found[table]
    return found


def _near(ward: Ward, stay: Stay, at: datetime, when: When, count: int) -> list[datetime]:
    """More times close by that the window allows too."""
    found: list[datetime] = []
    for _ in range(60):
        if len(found) == count:
            break
        moment = at + timedelta(minutes=ward.rng.randint(-2000, 2000))
        if stay.holds(moment) and when.holds(moment) and moment < NOW:
            found.append(moment)
    return found


def _forced(question: Question, table: str, name: str | None) -> dict[str, Any]:
    """Values the query compares with."""
    route = re.search(r"prescriptions\.route = '([^']*)'", question.query)
    if table == "prescriptions" and route:
        return {"route": route.group(1)}
    exact = re.search(r"valuenum = ([\d.]+)$", question.query)
    if table == "labevents" and exact:
        return {"valuenum": float(exact.group(1))}
    bound = re.search(r"chartevents\.valuenum ([<>]) ([\d.]+)", question.query)
    if table == "chartevents" and bound and name:
        digits = VITALS[name][2]
        limit = float(bound.group(2))
        return {"valuenum": round(limit * (0.9 if bound.group(1) == "<" else 1.1), digits)}
    if table == "microbiologyevents" and "org_name" in question.query:
        return {"org_name": "escherichia coli"}
    return {}


def _related(ward: Ward, question: Question, patient: int, at: datetime, when: When, parts: list[str]) -> None:
    """A first event and a second one after it, as the question relates them; the second a little later."""
    stay = ward.stay_at(patient, at)
    assert stay is not None
    first, second = parts[0], " ".join(parts[1:])
    gaps = [0] if question.within == "within-same" else [ward.rng.randint(60, 2800) for _ in range(12)]
    later = next(
        (m for gap in gaps if stay.holds(m := at + timedelta(minutes=gap)) and when.holds(m) and m < NOW), None
    )
    for table, names in _wanted(question, first).items():
        for name in names or [None]:
            ward.event(table, patient, at, name, exact=True)
    if later is None:
        return
    for table, names in _wanted(question, second).items():
        for name in names or [None, None]:
            ward.event(table, patient, later, name, exact=question.within == "within-same")


def _move(stay: Stay, at: datetime, question: Question) -> None:
    """A transfer to the ward or care unit asked about."""
    ward = re.search(r"wardid = (\d+)", question.query)
    care = re.search(r"careunit = '(\w+)'", question.query)
    if ward:
        stay.moves.append((at, int(ward.group(1))))
    elif care:
        stay.moves.append((at, next(number for number, name in WARDS.items() if name == care.group(1))))
