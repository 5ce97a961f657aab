"""Other people's data: Synthea bundles and the specification's own examples, where they are at hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tools.ehr.bundles import import_path
from tools.ehr.fhirjson import dumps, loads
from tools.ehr.modifiers import _RULES
from tools.ehr.record import open_record
from tools.ehr.shape import readable
from tools.ehr.store.query import Query
from tools.ehr.store.store import Store
from tools.errors import UsageError

DATA = Path(__file__).parents[4] / "shared" / "data"
SYNTHEA, EXAMPLES = DATA / "fhir-synthea", DATA / "fhir-r4-hl7-examples" / "clinical"


@pytest.mark.skipif(not SYNTHEA.is_dir(), reason="the Synthea bundles are not at hand")
async def test_synthea_bundles_import_and_read(store: Store) -> None:
    files = sorted(SYNTHEA.glob("*.json"))[:4]
    for file in files:
        report = import_path(store, file)
        assert report.warnings == []
        assert len(report.patients) == 1
    entries = json.loads(files[-1].read_text())["entry"]
    patient = report.patients[0]
    expected = sum(entry["resource"]["resourceType"] == "Observation" for entry in entries)
    assert store.search(Query.parse("Observation", f"patient={patient}&_summary=count")).total == expected
    with pytest.raises(UsageError, match="4 patients"):
        await open_record(store, as_of=datetime(2021, 1, 1, tzinfo=UTC))
    record = await open_record(store, patient, as_of=datetime(2021, 1, 1, tzinfo=UTC))
    part = await record.slice("Observation")
    assert part.complete
    assert all(entry.moment and entry.moment <= record.as_of for entry in part.entries)


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the specification's examples are not at hand")
def test_every_example_of_a_type_we_read_has_the_shape_we_expect() -> None:
    seen = 0
    for file in sorted(EXAMPLES.glob("*.json")):
        resource = loads(file.read_bytes(), file.name)
        if resource["resourceType"] in _RULES:
            assert readable(resource)[1] is None, file.name
            seen += 1
    assert seen > 200


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the specification's examples are not at hand")
def test_examples_come_back_as_they_were(store: Store) -> None:
    seen = 0
    for file in sorted(EXAMPLES.glob("*.json"))[::3]:
        given = loads(file.read_bytes(), file.name)
        if given["resourceType"] == "Bundle" or "id" not in given:
            continue
        store.put(given)
        stored = store.get(given["resourceType"], given["id"])
        assert stored is not None
        back = stored.resource
        meta = {key: value for key, value in back.pop("meta").items() if key not in ("versionId", "lastUpdated")}
        before = {key: value for key, value in given.items() if key != "meta"}
        old = {key: value for key, value in given.get("meta", {}).items() if key not in ("versionId", "lastUpdated")}
        assert dumps(dict(sorted(back.items()))) == dumps(dict(sorted(before.items())))
        assert meta == old
        seen += 1
    assert seen > 200
