"""Questions in our own words over one small record: the values, and what must be refused (`ask_questions.yaml`)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.ask_record import answer
from knowledge.guideline import Corpus
from knowledge.terminology import default_terminology
from tools.context import ToolContext
from tools.ehr.bundles import import_document
from tools.ehr.record import PatientRecord, open_record
from tools.ehr.store.store import Store

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
CASES = yaml.safe_load((Path(__file__).parent / "ask_questions.yaml").read_text(encoding="utf-8"))
LOINC, CATEGORY = "http://loinc.org", "http://terminology.hl7.org/CodeSystem/observation-category"
ME = {"reference": "Patient/p1"}
NOW_IN, BEFORE = {"reference": "Encounter/e2"}, {"reference": "Encounter/e1"}


def _observation(
    number: int, at: str, text: str, value: float, unit: str, category: str, code: str = ""
) -> dict[str, Any]:
    coding = {"coding": [{"system": LOINC, "code": code}]} if code else {}
    return {
        "resourceType": "Observation", "id": f"o{number}", "status": "final", "subject": ME, "encounter": NOW_IN,
        "category": [{"coding": [{"system": CATEGORY, "code": category}]}], "code": {**coding, "text": text},
        "effectiveDateTime": at,
        "valueQuantity": {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit},
    }  # fmt: skip


def _drug(number: int, at: str, text: str, dose: float, route: str) -> dict[str, Any]:
    quantity = {"value": dose, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}
    return {
        "resourceType": "MedicationRequest", "id": f"m{number}", "status": "active", "intent": "order", "subject": ME,
        "encounter": NOW_IN, "authoredOn": at, "medicationCodeableConcept": {"text": text},
        "dosageInstruction": [{"route": {"text": route}, "doseAndRate": [{"doseQuantity": quantity}]}],
    }  # fmt: skip


def _culture(number: int, at: str, specimen: str, grew: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation", "id": f"c{number}", "status": "final", "subject": ME, "encounter": NOW_IN,
        "category": [{"text": "Microbiology"}], "code": {"text": "Microbiology test"}, "effectiveDateTime": at,
        "specimen": {"display": specimen}, "valueCodeableConcept": {"text": grew},
    }  # fmt: skip


def _stay(name: str, start: str, end: str | None) -> dict[str, Any]:
    period = {"start": start} | ({"end": end} if end else {})
    ward = {"location": {"display": "ward 7"}, "period": period, "physicalType": {"text": "Ward"}}
    return {
        "resourceType": "Encounter", "id": name, "status": "finished" if end else "in-progress", "subject": ME,
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
        "type": [{"text": "urgent"}], "period": period, "location": [ward],
    }  # fmt: skip


ROWS: list[dict[str, Any]] = [
    {"resourceType": "Patient", "id": "p1", "gender": "male", "birthDate": "1960-01-15"},
    _stay("e1", "2025-01-01T12:00:00Z", "2025-01-05T12:00:00Z"),
    _stay("e2", "2026-03-08T08:00:00Z", None),
    _observation(1, "2026-03-08T09:00:00Z", "Potassium", 4.4, "mmol/L", "laboratory", "2823-3"),
    _observation(2, "2026-03-09T06:00:00Z", "Potassium", 3.6, "mmol/L", "laboratory", "2823-3"),
    _observation(3, "2026-03-10T06:00:00Z", "Potassium", 3.1, "mmol/L", "laboratory", "2823-3"),
    _observation(4, "2026-03-10T06:00:00Z", "Sodium", 139, "mmol/L", "laboratory", "2951-2"),
    _observation(5, "2026-03-10T07:00:00Z", "Daily weight", 81.5, "kg", "vital-signs"),
    _observation(6, "2026-03-10T08:00:00Z", "Saline 0.9%", 1500, "mL", "intake"),
    _observation(7, "2026-03-10T09:00:00Z", "Urine", 850, "mL", "output"),
    _drug(1, "2026-03-08T09:00:00Z", "Furosemide 20 mg tablet", 20, "oral"),
    _drug(2, "2026-03-09T09:00:00Z", "Furosemide 40 mg injection", 40, "intravenous"),
    _drug(3, "2026-03-09T08:00:00Z", "Amoxicillin 500 mg", 500, "oral"),
    {
        "resourceType": "Procedure", "id": "pr1", "status": "completed", "subject": ME, "encounter": BEFORE,
        "code": {"text": "Appendectomy"}, "performedDateTime": "2019-05-02",
        "performer": [{"actor": {"display": "Dr Ada Knife"}}],
    },
    {
        "resourceType": "Condition", "id": "co1", "subject": ME, "encounter": NOW_IN, "code": {"text": "Pneumonia"},
        "recordedDate": "2026-03-08T10:00:00Z",
    },
    _culture(1, "2026-03-08T11:00:00Z", "Blood culture", "Escherichia coli"),
    _culture(2, "2026-03-09T11:00:00Z", "Urine culture", "no growth"),
]  # fmt: skip


@pytest.fixture(scope="module")
def record() -> PatientRecord:
    store = Store()
    import_document(
        store, {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": row} for row in ROWS]}
    )
    return asyncio.run(open_record(store, "p1", as_of=NOW, terminology=default_terminology()))


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["q"])[:60])
def test_a_question_comes_to_its_values(record: PatientRecord, case: dict[str, Any]) -> None:
    ctx = ToolContext("p1", NOW, default_terminology(), Corpus([]), record=record)
    body = asyncio.run(answer(ctx, case["q"]))
    answered = body["how"] == "structured" and not body["not_answered"]
    if case.get("refused"):
        assert not answered, (body["query"], body["answer"])
        return
    assert answered, body["not_answered"]
    values = [row["value"] for row in body["answer"] if row["value"] is not None]
    assert sorted(map(str, values)) == sorted(str(type(values[0])(value)) if values else "" for value in case["is"])
    assert all(row["evidence"] in body["evidence"] for row in body["answer"])
    for item in body["evidence"].values():
        assert set(item["source"].get("inputs", ())) <= body["evidence"].keys()
