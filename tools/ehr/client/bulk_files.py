"""One file of a bulk export: written as it comes, never whole in memory, its lines counted and looked at."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tools.ehr.client.client import FhirClient
from tools.ehr.client.errors import BROKEN, HttpError, Unreachable
from tools.ehr.client.http import retry_after, shown
from tools.ehr.fhirjson import loads
from tools.errors import BadInput

MAX_LINE, LONGEST_WAIT, _ATTEMPTS, _NAMED = 64_000_000, 30.0, 3, 5


@dataclass
class Download:
    """A file that came: how many resources, and what is wrong with lines of it."""

    count: int = 0
    problems: list[str] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """To be kept with the export."""
        return asdict(self)

    def look(self, line: bytes, number: int, kind: str | None) -> None:
        """Count a line, and say where it is not a resource of the type."""
        if not line.strip():
            return
        self.count += 1
        if kind is None:
            return
        try:
            body = loads(line)
            found = body.get("resourceType") if isinstance(body, dict) else None
        except BadInput:
            found = None
        if found != kind:
            self._wrong(f"line {number} is {f'a {found}' if found else 'not a resource'}, not a {kind}")

    def _wrong(self, text: str) -> None:
        if len(self.problems) < _NAMED:
            self.problems.append(text)
        elif len(self.problems) == _NAMED:
            self.problems.append("and more lines like these")


async def fetched(client: FhirClient, url: str, place: Path, kind: str | None, *, login: bool) -> Download:
    """A file, tried a few times; it has its name only when it is whole.

    Raises:
        HttpError: the server does not give it.
        Unreachable: the connection breaks again and again.
    """
    half = place.with_name(f"{place.name}.part")
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            got = await _once(client, url, half, kind, login)
        except (*BROKEN, _Later) as error:
            if attempt == _ATTEMPTS:
                raise Unreachable(
                    f"{shown(url)}: {type(error).__name__.strip('_')} after {_ATTEMPTS} tries",
                    found=type(error).__name__.strip("_"),
                    expected="the file",
                    action="run the same command again: it goes on where it stopped",
                ) from None
            await asyncio.sleep(error.wait if isinstance(error, _Later) else 0.5 * attempt)
            continue
        half.replace(place)
        return got
    raise AssertionError("unreachable")


class _Later(Exception):
    def __init__(self, wait: float) -> None:
        super().__init__("later")
        self.wait = wait


async def _once(client: FhirClient, url: str, half: Path, kind: str | None, login: bool) -> Download:
    # Without a login where none is asked for: the file may lie with somebody else.
    auth = {} if login else {"auth": None}
    headers = {"Accept": "application/fhir+ndjson"}
    got, rest, number = Download(), b"", 0
    async with client._client().stream("GET", url, headers=headers, follow_redirects=False, **auth) as response:
        if response.status_code in (429, 502, 503, 504):
            asked = retry_after(response.headers.get("retry-after"))
            raise _Later(min(1.0 if asked is None else asked, LONGEST_WAIT))
        if response.status_code != 200:
            raise HttpError.of(response.status_code, f"{shown(url)}: HTTP {response.status_code}")
        with half.open("wb") as file:
            async for chunk in response.aiter_bytes():
                file.write(chunk)
                *whole, rest = (rest + chunk).split(b"\n")
                for line in whole:
                    number += 1
                    got.look(line, number, kind)
                if len(rest) > MAX_LINE:
                    raise HttpError.of(500, f"{shown(url)}: a line of more than {MAX_LINE // 1_000_000} MB")
    got.look(rest, number + 1, kind)
    return got
