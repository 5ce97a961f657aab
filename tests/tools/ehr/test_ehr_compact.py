"""Demo patients: valid R4, the same every time, and changed copies of them."""

from __future__ import annotations

from typing import Any

import pytest

from tools.ehr.checks.structure_types import model
from tools.ehr.checks.validate import check
from tools.ehr.compact import apply_change, build_bundle
from tools.ehr.demo import compact_patient, demo_patients
from tools.ehr.fhirjson import dumps
from tools.errors import UsageError

IDS = [patient.id for patient in demo_patients()]


@pytest.mark.parametrize("patient", demo_patients(), ids=lambda patient: patient.id)
def test_bundles_are_valid_r4_and_stable(patient: Any) -> None:
    model("Bundle").model_validate(patient.bundle)
    for entry in patient.bundle["entry"]:
        check(entry["resource"])
        assert entry["request"]["method"] == "PUT"
    assert dumps(build_bundle(compact_patient(patient.id))) == dumps(patient.bundle)
    assert patient.question.endswith("?")
    assert patient.twin_of is None or patient.twin_of in IDS


def test_demo_patients_are_named_by_their_files() -> None:
    assert len(IDS) == len(set(IDS)) >= 10
    with pytest.raises(UsageError):
        compact_patient("demo-nobody")


def row(patient: dict[str, Any], section: str, id_: str) -> dict[str, Any]:
    return next(item for item in patient[section] if item["id"] == id_)


def test_changes_are_copies() -> None:
    base = compact_patient("demo-af")
    changed = apply_change(base, {"set_observation": {"id": "o4", "value": 1.3, "unit": "mg/dL"}})
    assert row(changed, "observations", "o4")["value"] == 1.3
    assert row(base, "observations", "o4")["value"] != 1.3
    assert base == compact_patient("demo-af")


@pytest.mark.parametrize(
    "change",
    [
        {"set_birth_date": {"value": "1955-06-01"}},
        {"set_gender": {"value": "male"}},
        {"remove_condition": {"id": "c2"}},
        {"remove_medication": {"id": "m1"}},
        {"remove_allergy": {"id": "a1"}},
        {"add_condition": {"id": "x1", "text": "Stroke", "onset": "2026-01-01"}},
        {"add_medication": {"id": "x1", "text": "Naproxen", "authored": "2026-01-01"}},
        {"add_note": {"id": "x1", "text": "No stroke.", "at": "2026-01-01T00:00:00Z"}},
        {"add_allergy": {"id": "x1", "text": "Latex"}},
        {"set_observation": {"id": "o20", "component": "loinc:8480-6", "value": 82}},
        {"kind": "set_gender", "value": "male"},
    ],
)
def test_every_kind_of_change_gives_another_valid_bundle(change: dict[str, Any]) -> None:
    base = compact_patient("demo-af")
    bundle = build_bundle(apply_change(base, change))
    assert dumps(bundle) != dumps(build_bundle(base))
    for entry in bundle["entry"]:
        check(entry["resource"])


@pytest.mark.parametrize(
    "change",
    [
        {"set_observation": {"id": "nope", "value": 1}},
        {"remove_condition": {"id": "nope"}},
        {"paint": {"id": "c1"}},
        {"add_condition": {"id": "c1", "text": "twice"}},
        {"set_observation": {"id": "o20", "component": "loinc:1-1", "value": 1}},
    ],
)
def test_changes_that_fit_nothing_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        apply_change(compact_patient("demo-af"), change)


def test_rows_become_the_elements_they_name() -> None:
    made = build_bundle(
        {
            "id": "z",
            "name": {"given": "A", "family": "B"},
            "gender": "male",
            "birth_date": "1950",
            "deceased": True,
            "observations": [
                {
                    "id": "1",
                    "code": "loinc:2160-0",
                    "value": 0.2,
                    "unit": "mg/dL",
                    "comparator": "<",
                    "interpretation": "L",
                },
                {"id": "2", "code": "loinc:2160-0", "absent": "not-performed"},
                {"id": "3", "code": "loinc:2160-0", "value": True},
                {"id": "4", "code": "loinc:2160-0", "value_text": "clotted"},
            ],
            "conditions": [
                {
                    "id": "5",
                    "code": None,
                    "text": "words only",
                    "verification": "entered-in-error",
                    "clinical": "active",
                }
            ],
            "immunizations": [{"id": "6", "disease": "Influenza", "at": "2025-10-01"}],
            "encounters": [{"id": "7", "class": "IMP", "type": "Ward", "start": "2026-03-01T00:00:00Z"}],
        }
    )
    body = {entry["resource"]["id"]: entry["resource"] for entry in made["entry"]}
    for resource in body.values():
        check(resource)
    assert body["z"]["deceasedBoolean"] is True
    assert body["z-1"]["valueQuantity"] == {
        "value": 0.2,
        "comparator": "<",
        "unit": "mg/dL",
        "code": "mg/dL",
        "system": "http://unitsofmeasure.org",
    }
    assert body["z-2"]["dataAbsentReason"]["coding"][0]["code"] == "not-performed"
    assert body["z-3"]["valueBoolean"] is True
    assert body["z-4"]["valueString"] == "clotted"
    assert "clinicalStatus" not in body["z-5"]
    assert body["z-5"]["code"] == {"text": "words only"}
    assert body["z-6"]["vaccineCode"] == {"text": "Influenza"}
    assert body["z-7"]["status"] == "in-progress"
