"""`osler ehr serve` and `import`: loopback and read-only unless told, a token for everything else, faults named."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from agent.cli_ehr import ehr
from agent.ehr_server import Serving, server
from agent.settings import Settings
from tools.ehr.store.store import Store
from tools.errors import BadInput, UsageError

TOKEN = "a-token-of-more-than-twenty-characters"
PATIENT = {"resourceType": "Patient", "id": "p", "gender": "female"}


@pytest.mark.parametrize(
    ("serving", "says"),
    [
        ({"write": True}, "needs a token"),
        ({"host": "0.0.0.0"}, "needs a token"),
        ({"token_file": "nowhere"}, "cannot read the token"),
        ({"token_file": "short"}, "cannot be used"),
        ({"port": 70000}, "cannot listen"),
    ],
)
def test_what_is_not_served(tmp_path: Path, serving: dict[str, Any], says: str) -> None:
    (tmp_path / "short").write_text("short")
    given = {"host": "127.0.0.1", "port": 0, "store": tmp_path / "s.sqlite", **serving}
    if "token_file" in given:
        given["token_file"] = tmp_path / given["token_file"]
    with pytest.raises(UsageError, match=says):
        server(Settings(home=tmp_path), Serving(**given))


def test_it_serves_writes_with_the_token_and_outcomes_everywhere(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN + "\n")
    given = Serving("127.0.0.1", 0, True, tmp_path / "token", tmp_path / "s.sqlite")
    running, store = server(Settings(home=tmp_path), given)
    thread = threading.Thread(target=running.run)
    thread.start()
    try:
        while not running.started:
            time.sleep(0.02)
        port = running.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as http:
            held = {"Authorization": f"Bearer {TOKEN}"}
            assert http.put("/fhir/Patient/p", json=PATIENT).status_code == 401
            assert http.put("/fhir/Patient/p", json=PATIENT, headers=held).status_code == 201
            assert http.get("/fhir/Patient/p", headers=held).json()["gender"] == "female"
            assert http.get("/fhir/metadata").json()["fhirVersion"] == "4.0.1"
            assert http.get("/elsewhere", headers=held).json()["resourceType"] == "OperationOutcome"
            assert http.get("/fhir/metadata", headers={"Host": "evil.example"}).status_code == 421
    finally:
        running.should_exit = True
        thread.join()
        store.close()


def test_import_names_what_it_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSLER_HOME", str(tmp_path / "home"))
    bad = {**PATIENT, "id": "q", "gender": "bogus"}
    (tmp_path / "Patient.ndjson").write_text(f"{json.dumps(PATIENT)}\n{json.dumps(bad)}\n")
    done = CliRunner().invoke(ehr, ["import", str(tmp_path / "Patient.ndjson"), "--json"])
    assert done.exit_code == 0
    body = json.loads(done.stdout)
    assert (body["created"], body["patients"], len(body["errors"])) == (1, ["p"], 1)
    assert "Patient.ndjson line 2" in done.stderr
    (tmp_path / "bad.ndjson").write_text(json.dumps(bad))
    refused = CliRunner().invoke(ehr, ["import", str(tmp_path / "bad.ndjson")])
    assert isinstance(refused.exception, BadInput)
    assert Store(tmp_path / "home" / "records.sqlite").counts() == {"Patient": 1}
