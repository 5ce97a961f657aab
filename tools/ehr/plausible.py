"""Values that cannot be: flagged, never dropped. Only what physics or arithmetic excludes, not what is unusual."""

from __future__ import annotations

from typing import Any

from knowledge.quantity import Quantity, UnitError, convert
from knowledge.terminology import default_terminology
from tools.ehr.compartment import walk
from tools.ehr.dates import interval
from tools.ehr.fhirjson import Resource
from tools.errors import BadInput

# LOINC -> (lowest, highest) that can be. Saturations are percentages; the rest are far outside any recorded life.
_LIMITS: dict[str, tuple[float, float]] = {
    "2708-6": (0, 100),
    "59408-5": (0, 100),
    "4548-4": (0, 100),
    "20570-8": (0, 100),
    "4544-3": (0, 100),
    "8867-4": (0, 600),
    "9279-1": (0, 200),
    "8480-6": (0, 500),
    "8462-4": (0, 400),
    "9269-2": (3, 15),
}
_BY_UNIT: dict[tuple[str, str], tuple[float, float]] = {
    ("29463-7", "kg"): (0.1, 800),
    ("8302-2", "cm"): (15, 300),
    ("8302-2", "m"): (0.15, 3),
    ("8310-5", "Cel"): (10, 50),
    ("8310-5", "[degF]"): (50, 122),
}
# Results that may be below zero: base excess (1925-7 arterial, 11555-0 blood, 1927-3 venous), anion gap, Z scores.
_SIGNED = {"1925-7", "11555-0", "1927-3", "1922-4", "33037-3", "41276-7", "10466-1", "38267-1", "80948-5"}


def impossible_value(codes: set[str], value: float, unit: str | None) -> bool:
    """Whether a result cannot be right, by its LOINC codes."""
    for code in codes:
        limits = _BY_UNIT.get((code, unit or "")) or _LIMITS.get(code)
        if limits and not limits[0] <= value <= limits[1]:
            return True
    signed = codes & _SIGNED or unit in ("{score}", "{T-score}", "{Z-score}", "1", None)
    return value < 0 and bool(codes) and not signed


def impossible(resource: Resource) -> list[str]:
    """What cannot be in a resource, in words."""
    found = []
    if resource.get("resourceType") == "Observation":
        for element in [resource, *walk(resource, "component")]:
            quantity = element.get("valueQuantity")
            if isinstance(quantity, dict) and isinstance(quantity.get("value"), int | float):
                codes = {str(code) for code in walk(element, "code.coding.code")}
                if impossible_value(codes, float(quantity["value"]), quantity.get("code") or quantity.get("unit")):
                    found.append(f"impossible value {quantity['value']} {quantity.get('unit', '')}".strip())
    if resource.get("resourceType") == "Patient":
        found += _life(resource)
    return found


def _life(patient: dict[str, Any]) -> list[str]:
    birth, death = patient.get("birthDate"), patient.get("deceasedDateTime")
    try:
        if birth and death and interval(death)[1] <= interval(birth)[0]:
            return ["died before birth"]
    except (ValueError, OverflowError):
        return [f"date that cannot be read: {birth} or {death}"]
    return []


def check_possible(concept: str | None, quantity: Quantity) -> None:
    """Refuse a value that cannot be, before it is used as a correction.

    Raises:
        BadInput: it is impossible for this concept.
    """
    terms = default_terminology()
    if concept is None or concept not in terms:
        return
    found = terms.get(concept)
    codes = {coding.code for part in terms.expand(concept) for coding in part.codings}
    given = [quantity]
    for unit in {found.unit, "kg", "cm", "Cel"} - {None, quantity.unit}:
        try:
            given.append(convert(quantity, str(unit), concept))
        except UnitError:
            continue
    if any(impossible_value(codes, item.value, item.unit) for item in given):
        raise BadInput(
            f"{found.name} {quantity.display} cannot be",
            found=quantity.display,
            expected=f"a possible value of {found.name}",
            action="check value and unit",
        )
