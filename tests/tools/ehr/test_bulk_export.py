"""Bulk `$export`: asked for, waited for, fetched file by file, gone on with, and what is missing named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tools.ehr.bundles import import_path
from tools.ehr.client.auth import access_to
from tools.ehr.client.auth_files import Server
from tools.ehr.client.bulk import BulkExport, Exported, Wanted
from tools.ehr.client.client import FhirClient
from tools.ehr.client.errors import BadAnswer, HttpError, LoginRefused, Unreachable
from tools.ehr.store.store import Store
from tools.errors import UsageError

BASE = "https://fhir.example/r4"
PATIENTS = "\n".join(json.dumps({"resourceType": "Patient", "id": f"p{n}"}) for n in range(3)) + "\n"
FLAGS = json.dumps(
    {
        "resourceType": "Flag",
        "id": "f",
        "status": "active",
        "code": {"text": "Falls"},
        "subject": {"reference": "Patient/p0"},
    }
)
OUTCOME = json.dumps({"resourceType": "OperationOutcome", "issue": [{"diagnostics": "3 images left out"}]})


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("bulk.LONGEST_WAIT", "bulk_files.LONGEST_WAIT", "http.LONGEST_WAIT"):
        monkeypatch.setattr(f"tools.ehr.client.{name}", 0.0)


class Exporter:
    """A server that exports; what it does wrong is set from outside."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, bool]] = []
        self.waits = [httpx.Response(202, headers={"X-Progress": "40 %", "Retry-After": "1"}), httpx.Response(202)]
        self.files: dict[str, Any] = {"/r4/files/1": PATIENTS, "/r4/files/2": FLAGS}
        self.kick = httpx.Response(202, headers={"Content-Location": f"{BASE}/jobs/7"})
        self.manifest: dict[str, Any] = {
            "transactionTime": "2026-01-01T00:00:00Z",
            "request": f"{BASE}/$export",
            "requiresAccessToken": True,
            "output": [
                {"type": "Patient", "url": f"{BASE}/files/1", "count": 3},
                {"type": "Flag", "url": f"{BASE}/files/2"},
            ],
            "error": [],
        }

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked.append((request.method, path, "authorization" in request.headers))
        if path.endswith("$export"):
            assert request.headers["prefer"] == "respond-async"
            self.query = dict(request.url.params)
            return self.kick
        if path == "/r4/jobs/7":
            if request.method == "DELETE":
                return httpx.Response(202)
            return self.waits.pop(0) if self.waits else httpx.Response(200, json=self.manifest)
        found = self.files[path]
        if isinstance(found, list):
            found = found.pop(0) if len(found) > 1 else found[0]
        return found if isinstance(found, httpx.Response) else httpx.Response(200, text=found)


def export(server: Exporter, folder: Path, wanted: Wanted | None = None, **more: Any) -> BulkExport:
    (folder / "token").write_text("secret", encoding="utf-8")
    (folder / "token").chmod(0o600)
    access = access_to(Server(name="ward", url=BASE, auth="bearer", token_file=folder / "token"))
    client = FhirClient(BASE, access=access, transport=httpx.MockTransport(server))
    return BulkExport(client, folder / "out", wanted or Wanted(), **more)


async def test_an_export_from_beginning_to_import(tmp_path: Path) -> None:
    server, said = Exporter(), []
    wanted = Wanted(patients=True, types=("Patient", "Flag"), since="2025-01-01T00:00:00Z")
    report = await export(server, tmp_path, wanted, progress=said.append).run()
    assert server.asked[0][:2] == ("GET", "/r4/Patient/$export")
    assert server.query == {
        "_outputFormat": "application/fhir+ndjson",
        "_type": "Patient,Flag",
        "_since": "2025-01-01T00:00:00Z",
    }
    assert report.complete and report.resources == {"Patient": 3, "Flag": 1}
    assert (tmp_path / "out" / "Patient.0000.ndjson").read_text(encoding="utf-8") == PATIENTS
    assert all(login for _, _, login in server.asked)
    assert server.asked[-1][:2] == ("DELETE", "/r4/jobs/7")
    assert any("40 %" in text for text in said)
    store = Store()
    assert import_path(store, tmp_path / "out").created == 4
    assert store.counts() == {"Flag": 1, "Patient": 3}


def test_what_is_asked_for() -> None:
    assert Wanted().url(BASE).startswith(f"{BASE}/$export?")
    assert Wanted(group="g1").url(BASE).startswith(f"{BASE}/Group/g1/$export?")


async def test_a_file_that_needs_no_login_gets_none_even_elsewhere(tmp_path: Path) -> None:
    server = Exporter()
    server.manifest["requiresAccessToken"] = False
    server.manifest["output"][1]["url"] = "https://files.example/x"
    server.files["/x"] = FLAGS
    assert (await export(server, tmp_path).run()).complete
    assert [login for _, path, login in server.asked if path in ("/x", "/r4/files/1")] == [False, False]


async def test_our_login_is_not_sent_to_another_server(tmp_path: Path) -> None:
    server = Exporter()
    server.manifest["output"][1]["url"] = "https://files.example/x"
    report = await export(server, tmp_path).run()
    assert not report.complete and "another server" in report.problems[0]
    assert "/x" not in [path for _, path, _ in server.asked]


async def test_what_was_fetched_is_not_fetched_again(tmp_path: Path) -> None:
    server = Exporter()
    server.files["/r4/files/2"] = httpx.Response(404)
    first = await export(server, tmp_path).run()
    assert first.problems == ["Flag.0001.ndjson: 2: HTTP 404"] and first.files == ["Patient.0000.ndjson"]
    server.files["/r4/files/2"], server.asked = FLAGS, []
    assert (await export(server, tmp_path).run()).complete
    assert [path for _, path, _ in server.asked] == ["/r4/files/2", "/r4/jobs/7"]
    with pytest.raises(UsageError, match="something else"):
        await export(server, tmp_path, Wanted(types=("Flag",))).run()


async def test_a_file_is_tried_again_and_half_a_file_has_no_name(tmp_path: Path) -> None:
    server = Exporter()
    server.files["/r4/files/1"] = [httpx.Response(503, headers={"Retry-After": "1"}), PATIENTS]
    server.files["/r4/files/2"] = httpx.Response(502)
    report = await export(server, tmp_path).run()
    assert report.files == ["Patient.0000.ndjson"] and "after 3 tries" in report.problems[0]
    assert not (tmp_path / "out" / "Flag.0001.ndjson").exists()


async def test_what_is_missing_or_wrong_in_files_is_named(tmp_path: Path) -> None:
    server = Exporter()
    server.files["/r4/files/1"] = PATIENTS.splitlines()[0] + '\n{"resourceType": "Group", "id": "g"}\n{"resourceType'
    server.manifest["output"][0]["count"] = 5
    server.manifest["error"] = [{"type": "OperationOutcome", "url": f"{BASE}/files/e"}]
    server.manifest["deleted"] = [{"type": "Bundle", "url": f"{BASE}/files/d"}]
    server.files["/r4/files/e"] = OUTCOME
    server.files["/r4/files/d"] = json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": [{}, {}]})
    report: Exported = await export(server, tmp_path).run()
    assert report.problems == [
        "Patient.0000.ndjson: line 2 is a Group, not a Patient",
        "Patient.0000.ndjson: line 3 is not a resource, not a Patient",
        "Patient.0000.ndjson: the server counts 5, 3 came",
        "the server could not export: 3 images left out",
    ]
    assert report.deleted == 2 and report.document()["complete"] is False


@pytest.mark.parametrize(
    ("kick", "error", "says"),
    [
        (httpx.Response(404, text=OUTCOME), HttpError, "3 images left out"),
        (httpx.Response(401), LoginRefused, "401"),
        (httpx.Response(200, json={}), HttpError, "HTTP 200"),
        (httpx.Response(202), BadAnswer, "where to ask"),
    ],
)
async def test_a_server_that_does_not_export(tmp_path: Path, kick: Any, error: type[Exception], says: str) -> None:
    server = Exporter()
    server.kick = kick
    with pytest.raises(error, match=says):
        await export(server, tmp_path).run()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(500, text=OUTCOME), HttpError),
        (httpx.Response(410), HttpError),
        (httpx.Response(200, text="<html>"), BadAnswer),
        (httpx.Response(200, json={"output": [{"type": "Patient"}]}), BadAnswer),
        (httpx.Response(200, json={"output": [{"type": "../x", "url": "u"}]}), BadAnswer),
    ],
)
async def test_a_job_that_fails(tmp_path: Path, answer: Any, error: type[Exception]) -> None:
    server = Exporter()
    server.waits = [answer] * 3
    with pytest.raises(error):
        await export(server, tmp_path).run()


async def test_a_job_that_never_ends(tmp_path: Path) -> None:
    server = Exporter()
    server.waits = [httpx.Response(202, headers={"X-Progress": "1 %"})] * 500
    with pytest.raises(Unreachable, match="not ready") as failed:
        await export(server, tmp_path, patience=0.01).run()
    assert "run the same command again" in failed.value.action


async def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("x", encoding="utf-8")
    with pytest.raises(UsageError, match="not empty"):
        await export(Exporter(), tmp_path).run()
