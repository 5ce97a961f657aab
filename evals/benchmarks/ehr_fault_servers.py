"""FHIR servers that fail, lie, loop, drip or leak: the embedded store behind one fault each, as ASGI applications."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from tools.ehr.fhirjson import dumps, loads

Json = dict[str, Any]
HUGE = 100_000_000
_CHUNK = b" " * 1_000_000


@dataclass
class Reply:
    """An answer about to be sent; `stream` takes the place of `body` where there is one."""

    status: int
    body: bytes
    media: str = "application/fhir+json"
    headers: dict[str, str] = field(default_factory=dict)
    stream: AsyncIterator[bytes] | None = None

    @property
    def bundle(self) -> Json | None:
        """The searchset in it."""
        if self.status != 200:
            return None
        found = loads(self.body)
        return found if isinstance(found, dict) and found.get("type") == "searchset" else None

    def put(self, bundle: Json) -> Reply:
        """The same answer with another body."""
        self.body = dumps(bundle).encode()
        return self


@dataclass(frozen=True)
class Call:
    """What was asked."""

    path: str
    query: list[tuple[str, str]]

    @property
    def kind(self) -> str:
        return self.path.strip("/").split("/")[0]

    def value(self, name: str, default: str = "") -> str:
        return next((value for key, value in self.query if key == name), default)


Ask = Callable[[str, list[tuple[str, str]]], Awaitable[Reply]]
Fault = Callable[[Call, Ask], Awaitable[Reply]]


class FaultServer:
    """An application over another, with a fault in what it answers to searches (or to everything)."""

    def __init__(self, inner: Any, fault: Fault, *, only: str | None = None) -> None:
        self.inner, self.fault, self.only = inner, fault, only
        self.asked = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        root = str(scope.get("root_path", ""))
        path = str(scope["path"]).removeprefix(root)
        call = Call(path, parse_qsl(scope["query_string"].decode(), keep_blank_values=True))
        self.asked += 1

        async def ask(where: str, query: list[tuple[str, str]]) -> Reply:
            return await self._inner(scope, receive, root + where, query)

        healthy = path in ("/metadata",) or (self.only is not None and call.kind != self.only)
        reply = await (ask(path, call.query) if healthy else self.fault(call, ask))
        headers = [
            (key.encode(), value.encode()) for key, value in {"content-type": reply.media, **reply.headers}.items()
        ]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        if reply.stream is not None:
            async for chunk in reply.stream:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": reply.body if reply.stream is None else b""})

    async def _inner(self, scope: Any, receive: Any, path: str, query: list[tuple[str, str]]) -> Reply:
        status, parts = 500, []

        async def take(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                parts.append(message.get("body", b""))

        text = urlencode(query).encode()
        asked = {**scope, "path": path, "raw_path": path.encode(), "query_string": text}
        await self.inner(asked, receive, take)
        return Reply(status, b"".join(parts))


def _searched(change: Callable[[Json, Call], Json], *, page: int | None = None) -> Fault:
    """A fault in searchsets alone, in pages of a given size."""

    async def fault(call: Call, ask: Ask) -> Reply:
        query = call.query
        if page is not None and "/" not in call.path.strip("/"):
            query = [*((name, value) for name, value in query if name != "_count"), ("_count", str(page))]
        reply = await ask(call.path, query)
        bundle = reply.bundle
        return reply if bundle is None else reply.put(change(bundle, call))

    return fault


def _link(bundle: Json, relation: str) -> str | None:
    return next((row["url"] for row in bundle.get("link", []) if row["relation"] == relation), None)


def _linked(bundle: Json, url: str | None) -> Json:
    links = [row for row in bundle.get("link", []) if row["relation"] != "next"]
    return {**bundle, "link": [*links, *([{"relation": "next", "url": url}] if url else [])]}


def _fixed(status: int, body: str, media: str = "application/fhir+json", **headers: str) -> Fault:
    async def fault(call: Call, ask: Ask) -> Reply:
        return Reply(status, body.encode(), media, {key.replace("_", "-"): value for key, value in headers.items()})

    return fault


def _but_patient(fault: Fault) -> Fault:
    """The fault in everything except the read of a Patient: reading begins, and then goes wrong."""

    async def later(call: Call, ask: Ask) -> Reply:
        return await (ask(call.path, call.query) if call.path.startswith("/Patient/") else fault(call, ask))

    return later


async def _ignores_patient(call: Call, ask: Ask) -> Reply:
    return await ask(call.path, [pair for pair in call.query if pair[0] not in ("patient", "subject")])


async def _wrong_patient(call: Call, ask: Ask) -> Reply:
    """Searches for one patient are answered with the other's; the patient read is the other's too."""
    reply = await ask(call.path, [pair for pair in call.query if pair[0] not in ("patient", "subject")])
    bundle = reply.bundle
    if bundle is None:
        return reply
    asked = call.value("patient") or call.value("subject").removeprefix("Patient/")
    rows = [row for row in bundle.get("entry", []) if f"Patient/{asked}" not in dumps(row["resource"])]
    return reply.put({**bundle, "entry": rows, "total": len(rows)})


async def _reads_another(call: Call, ask: Ask) -> Reply:
    """Every read by id answers with another resource of that type."""
    parts = call.path.strip("/").split("/")
    if len(parts) != 2:
        return await ask(call.path, call.query)
    bundle = (await ask(f"/{parts[0]}", [("_count", "50")])).bundle or {}
    other: Json = next((row["resource"] for row in bundle.get("entry", []) if row["resource"]["id"] != parts[1]), {})
    return Reply(200, dumps(other).encode())


async def _hangs(call: Call, ask: Ask) -> Reply:
    await asyncio.sleep(60)
    return Reply(200, b"{}")


async def _truncated(call: Call, ask: Ask) -> Reply:
    reply = await ask(call.path, call.query)
    reply.body = reply.body[: len(reply.body) * 2 // 3]
    return reply


async def _huge(call: Call, ask: Ask) -> Reply:
    reply = await ask(call.path, call.query)

    async def stream() -> AsyncIterator[bytes]:
        yield reply.body[:-1]
        for _ in range(HUGE // len(_CHUNK)):
            yield _CHUNK
        yield reply.body[-1:]

    return Reply(reply.status, b"", stream=stream())


async def _bomb(call: Call, ask: Ask) -> Reply:
    packed = gzip.compress(_CHUNK * (HUGE // len(_CHUNK)), 1)
    return Reply(200, packed, headers={"content-encoding": "gzip"})


async def _drip(call: Call, ask: Ask) -> Reply:
    reply = await ask(call.path, call.query)

    async def stream() -> AsyncIterator[bytes]:
        for place in range(len(reply.body)):
            await asyncio.sleep(0.02)
            yield reply.body[place : place + 1]

    return Reply(reply.status, b"", stream=stream())


async def _mislabelled(call: Call, ask: Ask) -> Reply:
    reply = await ask(call.path, call.query)
    reply.media = "text/html; charset=utf-8"
    return reply


async def _second_page_fails(call: Call, ask: Ask) -> Reply:
    if call.value("_offset") or call.value("_page"):
        return Reply(500, b"", "text/plain")
    return await _searched(lambda bundle, _: bundle, page=3)(call, ask)


async def _breaks_off(call: Call, ask: Ask) -> Reply:
    """The first page of three, its count, and no way on."""
    return await _searched(lambda bundle, _: _linked(bundle, None), page=3)(call, ask)


def _first_again(bundle: Json, call: Call) -> Json:
    return _linked(bundle, f"?{urlencode([('_count', '3'), *call.query])}")


async def _duplicates(call: Call, ask: Ask) -> Reply:
    """Every page, said to be the next, holds the first one's entries."""
    number = int(call.value("page", "1"))
    query = [pair for pair in call.query if pair[0] not in ("page", "_count")]
    if "/" in call.path.strip("/"):
        return await ask(call.path, call.query)
    reply = await ask(call.path, [*query, ("_count", "3")])
    bundle = reply.bundle
    if bundle is None:
        return reply
    return reply.put(_linked(bundle, f"?{urlencode([*query, ('page', str(number + 1))])}" if number < 5 else None))


def _without(name: str) -> Callable[[Json, Call], Json]:
    return lambda bundle, _: {key: value for key, value in bundle.items() if key != name}


def _total(shift: int) -> Callable[[Json, Call], Json]:
    return lambda bundle, _: {**bundle, "total": max(0, int(bundle.get("total") or 0) + shift)}


def _remarks(bundle: Json, call: Call) -> Json:
    """Every second one is left out, which only a remark says."""
    issue = {"severity": "warning", "code": "incomplete", "diagnostics": "some results are left out"}
    remark = {"resource": {"resourceType": "OperationOutcome", "issue": [issue]}, "search": {"mode": "outcome"}}
    kept = bundle.get("entry", [])[::2]
    matches = [row for row in kept if row.get("search", {}).get("mode") == "match"]
    return {**bundle, "entry": [*kept, remark], "total": len(matches)}


def _other_types(bundle: Json, call: Call) -> Json:
    rows = [
        {**row, "resource": {**row["resource"], "resourceType": "Basic"}} if number % 2 else row
        for number, row in enumerate(bundle.get("entry", []))
    ]
    return {**bundle, "entry": rows}


def _no_ids(bundle: Json, call: Call) -> Json:
    rows = [
        {**row, "resource": {key: value for key, value in row["resource"].items() if key != "id"}}
        for row in bundle.get("entry", [])
    ]
    return {**bundle, "entry": rows}


OTHER_HOST = "http://elsewhere.example/fhir?page=2"
FAULTS: dict[str, Fault] = {
    "healthy": _searched(lambda bundle, _: bundle),
    "pages of three": _searched(lambda bundle, _: bundle, page=3),
    "ignores the patient": _ignores_patient,
    "answers with another patient's resources": _wrong_patient,
    "reads another resource": _reads_another,
    "counts more than there are": _searched(_total(4)),
    "counts fewer than there are": _searched(_total(-2)),
    "loops its pages": _searched(_first_again, page=3),
    "total 0 and a next page": _searched(
        lambda bundle, call: _first_again({**bundle, "total": 0, "entry": []}, call), page=3
    ),
    "the same page again and again": _duplicates,
    "breaks off after the first page": _breaks_off,
    "fails on the second page": _second_page_fails,
    "next page on another server": _searched(lambda bundle, _: _linked(bundle, OTHER_HOST), page=3),
    "leaves out and remarks it": _searched(_remarks),
    "sends other types": _searched(_other_types),
    "sends entries without ids": _searched(_no_ids),
    "sends entries without resources": _searched(
        lambda bundle, _: {**bundle, "entry": [{"fullUrl": row.get("fullUrl")} for row in bundle.get("entry", [])]}
    ),
    "sends no searchset": _but_patient(_fixed(200, json.dumps({"resourceType": "Patient", "id": "x"}))),
    "sends OperationOutcome 200": _but_patient(
        _fixed(200, json.dumps({"resourceType": "OperationOutcome", "issue": [{"severity": "error"}]}))
    ),
    "never answers": _hangs,
    "never answers a search": _but_patient(_hangs),
    "drips": _drip,
    "drips searches": _but_patient(_drip),
    "500": _fixed(500, "boom", "text/plain"),
    "500 on searches": _but_patient(_fixed(500, "boom", "text/plain")),
    "429 for ever": _but_patient(_fixed(429, "", Retry_After="0")),
    "503 for ever": _but_patient(_fixed(503, "", Retry_After="Wed, 21 Oct 2015 07:28:00 GMT")),
    "401 on searches": _but_patient(_fixed(401, "")),
    "404 on searches": _but_patient(_fixed(404, "")),
    "sends elsewhere": _but_patient(_fixed(302, "", Location="http://elsewhere.example/")),
    "HTML 200": _but_patient(_fixed(200, "<html>please sign in</html>", "text/html")),
    "empty 200": _but_patient(_fixed(200, "")),
    "an empty list 200": _but_patient(_fixed(200, "[]")),
    "truncated JSON": _but_patient(_truncated),
    "100 MB": _but_patient(_huge),
    "gzip bomb": _but_patient(_bomb),
    "wrong content type": _mislabelled,
}
