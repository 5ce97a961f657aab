"""Malformed answers: whatever a server sends, tools answer, or fail with an error of ours, and never crash."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx
import pytest

from knowledge.guideline import Corpus
from knowledge.terminology import Terminology
from tools.context import ToolContext
from tools.ehr.client.client import FhirClient
from tools.ehr.demo import DemoPatient, demo_patients
from tools.ehr.reads.catalog import TOOLS
from tools.ehr.record import open_record
from tools.ehr.shape import readable
from tools.errors import OslerError
from tools.notes import TOOLS as NOTE_TOOLS

JUNK: list[Any] = [
    None,
    "x",
    5,
    -1.5,
    [],
    {},
    True,
    [None],
    [{}],
    {"coding": "x"},
    {"value": "5"},
    "2026-99-99",
    ["a", 1],
    {"reference": 5},
    {"coding": [None, 5, {"system": 5, "code": []}]},
]
ARGUMENTS: dict[str, dict[str, Any]] = {
    "record.persists": {"op": ">=", "value": 1, "days": 1},
    "record.rise": {"ratio": 1.5, "days": 7},
}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


def spoil(resource: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    """The resource with up to three of its elements replaced by junk."""
    body = copy.deepcopy(resource)
    for path in dice.sample([path for path in places(body) if path and path != ("resourceType",)], dice.randint(1, 3)):
        target: Any = body
        try:
            for key in path[:-1]:
                target = target[key]
            target[path[-1]] = copy.deepcopy(dice.choice(JUNK))
        except (KeyError, IndexError, TypeError):
            continue
    return body


def bad_server(patient: DemoPatient, dice: random.Random) -> FhirClient:
    by: dict[str, list[dict[str, Any]]] = {}
    for entry in patient.bundle["entry"]:
        resource = entry["resource"]
        by.setdefault(resource["resourceType"], []).append(spoil(resource, dice) if dice.random() < 0.5 else resource)

    def handle(request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/r4/")
        if path.startswith("Patient/"):
            return httpx.Response(200, json=by["Patient"][0] | {"resourceType": "Patient", "id": path[8:]})
        if path == "Patient" or path not in by:
            return httpx.Response(
                404 if path == "metadata" else 200, json={"resourceType": "Bundle", "type": "searchset"}
            )
        entries = [{"resource": resource} for resource in by[path]]
        return httpx.Response(200, json={"resourceType": "Bundle", "type": "searchset", "entry": entries})

    return FhirClient("http://fhir.example/r4", transport=httpx.MockTransport(handle), attempts=1)


@pytest.mark.parametrize("seed", range(12))
async def test_no_tool_crashes_on_a_malformed_record(seed: int, terms: Terminology) -> None:
    dice = random.Random(seed)
    patient = dice.choice(demo_patients())
    as_of = datetime.fromisoformat(patient.as_of)
    try:
        record = await open_record(bad_server(patient, dice), patient.id, as_of=as_of, terminology=terms)
    except OslerError:
        return
    ctx = ToolContext(patient=patient.id, as_of=as_of, terminology=terms, corpus=Corpus([]), record=record, slot="s")
    answered = 0
    for spec in [*TOOLS, *NOTE_TOOLS]:
        for concept in ("creatinine", "stroke", "apixaban") if "concept" in spec.params.model_fields else (None,):
            try:
                await spec.call({**ARGUMENTS.get(spec.name, {}), **({"concept": concept} if concept else {})}, ctx)
                answered += 1
            except OslerError:
                continue
    assert answered


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"code": {"coding": {"system": "x"}}}, "code.coding"),
        ({"subject": "Patient/p"}, "subject"),
        ({"status": ["final"]}, "status"),
        ({"valueQuantity": 5}, "valueQuantity"),
        ({"category": ["x", {}]}, "category"),
        ({"doNotPerform": "yes"}, "doNotPerform"),
        ({"effectiveDateTime": 5}, "effectiveDateTime"),
        ({"component": [{"code": {"coding": [5]}}]}, "component.code.coding"),
    ],
)
def test_a_wrong_shape_is_named(body: dict[str, Any], wrong: str) -> None:
    assert readable({"resourceType": "Observation", "id": "o", **body})[1] == wrong


def test_nulls_are_absent() -> None:
    body, wrong = readable({"resourceType": "Observation", "status": None, "category": [None, {"coding": []}]})
    assert wrong is None
    assert body == {"resourceType": "Observation", "category": [{"coding": []}]}
