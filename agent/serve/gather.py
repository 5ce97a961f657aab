"""The record behind one call: what was sent with it, completed from the client's FHIR server where that is allowed.

It lives in a store of its own, in memory, for this call only. What is not this patient's is not kept; a type that was
neither sent nor read is incomplete, so that nothing of it reads as "none".
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

from agent.serve.request import Call
from agent.serve.services import PATIENT, Service
from tools.ehr.client.client import FhirClient, HttpError, Matches
from tools.ehr.compartment import local_reference, patients_of, walk
from tools.ehr.fhirjson import Resource
from tools.ehr.record import PatientRecord, open_record
from tools.ehr.shape import readable
from tools.ehr.store.store import BASE, Store
from tools.errors import BadInput, IdentityMismatch, OslerError, ToolError, UpstreamError

# What a resource of the patient may point at and the reads follow: it is about nobody, or about the same person.
_FOLLOWED = ("Medication", "Binary", "Patient")
REMOTE_SECONDS = 4.0


class Precondition(OslerError):
    """What the service cannot do without was neither sent nor could it be read."""

    code = "precondition"
    exit_code = 3


@dataclass
class Gathered:
    """What there is of each type, and what is to be said about it."""

    missing: dict[str, str] = field(default_factory=dict)
    foreign: int = 0
    notes: list[str] = field(default_factory=list)


class CallClient(FhirClient):
    """The client of one call's record: the store of what was sent, and behind it the server it came from."""

    def __init__(self, store: Store, remote: FhirClient | None, sent: dict[str, str | None], found: Gathered) -> None:
        super().__init__(store=store)
        self.remote, self.sent, self.found = remote, sent, found
        self._read: dict[str, list[str]] = {}

    async def types(self) -> set[str]:
        """Nothing is known not to be kept: a type that was not sent is missing, not empty."""
        return set()

    async def search(self, kind: str, parameters: list[tuple[str, str]], *, limit: int | None = None) -> Matches:
        """The search on what was sent; a type that was not is read from the server first, once."""
        problems: list[str] = []
        if kind != "Patient":
            problems = await self._complete(kind, dict(parameters).get("patient", ""))
        matches = await super().search(kind, parameters, limit=limit)
        matches.problems += problems
        return matches

    async def complete(self, kinds: Iterable[str], people: set[str]) -> None:
        """Read what is asked for and was not sent, all at once."""
        patients = ",".join(sorted(people))
        await asyncio.gather(*(self._complete(kind, patients) for kind in dict.fromkeys(kinds) if kind != "Patient"))

    async def _complete(self, kind: str, patients: str) -> list[str]:
        if kind in self.sent:
            why = self.sent[kind]
            return [why] if why else []
        if kind not in self._read:
            self._read[kind] = await self._from_server(kind, patients)
        return self._read[kind]

    async def _from_server(self, kind: str, patients: str) -> list[str]:
        if self.remote is None or not patients:
            why = f"{kind} was not sent with the call"
            self.found.missing[kind] = why
            return [why]
        try:
            matches = await self.remote.search(kind, [("patient", patients)])
        except ToolError as error:
            why = f"{kind} was not sent, and could not be read: {_plainly(error)}"
            self.found.missing[kind] = why
            return [why]
        problems = list(matches.problems)
        problems += self.keep(kind, [*matches.resources, *matches.included], set(patients.split(",")))
        if problems:
            self.found.notes.append(f"{kind} was read incompletely")
        return problems

    def keep(self, kind: str, resources: Iterable[Any], people: set[str]) -> list[str]:
        """Put what is the patient's (or nobody's) into the store; what is to be said of the rest."""
        assert self.store is not None
        kept, wrong = [], 0
        for sent in resources:
            resource, fault = readable(sent) if isinstance(sent, dict) else ({}, "no object")
            if fault or not isinstance(resource.get("id"), str) or not isinstance(resource.get("resourceType"), str):
                wrong += 1
                continue
            owners = patients_of(resource, self.base, about=True)
            if owners and not owners & people:
                self.found.foreign += 1
                continue
            kept.append(resource)
        with self.store.transaction():
            for resource in kept:
                self.store.put(resource)
        return [f"{wrong} {kind} that is not FHIR: not used"] if wrong else []

    async def read(self, kind: str, id_: str, version: str | None = None) -> Resource:
        """One resource of the store; what a resource points at is read from the server too."""
        try:
            return await super().read(kind, id_, version)
        except HttpError as error:
            if error.status not in (404, 410) or self.remote is None or kind not in _FOLLOWED:
                raise
        return await self.remote.read(kind, id_, version)


def remote_of(call: Call, allowed: bool, transport: httpx.AsyncBaseTransport | None = None) -> FhirClient | None:
    """A client of the caller's FHIR server with the token of this call; none where either is missing or not allowed."""
    if not (call.fhirServer and call.fhirAuthorization and allowed):
        return None
    token = call.fhirAuthorization.access_token
    return FhirClient(
        call.fhirServer,
        headers={"Authorization": f"Bearer {token}"},
        timeout=REMOTE_SECONDS,
        attempts=1,
        max_seconds=REMOTE_SECONDS,
        transport=transport,
    )


async def gather(
    call: Call, service: Service, as_of: datetime, remote: FhirClient | None, drafts: Sequence[Resource] = ()
) -> tuple[PatientRecord, Gathered, CallClient]:
    """The patient's record of a call.

    Args:
        drafts: orders in hand, which are counted as if they were active.

    Raises:
        BadInput: something sent under a key of ours is no resource.
        IdentityMismatch: the patient sent is not the patient of the call.
        Precondition: what the service needs is missing.
    """
    found, patient = Gathered(), call.context.patientId
    store = Store(base=(call.fhirServer or BASE).rstrip("/"))
    sent: dict[str, str | None] = {}
    people = {patient}
    client = CallClient(store, remote, sent, found)
    try:
        person = await _person(call, client)
        people |= {
            target[1]
            for link in walk(person, "link")
            if isinstance(link, dict)
            and (target := local_reference(link.get("other"), store.base))
            and target[0] == "Patient"
        }
        client.keep("Patient", [person], people)
        for key, template in service.templates.items():
            if key != PATIENT and key in call.prefetch:
                _take(key, template.kind, call.prefetch[key], client, people)
        client.keep("order", drafts, people)
        await client.complete([template.kind for template in service.templates.values()], people)
        record = await open_record(client, patient, as_of=as_of)
        for template in service.templates.values():
            if template.kind != "Patient" and template.needed and (why := found.missing.get(template.kind)):
                raise _lacking(template.kind, why)
    except BaseException:
        store.close()
        raise
    return record, found, client


async def _person(call: Call, client: CallClient) -> Resource:
    """The patient of the call."""
    sent: Any = call.prefetch.get(PATIENT)
    if isinstance(sent, dict) and sent.get("resourceType") == "Bundle":
        people = [row for row in walk(sent, "entry.resource") if isinstance(row, dict)]
        sent = people[0] if len(people) == 1 else None
    if isinstance(sent, dict) and sent.get("resourceType") == "Patient":
        resource, wrong = readable(sent)
        if wrong:
            raise BadInput("prefetch.patient is no Patient", found=wrong, expected="an R4 Patient", action="correct it")
        if resource.get("id") != call.context.patientId:
            raise IdentityMismatch(
                "prefetch.patient is another patient than context.patientId",
                found="two patients",
                expected="one patient",
                action="send the data of the patient in context",
            )
        return resource
    if client.remote is not None and PATIENT not in call.prefetch:
        try:
            return await client.remote.read("Patient", call.context.patientId)
        except UpstreamError as error:
            raise _no_patient(f"it could not be read: {_plainly(error)}") from error
    raise _no_patient("it was not sent")


def _no_patient(found: str) -> Precondition:
    return _lacking("Patient", found)


def _lacking(kind: str, found: str) -> Precondition:
    return Precondition(
        f"{kind} is needed and is missing",
        found=found,
        expected="the prefetch keys of the service, or a FHIR server that may be read",
        action="send the prefetch, or fhirServer with fhirAuthorization and have the server allowed",
    )


def _take(key: str, kind: str, value: Any, client: CallClient, people: set[str]) -> None:
    """What was sent under one key: a searchset, null for none, or an OperationOutcome for what went wrong there."""
    found, sent = client.found, client.sent
    if value is None:
        sent[kind] = None
        return
    if not isinstance(value, dict) or value.get("resourceType") not in ("Bundle", "OperationOutcome", kind):
        raise BadInput(
            f"prefetch.{key} is not what was asked for",
            found=str(value.get("resourceType"))[:40] if isinstance(value, dict) else type(value).__name__,
            expected=f"a searchset Bundle of {kind}, null, or an OperationOutcome",
            action="send what the template asks for, or leave the key out",
        )
    if value["resourceType"] == "OperationOutcome":
        # The client has tried: asking its server again would only repeat the error.
        sent[kind] = found.missing[kind] = f"{kind} could not be fetched by the calling system"
        return
    entries = value.get("entry") or [] if value["resourceType"] == "Bundle" else [{"resource": value}]
    rows = [entry.get("resource") if isinstance(entry, dict) else None for entry in entries]
    mine = [row for row in rows if isinstance(row, dict) and row.get("resourceType") in (kind, *_FOLLOWED[:2])]
    failed = any(isinstance(row, dict) and row.get("resourceType") == "OperationOutcome" for row in rows)
    links = [link.get("relation") for link in value.get("link") or [] if isinstance(link, dict)]
    total = value.get("total")
    counted = sum(row.get("resourceType") == kind for row in mine)
    short = "next" in links or (isinstance(total, int) and total > counted)
    if short and client.remote is not None:
        return  # Only a page of it was sent: the whole is read from the server when it is needed.
    problem = None
    if short:
        problem = f"only {counted} of {total if isinstance(total, int) else 'more'} {kind} were sent"
    elif failed:
        problem = f"{kind}: the calling system reports an error with what it sent"
    elif len(mine) < len(rows):
        problem = f"{kind}: {len(rows) - len(mine)} of what was sent is not {kind}"
    wrong = client.keep(kind, mine, people)
    problem = "; ".join([*([problem] if problem else []), *wrong]) or None
    if problem:
        found.notes.append(problem)
    sent[kind] = problem


def _plainly(error: ToolError) -> str:
    """An error of another server, without what its address or its answer may say about a patient."""
    return type(error).__name__ if isinstance(error, UpstreamError) else error.message
