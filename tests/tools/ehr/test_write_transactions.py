"""The embedded store writes a transaction whole or not at all, and only where writing is switched on."""

from __future__ import annotations

import copy
import json
from typing import Any

import httpx
import pytest

from tools.ehr.client.client import FhirClient
from tools.ehr.server.server import application
from tools.ehr.store.store import Store
from tools.ehr.writes.drafts import DRAFT
from tools.ehr.writes.write import Approval, Writer, WriteRefused, transaction
from tools.errors import BadInput, UpstreamError, UsageError

ORDER: dict[str, Any] = {
    "resourceType": "MedicationRequest",
    "status": "draft",
    "intent": "order",
    "subject": {"reference": "Patient/p1"},
    "medicationCodeableConcept": {"text": "Apixaban"},
}
APPROVAL = Approval("Dr A. Example", "physician", "2026-03-02T09:00:00+00:00")


@pytest.fixture
def store() -> Store:
    made = Store()
    made.put({"resourceType": "Patient", "id": "p1"})
    return made


def writer(store: Store) -> Writer:
    return Writer.over(FhirClient(store=store))


def remote(status: int, body: bytes = b"") -> Writer:
    """A server elsewhere that answers every write with one status."""
    return Writer("http://ehr.test/fhir", transport=httpx.MockTransport(lambda _: httpx.Response(status, content=body)))


async def test_an_order_is_written_with_who_approved_it(store: Store) -> None:
    done = await writer(store).commit(ORDER, "d1", APPROVAL, ["Patient/p1"], "c-1")
    assert done.new
    assert done.resource["identifier"] == [{"system": DRAFT, "value": "d1"}]
    proof = store.get("Provenance", "osler-d1")
    assert proof is not None
    body = proof.resource
    assert body["target"] == [{"reference": done.reference}]
    who = {row["type"]["coding"][0]["code"]: row for row in body["agent"]}
    assert who["verifier"]["who"]["display"] == "Dr A. Example"
    assert who["verifier"]["role"] == [{"text": "physician"}]
    assert who["assembler"]["who"]["display"] == "Osler"
    assert {"role": "source", "what": {"reference": "Patient/p1"}} in body["entity"]


async def test_sent_twice_it_is_one_order(store: Store) -> None:
    first = await writer(store).commit(ORDER, "d1", APPROVAL, [], "c-1")
    again = await writer(store).commit(ORDER, "d1", APPROVAL, [], "c-1")
    assert (again.reference, again.new) == (first.reference, False)
    assert store.counts() == {"MedicationRequest": 1, "Patient": 1, "Provenance": 1}
    other = await writer(store).commit(ORDER, "d2", APPROVAL, [], "c-1")
    assert other.new
    assert store.counts()["MedicationRequest"] == 2


async def test_an_update_holds_to_its_version(store: Store) -> None:
    old, _ = store.put({**ORDER, "id": "m1", "status": "active"})
    changed = {**old.resource, "status": "stopped"}
    await writer(store).commit(changed, "d1", APPROVAL, [], "c-1")
    now = store.get("MedicationRequest", "m1")
    assert now is not None
    assert now.resource["status"] == "stopped"
    with pytest.raises(WriteRefused) as caught:
        await writer(store).commit({**old.resource, "status": "on-hold"}, "d2", APPROVAL, [], "c-1")
    assert caught.value.status == 412
    assert store.get("MedicationRequest", "m1") == now
    assert store.get("Provenance", "osler-d2") is None


async def test_a_transaction_is_whole_or_nothing(store: Store) -> None:
    bundle = transaction(ORDER, "d1", APPROVAL, [], "c-1")
    broken = copy.deepcopy(bundle)
    broken["entry"][1]["resource"]["recorded"] = "not a time"
    with pytest.raises(WriteRefused) as caught:
        await writer(store)._post(broken)
    assert caught.value.status == 400
    assert store.counts() == {"Patient": 1}


async def test_the_client_of_tools_cannot_write(store: Store) -> None:
    reading = FhirClient(store=store)
    assert not hasattr(reading, "commit")
    async with httpx.AsyncClient(transport=reading._transport) as http:
        for method, path in (("POST", "/"), ("POST", "/MedicationRequest"), ("PUT", "/MedicationRequest/m1")):
            answer = await http.request(method, f"{store.base}{path}", json={**ORDER, "id": "m1"})
            assert answer.status_code == 405
    assert store.counts() == {"Patient": 1}


async def test_a_conditional_create_finds_what_is_there(store: Store) -> None:
    body = {**ORDER, "identifier": [{"system": DRAFT, "value": "d1"}]}
    headers = {"If-None-Exist": f"identifier={DRAFT}|d1"}
    transport = httpx.ASGITransport(application(store, writable=True))
    async with httpx.AsyncClient(transport=transport, base_url="http://store.test") as http:
        statuses = [(await http.post("/MedicationRequest", json=body, headers=headers)).status_code for _ in range(2)]
        doubled = await http.post("/MedicationRequest", json=body)
        third = await http.post("/MedicationRequest", json=body, headers=headers)
    assert statuses == [201, 200]
    assert doubled.status_code == 201
    assert third.status_code == 412


async def test_a_server_elsewhere_is_sent_one_transaction() -> None:
    sent: list[tuple[str, str, Any]] = []

    def server(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            made = {**sent[0][2]["entry"][0]["resource"], "id": "17", "meta": {"versionId": "1"}}
            found = {"resourceType": "Bundle", "type": "searchset", "total": 1, "entry": [{"resource": made}]}
            return httpx.Response(200, json=found)
        sent.append((request.method, str(request.url), json.loads(request.content)))
        rows = [{"response": {"status": "201 Created"}}, {"response": {"status": "201 Created"}}]
        return httpx.Response(200, json={"resourceType": "Bundle", "type": "transaction-response", "entry": rows})

    there = FhirClient("http://ehr.test/fhir", transport=httpx.MockTransport(server))
    done = await Writer.over(there).commit(ORDER, "d1", APPROVAL, [], "c-1")
    ((method, url, bundle),) = sent
    assert (method, url) == ("POST", "http://ehr.test/fhir")
    assert bundle["entry"][0]["request"]["ifNoneExist"] == f"identifier={DRAFT}|d1"
    assert bundle["entry"][1]["resource"]["target"] == [{"reference": bundle["entry"][0]["fullUrl"]}]
    assert (done.reference, done.version, done.new) == ("MedicationRequest/17", "1", True)


@pytest.mark.parametrize("status", [400, 401, 403, 409, 412, 422])
async def test_a_refusal_says_what_the_server_said(status: int) -> None:
    said = b'{"resourceType": "OperationOutcome", "issue": [{"severity": "error", "diagnostics": "not you"}]}'
    with pytest.raises(WriteRefused, match="not you") as caught:
        await remote(status, said).commit(ORDER, "d1", APPROVAL, [], "c-1")
    assert caught.value.status == status
    assert caught.value.action


@pytest.mark.parametrize("status", [500, 503])
async def test_a_failing_server_leaves_it_open_whether_it_was_written(status: int) -> None:
    with pytest.raises(UpstreamError, match="not known"):
        await remote(status).commit(ORDER, "d1", APPROVAL, [], "c-1")


@pytest.mark.parametrize(("by", "role"), [("", "physician"), ("Dr A", " ")])
def test_without_a_name_and_a_role_there_is_no_approval(by: str, role: str) -> None:
    with pytest.raises(UsageError, match="approval"):
        Approval(by, role, "2026-03-02T09:00:00+00:00")


async def test_what_is_not_r4_is_not_sent(store: Store) -> None:
    with pytest.raises(BadInput, match="status"):
        await writer(store).commit({**ORDER, "status": "urgent"}, "d1", APPROVAL, [], "c-1")
    assert store.counts() == {"Patient": 1}
