"""A patient and a result, for the tests of the store and of imports."""

from __future__ import annotations

from typing import Any

from tools.ehr.store.query import Query
from tools.ehr.store.store import Store

PATIENT = {
    "resourceType": "Patient",
    "id": "p",
    "gender": "female",
    "birthDate": "1950-05-20",
    "name": [{"family": "Müller-Ødegård", "given": ["Ada"]}],
    "identifier": [{"system": "urn:x", "value": "42"}],
}


def observation(id_: str = "o", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "subject": {"reference": "Patient/p"},
        "code": {"coding": [{"system": "http://loinc.org", "code": "2160-0"}]},
        "effectiveDateTime": "2026-02-20T08:10:00+01:00",
        "valueQuantity": {"value": 1.1, "unit": "mg/dL", "system": "http://unitsofmeasure.org", "code": "mg/dL"},
        **more,
    }


def found(store: Store, query: str, kind: str = "Observation") -> list[str]:
    """Ids of what a search finds."""
    return [item.id for item in store.search(Query.parse(kind, query, store.base)).matches]
