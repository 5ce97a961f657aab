"""Transactions of the embedded store: all entries of a Bundle are written together, or none (FHIR R4 http.html#trules).

Only what a committed draft needs: POST with `ifNoneExist`, PUT with `ifMatch`, and references from one entry to another
by its `fullUrl`.
"""

from __future__ import annotations

import uuid
from typing import Any

from tools.ehr.fhirjson import Resource
from tools.ehr.query import Query
from tools.ehr.store import Store, Stored
from tools.ehr.validate import check
from tools.errors import BadInput


class Conflict(Exception):
    """A precondition of an entry does not hold (HTTP 412); nothing has been written."""


def existing(store: Store, kind: str, criteria: str) -> Stored | None:
    """The one resource a conditional create would find.

    Raises:
        Conflict: several fit.
        BadInput: the search is not supported.
    """
    found = store.search(Query.parse(kind, criteria, store.base))
    if found.total > 1:
        raise Conflict(f"{found.total} {kind} fit {criteria}; expected at most one")
    return found.matches[0] if found.matches else None


def unchanged(store: Store, kind: str, id_: str, match: str) -> None:
    """Hold an update to the version it was made for.

    Raises:
        Conflict: the resource is at another version, or gone.
    """
    now = store.get(kind, id_)
    wanted = match.strip().removeprefix("W/").strip('"')
    if now is None or now.version != wanted:
        raise Conflict(f"{kind}/{id_} is at version {now and now.version}; expected {wanted}")


def transact(store: Store, bundle: Resource) -> Resource:
    """Write a transaction Bundle.

    Raises:
        BadInput: it is not one, or an entry is not R4.
        Conflict: a precondition does not hold.
    """
    if bundle.get("resourceType") != "Bundle" or bundle.get("type") != "transaction":
        raise BadInput(
            f"found {bundle.get('resourceType')} {bundle.get('type', '')}".strip(),
            found=bundle.get("type"),
            expected="a transaction Bundle",
        )
    with store.transaction():
        entries = [_Entry(store, number, entry) for number, entry in enumerate(bundle.get("entry") or [])]
        places = {entry.full_url: entry.reference for entry in entries if entry.full_url}
        return {
            "resourceType": "Bundle",
            "type": "transaction-response",
            "entry": [{"response": entry.write(store, places)} for entry in entries],
        }


class _Entry:
    """One entry: where it goes is settled before anything is written, so that entries may name each other."""

    def __init__(self, store: Store, number: int, entry: Any) -> None:
        request, resource = (entry or {}).get("request") or {}, (entry or {}).get("resource")
        where = f"entry {number}"
        if not isinstance(resource, dict) or request.get("method") not in ("POST", "PUT"):
            raise BadInput(f"{where}: found {request.get('method')}", expected="POST or PUT with a resource")
        self.full_url, self.where = str(entry.get("fullUrl") or ""), where
        self.resource, self.found = dict(resource), None
        kind, _, id_ = str(request.get("url")).partition("/")
        if kind != resource.get("resourceType") or (request["method"] == "PUT") != bool(id_):
            raise BadInput(f"{where}: found address {request.get('url')}", expected="TYPE to create, TYPE/ID to update")
        if request["method"] == "POST":
            criteria = str(request.get("ifNoneExist") or "")
            self.found = existing(store, kind, criteria) if criteria else None
            id_ = self.found.id if self.found else str(uuid.uuid4())
        elif resource.get("id") != id_:
            raise BadInput(f"{where}: found id {resource.get('id')!r}", expected=f"{id_!r} as in the address")
        elif request.get("ifMatch"):
            unchanged(store, kind, id_, str(request["ifMatch"]))
        self.resource["id"] = id_
        self.reference = f"{kind}/{id_}"

    def write(self, store: Store, places: dict[str, str]) -> dict[str, Any]:
        """Write the resource unless it is there, and say where it lies."""
        stored, status = self.found, "200 OK"
        if stored is None:
            resource = _pointing(self.resource, places)
            check(resource, self.where)
            stored, what = store.put(resource)
            status = "201 Created" if what == "created" else "200 OK"
        location = f"{store.base}/{self.reference}/_history/{stored.version}"
        return {"status": status, "location": location, "etag": f'W/"{stored.version}"'}


def _pointing(value: Any, places: dict[str, str]) -> Any:
    """The same with references to other entries resolved."""
    if isinstance(value, dict):
        return {
            key: places.get(item, item) if key == "reference" and isinstance(item, str) else _pointing(item, places)
            for key, item in value.items()
        }
    return [_pointing(item, places) for item in value] if isinstance(value, list) else value
