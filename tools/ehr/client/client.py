"""The one FHIR client, for the embedded store (in process) and for any R4 server.

A search is followed to its end under a cap. What cannot be proved complete says so (`Matches.problems`), and what a
server answers instead of FHIR becomes an `UpstreamError`; nothing is guessed from half an answer. What another server
does with a parameter is not taken on trust (`check`).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit

from tools.ehr.client.capability import Capability
from tools.ehr.client.errors import BadAnswer, HttpError
from tools.ehr.client.http import MAX_BYTES, Channel, diagnostics
from tools.ehr.compartment import patients_of
from tools.ehr.fhirjson import Resource
from tools.errors import UsageError

if TYPE_CHECKING:
    from tools.ehr.client.check import Quirks

MAX_RESOURCES, MAX_PAGES, PAGE = 20_000, 400, 500
MAX_SECONDS = 300.0
_EMPTY_PAGES, MAX_FOREIGN = 3, 100
Parameters = list[tuple[str, str]]


@dataclass
class Matches:
    """What a search found. `complete` is true only where every page was read and nothing contradicted itself.

    `problems` are why these may not be all; `notes` say what the client had to do itself because the server does not.
    """

    query: str
    resources: list[Resource] = field(default_factory=list)
    included: list[Resource] = field(default_factory=list)
    total: int | None = None
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    used: str | None = None

    @property
    def complete(self) -> bool:
        """Whether these are provably all."""
        return not self.problems

    @property
    def shown(self) -> str:
        """How many of how many: "20 of 137"; "20, perhaps not all" where nobody counted."""
        count = len(self.resources)
        if self.total is not None and self.total > count:
            return f"{count} of {self.total}"
        return str(count) if self.complete else f"{count}, perhaps not all"


def check_type(kind: str) -> None:
    """Refuse a type that would not be the path it is put into (control characters, blanks, slashes).

    Raises:
        UsageError: it is not letters only.
    """
    if not kind.isascii() or not kind.isalpha():
        raise UsageError(
            "not a FHIR resource type",
            found=repr(kind)[:80],
            expected="a name such as Observation",
            action="correct it",
        )


class FhirClient(Channel):
    """A client bound to one server; see `Channel` for how it is reached.

    Args:
        max_resources: a search stops there, and says so.
        page: resources asked for at once.
        max_seconds: for one search, all its pages together.
        quirks: what is known about the server already (`check`); filled as more is learnt.
    """

    def __init__(
        self,
        base: str = "",
        *,
        max_resources: int = MAX_RESOURCES,
        page: int = PAGE,
        max_seconds: float = MAX_SECONDS,
        quirks: Quirks | None = None,
        **channel: Any,
    ) -> None:
        super().__init__(base, **channel)
        self.max_resources, self.page, self.max_seconds, self.quirks = max_resources, page, max_seconds, quirks
        self._capability: Capability | None = None
        self._totals = True

    async def read(self, kind: str, id_: str, version: str | None = None) -> Resource:
        """One resource, or one version of it.

        Raises:
            HttpError: it is not there, or the server failed.
        """
        place = "/".join(quote(part, safe="") for part in (kind, id_, *(("_history", version) if version else ())))
        resource = await self._get(f"{self.base}/{place}")
        if resource.get("resourceType") != kind or resource.get("id") != id_:
            raise BadAnswer(
                f"asked for {kind}/{id_}, got {resource.get('resourceType')}/{resource.get('id')}",
                found=resource.get("id"),
                expected=id_,
                action="check the FHIR server",
            )
        return resource

    async def capability(self) -> Capability:
        """What the server says it can do, read once; nothing where it does not say.

        Raises:
            Unreachable: there is no server (one that fails here is taken as one that does not say).
        """
        if self._capability is None:
            try:
                statement = await self._get(f"{self.base}/metadata")
            except (HttpError, BadAnswer):
                statement = {}
            self._capability = Capability.of(statement)
        return self._capability

    async def types(self) -> set[str]:
        """Resource types the server says it has; empty where it does not say."""
        return set((await self.capability()).types)

    async def search(self, kind: str, parameters: Parameters, *, limit: int | None = None) -> Matches:
        """All matches of a search, every page of it, up to a limit that is said where it is reached.

        Raises:
            UsageError: the type is not the name of one.
            UpstreamError: the server failed, or answered with something other than a searchset.
        """
        check_type(kind)
        if self.store is not None:
            return await self.pages(kind, parameters, limit=limit)
        from tools.ehr.client.check import checked_search

        return await checked_search(self, kind, parameters, limit)

    async def pages(
        self,
        kind: str,
        parameters: Parameters,
        *,
        limit: int | None = None,
        page: int | None = None,
        owners: frozenset[str] | None = None,
    ) -> Matches:
        """A search as the server answers it, followed page by page.

        Args:
            kind: resource type.
            parameters: names and values.
            limit: stop there, and say so.
            page: resources asked for at once.
            owners: ids of the patients it may be about; anything else is dropped and said.

        Raises:
            UpstreamError: the server failed, or answered with something other than a searchset.
        """
        check_type(kind)
        most, size = limit or self.max_resources, page or self.page
        reading = await self._follow(kind, parameters, most, size, owners)
        found = reading.found
        if reading.cut and found.total is not None and size < found.total <= most:
            # It counts them all, gives fewer and no way to the rest: perhaps it gives them if asked for all at once.
            whole = await self._follow(kind, parameters, most, found.total, owners)
            if len(whole.found.resources) > len(found.resources):
                whole.found.notes.append("the server gave a part and no next page; asked for all at once")
                return whole.found
        return found

    async def _follow(
        self, kind: str, parameters: Parameters, limit: int, size: int, owners: frozenset[str] | None
    ) -> _Pages:
        asked = [*parameters, ("_count", str(size))]
        if self._totals and not any(name == "_total" for name, _ in parameters):
            reading = _Pages(self, kind, parameters, limit, owners)
            try:
                await reading.follow([*asked, ("_total", "accurate")])
                return reading
            except HttpError as error:
                if error.status not in (400, 422, 501) or reading.seen:
                    raise
            reading = _Pages(self, kind, parameters, limit, owners)
            await reading.follow(asked)
            self._totals = False  # the same search went through without it
            return reading
        reading = _Pages(self, kind, parameters, limit, owners)
        await reading.follow(asked)
        return reading


class _Pages:
    """The pages of one search."""

    def __init__(
        self, client: FhirClient, kind: str, parameters: Parameters, limit: int, owners: frozenset[str] | None
    ) -> None:
        self.client, self.kind, self.limit, self.owners = client, kind, limit, owners
        self.found = Matches(f"{kind}?{urlencode(parameters)}")
        self.last: str | None = None
        self.cut = False
        self.keys: set[tuple[str, str]] = set()
        self.seen: set[str] = set()
        self.empty = self.twice = self.others = self.foreign = 0
        self.started = time.monotonic()

    async def follow(self, parameters: Parameters) -> None:
        url: str | None = f"{self.client.base}/{self.kind}?{urlencode(parameters)}"
        found = self.found
        while url:
            page = await self.client._get(url)
            self.seen.add(_same(url))
            if page.get("resourceType") != "Bundle" or page.get("type") != "searchset":
                raise BadAnswer(
                    f"{self.kind}: expected a searchset, got {page.get('resourceType')} {page.get('type', '')}".strip(),
                    found=page.get("type"),
                    expected="a searchset Bundle",
                    action="check the FHIR server",
                )
            if len(self.seen) == 1:
                found.used = _link(page, "self")
            before = len(self.keys)
            self._take(page)
            self.empty = 0 if len(self.keys) > before else self.empty + 1
            self.last = _link(page, "next")
            url = self._next(page, url)
        if self.twice:
            found.problems.append(f"{self.twice} {self.kind} came twice")
        if self.others:
            found.problems.append(f"the server sent {self.others} that are not {self.kind}: not used")
        if self.foreign:
            found.problems.append(f"the server sent {self.foreign} {self.kind} of other patients: not used")
        held = len(found.resources) + self.foreign
        counted_only = ("_summary", "count") in parameters
        if found.total is not None and found.total != held and not counted_only:
            self.cut = found.total > held and self.last is None
            found.problems.append(f"the server counts {found.total}, its pages hold {held}")
        found.problems = list(dict.fromkeys(found.problems))

    def _take(self, page: Resource) -> None:
        found, total = self.found, page.get("total")
        if isinstance(total, int) and not isinstance(total, bool):
            if found.total is not None and found.total != total:
                found.problems.append("the server's count changed while its pages were read")
            found.total = total if found.total is None else max(found.total, total)
        entries = page.get("entry") or []
        for entry in entries if isinstance(entries, list) else [None]:
            resource = entry.get("resource") if isinstance(entry, dict) else None
            if not isinstance(entry, dict) or not isinstance(resource, dict):
                found.problems.append("an entry without a resource")
                continue
            search = entry.get("search")
            mode = search.get("mode") if isinstance(search, dict) else None
            kind, id_ = resource.get("resourceType"), resource.get("id")
            if kind == "OperationOutcome" or mode == "outcome":
                # A remark may say that something was left out; only what calls itself information is taken for that.
                issues = resource.get("issue")
                rows = issues if isinstance(issues, list) and issues else [{}]
                if any(not isinstance(row, dict) or row.get("severity") != "information" for row in rows):
                    found.problems.append(f"the server remarks: {diagnostics(resource)}")
                continue
            if not isinstance(kind, str) or not isinstance(id_, str):
                found.problems.append("an entry without a type or an id")
                continue
            key = (kind, id_)
            if key in self.keys:
                self.twice += mode != "include"
                continue
            self.keys.add(key)
            if mode == "include" or kind != self.kind:
                self.others += mode == "match"
                found.included.append(resource)
            elif self.owners is not None and not patients_of(resource, self.client.base, about=True) & self.owners:
                self.foreign += 1
            else:
                found.resources.append(resource)

    def _next(self, page: Resource, here: str) -> str | None:
        link, found = _link(page, "next"), self.found
        if not link:
            return None
        target = urljoin(here, link)
        if urlsplit(target)[:2] != urlsplit(self.client.base)[:2]:
            raise BadAnswer(
                f"the next page is on another server: {urlsplit(target).hostname}",
                found=urlsplit(target).hostname,
                expected=urlsplit(self.client.base).hostname,
                action="check the server's base address",
            )
        stopped = f"stopped at {len(found.resources)} of {'unknown' if found.total is None else found.total}"
        if _same(target) in self.seen or self.empty >= _EMPTY_PAGES:
            found.problems.append("the pages lead in a circle")
        elif len(found.resources) >= self.limit or len(self.seen) >= MAX_PAGES:
            found.problems.append(stopped)
        elif self.foreign > MAX_FOREIGN:
            found.problems.append(f"{stopped}: the server does not keep to the patient")
        elif time.monotonic() - self.started > self.client.max_seconds:
            found.problems.append(f"{stopped}: {self.client.max_seconds:g} s are over")
        else:
            return target
        return None


def _link(page: Resource, relation: str) -> str | None:
    links = page.get("link")
    rows = [row for row in links if isinstance(row, dict)] if isinstance(links, list) else []
    return next(
        (row["url"] for row in rows if row.get("relation") == relation and isinstance(row.get("url"), str)), None
    )


def _same(url: str) -> str:
    """An address with its parameters in order, to recognise a page again."""
    parts = urlsplit(url)
    return f"{parts.path}?{urlencode(sorted(parse_qsl(parts.query, keep_blank_values=True)))}"


def reference_of(resource: Resource) -> str:
    """`Type/id`."""
    return f"{resource.get('resourceType')}/{resource.get('id')}"


def version_of(resource: Resource) -> str | None:
    """The version the server gave."""
    version: Any = (resource.get("meta") or {}).get("versionId")
    return str(version) if version is not None else None


__all__ = ["MAX_BYTES", "FhirClient", "HttpError", "Matches", "reference_of", "version_of"]
