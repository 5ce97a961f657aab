"""Osler's client against an implementation that is not ours: Medplum's FHIR router under Node (make test-interop).

The same demo patients lie in the embedded store: whatever Medplum cannot do, or does not say it cannot, the client's
answer has to be the store's, and say what it made up for.
"""

from __future__ import annotations

import select
import shutil
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from knowledge.guideline import default_corpus
from knowledge.terminology import default_terminology
from tools.context import ToolContext
from tools.ehr.bundles import import_document
from tools.ehr.client.capability_probe import probe
from tools.ehr.client.client import FhirClient, Matches
from tools.ehr.client.errors import HttpError
from tools.ehr.demo import demo_patients
from tools.ehr.reads.catalog import TOOLS
from tools.ehr.record import open_record
from tools.ehr.store.store import Store
from tools.ehr.writes.write import Approval, Writer

pytestmark = pytest.mark.interop
FOLDER = Path(__file__).resolve().parents[2] / "scripts" / "interop"
PATIENTS = demo_patients()[:4]
FIRST = PATIENTS[0].id
APPROVAL = Approval("Dr A. Example", "physician", "2026-03-02T09:00:00+00:00")
SECONDS = 30


@pytest.fixture(scope="session")
def base() -> Iterator[str]:
    node = shutil.which("node")
    if node is None or not (FOLDER / "node_modules").is_dir():
        pytest.skip("Node or its packages are not here: make test-interop")
    command = [node, "server.mjs", "0"]
    with subprocess.Popen(command, cwd=FOLDER, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ready, _, _ = select.select([process.stdout], [], [], SECONDS)
            address = process.stdout.readline().strip() if ready else ""
            assert address.startswith("http://127.0.0.1:"), f"the server did not start within {SECONDS} s"
            for patient in PATIENTS:
                entries = [
                    {
                        "resource": entry["resource"],
                        "request": {"method": "PUT", "url": "{resourceType}/{id}".format(**entry["resource"])},
                    }
                    for entry in patient.bundle["entry"]
                ]
                bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
                answer = httpx.post(address, json=bundle, timeout=SECONDS)
                assert answer.status_code == 200, answer.text[:500]
            yield address
        finally:
            process.terminate()


@pytest.fixture(scope="session")
def ours() -> Store:
    store = Store()
    for patient in PATIENTS:
        import_document(store, patient.bundle, patient.id)
    return store


def ids(found: Matches) -> set[str]:
    return {str(item["id"]) for item in found.resources}


async def both(base: str, ours: Store, kind: str, query: list[tuple[str, str]]) -> tuple[Matches, Matches]:
    return await FhirClient(base).search(kind, query), await FhirClient(store=ours).search(kind, query)


async def test_every_resource_is_read_as_it_was_written(base: str) -> None:
    client = FhirClient(base)
    for entry in PATIENTS[0].bundle["entry"]:
        sent: dict[str, Any] = entry["resource"]
        read = await client.read(sent["resourceType"], sent["id"])
        assert {key: value for key, value in read.items() if key != "meta"} == {
            key: value for key, value in sent.items() if key != "meta"
        }
    with pytest.raises(HttpError) as failed:
        await client.read("Patient", "nobody")
    assert failed.value.status == 404


@pytest.mark.parametrize("kind", ["Condition", "Observation", "MedicationRequest", "DocumentReference", "Encounter"])
async def test_a_patients_resources(base: str, ours: Store, kind: str) -> None:
    for patient in PATIENTS:
        theirs, mine = await both(base, ours, kind, [("patient", patient.id)])
        assert ids(theirs) == ids(mine) and theirs.complete and not theirs.notes


@pytest.mark.parametrize(
    ("kind", "query"),
    [
        ("Patient", [("gender", "female")]),
        ("Patient", [("birthdate", "lt1960-01-01")]),
        ("Observation", [("patient", FIRST), ("code", "http://loinc.org|14682-9")]),
        ("Observation", [("patient", FIRST), ("date", "ge2026-10-01"), ("_sort", "-date")]),
        ("Observation", [("patient", FIRST), ("category", "laboratory")]),
        ("Observation", [("patient", FIRST), ("status", "final"), ("code:not", "http://loinc.org|14682-9")]),
        ("Condition", [("patient", FIRST), ("clinical-status", "active")]),
        ("MedicationRequest", [("patient", FIRST), ("status", "active"), ("_include", "MedicationRequest:subject")]),
    ],
)
async def test_what_both_can_do_is_the_same(base: str, ours: Store, kind: str, query: list[tuple[str, str]]) -> None:
    theirs, mine = await both(base, ours, kind, query)
    assert ids(theirs) == ids(mine) and theirs.complete


async def test_a_page_without_a_next_link_is_noticed(base: str, ours: Store) -> None:
    found = await FhirClient(base, page=5).search("Observation", [("patient", FIRST)])
    mine = await FhirClient(store=ours).search("Observation", [("patient", FIRST)])
    assert ids(found) == ids(mine) and found.complete
    assert found.notes == ["the server gave a part and no next page; asked for all at once"]


@pytest.mark.parametrize("value", ["gt100", "lt5", "ge92", "92"])
async def test_value_quantity_finds_nothing_there_and_everything_here(base: str, ours: Store, value: str) -> None:
    theirs, mine = await both(base, ours, "Observation", [("patient", FIRST), ("value-quantity", value)])
    assert ids(theirs) == ids(mine) and theirs.complete
    assert any("finds nothing by value-quantity" in note or "value-quantity" in note for note in theirs.notes)


async def test_has_finds_nothing_there_and_everything_here(base: str, ours: Store) -> None:
    code = "http://loinc.org|14682-9"
    theirs = await FhirClient(base).search("Patient", [("_has:Observation:patient:code", code)])
    mine = await FhirClient(store=ours).search("Observation", [("code", code)])
    assert ids(theirs) == {item["subject"]["reference"].partition("/")[2] for item in mine.resources}
    assert theirs.complete and theirs.notes == ["the server finds nothing by _has; Osler looked it up in two steps"]


async def test_a_parameter_nobody_knows_is_refused_by_name(base: str) -> None:
    with pytest.raises(HttpError.__mro__[1], match="no-such"):
        await FhirClient(base).search("Observation", [("patient", FIRST), ("no-such", "x")])


async def test_the_gaps_are_told(base: str) -> None:
    body = await probe(FhirClient(base), FIRST)
    assert body["does_not_work"] == [
        "Observation?value-quantity gt: finds nothing",
        "Observation?value-quantity lt: finds nothing",
        "Patient?_has: finds nothing",
    ]


async def test_the_reading_tools_say_the_same(base: str, ours: Store) -> None:
    specs = [spec for spec in TOOLS if not spec.params.model_json_schema().get("required")]
    corpus, terms = default_corpus(), default_terminology()
    for patient in PATIENTS:
        clock = datetime.fromisoformat(patient.as_of)
        answers = []
        for source in (FhirClient(base), FhirClient(store=ours)):
            record = await open_record(source, patient.id, as_of=clock, terminology=terms)
            ctx = ToolContext(patient.id, clock, terms, corpus, record=record)
            found = [(await spec.call({}, ctx.at("q", {}))).evidence for spec in specs]
            answers.append([sorted((item.slot, str(item.value), item.display) for item in items) for items in found])
        assert answers[0] == answers[1]


async def test_a_write_is_made_once_with_its_provenance(base: str) -> None:
    order = {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "order",
        "code": {"text": "Potassium"},
        "subject": {"reference": f"Patient/{FIRST}"},
    }
    writer = Writer.over(FhirClient(base))
    first = await writer.commit(order, "interop-1", APPROVAL, [f"Patient/{FIRST}"], "c-1")
    again = await writer.commit(order, "interop-1", APPROVAL, [f"Patient/{FIRST}"], "c-1")
    assert first.reference == again.reference
    found = await FhirClient(base).search("ServiceRequest", [("patient", FIRST)])
    assert len(found.resources) == 1
