"""The compiled checks: R4's rules one by one, and against fhir.resources on thousands of good and broken resources."""

from __future__ import annotations

import json
import random
import re
import warnings
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from evals.benchmarks.ehr_mutants import mutant
from tests.tools.ehr.samples import PATIENT, observation
from tools.ehr.checks.structure import resource
from tools.ehr.checks.structure_primitives import TESTS, Fault
from tools.ehr.checks.structure_types import elements, facts, model, resource_types, value_set
from tools.ehr.checks.validate import Invalid, check
from tools.ehr.demo import demo_patients
from tools.ehr.fhirjson import loads

EXAMPLES = Path(__file__).parents[4] / "shared" / "data" / "fhir-r4-hl7-examples"
# What this check refuses and fhir.resources takes: the rule of R4 that says so.
STRICTER = {
    r"is empty|is an empty list|is None|is no resource|None is not an R4": "json.html: no nulls, nothing empty (ele-1)",
    r"^is '|^is \S+$|^is -?\d|is an object|is a list|is \['": "datatypes.html: the form of primitives; bindings",
    r"does not exist|holds the character|is no <div>|base64|characters long|large a number": "datatypes.html: in words",
    r"has no code of": "terminologies.html#required: one of the codings is of the value set",
    r"has neither value nor|has a value and": "extensibility.html: ext-1",
    r"contains resources itself": "references.html#contained: dom-2",
    r"fhir_comments is no element": "json.html: R4 has no fhir_comments",
    r"differ in length": "json.html: the sibling of a list is a list of the same length",
}
# What fhir.resources refuses and this check takes.
LOOSER = {
    r"linkId|Value for the field 'base'": "R4's own published resources lack them (structure.NOT_INSISTED_ON)",
    r"Evidence": "R4B rewrote Evidence and EvidenceVariable",
}


def fault(value: Any) -> Fault | None:
    try:
        resource(value)
    except Fault as found:
        return found
    return None


def theirs(value: dict[str, Any]) -> str | None:
    """What fhir.resources finds wrong, or nothing."""
    try:
        model(value["resourceType"]).model_validate(value)
    except ValidationError as error:
        try:
            return f"{value['resourceType']}: {error.errors()[0]['loc']} {error.errors()[0]['msg']}"
        except UnicodeError:
            return "half a character"
    except (TypeError, ValueError, AttributeError, KeyError, OverflowError) as error:
        return repr(error)
    return None


def compare(value: dict[str, Any]) -> str:
    """Which of the two refuse; what is not explained fails."""
    mine, other = fault(value), theirs(value)
    if (mine is None) == (other is None):
        return "same"
    if mine is not None:
        assert any(re.search(rule, mine.message) for rule in STRICTER), (mine.message, mine.place, value)
        return "stricter"
    assert any(re.search(rule, str(other)) for rule in LOOSER), (other, value)
    return "looser"


def test_every_type_of_r4_compiles() -> None:
    seen, queue = set(), sorted(resource_types())
    while queue:
        name = queue.pop()
        if name not in seen and name[0].isupper() and name != "Resource":
            seen.add(name)
            queue += [item.type for item in elements(name).values()]
    assert len(resource_types()) == 146
    assert len(seen) > 600
    for kind in sorted(resource_types()):
        with pytest.raises(Fault, match="no element of"):
            resource({"resourceType": kind, "id": "x", "nonsense": 1})


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"status": "bogus"}, "status"),
        ({"status": ["final"]}, "status"),
        ({"status": None}, "status"),
        ({"note": []}, "note"),
        ({"note": {"text": "x"}}, "note"),
        ({"note": [{"text": ""}]}, "note[0].text"),
        ({"code": {}}, "code"),
        ({"code": {"coding": [{"code": " x"}]}}, "code.coding[0].code"),
        ({"valueString": "x"}, ""),
        ({"_valueString": {"id": "x"}}, ""),
        ({"valueQuantity": {"value": "1.1"}}, "valueQuantity.value"),
        ({"valueQuantity": {"value": True}}, "valueQuantity.value"),
        ({"valueQuantity": {"value": float("inf")}}, "valueQuantity.value"),
        ({"valueQuantity": {"value": 10**400}}, "valueQuantity.value"),
        ({"valueQuantity": {"value": 1, "comparator": "~"}}, "valueQuantity.comparator"),
        ({"effectiveDateTime": "2026-02-30"}, "effectiveDateTime"),
        ({"effectiveDateTime": "2026-02-20T08:10:00"}, "effectiveDateTime"),
        ({"effectiveDateTime": "2026-02-20T08:10Z"}, "effectiveDateTime"),
        ({"issued": "2026-02-20"}, "issued"),
        ({"component": [{"code": {"text": "x"}}, {"valueInteger": 1}]}, "component[1]"),
        ({"component": [{"code": {"text": "x"}, "valueInteger": 1.0}]}, "component[0].valueInteger"),
        ({"contained": [{"resourceType": "Wizard"}]}, "contained[0]"),
        ({"contained": [{**PATIENT, "contained": [PATIENT]}]}, "contained[0]"),
        ({"extension": [{"url": "x"}]}, "extension[0]"),
        (
            {"extension": [{"url": "x", "valueCode": "y", "extension": [{"url": "z", "valueCode": "y"}]}]},
            "extension[0]",
        ),
        ({"extension": [{"valueCode": "y"}]}, "extension[0]"),
        ({"text": {"status": "generated", "div": "<p>x</p>"}}, "text.div"),
        ({"text": {"status": "generated"}}, "text"),
        ({"id": "a b"}, "id"),
        ({"meta": {"lastUpdated": "today"}}, "meta.lastUpdated"),
        ({"method": {"text": "a\x00b"}}, "method.text"),
        ({"method": {"text": "\ud800"}}, "method.text"),
        ({"nonsense": 1}, ""),
    ],
)
def test_a_fault_is_found_where_it_is(change: dict[str, Any], place: str) -> None:
    body = observation(**change)
    found = fault(body)
    assert found is not None
    assert found.place == place
    with pytest.raises(Invalid) as refused:
        check(body)
    assert refused.value.place == f"Observation.{place}".rstrip(".")


def test_siblings_stand_in_for_values_that_are_absent() -> None:
    absent = {
        "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]
    }
    assert fault({**observation(), "_status": absent} | {"status": "final"}) is None
    body = {key: value for key, value in observation().items() if key != "status"}
    assert fault({**body, "_status": absent}) is None
    assert fault(body) is not None
    name = {"family": "x", "given": ["A", None], "_given": [None, absent]}
    assert fault({**PATIENT, "name": [name]}) is None
    assert fault({**PATIENT, "name": [{**name, "_given": [None]}]}) is not None
    assert fault({**PATIENT, "name": [{**name, "_given": [absent, None]}]}) is not None
    assert fault({**PATIENT, "name": [{"_given": [absent]}]}) is None


def test_required_codes_of_concepts() -> None:
    system = "http://terminology.hl7.org/CodeSystem/condition-clinical"
    condition = {"resourceType": "Condition", "subject": {"reference": "Patient/p"}}

    def status(*codings: dict[str, str]) -> Fault | None:
        return fault({**condition, "clinicalStatus": {"coding": list(codings)}})

    assert status({"system": system, "code": "active"}) is None
    assert status({"system": "urn:local", "code": "1"}, {"system": system, "code": "active"}) is None
    assert status({"system": system, "code": "vivid"}) is not None
    assert status({"system": "urn:local", "code": "1"}) is not None
    assert fault({**condition, "clinicalStatus": {"text": "active"}}) is None


def test_every_required_binding_is_enforced() -> None:
    for name, given in facts()["bindings"].items():
        for element in given:
            assert element in elements(name), (name, element)
    for codes in facts()["valuesets"]:
        assert all(value_set(codes).values()), codes
    assert sum(map(len, facts()["bindings"].values())) == 348


def test_dates_and_numbers_at_their_edges() -> None:
    good = {
        "date": ["2024-02-29", "1900-12", "9999"],
        "time": ["23:59:60"],
        "decimal": [0, -1.5, 1e300],
        "instant": ["2026-02-20T08:10:00.123+14:00"],
        "positiveInt": [1, 2**31 - 1],
        "code": ["a b", "é"],
        "base64Binary": ["QUJD", "QUI=", "QU JD\n"],
        "string": ["\u00a0", " x "],
        "oid": ["urn:oid:1.2.3"],
    }
    bad = {
        "date": ["2023-02-29", "0000", "1900-13", "2026-2-3", "1900-02-29"],
        "time": ["24:00:00", "10:00"],
        "decimal": ["1", float("nan")],
        "instant": ["2026-02-20T08:10:00", "2026-02-20T08:10:00+15:00"],
        "positiveInt": [0, 2**31, True],
        "code": ["", "a  b", "a "],
        "base64Binary": ["QUJ", "Q!==", ""],
        "string": ["", 5, "\x0b"],
        "oid": ["urn:oid:3.1", "1.2"],
    }
    for kind, values in good.items():
        for value in values:
            TESTS[kind](value)
    for kind, values in bad.items():
        for value in values:
            with pytest.raises(Fault):
                TESTS[kind](value)


def test_it_judges_broken_demo_resources_as_fhir_resources_does() -> None:
    warnings.simplefilter("ignore")
    dice = random.Random(7)
    good = [entry["resource"] for patient in demo_patients()[:12] for entry in patient.bundle["entry"]]
    assert {compare(item) for item in good} == {"same"}
    verdicts = [compare(mutant(dice.choice(good), dice)) for _ in range(1500)]
    assert verdicts.count("same") > 1000
    assert "stricter" in verdicts


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the specification's examples are not here")
def test_it_judges_the_examples_of_r4_as_fhir_resources_does() -> None:
    warnings.simplefilter("ignore")
    rows = [loads(path.read_bytes()) for path in sorted((EXAMPLES / "clinical").glob("*.json"))]
    assert [row["id"] for row in rows if fault(row) is not None] == []
    known = [row for row in rows if model(row["resourceType"]) is not None]
    assert {row["resourceType"] for row in known if compare(row) == "looser"} == {"Evidence", "Questionnaire"}
    dice = random.Random(11)
    small = [row for row in known if len(json.dumps(row, default=str)) < 6000]
    verdicts = [compare(mutant(dice.choice(small), dice)) for _ in range(500)]
    assert verdicts.count("same") > 350
