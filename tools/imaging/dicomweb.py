"""A DICOMweb server as an `ImageSource`: QIDO-RS to search, WADO-RS to fetch (DICOM PS3.18, chapter 10).

Requests go through the same channel as those to FHIR servers: the login of `servers.yaml` only ever goes to the
server it belongs to, redirects are not followed, answers are bounded in time and size.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import httpx

from tools.ehr.client.auth import Access, access_to
from tools.ehr.client.auth_files import server_for
from tools.ehr.client.errors import HttpError
from tools.ehr.client.http import Channel
from tools.errors import BadInput, UpstreamError, UsageError
from tools.imaging.dicomweb_parts import (
    bad,
    date_of,
    is_uid,
    parts_of,
    rows_of,
    uid,
    value,
    values,
    who_of,
    whole,
)
from tools.imaging.reading import looks_like_dicom
from tools.imaging.sources import FolderSource, ImageSource, InstanceEntry, SeriesEntry, StudyEntry

JSON_MEDIA = "application/dicom+json"
# Any transfer syntax: as stored, nothing is compressed anew for us.
DICOM_MEDIA = 'multipart/related; type="application/dicom"; transfer-syntax=*'
MAX_INSTANCE = 1024**3
MAX_SERIES_BYTES = 8 * 1024**3
MAX_ROWS, PAGE = 20_000, 200
PARALLEL = 4
_INCLUDED = ("00081030", "00100021", "0008103E")


class DicomWeb(Channel):
    """One DICOMweb server.

    Args:
        base: the address that `/studies` follows.
        access: how to log in, for a server that wants that.
        timeout: seconds for one request.
        page: how many entries to ask for at once.
        transport: in place of the network.
    """

    def __init__(
        self,
        base: str,
        *,
        access: Access | None = None,
        timeout: float = 60.0,
        page: int = PAGE,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        super().__init__(base, access=access, timeout=timeout, transport=transport)
        self.page = page

    async def studies(self, patient_id: str) -> list[StudyEntry]:
        """The studies under a patient number, as the server lists them.

        Raises:
            UpstreamError: it does not answer as it should.
        """
        rows = await self._search("studies", "0020000D", {"PatientID": patient_id})
        return [
            StudyEntry(
                uid=uid(row, "0020000D", "studies"),
                who=who_of(row),
                date=date_of(row),
                description=value(row, "00081030"),
                modalities=values(row, "00080061"),
                series=whole(row, "00201206"),
            )
            for row in rows
        ]

    async def series(self, study_uid: str) -> list[SeriesEntry]:
        """The series of a study.

        Raises:
            UpstreamError: the server does not answer as it should.
        """
        rows = await self._search(f"studies/{_in_path(study_uid)}/series", "0020000E", {})
        return [
            SeriesEntry(
                uid=uid(row, "0020000E", "series"),
                study_uid=study_uid,
                modality=value(row, "00080060"),
                number=whole(row, "00200011"),
                description=value(row, "0008103E"),
                instances=whole(row, "00201209"),
            )
            for row in rows
        ]

    async def instances(self, study_uid: str, series_uid: str) -> list[InstanceEntry]:
        """The instances of a series.

        Raises:
            UpstreamError: the server does not answer as it should.
        """
        path = f"studies/{_in_path(study_uid)}/series/{_in_path(series_uid)}/instances"
        return [
            InstanceEntry(
                uid=uid(row, "00080018", "instances"),
                series_uid=series_uid,
                sop_class_uid=value(row, "00080016"),
                number=whole(row, "00200013"),
                frames=whole(row, "00280008"),
            )
            for row in await self._search(path, "00080018", {})
        ]

    async def fetch(self, study_uid: str, series_uid: str, folder: Path) -> list[Path]:
        """The instances of a series as files in `folder`, under names of our own.

        Raises:
            UpstreamError: the server does not answer as it should, or hands over more than is taken.
        """
        entries = await self.instances(study_uid, series_uid)
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        limit = asyncio.Semaphore(PARALLEL)
        taken = 0

        async def one(number: int, entry: InstanceEntry) -> Path:
            nonlocal taken
            async with limit:
                body = await self._instance(study_uid, series_uid, entry.uid)
            taken += len(body)
            if taken > MAX_SERIES_BYTES:
                raise bad("the series", f"more than {MAX_SERIES_BYTES:,} bytes", "a smaller series")
            path = folder / f"{number:05d}.dcm"
            await asyncio.to_thread(path.write_bytes, body)
            return path

        jobs = [asyncio.create_task(one(number, entry)) for number, entry in enumerate(entries)]
        try:
            return list(await asyncio.gather(*jobs))
        except BaseException:
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)
            for number in range(len(entries)):
                (folder / f"{number:05d}.dcm").unlink(missing_ok=True)
            raise

    async def _instance(self, study_uid: str, series_uid: str, instance_uid: str) -> bytes:
        path = f"studies/{study_uid}/series/{series_uid}/instances/{_in_path(instance_uid)}"
        status, given, body = await self._request(path, DICOM_MEDIA, MAX_INSTANCE)
        if status != 200:
            raise _status("an instance", status)
        found = parts_of(given.get("content-type", ""), body, "an instance")
        if len(found) != 1:
            raise bad("an instance", f"{len(found)} parts", "one part")
        content = bytes(found[0])
        if not looks_like_dicom(content[:512]):
            raise bad("an instance", "bytes that are not DICOM", "a DICOM file")
        return content

    async def _search(self, path: str, key: str, parameters: dict[str, str]) -> list[dict[str, Any]]:
        """All rows, page by page until a page brings nothing new: a server may give fewer than asked for, or ignore
        `offset` and repeat itself."""
        rows: dict[str, dict[str, Any]] = {}
        offset = 0
        while True:
            asked = [*parameters.items(), *(("includefield", tag) for tag in _INCLUDED)]
            asked += [("limit", str(self.page)), ("offset", str(offset))]
            status, given, body = await self._request(f"{path}?{urlencode(asked)}", JSON_MEDIA, None)
            where = path.rsplit("/", 1)[-1]
            if status == 204:
                break
            if status not in (200, 206):
                raise _status(where, status)
            page = rows_of(_parsed(given.get("content-type", ""), body, where), where)
            fresh = {uid(row, key, where): row for row in page}
            new = fresh.keys() - rows.keys()
            rows |= fresh
            if len(rows) > MAX_ROWS:
                raise bad(where, f"more than {MAX_ROWS:,} entries", "fewer")
            offset += len(page)
            if not new:
                if page and offset > self.page and len(rows) >= self.page:
                    raise bad(where, "the same page again", "the next page (offset)")
                break
        return list(rows.values())

    async def _request(self, path: str, media: str, most: int | None) -> tuple[int, httpx.Headers, bytes]:
        try:
            return await self._ask("GET", f"{self.base}/{path}", {"Accept": media}, most)
        except UpstreamError as error:
            # The channel was made for FHIR servers and names them.
            for name in ("message", "action", "expected"):
                text = getattr(error, name)
                if isinstance(text, str):
                    setattr(error, name, text.replace("FHIR server", "image server"))
            error.args = (error.message,)
            raise


def source_at(where: str, servers: Path) -> ImageSource:
    """The source at an address or a folder; a server with the login that `servers.yaml` has for its address.

    Raises:
        UsageError: there is no such folder, or `servers.yaml` cannot be used.
    """
    if where.startswith(("http://", "https://")):
        server = server_for(servers, where)
        if server is None:
            return DicomWeb(where)
        access = access_to(server)
        access.context()
        return DicomWeb(server.url, access=access, timeout=server.timeout, page=min(server.page, PAGE))
    folder = Path(where)
    if not folder.is_dir():
        raise UsageError(
            f"no images at {folder.name}",
            found=where,
            expected="a folder, or the address of a DICOMweb server",
            action="check the path",
        )
    return FolderSource(folder)


def _parsed(media: str, body: bytes, where: str) -> Any:
    if not body:
        return []
    if "json" not in media:
        raise bad(where, media.partition(";")[0] or "no content type", JSON_MEDIA)
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise bad(where, "text that is not JSON", JSON_MEDIA) from error


def _in_path(given: str) -> str:
    if not is_uid(given):
        raise BadInput("that is no UID", found=given[:64], expected="digits and dots", action="list the studies first")
    return quote(given, safe=".")


def _status(where: str, status: int) -> UpstreamError:
    said = "it sends elsewhere, which is not followed" if 300 <= status < 400 else "no reason given"
    error = HttpError.of(status, f"{where}: HTTP {status}: {said}")
    error.action = error.action.replace("FHIR server", "image server")
    return error
