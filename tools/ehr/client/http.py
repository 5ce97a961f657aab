"""One request to a FHIR server: retried where that is safe, bounded in time and size, its answer checked to be FHIR.

Addresses in messages carry no parameters (patients are named there), and no header is ever shown.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from tools.ehr.client.errors import BROKEN, BadAnswer, Busy, HttpError, Unreachable
from tools.ehr.fhirjson import Resource, loads
from tools.ehr.server.server import MEDIA, application
from tools.ehr.store.store import Store
from tools.errors import BadInput, UsageError

if TYPE_CHECKING:
    from tools.ehr.client.auth import Access

MAX_BYTES = 32_000_000
LONGEST_WAIT = 10.0
_RETRIED = {429, 502, 503, 504}
_INFLATED = {"gzip", "x-gzip", "deflate"}


class Channel:
    """Requests to one server; `FhirClient` reads what they bring.

    Args:
        base: base address of a FHIR R4 server.
        store: use this embedded store instead, through the same HTTP interface.
        access: how to log in, for a server that wants that.
        timeout: seconds for one request, in process too.
        attempts: how often what is busy is asked.
        headers: sent with every request.
        transport: in place of the network.
        longest_wait: seconds to wait at most before asking again, whatever the server says.
    """

    def __init__(
        self,
        base: str = "",
        *,
        store: Store | None = None,
        access: Access | None = None,
        timeout: float = 20.0,
        attempts: int = 3,
        headers: dict[str, str] | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        longest_wait: float | None = None,
    ) -> None:
        self.store, self.access, self.longest_wait = store, access, longest_wait
        self.base = (store.base if store else base).rstrip("/")
        if "@" in urlsplit(self.base).netloc:
            raise UsageError(
                "an address with a login in it",
                found="a user name or password before the @",
                expected="the address alone",
                action="put the login into a file and name it in servers.yaml",
            )
        self.timeout, self.attempts = timeout, attempts
        self._headers = {"Accept": MEDIA, "Accept-Encoding": "gzip", **(headers or {})}
        self._transport = transport
        if store and transport is None:
            self._transport = httpx.ASGITransport(application(store), root_path=urlsplit(self.base).path)
        self._http: tuple[asyncio.AbstractEventLoop, httpx.AsyncClient] | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base})"

    def _client(self) -> httpx.AsyncClient:
        # A pool of connections belongs to one event loop; a synchronous caller may bring another.
        loop = asyncio.get_running_loop()
        if self._http is None or self._http[0] is not loop:
            client = httpx.AsyncClient(
                transport=self._transport,
                headers=self._headers,
                timeout=self.timeout,
                auth=self.access.auth if self.access else None,
                verify=self.access.context() if self.access and self._transport is None else True,
            )
            self._http = (loop, client)
        return self._http[1]

    async def close(self) -> None:
        """Close the connections of this event loop."""
        if self._http is not None and self._http[0] is asyncio.get_running_loop():
            await self._http[1].aclose()
        self._http = None

    async def _get(self, url: str, headers: dict[str, str] | None = None) -> Resource:
        status, given, body = await self._ask("GET", url, headers)
        return resource_of(url, status, given.get("content-type", ""), body)

    async def _ask(
        self, method: str, url: str, headers: dict[str, str] | None = None, most: int | None = None
    ) -> tuple[int, httpx.Headers, bytes]:
        """The last of a few attempts: what is busy is asked again when it says so, what broke or hung up once more."""
        cap = MAX_BYTES if most is None else most
        for attempt in range(1, self.attempts + 1):
            last = attempt == self.attempts
            try:
                status, given, body = await asyncio.wait_for(self._fetch(method, url, headers, cap), self.timeout)
            except (TimeoutError, httpx.TimeoutException) as error:
                raise Unreachable(
                    f"{shown(url)}: no answer in {self.timeout:g} s",
                    found="time-out",
                    expected="an answer",
                    action="try again, or check that the FHIR server runs",
                ) from error
            except BROKEN as error:
                if not last and attempt == 1 and not isinstance(error, httpx.UnsupportedProtocol):
                    await asyncio.sleep(self._wait(None, attempt))
                    continue
                raise _unreachable(url, error) from error
            if last or not (status in _RETRIED or (status == 500 and attempt == 1)):
                if status in (429, 503):
                    raise _busy(url, status, given.get("retry-after"), body)
                return status, given, body
            await asyncio.sleep(self._wait(given.get("retry-after"), attempt))
        raise AssertionError("unreachable")

    def _wait(self, header: str | None, attempt: int) -> float:
        asked = retry_after(header)
        most = LONGEST_WAIT if self.longest_wait is None else self.longest_wait
        return min(0.25 * 2**attempt if asked is None else asked, most)

    async def _fetch(
        self, method: str, url: str, headers: dict[str, str] | None, most: int
    ) -> tuple[int, httpx.Headers, bytes]:
        request = self._client().stream(method, url, headers=headers, follow_redirects=False)
        async with request as response:
            parts, size = [], 0
            async for chunk in _chunks(response, most):
                size += len(chunk)
                if size > most:
                    raise BadAnswer(
                        f"{shown(url)}: more than {most // 1_000_000} MB in one answer",
                        found=f"more than {most} bytes",
                        expected=f"at most {most} bytes a page",
                        action="ask for less, or check the FHIR server",
                    )
                parts.append(chunk)
            return response.status_code, response.headers, b"".join(parts)


async def _chunks(response: httpx.Response, most: int) -> AsyncIterator[bytes]:
    """The body, inflated piece by piece: a small answer that unpacks to gigabytes never lies in memory whole."""
    if response.headers.get("content-encoding", "").lower() not in _INFLATED or response.is_stream_consumed:
        async for chunk in response.aiter_bytes():
            yield chunk
        return
    unpack = zlib.decompressobj(wbits=47)
    try:
        async for raw in response.aiter_raw():
            while raw:
                piece = unpack.decompress(raw, most + 1)
                raw = unpack.unconsumed_tail
                yield piece
    except zlib.error as error:
        raise httpx.DecodingError(f"not {response.headers['content-encoding']}") from error


def _unreachable(url: str, error: Exception) -> Unreachable:
    text = str(error)
    action = "check the address and the FHIR server"
    if "CERTIFICATE" in text.upper() or "SSL" in text.upper():
        action = "check the certificates: tls in servers.yaml, or ask whoever runs the server"
    said = text if len(text) < 200 and "@" not in text else type(error).__name__
    return Unreachable(f"{shown(url)}: {type(error).__name__}: {said}", found=said, expected="an answer", action=action)


def _busy(url: str, status: int, header: str | None, body: bytes) -> HttpError:
    seconds = retry_after(header)
    later = f"; it asks to come back in {seconds:g} s" if seconds else ""
    error = HttpError.of(status, f"{shown(url)}: HTTP {status}: {_said(body)}{later}")
    assert isinstance(error, Busy)
    return error


def _said(body: bytes) -> str:
    try:
        parsed = loads(body) if body else None
    except BadInput:
        parsed = None
    return diagnostics(parsed) if isinstance(parsed, dict) else "no reason given"


def resource_of(url: str, status: int, media: str, body: bytes) -> Resource:
    """The resource in an answer.

    Raises:
        HttpError: the status is not 200.
        BadAnswer: what came is not a FHIR resource, or only says what went wrong.
    """
    try:
        parsed = loads(body, shown(url)) if body else None
    except BadInput:
        parsed = None
    if status != 200:
        text = diagnostics(parsed) if isinstance(parsed, dict) else media or "no FHIR body"
        if 300 <= status < 400:
            text = "it sends elsewhere, which is not followed"
        raise HttpError.of(status, f"{shown(url)}: HTTP {status}: {text}")
    if not isinstance(parsed, dict) or not isinstance(parsed.get("resourceType"), str):
        raise BadAnswer(
            f"{shown(url)}: the answer is not FHIR JSON",
            found=(media or "no content type") if body else "an empty answer",
            expected=MEDIA,
            action="check the address of the FHIR server",
        )
    if parsed["resourceType"] == "OperationOutcome":
        raise BadAnswer(
            f"{shown(url)}: {diagnostics(parsed)}",
            found="OperationOutcome",
            expected="a resource",
            action="check the FHIR server",
        )
    return parsed


def diagnostics(resource: Resource) -> str:
    """What an OperationOutcome says, in one line."""
    issues = resource.get("issue")
    rows = [issue for issue in issues if isinstance(issue, dict)] if isinstance(issues, list) else []
    texts = []
    for issue in rows:
        details = issue.get("details")
        text = details.get("text") if isinstance(details, dict) else None
        texts.append(issue.get("diagnostics") or text or issue.get("code"))
    return "; ".join(str(text)[:200] for text in texts if text) or "no reason given"


def retry_after(header: str | None) -> float | None:
    """Seconds of a Retry-After, which is a number of them or a date."""
    if not header:
        return None
    if header.strip().isdigit():
        return float(header)
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def shown(url: str) -> str:
    """An address for a message: patient identifiers in parameters stay out of logs."""
    parts = urlsplit(url)
    return parts.path.rsplit("/", 1)[-1] or parts.hostname or "the server"
