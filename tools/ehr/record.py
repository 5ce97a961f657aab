"""The record of one patient, as tools see it: bound to the patient and the clinical clock, read once, checked.

What comes back from the server is not trusted: a resource of another patient is dropped and said, modifier elements
decide before anything is read (`modifiers`), and nothing dated after the clock is seen.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from knowledge.coding import Coding
from knowledge.terminology import Terminology, default_terminology
from tools.completeness import note
from tools.ehr.bundles import import_path
from tools.ehr.client.client import FhirClient, HttpError, Matches, reference_of, version_of
from tools.ehr.compartment import local_reference, patients_of, walk
from tools.ehr.dates import interval, start_of
from tools.ehr.documents import Notes, read_note
from tools.ehr.elements import begun, codings, iso, visible, when, words
from tools.ehr.fhirjson import Resource
from tools.ehr.modifiers import Verdict, judge
from tools.ehr.shape import readable
from tools.ehr.store.store import Store
from tools.ehr.writes.drafts import carries
from tools.errors import UpstreamError, UsageError
from tools.notes import Note, linker_for

CODE_ELEMENT = {
    "Condition": "code",
    "Observation": "code",
    "AllergyIntolerance": "code",
    "Procedure": "code",
    "MedicationRequest": "medicationCodeableConcept",
    "MedicationStatement": "medicationCodeableConcept",
    "MedicationAdministration": "medicationCodeableConcept",
    "MedicationDispense": "medicationCodeableConcept",
    "Immunization": "vaccineCode",
    "DiagnosticReport": "code",
    "ServiceRequest": "code",
    "Encounter": "type",
}
MEDICATION_TYPES = ("MedicationRequest", "MedicationStatement")
DRUG_TYPES = (*MEDICATION_TYPES, "MedicationAdministration", "MedicationDispense")


@dataclass(frozen=True)
class Entry:
    """A resource of the patient with what decides about it."""

    resource: Resource = field(repr=False)
    verdict: Verdict
    reference: str
    version: str | None
    at: str | None
    moment: datetime | None
    codings: tuple[Coding, ...] = ()
    text: str = ""

    @property
    def type(self) -> str:
        """The resource type."""
        return str(self.resource["resourceType"])


@dataclass
class Slice:
    """All of one type: what counts as fact, what does not and why, and whether it is complete."""

    query: str
    entries: list[Entry] = field(default_factory=list)
    rejected: list[Entry] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether these are provably all of the patient's."""
        return not self.problems


class PatientRecord:
    """One patient's record at one moment. Made by `open_record`."""

    def __init__(
        self,
        client: FhirClient,
        patient: Resource,
        ids: Iterable[str],
        as_of: datetime,
        terminology: Terminology,
        problems: Iterable[str] = (),
    ) -> None:
        self.client, self.as_of, self.terminology = client, as_of, terminology
        self.patient = at_clock(patient, as_of)
        self.patient_id = str(patient["id"])
        self.ids = frozenset(ids) | {self.patient_id}
        self.problems = list(problems)
        self._slices: dict[str, Slice] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._notes: Notes | None = None
        self._attached: list[Note] = []

    def __repr__(self) -> str:
        return f"PatientRecord({self.client!r}, patient hidden)"

    async def slice(self, kind: str) -> Slice:
        """Everything of one type, newest first.

        Raises:
            UpstreamError: the server failed.
        """
        lock = self._locks.setdefault(kind, asyncio.Lock())
        async with lock:
            if kind not in self._slices:
                self._slices[kind] = await self._read(kind)
        note(kind, self._slices[kind].problems)
        return self._slices[kind]

    async def _read(self, kind: str) -> Slice:
        known = await self.client.types()
        query = f"{kind}?patient={self.patient_id}"
        if known and kind not in known:
            return Slice(f"{query} (the server keeps no {kind})")
        scope = (await self.client.capability()).scope(kind)
        if scope is None:
            return Slice(query, problems=[f"the server declares no way to find a {kind} by its patient"])
        parameters = [(scope, ",".join(id_ if scope == "patient" else f"Patient/{id_}" for id_ in sorted(self.ids)))]
        if kind in DRUG_TYPES:
            parameters.append(("_include", f"{kind}:medication"))
        matches = await self._search(kind, parameters)
        found = Slice(query, problems=[*self.problems, *matches.problems])
        foreign = 0
        for sent in matches.resources:
            resource, wrong = readable(sent)
            if wrong:
                found.problems.append(f"a {kind} that is not FHIR ({wrong}): not used")
                continue
            owners = patients_of(resource, self.client.base, about=True)
            if not owners & self.ids:
                foreign += 1
            elif visible(resource, self.as_of):
                entry = await self._entry(resource, matches)
                (found.entries if entry.verdict.usable else found.rejected).append(entry)
        if foreign:
            found.problems.append(f"the server sent {foreign} {kind} of other patients: not used")
        for entries in (found.entries, found.rejected):
            self._newest_first(entries)
        return found

    def _newest_first(self, entries: list[Entry]) -> None:
        entries.sort(
            key=lambda entry: (entry.moment is not None, entry.moment or self.as_of, entry.reference), reverse=True
        )

    async def without(self, written: Mapping[str, Resource | None]) -> None:
        """Read on as if these had not been written, by reference: what was there before, or None for nothing."""
        for kind in {reference.partition("/")[0] for reference in written}:
            part = await self.slice(kind)
            for entries in (part.entries, part.rejected):
                entries[:] = [entry for entry in entries if entry.reference not in written]
            for reference, old in written.items():
                if old is not None and reference.startswith(f"{kind}/"):
                    entry = await self._entry(old, Matches(part.query))
                    (part.entries if entry.verdict.usable else part.rejected).append(entry)
            self._newest_first(part.entries)
            self._newest_first(part.rejected)

    async def _search(self, kind: str, parameters: list[tuple[str, str]]) -> Matches:
        """The search; without its `_include` where the server refuses that (what it names is then read one by one)."""
        try:
            return await self.client.search(kind, parameters)
        except HttpError as error:
            plain = [(name, value) for name, value in parameters if name != "_include"]
            if error.status != 400 or plain == parameters:
                raise
            return await self.client.search(kind, plain)

    async def _entry(self, resource: Resource, matches: Matches) -> Entry:
        kind, verdict = str(resource["resourceType"]), judge(resource)
        concept = resource.get(CODE_ELEMENT.get(kind, "code"))
        if kind in DRUG_TYPES and concept is None:
            concept, verdict = await self._medication(resource, matches, verdict)
        if kind == "Condition" and verdict.usable and not verdict.current:
            ended = start_of(resource.get("abatementDateTime"))
            if ended and ended > self.as_of:
                # It ended only after the clock: at the clock it was so.
                verdict = Verdict()
        if kind == "MedicationStatement" and verdict.usable:
            verdict = _stated(resource, verdict, self.as_of)
        at = when(resource, self.as_of)
        return Entry(
            resource,
            verdict,
            reference_of(resource),
            version_of(resource),
            iso(at),
            start_of(at) or begun(resource),
            tuple(codings(concept)),
            words(concept),
        )

    async def _medication(self, resource: Resource, matches: Matches, verdict: Verdict) -> tuple[Any, Verdict]:
        """The drug behind `medicationReference`: contained, included, or read."""
        reference = resource.get("medicationReference") or {}
        text = str(reference.get("reference", ""))
        drug: Resource | None = None
        if text.startswith("#"):
            drug = next((item for item in resource.get("contained", []) if item.get("id") == text[1:]), None)
        elif target := local_reference(reference, self.client.base):
            drug = next((item for item in matches.included if reference_of(item) == "/".join(target)), None)
            if drug is None:
                try:
                    drug = await self.client.read(*target)
                except HttpError as error:
                    matches.problems.append(f"{text}: HTTP {error.status}")
        drug, wrong = readable(drug or {})
        if wrong or not drug:
            return {"text": str(reference.get("display", ""))}, verdict
        found = judge(drug)
        if verdict.usable and not found.usable:
            verdict = Verdict(False, f"its Medication: {found.reason}", (found.reason,), False)
        if verdict.usable and found.flags:
            verdict = replace(verdict, flags=(*verdict.flags, *(f"its Medication: {flag}" for flag in found.flags)))
        return drug.get("code") or {"text": str(reference.get("display", ""))}, verdict

    async def medications(self) -> Slice:
        """Requests and statements together, newest first."""
        parts = [await self.slice(kind) for kind in MEDICATION_TYPES]
        merged = Slice(" and ".join(part.query for part in parts))
        for part in parts:
            merged.entries += part.entries
            merged.rejected += part.rejected
            merged.problems += part.problems
        merged.problems = list(dict.fromkeys(merged.problems))
        self._newest_first(merged.entries)
        return merged

    def attach(self, note: Note) -> None:
        """Add a note that came with the question (its identity already compared)."""
        self._attached.append(note)
        self._notes = None

    async def notes(self) -> Notes:
        """Notes in plain text, newest first, those that came with the question included."""
        if self._notes is None:
            part = await self.slice("DocumentReference")
            found = Notes(query=part.query, problems=list(part.problems), notes=list(self._attached))
            replaced = {
                "/".join(target)
                for entry in part.entries
                for relation in walk(entry.resource, "relatesTo")
                if relation.get("code") == "replaces"
                and (target := local_reference(relation.get("target"), self.client.base))
            }
            for entry in part.entries:
                # What Osler filed itself is no evidence: it would quote its own advice as a fact of the patient.
                if entry.reference in replaced or carries(entry.resource):
                    continue
                note = await read_note(self.client, entry.resource, entry.verdict.flags)
                if isinstance(note, Note):
                    found.notes.append(note)
                else:
                    found.unread += 1
                    found.problems.append(note)
            self._notes = found
        return self._notes

    def match(self, concept: str, entry: Entry) -> str | None:
        """How an entry is a concept: by `code`, by `words` where no code of it is known here, or not at all."""
        terms = self.terminology
        if terms.matches(concept, list(entry.codings), entry.text or None):
            return "code" if entry.codings else "words"
        if not entry.text or any(concepts_of(terms, coding) for coding in entry.codings):
            return None
        wanted = {item.id for item in terms.expand(concept)}
        for mention in linker_for(terms).link(entry.text):
            if mention.concept in wanted and mention.how != "typo" and mention.assertion in ("present", "historical"):
                return "words"
        return None


def at_clock(patient: Resource, as_of: datetime) -> Resource:
    """The patient as known at the clinical clock: a death after it has not happened yet."""
    died = start_of(patient.get("deceasedDateTime"))
    if died is None or died <= as_of:
        return patient
    return {name: value for name, value in patient.items() if name != "deceasedDateTime"}


def _stated(resource: Resource, verdict: Verdict, as_of: datetime) -> Verdict:
    """A statement by its period: one that ended before the clock is past though it says active, and the other way."""
    period = resource.get("effectivePeriod")
    text = period.get("end") if isinstance(period, dict) else None
    try:
        first, after = interval(str(text))
    except (ValueError, OverflowError):
        return verdict
    if verdict.current and after <= as_of:
        return Verdict(flags=(f"ended {str(text)[:10]}", *verdict.flags), current=False)
    if resource.get("status") in ("completed", "stopped") and first > as_of:
        return Verdict()
    return verdict


@functools.lru_cache(maxsize=8192)
def concepts_of(terminology: Terminology, coding: Coding) -> tuple[str, ...]:
    """Ids of the concepts that carry a code."""
    return tuple(concept.id for concept in terminology.by_coding(coding))


@functools.lru_cache(maxsize=4096)
def wider_than(terminology: Terminology, concept: str) -> tuple[str, ...]:
    """Ids of the concepts that include a concept."""
    return tuple(
        wider
        for wider in terminology.concepts
        if wider != concept and any(item.id == concept for item in terminology.expand(wider))
    )


def client_for(source: str | Path | Store | FhirClient, *, headers: dict[str, str] | None = None) -> FhirClient:
    """A client for a base URL, a Bundle, a folder, a store's file, or what is already one.

    Raises:
        UsageError: nothing is there.
        BadInput: it is not FHIR.
    """
    if isinstance(source, FhirClient):
        return source
    if isinstance(source, Store):
        return FhirClient(store=source)
    text = str(source)
    if text.startswith(("http://", "https://")):
        return FhirClient(text, headers=headers)
    path = Path(text)
    if path.suffix in (".db", ".sqlite", ".sqlite3") and path.is_file():
        return FhirClient(store=Store(path))
    store = Store()
    import_path(store, path)
    return FhirClient(store=store)


async def patient_ids(client: FhirClient) -> list[str]:
    """Ids of the patients there are (at most a thousand)."""
    found = await client.search("Patient", [], limit=1000)
    return sorted(str(resource.get("id")) for resource in found.resources)[:1000]


async def _patient(client: FhirClient, id_: str) -> Resource:
    resource, wrong = readable(await client.read("Patient", id_))
    if wrong:
        raise UpstreamError(
            f"the Patient is not FHIR: {wrong}", found=wrong, expected="an R4 Patient", action="check the FHIR server"
        )
    return resource


async def resolve_patient(client: FhirClient, patient: str | None) -> Resource:
    """The patient named by id, `Patient/id` or an identifier; without a name the only one there is.

    Raises:
        UsageError: none named and several there, or no such patient; lists what is there.
    """
    name = (patient or "").removeprefix("Patient/")
    if name:
        try:
            return await _patient(client, name)
        except HttpError as error:
            if error.status not in (400, 404, 410):
                raise
        if found := await _by_identifier(client, name):
            return found
    ids = await patient_ids(client)
    if not name and len(ids) == 1:
        return await _patient(client, ids[0])
    shown = ", ".join(ids[:20]) + (f" and {len(ids) - 20} more" if len(ids) > 20 else "") if ids else "no patient"
    if name:
        raise UsageError(
            f"no patient {name!r} in this record", found=name, expected=shown, action="name one with --patient"
        )
    raise UsageError(
        f"the record holds {len(ids)} patients", found=shown, expected="one patient", action="name one with --patient"
    )


async def _by_identifier(client: FhirClient, value: str) -> Resource | None:
    """The one patient with an identifier; none where there are several or the server cannot search so."""
    try:
        found = await client.search("Patient", [("identifier", value.replace(",", "\\,"))], limit=10)
    except HttpError:
        return None
    fitting = [item for item in found.resources if value in list(walk(item, "identifier.value"))]
    return await _patient(client, str(fitting[0].get("id"))) if len(fitting) == 1 and found.complete else None


async def linked(client: FhirClient, patient: Resource) -> tuple[Resource, set[str], list[str]]:
    """The patient in use, the ids of all records of the same person, and what could not be resolved."""
    people = {str(patient["id"]): patient}
    queue, problems = [patient], []
    while queue and len(people) < 20:
        current = queue.pop()
        targets = {
            target[1]: str(link.get("type"))
            for link in current.get("link", [])
            if (target := local_reference(link.get("other"), client.base)) and target[0] == "Patient"
        }
        try:
            linking = await client.search("Patient", [("link", f"Patient/{current['id']}")])
            back = [item for item, wrong in map(readable, linking.resources) if not wrong]
        except HttpError:
            back = []  # not every server searches by link; what the patient itself links to is still followed
        targets |= {
            str(item["id"]): ""
            for item in back
            if any(
                local_reference(link.get("other"), client.base) == ("Patient", str(current["id"]))
                for link in item.get("link", [])
            )
        }
        for id_ in sorted(set(targets) - set(people)):
            try:
                other = await _patient(client, id_)
            except UpstreamError:
                problems.append("a linked patient record cannot be read")
                continue
            people[id_] = other
            queue.append(other)
    return _in_use(patient, people, client.base), set(people), problems


def _in_use(patient: Resource, people: dict[str, Resource], base: str) -> Resource:
    """Demographics come from the record that replaced this one, where one did."""
    seen = set()
    while str(patient["id"]) not in seen:
        seen.add(str(patient["id"]))
        for link in patient.get("link", []):
            target = local_reference(link.get("other"), base)
            if link.get("type") == "replaced-by" and target and target[1] in people:
                patient = people[target[1]]
                break
    return patient


async def open_record(
    source: str | Path | Store | FhirClient,
    patient: str | None = None,
    *,
    as_of: datetime,
    terminology: Terminology | None = None,
    headers: dict[str, str] | None = None,
) -> PatientRecord:
    """Open the record of one patient.

    Args:
        source: a FHIR base URL, a Bundle or NDJSON file, a folder of them, a store's file, a store or a client.
        patient: id or identifier; may be left out where the record holds exactly one.
        as_of: the clinical clock.

    Raises:
        UsageError: no such record or patient, or several patients and none named.
        BadInput: the file is not FHIR.
        UpstreamError: the server failed.
    """
    client = client_for(source, headers=headers)
    found, ids, problems = await linked(client, await resolve_patient(client, patient))
    return PatientRecord(client, found, ids, as_of, terminology or default_terminology(), problems)


__all__ = [
    "Entry",
    "PatientRecord",
    "Slice",
    "client_for",
    "concepts_of",
    "linked",
    "open_record",
    "patient_ids",
    "resolve_patient",
    "wider_than",
]
