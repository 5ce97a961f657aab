"""The store, its search, the REST server, import and validation."""

from __future__ import annotations

import copy
import datetime
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tools.ehr.samples import PATIENT, found, observation
from tools.ehr.bundles import import_document
from tools.ehr.checks.validate import check
from tools.ehr.dates import interval, years_at
from tools.ehr.fhirjson import content_version, dumps, loads
from tools.ehr.server.server import application
from tools.ehr.store.query import BadSearch, Query
from tools.ehr.store.search_parameters import parameters
from tools.ehr.store.store import BASE, Store
from tools.errors import BadInput, UsageError


@pytest.fixture
def filled(store: Store) -> Store:
    import_document(store, PATIENT)
    import_document(store, {**PATIENT, "id": "q", "name": [{"family": "Other"}], "gender": "male"})
    import_document(store, observation())
    import_document(
        store,
        observation(
            "o2", effectiveDateTime="2025-01", status="amended", valueQuantity={"value": 5.25, "unit": "mg/dL"}
        ),
    )
    period = observation(
        "o3",
        subject={"reference": "Patient/q"},
        code={"text": "x"},
        effectivePeriod={"start": "2024-01-01", "end": "2024-02-01"},
    )
    import_document(store, {key: value for key, value in period.items() if key != "effectiveDateTime"})
    return store


# -- JSON, dates -----------------------------------------------------------------------------------------------------


def test_decimals_keep_their_digits() -> None:
    text = '{"a":1.10,"b":[2.0,3],"c":-0.50e-2,"d":"é"}'
    assert dumps(loads(text)) == text
    assert loads(text)["a"] == 1.1
    assert dumps(copy.deepcopy(loads(text))) == text


@pytest.mark.parametrize("text", ['{"a": NaN}', "{", "", "[" * 100_000])
def test_what_is_not_json(text: str) -> None:
    with pytest.raises(BadInput):
        loads(text)


def test_versions_follow_content_only() -> None:
    base = content_version(PATIENT)
    assert content_version({**PATIENT, "meta": {"versionId": "9", "lastUpdated": "2026-01-01T00:00:00Z"}}) == base
    assert content_version({**PATIENT, "gender": "male"}) != base
    assert content_version(dict(reversed(PATIENT.items()))) == base


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("2026", "2026-01-01T00:00:00+00:00", "2027-01-01T00:00:00+00:00"),
        ("2024-02", "2024-02-01T00:00:00+00:00", "2024-03-01T00:00:00+00:00"),
        ("2026-03-02", "2026-03-02T00:00:00+00:00", "2026-03-03T00:00:00+00:00"),
        ("2026-03-02T09:00:00+02:00", "2026-03-02T07:00:00+00:00", "2026-03-02T07:00:01+00:00"),
    ],
)
def test_partial_dates_are_intervals(text: str, low: str, high: str) -> None:
    assert [moment.isoformat() for moment in interval(text)] == [low, high]


@pytest.mark.parametrize("text", ["", "2026-13", "2026-02-30", "yesterday", "9999", "2026-03-02T25:00:00Z"])
def test_what_is_no_date(text: str) -> None:
    with pytest.raises(ValueError):
        interval(text)


@given(st.dates(min_value=datetime.date(1901, 1, 1), max_value=datetime.date(2099, 12, 31)))
def test_age_of_a_full_date_is_one_number(day: Any) -> None:
    low, high = years_at(day.isoformat(), interval("2100-06-15")[0])
    assert low == high
    assert 0 <= 2100 - day.year - low <= 1


# -- store -----------------------------------------------------------------------------------------------------------


def test_same_content_keeps_its_version_and_other_content_makes_one(store: Store) -> None:
    first, what = store.put(dict(PATIENT))
    assert what == "created"
    again, what = store.put(dict(PATIENT))
    assert (what, again.version, again.body) == ("unchanged", first.version, first.body)
    second, what = store.put({**PATIENT, "gender": "male"})
    assert what == "updated"
    assert second.version != first.version
    old = store.get("Patient", "p", first.version)
    assert old is not None
    assert old.resource["gender"] == "female"
    assert found(store, "gender=female", "Patient") == []


def test_a_transaction_that_fails_leaves_nothing(store: Store) -> None:
    with pytest.raises(RuntimeError), store.transaction():
        store.put(dict(PATIENT))
        raise RuntimeError
    assert store.counts() == {}


def test_file_store_is_reopened_and_a_foreign_file_refused(tmp_path: Path) -> None:
    path = tmp_path / "records.sqlite"
    Store(path).put(dict(PATIENT))
    assert Store(path).counts() == {"Patient": 1}
    other = tmp_path / "other.sqlite"
    other.write_text("not a database at all, but long enough to be looked at " * 40)
    with pytest.raises(UsageError):
        Store(other)


def test_threads_share_one_store(store: Store) -> None:
    def work(number: int) -> None:
        for step in range(20):
            store.put({**PATIENT, "id": f"{number}-{step}"})
            store.search(Query.parse("Patient", "gender=female"))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.counts() == {"Patient": 80}


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", ["o", "o2", "o3"]),
        ("patient=p", ["o", "o2"]),
        ("patient=Patient/p", ["o", "o2"]),
        (f"patient={BASE}/Patient/p", ["o", "o2"]),
        ("subject:Patient=q", ["o3"]),
        ("patient=p,q", ["o", "o2", "o3"]),
        ("code=2160-0", ["o", "o2"]),
        ("code=http://loinc.org|2160-0", ["o", "o2"]),
        ("code=http://snomed.info/sct|2160-0", []),
        ("code=http://loinc.org|", ["o", "o2"]),
        ("code:missing=true", []),
        ("value-concept:missing=true", ["o", "o2", "o3"]),
        ("code:not=2160-0", ["o3"]),
        ("status=final", ["o", "o3"]),
        ("status=final,amended", ["o", "o2", "o3"]),
        ("status=final&patient=q", ["o3"]),
        ("date=2026-02-20", ["o"]),
        ("date=2026", ["o"]),
        ("date=2025-01", ["o2"]),
        ("date=2025-01-05", []),
        ("date=gt2025-06", ["o"]),
        ("date=lt2025-01-15", ["o2", "o3"]),
        ("date=ge2025-01", ["o", "o2"]),
        ("date=le2025-01", ["o2", "o3"]),
        ("date=sa2025-01", ["o"]),
        ("date=eb2025-01", ["o3"]),
        ("date=ne2025-01", ["o", "o3"]),
        ("date=ge2024-01-01&date=lt2024-12-31", ["o3"]),
        ("date=2026-02-20T07:10:00Z", ["o"]),
        ("value-quantity=1.1", ["o", "o3"]),
        ("value-quantity=gt2", ["o2"]),
        ("value-quantity=5.2", []),
        ("value-quantity=1.1|http://unitsofmeasure.org|mg/dL", ["o", "o3"]),
        ("value-quantity=5.25||mg/dL", ["o2"]),
        ("_id=o,o3", ["o", "o3"]),
        ("_sort=-date", ["o", "o2", "o3"]),
        ("_sort=date", ["o3", "o2", "o"]),
        ("_sort=-_id&_count=1", ["o3"]),
        ("_summary=count", []),
        ("_count=0", []),
    ],
)
def test_search(filled: Store, query: str, ids: list[str]) -> None:
    assert found(filled, query) == ids


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("family=muller", ["p"]),
        ("family:exact=Müller-Ødegård", ["p"]),
        ("family:exact=muller", []),
        ("name=ada", ["p"]),
        ("name:contains=gard", ["p"]),
        ("identifier=urn:x|42", ["p", "q"]),
        ("birthdate=1950", ["p", "q"]),
        ("gender=male", ["q"]),
        ("family=%25", []),
        ("family=m_ller", []),
    ],
)
def test_search_patients(filled: Store, query: str, ids: list[str]) -> None:
    assert found(filled, query, "Patient") == ids


@pytest.mark.parametrize(
    "query",
    [
        "favourite=1",
        "_has:Observation:performer:nothing=1",
        "focus.name=x",
        "code.name=x",
        "_offset=2",
        "_revinclude=x",
        "_elements=id",
        "_summary=text",
        "_filter=code eq x",
        "_text=x",
        "_contained=both",
        "date=yesterday",
        "value-quantity=abc",
        "_count=-1",
        "_count=x",
        "_sort=nothing",
        "_include=Observation:nothing",
        "near=1",
        "code=",
        "_lastUpdated=x",
        "_total=perhaps",
        "code=a%00b",
        "code:missing=maybe",
        "date:missing=",
    ],
)
def test_what_is_not_supported_is_refused_by_name(store: Store, query: str) -> None:
    with pytest.raises(BadSearch) as refused:
        Query.parse("Observation", query)
    assert query.split("=")[0].split(":")[0].split(".")[0].lstrip("_") in str(refused.value.message)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60))
def test_no_search_breaks_the_store(text: str) -> None:
    try:
        query = Query.parse("Observation", f"code={text}&date=ge2020&{text}")
    except BadSearch:
        return
    _FUZZED.search(query)


_FUZZED = Store()


def test_injection_stays_a_value(filled: Store) -> None:
    for value in ("x' OR 1=1 --", "'; DROP TABLE resource; --", "%", "o%27"):
        assert filled.search(Query.parse("Observation", [("code", value), ("_id", value)])).total == 0
    assert filled.counts()["Observation"] == 3


# -- REST ------------------------------------------------------------------------------------------------------------


def client(store: Store, **more: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(application(store, **more)), base_url="http://test")


async def test_read_search_and_pages(filled: Store) -> None:
    async with client(filled) as http:
        read = await http.get("/Patient/p")
        assert read.status_code == 200
        assert read.headers["etag"] == f'W/"{read.json()["meta"]["versionId"]}"'
        version = await http.get(f"/Patient/p/_history/{read.json()['meta']['versionId']}")
        assert version.json() == read.json()
        page = (await http.get("/Observation?_count=2&patient=p,q")).json()
        assert (page["total"], len(page["entry"])) == (3, 2)
        assert {link["relation"] for link in page["link"]} == {"self", "next"}
        following = (await http.get(page["link"][1]["url"].removeprefix(BASE))).json()
        assert [entry["resource"]["id"] for entry in following["entry"]] == ["o3"]
        posted = (await http.post("/Observation/_search", content="patient=q")).json()
        assert [entry["resource"]["id"] for entry in posted["entry"]] == ["o3"]
        counted = (await http.get("/Observation?_summary=count")).json()
        assert (counted["total"], "entry" in counted) == (3, False)
        included = (await http.get("/Observation?_id=o&_include=Observation:subject")).json()
        assert [(e["search"]["mode"], e["resource"]["id"]) for e in included["entry"]] == [
            ("match", "o"),
            ("include", "p"),
        ]


async def test_errors_are_operation_outcomes(filled: Store) -> None:
    async with client(filled) as http:
        for path, status in (
            ("/Patient/zz", 404),
            ("/Nonsense", 404),
            ("/HumanName", 404),
            ("/Observation?foo=1", 400),
            ("/a/b/c/d/e", 404),
            ("/Observation?date=x", 400),
        ):
            answer = await http.get(path)
            assert answer.status_code == status, path
            assert answer.json()["resourceType"] == "OperationOutcome"
        assert "foo" in (await http.get("/Observation?foo=1")).json()["issue"][0]["diagnostics"]
        assert (await http.delete("/Patient/p")).status_code == 405


async def test_writing_is_off_unless_switched_on(filled: Store) -> None:
    async with client(filled) as http:
        assert (await http.post("/Patient", json=PATIENT)).status_code == 405
        assert (await http.put("/Patient/p", json=PATIENT)).status_code == 405
    async with client(filled, writable=True) as http:
        made = await http.post("/Patient", json={key: value for key, value in PATIENT.items() if key != "id"})
        assert made.status_code == 201
        assert made.headers["location"].endswith(f"/_history/{made.json()['meta']['versionId']}")
        etag = (await http.get("/Patient/p")).headers["etag"]
        put = await http.put("/Patient/p", json={**PATIENT, "gender": "male"}, headers={"If-Match": etag})
        assert put.status_code == 200
        stale = await http.put("/Patient/p", json=PATIENT, headers={"If-Match": etag})
        assert stale.status_code == 412
        for body in ({**PATIENT, "gender": "bogus"}, {**PATIENT, "id": "other"}, {"resourceType": "Group"}, []):
            assert (await http.put("/Patient/p", json=body)).status_code == 400
        assert (await http.put("/Patient/p", content=b"{")).status_code == 400


async def test_capability_statement_is_valid_and_lists_what_search_knows(store: Store) -> None:
    async with client(store) as http:
        statement = (await http.get("/metadata")).json()
    check(statement)
    listed = {row["type"]: {p["name"] for p in row["searchParam"]} for row in statement["rest"][0]["resource"]}
    assert {"patient", "code", "date", "category", "status"} <= listed["Observation"]
    for kind, names in listed.items():
        for name in names:
            parameter = parameters(kind)[name]
            parts = parameter.parts if parameter.kind == "composite" else [parameter.kind]
            Query.parse(kind, [(name, "$".join("2026" for _ in parts))])


# -- import and validation -------------------------------------------------------------------------------------------
