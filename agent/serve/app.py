"""The service as an ASGI application: discovery, the three hooks, feedback; errors with the specification's status.

Each call is worked out in a thread of its own, under a deadline: an answer that is not finished by then says so. What
is logged names neither patients nor what was said of them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import httpx
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from agent.runtime import Services
from agent.serve.cards import Concern, Said, cards_of
from agent.serve.config import LOOPBACK_NAMES, Config
from agent.serve.drafts import Basket, basket_of
from agent.serve.gather import Gathered, Precondition, gather, remote_of
from agent.serve.journal import Journal
from agent.serve.orders import order_hook
from agent.serve.request import Call, parse_call, parse_feedback
from agent.serve.services import SERVICES, Service, discovery
from agent.serve.trust import Trust, Unauthorized
from agent.serve.view import patient_view
from agent.serve.work import Bench, Deadline
from agent.state import Json
from tools.ehr.fhirjson import dumps
from tools.errors import BadInput, IdentityMismatch, OslerError

log = logging.getLogger("osler.cds")
MAX_BODY, AT_ONCE, GRACE = 32_000_000, 4, 0.25
Endpoint = Callable[[Request], Awaitable[Response]]
_STATUS: tuple[tuple[type[OslerError], int], ...] = (
    (Unauthorized, 401),
    (Precondition, 412),
    (IdentityMismatch, 400),
    (BadInput, 400),
)


def application(
    knowledge: Services,
    config: Config,
    journal: Journal,
    *,
    clock: Callable[[], datetime] | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Starlette:
    """The service.

    Args:
        knowledge: protocols, tables and tools (`work.build_knowledge`).
        config: without clients in it, callers are not checked.
        clock: the clinical clock of each call (default: now).
        transport: for requests to FHIR servers and for keys.
    """
    for name in ("httpx", "httpcore"):
        # They log addresses, in which patients are named.
        logging.getLogger(name).setLevel(logging.WARNING)
    service = _Service(knowledge, config, journal, clock or (lambda: datetime.now(UTC)), transport)
    # The middleware cuts a host at its first colon: of an address such as [::1]:7861 that leaves a bracket.
    hosts = [*LOOPBACK_NAMES, "[", *([str(httpx.URL(config.base).host)] if config.base else [])]
    middleware = [Middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False)]
    if config.origins:
        middleware.append(
            Middleware(
                CORSMiddleware,
                allow_origins=list(config.origins),
                allow_methods=["GET", "POST"],
                allow_headers=["Authorization", "Content-Type"],
            )
        )
    return Starlette(
        routes=[
            Route("/cds-services", guarded(service.discover), methods=["GET"]),
            Route("/cds-services/{id}", guarded(service.call), methods=["POST"]),
            Route("/cds-services/{id}/feedback", guarded(service.feedback), methods=["POST"]),
        ],
        middleware=middleware,
        exception_handlers={HTTPException: _http_error, OslerError: _error},
    )


class _Service:
    def __init__(
        self,
        knowledge: Services,
        config: Config,
        journal: Journal,
        clock: Callable[[], datetime],
        transport: httpx.AsyncBaseTransport | None,
    ) -> None:
        self.knowledge, self.config, self.journal = knowledge, config, journal
        self.clock, self.transport = clock, transport
        self.trust = Trust(config, journal, transport)
        self.workers = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="osler-cds")

    async def discover(self, request: Request) -> Response:
        """GET /cds-services."""
        await self._caller(request)
        return _json(discovery())

    async def call(self, request: Request) -> Response:
        """POST /cds-services/{id}."""
        iss = await self._caller(request)
        service = _service(request)
        call = await asyncio.to_thread(parse_call, await _body(request))
        if call.hook != service.hook:
            raise BadInput(
                "the hook is not that of the service",
                found=call.hook[:40],
                expected=service.hook,
                action="call the service that the discovery answer gives for the hook",
            )
        cards = await self._answer(call, service)
        who = call.context
        await asyncio.to_thread(
            self.journal.called, iss, service.id, call.hookInstance, who.userId, who.patientId, cards
        )
        log.info("%s: %d cards", service.id, len(cards))
        return _json({"cards": cards})

    async def feedback(self, request: Request) -> Response:
        """POST /cds-services/{id}/feedback."""
        iss = await self._caller(request)
        service = _service(request)
        sent = parse_feedback(await _body(request))
        kept = await asyncio.to_thread(self.journal.keep, iss, service.id, sent.feedback)
        log.info("%s: feedback on %d cards", service.id, kept)
        return _json({})

    async def _caller(self, request: Request) -> str | None:
        """Who calls; nobody in particular where callers are not checked."""
        if not self.config.clients:
            return None
        assert self.config.base is not None
        url = f"{self.config.base.rstrip('/')}{request.url.path}"
        return await self.trust.check(request.headers.get("authorization"), url)

    async def _answer(self, call: Call, service: Service) -> list[Json]:
        """The cards; when the time is up, those there are, and what is missing."""
        deadline = Deadline(self.config.seconds)
        concerns: list[Concern] = []
        said = Said()
        loop = asyncio.get_running_loop()
        job = loop.run_in_executor(self.workers, self._in_thread, call, service, deadline, concerns, said)
        try:
            await asyncio.wait_for(asyncio.shield(job), deadline.seconds + GRACE)
        except TimeoutError:
            job.add_done_callback(_heard)
            deadline.late.append("the rest")
        late = list(dict.fromkeys(deadline.late))
        out = [f"not finished in {deadline.seconds:g} s: {', '.join(late)}"] if late else []
        return cards_of(list(concerns), [*out, *said.gaps], list(said.limits))

    def _in_thread(self, call: Call, service: Service, deadline: Deadline, concerns: list[Concern], said: Said) -> None:
        work = self._work(call, service, deadline, concerns, said)
        try:
            asyncio.run(asyncio.wait_for(work, deadline.seconds))
        except TimeoutError:
            deadline.late.append("reading the record")

    async def _work(
        self, call: Call, service: Service, deadline: Deadline, concerns: list[Concern], said: Said
    ) -> None:
        as_of = self.clock()
        basket = basket_of(call, as_of) if call.context.draftOrders is not None else Basket()
        allowed = bool(call.fhirServer) and self.config.allows(str(call.fhirServer))
        remote = remote_of(call, allowed, self.transport)
        client, bench = None, None
        try:
            record, found, client = await gather(call, service, as_of, remote, basket.counted)
            gaps = _said(service, found, offered=bool(call.fhirAuthorization) and not allowed)
            said.gaps += _foreign(found)
            if service.hook != "order-select":
                said.gaps += gaps
            bench = Bench(self.knowledge, record, deadline)
            if service.hook == "patient-view":
                await patient_view(bench, concerns, said)
            else:
                await order_hook(bench, basket, concerns, said, sign=service.hook == "order-sign")
                # While an order is being chosen gaps alone are no card; they are told when it is signed.
                said.gaps += gaps if concerns and service.hook == "order-select" else []
        finally:
            if bench is not None:
                bench.close()
            if client is not None:
                await client.close()
                if client.store is not None:
                    client.store.close()
            if remote is not None:
                await remote.close()


def _said(service: Service, found: Gathered, *, offered: bool) -> list[str]:
    """What was missing of what the service asks for."""
    asked = {template.kind for template in service.templates.values()}
    missing = [why for kind, why in found.missing.items() if kind in asked]
    said = [*missing, *found.notes]
    if missing and offered:
        said.append("the FHIR server named in the call is not on this service's list, so nothing was read from it")
    return said


def _foreign(found: Gathered) -> list[str]:
    return [f"{found.foreign} of what was sent belong to other patients: not used"] if found.foreign else []


def _heard(job: asyncio.Future[None]) -> None:
    """What a late answer failed with is looked at, so that nothing complains of it."""
    if not job.cancelled() and (error := job.exception()) is not None:
        log.warning("a late answer ended with %s", type(error).__name__)


def _service(request: Request) -> Service:
    service = SERVICES.get(str(request.path_params["id"]))
    if service is None:
        raise HTTPException(404, "no such service; GET /cds-services lists them")
    return service


async def _body(request: Request) -> bytes:
    # A web page can post plain text to this machine without asking the browser; it cannot post JSON.
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "the body is not application/json")
    parts, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY:
            raise HTTPException(413, f"more than {MAX_BODY // 1_000_000} MB")
        parts.append(chunk)
    return b"".join(parts)


def _json(body: Json, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    given = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **(headers or {})}
    return Response(dumps(body), status, headers=given, media_type="application/json")


async def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    text = error.detail if isinstance(error, HTTPException) else "error"
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else None
    body = {"code": "http", "message": text, "found": None, "expected": None, "action": ""}
    return _json({"error": body}, status, headers)


async def _error(request: Request, error: Exception) -> Response:
    assert isinstance(error, OslerError)
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), None)
    if status is None:
        return _bug(error)
    log.info("refused with %d: %s", status, type(error).__name__)
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return _json({"error": error.document()}, status, headers)


def guarded(endpoint: Endpoint) -> Endpoint:
    """The endpoint, with an unexpected error answered here: its message may quote a record and is not logged."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except (HTTPException, OslerError):
            raise
        except Exception as error:
            return _bug(error)

    return answer


def _bug(error: Exception) -> Response:
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    at = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else "unknown"
    log.error("%s at %s", type(error).__name__, at)
    text = "something went wrong here; nothing was written"
    body = {"code": "bug", "message": text, "found": None, "expected": None, "action": "tell whoever runs the service"}
    return _json({"error": body}, 500)
