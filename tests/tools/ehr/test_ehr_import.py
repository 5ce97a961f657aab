"""Imports: transaction bundles, references, conditional creates, folders and NDJSON; all of a file or nothing."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.tools.ehr.samples import PATIENT, found, observation
from tools.ehr.bundles import import_document, import_path
from tools.ehr.checks.validate import check
from tools.ehr.compact import build_bundle
from tools.ehr.demo import compact_patient
from tools.ehr.store.store import Store
from tools.errors import BadInput, UsageError

# -- JSON, dates -----------------------------------------------------------------------------------------------------


def bundle(*entries: dict[str, Any], kind: str = "transaction") -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def test_urn_uuid_and_conditional_references_are_resolved(store: Store) -> None:
    practitioner = {"resourceType": "Practitioner", "id": "dr", "identifier": [{"system": "urn:npi", "value": "7"}]}
    report = import_document(
        store,
        bundle(
            {
                "fullUrl": "urn:uuid:11111111-2222-3333-4444-555555555555",
                "resource": {key: value for key, value in PATIENT.items() if key != "id"},
                "request": {"method": "POST", "url": "Patient"},
            },
            {
                "fullUrl": "urn:uuid:aaaaaaaa-2222-3333-4444-555555555555",
                "resource": observation(
                    subject={"reference": "urn:uuid:11111111-2222-3333-4444-555555555555"},
                    performer=[{"reference": "Practitioner?identifier=urn:npi|7"}],
                ),
                "request": {"method": "POST", "url": "Observation"},
            },
            {
                "fullUrl": "http://elsewhere.example/Practitioner/dr",
                "resource": practitioner,
                "request": {"method": "PUT", "url": "Practitioner/dr"},
            },
        ),
    )
    assert report.patients == ["11111111-2222-3333-4444-555555555555"]
    stored = store.get("Observation", "o")
    assert stored is not None
    assert stored.resource["subject"]["reference"] == "Patient/11111111-2222-3333-4444-555555555555"
    assert stored.resource["performer"][0]["reference"] == "Practitioner/dr"


def test_importing_twice_changes_nothing(store: Store) -> None:
    made = build_bundle(compact_patient("demo-af"))
    first, second = import_document(store, made), import_document(store, made)
    assert first.created == len(made["entry"])
    assert (second.created, second.updated, second.unchanged) == (0, 0, len(made["entry"]))


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ({"resource": observation(status="bogus")}, "status"),
        ({"resource": {**PATIENT, "id": "x", "gender": "bogus"}}, "gender"),
        ({"resource": observation(code=None)}, "code"),
        ({"resource": {"resourceType": "Wizard"}}, "Wizard"),
        ({"resource": observation(subject={"reference": "urn:uuid:nobody"})}, "urn:uuid:nobody"),
        ({"resource": observation(effectiveDateTime="soon")}, "effectiveDateTime"),
        ({"request": {"method": "GET", "url": "Patient"}}, "no resource"),
        ({"resource": observation("x"), "request": {"method": "DELETE", "url": "Observation/x"}}, "DELETE"),
        ({"resource": {**PATIENT, "gender": "male"}}, "twice"),
        ({"resource": {**PATIENT, "id": "a/b"}}, "id is 'a/b'"),
    ],
)
def test_one_bad_entry_and_nothing_is_written(store: Store, broken: dict[str, Any], says: str) -> None:
    with pytest.raises(BadInput) as refused:
        import_document(store, bundle({"resource": PATIENT}, broken))
    assert says in refused.value.message
    assert store.counts() == {}


def test_bundles_that_are_no_records_are_refused(store: Store) -> None:
    for kind in ("message", "document", "batch-response", None):
        with pytest.raises(BadInput):
            import_document(store, bundle({"resource": PATIENT}, kind=kind))  # type: ignore[arg-type]
    for document in ([], "x", {"resourceType": "Bundle", "type": "batch", "entry": {}}):
        with pytest.raises(BadInput):
            import_document(store, document)


def test_a_missing_practitioner_keeps_its_label_and_is_reported(store: Store) -> None:
    report = import_document(
        store,
        bundle(
            {"resource": PATIENT},
            {
                "resource": observation(
                    performer=[{"reference": "Practitioner?identifier=urn:npi|9", "display": "Dr Who"}]
                )
            },
        ),
    )
    stored = store.get("Observation", "o")
    assert stored is not None
    assert stored.resource["performer"] == [{"display": "Dr Who"}]
    assert any("performer" in warning for warning in report.warnings)


def test_conditional_create_finds_what_is_there(store: Store) -> None:
    import_document(store, PATIENT)
    entry = {
        "fullUrl": "urn:uuid:new",
        "resource": {**PATIENT, "id": "new"},
        "request": {"method": "POST", "url": "Patient", "ifNoneExist": "identifier=urn:x|42"},
    }
    report = import_document(store, bundle(entry, {"resource": observation(subject={"reference": "urn:uuid:new"})}))
    assert report.unchanged == 1
    assert store.ids("Patient") == ["p"]
    assert found(store, "patient=p") == ["o"]


def test_impossible_values_are_kept_and_flagged(store: Store) -> None:
    report = import_document(store, observation(valueQuantity={"value": -3, "unit": "mg/dL"}))
    assert report.warnings == ["Observation/o: impossible value -3 mg/dL"]
    assert found(store, "value-quantity=-3") == ["o"]


def test_files_folders_and_ndjson(store: Store, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(bundle({"resource": PATIENT})))
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.ndjson").write_text("\n".join(json.dumps(observation(f"n{n}")) for n in range(3)) + "\n")
    (tmp_path / "notes.txt").write_text("not read")
    heard: list[str] = []
    report = import_path(store, tmp_path, heard.append)
    assert (report.files, report.created, len(heard)) == (2, 4, 2)
    for wrong in (tmp_path / "nothing.json", tmp_path / "empty"):
        with pytest.raises(UsageError):
            import_path(store, wrong)
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(BadInput):
        import_path(store, tmp_path / "bad.json")


def test_r4_types_that_r4b_dropped_are_checked_like_the_others() -> None:
    product = {"resourceType": "MedicinalProduct", "id": "x", "name": [{"productName": "Aspirin 100 mg"}]}
    check(product)
    with pytest.raises(BadInput, match="name is missing"):
        check({"resourceType": "MedicinalProduct", "id": "x"})
    with pytest.raises(BadInput, match="not an R4 resource type"):
        check({"resourceType": "NutritionProduct", "id": "x"})


def test_store_survives_a_reader_in_another_connection(tmp_path: Path) -> None:
    path = tmp_path / "records.sqlite"
    store = Store(path)
    store.put(dict(PATIENT))
    other = sqlite3.connect(path)
    assert other.execute("SELECT count(*) FROM resource").fetchone() == (1,)
    store.put({**PATIENT, "id": "p2"})
    other.close()
