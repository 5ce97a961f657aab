"""The JSON shape of what a server sends: every element we read has the type FHIR gives it, or the resource is not read.

Full validation (`validate`) is for what comes into our own store. Servers in the field send resources that a strict
model refuses for reasons that do not matter here; a list where an object belongs does matter.
"""

from __future__ import annotations

from typing import Any

from tools.ehr.fhirjson import Resource

_TEXT = frozenset(
    {
        "system",
        "reference",
        "display",
        "status",
        "intent",
        "unit",
        "comparator",
        "birthDate",
        "gender",
        "recordedDate",
        "authoredOn",
        "issued",
        "dateAsserted",
        "start",
        "end",
        "contentType",
        "data",
        "family",
        "criticality",
        "docStatus",
        "div",
        "whenHandedOver",
        "whenPrepared",
        "recorded",
        "implicitRules",
        "versionId",
        "id",
        "resourceType",
        "valueString",
        "valueDateTime",
        "valueTime",
    }
)
_OBJECT = frozenset(
    {
        "subject",
        "patient",
        "clinicalStatus",
        "verificationStatus",
        "medicationReference",
        "meta",
        "low",
        "high",
        "dataAbsentReason",
        "medicationCodeableConcept",
        "vaccineCode",
        "attachment",
        "other",
        "target",
        "context",
    }
)
_OBJECTS = frozenset(
    {
        "coding",
        "extension",
        "modifierExtension",
        "identifier",
        "component",
        "interpretation",
        "dosageInstruction",
        "reaction",
        "content",
        "referenceRange",
        "contained",
        "relatesTo",
        "link",
        "manifestation",
        "focus",
    }
)
_NUMBER = frozenset({"valueInteger"})
_FLAG = frozenset({"doNotPerform", "deceasedBoolean", "valueBoolean", "active", "isSubpotent"})
# What is not read, in which the same names mean other things.
_PASSED_OVER = frozenset(
    {"timing", "contained", "media", "evidence", "extension", "valueSampledData", "stage", "dispenseRequest"}
)
# Elements that are one thing in one place and another elsewhere: what each may be.
_EITHER: dict[str, tuple[type, ...]] = {
    "code": (str, dict, list),
    "text": (str, dict),
    "type": (str, dict, list),
    "category": (dict, list),
    "author": (dict, list),
    "performer": (dict, list),
    "severity": (str, dict),
    "name": (str, dict, list),
    "class": (dict, str, list),
    "identifier": (dict, list),
    "value": (str, int, float, bool),
    "date": (str,),
    "period": (dict,),
    "url": (str,),
    "given": (list,),
    "substance": (dict, list),
    "dosage": (dict, list),
    "relationship": (dict, list),
}


def clean(value: Any) -> Any:
    """The value without nulls: FHIR has none, and an element that is null is absent."""
    if isinstance(value, dict):
        return {key: clean(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [clean(item) for item in value if item is not None]
    return value


def fault(value: Any, path: str = "") -> str | None:
    """The first element that has not the type it has in FHIR, or nothing."""
    if isinstance(value, list):
        return next((found for item in value if (found := fault(item, path))), None)
    if not isinstance(value, dict):
        return None
    for key, item in value.items():
        where = f"{path}.{key}" if path else key
        if key.startswith("_") or ((key in _PASSED_OVER or key.endswith("Timing")) and isinstance(item, dict | list)):
            continue
        if not _fits(key, item):
            return where
        if found := fault(item, where):
            return found
    return None


def _fits(key: str, item: Any) -> bool:
    if key in _EITHER:
        return isinstance(item, _EITHER[key]) and not (isinstance(item, list) and not _uniform(item))
    if key in _TEXT or key.endswith(("DateTime", "Date")):
        return isinstance(item, str)
    if key in _OBJECT or (key.startswith("value") and key.endswith(("Quantity", "CodeableConcept", "Range", "Period"))):
        return isinstance(item, dict)
    if key in _OBJECTS:
        return isinstance(item, list) and all(isinstance(part, dict) for part in item)
    if key in _NUMBER:
        return isinstance(item, int) and not isinstance(item, bool)
    return key not in _FLAG or isinstance(item, bool)


def _uniform(items: list[Any]) -> bool:
    return all(isinstance(item, dict) for item in items) or all(isinstance(item, str) for item in items)


def readable(resource: Resource) -> tuple[Resource, str | None]:
    """The resource without nulls, and what is wrong with its shape."""
    body: Resource = clean(resource)
    return body, fault(body)
