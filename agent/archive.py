"""Images that a question names in an archive, and whether the configured archives answer."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from agent.settings import Settings
from agent.state import Json
from tools.context import ToolContext
from tools.errors import OslerError, UsageError

FOLDER = "fetched"
_NOBODY = "osler-doctor"
"""A patient number that no archive has: it is asked whether it answers, never about anybody."""


@contextlib.asynccontextmanager
async def local(settings: Settings, context: ToolContext, images: Sequence[str | Path]) -> AsyncIterator[list[Path]]:
    """The images of a question as paths; a series of an archive is fetched, and removed again at the end.

    Raises:
        UsageError: an archive needs a patient, or there is no such archive.
        Refused, IdentityMismatch: it is not known to be the patient's.
        UpstreamError: the archive failed.
    """
    from tools.imaging.fetching import fetched, is_reference

    made: list[Path] = []
    try:
        paths = []
        for given in images:
            if not is_reference(given):
                paths.append(Path(given))
                continue
            if context.record is None:
                raise UsageError(
                    "an image needs a patient", found="no patient", expected="--patient", action="name the patient"
                )
            patient = context.record.patient
            made.append(await fetched(patient, str(given), settings.servers, settings.home / FOLDER))
            paths.append(made[-1])
        yield paths
    finally:
        for path in made:
            await asyncio.to_thread(shutil.rmtree, path.parent, True)


def statuses(settings: Settings, seconds: float) -> list[Json]:
    """The archives of `servers.yaml` for `osler doctor`: whether each answers, and how Osler logs in.

    Raises:
        UsageError: `servers.yaml` does not say what it should.
    """
    from tools.ehr.client.auth_files import servers
    from tools.imaging.fetching import DICOMWEB

    return [
        {"name": one.name, "url": one.url, "login": one.auth, **_status(settings, one.url, seconds)}
        for one in servers(settings.servers)
        if one.kind == DICOMWEB
    ]


def _status(settings: Settings, url: str, seconds: float) -> Json:
    async def look() -> None:
        from tools.imaging.dicomweb import DicomWeb, source_at

        source = source_at(url, settings.servers)
        assert isinstance(source, DicomWeb)
        source.timeout, source.attempts = seconds, 1
        try:
            await source.studies(_NOBODY)
        finally:
            await source.close()

    try:
        asyncio.run(look())
    except OslerError as error:
        return {"usable": False, "lacks": error.message, "how": error.action or "correct servers.yaml"}
    return {"usable": True, "lacks": None, "how": None}
