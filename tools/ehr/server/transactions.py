"""Batches and transactions (FHIR R4 http.html#transaction).

A transaction is written whole or not at all, in R4's order (DELETE, POST, PUT and PATCH, GET), whatever the order of
its entries; two entries for one resource are refused; `urn:uuid` and conditional references are resolved in elements
(`Reference.reference`, URIs), not in narratives. The entries of a batch stand each for itself, in their order.
"""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from tools.ehr.bundles_references import Ambiguous, Resolver
from tools.ehr.checks.structure import resource as _structure
from tools.ehr.checks.structure_primitives import Fault
from tools.ehr.checks.validate import is_type
from tools.ehr.fhirjson import Resource, loads
from tools.ehr.server.answers import Answer, Call, Problem, version_headers
from tools.ehr.server.patch import patched
from tools.ehr.server.writing import Outcome, Writing
from tools.ehr.store.store import Store
from tools.errors import BadInput

_ORDER = {"DELETE": 0, "POST": 1, "PUT": 2, "PATCH": 2, "GET": 3, "HEAD": 3}
MAX_ENTRIES = 20_000
Handle = Callable[[Call], Answer]
_REASONS = {200: "OK", 201: "Created", 204: "No Content", 304: "Not Modified"}


def reads_only(bundle: Any) -> bool:
    """Whether a Bundle asks for nothing but reads."""
    entries = bundle.get("entry") if isinstance(bundle, dict) else None
    return isinstance(entries, list) and all(
        isinstance(entry, dict)
        and isinstance(entry.get("request"), dict)
        and entry["request"].get("method") in ("GET", "HEAD")
        for entry in entries
    )


def process(store: Store, bundle: Any, handle: Handle, prefer: str = "minimal") -> Resource:
    """Carry out a batch or transaction; `handle` answers the reads in it.

    Raises:
        Problem: it is neither; of a transaction also whatever is wrong with one of its entries.
    """
    kind = bundle.get("type") if isinstance(bundle, dict) and bundle.get("resourceType") == "Bundle" else None
    if kind not in ("batch", "transaction"):
        raise Problem(400, "invalid", f"found {_kind_of(bundle)}; expected a batch or transaction Bundle")
    try:
        _structure(
            {
                **bundle,
                "entry": [
                    {**entry, "resource": _STAND_IN} if isinstance(entry, dict) and "resource" in entry else entry
                    for entry in bundle["entry"]
                ],
            }
            if isinstance(bundle.get("entry"), list)
            else bundle
        )
    except Fault as fault:
        raise Problem(
            400,
            "invalid",
            f"Bundle: {fault.place} {fault.message}; expected {fault.expected}",
            expression=f"Bundle.{fault.place}",
        ) from fault
    given = bundle.get("entry", [])
    if len(given) > MAX_ENTRIES:
        raise Problem(413, "too-costly", f"found {len(given)} entries; expected at most {MAX_ENTRIES}")
    work = _Work(store, handle, prefer)
    rows = work.transaction(given) if kind == "transaction" else [work.single(entry, given) for entry in given]
    return {"resourceType": "Bundle", "type": f"{kind}-response", **({"entry": rows} if rows else {})}


_STAND_IN = {"resourceType": "Basic", "code": {"text": "-"}}


@dataclass
class _Entry:
    """One entry, read: `id_` once it is known, `kept` where a conditional create found something."""

    number: int
    method: str
    url: str
    request: dict[str, Any]
    resource: Resource | None
    full_url: str
    kind: str = ""
    id_: str = ""
    criteria: str | None = None
    kept: Outcome | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def reference(self) -> str:
        """Where it lies, or will lie."""
        return f"{self.kind}/{self.id_}"


class _Work:
    def __init__(self, store: Store, handle: Handle, prefer: str) -> None:
        self.store, self.handle, self.prefer = store, handle, prefer
        self.writing = Writing(store)

    def single(self, row: Any, rows: list[Any]) -> dict[str, Any]:
        """One entry of a batch, with its own outcome."""
        try:
            entry = self._read(0, row)
            names = {str(other.get("fullUrl")) for other in rows if isinstance(other, dict) and other.get("fullUrl")}
            with self.store.transaction():
                self._settle(entry)
                self._resolve(entry, {}, {}, names)
                return self._carry_out(entry)
        except Problem as problem:
            return _failed(problem)
        except BadInput as error:
            return _failed(_problem(error))

    def transaction(self, rows: list[Any]) -> list[dict[str, Any]]:
        """All entries, or none."""
        done: dict[int, dict[str, Any]] = {}
        number = 0
        try:
            with self.store.transaction():
                entries = []
                for number, row in enumerate(rows):
                    entries.append(self._read(number, row))
                    self._settle(entries[-1])
                _distinct(entries)
                names = {entry.full_url: entry.reference for entry in entries if entry.full_url and entry.id_}
                kept = {entry.reference: entry.resource for entry in entries if entry.resource and entry.id_}
                for entry in sorted(entries, key=lambda item: _ORDER[item.method]):
                    number = entry.number
                    self._resolve(entry, names, kept, set())
                    done[number] = self._carry_out(entry)
        except Problem as problem:
            text = f"entry {number}: {problem.text}; nothing of the transaction is written"
            raise Problem(problem.status, problem.code, text, expression=f"Bundle.entry[{number}]") from problem
        except BadInput as error:
            given = _problem(error)
            text = f"entry {number}: {given.text}; nothing of the transaction is written"
            raise Problem(given.status, given.code, text, expression=f"Bundle.entry[{number}]") from error
        return [done[number] for number in range(len(rows))]

    def _read(self, number: int, row: dict[str, Any]) -> _Entry:
        request = row.get("request")
        if not isinstance(request, dict):
            raise Problem(400, "required", "found no request; expected entry.request with method and url")
        method, url = str(request["method"]), str(request["url"])
        for root in (self.store.base.rstrip("/") + "/", "/"):
            url = url.removeprefix(root)
        headers = {name: str(request[key]) for key, name in _HEADERS.items() if key in request}
        entry = _Entry(
            number, method, url, request, row.get("resource"), str(row.get("fullUrl") or ""), headers=headers
        )
        if method in ("GET", "HEAD"):
            return entry
        path, mark, criteria = url.partition("?")
        parts = path.split("/")
        entry.kind, entry.criteria = parts[0], criteria if mark else None
        entry.id_ = parts[1] if len(parts) == 2 else ""
        fits = len(parts) == 1 if method == "POST" or mark else len(parts) == 2 and bool(parts[1])
        if not is_type(entry.kind) or not fits or (method == "POST" and mark):
            raise Problem(
                400,
                "invalid",
                f"found {method} {url[:100]}; expected TYPE to create, TYPE/ID or TYPE?CONDITION "
                "to update, patch or delete",
            )
        if method != "DELETE" and not isinstance(entry.resource, dict):
            raise Problem(400, "required", f"found no resource; expected one with {method}")
        return entry

    def _settle(self, entry: _Entry) -> None:
        """Find out which resource an entry is for, before anything is written: entries may name each other."""
        if entry.method == "POST":
            unless = entry.request.get("ifNoneExist")
            found = self.writing.one(entry.kind, str(unless)) if unless is not None else None
            entry.kept = Outcome("there", found) if found is not None else None
            entry.id_ = found.id if found is not None else str(uuid.uuid4())
        elif entry.criteria is not None:
            if entry.method == "PUT":
                entry.id_, entry.resource = self.writing.settled(entry.kind, entry.criteria, entry.resource or {})
            else:
                found = self.writing.one(entry.kind, entry.criteria)
                entry.id_ = found.id if found is not None else ""

    def _resolve(self, entry: _Entry, names: dict[str, str], kept: dict[str, Resource], foreign: set[str]) -> None:
        if entry.method not in ("POST", "PUT") or entry.resource is None or entry.kept is not None:
            return

        def lost(body: dict[str, Any], reference: str, path: str) -> dict[str, Any]:
            if reference.startswith("urn:") and reference not in foreign:
                raise Problem(
                    400, "not-found", f"{entry.kind}.{path} refers to {reference[:100]}, which no entry holds"
                )
            if reference in foreign:
                raise Problem(
                    400, "invalid", f"{entry.kind}.{path} refers to another entry; a batch cannot, a transaction can"
                )
            raise Problem(412, "not-found", f"{entry.kind}.{path} refers to {reference[:200]}, which fits no resource")

        try:
            entry.resource = Resolver(self.store, names, kept, f"entry {entry.number}", lost).resolve(entry.resource)
        except Ambiguous as error:
            raise Problem(412, "multiple-matches", error.message) from error

    def _carry_out(self, entry: _Entry) -> dict[str, Any]:
        match, resource = entry.headers.get("if-match"), entry.resource or {}
        if entry.method in ("GET", "HEAD"):
            path, _, query = entry.url.partition("?")
            return _given(self.handle(Call(entry.method, unquote(path), query, entry.headers)))
        if entry.kept is not None:
            done = entry.kept
        elif entry.method == "POST":
            done = self.writing.create(entry.kind, resource, id_=entry.id_)
        elif entry.method == "PUT":
            done = self.writing.update(entry.kind, entry.id_, resource, match)
        elif entry.method == "PATCH":
            if not entry.id_:
                raise Problem(404, "not-found", f"{entry.url[:100]} fits no resource")
            call = Call("PATCH", entry.url, headers={"content-type": _media(resource)}, body=_data(resource))
            done = self.writing.patch(entry.kind, entry.id_, lambda now: patched(call, now), match)
        else:
            done = self.writing.delete(entry.kind, entry.id_, match) if entry.id_ else Outcome("gone")
        return self._row(entry, done)

    def _row(self, entry: _Entry, done: Outcome) -> dict[str, Any]:
        response: dict[str, Any] = {"status": f"{done.status} {_REASONS[done.status]}"}
        if done.stored is None or done.what == "deleted":
            return {"response": response}
        place = f"{self.store.base}/{entry.reference}"
        response["location"] = f"{place}/_history/{done.stored.version}"
        response["etag"] = version_headers(done.stored)["ETag"]
        response["lastModified"] = done.stored.updated
        if self.prefer == "representation":
            return {"fullUrl": place, "resource": done.stored.resource, "response": response}
        return {"response": response}


_HEADERS = {
    "ifNoneMatch": "if-none-match",
    "ifModifiedSince": "if-modified-since",
    "ifMatch": "if-match",
    "ifNoneExist": "if-none-exist",
}


def _distinct(entries: list[_Entry]) -> None:
    """Two entries that would write one resource make the whole transaction fail."""
    seen: dict[str, int] = {}
    for entry in entries:
        if entry.method in ("GET", "HEAD") or not entry.id_ or entry.kept is not None:
            continue
        if entry.reference in seen:
            text = f"entries {seen[entry.reference]} and {entry.number} are for the same {entry.reference}"
            raise Problem(400, "duplicate", text)
        seen[entry.reference] = entry.number
    urls = [entry.full_url for entry in entries if entry.full_url and entry.method not in ("GET", "HEAD")]
    if len(urls) != len(set(urls)):
        raise Problem(400, "duplicate", "two entries have the same fullUrl")


def _media(resource: Resource) -> str:
    return str(resource.get("contentType", ""))


def _data(resource: Resource) -> bytes:
    if resource.get("resourceType") != "Binary":
        raise Problem(
            400, "not-supported", f"found {resource.get('resourceType')}; expected a Binary with a JSON Patch"
        )
    try:
        return base64.b64decode(str(resource.get("data", "")), validate=True)
    except binascii.Error as error:
        raise Problem(400, "invalid", "the Binary's data is not base64") from error


def _given(answer: Answer) -> dict[str, Any]:
    """The answer to a read as an entry."""
    response: dict[str, Any] = {"status": f"{answer.status} {_REASONS.get(answer.status, '')}".strip()}
    if "ETag" in answer.headers:
        response["etag"] = answer.headers["ETag"]
    body = loads(answer.body) if answer.body else None
    if answer.status >= 400:
        return {"response": {**response, **({"outcome": body} if body else {})}}
    return {**({"resource": body} if body else {}), "response": response}


def _failed(problem: Problem) -> dict[str, Any]:
    return _given(problem.answer())


def _problem(error: BadInput) -> Problem:
    return Problem(400, "invalid", f"{error.message}; expected {error.expected}")


def _kind_of(bundle: Any) -> str:
    if not isinstance(bundle, dict):
        return type(bundle).__name__
    return f"{bundle.get('resourceType')} {bundle.get('type', '')}".strip()[:80]
