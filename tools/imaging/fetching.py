"""Images of one patient in an archive (a DICOMweb server or a folder): listed, fetched, or named in a question.

An archive is named as in `servers.yaml` (`kind: dicomweb`), by its address or as a folder. Whatever is brought has been
compared with the patient by `PatientImages`, file by file.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.ehr.client.auth_files import servers as servers_in
from tools.ehr.client.http import Channel
from tools.errors import NotAssessable, Refused, UsageError
from tools.imaging.dicomweb import MAX_SERIES_BYTES, source_at
from tools.imaging.dicomweb_parts import is_uid
from tools.imaging.sources import ImageSource, PatientImages

SCHEME = "archive:"
DICOMWEB = "dicomweb"


@dataclass(frozen=True)
class Reference:
    """A series in an archive: `archive:SERIES_UID`, or `archive:NAME|URL|FOLDER/SERIES_UID`."""

    where: str
    series: str


def is_reference(given: str | Path) -> bool:
    """Whether an image of a question is one of an archive."""
    return str(given).startswith(SCHEME)


def reference_of(text: str) -> Reference:
    """What a reference names.

    Raises:
        UsageError: it does not end in a UID.
    """
    where, _, series = text.removeprefix(SCHEME).rpartition("/")
    if not is_uid(series):
        raise UsageError(
            "this names no series of an archive",
            found=text[:200],
            expected="archive:SERIES_UID, or archive:NAME|URL|FOLDER/SERIES_UID",
            action="see `osler image list --patient ID`",
        )
    return Reference(where, series)


def archives(servers: Path) -> dict[str, str]:
    """The archives of `servers.yaml`: addresses by name.

    Raises:
        UsageError: the file does not say what it should.
    """
    return {server.name: server.url for server in servers_in(servers) if server.kind == DICOMWEB}


def place_of(where: str, servers: Path) -> str:
    """The address or folder of an archive; of no name, that of the only one there is.

    Raises:
        UsageError: none, or several, are configured.
    """
    known = archives(servers)
    if where in known:
        return known[where]
    if where:
        return where
    if len(known) == 1:
        return next(iter(known.values()))
    raise UsageError(
        "it is not said which archive is meant",
        found=", ".join(known) or "no archive in servers.yaml",
        expected="one archive",
        action="name it: --archive NAME, an address or a folder; see docs/servers.md for `kind: dicomweb`",
    )


@contextlib.asynccontextmanager
async def opened(where: str, servers: Path) -> AsyncIterator[ImageSource]:
    """An archive by name, address or folder; its connections are closed at the end.

    Raises:
        UsageError: there is none of that name.
    """
    source = source_at(place_of(where, servers), servers)
    try:
        yield source
    finally:
        if isinstance(source, Channel):
            await source.close()


async def listing(images: PatientImages) -> dict[str, Any]:
    """The patient's studies with their series, newest first: the document of `osler image list`.

    Raises:
        NotAssessable: the patient has no number to ask with.
        UpstreamError: the archive failed.
    """
    found = await images.studies()
    return {
        "studies": [
            {
                "study": study.uid,
                "date": study.date,
                "description": study.description,
                "modalities": list(study.modalities),
                "series": [
                    {
                        "series": one.uid,
                        "modality": one.modality,
                        "number": one.number,
                        "description": one.description,
                        "instances": one.instances,
                    }
                    for one in await images.series(study.uid)
                ],
            }
            for study in found.studies
        ],
        "left_out": found.left_out,
        "warnings": list(found.told),
    }


async def bring(images: PatientImages, series: Sequence[str], folder: Path) -> list[Path]:
    """Series of the patient as folders below `folder`, each under its UID; each whole or not at all.

    Raises:
        UsageError: a folder of that name is there already.
        Refused: a series is in none of the patient's studies.
        IdentityMismatch: the archive handed over another patient's file.
        UpstreamError: the archive failed.
    """
    await asyncio.to_thread(_free, series, folder)
    studies = await _studies_of(images, series)
    made = []
    for uid in series:
        part = await asyncio.to_thread(_part, folder)
        try:
            paths = await images.fetch(studies[uid], uid, part)
            await asyncio.to_thread(_settled, paths, part, folder / uid)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
        made.append(folder / uid)
    return made


def _free(series: Sequence[str], folder: Path) -> None:
    """That each series can get a folder of its name."""
    for uid in series:
        if not is_uid(uid):
            raise UsageError(
                "that is no UID of a series",
                found=uid[:64],
                expected="digits and dots",
                action="see `osler image list`",
            )
        if (folder / uid).exists():
            raise UsageError(
                "there is something under this name already",
                found=str(folder / uid),
                expected="a new folder",
                action="name another --out, or move it away",
            )


def _part(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix="part-", dir=folder))


async def _studies_of(images: PatientImages, series: Sequence[str]) -> dict[str, str]:
    """The patient's study that each series is of."""
    wanted, found = set(series), dict[str, str]()
    for study in (await images.studies()).studies:
        if wanted <= found.keys():
            break
        found |= {one.uid: study.uid for one in await images.series(study.uid) if one.uid in wanted}
    if missing := sorted(wanted - found.keys()):
        raise Refused(
            "that series is in none of this patient's studies",
            found=", ".join(missing),
            expected="a series of one of the patient's studies",
            action="see `osler image list`",
        )
    return found


def _settled(paths: list[Path], folder: Path, name: Path) -> None:
    """Give a series its name; files that lie elsewhere (an archive that is a folder) are copied first."""
    if not paths:
        raise NotAssessable(
            "the archive lists no image of this series", found="no files", expected="a series", action="list it again"
        )
    away = [path for path in paths if not path.is_relative_to(folder)]
    if sum(path.stat().st_size for path in away) > MAX_SERIES_BYTES:
        raise NotAssessable(
            "the series is too large",
            found="more",
            expected=f"at most {MAX_SERIES_BYTES:,} bytes",
            action="take a part",
        )
    for number, path in enumerate(away):
        shutil.copyfile(path, folder / f"{number:05d}.dcm")
    folder.rename(name)


async def fetched(patient: dict[str, Any], reference: str, servers: Path, home: Path) -> Path:
    """A series that a question names (`archive:...`), as a folder below `home`; whoever asked removes it.

    Raises:
        UsageError: no reference, or no such archive.
        Refused, IdentityMismatch, NotAssessable, UpstreamError: as `bring`.
    """
    named = reference_of(reference)
    folder = await asyncio.to_thread(_part, home)
    try:
        async with opened(named.where, servers) as source:
            (made,) = await bring(PatientImages(source, patient), [named.series], folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return made
