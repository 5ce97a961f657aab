"""NDJSON, archives, manifests, histories: one bad line does not lose the rest; a second import changes nothing."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tests.tools.ehr.samples import PATIENT, found, observation
from tools.ehr.bundles import ImportReport, import_document, import_path
from tools.ehr.store.store import Store
from tools.errors import BadInput


def write(path: Path, *rows: Any) -> Path:
    text = "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows) + "\n"
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    return report.created, report.updated, report.unchanged, len(report.errors)


def test_one_bad_line_does_not_lose_the_rest(store: Store, tmp_path: Path) -> None:
    file = write(
        tmp_path / "Observation.ndjson",
        observation("a"),
        "{",
        observation("b", status="bogus"),
        "",
        observation("c"),
        observation("a", status="amended"),
        observation("a"),
    )
    report = import_path(store, file, keep_going=True)
    assert store.ids("Observation") == ["a", "c"]
    assert [error["line"] for error in report.errors] == [2, 3, 6]
    assert all(error["file"] == "Observation.ndjson" and error["action"] for error in report.errors)
    assert "status" in report.errors[1]["message"]
    again = import_path(store, file, keep_going=True)
    assert (again.created, again.updated) == (0, 0)
    with pytest.raises(BadInput, match="line 2"):
        import_path(Store(), file)


def test_a_fault_leaves_nothing_of_the_file_where_all_is_wanted(store: Store, tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        import_path(store, write(tmp_path / "x.ndjson", observation("a"), "{"))
    assert store.counts() == {}


def test_an_export_folder_is_read_in_the_order_references_need(store: Store, tmp_path: Path) -> None:
    doctor = {"resourceType": "Practitioner", "id": "dr", "identifier": [{"system": "urn:npi", "value": "7"}]}
    seen = observation("a", performer=[{"reference": "Practitioner?identifier=urn:npi|7"}])
    write(tmp_path / "Observation.000.ndjson.gz", seen)
    write(tmp_path / "Practitioner.ndjson", doctor)
    write(tmp_path / "Patient.ndjson", PATIENT)
    output = [
        {"type": "Observation", "url": "https://ehr.example/f/Observation.000.ndjson", "count": 1},
        {"type": "Patient", "url": "https://ehr.example/f/Patient.ndjson?x=1", "count": 2},
        {"type": "Condition", "url": "https://ehr.example/f/Condition.ndjson"},
    ]
    (tmp_path / "manifest.json").write_text(json.dumps({"transactionTime": "2026-01-01T00:00:00Z", "output": output}))
    report = import_path(store, tmp_path, keep_going=True)
    assert (report.created, report.patients) == (3, ["p"])
    stored = store.get("Observation", "a")
    assert stored is not None
    assert stored.resource["performer"] == [{"reference": "Practitioner/dr"}]
    messages = [error["message"] for error in report.errors]
    assert len(messages) == 2
    assert "the manifest counts 2" in messages[0]
    assert "Condition" in messages[1]


def test_broken_archives_and_files_are_named_and_the_others_kept(store: Store, tmp_path: Path) -> None:
    (tmp_path / "a.json.gz").write_bytes(b"no gzip")
    whole = gzip.compress(json.dumps(observation("a")).encode() * 50)
    (tmp_path / "b.ndjson.gz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "c.json").write_bytes(gzip.compress(b"{}"))
    write(tmp_path / "d.json.gz", PATIENT)
    report = import_path(store, tmp_path, keep_going=True)
    assert {error["file"] for error in report.errors} == {"a.json.gz", "b.ndjson.gz", "c.json"}
    assert store.ids("Patient") == ["p"]


def test_of_a_history_the_newest_version_is_taken(store: Store) -> None:
    def version(resource: dict[str, Any] | None, method: str, url: str) -> dict[str, Any]:
        return {"request": {"method": method, "url": url}} | ({"resource": resource} if resource else {})

    document = {
        "resourceType": "Bundle",
        "type": "history",
        "entry": [
            version({**PATIENT, "gender": "male"}, "PUT", "Patient/p"),
            version(PATIENT, "POST", "Patient"),
            version(None, "DELETE", "Observation/o"),
            version(observation(), "PUT", "Observation/o"),
        ],
    }
    assert counts(import_document(store, document)) == (1, 0, 0, 0)
    assert found(store, "gender=male", "Patient") == ["p"]
    assert store.counts() == {"Patient": 1}


def test_lines_without_an_id_get_one_from_their_content(store: Store, tmp_path: Path) -> None:
    bare = {key: value for key, value in observation().items() if key != "id"}
    file = write(tmp_path / "x.ndjson", bare)
    assert counts(import_path(store, file)) == (1, 0, 0, 0)
    assert counts(import_path(store, file)) == (0, 0, 1, 0)


def test_decimals_keep_their_digits_through_import(store: Store, tmp_path: Path) -> None:
    line = json.dumps(observation("a")).replace('"value": 1.1', '"value": 1.10')
    import_path(store, write(tmp_path / "x.ndjson", line))
    stored = store.get("Observation", "a")
    assert stored is not None
    assert '"value":1.10' in stored.body
    import_path(store, write(tmp_path / "x.ndjson", line.replace("1.10", "1.100")))
    changed = store.get("Observation", "a")
    assert changed is not None
    assert '"value":1.100' in changed.body
