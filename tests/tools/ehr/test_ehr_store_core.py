"""The store itself: versions and history, bulk, older files, includes, operations, value sets, units, query plans."""

from __future__ import annotations

import itertools
import sqlite3
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from knowledge.quantity import Quantity, UnitError, convert
from tests.tools.ehr.samples import PATIENT, found, observation
from tools.ehr.store.index_units import measure
from tools.ehr.store.query import BadSearch, Query
from tools.ehr.store.query_match import Matcher
from tools.ehr.store.store import Store, TimedOut

LOINC = "http://loinc.org"


def coded(id_: str, code: str, **more: Any) -> dict[str, Any]:
    return observation(id_, code={"coding": [{"system": LOINC, "code": code}]}, **more)


# -- versions, history, bulk -------------------------------------------------------------------------------------------


def test_versions_are_told_apart_even_where_content_returns(store: Store) -> None:
    first = store.put(PATIENT)[0]
    store.put({**PATIENT, "gender": "male"})
    again = store.put(PATIENT)[0]
    assert again.version == f"{first.version}.2"
    gone = store.delete("Patient", "p")
    assert gone is not None
    assert store.gone("Patient", "p")
    assert not store.gone("Patient", "never")
    assert store.get("Patient", "p") is None
    assert store.delete("Patient", "p") is None
    past = store.get("Patient", "p", gone.version)
    assert past is not None
    assert past.deleted
    assert found(store, "", "Patient") == []
    store.put(PATIENT)
    rows, total = store.history("Patient", "p")
    assert total == 5
    assert len({row.version for row in rows}) == 5
    assert [row.deleted for row in rows] == [False, True, False, False, False]
    assert [row.updated for row in rows] == sorted((row.updated for row in rows), reverse=True)
    for row in rows:
        assert store.get("Patient", "p", row.version) == row


def test_history_by_page_since_and_at(store: Store) -> None:
    for number in range(5):
        store.put({**PATIENT, "id": f"p{number}"})
    before = datetime.now(UTC)
    time.sleep(0.002)
    store.put({**PATIENT, "id": "p0", "gender": "male"})
    store.put(observation())
    whole, total = store.history()
    assert total == 7
    pages = [store.history(count=3, offset=offset)[0] for offset in (0, 3, 6)]
    assert [row for page in pages for row in page] == whole
    assert {row.id for row in store.history("Patient", since=before)[0]} == {"p0"}
    then = (before, before + timedelta(microseconds=1))
    old = store.history("Patient", "p0", at=then)[0]
    assert [row.resource["gender"] for row in old] == ["female"]
    assert store.history(at=then)[1] == 5


def test_bulk_is_the_same_as_one_by_one() -> None:
    rows = [{**PATIENT, "id": f"p{number % 1500}", "birthDate": f"19{number % 90 + 10}"} for number in range(2500)]
    single, bulk = Store(), Store()
    for row in rows:
        single.put(row)
    counts = bulk.put_many(iter(rows))
    assert counts["created"] == 1500
    assert sum(counts.values()) == 2500
    for query in ("birthdate=1950", "name=muller&_count=1000", "birthdate=gt1990&_sort=-birthdate&_count=1000"):
        assert found(bulk, query, "Patient") == found(single, query, "Patient")
    assert bulk.put_many(rows[-10:])["unchanged"] == 10


def test_what_is_rolled_back_is_not_remembered(store: Store) -> None:
    with pytest.raises(RuntimeError), store.transaction():
        store.put(observation(code={"coding": [{"system": "urn:new", "code": "new"}]}))
        assert found(store, "code=new") == ["o"]
        raise RuntimeError
    store.put(PATIENT)
    store.put(observation(code={"coding": [{"system": "urn:new", "code": "new"}]}))
    assert found(store, "code=urn:new|new&patient=p") == ["o"]


def test_a_file_of_the_first_layout_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite"
    made = Store()
    bodies = [made.put(item)[0] for item in (PATIENT, observation())]
    old = sqlite3.connect(path)
    old.executescript(
        "CREATE TABLE resource(rid INTEGER PRIMARY KEY, type TEXT, id TEXT, version TEXT, updated INTEGER, body TEXT,"
        " UNIQUE(type, id));"
        "CREATE TABLE history(seq INTEGER PRIMARY KEY, type TEXT, id TEXT, version TEXT, updated INTEGER, body TEXT);"
        "CREATE INDEX history_by ON history(type, id);"
        "CREATE TABLE token(rid INTEGER, type TEXT, param TEXT, a TEXT, b TEXT, c TEXT);"
    )
    for item in bodies:
        row = (item.type, item.id, item.version, 1_700_000_000_000_000, item.body)
        old.execute("INSERT INTO resource(type, id, version, updated, body) VALUES (?,?,?,?,?)", row)
    old.execute("INSERT INTO history(type, id, version, updated, body) VALUES ('Patient','p','v0',5,'{}')")
    old.commit()
    old.close()
    for _ in range(2):
        store = Store(path)
        assert store.counts() == {"Observation": 1, "Patient": 1}
        assert found(store, "patient.family=muller&code=2160-0") == ["o"]
        assert store.history("Patient", "p")[1] == 2
        assert store.get("Observation", "o").body == bodies[1].body  # type: ignore[union-attr]
        store.close()
    again = sqlite3.connect(path)
    again.execute("PRAGMA user_version=7")
    again.commit()
    again.close()
    assert found(Store(path), "patient.family=muller&code=2160-0") == ["o"]


def test_a_search_that_takes_too_long_is_given_up(store: Store) -> None:
    store.put_many({**PATIENT, "id": f"p{number}"} for number in range(3000))
    query = Query.parse("Patient", "name=muller&_sort=-name,family,given&_total=accurate")
    with pytest.raises(TimedOut), store.limited(0.0):
        for _ in range(50):
            store.search(query)
    assert store.search(query).total == 3000


# -- includes, operations ----------------------------------------------------------------------------------------------


@pytest.fixture
def ward(store: Store) -> Store:
    store.put({"resourceType": "Organization", "id": "org", "name": "Ward"})
    store.put({"resourceType": "Practitioner", "id": "doc", "name": [{"family": "Who"}]})
    store.put({**PATIENT, "managingOrganization": {"reference": "Organization/org"}})
    store.put({**PATIENT, "id": "twin", "link": [{"other": {"reference": "Patient/p"}, "type": "replaced-by"}]})
    store.put({**PATIENT, "id": "other"})
    store.put(coded("a1", "1", effectiveDateTime="2024-01-01", performer=[{"reference": "Practitioner/doc"}]))
    store.put(coded("a2", "1", effectiveDateTime="2025-01-01"))
    store.put(coded("b1", "2", effectiveDateTime="2023-05-01"))
    store.put(coded("c1", "1", subject={"reference": "Patient/twin"}, effectiveDateTime="2022-01-01"))
    store.put(coded("z", "1", subject={"reference": "Patient/other"}))
    return store


def ids(rows: Any) -> list[str]:
    return sorted(item.id for item in rows)


def test_includes(ward: Store) -> None:
    def include(kind: str, query: str) -> list[str]:
        return ids(ward.search(Query.parse(kind, query)).included)

    assert include("Observation", "_id=a1&_include=Observation:subject") == ["p"]
    assert include("Observation", "_id=a1&_include=Observation:subject:Group") == []
    assert include("Observation", "_id=a1&_include=Observation:performer&_include=Observation:patient") == ["doc", "p"]
    assert include("Observation", "_id=a1&_include=*") == ["doc", "p"]
    deep = "_id=a1&_include=Observation:subject&_include:iterate=Patient:organization"
    assert include("Observation", deep) == ["org", "p"]
    assert include("Patient", "_id=p&_revinclude=Observation:patient") == ["a1", "a2", "b1"]
    assert include("Organization", "_id=org&_revinclude=Patient:organization") == ["p"]
    both = "_id=org&_revinclude=Patient:organization&_revinclude:iterate=Observation:subject"
    assert include("Organization", both) == ["a1", "a2", "b1", "p"]


def test_everything(ward: Store) -> None:
    got = ward.everything("p", [])
    assert ids(got.matches) == ["a1", "a2", "b1", "c1", "p", "twin"]
    assert ids(got.included) == ["doc", "org"]
    assert ids(ward.everything("p", [("_type", "Observation"), ("start", "2024")]).matches) == ["a1", "a2"]
    assert ids(ward.everything("p", [("end", "2022-06")]).matches) == ["c1", "p", "twin"]
    assert ward.everything("p", [("_since", "2999")]).matches == []
    pages, page = [], ""
    while True:
        got = ward.everything("p", [("_count", "2"), *([("_page", page)] if page else [])])
        pages += got.matches
        if got.next is None:
            break
        page = got.next
    assert ids(pages) == ["a1", "a2", "b1", "c1", "p", "twin"]
    assert ward.everything("nobody", []).total == 0
    with pytest.raises(BadSearch):
        ward.everything("p", [("code", "1")])


def test_compartment(ward: Store) -> None:
    query = Query.parse("Observation", "code=1", compartment=("Patient", "p"))
    assert ids(ward.search(query).matches) == ["a1", "a2"]
    mine = Query.parse("Observation", "", compartment=("Practitioner", "doc"))
    assert ids(ward.search(mine).matches) == ["a1"]
    several = Query.parse("", "_type=Patient,Observation&_id=p,a1")
    assert ids(ward.search(several).matches) == ["a1", "p"]


def test_lastn(ward: Store) -> None:
    pairs = [("patient", "p"), ("code", "1,2")]
    assert ids(ward.lastn(pairs).matches) == ["a2", "b1"]
    assert ids(ward.lastn([*pairs, ("max", "2")]).matches) == ["a1", "a2", "b1"]
    for bad in ([("patient", "p")], [("code", "1")], [*pairs, ("max", "0")], [*pairs, ("_sort", "date")]):
        with pytest.raises(BadSearch):
            ward.lastn(bad)


def test_value_sets_and_hierarchies(ward: Store) -> None:
    include = [{"system": LOINC, "concept": [{"code": "2"}, {"code": "9"}]}]
    ward.put({"resourceType": "ValueSet", "id": "vs", "url": "urn:vs", "compose": {"include": include}})
    tree = [{"code": "1", "concept": [{"code": "2"}]}]
    ward.put({"resourceType": "CodeSystem", "id": "cs", "url": LOINC, "concept": tree})
    assert found(ward, "code:in=urn:vs&_sort=_id") == ["b1"]
    assert found(ward, "code:in=ValueSet/vs") == ["b1"]
    assert found(ward, "code:not-in=urn:vs&_sort=_id") == ["a1", "a2", "c1", "z"]
    assert found(ward, f"code:below={LOINC}|1&_sort=_id") == ["a1", "a2", "b1", "c1", "z"]
    assert found(ward, f"code:above={LOINC}|2&_sort=_id") == ["a1", "a2", "b1", "c1", "z"]
    assert found(ward, f"code:below={LOINC}|2") == ["b1"]
    for query in ("code:in=urn:unknown", "code:below=urn:none|x"):
        with pytest.raises(BadSearch):
            found(ward, query)
    assert found(ward, "url:below=urn:v", "ValueSet") == []
    ward.put({"resourceType": "ValueSet", "id": "w", "url": "http://a.b/x/y"})
    assert found(ward, "url:below=http://a.b/x", "ValueSet") == ["w"]
    assert found(ward, "url:above=http://a.b/x/y/z", "ValueSet") == ["w"]
    assert found(ward, "url=http://a.b/x", "ValueSet") == []


def test_identifiers_of_references_and_types(store: Store) -> None:
    kind = {"coding": [{"system": "urn:v2", "code": "MR"}]}
    store.put({**PATIENT, "identifier": [{"type": kind, "system": "urn:x", "value": "42"}]})
    store.put(observation(subject={"identifier": {"system": "urn:x", "value": "42"}}))
    store.put({"resourceType": "MedicationRequest", "id": "m", "status": "active", "intent": "order",
               "subject": {"reference": "Patient/p"}, "medicationCodeableConcept": {"text": "x"},
               "instantiatesCanonical": ["http://a.b/plan|1"]})  # fmt: skip
    assert found(store, "identifier:of-type=urn:v2|MR|42", "Patient") == ["p"]
    assert found(store, "identifier:of-type=urn:v2|DL|42", "Patient") == []
    assert found(store, "subject:identifier=urn:x|42") == ["o"]
    assert found(store, "subject:missing=true") == []


# -- units, plans ------------------------------------------------------------------------------------------------------


def test_units_convert_as_everywhere_in_osler() -> None:
    codes = (  # noqa: SIM905
        "mg/dL g/L ug/mL mmol/L umol/L mm[Hg] kPa Cel [degF] kg [lb_av] cm m /min 10*9/L 10*3/uL U/L mL/min "
        "mL/min/{1.73_m2} ng/mL{FEU} mg/L{FEU}"
    ).split()
    for one, other in itertools.product(codes, codes):
        ours, theirs = measure(one), measure(other)
        assert ours is not None
        assert theirs is not None
        try:
            expected = convert(Quantity(37.0, one), other).value
        except UnitError:
            assert ours.dimension != theirs.dimension, (one, other)
            continue
        assert ours.dimension == theirs.dimension, (one, other)
        value = (37.0 * ours.factor + ours.offset - theirs.offset) / theirs.factor
        assert value == pytest.approx(expected, rel=1e-9)
    # Equivalents need the charge of the ion: they are not compared with amounts of substance.
    assert measure("meq/L") != measure("mmol/L")
    assert measure("[arb'U]/mL") is None


@pytest.mark.parametrize(
    "query",
    [
        "patient=p1&code=1",
        "patient=p1&date=ge2024&_sort=-date",
        "code=1&value-quantity=gt5",
        "code-value-quantity=1$gt5",
        "patient.identifier=urn:x|42",
        "date=2024-01-01",
        "_id=o1",
        "_lastUpdated=gt2999",
    ],
)
def test_an_index_is_used(store: Store, query: str) -> None:
    store.put_many({**PATIENT, "id": f"p{number}"} for number in range(40))
    store.put_many(
        coded(f"o{number}", str(number % 7), subject={"reference": f"Patient/p{number % 40}"}) for number in range(400)
    )
    db = store._db
    rows = Matcher(db, store._codes).all(Query.parse("Observation", query), "Observation").rows(db)
    assert rows is not None
    plan = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {rows.sql}", rows.arguments)]
    assert plan
    assert not [step for step in plan if step.startswith("SCAN") and "SUBQUERY" not in step and "(" not in step], plan
