"""`osler image list` and `osler image fetch`: a patient's images in an archive (DICOMweb, or a folder)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

import typer

from agent.settings import Settings
from tools.imaging.sources import PatientImages

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Patient = Annotated[str | None, typer.Option(help="Id in the record.")]
Record = Annotated[str | None, typer.Option(help="Bundle, folder or FHIR base URL.")]
Archive = Annotated[
    str, typer.Option(help="NAME of servers.yaml, an address (DICOMweb) or a folder; the only one there is by default.")
]


def list_(patient: Patient = None, archive: Archive = "", record: Record = None, as_json: AsJson = False) -> None:
    """The studies and series of a patient in an archive; what is not known to be this patient's is left out."""
    from agent.cli import emit

    emit(asyncio.run(listed(Settings.from_environment(), patient, archive, record)), as_json, listed_text)


def fetch(
    series: Annotated[list[str], typer.Argument(help="UIDs of series, from `osler image list`.")],
    out: Annotated[Path, typer.Option(help="The folder in which each series gets one of its own.")],
    patient: Patient = None,
    archive: Archive = "",
    record: Record = None,
    as_json: AsJson = False,
) -> None:
    """Fetch series of a patient; each file is compared with the patient before it is kept."""
    from agent.cli import emit

    body = asyncio.run(brought(Settings.from_environment(), series, out, patient, archive, record))
    emit(body, as_json, brought_text)


def register(group: typer.Typer) -> None:
    """Add the commands to `osler image`."""
    group.command("list")(list_)
    group.command("fetch")(fetch)


@contextlib.asynccontextmanager
async def _images(
    settings: Settings, patient: str | None, archive: str, record: str | None
) -> AsyncIterator[tuple[PatientImages, str]]:
    """An archive limited to a patient of the record, and the patient's id."""
    from agent.records import Records
    from tools.ehr.record import resolve_patient
    from tools.imaging.fetching import opened

    records = Records(settings)
    try:
        resource = await resolve_patient(await records.client(record), patient)
    finally:
        await records.close()
    async with opened(archive, settings.servers) as source:
        yield PatientImages(source, resource), str(resource["id"])


async def listed(settings: Settings, patient: str | None, archive: str, record: str | None = None) -> dict[str, Any]:
    """The document of `osler image list --json`.

    Raises:
        UsageError: no such patient or archive.
        NotAssessable: the patient has no number to ask with.
        UpstreamError: the archive, or the record, does not answer as it should.
    """
    from tools.imaging.fetching import listing

    async with _images(settings, patient, archive, record) as (images, name):
        return {"patient": name, "archive": repr(images.source), **await listing(images)}


async def brought(
    settings: Settings, series: list[str], out: Path, patient: str | None, archive: str, record: str | None = None
) -> dict[str, Any]:
    """The document of `osler image fetch --json`.

    Raises:
        Refused: a series is in none of the patient's studies.
        IdentityMismatch: the archive handed over another patient's file; nothing of the series is kept.
        UsageError, NotAssessable, UpstreamError: as `listed`.
    """
    from tools.imaging.fetching import bring

    async with _images(settings, patient, archive, record) as (images, name):
        made = await bring(images, series, out)
    rows = [{"series": path.name, "path": str(path), "files": sum(1 for _ in path.iterdir())} for path in made]
    return {"patient": name, "archive": repr(images.source), "series": rows}


def listed_text(body: dict[str, Any]) -> str:
    """The same for people."""
    lines = []
    for study in body["studies"]:
        named = " ".join(filter(None, [study["date"] or "no date", *study["modalities"], study["description"]]))
        lines.append(f"{named}  (study {study['study']})")
        for row in study["series"]:
            count = "" if row["instances"] is None else f", {row['instances']} images"
            title = " ".join(filter(None, [row["modality"], row["description"]])) or "series"
            lines += [f"  {title}{count}", f"    {row['series']}"]
    if not body["studies"]:
        lines.append(f"no images of {body['patient']} in {body['archive']}")
    return "\n".join([*lines, *(f"warning: {text}" for text in body["warnings"])])


def brought_text(body: dict[str, Any]) -> str:
    """The same for people."""
    return "\n".join(f"{row['path']}: {row['files']} files" for row in body["series"])
