"""The embedded store as a FHIR R4 REST server (an ASGI application). Read-only unless writing is switched on."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tools.ehr.compartment import ABOUT
from tools.ehr.fhirjson import dumps, loads
from tools.ehr.index import parameters
from tools.ehr.index import table as search_table
from tools.ehr.query import BadSearch, Query
from tools.ehr.store import Found, Store, Stored
from tools.ehr.transactions import Conflict, existing, transact, unchanged
from tools.ehr.validate import UNCHECKED, check, model
from tools.errors import BadInput

MEDIA = "application/fhir+json"
MAX_BODY = 16_000_000
Endpoint = Callable[[Request], Awaitable[Response]]


def application(store: Store, *, writable: bool = False) -> Starlette:
    """The server over a store."""
    api = _Api(store, writable)
    routes = [
        Route("/", api.transaction, methods=["POST"]),
        Route("/metadata", api.metadata, methods=["GET"]),
        Route("/{kind}", api.search, methods=["GET"]),
        Route("/{kind}", api.create, methods=["POST"]),
        Route("/{kind}/_search", api.search_form, methods=["POST"]),
        Route("/{kind}/{id}", api.read, methods=["GET"]),
        Route("/{kind}/{id}", api.update, methods=["PUT"]),
        Route("/{kind}/{id}/_history/{version}", api.read, methods=["GET"]),
    ]
    return Starlette(
        routes=routes,
        exception_handlers={
            HTTPException: _http_error,
            BadSearch: _bad_search,
            BadInput: _bad_input,
            Conflict: _conflict,
        },
    )


def outcome(
    status: int, code: str, text: str, *, expression: str = "", headers: dict[str, str] | None = None
) -> Response:
    """An OperationOutcome with one error."""
    issue: dict[str, Any] = {"severity": "error", "code": code, "diagnostics": text}
    if expression:
        issue["expression"] = [expression]
    return _json({"resourceType": "OperationOutcome", "issue": [issue]}, status, headers)


def _json(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    text = body if isinstance(body, str) else dumps(body)
    return Response(text, status, headers=headers, media_type=MEDIA)


async def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    code = {404: "not-found", 405: "not-supported"}.get(status, "processing")
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else None
    text = f"{request.method} {request.url.path}: {getattr(error, 'detail', error)}"
    return outcome(status, code, text, headers=headers)


async def _bad_search(request: Request, error: Exception) -> Response:
    assert isinstance(error, BadSearch)
    text = f"{error.message}; expected {error.expected}"
    return outcome(400, "not-supported", text, expression=str(error.found)[:80])


async def _bad_input(request: Request, error: Exception) -> Response:
    assert isinstance(error, BadInput)
    return outcome(400, "invalid", f"{error.message}; expected {error.expected}")


async def _conflict(request: Request, error: Exception) -> Response:
    return outcome(412, "conflict", str(error))


class _Api:
    def __init__(self, store: Store, writable: bool) -> None:
        self.store, self.writable = store, writable

    async def metadata(self, request: Request) -> Response:
        """The CapabilityStatement, from the same tables the search runs by."""
        interactions = ["read", "vread", "search-type", *(("create", "update") if self.writable else ())]
        resources = [
            {
                "type": kind,
                "versioning": "versioned",
                "interaction": [{"code": code} for code in interactions],
                "searchInclude": [f"{kind}:{item.name}" for item in entries.values() if item.kind == "reference"],
                "searchParam": [{"name": item.name, "type": item.kind} for item in entries.values()],
            }
            for kind, entries in sorted({kind: parameters(kind) for kind in {*search_table(), *ABOUT}}.items())
        ]
        return _json(
            {
                "resourceType": "CapabilityStatement",
                "status": "active",
                "date": "2026-01-01",
                "kind": "instance",
                "fhirVersion": "4.0.1",
                "format": ["json"],
                "implementation": {"description": "Osler embedded store"},
                "software": {"name": "Osler"},
                "rest": [
                    {
                        "mode": "server",
                        "resource": resources,
                        **({"interaction": [{"code": "transaction"}]} if self.writable else {}),
                    }
                ],
            }
        )

    async def read(self, request: Request) -> Response:
        """Read and vread."""
        kind, id_, version = _kind(request), request.path_params["id"], request.path_params.get("version")
        stored = await run_in_threadpool(self.store.get, kind, id_, version)
        if stored is None:
            return outcome(404, "not-found", f"{kind}/{id_} is not here")
        return _json(stored.body, headers={"ETag": f'W/"{stored.version}"'})

    async def search(self, request: Request) -> Response:
        """Search on a type."""
        return await self._search(request, request.url.query)

    async def search_form(self, request: Request) -> Response:
        """Search by POST; parameters of form and address together."""
        text = (await _body(request)).decode("utf-8", "replace")
        return await self._search(request, "&".join(part for part in (request.url.query, text) if part))

    async def _search(self, request: Request, text: str) -> Response:
        kind = _kind(request)
        query = Query.parse(kind, text, self.store.base)
        found = await run_in_threadpool(self.store.search, query)
        return _json(_searchset(self.store.base, kind, text, query, found))

    async def transaction(self, request: Request) -> Response:
        """A transaction Bundle: everything in it, or nothing."""
        self._may_write()
        bundle = loads(await _body(request), "request body")
        return _json(await run_in_threadpool(transact, self.store, bundle if isinstance(bundle, dict) else {}))

    async def create(self, request: Request) -> Response:
        """Create; the store gives the id. If-None-Exist is honoured."""
        kind, resource = await self._incoming(request)
        resource["id"] = str(uuid.uuid4())
        return await self._put(kind, resource, unless=request.headers.get("if-none-exist"))

    async def update(self, request: Request) -> Response:
        """Update, or create under a given id; If-Match is honoured."""
        kind, resource = await self._incoming(request)
        id_ = request.path_params["id"]
        if resource.get("id") != id_:
            return outcome(400, "invalid", f"found id {resource.get('id')!r}; expected {id_!r} as in the address")
        return await self._put(kind, resource, match=request.headers.get("if-match"))

    def _may_write(self) -> None:
        if not self.writable:
            raise HTTPException(405, "this store is read-only", headers={"Allow": "GET"})

    async def _incoming(self, request: Request) -> tuple[str, dict[str, Any]]:
        kind = _kind(request)
        self._may_write()
        resource = loads(await _body(request), "request body")
        check(resource, "request body")
        if resource["resourceType"] != kind:
            raise BadInput(
                f"found {resource['resourceType']} in the body; expected {kind} as in the address",
                found=resource["resourceType"],
                expected=kind,
            )
        return kind, resource

    async def _put(
        self, kind: str, resource: dict[str, Any], *, match: str | None = None, unless: str | None = None
    ) -> Response:
        def write() -> tuple[Stored, str]:
            with self.store.transaction():
                if match is not None:
                    unchanged(self.store, kind, resource["id"], match)
                found = existing(self.store, kind, unless.lstrip("?")) if unless else None
                return (found, "there") if found else self.store.put(resource)

        stored, what = await run_in_threadpool(write)
        place = f"{self.store.base}/{kind}/{stored.id}/_history/{stored.version}"
        headers = {"ETag": f'W/"{stored.version}"', "Location": place}
        return _json(stored.body, 201 if what == "created" else 200, headers)


def _kind(request: Request) -> str:
    kind = str(request.path_params["kind"])
    if kind not in UNCHECKED and model(kind) is None:
        raise HTTPException(404, f"{kind} is not an R4 resource type")
    return kind


async def _body(request: Request) -> bytes:
    parts, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY:
            raise HTTPException(413, f"more than {MAX_BODY} bytes")
        parts.append(chunk)
    return b"".join(parts)


def _searchset(base: str, kind: str, text: str, query: Query, found: Found) -> str:
    """The Bundle, built from stored text: resources are not parsed again."""
    pairs = [(key, value) for key, value in parse_qsl(text, keep_blank_values=True) if key != "_offset"]
    links = [{"relation": "self", "url": _address(base, kind, pairs, query.offset)}]
    if found.matches and query.offset + len(found.matches) < found.total:
        links.append({"relation": "next", "url": _address(base, kind, pairs, query.offset + len(found.matches))})
    head = dumps({"resourceType": "Bundle", "type": "searchset", "total": found.total, "link": links})
    entries = [_entry(base, item, "match") for item in found.matches]
    entries += [_entry(base, item, "include") for item in found.included]
    return f'{head[:-1]},"entry":[{",".join(entries)}]}}' if entries else head


def _address(base: str, kind: str, pairs: list[tuple[str, str]], offset: int) -> str:
    given = [*pairs, ("_offset", str(offset))] if offset else pairs
    return f"{base}/{kind}?{urlencode(given)}" if given else f"{base}/{kind}"


def _entry(base: str, item: Stored, mode: str) -> str:
    return f'{{"fullUrl":{dumps(f"{base}/{item.type}/{item.id}")},"resource":{item.body},"search":{{"mode":"{mode}"}}}}'
