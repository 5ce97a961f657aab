"""The one FHIR client, for the embedded store (in process) and for any R4 server.

A search is followed to its end under a cap. What cannot be proved complete says so (`Matches.problems`), and what a
server answers instead of FHIR becomes an `UpstreamError`; nothing is guessed from half an answer.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import httpx

from tools.ehr.fhirjson import Resource, loads
from tools.ehr.server import MEDIA, application
from tools.ehr.store import Store
from tools.errors import BadInput, UpstreamError

MAX_RESOURCES, MAX_PAGES, MAX_BYTES, PAGE = 20_000, 400, 32_000_000, 500
_RETRIED = {429, 502, 503, 504}
_LONGEST_WAIT = 10.0


class HttpError(UpstreamError):
    """The server answered with an error; `status` is its HTTP status."""

    status: int = 0


@dataclass
class Matches:
    """What a search found. `complete` is true only where every page was read and nothing contradicted itself."""

    query: str
    resources: list[Resource] = field(default_factory=list)
    included: list[Resource] = field(default_factory=list)
    total: int | None = None
    problems: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether these are provably all."""
        return not self.problems


class FhirClient:
    """A client bound to one server.

    Args:
        base: base address of a FHIR R4 server.
        store: use this embedded store instead, through the same HTTP interface.
        timeout: seconds for one request, in process too.
    """

    def __init__(
        self,
        base: str = "",
        *,
        store: Store | None = None,
        timeout: float = 20.0,
        attempts: int = 3,
        headers: dict[str, str] | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        max_resources: int = MAX_RESOURCES,
        page: int = PAGE,
    ) -> None:
        self.store = store
        self.base = (store.base if store else base).rstrip("/")
        self.timeout, self.attempts, self.max_resources, self.page = timeout, attempts, max_resources, page
        self._headers = {"Accept": MEDIA, **(headers or {})}
        self._transport = transport
        if store and transport is None:
            self._transport = httpx.ASGITransport(application(store), root_path=urlsplit(self.base).path)
        self._http: tuple[asyncio.AbstractEventLoop, httpx.AsyncClient] | None = None
        self._types: set[str] | None = None

    def __repr__(self) -> str:
        return f"FhirClient({self.base})"

    def _client(self) -> httpx.AsyncClient:
        # A pool of connections belongs to one event loop; a synchronous caller may bring another.
        loop = asyncio.get_running_loop()
        if self._http is None or self._http[0] is not loop:
            client = httpx.AsyncClient(transport=self._transport, headers=self._headers, timeout=self.timeout)
            self._http = (loop, client)
        return self._http[1]

    async def close(self) -> None:
        """Close the connections of this event loop."""
        if self._http is not None and self._http[0] is asyncio.get_running_loop():
            await self._http[1].aclose()
        self._http = None

    async def read(self, kind: str, id_: str, version: str | None = None) -> Resource:
        """One resource, or one version of it.

        Raises:
            HttpError: it is not there, or the server failed.
        """
        resource = await self._get(f"{self.base}/{kind}/{id_}{f'/_history/{version}' if version else ''}")
        if resource.get("resourceType") != kind or resource.get("id") != id_:
            raise UpstreamError(
                f"asked for {kind}/{id_}, got {resource.get('resourceType')}/{resource.get('id')}",
                found=resource.get("id"),
                expected=id_,
                action="check the FHIR server",
            )
        return resource

    async def types(self) -> set[str]:
        """Resource types the server says it has; empty where it does not say."""
        if self._types is None:
            try:
                statement = await self._get(f"{self.base}/metadata")
            except HttpError:
                statement = {}
            rest = statement.get("rest") or [{}]
            self._types = {str(row.get("type")) for row in rest[0].get("resource", [])}
        return self._types

    async def search(self, kind: str, parameters: list[tuple[str, str]], *, limit: int | None = None) -> Matches:
        """All matches of a search, every page of it, up to a limit that is said where it is reached.

        Raises:
            UpstreamError: the server failed, or answered with something other than a searchset.
        """
        query = f"{kind}?{urlencode(parameters)}"
        found = Matches(query)
        url: str | None = f"{self.base}/{kind}?{urlencode([*parameters, ('_count', str(self.page))])}"
        seen_pages: set[str] = set()
        seen: set[tuple[str, str]] = set()
        while url:
            seen_pages.add(_same(url))
            page = await self._get(url)
            if page.get("resourceType") != "Bundle" or page.get("type") != "searchset":
                raise UpstreamError(
                    f"{kind}: expected a searchset, got {page.get('resourceType')} {page.get('type', '')}".strip(),
                    found=page.get("type"),
                    expected="a searchset Bundle",
                    action="check the FHIR server",
                )
            before = len(found.resources)
            self._take(page, kind, found, seen)
            stalled = len(found.resources) == before
            url = self._next(page, url, found, seen_pages, limit or self.max_resources, stalled=stalled)
        if found.total is not None and found.total != len(found.resources):
            found.problems.append(f"the server counts {found.total}, its pages hold {len(found.resources)}")
        return found

    def _take(self, page: Resource, kind: str, found: Matches, seen: set[tuple[str, str]]) -> None:
        if isinstance(page.get("total"), int):
            found.total = page["total"] if found.total is None else max(found.total, page["total"])
        for entry in page.get("entry") or []:
            resource = entry.get("resource") if isinstance(entry, dict) else None
            if not isinstance(resource, dict):
                found.problems.append("an entry without a resource")
                continue
            mode = (entry.get("search") or {}).get("mode", "match")
            if resource.get("resourceType") == "OperationOutcome" or mode == "outcome":
                # A remark may say that something was left out; only what calls itself information is taken for that.
                if any(issue.get("severity") != "information" for issue in resource.get("issue") or [{}]):
                    found.problems.append(f"the server remarks: {_diagnostics(resource)}")
                continue
            key = (str(resource.get("resourceType")), str(resource.get("id")))
            if key in seen:
                if mode != "include":
                    found.problems.append(f"{'/'.join(key)} came twice")
                continue
            seen.add(key)
            if mode == "include" or key[0] != kind:
                found.included.append(resource)
            else:
                found.resources.append(resource)

    def _next(
        self, page: Resource, here: str, found: Matches, seen: set[str], limit: int, *, stalled: bool
    ) -> str | None:
        link = next((row.get("url") for row in page.get("link") or [] if row.get("relation") == "next"), None)
        if not link:
            return None
        target = urljoin(here, str(link))
        if urlsplit(target)[:2] != urlsplit(self.base)[:2]:
            raise UpstreamError(
                f"the next page is on another server: {urlsplit(target).netloc}",
                found=target,
                expected=self.base,
                action="check the server's base address",
            )
        if _same(target) in seen or stalled:
            found.problems.append("the pages lead in a circle")
            return None
        if len(found.resources) >= limit or len(seen) >= MAX_PAGES:
            found.problems.append(f"stopped at {len(found.resources)} of {found.total or 'unknown'}")
            return None
        return target

    async def _get(self, url: str) -> Resource:
        for attempt in range(1, self.attempts + 1):
            try:
                status, headers, body = await asyncio.wait_for(self._fetch(url), self.timeout)
            except (TimeoutError, httpx.TimeoutException) as error:
                raise UpstreamError(
                    f"{_shown(url)}: no answer in {self.timeout:g} s",
                    found="time-out",
                    expected="an answer",
                    action="try again, or check the FHIR server",
                ) from error
            except httpx.HTTPError as error:
                raise UpstreamError(
                    f"{_shown(url)}: {type(error).__name__}: {error}",
                    found=str(error),
                    expected="an answer",
                    action="check the address and the FHIR server",
                ) from error
            if status not in _RETRIED or attempt == self.attempts:
                return _resource(url, status, headers.get("content-type", ""), body)
            await asyncio.sleep(_wait(headers.get("retry-after"), attempt))
        raise AssertionError("unreachable")

    async def _fetch(self, url: str) -> tuple[int, httpx.Headers, bytes]:
        async with self._client().stream("GET", url, follow_redirects=False) as response:
            parts, size = [], 0
            async for chunk in response.aiter_bytes():
                size += len(chunk)
                if size > MAX_BYTES:
                    raise UpstreamError(
                        f"{_shown(url)}: more than {MAX_BYTES // 1_000_000} MB in one answer",
                        found=size,
                        expected=f"at most {MAX_BYTES} bytes a page",
                        action="check the FHIR server",
                    )
                parts.append(chunk)
            return response.status_code, response.headers, b"".join(parts)


def _resource(url: str, status: int, media: str, body: bytes) -> Resource:
    try:
        parsed = loads(body, _shown(url)) if body else None
    except BadInput:
        parsed = None
    if status != 200:
        text = _diagnostics(parsed) if isinstance(parsed, dict) else media or "no FHIR body"
        error = HttpError(
            f"{_shown(url)}: HTTP {status}: {text}", found=status, expected="HTTP 200", action="check the FHIR server"
        )
        error.status = status
        raise error
    if not isinstance(parsed, dict) or not isinstance(parsed.get("resourceType"), str):
        raise UpstreamError(
            f"{_shown(url)}: the answer is not FHIR JSON",
            found=media or "no content type",
            expected=MEDIA,
            action="check the address of the FHIR server",
        )
    if parsed["resourceType"] == "OperationOutcome":
        raise UpstreamError(
            f"{_shown(url)}: {_diagnostics(parsed)}",
            found="OperationOutcome",
            expected="a resource",
            action="check the FHIR server",
        )
    return parsed


def _diagnostics(resource: Resource) -> str:
    issues = [issue for issue in resource.get("issue") or [] if isinstance(issue, dict)]
    texts = [
        issue.get("diagnostics") or (issue.get("details") or {}).get("text") or issue.get("code") for issue in issues
    ]
    return "; ".join(str(text)[:200] for text in texts if text) or "no reason given"


def _wait(header: str | None, attempt: int) -> float:
    seconds = float(header) if header and header.isdigit() else 0.25 * 2**attempt
    return min(seconds, _LONGEST_WAIT)


def _same(url: str) -> str:
    """An address with its parameters in order, to recognise a page again."""
    parts = urlsplit(url)
    return f"{parts.path}?{urlencode(sorted(parse_qsl(parts.query, keep_blank_values=True)))}"


def _shown(url: str) -> str:
    """An address for a message: patient identifiers in parameters stay out of logs."""
    parts = urlsplit(url)
    return parts.path.rsplit("/", 1)[-1] or parts.netloc


def reference_of(resource: Resource) -> str:
    """`Type/id`."""
    return f"{resource.get('resourceType')}/{resource.get('id')}"


def version_of(resource: Resource) -> str | None:
    """The version the server gave."""
    version: Any = (resource.get("meta") or {}).get("versionId")
    return str(version) if version is not None else None
