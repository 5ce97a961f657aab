"""`osler doctor`: says what is missing and how to get it, and never fails itself."""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from agent.build import build_index
from agent.doctor import examine, faiss_status, knowledge_summary, planner_status, report, tool_row
from agent.records import load_demo
from agent.settings import Settings
from knowledge.weights import MINILM_ONNX, locate
from tools.catalog import catalog
from tools.ehr.demo import demo_patients


@contextmanager
def server(body: Any) -> Iterator[str]:
    """A server that answers every GET with a JSON body."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, format: str, *args: Any) -> None:
            pass

    found = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=found.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{found.server_port}"
    finally:
        found.shutdown()
        thread.join()
        found.server_close()


def distribution(folder: Path, name: str, version: str = "9.9") -> None:
    """An installed distribution, as importlib.metadata sees one."""
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")


def test_a_home_with_nothing_in_it(tmp_path: Path) -> None:
    body = json.loads(json.dumps(examine(Settings(home=tmp_path / "home"))))
    assert {"tools", "models", "index", "store"} <= set(body)
    assert not body["problems"]
    assert [row["name"] for row in body["tools"]] == list(catalog())
    assert all(set(row) == {"name", "usable", "lacks", "how"} for row in body["tools"])
    assert body["index"]["state"] == "absent" and body["store"]["patients"] == 0
    assert body["corpus"]["verified"] >= 30
    lines = [line for line in report(body).splitlines() if line.startswith("protocol")]
    assert len(lines) == len(body["protocols"]) >= 3
    assert all(line.endswith("not reviewed by a clinician") for line in lines)
    assert not (tmp_path / "home").exists()


def test_a_home_that_is_ready_and_one_that_is_broken(home: Path, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    load_demo(settings)
    build_index(Settings(home=home))
    shutil.copytree(home / "index", settings.index)
    body = examine(settings)
    assert body["store"]["patients"] == len(demo_patients())
    assert body["index"]["state"] == "ready"

    manifest = settings.index / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"corpus": "of yesterday"}))
    assert examine(settings)["index"]["state"] == "out of date"

    manifest.write_text("{")
    for path in tmp_path.glob("records.sqlite*"):
        path.unlink()
    settings.records.write_text("not a database, but long enough to be taken for one" * 100)
    body = examine(settings)
    assert [problem.partition(":")[0] for problem in body["problems"]] == ["index", "store"]
    assert "PROBLEM  store: file is not a database" in report(body)


def test_a_store_of_another_program_is_named(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    with sqlite3.connect(settings.records) as database:
        database.execute("CREATE TABLE other(x)")
    database.close()
    assert examine(settings)["problems"] == ["store: no such table: resource"]


def test_both_builds_of_faiss_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    distribution(tmp_path, "faiss-cpu")
    distribution(tmp_path, "faiss-gpu")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    body = examine(Settings(home=tmp_path / "home"))
    assert not body["faiss"]["usable"]
    (problem,) = body["problems"]
    assert "faiss-cpu 9.9 and faiss-gpu 9.9" in problem and "pip uninstall -y faiss-cpu faiss-gpu" in problem


def test_one_build_of_faiss_is_enough_and_none_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    distribution(tmp_path, "faiss-gpu")
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert faiss_status() == {"cpu": None, "gpu": "9.9", "usable": True, "lacks": None, "how": None}
    monkeypatch.setattr(sys, "path", [])
    assert not faiss_status()["usable"] and "numpy" in faiss_status()["lacks"]


def test_a_tool_says_what_it_lacks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert tool_row("x", ()) == {"name": "x", "usable": True, "lacks": None, "how": None}
    assert tool_row("x", ("json",))["usable"]
    assert tool_row("x", ("no_such_module",)) == {
        "name": "x",
        "usable": False,
        "lacks": "no_such_module",
        "how": "pip install no_such_module",
    }
    info = tmp_path / "osler-9.9.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: osler\nVersion: 9.9\nRequires-Dist: httpx\n"
        "Requires-Dist: made-up<3,>=2; extra == 'pictures'\n"
    )
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert tool_row("x", ("pictures",)) == {
        "name": "x",
        "usable": False,
        "lacks": "made-up",
        "how": "pip install 'osler[pictures]'",
    }


def test_a_model_server(tmp_path: Path) -> None:
    def status(url: str | None, model: str | None = None) -> dict[str, Any]:
        return planner_status(Settings(home=tmp_path, model_url=url, model=model))

    assert status(None)["usable"]
    assert status(None, "small")["lacks"] == "the address of its server"
    with server({"data": [{"id": "small"}]}) as url:
        assert status(url)["name"] == "small" and status(url, "small")["usable"]
        assert "it lists small" in status(url, "large")["lacks"]
        assert status(url.replace("//", "//me:secret@"))["url"] == f"{url}/v1"
    assert "a server at" in status(url)["lacks"] and "OSLER_MODEL_URL" in status(url)["how"]
    with server({"data": [{"id": "a"}, {"id": "b"}]}) as url:
        assert status(url)["how"] == "set OSLER_MODEL"
    for body in ([], {"data": 3}):
        with server(body) as url:
            assert not status(url)["usable"]


def test_a_fhir_server(tmp_path: Path) -> None:
    with server({"resourceType": "CapabilityStatement"}) as url:
        store = examine(Settings(home=tmp_path, fhir_url=url))["store"]
        assert store["usable"] and store["kind"] == "server"
    body = examine(Settings(home=tmp_path, fhir_url=url))
    assert not body["store"]["usable"] and body["store"]["how"] in report(body)


def test_the_encoder_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (row,) = [row for row in examine(Settings(home=tmp_path))["models"] if row["kind"] == "encoder"]
    assert row["usable"] is (locate(MINILM_ONNX) is not None)
    # A carrier is installed, but its file is another one: the hash decides.
    distribution(tmp_path, MINILM_ONNX.distribution)
    (tmp_path / MINILM_ONNX.path).parent.mkdir()
    (tmp_path / MINILM_ONNX.path).write_bytes(b"another model")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    body = examine(Settings(home=tmp_path))
    (row,) = [row for row in body["models"] if row["kind"] == "encoder"]
    assert not row["usable"] and "found SHA-256" in row["lacks"]
    assert body["index"]["search"] == "words only" and "words only" in report(body)


def test_what_is_known_is_counted() -> None:
    body = knowledge_summary()
    assert body["counts"]["verified"] == sum(row["verified"] for row in body["documents"]) >= 30
    assert body["counts"]["unverified"] == sum(row["unverified"] for row in body["documents"])
    assert len(body["protocols"]) >= 3 and all(row["recommendations"] for row in body["protocols"])


def test_every_segmenter_is_listed_with_what_it_lacks_and_its_licence(tmp_path: Path) -> None:
    body = examine(Settings(home=tmp_path / "home"))
    rows = {row["name"]: row for row in body["segmenters"]}
    assert rows["chest-film"]["usable"] and rows["totalsegmentator:total"]["usable"] is False
    assert all(row["licence"] and row["measured"] and (row["usable"] or row["lacks"]) for row in rows.values())
    lacks = rows["torchxrayvision:densenet121-all"]["lacks"]
    assert str(tmp_path / "home" / "models" / "torchxrayvision") in lacks and "nothing is fetched" in lacks
    told = next(line for line in report(body).splitlines() if "totalsegmentator:tissue_types" in line)
    assert told.startswith("segmenter") and "licence: code Apache-2.0; weights restricted" in told
