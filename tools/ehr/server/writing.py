"""Create, update, patch, delete and their conditional forms (FHIR R4 http.html)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tools.ehr.bundles_references import Ambiguous, fitting
from tools.ehr.checks.validate import check
from tools.ehr.fhirjson import Resource
from tools.ehr.server.answers import Problem, matches
from tools.ehr.store.store import Store, Stored
from tools.errors import BadInput

Change = Callable[[Resource], Resource]


@dataclass(frozen=True)
class Outcome:
    """What a write did: `created`, `updated`, `unchanged`, `there` (found by a condition), `deleted`, `gone`."""

    what: str
    stored: Stored | None = None

    @property
    def status(self) -> int:
        """Its HTTP status."""
        return {"created": 201, "deleted": 204, "gone": 204}.get(self.what, 200)


class Writing:
    """The writes of a store, each in a transaction of its own unless one is open."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def create(self, kind: str, resource: Resource, unless: str | None = None, *, id_: str | None = None) -> Outcome:
        """Create under an id the store gives, unless a resource fits the condition."""
        _of_type(kind, resource)
        with self.store.transaction():
            if unless is not None:
                found = self.one(kind, unless)
                if found is not None:
                    return Outcome("there", found)
            return self._put({**resource, "id": id_ or str(uuid.uuid4())})

    def update(self, kind: str, id_: str, resource: Resource, match: str | None = None) -> Outcome:
        """Update, or create under the id given."""
        _of_type(kind, resource)
        if resource.get("id") != id_:
            raise Problem(
                400,
                "invalid",
                f"found id {resource.get('id')!r}; expected {id_!r} as in the address",
                expression=f"{kind}.id",
            )
        with self.store.transaction():
            self._held(kind, id_, match)
            return self._put(resource)

    def update_where(self, kind: str, criteria: str, resource: Resource, match: str | None = None) -> Outcome:
        """Update the one resource that fits, or create one."""
        _of_type(kind, resource)
        with self.store.transaction():
            return self.update(kind, *self.settled(kind, criteria, resource), match)

    def settled(self, kind: str, criteria: str, resource: Resource) -> tuple[str, Resource]:
        """The id a conditional update is for, and the resource with that id."""
        found, given = self.one(kind, criteria), resource.get("id")
        if found is not None and given is not None and given != found.id:
            raise Problem(
                400, "invalid", f"found id {given!r}; the condition fits {kind}/{found.id}", expression=f"{kind}.id"
            )
        id_ = found.id if found is not None else given if isinstance(given, str) else str(uuid.uuid4())
        return id_, {**resource, "id": id_}

    def patch(self, kind: str, id_: str, change: Change, match: str | None = None) -> Outcome:
        """Change what is there."""
        with self.store.transaction():
            now = self.store.get(kind, id_)
            if now is None:
                raise self.absent(kind, id_)
            self._held(kind, id_, match)
            return self._put(change(now.resource))

    def delete(self, kind: str, id_: str, match: str | None = None) -> Outcome:
        """Delete; what is not there is not an error."""
        with self.store.transaction():
            if match is not None:
                self._held(kind, id_, match)
            done = self.store.delete(kind, id_)
        return Outcome("deleted" if done else "gone", done)

    def one(self, kind: str, criteria: str) -> Stored | None:
        """The one resource that fits a condition, if any (412 where several do)."""
        try:
            return fitting(self.store, kind, criteria.removeprefix(f"{kind}?").lstrip("?"))
        except Ambiguous as error:
            raise Problem(412, "multiple-matches", error.message) from error
        except BadInput as error:
            raise Problem(412, "not-supported", f"{error.message}; expected {error.expected}") from error

    def absent(self, kind: str, id_: str) -> Problem:
        """404, or 410 where it is deleted."""
        if self.store.gone(kind, id_):
            return Problem(410, "deleted", f"{kind}/{id_} is deleted")
        return Problem(404, "not-found", f"{kind}/{id_} is not here")

    def _held(self, kind: str, id_: str, match: str | None) -> None:
        """Hold a write to the version it was made for."""
        if match is None:
            return
        now = self.store.get(kind, id_)
        if not matches(match, now):
            raise Problem(412, "conflict", f"{kind}/{id_} is at version {now and now.version}; expected {match[:80]}")

    def _put(self, resource: Resource) -> Outcome:
        check(resource, "request body")
        stored, what = self.store.put(resource)
        return Outcome(what, stored)


def _of_type(kind: str, resource: Any) -> None:
    found = resource.get("resourceType") if isinstance(resource, dict) else None
    if found != kind:
        raise Problem(400, "invalid", f"found {str(found)[:40]} in the body; expected {kind} as in the address")
