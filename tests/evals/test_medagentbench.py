"""The benchmark's own parts: scoring, the dialect, and a small store of ours run through the product."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent import ClinicalAssistant
from evals.benchmarks import medagentbench
from evals.benchmarks.medagentbench_dialect import clock_of, finished, patient_of, post, posted
from tools.errors import UsageError

Json = dict[str, Any]
NOW = "2023-11-13T10:15:00+00:00"
CONTEXT = (
    f'It\'s {NOW} now. The code for potassium is "K". The NDC for replacement potassium is 40032-917-01. Dosing: for '
    "every 0.1 mEq/L below threshold, order 10 mEq oral potassium to reach a goal of 3.5. LOINC for a level: 2823-3."
)
TASKS: list[Json] = [
    {
        "id": "low",
        "context": CONTEXT,
        "instruction": "If the latest potassium of S0000001 is low, order replacement potassium by the dosing rule and "
        "pair that with a potassium level at 8 am tomorrow.",
    },
    {
        "id": "normal",
        "context": CONTEXT,
        "instruction": "If the latest potassium of S0000002 is low, order replacement potassium by the dosing rule.",
    },
    {
        "id": "pressure",
        "context": f"It's {NOW} now. The flowsheet ID for blood pressure is BP.",
        "instruction": "Please chart a blood pressure of 121/74 mmHg for S0000001.",
    },
]


def _expected(patient: str) -> list[Json]:
    common = {"status": "active", "intent": "order", "subject": f"Patient/{patient}"}
    drug = {"code": "http://hl7.org/fhir/sid/ndc|40032-917-01", "authoredOn": "2023-11-13T10:15*", "route": "oral"}
    level = {"code": "http://loinc.org|2823-3", "authoredOn": NOW, "occurrenceDateTime": "2023-11-14T08:*"}
    return [
        {"resource": "MedicationRequest", "fields": {**drug, "dose": "40.0 mEq (+-0.1)", **common}},
        {"resource": "ServiceRequest", "fields": {**level, "priority": "stat", **common}},
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    patients = [
        {
            "resourceType": "Patient",
            "id": id_,
            "name": [{"family": "Example"}],
            "birthDate": "1950-01-01",
            "gender": "male",
        }
        for id_ in ("S0000001", "S0000002")
    ]
    results = [
        {
            "resourceType": "Observation",
            "id": f"k{number}",
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": "K"}], "text": "K"},
            "subject": {"reference": f"Patient/S000000{number}"},
            "effectiveDateTime": "2023-11-13T06:00:00+00:00",
            "valueQuantity": {
                "value": value,
                "unit": "mmol/L",
                "system": "http://unitsofmeasure.org",
                "code": "mmol/L",
            },
        }
        for number, value in ((1, 3.1), (2, 4.2))
    ]
    blank = {"also_accept": [], "finish": None}
    expected = [
        {
            "id": "low",
            "task": "task9",
            "posts": _expected("S0000001"),
            "post_count": 2,
            "also_accept": [[]],
            "finish": [3.1],
        },
        {"id": "normal", "task": "task9", "posts": [], "post_count": 0, "also_accept": [[]], "finish": [4.2]},
        {
            "id": "pressure",
            "task": "task3",
            "posts": [
                {
                    "resource": "Observation",
                    "fields": {
                        "category": "vital signs of the dialect",
                        "code": {"text": "BP"},
                        "effectiveDateTime": NOW,
                        "status": "final",
                        "valueString": "121/74 mmHg",
                        "subject": "Patient/S0000001",
                    },
                }
            ],
            "post_count": 1,
            **blank,
        },
    ]
    for name, rows in (("Patient", patients), ("Observation", results)):
        (tmp_path / f"{name}.ndjson").write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    (tmp_path / "tasks_3.json").write_text(json.dumps(TASKS), "utf-8")
    (tmp_path / "expected_3.json").write_text(json.dumps(expected), "utf-8")
    return tmp_path


def test_a_small_store_through_the_product(
    folder: Path, osler: ClinicalAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OSLER_HOME", str(osler.settings.home))
    body = medagentbench.run(folder)
    cases = {row["id"]: row for row in body["cases"]}
    assert {id_: row["right"] for id_, row in cases.items()} == {"low": True, "normal": True, "pressure": True}, cases
    assert body["metric"] == "MedAgentBench tasks on a reconstructed store"
    assert body["floor"]["score"] == pytest.approx(1 / 3, abs=0.001)
    fields = {row["field"] for row in cases["pressure"]["overrides"]}
    assert fields == {"category", "code", "valueString"}
    assert "trigger_age" not in cases["low"]["warned"]


def test_a_folder_that_lacks_files_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not laid out"):
        medagentbench.run(tmp_path)


def test_scoring_is_all_or_nothing() -> None:
    drug, level = _expected("S1")
    given = {"posts": [drug, level], "post_count": 2, "finish": [3.1], "also_accept": [[]], "tolerance": 0.1}
    body = {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "authoredOn": NOW,
        "subject": {"reference": "Patient/S1"},
        "medicationCodeableConcept": {"coding": [{"system": "http://hl7.org/fhir/sid/ndc", "code": "40032-917-01"}]},
        "dosageInstruction": [{"route": "oral", "doseAndRate": [{"doseQuantity": {"value": 40, "unit": "mEq"}}]}],
    }
    other = {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "order",
        "priority": "stat",
        "authoredOn": NOW,
        "occurrenceDateTime": "2023-11-14T08:00:00+00:00",
        "subject": {"reference": "Patient/S1"},
        "code": {"coding": [{"system": "http://loinc.org", "code": "2823-3"}]},
    }
    assert posted(given, [other, body], "") == []
    assert posted(given, [body], "") == ["1 writes, expected 2"]
    wrong = {
        **body,
        "dosageInstruction": [{"route": "oral", "doseAndRate": [{"doseQuantity": {"value": 50, "unit": "mEq"}}]}],
    }
    assert any("dose" in fault for fault in posted(given, [other, wrong], ""))
    assert finished(given, [3.2])
    assert finished(given, [])
    assert not finished(given, [3.3])
    assert not finished({**given, "also_accept": []}, [])


def test_the_dialect_is_recorded_and_the_resource_stays_r4() -> None:
    overrides: list[Json] = []
    row = {"value": 2, "unit": "h", "code": "h"}
    dose = {"value": 2, "unit": "g"}
    line = {
        "route": {"text": "IV"},
        "doseAndRate": [{"doseQuantity": dose, "rateRatio": {"numerator": dose, "denominator": row}}],
    }
    resource = {"resourceType": "MedicationRequest", "status": "active", "dosageInstruction": [line]}
    body = post(resource, overrides)
    assert body["dosageInstruction"][0]["doseAndRate"][0]["rateQuantity"] == {"value": 2, "unit": "h"}
    assert [item["field"] for item in overrides] == ["rateQuantity"]
    assert "rateRatio" in resource["dosageInstruction"][0]["doseAndRate"][0]  # type: ignore[index]


def test_clock_and_patient_are_those_written() -> None:
    assert clock_of(f"It's {NOW} now.") == NOW
    assert clock_of(f"{NOW} or 2024-01-01T00:00:00Z") is None
    assert patient_of("for S0000001 and S0000009", {"S0000001"}) == "S0000001"
    assert patient_of("for S0000001 and S0000009", {"S0000001", "S0000009"}) is None
