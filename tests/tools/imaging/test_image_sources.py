"""Folders and DICOMweb servers as sources of images: one patient's only, and no server is taken at its word."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from dicomweb_server import Server
from series_made import affine_of, numbered, slices, written

from tools.ehr.client.auth import access_to
from tools.ehr.client.auth_files import Server as Entry
from tools.ehr.client.errors import BadAnswer, Busy, HttpError, LoginRefused, Unreachable
from tools.errors import BadInput, IdentityMismatch, NotAssessable, Refused, UsageError
from tools.imaging.dicomweb import DicomWeb, source_at
from tools.imaging.dicomweb_parts import parts_of
from tools.imaging.sources import FolderSource, ImageSource, PatientImages
from tools.imaging.volumes import read_files

BASE = "https://images.example/rs"
PATIENT = {
    "resourceType": "Patient",
    "id": "1",
    "identifier": [{"system": "urn:hospital", "value": "P1"}],
    "name": [{"family": "Ellison", "given": ["Ruth"]}],
    "birthDate": "1950-02-03",
}
WHO = {"PatientID": "P1", "PatientName": "Ellison^Ruth", "PatientBirthDate": "19500203", "StudyDate": "20260301"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A series of the patient, one of somebody else, and one of a namesake under the patient's number."""
    made = tmp_path / "archive"
    written(slices(numbered(), affine_of(np.eye(3)), SeriesDescription="thin", SeriesNumber=2, **WHO), made / "ours")
    written(slices(numbered(), affine_of(np.eye(3)), PatientID="P2", PatientName="Other^A"), made / "theirs")
    other = {**WHO, "PatientName": "Ellison^Robert", "PatientBirthDate": "19800101"}
    written(slices(numbered(), affine_of(np.eye(3)), **other), made / "mixed")
    (made / "note.txt").write_text("a note")
    return made


@pytest.fixture
def server(folder: Path) -> Server:
    """The same files behind DICOMweb."""
    return Server(sorted(folder.rglob("*.dcm")))


def client(server: Server, **more: Any) -> DicomWeb:
    """A client that reaches the server in process."""
    return DicomWeb(BASE, transport=httpx.ASGITransport(server.app), **more)


@pytest.mark.parametrize("kind", ["folder", "dicomweb"])
async def test_one_patients_series_comes_from_either_source(
    kind: str, folder: Path, server: Server, tmp_path: Path
) -> None:
    source: ImageSource = FolderSource(folder) if kind == "folder" else client(server)
    images = PatientImages(source, PATIENT)
    listing = await images.studies()
    assert [study.date for study in listing.studies] == ["2026-03-01"]
    assert (listing.left_out, listing.told) == (1, ("1 study left out: not known to be this patient's",))
    study = listing.studies[0].uid
    (series,) = await images.series(study)
    assert (series.modality, series.number, series.description) == ("CT", 2, "thin")
    assert len(await images.instances(study, series.uid)) == 5
    paths = await images.fetch(study, series.uid, tmp_path / "fetched")
    assert np.array_equal(read_files(paths, "ours").values, numbered())
    assert "P1" not in repr(images) and "Ellison" not in repr(listing.studies[0].who)


async def test_studies_of_others_are_refused(folder: Path, server: Server, tmp_path: Path) -> None:
    server.broken = "ignores PatientID"
    images = PatientImages(client(server), PATIENT)
    assert len((await images.studies()).studies) == 1
    assert (await images.studies()).left_out == 2
    theirs = next(str(h.StudyInstanceUID) for h in server.headers.values() if h.PatientID == "P2")
    for asked in (images.series(theirs), images.instances(theirs, "1.2"), images.fetch(theirs, "1.2", tmp_path)):
        with pytest.raises(Refused):
            await asked
    for numbers in ([], [{"value": "*"}], [{"value": "P?"}]):
        with pytest.raises(NotAssessable):
            await PatientImages(FolderSource(folder), {**PATIENT, "identifier": numbers}).studies()


async def test_a_file_of_another_patient_is_not_kept(server: Server, tmp_path: Path) -> None:
    images = PatientImages(client(server), PATIENT)
    study = (await images.studies()).studies[0].uid
    (series,) = await images.series(study)
    server.broken = "other patient"
    with pytest.raises(IdentityMismatch):
        await images.fetch(study, series.uid, tmp_path / "fetched")
    assert list((tmp_path / "fetched").iterdir()) == []


@pytest.mark.parametrize(("page", "most"), [(2, 1000), (200, 1), (200, 1000)])
async def test_pages_are_read_to_the_end(page: int, most: int, server: Server) -> None:
    server.most = most
    web = client(server, page=page)
    uid = (await web.studies("P2"))[0].uid
    series = (await web.series(uid))[0].uid
    assert len({one.uid for one in await web.instances(uid, series)}) == 5
    server.broken = "ignores offset"
    if page == 2:
        with pytest.raises(BadAnswer, match="instances"):
            await web.instances(uid, series)
    else:
        assert len(await web.instances(uid, series)) == min(5, most)
    server.broken = ""
    assert await web.studies("nobody") == []


@pytest.mark.parametrize(
    ("broken", "kind", "word"),
    [
        ("html", BadAnswer, "text/html"),
        ("not json", BadAnswer, "not JSON"),
        ("object", BadAnswer, "dict"),
        ("bad uid", BadAnswer, "valid UID"),
        ("redirect", HttpError, "302|307"),
        ("busy", Busy, ""),
    ],
)
async def test_searches_that_are_not_answered(broken: str, kind: type[Exception], word: str, server: Server) -> None:
    server.broken = broken
    web = client(server)
    web.longest_wait = 0.0
    with pytest.raises(kind) as caught:
        await web.studies("P1")
    document = caught.value.document()  # type: ignore[attr-defined]
    assert "FHIR" not in str(document) and "P1" not in str(document) and document["action"]
    assert any(part in str(document["found"]) for part in word.split("|"))


@pytest.mark.parametrize("broken", ["text", "jpeg", "two parts", "cut", "plain text"])
async def test_instances_that_are_not_what_they_should_be(broken: str, server: Server, tmp_path: Path) -> None:
    web = client(server)
    uid = (await web.studies("P2"))[0].uid
    series = (await web.series(uid))[0].uid
    server.broken = broken
    with pytest.raises(BadAnswer):
        await web.fetch(uid, series, tmp_path / "f")
    assert list((tmp_path / "f").iterdir()) == []
    server.broken = "plain"
    assert len(await web.fetch(uid, series, tmp_path / "f")) == 5
    with pytest.raises(BadInput):
        await web.series("../../secrets")


async def test_the_login_goes_to_its_server_only(server: Server, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret")
    (tmp_path / "token").chmod(0o600)
    server.token = "s3cret"
    access = access_to(Entry(name="pacs", url=BASE, auth="bearer", token_file=tmp_path / "token"))
    assert len(await client(server, access=access).studies("P1")) == 2
    with pytest.raises(LoginRefused):
        await client(server).studies("P1")
    server.broken = "redirect"
    with pytest.raises(HttpError):
        await client(server, access=access).studies("P1")
    assert all(not path.startswith("/elsewhere") for path, _ in server.asked)


def test_a_source_is_a_folder_or_a_server_with_its_login(tmp_path: Path) -> None:
    servers = tmp_path / "servers.yaml"
    assert isinstance(source_at(str(tmp_path), servers), FolderSource)
    plain = source_at(BASE, servers)
    assert isinstance(plain, DicomWeb) and plain.access is None
    (tmp_path / "token").write_text("s3cret")
    (tmp_path / "token").chmod(0o600)
    servers.write_text(f"servers: {{pacs: {{url: {BASE}/, auth: bearer, token_file: token, timeout: 7}}}}")
    found = source_at(BASE, servers)
    assert isinstance(found, DicomWeb) and found.access is not None
    assert (found.base, found.timeout) == (BASE, 7)
    with pytest.raises(UsageError):
        source_at(str(tmp_path / "nothing"), servers)


async def test_nobody_there() -> None:
    web = DicomWeb("http://127.0.0.1:1/rs", timeout=2)
    web.longest_wait = 0.0
    with pytest.raises(Unreachable) as caught:
        await web.studies("P1")
    assert "image server" in caught.value.action
    await web.close()


def test_parts_are_taken_apart_byte_for_byte() -> None:
    content = bytes(range(256)) * 3 + b"\r\n--almost\r\n--x"
    body = b"preamble\r\n--x1\r\nContent-Type: application/dicom\r\n\r\n" + content + b"\r\n--x1--"
    assert [bytes(one) for one in parts_of("multipart/related; boundary=x1", body, "it")] == [content]
    empty = b"--x1\r\n\r\n\r\n--x1--"
    assert [bytes(one) for one in parts_of("multipart/related; boundary=x1", empty, "it")] == [b""]
    for media in ("", "text/html", "multipart/related", "multipart/mixed; boundary=x1"):
        with pytest.raises(BadAnswer):
            parts_of(media, body, "it")
    for end in range(0, len(body) - 4, 7):
        with pytest.raises(BadAnswer):
            parts_of("multipart/related; boundary=x1", body[:end], "it")


@pytest.fixture
def address(server: Server) -> Iterator[str]:
    """The server on a port of this machine."""
    import uvicorn

    running = uvicorn.Server(uvicorn.Config(server.app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started:
        time.sleep(0.01)
    port = running.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}/rs"
    running.should_exit = True
    thread.join()


async def test_an_independent_client_reads_the_same_from_the_test_server(
    address: str, server: Server, tmp_path: Path
) -> None:
    peer = pytest.importorskip("dicomweb_client", reason="the independent client dicomweb-client is not installed")
    theirs = peer.DICOMwebClient(url=address)
    found = theirs.search_for_studies(search_filters={"PatientID": "P2"})
    uid = found[0]["0020000D"]["Value"][0]
    web = DicomWeb(address)
    assert [study.uid for study in await web.studies("P2")] == [uid]
    (series,) = await web.series(uid)
    paths = await web.fetch(uid, series.uid, tmp_path / "f")
    entries = await web.instances(uid, series.uid)
    for path, entry in zip(paths, entries, strict=True):
        same = theirs.retrieve_instance(uid, series.uid, entry.uid)
        from pydicom import dcmread

        assert dcmread(path).PixelData == same.PixelData and same.SOPInstanceUID == entry.uid
    await web.close()
