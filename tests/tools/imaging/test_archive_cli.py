"""An archive on the command line and in a question: this patient's images only, whoever runs the archive."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dicomweb_server import Server
from films import film, instance, saved
from pydicom import dcmread
from series_made import affine_of, numbered, slices, written
from typer.testing import CliRunner

from agent import ClinicalAssistant
from agent.archive import FOLDER, statuses
from agent.cli import cli
from agent.cli_archive import brought_text, listed_text
from agent.doctor import examine, report
from agent.settings import Settings
from tools.errors import IdentityMismatch, NotAssessable, Refused, UpstreamError, UsageError
from tools.imaging.fetching import Reference, archives, fetched, is_reference, place_of, reference_of

HERS: dict[str, Any] = {"PatientID": "OSL-0001", "PatientName": "Ellison^Margaret", "PatientBirthDate": "19480312"}
TOKEN = "s3cret"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CT series and a film of the demo patient, and a series of somebody else."""
    made = tmp_path_factory.mktemp("archive")
    values = np.zeros((6, 64, 48), dtype=np.int16)
    written(slices(values, affine_of(np.eye(3)), SeriesDescription="thin", StudyDate="20260301", **HERS), made / "ct")
    written(slices(numbered(), affine_of(np.eye(3)), PatientID="P2", PatientName="Other^A"), made / "theirs")
    saved(instance(film(), **HERS, StudyDate="20260302", StudyInstanceUID="1.2.3", SeriesInstanceUID="1.2.3.4",
                   BodyPartExamined="CHEST"), made / "film.dcm")  # fmt: skip
    return made


def uid(folder: Path, part: str) -> str:
    return str(dcmread(next((folder / part).rglob("*.dcm")), stop_before_pixels=True).SeriesInstanceUID)


@pytest.fixture
def server(folder: Path) -> Server:
    return Server(sorted(folder.rglob("*.dcm")), token=TOKEN)


@pytest.fixture
def address(server: Server) -> Iterator[str]:
    """The server on a port of this machine."""
    import uvicorn

    running = uvicorn.Server(uvicorn.Config(server.app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{running.servers[0].sockets[0].getsockname()[1]}/rs"
    running.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def desk(osler: ClinicalAssistant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClinicalAssistant]:
    home = tmp_path_factory.mktemp("archive-home")
    (home / "index").symlink_to(osler.settings.index)
    with ClinicalAssistant(osler.settings.beside(home)) as assistant:
        yield assistant


@pytest.fixture
def place(desk: ClinicalAssistant, address: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose `servers.yaml` knows the archive, with its login."""
    home = desk.settings.home
    (home / "token").write_text(TOKEN)
    (home / "token").chmod(0o600)
    configured(home, {"pacs": {"url": address, "kind": "dicomweb", "auth": "bearer", "token_file": "token"}})
    monkeypatch.setenv("OSLER_HOME", str(home))
    return home


def configured(place: Path, servers: dict[str, Any]) -> None:
    (place / "servers.yaml").write_text(json.dumps({"servers": servers}))


def ran(*command: str) -> dict[str, Any]:
    """The document of `osler image ...`."""
    done = CliRunner().invoke(cli, ["image", *command, "--json"])
    if done.exception is not None:
        raise done.exception
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_patients_studies_are_listed_from_each_kind_of_archive(place: Path, folder: Path, server: Server) -> None:
    bodies = [
        ran("list", "--patient", "demo-af", *more) for more in ((), ("--archive", "pacs"), ("--archive", str(folder)))
    ]
    for body in bodies:
        assert body["patient"] == "demo-af" and body["left_out"] == 0
        assert [study["date"] for study in body["studies"]] == ["2026-03-02", "2026-03-01"]
        (ct,) = body["studies"][1]["series"]
        assert (ct["series"], ct["modality"], ct["description"]) == (uid(folder, "ct"), "CT", "thin")
    assert bodies[2]["studies"][1]["series"][0]["instances"] == 6
    assert all(token == f"Bearer {TOKEN}" for _, token in server.asked)
    shown = listed_text(bodies[0])
    assert uid(folder, "ct") in shown and uid(folder, "theirs") not in shown and "Other" not in shown
    assert "no images of demo-pe" in listed_text(ran("list", "--patient", "demo-pe", "--archive", str(folder)))


def test_a_series_is_fetched_whole_and_only_hers(place: Path, folder: Path, server: Server, tmp_path: Path) -> None:
    wanted = uid(folder, "ct")
    body = ran("fetch", wanted, "--out", str(tmp_path / "out"), "--patient", "demo-af")
    assert body["series"] == [{"series": wanted, "path": str(tmp_path / "out" / wanted), "files": 6}]
    assert "6 files" in brought_text(body)
    found = {dcmread(path, stop_before_pixels=True).SOPInstanceUID for path in (tmp_path / "out" / wanted).iterdir()}
    assert found == {dcmread(path, stop_before_pixels=True).SOPInstanceUID for path in (folder / "ct").rglob("*.dcm")}
    with pytest.raises(UsageError, match="under this name"):
        ran("fetch", wanted, "--out", str(tmp_path / "out"), "--patient", "demo-af")
    with pytest.raises(Refused):
        ran("fetch", uid(folder, "theirs"), "--out", str(tmp_path / "theirs"), "--patient", "demo-af")
    with pytest.raises(UsageError):
        ran("fetch", "../x", "--out", str(tmp_path / "odd"), "--patient", "demo-af")
    server.broken = "other patient"
    with pytest.raises(IdentityMismatch):
        ran("fetch", wanted, "--out", str(tmp_path / "mixed"), "--patient", "demo-af")
    assert list((tmp_path / "mixed").iterdir()) == [] and not (tmp_path / "theirs").exists()
    server.broken = "cut"
    with pytest.raises(UpstreamError):
        ran("fetch", wanted, "--out", str(tmp_path / "cut"), "--patient", "demo-af")
    assert list((tmp_path / "cut").iterdir()) == []


def test_a_question_names_a_series_of_the_archive(
    place: Path, desk: ClinicalAssistant, folder: Path, server: Server
) -> None:
    wanted = uid(folder, "ct")
    consult = desk.consult(
        "What does the CT show?", "demo-af", images=[f"archive:{wanted}", "archive:pacs/1.2.3.4"], model="none"
    )
    found = {
        row["source"]["series_instance_uid"]
        for row in consult.document()["evidence"].values()
        if row["kind"] == "dicom"
    }
    assert {wanted, "1.2.3.4"} <= found
    assert list((place / FOLDER).iterdir()) == []
    for given, error in (
        (f"archive:{uid(folder, 'theirs')}", Refused),
        ("archive:nowhere/1.2.3.4", UsageError),
        ("archive:", UsageError),
        ("archive:pacs/film", UsageError),
    ):
        with pytest.raises(error):
            desk.consult("What does the CT show?", "demo-af", images=[given])
    server.broken = "other patient"
    with pytest.raises(IdentityMismatch):
        desk.consult("What does the CT show?", "demo-af", images=[f"archive:{wanted}"])
    assert list((place / FOLDER).iterdir()) == []


async def test_what_is_brought_of_a_folder_is_a_copy(folder: Path, tmp_path: Path) -> None:
    patient = {"id": "x", "identifier": [{"value": "OSL-0001"}], "name": [{"family": "Ellison", "given": ["Margaret"]}]}
    path = await fetched(patient, f"archive:{folder}/{uid(folder, 'ct')}", tmp_path / "servers.yaml", tmp_path / "home")
    assert path.is_relative_to(tmp_path / "home") and len(list(path.iterdir())) == 6
    assert len(list((folder / "ct").rglob("*.dcm"))) == 6
    with pytest.raises(NotAssessable):
        await fetched({"id": "x"}, f"archive:{folder}/1.2.3.4", tmp_path / "servers.yaml", tmp_path / "home")
    assert [one.name for one in (tmp_path / "home").iterdir()] == [path.parent.name]


def test_what_a_reference_names(tmp_path: Path) -> None:
    assert is_reference("archive:1.2") and not is_reference(Path("archive/1.2")) and not is_reference("film.dcm")
    assert reference_of("archive:1.2.3") == Reference("", "1.2.3")
    assert reference_of("archive:https://a.example/rs/1.2") == Reference("https://a.example/rs", "1.2")
    servers, entry = tmp_path / "servers.yaml", {"url": "https://a.example/rs", "kind": "dicomweb"}
    with pytest.raises(UsageError, match="which archive"):
        place_of("", servers)
    configured(tmp_path, {"a": entry, "ehr": {"url": "https://a.example/r4"}})
    assert archives(servers) == {"a": "https://a.example/rs"} and place_of("", servers) == place_of("a", servers)
    configured(tmp_path, {"a": entry, "b": {**entry, "url": "https://b.example/rs"}})
    with pytest.raises(UsageError, match="which archive"):
        place_of("", servers)
    configured(tmp_path, {"a": {**entry, "kind": "pacs"}})
    with pytest.raises(UsageError, match="kind"):
        archives(servers)


def test_the_doctor_says_whether_an_archive_answers(place: Path, server: Server, address: str) -> None:
    settings = Settings(home=place)
    assert statuses(settings, 2.0) == [
        {"name": "pacs", "url": address, "login": "bearer", "usable": True, "lacks": None, "how": None}
    ]
    # It was asked about nobody.
    assert {path for path, _ in server.asked} == {"/rs/studies"}
    (place / "token").write_text("wrong")
    (row,) = statuses(settings, 2.0)
    assert not row["usable"] and "wrong" not in json.dumps(row)
    body = examine(settings)
    assert body["archives"] == [row] and f"archive  pacs {address}: {row['lacks']}" in report(body)
    configured(place, {})
    assert examine(settings)["archives"] == []
