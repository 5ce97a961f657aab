"""Search rows: what of a resource can be searched for, read off by the paths of `search_parameters.yaml`."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from knowledge.guideline import read_yaml
from tools.ehr.compartment import ABOUT, local_reference, walk
from tools.ehr.dates import interval
from tools.ehr.fhirjson import Resource

FILE = Path(__file__).with_name("search_parameters.yaml")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST, LAST = -(1 << 62), 1 << 62
_CHOICES = ("DateTime", "Period", "Instant", "Date", "Reference", "CodeableConcept", "Quantity", "String")


@dataclass(frozen=True)
class Parameter:
    """One search parameter of one type."""

    name: str
    kind: str
    paths: tuple[str, ...]


@functools.cache
def table() -> dict[str, dict[str, Parameter]]:
    rows = read_yaml(FILE)
    return {
        kind: {name: Parameter(name, row[0], tuple(row[1:])) for name, row in entries.items()}
        for kind, entries in rows.items()
    }


def parameters(kind: str) -> dict[str, Parameter]:
    """The search parameters of a type (without `_id` and its like)."""
    known = table().get(kind)
    if known is not None:
        return known
    return {"patient": Parameter("patient", "reference", (ABOUT[kind],))} if kind in ABOUT else {}


def microseconds(moment: datetime) -> int:
    """A moment as the store keeps it."""
    return int((moment - _EPOCH).total_seconds() * 1_000_000)


def fold(text: str) -> str:
    """Text as strings are compared: no case, no accents, single spaces."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    return " ".join(plain.casefold().split())


Row = tuple[str, str, Any, Any, Any]
"""`(table, parameter, a, b, c)`: token (system, code, -), reference (type, id, url), date (low, high, -),
string (folded, written, -), quantity (value, system|code, unit)."""


def rows(resource: Resource, base: str = "") -> list[Row]:
    """All search rows of a resource; a value that cannot be read (an impossible date) gives none."""
    found: list[Row] = []
    for parameter in parameters(resource["resourceType"]).values():
        for path in parameter.paths:
            for value in _values(resource, path):
                found += _READERS[parameter.kind](parameter.name, value, base)
    return list(dict.fromkeys(found))


def _values(resource: Resource, path: str) -> Iterator[Any]:
    yield from walk(resource, path)
    for choice in _CHOICES:
        yield from walk(resource, path + choice)


def _token(name: str, value: Any, base: str) -> Iterator[Row]:
    if isinstance(value, bool):
        yield ("token", name, "", "true" if value else "false", "")
    elif isinstance(value, str):
        yield ("token", name, "", value, "")
    elif isinstance(value, dict) and isinstance(value.get("coding"), list):
        for coding in value["coding"]:
            if isinstance(coding, dict):
                yield from _token(name, coding, base)
    elif isinstance(value, dict) and ("code" in value or "value" in value):
        yield ("token", name, str(value.get("system", "")), str(value.get("code", value.get("value"))), "")


def _reference(name: str, value: Any, base: str) -> Iterator[Row]:
    target = local_reference(value, base)
    if target is not None:
        yield ("reference", name, *target, "")
    elif isinstance(value, dict) and isinstance(value.get("reference"), str):
        yield ("reference", name, "", "", value["reference"])


def _date(name: str, value: Any, base: str) -> Iterator[Row]:
    try:
        if isinstance(value, str):
            low, high = (microseconds(moment) for moment in interval(value))
            yield ("date", name, low, high, "")
        elif isinstance(value, dict) and ("start" in value or "end" in value):
            low = microseconds(interval(value["start"])[0]) if value.get("start") else FIRST
            high = microseconds(interval(value["end"])[1]) if value.get("end") else LAST
            yield ("date", name, low, high, "")
    except (ValueError, OverflowError, AttributeError):
        return


def _string(name: str, value: Any, base: str) -> Iterator[Row]:
    if isinstance(value, str):
        yield ("string", name, fold(value), value, "")
    elif isinstance(value, dict):
        for part in ("text", "family", "given", "prefix", "suffix"):
            for item in walk(value, part):
                yield from _string(name, item, base)


def _quantity(name: str, value: Any, base: str) -> Iterator[Row]:
    if isinstance(value, dict) and isinstance(value.get("value"), int | float):
        code = f"{value.get('system', '')}|{value.get('code', '')}"
        yield ("quantity", name, float(value["value"]), code, str(value.get("unit", "")))


_READERS = {"token": _token, "reference": _reference, "date": _date, "string": _string, "quantity": _quantity}
