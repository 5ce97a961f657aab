"""Batches and transactions: R4's order, references, one fate for a transaction and one for each entry of a batch."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.tools.ehr.samples import PATIENT, observation
from tools.ehr.bundles import import_document
from tools.ehr.checks.validate import check
from tools.ehr.server.server import application
from tools.ehr.store.store import Store

NEW = {key: value for key, value in PATIENT.items() if key != "id"}
URN = "urn:uuid:11111111-2222-3333-4444-555555555555"


@pytest.fixture
async def http(store: Store) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a writable server with one patient and one result."""
    import_document(store, PATIENT)
    import_document(store, observation())
    transport = httpx.ASGITransport(application(store, writable=True))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as made:
        yield made


def entry(method: str, url: str, resource: dict[str, Any] | None = None, full: str = "", **more: str) -> dict[str, Any]:
    made: dict[str, Any] = {"request": {"method": method, "url": url, **more}}
    return made | ({"resource": resource} if resource else {}) | ({"fullUrl": full} if full else {})


async def send(http: httpx.AsyncClient, *entries: Any, kind: str = "transaction", **headers: str) -> httpx.Response:
    body = {"resourceType": "Bundle", "type": kind, "entry": list(entries)}
    return await http.post("/", json=body, headers=headers)


def statuses(answer: httpx.Response) -> list[str]:
    body = answer.json()
    check(body)
    return [row["response"]["status"][:3] for row in body["entry"]]


async def test_entries_name_each_other_whatever_their_order(http: httpx.AsyncClient, store: Store) -> None:
    result = observation(
        subject={"reference": URN},
        performer=[{"reference": "Practitioner?identifier=urn:npi|7"}],
        extension=[{"url": "urn:x", "valueUri": URN}],
    )
    doctor = {"resourceType": "Practitioner", "identifier": [{"system": "urn:npi", "value": "7"}]}
    parts = [
        entry("GET", "Observation?_id=o2"),
        entry("PUT", "Observation/o2", {**result, "id": "o2"}),
        entry("POST", "Patient", NEW, URN),
        entry("POST", "Practitioner", doctor, "urn:uuid:22222222-2222-3333-4444-555555555555"),
        entry("DELETE", "Observation/o"),
    ]
    for order in itertools.islice(itertools.permutations(parts), 0, 120, 17):
        answer = await send(http, *order)
        assert answer.status_code == 200, answer.text
        rows = dict(zip((row["request"]["method"] for row in order), answer.json()["entry"], strict=True))
        assert rows["GET"]["resource"]["total"] == 1
        read = (await http.get("/Observation/o2")).json()
        patient = read["subject"]["reference"]
        assert store.get(*patient.split("/")) is not None
        assert read["extension"][0]["valueUri"] == patient
        assert read["performer"][0]["reference"].startswith("Practitioner/")
        assert store.gone("Observation", "o")
        await http.delete(f"/{read['performer'][0]['reference']}")
        await http.put("/Observation/o", json=observation())


@pytest.mark.parametrize(
    ("last", "status", "says"),
    [
        (entry("PUT", "Patient/x", {**PATIENT, "id": "x", "gender": "bogus"}), 400, "gender"),
        (entry("PUT", "Patient/p", {**PATIENT, "active": True}, ifMatch='W/"old"'), 412, "version"),
        (entry("POST", "Observation", observation(subject={"reference": "urn:uuid:nobody"})), 400, "urn:uuid:nobody"),
        (
            entry("POST", "Observation", observation(subject={"reference": "Patient?identifier=urn:x|0"})),
            412,
            "no resource",
        ),
        (entry("POST", "Patient", NEW, ifNoneExist="gender=female,male"), 412, "fits 2"),
        (entry("PUT", "Patient/q", {**PATIENT, "id": "q"}), 400, "same Patient/q"),
        (entry("DELETE", "Patient?_id=q"), 200, ""),
        (entry("PATCH", "Patient/zz", {"resourceType": "Binary", "contentType": "x", "data": "W10="}), 404, "zz"),
        (entry("POST", "Patient/p", NEW), 400, "TYPE"),
        (entry("DELETE", "Patient"), 400, "TYPE"),
        (entry("POST", "Wizard", NEW), 400, "Wizard"),
        (entry("PUT", "Patient/x"), 400, "no resource"),
        ({"resource": NEW}, 400, "no request"),
        ({"request": {"method": "FETCH", "url": "Patient"}}, 400, "method"),
        (entry("GET", "Patient?favourite=1"), 200, ""),
    ],
)
async def test_a_transaction_is_whole_or_nothing(
    http: httpx.AsyncClient, store: Store, last: dict[str, Any], status: int, says: str
) -> None:
    await http.put("/Patient/q0", json={**PATIENT, "id": "q0", "gender": "male"})
    before = store.counts(), (await http.get("/_history?_summary=count&_count=1")).status_code
    answer = await send(http, entry("PUT", "Patient/q", {**PATIENT, "id": "q"}), entry("DELETE", "Observation/o"), last)
    assert answer.status_code == status, answer.text
    if status != 200:
        assert says in answer.json()["issue"][0]["diagnostics"]
        assert store.counts() == before[0]
        assert store.get("Observation", "o") is not None


async def test_the_entries_of_a_batch_stand_each_for_itself(http: httpx.AsyncClient, store: Store) -> None:
    operations = base64.b64encode(json.dumps([{"op": "replace", "path": "/gender", "value": "male"}]).encode()).decode()
    patch = {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": operations}
    answer = await send(
        http,
        entry("GET", "Patient/p"),
        entry("GET", "Patient/zz"),
        entry("POST", "Patient", {**NEW, "gender": "bogus"}),
        entry("POST", "Patient", NEW, ifNoneExist="identifier=urn:x|42"),
        entry("PATCH", "Patient/p", patch),
        entry("GET", f"{store.base}/Patient?gender=male"),
        entry("POST", "Observation", observation(subject={"reference": URN})),
        entry("POST", "Patient", NEW, URN),
        entry("DELETE", "Observation/o"),
        {"resource": NEW},
        kind="batch",
    )
    assert answer.status_code == 200
    assert statuses(answer) == ["200", "404", "400", "200", "200", "200", "400", "201", "204", "400"]
    rows = answer.json()["entry"]
    assert rows[5]["resource"]["total"] == 1
    assert all("outcome" in row["response"] for row in rows if row["response"]["status"][0] == "4")
    assert store.counts() == {"Patient": 2}


async def test_preferences_and_conditions_hold_in_bundles(http: httpx.AsyncClient) -> None:
    answer = await send(
        http,
        entry("PUT", "Patient?identifier=urn:x|42", {**NEW, "active": True}),
        entry("GET", "Patient/p", ifNoneMatch='W/"x"'),
        Prefer="return=representation",
    )
    rows = answer.json()["entry"]
    assert (rows[0]["resource"]["id"], rows[0]["resource"]["active"]) == ("p", True)
    assert rows[1]["resource"]["active"] is True
    etag = rows[1]["response"]["etag"]
    again = await send(http, entry("GET", "Patient/p", ifNoneMatch=etag))
    assert statuses(again) == ["304"]


async def test_a_store_that_is_read_only_takes_batches_of_reads(store: Store) -> None:
    import_document(store, PATIENT)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application(store)), base_url="http://test") as http:
        assert statuses(await send(http, entry("GET", "Patient/p"), kind="batch")) == ["200"]
        mixed = await send(http, entry("GET", "Patient/p"), entry("DELETE", "Patient/p"), kind="batch")
        assert mixed.status_code == 405
    assert store.counts() == {"Patient": 1}
