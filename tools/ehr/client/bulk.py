"""Bulk Data `$export` (HL7 FHIR Bulk Data Access): ask, wait, fetch the files into a folder; resumable.

The folder then holds NDJSON files and a `manifest.json` that names them with their counts, as `osler ehr import` reads
it. What the server could not export, and what it says was deleted, is reported, not imported.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import httpx

from tools.ehr.client.bulk_files import Download, fetched
from tools.ehr.client.client import FhirClient
from tools.ehr.client.errors import BadAnswer, HttpError, Unreachable
from tools.ehr.client.http import diagnostics, resource_of, retry_after, shown
from tools.ehr.fhirjson import loads
from tools.errors import BadInput, UsageError

Json = dict[str, Any]
STATE, MANIFEST, OUTCOMES = ".export", "manifest.json", "errors"
FIRST_WAIT, LONGEST_WAIT, MAX_MANIFEST = 1.0, 60.0, 16_000_000
_TROUBLES = 5


@dataclass(frozen=True)
class Wanted:
    """What to export: everything, all patients or one group; some types; what changed since."""

    group: str | None = None
    patients: bool = False
    types: tuple[str, ...] = ()
    since: str | None = None

    def url(self, base: str) -> str:
        """The address that starts the export."""
        place = f"Group/{self.group}/" if self.group else "Patient/" if self.patients else ""
        query = [("_outputFormat", "application/fhir+ndjson")]
        query += [("_type", ",".join(self.types))] if self.types else []
        query += [("_since", self.since)] if self.since else []
        return f"{base}/{place}$export?{urlencode(query)}"


@dataclass
class Exported:
    """What came: files, how many resources of each type, and what is missing or went wrong."""

    folder: Path
    files: list[str] = field(default_factory=list)
    resources: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    deleted: int = 0
    transaction_time: str | None = None

    @property
    def complete(self) -> bool:
        """Whether everything the server listed is here."""
        return not self.problems

    def document(self) -> Json:
        """For `osler ehr export --json`."""
        return {
            "folder": str(self.folder),
            "files": self.files,
            "resources": self.resources,
            "complete": self.complete,
            "problems": self.problems,
            "deleted_on_server": self.deleted,
            "transaction_time": self.transaction_time,
        }


class BulkExport:
    """One export into one folder.

    Args:
        client: the server and its login.
        folder: where the files go; one that holds an unfinished export of the same is gone on with.
        wanted: what to export.
        progress: told what happens.
        patience: seconds to wait for the server to prepare its files.
    """

    def __init__(
        self,
        client: FhirClient,
        folder: Path,
        wanted: Wanted,
        *,
        progress: Callable[[str], None] | None = None,
        patience: float = 6 * 3600.0,
    ) -> None:
        self.client, self.folder, self.wanted, self.patience = client, folder, wanted, patience
        self.say = progress or (lambda text: None)
        self.state: Json = {}

    async def run(self) -> Exported:
        """Export, or go on with an export that was broken off.

        Raises:
            UsageError: the folder holds something else.
            UpstreamError: the server does not export, or stops answering; what was fetched stays for the next try.
        """
        asked = self.wanted.url(self.client.base)
        self._open(asked)
        if "status" not in self.state:
            self.say("asking the server to export")
            self._keep(status=await self._kick_off(asked))
        if "manifest" not in self.state:
            self._keep(manifest=await self._wait(self.state["status"]))
        report = await self._fetch(self.state["manifest"])
        if report.complete:
            await self._tidy()
        return report

    def _open(self, asked: str) -> None:
        place = self.folder / STATE
        if place.is_file():
            self.state = json.loads(place.read_text(encoding="utf-8"))
            if "status" not in self.state:
                self._keep(asked=asked)  # nothing was begun
            if self.state.get("asked") != asked:
                raise UsageError(
                    "the folder holds an export of something else",
                    found=str(self.folder),
                    expected="an empty folder, or the same export to go on with",
                    action="name another folder",
                )
            if self.state.get("status"):
                self.say("going on with the export that is there")
            return
        if self.folder.is_dir() and any(self.folder.iterdir()):
            raise UsageError(
                "the folder is not empty", found=str(self.folder), expected="an empty folder", action="name another one"
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        self._keep(asked=asked)

    def _keep(self, **more: Any) -> None:
        self.state |= more
        place = self.folder / STATE
        half = place.with_suffix(".new")
        half.write_text(json.dumps(self.state, indent=1), encoding="utf-8")
        half.replace(place)

    async def _kick_off(self, asked: str) -> str:
        headers = {"Prefer": "respond-async"}
        status, given, body = await self.client._ask("GET", asked, headers)
        if status != 202:
            said = _text(body)
            raise HttpError.of(
                status if status >= 400 else 501,
                f"$export: HTTP {status}: {said}",
                found=status,
                action="this server does not export this: ask whoever runs it" if status != 401 else "",
            )
        where: str | None = given.get("content-location")
        if not where:
            raise BadAnswer(
                "$export: the server does not say where to ask how far it is",
                found="no Content-Location",
                expected="Content-Location",
                action="check the FHIR server",
            )
        return urljoin(asked, where)

    async def _wait(self, status_url: str) -> Json:
        """Ask until the files are ready: as often as the server likes, else ever more slowly."""
        until, pause, troubles = time.monotonic() + self.patience, FIRST_WAIT, 0
        while True:
            try:
                status, given, body = await self.client._ask("GET", status_url, most=MAX_MANIFEST)
            except HttpError as error:
                status, given, body = error.status, httpx.Headers(), b""
                if error.status != 429:
                    raise
            except Unreachable:
                troubles += 1
                if troubles >= _TROUBLES:
                    raise
                status, given, body = 202, httpx.Headers(), b""
            if status == 200:
                return _manifest(body)
            if status in (404, 410):
                (self.folder / STATE).unlink(missing_ok=True)  # it is no longer there: start anew next time
            if status not in (202, 429):
                resource_of(status_url, status if status >= 400 else 500, given.get("content-type", ""), body)
            asked = retry_after(given.get("retry-after"))
            wait = min(pause if asked is None else asked, LONGEST_WAIT)
            pause = min(pause * 2, LONGEST_WAIT)
            if time.monotonic() + wait > until:
                raise Unreachable(
                    f"$export: not ready after {self.patience:g} s",
                    found=given.get("x-progress", "in progress"),
                    expected="the list of files",
                    action="run the same command again: it goes on where it stopped",
                )
            self.say(f"the server prepares its files: {given.get('x-progress', 'in progress')}")
            await asyncio.sleep(wait)

    async def _fetch(self, manifest: Json) -> Exported:
        report = Exported(self.folder, transaction_time=str(manifest.get("transactionTime") or "") or None)
        login = bool(manifest.get("requiresAccessToken"))
        done: Json = self.state.setdefault("done", {})
        listed: list[Json] = []
        for number, row in enumerate(manifest["output"]):
            kind, url = str(row["type"]), urljoin(self.client.base + "/", str(row["url"]))
            name = f"{kind}.{number:04}.ndjson"
            if name not in done or not (self.folder / name).is_file():
                self.say(f"fetching {name}")
                try:
                    done[name] = (await self._file(url, login, self.folder / name, kind)).document()
                    self._keep(done=done)
                except (HttpError, BadAnswer, Unreachable) as error:
                    report.problems.append(f"{name}: {error.message}")
                    continue
            got = done[name]
            report.files.append(name)
            report.resources[kind] = report.resources.get(kind, 0) + got["count"]
            report.problems += [f"{name}: {text}" for text in got["problems"]]
            listed.append({"type": kind, "url": name, "count": got["count"]})
            if isinstance(row.get("count"), int) and row["count"] != got["count"]:
                report.problems.append(f"{name}: the server counts {row['count']}, {got['count']} came")
        await self._remarks(manifest, login, report)
        body = {key: manifest.get(key) for key in ("transactionTime", "request", "requiresAccessToken")}
        text = json.dumps({**body, "output": listed, "error": []}, indent=1)
        (self.folder / MANIFEST).write_text(text, encoding="utf-8")
        return report

    async def _file(self, url: str, login: bool, place: Path, kind: str | None) -> Download:
        if login and self.client.access and urlsplit(url)[:2] != urlsplit(self.client.base)[:2]:
            raise BadAnswer(
                f"{shown(url)}: it wants our login on another server, which does not get it",
                found=urlsplit(url).hostname,
                expected=urlsplit(self.client.base).hostname,
                action="ask whoever runs the server",
            )
        return await fetched(self.client, url, place, kind, login=login)

    async def _remarks(self, manifest: Json, login: bool, report: Exported) -> None:
        """Errors and deletions the server lists beside its files."""
        for name in ("error", "deleted"):
            for number, row in enumerate(manifest.get(name) or []):
                place = self.folder / OUTCOMES / f"{name}.{number:04}.txt"
                place.parent.mkdir(exist_ok=True)
                try:
                    await self._file(urljoin(self.client.base + "/", str(row["url"])), login, place, None)
                except (HttpError, BadAnswer, Unreachable, KeyError, TypeError) as error:
                    report.problems.append(f"the server's list of what it {name} cannot be read: {error}")
                    continue
                for line in place.read_text(encoding="utf-8", errors="replace").splitlines():
                    if not line.strip():
                        continue
                    if name == "deleted":
                        report.deleted += len((_parsed(line) or {}).get("entry") or [])
                    else:
                        report.problems.append(f"the server could not export: {_text(line.encode())}")

    async def _tidy(self) -> None:
        """Tell the server that its files are no longer needed; it may have forgotten them already."""
        try:
            await self.client._ask("DELETE", self.state["status"])
        except (HttpError, BadAnswer, Unreachable):
            return


def _parsed(text: str | bytes) -> Json | None:
    try:
        body = loads(text)
    except BadInput:
        return None
    return body if isinstance(body, dict) else None


def _text(body: bytes) -> str:
    parsed = _parsed(body) if body else None
    return diagnostics(parsed) if parsed else "no reason given"


def _manifest(body: bytes) -> Json:
    found = _parsed(body)
    rows = found.get("output") if found else None
    good = isinstance(rows, list) and all(
        isinstance(row, dict) and isinstance(row.get("url"), str) and str(row.get("type", "")).isalpha() for row in rows
    )
    if found is None or not good:
        raise BadAnswer(
            "$export: what the server gives at the end is no list of files",
            found=str(sorted(found))[:100] if found else "no JSON",
            expected="a manifest with output: [{type, url}]",
            action="check the FHIR server",
        )
    return found
