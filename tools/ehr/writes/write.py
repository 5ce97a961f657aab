"""Writing to the record: one approved resource with its Provenance, in one transaction, at most once.

No tool has a `Writer`: the client a tool reads with cannot write, and the embedded store refuses it. One is opened by
`agent.writes` for a draft that a named person has approved.
"""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from tools.ehr.checks.validate import check
from tools.ehr.client.client import FhirClient, version_of
from tools.ehr.client.errors import BROKEN, HttpError
from tools.ehr.client.http import MAX_BYTES, diagnostics, resource_of
from tools.ehr.fhirjson import Resource, dumps, loads
from tools.ehr.server.server import MEDIA, application
from tools.ehr.writes.audit import OSLER
from tools.ehr.writes.beside import Beside, algorithm, study_entry
from tools.ehr.writes.drafts import DRAFT, carries
from tools.errors import BadInput, OslerError, Refused, UpstreamError, UsageError

_AGENT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
_OPERATION = "http://terminology.hl7.org/CodeSystem/v3-DataOperation"
_ACTIONS = {
    401: "the server wants a login that Osler does not have: ask whoever runs it",
    403: "the server does not allow this write: ask whoever runs it",
    409: "the record is being changed: look at it, then approve again",
    412: "the record has changed: approve again, it is read again first",
}


class WriteRefused(Refused):
    """The server refused the write; nothing was written. `status` is its HTTP status."""

    code = "write_refused"
    status: int = 0


@dataclass(frozen=True)
class Approval:
    """Whose word a write rests on: without a name and a role there is none."""

    by: str
    role: str
    at: str
    override: str | None = None

    def __post_init__(self) -> None:
        if not self.by.strip() or not self.role.strip():
            raise UsageError(
                "a write needs a person's approval",
                found=f"by {self.by!r}, role {self.role!r}",
                expected="a name and a role",
                action="give --by NAME --role ROLE",
            )


@dataclass(frozen=True)
class Written:
    """Where a committed resource lies, and whether it lay there already."""

    reference: str
    version: str | None
    resource: Resource
    new: bool


class Writer(FhirClient):
    """The same client with one thing more: `commit`."""

    @classmethod
    def over(cls, client: FhirClient) -> Self:
        """A writer to the server that a client reads from."""
        transport = client._transport
        if client.store is not None:
            inside = application(client.store, writable=True)
            transport = httpx.ASGITransport(inside, root_path=urlsplit(client.base).path)
        writer = cls(
            client.base,
            access=client.access,
            timeout=client.timeout,
            headers=client._headers,
            transport=transport,
            quirks=client.quirks,
        )
        writer.store = client.store
        return writer

    async def written(self, kind: str, identifier: str) -> Resource | None:
        """What a draft has become in the record, where it is there already.

        Raises:
            UpstreamError: the server failed, or several resources carry the draft's identifier.
        """
        found = await self.search(kind, [("identifier", f"{DRAFT}|{identifier}")], limit=5)
        mine = [item for item in found.resources if carries(item, identifier)]
        if len(mine) > 1:
            raise UpstreamError(
                f"{len(mine)} {kind} carry the identifier of one draft",
                found=", ".join(str(item.get("id")) for item in mine),
                expected="at most one",
                action="look at them in the record",
            )
        return mine[0] if mine else None

    async def commit(
        self,
        resource: Resource,
        identifier: str,
        approval: Approval,
        sources: list[str],
        consultation: str,
        beside: Beside | None = None,
    ) -> Written:
        """Write a resource (one with an id: an update of its version) and who approved it.

        Args:
            beside: what a measure on an image brings along.

        Raises:
            WriteRefused: the server said no; nothing was written.
            UpstreamError: it failed or did not answer: whether it was written is not known.
        """
        bundle = transaction(resource, identifier, approval, sources, consultation, beside)
        answer = await self._post(bundle)
        kind = str(resource["resourceType"])
        rows = [entry.get("response") or {} for entry in answer.get("entry") or []]
        now = await self.written(kind, identifier)
        if now is None:
            raise UpstreamError(
                f"the server took the {kind} but does not give it back",
                found=[row.get("status") for row in rows],
                expected="the resource, by its identifier",
                action="approve again: it is looked for first and not written twice",
            )
        new = bool(rows) and str(rows[0].get("status", "")).startswith("201")
        return Written(f"{kind}/{now['id']}", version_of(now), now, new)

    async def audit(self, event: Resource) -> str:
        """Put an AuditEvent into the record; where it lies now, in words. Never a reason for a write to fail."""
        try:
            await self.put_audit(event)
        except (OslerError, *BROKEN, TimeoutError) as error:
            return f"Osler's log only: the record did not take it ({error})"
        return f"the record: AuditEvent/{event['id']}"

    async def put_audit(self, event: Resource) -> None:
        """Put an AuditEvent under its own id; nothing else can be written this way.

        Raises:
            UsageError: it is not one.
            HttpError: the server did not take it.
        """
        if event.get("resourceType") != "AuditEvent" or not event.get("id"):
            raise UsageError(
                "not an AuditEvent", found=str(event.get("resourceType")), expected="AuditEvent with an id"
            )
        url, headers = f"{self.base}/AuditEvent/{event['id']}", {"Content-Type": MEDIA}
        response = await asyncio.wait_for(
            self._client().put(url, content=dumps(event).encode(), headers=headers), self.timeout
        )
        if response.status_code not in (200, 201):
            failed = HttpError(
                f"AuditEvent: HTTP {response.status_code}", found=response.status_code, expected="HTTP 201"
            )
            failed.status = response.status_code
            raise failed

    async def _post(self, bundle: Resource) -> Resource:
        url = f"{self.base}/" if self.store is not None else self.base
        headers = {"Content-Type": MEDIA}
        try:
            request = self._client().post(url, content=dumps(bundle).encode(), headers=headers)
            response = await asyncio.wait_for(request, self.timeout)
        except (TimeoutError, *BROKEN) as error:
            raise UpstreamError(
                "the server did not answer the write: whether it was made is not known",
                found=type(error).__name__,
                expected="an answer",
                action="approve again: it is looked for first and not written twice",
            ) from error
        body = response.content[:MAX_BYTES]
        if 400 <= response.status_code < 500:
            raise _refusal(response.status_code, body)
        if response.status_code not in (200, 201):
            failed = HttpError(
                f"the write ended with HTTP {response.status_code}: whether it was made is not known",
                found=response.status_code,
                expected="HTTP 200",
                action="approve again: it is looked for first and not written twice",
            )
            failed.status = response.status_code
            raise failed
        return resource_of(url, 200, response.headers.get("content-type", ""), body)


def _refusal(status: int, body: bytes) -> WriteRefused:
    try:
        parsed = loads(body) if body else {}
    except BadInput:
        parsed = {}
    said = diagnostics(parsed) if isinstance(parsed, dict) else "no reason given"
    refused = WriteRefused(
        f"the server refused the write: HTTP {status}: {said}",
        found=f"HTTP {status}",
        expected="HTTP 200",
        action=_ACTIONS.get(status, "nothing was written: the draft stands as it was"),
    )
    refused.status = status
    return refused


def transaction(
    resource: Resource,
    identifier: str,
    approval: Approval,
    sources: list[str],
    consultation: str,
    beside: Beside | None = None,
) -> Resource:
    """The transaction Bundle: the resource, and the Provenance that names approver, role and assembler.

    The resource is found by its identifier if it is sent again; the Provenance has an id of its own for that. An
    ImagingStudy beside it is found by its study's UID, and made only where the patient has none of that study.

    Raises:
        BadInput: what would be written is not R4.
    """
    kind, id_ = str(resource["resourceType"]), resource.get("id")
    version = version_of(resource)
    mine = {"system": DRAFT, "value": identifier}
    body = {**resource, "identifier": _identified(kind, resource.get("identifier"), mine)}
    # The server gives the version; what it has given is sent back in If-Match, not in the resource.
    meta = {
        key: value for key, value in (resource.get("meta") or {}).items() if key not in ("versionId", "lastUpdated")
    }
    body = {key: value for key, value in body.items() if key != "meta"} | ({"meta": meta} if meta else {})
    place = f"{kind}/{id_}" if id_ else f"urn:uuid:{_uuid(identifier)}"
    request: dict[str, Any] = {"method": "POST", "url": kind, "ifNoneExist": f"identifier={DRAFT}|{identifier}"}
    if id_:
        request = {"method": "PUT", "url": f"{kind}/{id_}", **({"ifMatch": f'W/"{version}"'} if version else {})}
    proof = _provenance(place, "UPDATE" if id_ else "CREATE", identifier, approval, sources, consultation)
    if beside is not None:
        proof["agent"] += [_agent("performer", algorithm(name)) for name in beside.algorithms]
        proof["entity"] += [{"role": "source", "what": {"identifier": row}} for row in beside.images]
    more = [] if beside is None or beside.study is None else [study_entry(beside.study)]
    proof["target"] += [{"reference": entry["fullUrl"]} for entry in more]
    for item in (body, proof, *(entry["resource"] for entry in more)):
        check(item, "the draft")
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {**({} if id_ else {"fullUrl": place}), "resource": body, "request": request},
            *more,
            {"resource": proof, "request": {"method": "PUT", "url": f"Provenance/{proof['id']}"}},
        ],
    }


def _identified(kind: str, held: Any, mine: Resource) -> Any:
    """The identifiers with the draft's own; a Composition has one only (R4)."""
    return mine if kind == "Composition" else [*(row for row in held or [] if row != mine), mine]


def _provenance(
    place: str, operation: str, identifier: str, approval: Approval, sources: list[str], consultation: str
) -> Resource:
    asked = {"identifier": {"system": "urn:osler:consultation", "value": consultation}}
    body: Resource = {
        "resourceType": "Provenance",
        "id": f"osler-{identifier}",
        "target": [{"reference": place}],
        "recorded": approval.at,
        "activity": {"coding": [{"system": _OPERATION, "code": operation}]},
        "agent": [_agent("verifier", {"display": approval.by}, approval.role), _agent("assembler", OSLER)],
        "entity": [
            {"role": "derivation", "what": asked},
            *({"role": "source", "what": {"reference": reference}} for reference in sources),
        ],
    }
    return body | ({"reason": [{"text": f"Override: {approval.override}"}]} if approval.override else {})


def _agent(code: str, who: Resource, role: str | None = None) -> Resource:
    body: Resource = {"type": {"coding": [{"system": _AGENT, "code": code}]}, "who": who}
    return body | ({"role": [{"text": role}]} if role else {})


def _uuid(identifier: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{DRAFT}|{identifier}"))
