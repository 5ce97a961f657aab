"""Search parameters: our table against the library's reading of the specification's own expressions."""

from __future__ import annotations

import copy
import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fhirpathpy import evaluate as library
from fhirpathpy.models import models

from tools.ehr.demo import demo_patients
from tools.ehr.store.fhirpath import compiled, evaluate
from tools.ehr.store.search_parameters import compartment, parameters, place, refused, searchable, types

EXAMPLES = Path(__file__).resolve().parents[4] / "shared" / "data" / "fhir-r4-hl7-examples"
R4 = models["r4"]


def test_how_much_of_the_specification_is_searchable() -> None:
    known = searchable()
    assert (known.definitions, known.kept, len(known.left)) == (1400, 1382, 18)
    assert all(known.left.values())
    assert len(types()) == 146
    assert {"_filter", "_text", "_content", "near", "_query"} <= refused().keys()
    observation = parameters("Observation")
    assert observation["patient"].atoms == observation["subject"].atoms
    assert observation["combo-code"].atoms[0] == observation["code"].atoms[0]
    assert observation["patient"].only == "Patient"


def test_atoms_have_numbers_of_their_own() -> None:
    seen: dict[int, object] = {}
    for kind in types():
        for parameter in parameters(kind).values():
            parts = [atom for context in parameter.contexts for atom in context.parts]
            for atom in [*parameter.atoms, *parts]:
                for number in range(atom.number, atom.number + 3):
                    assert seen.setdefault(number, atom) == atom


def test_places_are_read() -> None:
    found, only = place("telecom[system=phone]:ContactPoint")
    assert (found.keys, found.type, only) == (("telecom[system=phone]",), "ContactPoint", "")
    assert place("subject:Reference>Patient")[1] == "Patient"
    assert place("extension[url=http://a.b/c.d]:Extension")[0].keys == ("extension[url=http://a.b/c.d]",)
    assert place("=a.b | c")[0].expression == "a.b | c"


def test_the_library_leaves_the_resource_as_it_is() -> None:
    patient = {"resourceType": "Patient", "id": "p", "deceasedDateTime": "2020-01-01"}
    before = copy.deepcopy(patient)
    assert evaluate(parameters("Patient")["deceased"], patient) == [True]
    assert evaluate(parameters("Patient")["deceased"], {"resourceType": "Patient", "deceasedBoolean": False}) == [False]
    assert compiled("Patient.id")(patient) == ["p"]
    assert patient == before


def test_compartments() -> None:
    assert [atom.places[0].keys for atom in compartment("Observation", "Patient")] == [("subject",), ("performer",)]
    assert compartment("Medication", "Patient") == ()


def plain(value: Any) -> Any:
    """A value of the library as JSON has it."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def shown(values: list[Any]) -> list[str]:
    """A union has each value once; a series of samples has no one value to search by."""
    samples = [value for value in values if not (isinstance(value, dict) and {"origin", "dimensions"} <= value.keys())]
    return sorted({json.dumps(plain(value), sort_keys=True) for value in samples})


def differences(resource: dict[str, Any], rows: list[dict[str, Any]]) -> list[str]:
    found = []
    for row in rows:
        parameter = parameters(resource["resourceType"]).get(row["code"])
        if parameter is None or parameter.kind == "composite":
            continue
        expression = row["expression"].replace("Resource.", f"{resource['resourceType']}.", 1)
        # The library has no resolve(): what a reference leads to is judged by the search, not by the path. `as` is for
        # one value only in FHIRPath; the specification means each of several, which is ofType.
        expression = re.sub(r"\.where\(resolve\(\) is \w+\)", "", expression)
        expression = re.sub(r"\(([\w.]+) as (\w+)\)", r"\1.ofType(\2)", expression.replace(".as(", ".ofType("))
        # Not a function of FHIRPath but of the specification's text.
        expression = re.sub(r"hasExtension\(('[^']*')\)", r"extension(\1).exists()", expression)
        ours = shown(evaluate(parameter, resource))
        theirs = shown(library(resource, expression, model=R4))
        if ours != theirs:
            found.append(f"{resource['resourceType']}/{resource.get('id')} {row['code']}: {ours} {theirs}")
    return found


def definitions() -> dict[str, list[dict[str, Any]]]:
    """The specification's SearchParameters by base type, each expression reduced to its part for that type."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path in (EXAMPLES / "conformance").glob("SearchParameter-*.json"):
        row = json.loads(path.read_text())
        for base in row.get("base", []):
            if "expression" in row:
                parts = [part.strip() for part in row["expression"].split(" | ")]
                own = [part for part in parts if base in ("Resource",) or part.lstrip("(").startswith(f"{base}.")]
                kinds = types() if base == "Resource" else [base]
                for kind in kinds:
                    found.setdefault(kind, []).append({**row, "expression": " | ".join(own or parts)})
    return found


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the specification's examples are not here")
def test_ours_equals_the_library_on_the_examples() -> None:
    rows = definitions()
    # One in twelve, so that the tests stay quick; all 708 agree as well.
    paths = sorted((EXAMPLES / "clinical").glob("*.json"))[::12]
    assert len(paths) > 50
    found = []
    for path in paths:
        resource = json.loads(path.read_text())
        found += differences(resource, rows.get(resource["resourceType"], []))
    assert found == []


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the specification's expressions are not here")
def test_ours_equals_the_library_on_demo_patients() -> None:
    rows = definitions()
    seen: dict[str, int] = {}
    found = []
    for entry in (entry for patient in demo_patients()[:3] for entry in patient.bundle["entry"]):
        resource = json.loads(json.dumps(entry["resource"]))
        seen[resource["resourceType"]] = seen.get(resource["resourceType"], 0) + 1
        if seen[resource["resourceType"]] <= 2:
            found += differences(resource, rows.get(resource["resourceType"], []))
    assert len(seen) > 5
    assert found == []
