"""Events of one patient's record: what happened, when, in which stay, and what it is called."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from tools.ask.cohort_events import observation_kind
from tools.ask.gazetteer import texts
from tools.ask.query import Name, Select, Stay, Window
from tools.ehr.compartment import local_reference, walk
from tools.ehr.dates import start_of
from tools.ehr.elements import begun, codings, iso, words
from tools.ehr.facts.encounters import INPATIENT, SETTINGS
from tools.ehr.facts.results import Result, result_of, specimens_of
from tools.ehr.facts.results_named import fold, named_concept, without_unit
from tools.ehr.record import Entry, PatientRecord

TYPES: dict[str, tuple[str, ...]] = {
    "result": ("Observation",),
    "vital": ("Observation",),
    "intake": ("Observation",),
    "output": ("Observation",),
    "culture": ("Observation",),
    "condition": ("Condition",),
    "procedure": ("Procedure",),
    "prescription": ("MedicationRequest", "MedicationStatement"),
    "administration": ("MedicationAdministration",),
    "allergy": ("AllergyIntolerance",),
    "immunisation": ("Immunization",),
    "charge": ("ChargeItem",),
    "stay": ("Encounter",),
    "icu": ("Encounter",),
    "ward": ("Encounter",),
    "careunit": ("Encounter",),
}
_ELEMENTS = {"AllergyIntolerance": "code", "Immunization": "vaccineCode", "Encounter": "type"}
_INTENSIVE = ("intensive care", "critical care", "icu")


@dataclass(frozen=True)
class Event:
    """One event. `stays`: ids of the encounters it belongs to, the innermost first; `end` of a stay its end."""

    entry: Entry
    kind: str
    name: str
    called: frozenset[str]
    at: datetime | None
    written: str | None
    end: datetime | None = None
    path: str = ""
    result: Result | None = field(default=None, compare=False)
    stays: tuple[str, ...] = ()
    codes: frozenset[str] = frozenset()

    @property
    def resource(self) -> dict[str, Any]:
        """The resource it is from."""
        return self.entry.resource


@dataclass(frozen=True)
class Visit:
    """A stay of the patient: in hospital, or on intensive care within one."""

    id: str
    entry: Entry
    start: datetime | None
    end: datetime | None
    parent: str | None
    intensive: bool
    hospital: bool


@dataclass
class Events:
    """What a selection reads: events, how many of the kind there are in all, what was searched, what is missing."""

    found: list[Event]
    total: int
    query: str
    problems: list[str] = field(default_factory=list)


class Reader:
    """Events of one record, read once."""

    def __init__(self, record: PatientRecord) -> None:
        self.record = record
        self._visits: dict[str, Visit] | None = None
        self.problems: list[str] = []

    async def visits(self) -> dict[str, Visit]:
        """The patient's stays by id."""
        if self._visits is None:
            part = await self.record.slice("Encounter")
            self.problems += part.problems
            found = {}
            for entry in part.entries:
                if (visit := _visit(entry, self.record)) is not None:
                    found[visit.id] = visit
            self._visits = found
        return self._visits

    async def stay(self, wanted: Stay) -> list[Visit]:
        """The stays a window names: all that go on now, or the n-th, first or last, of those that ended."""
        intensive = wanted.kind == "icu"
        held = [v for v in (await self.visits()).values() if (v.intensive if intensive else v.hospital) and v.start]
        held.sort(key=lambda visit: (visit.start, visit.id))
        if wanted.which == "current":
            return [visit for visit in held if visit.end is None]
        ended = [visit for visit in held if visit.end is not None]
        if len(ended) < wanted.n:
            return []
        return [ended[wanted.n - 1] if wanted.which == "first" else ended[-wanted.n]]

    async def events(self, select: Select) -> Events:
        """All events of the kind of a selection; names and conditions come later."""
        kind = select.kind
        near = (
            {"result": ("result", "vital"), "vital": ("result", "vital")}.get(kind, (kind,)) if select.what else (kind,)
        )
        found: list[Event] = []
        queries, problems = [], []
        for type_ in TYPES[kind]:
            part = await self.record.medications() if type_ == "MedicationRequest" else await self.record.slice(type_)
            queries.append(part.query)
            problems += part.problems
            if type_ == "Observation":
                found += await self._observations(
                    [entry for entry in part.entries if observation_kind(entry.resource) in near]
                )
            elif type_ == "Encounter":
                found += await self._places(kind)
            else:
                found += [self._plain(entry, kind) for entry in part.entries]
            if type_ == "MedicationRequest":
                break
        visits = await self.visits()
        found = [
            replace(event, stays=self._stays(event, visits))
            if kind not in ("stay", "icu", "ward", "careunit")
            else event
            for event in found
        ]
        return Events(
            found,
            len({event.entry.reference for event in found}),
            " and ".join(queries),
            list(dict.fromkeys([*problems, *self.problems])),
        )

    async def _observations(self, entries: list[Entry]) -> list[Event]:
        drawn = await specimens_of(self.record, entries)
        found = []
        for entry in entries:
            kind = observation_kind(entry.resource)
            parts: list[tuple[dict[str, Any], str]] = [(entry.resource, "Observation.value")]
            parts += [
                (row, f"Observation.component[{n}].value")
                for n, row in enumerate(walk(entry.resource, "component"))
                if isinstance(row, dict)
            ]
            for element, path in parts:
                theirs = codings(element.get("code"))
                concept = named_concept(words(element.get("code")))
                result = without_unit(
                    result_of(
                        self.record,
                        concept,
                        entry,
                        element,
                        path,
                        theirs[0] if theirs else None,
                        drawn.get(entry.reference, ""),
                    )
                )
                if kind in ("intake", "output"):
                    # Volumes of whatever fluid are added up: it is not a material something was measured in.
                    result = replace(result, material=None)
                name = words(element.get("code"))
                called = texts(element.get("code"))
                if kind == "culture":
                    specimen = str(next(walk(entry.resource, "specimen.display"), "") or drawn.get(entry.reference, ""))
                    name = specimen or name
                    called = {*called, specimen} - {""}
                bare = frozenset(str(code) for code in walk(element.get("code"), "coding.code"))
                found.append(self._event(entry, kind, name, called, path=path, result=result, codes=bare))
        return found

    def _plain(self, entry: Entry, kind: str) -> Event:
        element = _ELEMENTS.get(entry.type, "code")
        concept = entry.resource.get("medicationCodeableConcept") or entry.resource.get(element)
        name = entry.text or words(concept)
        return self._event(entry, kind, name, {name, *texts(concept)}, path=f"{entry.type}.{element}")

    def _event(self, entry: Entry, kind: str, name: str, called: Iterable[str], **more: Any) -> Event:
        folded = frozenset(fold(text) for text in called if text)
        moment = entry.moment or begun(entry.resource) or start_of(entry.resource.get("occurrenceDateTime"))
        at = entry.at or iso(entry.resource.get("occurrenceDateTime"))
        return Event(entry, kind, name, folded, moment, at, **more)

    def _stays(self, event: Event, visits: dict[str, Visit]) -> tuple[str, ...]:
        for key in ("encounter", "context"):
            target = local_reference(event.resource.get(key), self.record.client.base)
            if target and target[1] in visits:
                chain, visit = [], visits.get(target[1])
                while visit is not None and visit.id not in chain:
                    chain.append(visit.id)
                    visit = visits.get(visit.parent or "")
                return tuple(chain)
        if event.at is None:
            return ()
        return tuple(
            visit.id
            for visit in sorted(visits.values(), key=lambda item: not item.intensive)
            if visit.start and visit.start <= event.at and (visit.end is None or event.at <= visit.end)
        )

    async def _places(self, kind: str) -> list[Event]:
        found = []
        for visit in (await self.visits()).values():
            chain = tuple(item for item in (visit.id, visit.parent) if item)
            if kind in ("stay", "icu"):
                if visit.intensive if kind == "icu" else visit.hospital:
                    name = words(visit.entry.resource.get("type"))
                    event = self._event(
                        visit.entry, kind, name, {name}, end=visit.end, path="Encounter.period", stays=chain
                    )
                    found.append(replace(event, at=visit.start, written=_written(visit.entry.resource.get("period"))))
                continue
            for number, row in enumerate(visit.entry.resource.get("location") or []):
                name = str(next(walk(row, "location.display"), ""))
                level = words(row.get("physicalType")).casefold()
                is_ward = level in ("ward", "wa") or name.casefold().startswith("ward ")
                start, end = (start_of(next(walk(row, f"period.{key}"), None)) for key in ("start", "end"))
                if (
                    name
                    and is_ward == (kind == "ward")
                    and start
                    and start <= self.record.as_of
                    and row.get("status") != "planned"
                ):
                    called = {name, name.casefold().removeprefix("ward ")}
                    event = self._event(
                        visit.entry, kind, name, called, end=end, path=f"Encounter.location[{number}]", stays=chain
                    )
                    found.append(replace(event, at=start, written=_written(row.get("period"))))
        return found

    async def emergencies(self) -> list[Event]:
        """Visits to an emergency department that go on and are no part of an admission."""
        found = []
        for visit in (await self.visits()).values():
            row = visit.entry.resource
            if str((row.get("class") or {}).get("code")) == "EMER" and not visit.parent and visit.end is None:
                name = words(row.get("type"))
                event = self._event(visit.entry, "stay", name, {name}, path="Encounter.period", stays=(visit.id,))
                found.append(replace(event, at=visit.start, written=_written(row.get("period"))))
        return found

    async def inside(self, events: list[Event], window: Window) -> list[Event]:
        """Those in a window; what is not dated is in none but the open one."""
        if window.open:
            return events
        found = events
        if window.stay is not None:
            ids = {visit.id for visit in await self.stay(window.stay)}
            found = [event for event in found if ids & set(event.stays)]
        if window.since is not None or window.until is not None:
            found = [
                event
                for event in found
                if event.at is not None
                and (window.since is None or event.at >= window.since)
                and (window.until is None or event.at < window.until)
            ]
        return found

    def named(self, events: list[Event], names: tuple[Name, ...]) -> tuple[list[Event], list[str]]:
        """Events that carry one of the names; and what else is recorded under the same concepts."""
        if not names:
            return events, []
        found, near = [], []
        for name in names:
            wanted = {fold(text) for text in (*name.names, name.text)}
            exact = [event for event in events if event.called & wanted or event.codes & set(name.codes)]
            by_concept = [event for event in events if any(self._is(concept, event) for concept in name.concepts)]
            if exact and by_concept:
                # A test of the same code under another wording is the same test; a broader concept is not.
                codes = {(system.system, system.code) for event in exact for system in event.entry.codings}
                same = [
                    event
                    for event in by_concept
                    if any((item.system, item.code) in codes for item in event.entry.codings)
                ]
                near += [event.name for event in by_concept if event not in exact and event not in same]
                exact += [event for event in same if event not in exact]
            found += exact or ([] if name.codes else by_concept)
        ids = {id(event) for event in found}
        return [event for event in events if id(event) in ids], list(dict.fromkeys(near))

    def _is(self, concept: str, event: Event) -> bool:
        if concept not in self.record.terminology:
            return False
        if event.result is not None:
            element = event.resource
            if "component" in event.path:
                number = int(event.path.split("[")[1].split("]")[0])
                element = event.resource["component"][number]
            return self.record.terminology.matches(
                concept, codings(element.get("code")), words(element.get("code")) or None
            )
        return self.record.match(concept, event.entry) is not None


def _written(period: Any) -> str | None:
    return iso(period.get("start")) if isinstance(period, dict) else None


def _visit(entry: Entry, record: PatientRecord) -> Visit | None:
    row = entry.resource
    said = " ".join([words(row.get("serviceType")), *(words(item) for item in row.get("type") or [])]).casefold()
    intensive = any(word in said.split() or (" " in word and word in said) for word in _INTENSIVE)
    start, end = (start_of(next(walk(row, f"period.{key}"), None)) for key in ("start", "end"))
    parent = local_reference(row.get("partOf"), record.client.base)
    setting = SETTINGS.get(str((row.get("class") or {}).get("code")), "")
    return Visit(
        str(row["id"]), entry, start, end if end and end <= record.as_of else None, parent[1] if parent else None,
        intensive, not parent and not intensive and setting in INPATIENT,
    )  # fmt: skip
