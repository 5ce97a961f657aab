"""Questions about everyone, over a store of five patients worked out by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from knowledge.terminology import Terminology, default_terminology
from tools.ask.cohort import CohortAnswer, answer_everyone
from tools.ask.query import Filter, Group, Name, Person, Query, Relation, Select, Stay, Window
from tools.ehr.bundles import import_document
from tools.ehr.client.client import FhirClient
from tools.ehr.store.store import Store

NOW = datetime(2026, 6, 1, tzinfo=UTC)
IMP = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"}
Json = dict[str, Any]


def _patient(number: str, born: str, sex: str, died: str | None = None) -> Json:
    row = {"resourceType": "Patient", "id": number, "birthDate": born, "gender": sex}
    return row | ({"deceasedDateTime": died} if died else {})


def _visit(number: str, patient: str, start: str, end: str | None, ward: str = "ward 5") -> Json:
    period = {"start": start} | ({"end": end} if end else {})
    return {
        "resourceType": "Encounter",
        "id": number,
        "status": "finished" if end else "in-progress",
        "class": IMP,
        "subject": {"reference": f"Patient/{patient}"},
        "period": period,
        "location": [{"location": {"display": ward}, "period": period, "status": "completed"}],
    }


def _event(kind: str, number: str, visit: str, patient: str, at: str, name: str, **more: Any) -> Json:
    element, time = {
        "Condition": ("code", "recordedDate"),
        "Procedure": ("code", "performedDateTime"),
        "MedicationRequest": ("medicationCodeableConcept", "authoredOn"),
        "Observation": ("code", "effectiveDateTime"),
        "ChargeItem": ("code", "occurrenceDateTime"),
    }[kind]
    encounter = "context" if kind == "ChargeItem" else "encounter"
    status = {"Procedure": "completed", "MedicationRequest": "active", "Observation": "final", "ChargeItem": "billed"}
    row: Json = {
        "resourceType": kind,
        "id": number,
        "subject": {"reference": f"Patient/{patient}"},
        encounter: {"reference": f"Encounter/{visit}"},
        element: {"text": name},
        time: at,
    }
    if kind in status:
        row["status"] = status[kind]
    if kind == "MedicationRequest":
        row["intent"] = "order"
    return row | more


def _result(number: str, visit: str, patient: str, at: str, value: float, unit: str = "mmol/L") -> Json:
    category = [
        {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]}
    ]
    return _event(
        "Observation",
        number,
        visit,
        patient,
        at,
        "potassium",
        category=category,
        valueQuantity={"value": value, "unit": unit},
    )


ROWS = [
    _patient("p1", "1980-01-01", "male"),
    _patient("p2", "1950-01-01", "female", died="2024-02-01T00:00:00Z"),
    _patient("p3", "1985-01-01", "female"),
    _patient("p4", "1960-01-01", "male", died="2026-05-20T00:00:00Z"),
    _patient("p5", "1981-01-01", "male"),
    _visit("v1", "p1", "2024-01-01T00:00:00Z", "2024-01-20T00:00:00Z"),
    _visit("v2", "p2", "2024-01-05T00:00:00Z", "2024-01-15T00:00:00Z", "ward 7"),
    _visit("v3", "p3", "2025-03-01T00:00:00Z", "2025-03-09T00:00:00Z"),
    _visit("v3b", "p3", "2025-04-01T00:00:00Z", "2025-04-09T00:00:00Z"),
    _visit("v4", "p4", "2026-05-01T00:00:00Z", "2026-05-21T00:00:00Z"),
    _visit("v5", "p5", "2026-05-25T00:00:00Z", None),
    _event("Condition", "c1", "v1", "p1", "2024-01-02T10:00:00Z", "pneumonia"),
    _event("Condition", "c2", "v2", "p2", "2024-01-06T10:00:00Z", "pneumonia"),
    _event("Condition", "c3", "v3", "p3", "2025-03-02T10:00:00Z", "Pneumonia"),
    _event("Condition", "c4", "v4", "p4", "2026-05-02T10:00:00Z", "asthma"),
    _event(
        "Condition",
        "c5",
        "v5",
        "p5",
        "2026-05-26T10:00:00Z",
        "pneumonia",
        verificationStatus={
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-ver-status", "code": "refuted"}]
        },
    ),
    _event("MedicationRequest", "m1", "v1", "p1", "2024-01-03T10:00:00Z", "amoxicillin"),
    _event("MedicationRequest", "m1b", "v1", "p1", "2024-01-05T10:00:00Z", "amoxicillin"),
    _event("MedicationRequest", "m2", "v2", "p2", "2024-01-05T10:00:00Z", "amoxicillin"),
    _event("MedicationRequest", "m3", "v3b", "p3", "2025-04-02T10:00:00Z", "amoxicillin"),
    _event("MedicationRequest", "m3b", "v3b", "p3", "2025-04-03T10:00:00Z", "doxycycline"),
    _event("MedicationRequest", "m4", "v4", "p4", "2026-05-03T10:00:00Z", "salbutamol"),
    _event("MedicationRequest", "m5", "v5", "p5", "2026-05-27T10:00:00Z", "salbutamol"),
    _event("MedicationRequest", "m6", "v5", "p5", "2026-07-01T10:00:00Z", "doxycycline"),
    _event("Procedure", "x1", "v1", "p1", "2024-01-04T10:00:00Z", "bronchoscopy"),
    _event(
        "ChargeItem",
        "q1",
        "v1",
        "p1",
        "2024-01-04T10:00:00Z",
        "bronchoscopy",
        priceOverride={"value": 200.0, "currency": "USD"},
    ),
    _event(
        "ChargeItem", "q2", "v1", "p1", "2024-01-05T10:00:00Z", "bed", priceOverride={"value": 50.5, "currency": "USD"}
    ),
    _event(
        "ChargeItem", "q3", "v2", "p2", "2024-01-05T10:00:00Z", "bed", priceOverride={"value": 50.5, "currency": "USD"}
    ),
    _result("l1", "v1", "p1", "2024-01-03T08:00:00Z", 3.5),
    _result("l2", "v5", "p5", "2026-05-26T08:00:00Z", 4.5),
    _result("l3", "v3", "p3", "2025-03-03T08:00:00Z", 5.0),
]


@pytest.fixture(scope="module")
def client() -> Iterator[FhirClient]:
    store = Store()
    entries = [{"resource": row} for row in ROWS]
    import_document(store, {"resourceType": "Bundle", "type": "collection", "entry": entries})
    yield FhirClient(store=store)
    store.close()


@pytest.fixture(scope="module")
def terms() -> Terminology:
    return default_terminology()


def _query(select: Select, wants: str = "count", **more: Any) -> Query:
    more.setdefault("count_of", "patients")
    return Query(question="?", now=NOW, everyone=True, select=select, wants=wants, **more)  # type: ignore[arg-type]


def _what(kind: str, *names: str, **more: Any) -> Select:
    return Select(kind=kind, what=tuple(Name(text=name, names=(name,)) for name in names), **more)  # type: ignore[arg-type]


def _ask(client: FhirClient, terms: Terminology, query: Query) -> CohortAnswer:
    return asyncio.run(answer_everyone(client, query, terms))


def _values(client: FhirClient, terms: Terminology, query: Query) -> list[Any]:
    found = _ask(client, terms, query)
    assert not found.problem
    return [value.value for value in found.values]


PNEUMONIA = _what("condition", "pneumonia")
AFTER = Relation(to=PNEUMONIA, order="after")


@pytest.mark.parametrize(
    ("select", "more", "expected"),
    [
        (PNEUMONIA, {}, [3]),
        (_what("condition", "pneumonia", "asthma"), {}, [4]),
        (_what("condition", "gout"), {}, [0]),
        (PNEUMONIA.model_copy(update={"window": Window(since=datetime(2025, 1, 1, tzinfo=UTC))}), {}, [1]),
        (PNEUMONIA.model_copy(update={"window": Window(until=datetime(2024, 1, 6, 10, tzinfo=UTC))}), {}, [1]),
        (PNEUMONIA, {"group": Group(age_from=40, age_to=49)}, [2]),
        (PNEUMONIA, {"group": Group(gender="female")}, [2]),
        (Select(kind="stay"), {"group": Group(current=True)}, [1]),
        (Select(kind="stay"), {"group": Group(current=True, age_from=60)}, [0]),
        (_what("ward", "7"), {}, [1]),
        (_what("prescription", "amoxicillin"), {"count_of": "events"}, [4]),
        (_what("prescription", "doxycycline"), {"count_of": "events"}, [1]),
        (_what("prescription", "amoxicillin", times=2), {}, [1]),
        (_what("prescription", "amoxicillin", times=1, at_least=True), {}, [3]),
        (_what("prescription", "amoxicillin", relation=AFTER), {}, [2]),
        (_what("prescription", "amoxicillin", relation=AFTER.model_copy(update={"within": "stay"})), {}, [1]),
        (_what("prescription", "amoxicillin", relation=AFTER.model_copy(update={"within": "month"})), {}, [1]),
        (
            _what(
                "prescription",
                "amoxicillin",
                relation=AFTER.model_copy(update={"within": "duration", "amount": 1.0, "unit": "month"}),
            ),
            {},
            [2],
        ),
        (PNEUMONIA.model_copy(update={"relation": Relation(to=Select(kind="stay"))}), {"returned": False}, [2]),
        (PNEUMONIA.model_copy(update={"relation": Relation(to=Select(kind="stay"))}), {"returned": True}, [1]),
        (PNEUMONIA, {"died": True}, [1]),
        (
            _what("condition", "asthma", relation=Relation(to=Select(kind="stay"), within="stay")),
            {"died": True},
            [1],
        ),
    ],
)
def test_counts(client: FhirClient, terms: Terminology, select: Select, more: Json, expected: list[int]) -> None:
    assert _values(client, terms, _query(select, **more)) == expected


def test_ranks_share_a_place_and_an_event_counts_once(client: FhirClient, terms: Terminology) -> None:
    drugs = Select(kind="prescription")
    assert _values(client, terms, _query(drugs, "list", top=1)) == ["amoxicillin"]
    assert _values(client, terms, _query(drugs, "list", top=2)) == ["amoxicillin", "salbutamol"]
    followed = drugs.model_copy(update={"relation": AFTER})
    found = _ask(client, terms, _query(followed, "list", top=1))
    assert [len(value.events) for value in found.values] == [3]


def test_who_and_which(client: FhirClient, terms: Terminology) -> None:
    assert _values(client, terms, _query(PNEUMONIA, "patients")) == ["p1", "p2", "p3"]
    assert _values(client, terms, _query(_what("condition", "gout"), "patients")) == []


def test_survival_counts_those_followed_long_enough(client: FhirClient, terms: Terminology) -> None:
    year = _query(PNEUMONIA, "rate", rate="survival", horizon_years=1)
    assert _values(client, terms, year) == [pytest.approx(100 * 2 / 3)]
    assert "no patient" in _ask(client, terms, _query(PNEUMONIA, "rate", rate="survival", horizon_years=9)).problem
    worst = _query(Select(kind="condition"), "rate", rate="mortality", horizon_years=1, top=1)
    assert _values(client, terms, worst) in (["pneumonia"], ["Pneumonia"])


def test_charges_of_a_name_and_of_stays(client: FhirClient, terms: Terminology) -> None:
    assert _values(client, terms, _query(_what("charge", "bed"), "value")) == [50.5]
    with_it = Select(
        kind="charge", relation=Relation(to=_what("procedure", "bronchoscopy"), order="with", within="stay")
    )
    assert _values(client, terms, _query(with_it, "value", aggregate="max")) == [250.5]
    assert _values(client, terms, _query(Select(kind="charge"), "value", aggregate="mean")) == [150.5]


def test_percentile_among_patients_of_the_same_age(client: FhirClient, terms: Terminology) -> None:
    select = _what("result", "potassium", window=Window(stay=Stay(which="first")))
    asked = {"person": Person(id="p1"), "number": 3.5}
    assert _values(client, terms, _query(select, "percentile", **asked)) == [None]
    everyone = select.model_copy(update={"window": Window()})
    assert _ask(client, terms, _query(everyone, "percentile", person=Person(id="nobody"), number=3.5)).problem


def test_values_are_not_listed_and_units_not_mixed(client: FhirClient, terms: Terminology) -> None:
    potassium = _what("result", "potassium")
    assert _values(client, terms, _query(potassium, "value", aggregate="max")) == [5.0]
    assert "one number" in _ask(client, terms, _query(potassium, "value")).problem
    low = potassium.model_copy(update={"where": (Filter(field="value", op="<", value=4.0),)})
    assert _values(client, terms, _query(low)) == [1]


def test_what_is_refuted_or_later_does_not_count_and_is_said(client: FhirClient, terms: Terminology) -> None:
    assert _ask(client, terms, _query(PNEUMONIA)).left_out == {"Condition: refuted": 1}
    assert _ask(client, terms, _query(_what("prescription", "doxycycline"))).left_out == {
        "MedicationRequest: later than the clock": 1
    }


def test_what_is_not_read_of_everyone_is_refused(client: FhirClient, terms: Terminology) -> None:
    assert "not read of all patients" in _ask(client, terms, _query(Select(kind="note"))).problem


def test_an_incomplete_search_gives_no_number(client: FhirClient, terms: Terminology, monkeypatch: Any) -> None:
    monkeypatch.setattr("tools.ask.cohort_events.LIMIT", 2)
    small = FhirClient(store=client.store, page=2)
    assert "stopped at 2 of" in _ask(small, terms, _query(PNEUMONIA)).problem


def test_says_over_how_many_patients_and_what_it_counted(client: FhirClient, terms: Terminology) -> None:
    found = _ask(client, terms, _query(PNEUMONIA))
    assert found.coverage == "complete over 5 patients"
    assert {event.reference for event in found.values[0].events} == {"Condition/c1", "Condition/c2", "Condition/c3"}
    assert any(name.startswith("Condition?") for name in found.searches)


def _with(*rows: Json) -> FhirClient:
    store = Store()
    entries = [{"resource": row} for row in (*ROWS, *rows)]
    import_document(store, {"resourceType": "Bundle", "type": "collection", "entry": entries})
    return FhirClient(store=store)


def _by_reference(**drug: Any) -> Json:
    row = _event("MedicationRequest", "m9", "v4", "p4", "2026-05-04T10:00:00Z", "x", medicationReference=drug)
    del row["medicationCodeableConcept"]
    return row


def test_a_drug_named_by_reference_counts(terms: Terminology) -> None:
    drug = {"resourceType": "Medication", "id": "d1", "code": {"text": "amoxicillin"}}
    client = _with(drug, _by_reference(reference="Medication/d1"))
    asked = _query(_what("prescription", "amoxicillin"))
    assert _values(client, terms, asked) == [4]
    assert "which is not there" in _ask(_with(_by_reference(reference="Medication/d2")), terms, asked).problem


def test_linked_records_are_one_patient(terms: Terminology) -> None:
    old = _patient("p1old", "1980-01-01", "male") | {
        "link": [{"other": {"reference": "Patient/p1"}, "type": "replaced-by"}]
    }
    client = _with(old, _event("Condition", "c9", "v1", "p1old", "2024-01-03T10:00:00Z", "pneumonia"))
    assert _values(client, terms, _query(PNEUMONIA)) == [3]


def test_what_has_no_date_is_left_out_of_a_window_and_said(terms: Terminology) -> None:
    undated = _event("Condition", "c9", "v4", "p4", "", "pneumonia")
    del undated["recordedDate"]
    client = _with(undated)
    assert _values(client, terms, _query(PNEUMONIA)) == [4]
    window = Window(since=datetime(2020, 1, 1, tzinfo=UTC))
    found = _ask(client, terms, _query(PNEUMONIA.model_copy(update={"window": window})))
    assert [value.value for value in found.values] == [3]
    assert found.left_out["without a date, so in no window"] == 1
