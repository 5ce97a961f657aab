"""Events of all patients, read through the client: searches over the whole store, each complete or said not to be."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from knowledge.terminology import Terminology
from tools.ask.query import Filter, Kind, Name, Select
from tools.ehr.client.client import FhirClient, reference_of
from tools.ehr.client.errors import HttpError
from tools.ehr.compartment import patients_of, walk
from tools.ehr.dates import start_of
from tools.ehr.elements import begun, codings, visible, words
from tools.ehr.fhirjson import Resource
from tools.ehr.modifiers import judge
from tools.ehr.record import concepts_of

LIMIT = 100_000
"""Resources read for one question at most; beyond that nothing is counted."""
_TYPES: dict[str, tuple[str, str]] = {
    "condition": ("Condition", "code"),
    "procedure": ("Procedure", "code"),
    "prescription": ("MedicationRequest", "medicationCodeableConcept"),
    "administration": ("MedicationAdministration", "medicationCodeableConcept"),
    "immunisation": ("Immunization", "vaccineCode"),
    "allergy": ("AllergyIntolerance", "code"),
    "charge": ("ChargeItem", "code"),
    "result": ("Observation", "code"),
    "vital": ("Observation", "code"),
    "culture": ("Observation", "code"),
    "intake": ("Observation", "code"),
    "output": ("Observation", "code"),
}
_BY_REFERENCE = frozenset({"MedicationRequest", "MedicationAdministration"})
_NAMED: tuple[Kind, ...] = ("condition", "procedure", "prescription", "result", "vital", "culture", "intake", "output")
"""What "any" kind of event is looked for among."""
_HOSPITAL = frozenset({"IMP", "ACUTE", "NONAC", "SS", "OBSENC"})
_INTENSIVE = ("intensive care", "critical care", "icu")
READ = frozenset({*_TYPES, "stay", "icu", "ward", "careunit"})
"""Kinds of events that can be read of everyone."""


class CannotCount(Exception):
    """All of it could not be read, or the store does not hold what is asked: nothing is counted."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event of one patient. `stay` is the id of its hospital visit, `end` of a stay its end."""

    reference: str
    version: str | None
    patient: str
    at: datetime | None
    name: str
    texts: frozenset[str]
    stay: str | None = None
    end: datetime | None = None
    value: float | None = None
    unit: str | None = None
    resource: Resource = field(default_factory=dict, compare=False, hash=False)


@dataclass(frozen=True, slots=True)
class Stay:
    """A hospital visit or a part of one."""

    id: str
    patient: str
    start: datetime | None
    end: datetime | None
    parent: str | None
    intensive: bool
    hospital: bool
    resource: Resource = field(default_factory=dict, compare=False, hash=False)


class Everyone:
    """All patients of a source at a clock.

    `searches` are the searches made, with how many each found; `left_out` what did not count, and why.
    """

    def __init__(self, client: FhirClient, now: datetime, terms: Terminology) -> None:
        self.client, self.now, self.terms = client, now, terms
        self.searches: dict[str, int] = {}
        self.left_out: dict[str, int] = {}
        self._stays: dict[str, Stay] | None = None
        self._people: dict[str, Resource] | None = None
        self._same: dict[str, str] | None = None
        self._drugs: dict[str, Resource] | None = None

    def leave_out(self, what: str, count: int = 1) -> None:
        """Say that something was read and does not count."""
        if count:
            self.left_out[what] = self.left_out.get(what, 0) + count

    async def _all(
        self, kind: str, parameters: list[tuple[str, str]], keep: Callable[[Resource], bool] | None = None
    ) -> list[Resource]:
        found = await self.client.search(kind, parameters, limit=LIMIT)
        if not found.complete:
            raise CannotCount(f"{found.query}: {'; '.join(found.problems)}")
        self.searches[found.query] = len(found.resources)
        rows = []
        for resource in found.resources:
            if keep is not None and not keep(resource):
                continue
            verdict = judge(resource)
            if verdict.usable and visible(resource, self.now):
                rows.append(resource)
            else:
                self.leave_out(f"{kind}: {verdict.reason or 'later than the clock'}")
        return rows

    async def size(self) -> int:
        """How many patients there are."""
        if self._people is None:
            try:
                total = (await self.client.search("Patient", [("_summary", "count")])).total
            except HttpError as error:
                if error.status not in (400, 422, 501):
                    raise
                total = None
            if total is not None:
                return total
        return len(await self.people())

    async def people(self) -> dict[str, Resource]:
        """Every patient by id; of records linked as one person, the one in use."""
        if self._people is None:
            same = await self.same()
            found = {str(row["id"]): row for row in await self._all("Patient", [])}
            self._people = {name: row for name, row in found.items() if same.get(name, name) == name}
        return self._people

    async def same(self) -> dict[str, str]:
        """Ids of records that another record replaces, with the id of that one."""
        if self._same is None:
            try:
                linked = await self._all("Patient", [("link:missing", "false")])
            except HttpError as error:
                if error.status not in (400, 422, 501):
                    raise
                linked = [row for row in await self._all("Patient", []) if row.get("link")]
            found: dict[str, str] = {}
            for row in linked:
                for link in row.get("link") or []:
                    other = str(next(walk(link, "other.reference"), "")).rsplit("/", 1)[-1]
                    if link.get("type") in ("replaced-by", "replaces") and other:
                        old, new = (str(row["id"]), other)[:: 1 if link["type"] == "replaced-by" else -1]
                        found[old] = new
            self._same = found
        return self._same

    async def who(self, row: Resource) -> str | None:
        """The patient a resource is about."""
        same, seen = await self.same(), set[str]()
        name = next(iter(patients_of(row, self.client.base, about=True)), None)
        while name in same and name not in seen:
            seen.add(name)
            name = same[name]
        return name

    async def stays(self) -> dict[str, Stay]:
        """Every encounter by id, visible at the clock."""
        if self._stays is None:
            found = {}
            for row in await self._all("Encounter", []):
                stay = _stay(row, await self.who(row), self.now)
                if stay:
                    found[stay.id] = stay
            self._stays = found
        return self._stays

    async def visit_of(self, encounter: str | None) -> Stay | None:
        """The hospital visit that an encounter is or belongs to."""
        stays = await self.stays()
        stay = stays.get(encounter or "")
        seen: set[str] = set()
        while stay is not None and stay.parent in stays and stay.id not in seen:
            seen.add(stay.id)
            stay = stays[stay.parent or ""]
        return stay

    async def events(self, select: Select) -> list[Event]:
        """The events of a selection by kind, name and conditions; its window and its relation come later.

        Raises:
            CannotCount: not all of them could be read, or this kind cannot be read of everyone.
        """
        kind = select.kind
        if kind == "any" and select.what:
            parts = [await self.events(select.model_copy(update={"kind": one})) for one in _NAMED]
            return [event for part in parts for event in part]
        if kind in ("stay", "icu", "ward", "careunit"):
            events = await self._places(kind)
        elif kind in _TYPES:
            events = [event for row in await self._rows(select) if (event := await self._event(row, kind))]
        else:
            raise CannotCount(f"{kind} is not read of all patients at once")
        if select.what and kind not in _TYPES:
            wanted = {text for name in select.what for text in _wanted(name)}
            events = [event for event in events if event.texts & wanted]
        return [event for event in events if all(_passes(event, condition) for condition in select.where)]

    async def _rows(self, select: Select) -> list[Resource]:
        """Resources of the kind and the names of a selection; the server narrows where it can, we decide."""
        kind = select.kind
        type_ = _TYPES[kind][0]
        narrow = _category(kind)

        def keep(row: Resource) -> bool:
            return _is(row, kind) and (not select.what or any(self._named(row, kind, name) for name in select.what))

        attempts = [narrow]
        by_text = kind != "culture" and not await self._by_reference(type_)
        if by_text and select.what and all(name.names and not name.concepts for name in select.what):
            names = [text for name in select.what for text in name.names]
            attempts.insert(0, [*narrow, ("code:text", ",".join(_escaped(text) for text in names))])
        for parameters in attempts:
            try:
                return await self._all(type_, parameters, keep)
            except HttpError as error:
                if error.status not in (400, 422, 501) or not parameters:
                    raise
        return await self._all(type_, [], keep)

    async def _by_reference(self, type_: str) -> bool:
        """Whether drugs of a type name theirs by a Medication; those there are have been read then."""
        if type_ not in _BY_REFERENCE:
            return False
        try:
            found = await self.client.search(type_, [("medication:missing", "false"), ("_summary", "count")])
            if found.total == 0:
                return False
        except HttpError as error:
            if error.status not in (400, 422, 501):
                raise
        if self._drugs is None:
            self._drugs = {f"Medication/{row['id']}": row for row in await self._all("Medication", [])}
        return True

    def _concept(self, row: Resource, kind: Kind) -> dict[str, Any]:
        """What names an event; a culture is named by its specimen.

        Raises:
            CannotCount: it is named by a Medication that is not there.
        """
        if kind == "culture":
            return {"text": str(next(walk(row, "specimen.display"), ""))}
        type_, element = _TYPES[kind]
        found: dict[str, Any] | None = row.get(element)
        if found is None and type_ in _BY_REFERENCE:
            reference = str(next(walk(row, "medicationReference.reference"), ""))
            inside = (item for item in row.get("contained") or [] if f"#{item.get('id')}" == reference)
            drug = next(inside, (self._drugs or {}).get("/".join(reference.rsplit("/", 2)[-2:])))
            display = next(walk(row, "medicationReference.display"), None)
            found = (drug or {}).get("code") or ({"text": str(display)} if display else None)
            if found is None:
                raise CannotCount(f"{reference_of(row)} names its drug by {reference or 'nothing'}, which is not there")
        return found or {}

    async def _event(self, row: Resource, kind: Kind) -> Event | None:
        patient = await self.who(row)
        at = begun(row) or start_of(row.get("occurrenceDateTime"))
        if patient is None or (at is not None and at > self.now):
            self.leave_out(f"{row['resourceType']}: {'of no patient' if patient is None else 'later than the clock'}")
            return None
        concept = self._concept(row, kind)
        encounter = next(walk(row, "encounter.reference"), None) or next(walk(row, "context.reference"), None)
        amount = row.get("priceOverride" if kind == "charge" else "valueQuantity") or {}
        return Event(
            reference_of(row),
            (row.get("meta") or {}).get("versionId"),
            patient,
            at,
            words(concept),
            frozenset(_texts(concept)),
            stay=str(encounter).rsplit("/", 1)[-1] if encounter else None,
            value=float(amount["value"]) if amount.get("value") is not None else None,
            unit=amount.get("unit") or amount.get("currency"),
            resource=row,
        )

    def _named(self, row: Resource, kind: Kind, name: Name) -> bool:
        concept = self._concept(row, kind)
        if not _wanted(name).isdisjoint(_texts(concept)):
            return True
        if not name.concepts:
            return False
        return any(not set(name.concepts).isdisjoint(concepts_of(self.terms, coding)) for coding in codings(concept))

    async def _places(self, kind: Kind) -> list[Event]:
        found = []
        for stay in (await self.stays()).values():
            if kind in ("stay", "icu"):
                if stay.intensive if kind == "icu" else stay.hospital:
                    found.append(_whole(stay, words(stay.resource.get("type"))))
                continue
            for row in stay.resource.get("location") or []:
                name = str(next(walk(row, "location.display"), ""))
                level = words(row.get("physicalType")).casefold()
                is_ward = level in ("ward", "wa") or name.casefold().startswith("ward ")
                at, end = (start_of(next(walk(row, f"period.{key}"), None)) for key in ("start", "end"))
                if name and is_ward == (kind == "ward") and at and at <= self.now and row.get("status") != "planned":
                    texts = frozenset({name.casefold(), name.casefold().removeprefix("ward ")})
                    found.append(
                        Event(
                            f"Encounter/{stay.id}",
                            None,
                            stay.patient,
                            at,
                            name,
                            texts,
                            stay.id,
                            end,
                            resource=stay.resource,
                        )
                    )
        return found


def _whole(stay: Stay, name: str) -> Event:
    return Event(
        f"Encounter/{stay.id}",
        (stay.resource.get("meta") or {}).get("versionId"),
        stay.patient,
        stay.start,
        name,
        frozenset({name.casefold()}),
        stay.parent or stay.id,
        stay.end,
        resource=stay.resource,
    )


def _stay(row: Resource, patient: str | None, now: datetime) -> Stay | None:
    if patient is None:
        return None
    parent = next(walk(row, "partOf.reference"), None)
    said = " ".join([words(row.get("serviceType")), *(words(item) for item in row.get("type") or [])]).casefold()
    intensive = any(word in said.split() or (" " in word and word in said) for word in _INTENSIVE)
    start, end = (start_of(next(walk(row, f"period.{key}"), None)) for key in ("start", "end"))
    return Stay(
        str(row["id"]),
        patient,
        start,
        end if end and end <= now else None,
        str(parent).rsplit("/", 1)[-1] if parent else None,
        intensive,
        hospital=not parent and not intensive and str((row.get("class") or {}).get("code")) in _HOSPITAL,
        resource=row,
    )


def _category(kind: Kind) -> list[tuple[str, str]]:
    if kind in ("vital", "result"):
        return [("category", "vital-signs" if kind == "vital" else "laboratory")]
    if kind in ("intake", "output"):
        return [("category:not", "vital-signs"), ("category:not", "laboratory")]
    return []


def _wanted(name: Name) -> set[str]:
    """The words a name is found by, besides its concepts."""
    said = set() if name.names or name.concepts or name.codes else {name.text.casefold()}
    return said | {text.casefold() for text in (*name.names, *name.codes)}


def observation_kind(row: Resource) -> Kind:
    """What an Observation is: its category decides, microbiology before laboratory."""
    said = {str(code).casefold() for code in walk(row, "category.coding.code")}
    text = " ".join(words(item) for item in row.get("category") or []).casefold()
    if "mb" in said or "microbiolog" in text:
        return "culture"
    for kind in ("intake", "output"):
        if kind in said or kind in text.split():
            return kind
    return "vital" if "vital-signs" in said else "result"


def _is(row: Resource, kind: Kind) -> bool:
    return row.get("resourceType") != "Observation" or observation_kind(row) == kind


def _texts(concept: dict[str, Any]) -> Iterable[str]:
    yield words(concept).casefold()
    for coding in concept.get("coding") or []:
        for key in ("display", "code"):
            if coding.get(key):
                yield str(coding[key]).casefold()


def _escaped(text: str) -> str:
    for sign in ("\\", ",", "|", "$"):
        text = text.replace(sign, f"\\{sign}")
    return text


def _passes(event: Event, condition: Filter) -> bool:
    row, wanted = event.resource, condition.value
    if condition.field == "value":
        if event.value is None or not isinstance(wanted, int | float):
            return False
        left, right = event.value, float(wanted)
        return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right, "=": left == right}[
            condition.op
        ]
    paths = {
        "route": ("dosageInstruction.route.text", "dosageInstruction.route.coding.display"),
        "via": ("hospitalization.admitSource.text", "hospitalization.admitSource.coding.display"),
        "organism": ("valueCodeableConcept.text", "valueString"),
        "status": ("status",),
        "specimen": ("specimen.display",),
    }.get(condition.field)
    if paths is None:
        raise CannotCount(f"the condition on {condition.field} is not read of all patients at once")
    held = {str(value).casefold() for path in paths for value in walk(row, path)}
    return str(wanted).casefold() in held
