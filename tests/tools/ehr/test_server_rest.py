"""The REST server: every interaction of R4 it says it has, and an OperationOutcome for everything else."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.tools.ehr.samples import PATIENT, observation
from tools.ehr.bundles import import_document
from tools.ehr.checks.validate import check
from tools.ehr.server.capability import capability
from tools.ehr.server.server import application
from tools.ehr.store.store import Store

NEW = {key: value for key, value in PATIENT.items() if key != "id"}


@pytest.fixture
async def http(store: Store) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a writable server with one patient and one result."""
    import_document(store, PATIENT)
    import_document(store, observation())
    transport = httpx.ASGITransport(application(store, writable=True))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as made:
        yield made


def issue(answer: httpx.Response) -> dict[str, Any]:
    body = answer.json()
    assert body["resourceType"] == "OperationOutcome", body
    check(body)
    found: dict[str, Any] = body["issue"][0]
    return found


async def test_a_resource_lives_from_create_to_gone(http: httpx.AsyncClient) -> None:
    made = await http.post("/Patient", json=NEW)
    place = "/" + made.headers["location"].split("/fhir/")[1]
    id_ = made.json()["id"]
    assert (made.status_code, (await http.get(place)).json()["id"]) == (201, id_)
    changed = await http.put(f"/Patient/{id_}", json={**NEW, "id": id_, "gender": "male"})
    assert changed.status_code == 200
    assert (await http.get(place)).json()["gender"] == "female"
    assert (await http.delete(f"/Patient/{id_}")).status_code == 204
    gone = await http.get(f"/Patient/{id_}")
    assert (gone.status_code, issue(gone)["code"]) == (410, "deleted")
    assert (await http.get(place)).json()["gender"] == "female"
    history = (await http.get(f"/Patient/{id_}/_history")).json()
    assert history["total"] == 3
    assert [entry["request"]["method"] for entry in history["entry"]] == ["DELETE", "PUT", "PUT"]
    assert "resource" not in history["entry"][0]
    check(history)
    back = await http.put(f"/Patient/{id_}", json={**NEW, "id": id_})
    assert back.status_code == 201
    assert (await http.get(f"/Patient/{id_}")).status_code == 200
    assert (await http.delete("/Patient/never-there")).status_code == 204


async def test_histories_are_paged_and_bounded_in_time(http: httpx.AsyncClient) -> None:
    for gender in ("male", "other", "unknown"):
        await http.put("/Patient/p", json={**PATIENT, "gender": gender})
    first = (await http.get("/Patient/_history?_count=2")).json()
    assert (first["total"], len(first["entry"])) == (4, 2)
    following = next(link["url"] for link in first["link"] if link["relation"] == "next")
    second = (await http.get(following.split("/fhir")[1])).json()
    ids = [entry["response"]["etag"] for page in (first, second) for entry in page["entry"]]
    assert len(set(ids)) == 4
    assert (await http.get("/_history?_since=2999-01-01")).json()["total"] == 0
    assert (await http.get("/_history?_at=2000")).json()["total"] == 0
    assert (await http.get("/_history")).json()["total"] == 5
    assert (await http.get("/Patient/never/_history")).status_code == 404
    for query in ("_since=soon", "_count=-1", "_page=x", "code=1"):
        assert issue(await http.get(f"/_history?{query}"))["code"] == "not-supported"


async def test_versions_hold_writes_and_spare_reads(http: httpx.AsyncClient) -> None:
    read = await http.get("/Patient/p")
    etag, modified = read.headers["etag"], read.headers["last-modified"]
    for headers in ({"If-None-Match": etag}, {"If-Modified-Since": modified}):
        spared = await http.get("/Patient/p", headers=headers)
        assert (spared.status_code, spared.content) == (304, b"")
    assert (await http.get("/Patient/p", headers={"If-None-Match": 'W/"x"'})).status_code == 200
    stale = {"If-Match": 'W/"x"'}
    assert (await http.put("/Patient/p", json=PATIENT, headers=stale)).status_code == 412
    assert (await http.delete("/Patient/p", headers=stale)).status_code == 412
    assert (await http.put("/Patient/new", json={**PATIENT, "id": "new"}, headers=stale)).status_code == 412
    assert (await http.delete("/Patient/p", headers={"If-Match": etag})).status_code == 204


async def test_conditional_writes_need_one_match(http: httpx.AsyncClient) -> None:
    one, two = "identifier=urn:x|42", "gender=male,female"
    assert (await http.post("/Patient", json=NEW, headers={"If-None-Exist": one})).status_code == 200
    assert (await http.put(f"/Patient?{one}", json={**NEW, "active": True})).json()["id"] == "p"
    assert (await http.put(f"/Patient?{one}", json={**NEW, "id": "other"})).status_code == 400
    made = await http.put("/Patient?identifier=urn:x|77", json={**NEW, "id": "given", "gender": "male"})
    assert (made.status_code, made.json()["id"]) == (201, "given")
    for answer in (
        await http.post("/Patient", json=NEW, headers={"If-None-Exist": two}),
        await http.put(f"/Patient?{two}", json=NEW),
        await http.delete(f"/Patient?{two}"),
    ):
        assert (answer.status_code, issue(answer)["code"]) == (412, "multiple-matches")
    assert (await http.delete("/Patient?_count=1")).status_code == 412
    assert (await http.delete("/Patient?favourite=1")).status_code == 412
    assert (await http.delete("/Patient")).status_code == 405
    assert (await http.delete("/Patient?identifier=urn:x|nobody")).status_code == 204
    assert (await http.delete("/Patient?_id=given")).status_code == 204
    assert (await http.get("/Patient?_summary=count")).json()["total"] == 1


async def test_a_json_patch_changes_what_it_names_and_nothing_invalid(http: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "application/json-patch+json"}

    async def patch(*operations: Any, **more: str) -> httpx.Response:
        return await http.request("PATCH", "/Observation/o", json=list(operations), headers={**headers, **more})

    done = await patch({"op": "test", "path": "/status", "value": "final"},
                       {"op": "replace", "path": "/status", "value": "amended"})  # fmt: skip
    assert (done.status_code, done.json()["status"]) == (200, "amended")
    for operation, status in (
        ({"op": "test", "path": "/status", "value": "final"}, 422),
        ({"op": "replace", "path": "/status", "value": "bogus"}, 400),
        ({"op": "replace", "path": "/id", "value": "x"}, 422),
        ({"op": "remove", "path": "/nowhere"}, 422),
        ({"op": "fly", "path": "/status"}, 422),
        ({"op": "replace", "path": "", "value": 5}, 422),
        ({"path": 5}, 422),
        ("status", 400),
    ):
        answer = await patch(operation)
        assert answer.status_code == status, operation
        assert issue(answer)
    assert (await patch({"op": "remove", "path": "/valueQuantity"}, **{"If-Match": 'W/"x"'})).status_code == 412
    assert (await http.request("PATCH", "/Observation/o", json=[])).status_code == 415
    assert (await http.request("PATCH", "/Observation/zz", json=[], headers=headers)).status_code == 404
    assert (await http.get("/Observation/o")).json()["status"] == "amended"


async def test_bombs_are_refused(http: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "application/json-patch+json"}
    doubling = [{"op": "copy", "from": "", "path": f"/x{number}"} for number in range(50)]
    answer = await http.request("PATCH", "/Observation/o", json=doubling, headers=headers)
    assert (answer.status_code, issue(answer)["code"]) == (413, "too-costly")
    many = [{"op": "copy", "from": "/code", "path": "/method"}] * 51
    assert (await http.request("PATCH", "/Observation/o", json=many, headers=headers)).status_code == 413
    for depth in (100, 140, 400, 5000, 100_000):
        nested = '{"resourceType":"Questionnaire","status":"draft","item":['
        nested += (
            '{"linkId":"x","type":"group","item":[' * depth + '{"linkId":"x","type":"group"}' + "]}" * depth + "]}"
        )
        made = await http.post("/Questionnaire", content=nested)
        assert made.status_code == (201 if depth == 100 else 400), depth
    half = await http.post("/Patient", content='{"resourceType":"Patient","\\ud800":"\\ud800"}')
    assert (half.status_code, issue(half)["code"]) == (400, "structure")


async def test_prefer_says_what_comes_back(http: httpx.AsyncClient) -> None:
    async def put(prefer: str) -> httpx.Response:
        return await http.put("/Patient/p", json=PATIENT, headers={"Prefer": prefer})

    assert (await put("return=minimal")).content == b""
    assert (await put("return=representation")).json()["id"] == "p"
    assert issue(await put("return=OperationOutcome"))["severity"] == "information"
    assert (await http.get("/Patient?favourite=1")).status_code == 400
    lenient = (await http.get("/Patient?favourite=1", headers={"Prefer": "handling=lenient"})).json()
    assert [entry["search"]["mode"] for entry in lenient["entry"]] == ["match", "outcome"]
    assert "favourite" in lenient["entry"][1]["resource"]["issue"][0]["diagnostics"]
    assert "favourite" not in lenient["link"][0]["url"]


async def test_parts_of_a_resource_are_marked(http: httpx.AsyncClient) -> None:
    cut = (await http.get("/Observation/o?_elements=valueQuantity")).json()
    assert set(cut) == {"resourceType", "id", "meta", "status", "code", "valueQuantity"}
    assert cut["meta"]["tag"][0]["code"] == "SUBSETTED"
    assert "valueQuantity" in (await http.get("/Observation/o?_elements=value")).json()
    found = (await http.get("/Patient?_summary=true")).json()["entry"][0]["resource"]
    assert found["meta"]["tag"][0]["code"] == "SUBSETTED"
    text = (await http.get("/Patient/p?_summary=text")).json()
    assert set(text) == {"resourceType", "id", "meta"}
    assert (await http.get("/Patient/p?_summary=all")).status_code == 400
    assert (await http.get("/Patient/p?_elements=")).status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "more", "status", "code"),
    [
        ("GET", "/Patient/zz", {}, 404, "not-found"),
        ("GET", "/Nonsense/1", {}, 404, "not-found"),
        ("GET", "/DomainResource", {}, 404, "not-found"),
        ("GET", "/Patient/p/friends", {}, 404, "not-found"),
        ("GET", "/Patient/p/_history/zz", {}, 404, "not-found"),
        ("GET", "/Patient/p/$fly", {}, 404, "not-supported"),
        ("GET", "/$graphql", {}, 404, "not-found"),
        ("PUT", "/metadata", {}, 405, "not-supported"),
        ("DELETE", "/Patient/p/_history", {}, 405, "not-supported"),
        ("POST", "/Patient/p", {}, 405, "not-supported"),
        ("OPTIONS", "/Patient/p", {}, 405, "not-supported"),
        ("GET", "/Patient/p", {"headers": {"Accept": "application/fhir+xml"}}, 406, "not-supported"),
        ("GET", "/Patient/p?_format=xml", {}, 406, "not-supported"),
        ("GET", "/Patient/p", {"headers": {"Accept": "application/fhir+json; fhirVersion=3.0"}}, 406, "not-supported"),
        ("POST", "/Patient", {"content": "<Patient/>", "headers": {"Content-Type": "application/fhir+xml"}}, 415,
         "not-supported"),
        ("POST", "/Patient/_search", {"content": "{}", "headers": {"Content-Type": "application/json"}}, 415,
         "not-supported"),
        ("POST", "/Patient", {"content": "{"}, 400, "invalid"),
        ("POST", "/Patient", {"content": b"\xff\xfe{}"}, 400, "invalid"),
        ("POST", "/Patient", {"content": ""}, 400, "invalid"),
        ("POST", "/Patient", {"content": "[]"}, 400, "invalid"),
        ("PUT", "/Patient/p", {"content": "[]"}, 400, "invalid"),
        ("POST", "/Patient", {"json": {"resourceType": "Patient", "gender": "bogus"}}, 400, "structure"),
        ("POST", "/", {"json": {"resourceType": "Bundle", "type": "collection"}}, 400, "invalid"),
        ("GET", "/Patient?" + "&".join(f"_id={n}" for n in range(2000)), {}, 400, "not-supported"),
        ("POST", "/Patient", {"headers": {"Content-Length": "99999999999"}, "content": b"{}"}, 413, "too-long"),
    ],
)  # fmt: skip
async def test_every_error_is_an_outcome(
    http: httpx.AsyncClient, method: str, path: str, more: dict[str, Any], status: int, code: str
) -> None:
    answer = await http.request(method, path, **more)
    assert (answer.status_code, issue(answer)["code"]) == (status, code)
    assert (answer.status_code == 405) == ("allow" in answer.headers)


async def test_head_and_pretty(http: httpx.AsyncClient) -> None:
    read, head = await http.get("/Patient/p"), await http.head("/Patient/p")
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", read.headers["etag"])
    assert head.headers["content-length"] == str(len(read.content))
    shown = await http.get("/Patient/p?_pretty=true&_format=json")
    assert shown.json() == read.json()
    assert shown.text.count("\n") > 5


async def test_validate_says_what_is_wrong_and_writes_nothing(http: httpx.AsyncClient, store: Store) -> None:
    good = await http.post("/Patient/$validate", json=NEW)
    assert (good.status_code, issue(good)["severity"]) == (200, "information")
    bad = await http.post("/Observation/$validate", json=observation(component=[{"code": {"text": 5}}]))
    assert (bad.status_code, issue(bad)["expression"]) == (200, ["Observation.component[0].code.text"])
    wrapped = {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": {**NEW, "gender": "x"}}]}
    assert issue(await http.post("/Patient/$validate", json=wrapped))["severity"] == "error"
    assert issue(await http.get("/Patient/p/$validate"))["severity"] == "information"
    assert issue(await http.post("/Observation/$validate", json=NEW))["severity"] == "error"
    assert store.counts() == {"Observation": 1, "Patient": 1}


async def test_a_token_guards_everything_but_the_statement(store: Store) -> None:
    transport = httpx.ASGITransport(application(store, writable=True, token="secret", hosts={"127.0.0.1"}))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:80") as http:
        assert (await http.get("/metadata")).status_code == 200
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic secret"}):
            answer = await http.put("/Patient/p", json=PATIENT, headers=headers)
            assert (answer.status_code, issue(answer)["code"]) == (401, "login")
            assert (await http.get("/Patient", headers=headers)).status_code == 401
        held = {"Authorization": "Bearer secret"}
        assert (await http.put("/Patient/p", json=PATIENT, headers=held)).status_code == 201
        assert (await http.get("/Patient", headers={**held, "Host": "evil.example"})).status_code == 421


async def test_a_search_that_takes_too_long_is_given_up(http: httpx.AsyncClient, store: Store) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    store.counts = lambda: store._db.execute(endless).fetchone()  # type: ignore[method-assign]
    store.history = lambda *_, **__: store.counts()  # type: ignore[method-assign,assignment,return-value]
    transport = httpx.ASGITransport(application(store, seconds=0.2))
    started = time.monotonic()
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as slow:
        answer = await slow.get("/_history")
    assert (answer.status_code, issue(answer)["code"]) == (503, "timeout")
    assert time.monotonic() - started < 3
    assert (await http.get("/Patient/p")).status_code == 200


async def test_a_bug_is_an_outcome_too_and_is_logged(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise sqlite3.DatabaseError("database disk image is malformed")

    store.get = broken  # type: ignore[method-assign,assignment]
    transport = httpx.ASGITransport(application(store))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        answer = await http.get("/Patient/p")
    assert (answer.status_code, issue(answer)["code"]) == (500, "exception")
    assert "malformed" not in answer.text
    assert "malformed" in caplog.text


async def test_the_statement_is_r4_and_says_only_what_is_on(http: httpx.AsyncClient, store: Store) -> None:
    check((await http.get("/metadata")).json())
    reading = capability(store.base, writable=False)
    check(reading)
    rest = reading["rest"][0]
    codes = {item["code"] for row in rest["resource"] for item in row["interaction"]}
    assert codes == {"read", "vread", "history-instance", "history-type", "search-type"}
    assert {item["code"] for item in rest["interaction"]} == {"history-system", "search-system", "batch"}
    assert len(rest["resource"]) == 146
