"""Servers that fail, lie, loop or leak: nothing wrong is said, and what is missing is named."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import httpx
import pytest

from knowledge.guideline import Corpus
from knowledge.terminology import Terminology
from tools.context import ToolContext
from tools.ehr.bundles import import_document
from tools.ehr.client.client import FhirClient, HttpError
from tools.ehr.reads.catalog import TOOLS
from tools.ehr.record import open_record
from tools.ehr.store.store import Store
from tools.errors import UpstreamError, UsageError

BASE = "http://fhir.example/r4"
SPECS = {spec.name: spec for spec in TOOLS}
AS_OF = datetime.fromisoformat("2026-03-02T09:00:00+00:00")
Handler = Callable[[httpx.Request], httpx.Response]


def condition(id_: str, patient: str = "p", code: str = "230690007") -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "id": id_,
        "subject": {"reference": f"Patient/{patient}"},
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": code}]},
        "recordedDate": "2020-01-01",
        "clinicalStatus": status("condition-clinical", "active"),
        "verificationStatus": status("condition-ver-status", "confirmed"),
    }


def status(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": f"http://terminology.hl7.org/CodeSystem/{system}", "code": code}]}


def page(
    *resources: dict[str, Any], total: int | None = None, following: str | None = None, **more: Any
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [{"resource": resource, "search": {"mode": "match"}} for resource in resources],
        **more,
    }
    if total is not None:
        body["total"] = total
    if following:
        body["link"] = [{"relation": "next", "url": following}]
    return body


def client(handler: Handler, **more: Any) -> FhirClient:
    return FhirClient(BASE, transport=httpx.MockTransport(handler), attempts=2, **more)


def answers(*bodies: Any, status: int = 200) -> Handler:
    """One body after the other, the last again and again."""
    queue = list(bodies)

    def handle(request: httpx.Request) -> httpx.Response:
        body = queue.pop(0) if len(queue) > 1 else queue[0]
        return httpx.Response(status, content=body if isinstance(body, str | bytes) else json.dumps(body))

    return handle


async def test_pages_are_followed_to_the_end() -> None:
    found = await client(
        answers(
            page(condition("1"), condition("2"), total=3, following=f"{BASE}/Condition?page=2"),
            page(condition("3"), total=3),
        )
    ).search("Condition", [("patient", "p")])
    assert [item["id"] for item in found.resources] == ["1", "2", "3"]
    assert found.complete


async def test_relative_links_are_followed() -> None:
    found = await client(answers(page(condition("1"), following="Condition?page=2"), page(condition("2")))).search(
        "Condition", []
    )
    assert len(found.resources) == 2


@pytest.mark.parametrize(
    "body",
    [
        page(condition("1"), total=5),
        page(condition("1"), condition("1"), total=2),
        page(
            {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "diagnostics": "cut off"}]},
            condition("1"),
        ),
        {**page(condition("1")), "entry": [{"fullUrl": "x"}]},
    ],
)
async def test_what_contradicts_itself_is_not_complete(body: dict[str, Any]) -> None:
    found = await client(answers(body)).search("Condition", [])
    assert not found.complete
    assert found.problems


async def test_a_loop_of_pages_ends_and_is_said() -> None:
    found = await client(
        answers(
            page(condition("1"), following=f"{BASE}/Condition?page=2"),
            page(condition("2"), following=f"{BASE}/Condition?page=3"),
            page(condition("3"), following=f"{BASE}/Condition?page=2"),
        )
    ).search("Condition", [])
    assert "the pages lead in a circle" in found.problems
    endless = await client(
        answers(page(condition("1"), following=f"{BASE}/Condition?page=2"), page(following=f"{BASE}/Condition?page=3"))
    ).search("Condition", [])
    assert not endless.complete


async def test_a_part_without_a_way_to_the_rest_is_asked_for_whole() -> None:
    rows = [condition(str(number)) for number in range(7)]

    def handle(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=page(*rows[: min(int(request.url.params["_count"]), cap)], total=7))

    cap = 100
    found = await client(handle, page=3).search("Condition", [])
    assert len(found.resources) == 7 and found.complete
    assert found.notes == ["the server gave a part and no next page; asked for all at once"]
    cap = 4
    found = await client(handle, page=3).search("Condition", [])
    assert found.shown == "4 of 7" and found.problems == ["the server counts 7, its pages hold 4"]


async def test_a_cap_is_said() -> None:
    counter = iter(range(10_000))

    def handle(request: httpx.Request) -> httpx.Response:
        number = next(counter)
        return httpx.Response(
            200, json=page(condition(str(number)), total=500, following=f"{BASE}/Condition?page={number}")
        )

    found = await client(handle, max_resources=20).search("Condition", [])
    assert len(found.resources) == 20
    assert "stopped at 20 of 500" in found.problems


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, "boom"),
        (500, {"resourceType": "OperationOutcome", "issue": [{"diagnostics": "disk full"}]}),
        (429, ""),
        (200, "<html>sign in</html>"),
        (200, '{"resourceType": "Bundle", "type": "searchset", "entry": ['),
        (200, ""),
        (200, "[]"),
        (200, {"resourceType": "Patient", "id": "p"}),
        (302, ""),
        (404, ""),
        (200, {"resourceType": "OperationOutcome", "issue": [{"code": "security"}]}),
    ],
)
async def test_what_is_no_searchset_is_an_upstream_error(status: int, body: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("tools.ehr.client.http.LONGEST_WAIT", 0.0)
    with pytest.raises(UpstreamError) as failed:
        await client(answers(body, status=status)).search("Condition", [("patient", "secret-id")])
    assert "secret-id" not in failed.value.message
    if isinstance(body, dict) and status == 500:
        assert "disk full" in failed.value.message


async def test_a_failing_second_page_fails_the_search() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if "page=2" in str(request.url):
            return httpx.Response(500)
        return httpx.Response(200, json=page(condition("1"), following=f"{BASE}/Condition?page=2"))

    with pytest.raises(HttpError):
        await client(handle).search("Condition", [])


async def test_busy_servers_are_asked_again(monkeypatch: Any) -> None:
    monkeypatch.setattr("tools.ehr.client.http.LONGEST_WAIT", 0.0)
    states = iter([httpx.Response(429, headers={"Retry-After": "1"}), httpx.Response(200, json=page(condition("1")))])
    found = await client(lambda request: next(states)).search("Condition", [])
    assert len(found.resources) == 1


async def test_time_outs_work_in_process_too() -> None:
    async def hang(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(30)

    slow = FhirClient(BASE, transport=httpx.ASGITransport(hang), timeout=0.05)
    with pytest.raises(UpstreamError, match="no answer"):
        await slow.search("Condition", [])


async def test_huge_answers_are_cut(monkeypatch: Any) -> None:
    monkeypatch.setattr("tools.ehr.client.http.MAX_BYTES", 1000)
    with pytest.raises(UpstreamError, match="more than"):
        await client(answers("x" * 5000)).search("Condition", [])


async def test_another_server_is_not_followed() -> None:
    with pytest.raises(UpstreamError, match="another server"):
        await client(answers(page(condition("1"), following="http://evil.example/x"))).search("Condition", [])


async def test_a_read_that_answers_with_another_resource() -> None:
    with pytest.raises(UpstreamError):
        await client(answers({"resourceType": "Patient", "id": "other"})).read("Patient", "p")


# -- a record over a bad server --------------------------------------------------------------------------------------


def server(
    conditions: list[dict[str, Any]], patient: dict[str, Any] | None = None, total: int | None = None
) -> Handler:
    def handle(request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/r4/")
        if path.startswith("Patient/"):
            return httpx.Response(200, json={"resourceType": "Patient", "id": path.split("/")[1], **(patient or {})})
        if path == "Condition":
            return httpx.Response(200, json=page(*conditions, total=total))
        if path == "metadata":
            return httpx.Response(404)
        return httpx.Response(200, json=page())

    return handle


async def ask(handler: Handler, terms: Terminology) -> Any:
    record = await open_record(client(handler), "p", as_of=AS_OF, terminology=terms)
    ctx = ToolContext(patient="p", as_of=AS_OF, terminology=terms, corpus=Corpus([]), record=record, slot="s")
    return (await SPECS["record.finding"].call({"concept": "stroke"}, ctx)).evidence[0]


async def test_a_server_that_ignores_the_patient_filter_leaks_nothing(terms: Terminology) -> None:
    found = await ask(server([condition("1", "someone-else"), condition("2", "another")]), terms)
    assert found.value is None
    assert not found.source.complete
    assert "incomplete answer" in found.display
    mine = await ask(server([condition("1", "someone-else"), condition("2", "p")]), terms)
    assert (mine.value, mine.source.reference) == (True, "Condition/2")


async def test_none_found_in_a_truncated_answer_is_not_none(terms: Terminology) -> None:
    found = await ask(server([condition("1", "p", "38341003")], total=20), terms)
    assert found.value is None
    assert not found.source.complete


@pytest.mark.parametrize(
    "reference",
    [
        "http://other.example/r4/Patient/p",
        "#p",
        "urn:uuid:p",
        "Group/p",
        "Patient/p2",
        None,
    ],
)
async def test_who_a_resource_is_about_must_be_provable(terms: Terminology, reference: str | None) -> None:
    strange = condition("1")
    strange["subject"] = {"reference": reference} if reference else {"display": "p"}
    assert (await ask(server([strange]), terms)).value is None


@pytest.mark.parametrize("reference", [f"{BASE}/Patient/p", "Patient/p/_history/3", "Patient/p"])
async def test_ways_to_refer_to_the_patient(terms: Terminology, reference: str) -> None:
    mine = condition("1")
    mine["subject"] = {"reference": reference}
    assert (await ask(server([mine]), terms)).value is True


async def test_a_server_failure_surfaces_as_upstream_error(terms: Terminology) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/Condition"):
            return httpx.Response(500, text="boom")
        return server([])(request)

    with pytest.raises(UpstreamError):
        await ask(handle, terms)


async def test_types_the_server_does_not_keep_are_not_asked_for(terms: Terminology) -> None:
    asked: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path.rsplit("/", 1)[-1])
        if request.url.path.endswith("/metadata"):
            rest = [{"resource": [{"type": "Patient"}, {"type": "Condition"}]}]
            return httpx.Response(200, json={"resourceType": "CapabilityStatement", "rest": rest})
        return server([condition("1")])(request)

    assert (await ask(handle, terms)).value is True
    assert "Observation" not in asked


async def test_the_embedded_store_is_reached_through_the_same_client(terms: Terminology, store: Store) -> None:
    import_document(store, {"resourceType": "Patient", "id": "p"})
    for number in range(7):
        import_document(store, condition(str(number)))
    found = await FhirClient(store=store, page=3).search("Condition", [("patient", "p")])
    assert (len(found.resources), found.total, found.complete) == (7, 7, True)


@pytest.mark.parametrize("kind", ["Patient\n", "Pat\x00ient", "Patient/1", "Patient?name=x", "", "Pätient"])
async def test_a_type_that_is_no_name_is_refused_before_it_is_a_url(kind: str) -> None:
    for client in (FhirClient(BASE), FhirClient(store=Store())):
        with pytest.raises(UsageError, match="resource type"):
            await client.search(kind, [])
