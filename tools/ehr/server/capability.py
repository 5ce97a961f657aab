"""The CapabilityStatement, made from the tables that search and checks run by: it lists what is true, per mode."""

from __future__ import annotations

import functools
from typing import Any

from tools.ehr.checks.structure_types import resource_types
from tools.ehr.fhirjson import Resource, dumps
from tools.ehr.store.search_parameters import parameters

_COMMON = ("_id", "_lastUpdated", "_tag", "_profile", "_security", "_source")
_READS = ("read", "vread", "history-instance", "history-type", "search-type")
_WRITES = ("create", "update", "patch", "delete")
_OPERATION = "http://hl7.org/fhir/OperationDefinition/"


@functools.lru_cache(maxsize=8)
def statement(base: str, writable: bool) -> str:
    """The statement of one server, as JSON."""
    return dumps(capability(base, writable=writable))


def capability(base: str, *, writable: bool) -> Resource:
    """The statement of one server."""
    system = ("history-system", "search-system", "batch", *(("transaction",) if writable else ()))
    common = [_parameter(item) for name, item in sorted(parameters("Resource").items()) if name in _COMMON]
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-11-23",
        "kind": "instance",
        "software": {"name": "Osler"},
        "implementation": {"description": "Osler embedded store", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        **({"patchFormat": ["application/json-patch+json"]} if writable else {}),
        "rest": [
            {
                "mode": "server",
                "resource": [_resource(kind, writable) for kind in sorted(resource_types())],
                "interaction": [{"code": code} for code in system],
                **({"searchParam": common} if common else {}),
                "compartment": ["http://hl7.org/fhir/CompartmentDefinition/patient"],
            }
        ],
    }  # fmt: skip


def _parameter(item: Any) -> dict[str, str]:
    return {"name": item.name, "type": item.kind}


@functools.cache
def _back() -> dict[str, list[str]]:
    """What may come with `_revinclude` for each type."""
    found: dict[str, list[str]] = {}
    for kind in sorted(resource_types()):
        for name, item in sorted(parameters(kind).items()):
            if item.kind == "reference" and not name.startswith("_"):
                for target in {item.only} if item.only else set(item.targets):
                    found.setdefault(target, []).append(f"{kind}:{name}")
    return found


def _resource(kind: str, writable: bool) -> dict[str, Any]:
    known = sorted(parameters(kind).items())
    includes = [f"{kind}:{name}" for name, item in known if item.kind == "reference" and not name.startswith("_")]
    operations = ["Resource-validate"]
    operations += (
        ["Patient-everything"] if kind == "Patient" else ["Observation-lastn"] if kind == "Observation" else []
    )
    row: dict[str, Any] = {
        "type": kind,
        "interaction": [{"code": code} for code in (*_READS, *(_WRITES if writable else ()))],
        "versioning": "versioned-update" if writable else "versioned",
        "readHistory": True,
        "conditionalRead": "full-support",
    }
    if writable:
        row |= {
            "updateCreate": True,
            "conditionalCreate": True,
            "conditionalUpdate": True,
            "conditionalDelete": "single",
        }
    if includes:
        row["searchInclude"] = ["*", *includes]
    if _back().get(kind):
        row["searchRevInclude"] = _back()[kind]
    if known:
        row["searchParam"] = [_parameter(item) for _, item in known]
    row["operation"] = [{"name": name.rpartition("-")[2], "definition": _OPERATION + name} for name in operations]
    return row
