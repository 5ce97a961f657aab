"""FHIR servers as the settings name them: how one is reached, what has been learnt about it, whether it answers."""

from __future__ import annotations

import asyncio
import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from agent.settings import Settings
from tools.ehr.client.auth import access_to
from tools.ehr.client.auth_files import Server, server_for
from tools.ehr.client.capability_probe import probe
from tools.ehr.client.check import Quirks, said
from tools.ehr.client.client import FhirClient
from tools.errors import OslerError

Json = dict[str, Any]
KEPT = timedelta(days=7)
"""A server changes: what was learnt about it is forgotten after this."""


def is_server(source: str) -> bool:
    """Whether a record is named by the address of a server."""
    return source.startswith(("http://", "https://"))


def client_of(settings: Settings, url: str) -> FhirClient:
    """The client of a server, with the login that `servers.yaml` has for its address.

    Raises:
        UsageError: `servers.yaml`, or a file it names, cannot be used.
    """
    server = server_for(settings.servers, url)
    quirks = _learnt(settings, url)
    if server is None:
        return FhirClient(url, quirks=quirks)
    access = access_to(server)
    access.context()
    return FhirClient(server.url, access=access, timeout=server.timeout, page=server.page, quirks=quirks)


def keep(settings: Settings, client: FhirClient) -> None:
    """Keep what a client has learnt about its server."""
    quirks = client.quirks
    if client.store is not None or quirks is None or not quirks.changed:
        return
    path = _place(settings, client.base)
    path.parent.mkdir(parents=True, exist_ok=True)
    body = {"url": client.base, "at": datetime.now(UTC).isoformat(), "known": quirks.known}
    path.write_text(json.dumps(body, indent=1, sort_keys=True), encoding="utf-8")
    quirks.changed = False


def _place(settings: Settings, url: str) -> Path:
    return settings.home / "servers" / f"{hashlib.sha256(url.rstrip('/').encode()).hexdigest()[:16]}.json"


def _learnt(settings: Settings, url: str) -> Quirks:
    try:
        body = json.loads(_place(settings, url).read_text(encoding="utf-8"))
        if datetime.now(UTC) - datetime.fromisoformat(body["at"]) < KEPT:
            return Quirks({str(key): str(verdict) for key, verdict in body["known"].items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass  # nothing learnt yet, or not by this version
    return Quirks()


def try_out(settings: Settings, url: str, patient: str | None) -> Json:
    """The document of `osler ehr probe`.

    Raises:
        UpstreamError: there is no server, or it does not let Osler in.
    """

    async def run() -> Json:
        client = client_of(settings, url)
        try:
            return await probe(client, patient)
        finally:
            keep(settings, client)
            await client.close()

    return asyncio.run(run())


def probe_text(body: Json) -> str:
    """The same for people."""
    lines = [f"{body['server']}: {body['software'] or 'does not say what it is'}, FHIR {body['fhir_version'] or '?'}"]
    rows = body["tried"]
    lines += [f"  {row['type']}?{row['parameter']:24} {row['verdict']}" for row in rows]
    bad = body["does_not_work"]
    lines.append(f"does not work: {'; '.join(bad)}" if bad else "nothing was found that does not work")
    return "\n".join(lines)


def status(settings: Settings, url: str, seconds: float) -> Json:
    """The server's row of `osler doctor`: whether it answers, how Osler logs in, what is known not to work."""
    row: Json = {"kind": "server", "usable": False}
    server: Server | None = None

    async def look() -> Json:
        client = client_of(settings, url)
        client.timeout, client.attempts = seconds, 1
        try:
            await client._get(f"{client.base}/metadata")
            capability = await client.capability()
            bad = client.quirks.bad if client.quirks else {}
            sentences = [
                said(verdict, f"{key.partition('?')[2]} ({key.partition('?')[0]})") for key, verdict in bad.items()
            ]
            return {
                "usable": True,
                "lacks": None,
                "how": None if client.quirks and client.quirks.known else "osler ehr probe tries out what it heeds",
                "software": capability.software or None,
                "types": len(capability.types),
                "does_not_work": sorted(sentences),
            }
        finally:
            await client.close()

    try:
        server = server_for(settings.servers, url)
        row |= {"name": server.name if server else None, "login": server.auth if server else "none"}
        return row | asyncio.run(look())
    except OslerError as error:
        return row | {"lacks": error.message, "how": error.action or "start it, or correct OSLER_FHIR_URL"}
