"""`osler ehr export` and `osler ehr probe`: other servers, in bulk and on trial."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from agent.settings import Settings
from agent.state import Json
from tools.errors import UsageError

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Record = Annotated[str | None, typer.Option(help="FHIR base URL; default OSLER_FHIR_URL.")]


def _server(settings: Settings, record: str | None) -> str:
    from agent.servers import is_server

    url = record or settings.fhir_url or ""
    if not is_server(url):
        raise UsageError(
            "this needs a FHIR server", found=url or "none", expected="an http(s) address", action="give --record URL"
        )
    return url


def ehr_export(
    out: Annotated[Path, typer.Option(help="An empty folder, or one with an export to go on with.")],
    record: Record = None,
    group: Annotated[str | None, typer.Option(help="Only the patients of this Group.")] = None,
    patients: Annotated[bool, typer.Option(help="Only what belongs to patients.")] = False,
    types: Annotated[str | None, typer.Option(help="Resource types, separated by commas.")] = None,
    since: Annotated[str | None, typer.Option(help="Only what changed since this instant.")] = None,
    load: Annotated[bool, typer.Option("--import", help="Import it into the embedded store afterwards.")] = False,
    as_json: AsJson = False,
) -> None:
    """Export a server in bulk ($export) into a folder of NDJSON; run it again to go on where it stopped."""
    from agent.cli import emit

    settings = Settings.from_environment()
    kinds = tuple(part.strip() for part in (types or "").split(",") if part.strip())
    body = export(settings, _server(settings, record), out, group, patients, kinds, since)
    if load:
        from agent.records import import_into

        body["imported"] = import_into(settings, out)
    emit(body, as_json, export_text)
    if not body["complete"]:
        raise typer.Exit(5)


def export(
    settings: Settings,
    url: str,
    out: Path,
    group: str | None = None,
    patients: bool = False,
    types: tuple[str, ...] = (),
    since: str | None = None,
) -> Json:
    """The document of `osler ehr export`.

    Raises:
        UsageError: the folder holds something else.
        UpstreamError: the server does not export, or stopped answering.
    """
    from agent.servers import client_of
    from tools.ehr.client.bulk import BulkExport, Wanted

    async def run() -> Json:
        client = client_of(settings, url)
        try:
            wanted = Wanted(group, patients, types, since)
            report = await BulkExport(client, out, wanted, progress=lambda text: print(text, file=sys.stderr)).run()  # noqa: T201
            return report.document()
        finally:
            await client.close()

    return asyncio.run(run())


def export_text(body: Json) -> str:
    """The same for people."""
    counts = ", ".join(f"{count} {kind}" for kind, count in body["resources"].items()) or "nothing"
    lines = [f"{counts} in {len(body['files'])} files of {body['folder']}"]
    if body["deleted_on_server"]:
        lines.append(f"{body['deleted_on_server']} were deleted on the server: not applied here")
    lines += [f"PROBLEM  {problem}" for problem in body["problems"]]
    if "imported" not in body:
        lines.append(f"osler ehr import {body['folder']} puts them into the embedded store")
    return "\n".join(lines)


def ehr_probe(
    record: Record = None,
    patient: Annotated[str | None, typer.Option(help="Try it out on this patient's resources only.")] = None,
    as_json: AsJson = False,
) -> None:
    """Try out which search parameters a server heeds; what does not work is kept, and made up for from then on."""
    from agent.cli import emit
    from agent.servers import probe_text, try_out

    settings = Settings.from_environment()
    emit(try_out(settings, _server(settings, record), patient), as_json, probe_text)
