"""The embedded store as a FHIR R4 REST server (ASGI). Read-only unless writing is switched on.

No request hangs: the store gives up a query that takes too long, and the answer does not wait longer than that either.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Collection

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tools.ehr.server.answers import MEDIA, Answer, Call, Problem
from tools.ehr.server.api import SECONDS, Api, failure
from tools.ehr.store.store import Store

__all__ = ["MAX_BODY", "MEDIA", "application"]
MAX_BODY = 64_000_000
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}


def application(
    store: Store,
    *,
    writable: bool = False,
    token: str | None = None,
    hosts: Collection[str] = (),
    root: str = "",
    seconds: float = SECONDS,
) -> Starlette:
    """The server over a store.

    Args:
        store: what it serves.
        writable: writes are on.
        token: where given, every request but the CapabilityStatement needs it (`Authorization: Bearer`).
        hosts: where given, the only values of the Host header that are answered: a page in a browser cannot reach a
            server on loopback by a name of its own (DNS rebinding).
        root: the path below which it is, where it is not the whole site (`/fhir`).
        seconds: how long a request may take.
    """
    site = _Site(Api(store, writable=writable, seconds=seconds), token, frozenset(hosts), root, seconds)
    app = Starlette()
    app.router.default = site
    return app


class _Site:
    """Every address: HTTP outside, a `Call` inside."""

    def __init__(self, api: Api, token: str | None, hosts: frozenset[str], root: str, seconds: float) -> None:
        self.api, self.token, self.hosts, self.root, self.seconds = api, token, hosts, root, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        answer = await self._answer(request)
        headers = {key: value.encode("ascii", "replace").decode() for key, value in answer.headers.items()}
        body = answer.body.encode("utf-8", "replace") if answer.body is not None else b""
        if answer.body is not None:
            headers["Content-Type"] = f"{MEDIA}; charset=utf-8"
        if request.method == "HEAD":
            headers["Content-Length"] = str(len(body))
            body = b""
        await Response(body, answer.status, headers=headers)(scope, receive, send)

    async def _answer(self, request: Request) -> Answer:
        path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
        path = path.encode("utf-8", "replace").decode()
        query = request.scope["query_string"].decode("utf-8", "replace")
        call = Call(request.method, path, query, dict(request.headers.items()))
        try:
            self._admit(call)
            if self.root and call.path != self.root and not call.path.startswith(self.root + "/"):
                raise Problem(404, "not-found", f"{call.path[:100]}: this server is at {self.root}")
            body = await _body(request)
            call = Call(call.method, call.path.removeprefix(self.root), call.query, call.headers, body)
            # The thread of a request that is given up ends by the store's own limit.
            return await asyncio.wait_for(asyncio.to_thread(self.api.handle, call), self.seconds + 5)
        except TimeoutError:
            text = f"no answer in {self.seconds:g} s"
            return Problem(503, "timeout", text, headers={"Retry-After": "5"}).answer()
        except Exception as error:
            return failure(call, error)

    def _admit(self, call: Call) -> None:
        host = (call.header("host") or "").lower()
        if self.hosts and host not in self.hosts and host.rpartition(":")[0] not in self.hosts:
            raise Problem(421, "forbidden", f"this server does not answer to the name {host[:80]!r}")
        if call.method not in _METHODS:
            raise Problem(405, "not-supported", f"{call.method[:20]} is not a method of FHIR",
                          headers={"Allow": ", ".join(sorted(_METHODS))})  # fmt: skip
        if self.token is not None and call.path.removeprefix(self.root).strip("/") != "metadata":
            kind, _, given = (call.header("authorization") or "").partition(" ")
            if kind.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), self.token.encode()):
                raise Problem(401, "login", "expected Authorization: Bearer with the token of this server",
                              headers={"WWW-Authenticate": "Bearer"})  # fmt: skip


async def _body(request: Request) -> bytes:
    """The body, up to a limit.

    Raises:
        Problem: it is larger.
    """
    given = request.headers.get("content-length", "0")
    parts, size = [], int(given) if given.isdigit() and len(given) < 12 else 0
    if size <= MAX_BODY:
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
            if size > MAX_BODY:
                break
            parts.append(chunk)
    if size > MAX_BODY:
        raise Problem(413, "too-long", f"more than {MAX_BODY} bytes in one request")
    return b"".join(parts)
