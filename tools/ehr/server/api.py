"""FHIR R4 REST over a store, without HTTP: a `Call` in, an `Answer` out. Batches come back here for their reads."""

from __future__ import annotations

import logging
import sqlite3
from typing import Any

from tools.ehr.checks.structure_types import resource_types
from tools.ehr.checks.validate import Invalid, check, is_type
from tools.ehr.fhirjson import dumps
from tools.ehr.server import search as searches
from tools.ehr.server.answers import (
    FORM_MEDIA,
    Answer,
    Call,
    Problem,
    acceptable,
    information,
    json_body,
    matches,
    pretty,
    unchanged_since,
    version_headers,
)
from tools.ehr.server.capability import statement
from tools.ehr.server.cut import Cut
from tools.ehr.server.patch import patched
from tools.ehr.server.search import Pairs, pairs_of
from tools.ehr.server.transactions import process, reads_only
from tools.ehr.server.writing import Outcome, Writing
from tools.ehr.store.query import BadSearch
from tools.ehr.store.store import Store, TimedOut
from tools.errors import BadInput

SECONDS = 15.0
_LOG = logging.getLogger(__name__)
_WRITES = ("POST", "PUT", "PATCH", "DELETE")


class Api:
    """The interactions of one store.

    Args:
        writable: writes are on.
        seconds: how long one interaction may keep the store.
    """

    def __init__(self, store: Store, *, writable: bool = False, seconds: float = SECONDS) -> None:
        self.store, self.writable, self.seconds = store, writable, seconds
        self.writing = Writing(store)

    def handle(self, call: Call) -> Answer:
        """Answer a call; whatever goes wrong is an OperationOutcome."""
        try:
            pairs = pairs_of(call.query)
            given = dict(pairs)
            acceptable(call, given)
            with self.store.limited(self.seconds):
                answer = self._route(call, pairs)
            if given.get("_pretty") == "true" and answer.body:
                answer.body = pretty(answer.body)
        except Exception as error:
            answer = failure(call, error)
        answer.headers.setdefault("Cache-Control", "no-store")
        return answer

    def _route(self, call: Call, pairs: Pairs) -> Answer:
        parts = call.path.strip("/").split("/") if call.path.strip("/") else []
        method = "GET" if call.method == "HEAD" else call.method
        if parts and parts[0] not in ("metadata", "_history", "_search") and parts[0][:1] != "$":
            if not is_type(parts[0]):
                raise Problem(404, "not-found", f"{call.path[:100]}: {parts[0][:60]!r} is not an R4 resource type")
            return self._typed(method, parts, call, pairs)
        if parts == ["metadata"]:
            _only(call, method, "GET")
            return Answer(200, statement(self.store.base, self.writable))
        if parts == ["_history"]:
            _only(call, method, "GET")
            return searches.history(self.store, None, None, pairs)
        if parts == ["_search"]:
            _only(call, method, "POST")
            return searches.search(self.store, call, "", self._form(call, pairs), "", None)
        if not parts:
            _only(call, method, "GET", "POST")
            if method == "GET":
                return searches.search(self.store, call, "", pairs, "", None)
            return self._bundle(call)
        raise _nowhere(call)

    def _typed(self, method: str, parts: list[str], call: Call, pairs: Pairs) -> Answer:
        kind, rest = parts[0], parts[1:]
        if not rest:
            return self._type_level(method, kind, call, pairs)
        if rest == ["_search"]:
            _only(call, method, "POST")
            return searches.search(self.store, call, kind, self._form(call, pairs), kind, None)
        if rest == ["_history"]:
            _only(call, method, "GET")
            return searches.history(self.store, kind, None, pairs)
        if rest[0][:1] == "$":
            return self._operation(method, kind, None, rest, call, pairs)
        id_ = rest[0]
        if len(rest) == 1:
            return self._instance(method, kind, id_, call, pairs)
        if rest[1:] == ["_history"]:
            _only(call, method, "GET")
            return searches.history(self.store, kind, id_, pairs)
        if len(rest) == 3 and rest[1] == "_history":
            _only(call, method, "GET")
            return self._read(kind, id_, rest[2], call, pairs)
        if rest[1][:1] == "$":
            return self._operation(method, kind, id_, rest[1:], call, pairs)
        if kind == "Patient" and (rest[1] in resource_types() or rest[1] == "*"):
            posted = rest[2:] == ["_search"]
            if len(rest) == 2 or posted:
                _only(call, method, "POST" if posted else "GET")
                given = self._form(call, pairs) if posted else pairs
                inner = "" if rest[1] == "*" else rest[1]
                place = f"{kind}/{id_}/{rest[1]}"
                return searches.search(self.store, call, inner, given, place, (kind, id_))
        raise _nowhere(call)

    def _type_level(self, method: str, kind: str, call: Call, pairs: Pairs) -> Answer:
        _only(call, method, "GET", *_WRITES)
        if method == "GET":
            return searches.search(self.store, call, kind, pairs, kind, None)
        self._may_write()
        criteria = call.query
        if method == "POST":
            return self._wrote(call, self.writing.create(kind, json_body(call), call.header("if-none-exist")))
        if not criteria:
            raise Problem(
                405,
                "not-supported",
                f"{method} {call.path[:100]}: expected an id or a condition",
                headers={"Allow": "GET, POST"},
            )
        if method == "PUT":
            done = self.writing.update_where(kind, criteria, _resource(json_body(call)), call.header("if-match"))
            return self._wrote(call, done)
        with self.store.transaction():
            found = self.writing.one(kind, criteria)
            match = call.header("if-match")
            if method == "DELETE":
                return self._wrote(call, self.writing.delete(kind, found.id, match) if found else Outcome("gone"))
            if found is None:
                raise Problem(404, "not-found", f"{kind}?{criteria[:100]} fits no resource")
            return self._wrote(call, self.writing.patch(kind, found.id, lambda now: patched(call, now), match))

    def _instance(self, method: str, kind: str, id_: str, call: Call, pairs: Pairs) -> Answer:
        _only(call, method, "GET", "PUT", "PATCH", "DELETE")
        if method == "GET":
            return self._read(kind, id_, None, call, pairs)
        self._may_write()
        match = call.header("if-match")
        if method == "PUT":
            return self._wrote(call, self.writing.update(kind, id_, _resource(json_body(call)), match))
        if method == "PATCH":
            return self._wrote(call, self.writing.patch(kind, id_, lambda now: patched(call, now), match))
        return self._wrote(call, self.writing.delete(kind, id_, match))

    def _read(self, kind: str, id_: str, version: str | None, call: Call, pairs: Pairs) -> Answer:
        cut, others = Cut.of(pairs)
        unknown = [name for name, _ in others if name not in ("_format", "_pretty")]
        if unknown and call.prefers("handling") != "lenient":
            raise BadSearch(
                f"parameter {unknown[0][:60]!r} is not one of a read",
                found=unknown[0],
                expected="_summary, _elements, _format, _pretty",
            )
        stored = self.store.get(kind, id_, version)
        if stored is None:
            raise self.writing.absent(kind, id_)
        if stored.deleted:
            raise Problem(410, "deleted", f"{kind}/{id_} is deleted in version {stored.version}")
        headers = version_headers(stored)
        none_match, since = call.header("if-none-match"), call.header("if-modified-since")
        if matches(none_match, stored) if none_match else bool(since) and unchanged_since(str(since), stored):
            return Answer(304, None, headers)
        return Answer(200, cut.body(stored), headers)

    def _operation(self, method: str, kind: str, id_: str | None, rest: list[str], call: Call, pairs: Pairs) -> Answer:
        name = rest[0]
        if len(rest) == 1 and name == "$validate":
            _only(call, method, *(("GET", "POST") if id_ else ("POST",)))
            return self._validate(kind, id_, call)
        if len(rest) == 1 and (name, kind) == ("$everything", "Patient") and id_:
            _only(call, method, "GET", "POST")
            if self.store.get(kind, id_) is None:
                raise self.writing.absent(kind, id_)
            return searches.everything(self.store, id_, self._inputs(method, call, pairs))
        if len(rest) == 1 and (name, kind) == ("$lastn", "Observation") and not id_:
            _only(call, method, "GET", "POST")
            return searches.lastn(self.store, self._inputs(method, call, pairs))
        raise Problem(
            404,
            "not-supported",
            f"{call.path[:100]}: this server has no operation {name[:40]} there; "
            "expected $validate, Patient/ID/$everything or Observation/$lastn",
        )

    def _inputs(self, method: str, call: Call, pairs: Pairs) -> Pairs:
        """Parameters of an operation: of the address, and of a Parameters resource where one is posted."""
        given = [pair for pair in pairs if pair[0] not in ("_format", "_pretty")]
        if method != "POST" or not call.body.strip():
            return given
        body = json_body(call)
        check(body, "request body")
        if body["resourceType"] != "Parameters":
            raise Problem(400, "invalid", f"found {body['resourceType']}; expected Parameters")
        for row in body.get("parameter", []):
            values = [value for key, value in row.items() if key.startswith("value")]
            if len(values) != 1 or not isinstance(values[0], str | int | float):
                raise Problem(400, "invalid", f"parameter {row['name'][:60]}: expected one simple value")
            given.append((row["name"], values[0] if isinstance(values[0], str) else dumps(values[0])))
        return given

    def _validate(self, kind: str, id_: str | None, call: Call) -> Answer:
        if call.body.strip():
            body = json_body(call)
            if isinstance(body, dict) and body.get("resourceType") == "Parameters" and kind != "Parameters":
                rows = body.get("parameter")
                rows = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
                body = next((row.get("resource") for row in rows if row.get("name") == "resource"), None)
        elif id_:
            stored = self.store.get(kind, id_)
            if stored is None:
                raise self.writing.absent(kind, id_)
            body = stored.resource
        else:
            raise Problem(400, "required", "the request has no body; expected a resource")
        try:
            check(body, "resource")
            if body["resourceType"] != kind:
                raise Invalid(f"found {body['resourceType']}", expected=f"{kind} as in the address")
        except Invalid as error:
            found = Problem(200, "structure", f"{error.message}; expected {error.expected}", expression=error.place)
            return found.answer()
        return Answer(200, dumps(information("R4 as far as this server checks it: structure, types, required codes")))

    def _bundle(self, call: Call) -> Answer:
        body = json_body(call)
        if not self.writable and not reads_only(body):
            self._may_write()
        made = process(self.store, body, self.handle, call.prefers("return") or "minimal")
        return Answer(200, dumps(made))

    def _wrote(self, call: Call, done: Outcome) -> Answer:
        if done.what in ("deleted", "gone"):
            return Answer(204, None, version_headers(done.stored) if done.stored else {})
        stored = done.stored
        assert stored is not None
        headers = version_headers(stored)
        headers["Location"] = f"{self.store.base}/{stored.type}/{stored.id}/_history/{stored.version}"
        prefer = call.prefers("return")
        if prefer == "minimal":
            return Answer(done.status, None, headers)
        if prefer == "OperationOutcome":
            return Answer(done.status, dumps(information(f"{stored.type}/{stored.id} {done.what}")), headers)
        return Answer(done.status, stored.body, headers)

    def _form(self, call: Call, pairs: Pairs) -> Pairs:
        """The parameters of a posted form, with those of the address."""
        given = (call.header("content-type") or FORM_MEDIA).partition(";")[0].strip().lower()
        if given != FORM_MEDIA:
            raise Problem(415, "not-supported", f"found {given[:60]}; expected {FORM_MEDIA}")
        return [*pairs, *pairs_of(call.body.decode("utf-8", "replace"))]

    def _may_write(self) -> None:
        if not self.writable:
            raise Problem(405, "not-supported", "this store is read-only", headers={"Allow": "GET, HEAD"})


def failure(call: Call, error: Exception) -> Answer:
    """What an exception is called in HTTP."""
    if isinstance(error, Problem):
        return error.answer()
    if isinstance(error, BadSearch):
        text = f"{error.message}; expected {str(error.expected)[:600]}"
        return Problem(400, "not-supported", text, expression=str(error.found)[:80]).answer()
    if isinstance(error, Invalid):
        text = f"{error.message}; expected {error.expected}"
        return Problem(400, "structure", text, expression=error.place).answer()
    if isinstance(error, BadInput):
        return Problem(400, "invalid", f"{error.message}; expected {error.expected}").answer()
    if isinstance(error, TimedOut):
        return Problem(503, "timeout", str(error), headers={"Retry-After": "5"}).answer()
    if isinstance(error, sqlite3.OperationalError) and ("locked" in str(error) or "busy" in str(error)):
        return Problem(
            503, "lock-error", "the store is in use by another process", headers={"Retry-After": "1"}
        ).answer()
    _LOG.error("%s %s failed", call.method, call.path, exc_info=error)
    return Problem(500, "exception", f"{type(error).__name__} in this server; the log has the details").answer()


def _resource(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise Problem(400, "invalid", f"found {type(body).__name__}; expected a resource")
    return body


def _only(call: Call, method: str, *allowed: str) -> None:
    if method not in allowed:
        names = ["GET", "HEAD", *(name for name in allowed if name != "GET")] if "GET" in allowed else list(allowed)
        text = f"{call.method} is not allowed on {call.path[:100]}; expected {', '.join(names)}"
        raise Problem(405, "not-supported", text, headers={"Allow": ", ".join(names)})


def _nowhere(call: Call) -> Problem:
    return Problem(404, "not-found", f"{call.method} {call.path[:100]}: nothing here answers to that")
