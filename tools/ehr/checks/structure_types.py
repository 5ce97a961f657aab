"""Which elements an R4 type has: the R4B classes of `fhir.resources`, set right where R4 (4.0.1) differs from R4B.

`structure_r4.json` holds what R4's own StructureDefinitions and ValueSets say and R4B's classes do not: types that R4B
lacks or changed, elements it added, dropped, made single or optional, and every required binding whose codes can be
listed (R4B's classes name only some codes, and enforce none). `scripts/r4_structure.py` distils that file from the
specification's definitions (CC0) and says what it compared; nothing in it was written by hand.
"""

from __future__ import annotations

import functools
import json
import types
import typing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("structure_r4.json")
_PRIMITIVES = {
    "String": "string",
    "PositiveInt": "positiveInt",
    "bool": "boolean",
    "Id": "id",
    "Uri": "uri",
    "Code": "code",
    "Date": "date",
    "Markdown": "markdown",
    "DateTime": "dateTime",
    "Canonical": "canonical",
    "Decimal": "decimal",
    "Instant": "instant",
    "UnsignedInt": "unsignedInt",
    "EncodedBytes": "base64Binary",
    "Url": "url",
    "Integer": "integer",
    "Time": "time",
    "Oid": "oid",
    "UuidVersion": "uuid",
    "Xhtml": "xhtml",
}
PRIMITIVES = frozenset(_PRIMITIVES.values())


@dataclass(frozen=True)
class Element:
    """One JSON property of a type; `group` names the choice (`value[x]`) it belongs to."""

    type: str
    many: bool = False
    required: bool = False
    group: str = ""

    def __str__(self) -> str:
        tail = f"/{self.group}" if self.group else ""
        return f"{self.type}{'*' if self.many else ''}{tail}{'!' if self.required else ''}"

    @classmethod
    def read(cls, text: str) -> Element:
        """The element written as `type*/group!`."""
        head, _, group = text.removesuffix("!").partition("/")
        return cls(head.removesuffix("*"), head.endswith("*"), text.endswith("!"), group)


@functools.cache
def facts() -> dict[str, Any]:
    """What the table says."""
    found: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
    return found


@functools.cache
def resource_types() -> frozenset[str]:
    """The R4 resource types that can be stored (the abstract ones are none)."""
    return frozenset(facts()["resources"])


@functools.cache
def elements(name: str) -> dict[str, Element]:
    """The elements of an R4 type, a resource, a data type or a nested one (`ObservationComponent`).

    Raises:
        KeyError: R4 has no such type.
    """
    given = facts()["types"].get(name)
    found = {} if given is not None and given.get("*") == "all" else r4b(name)
    if not found and given is None:
        raise KeyError(name)
    for key, text in (given or {}).items():
        if text is None:
            found.pop(key, None)
        elif key != "*":
            found[key] = Element.read(text)
    return found


def binding(name: str, element: str) -> dict[str, frozenset[str]] | None:
    """The codes by system that R4 requires of an element, where they can be listed."""
    code = facts()["bindings"].get(name, {}).get(element)
    return None if code is None else value_set(code)


@functools.cache
def value_set(name: str) -> dict[str, frozenset[str]]:
    """The codes of a value set by system."""
    return {system: frozenset(codes) for system, codes in facts()["valuesets"][name].items()}


def r4b(name: str) -> dict[str, Element]:
    """The elements of an R4B class; none where R4B has no such class."""
    found = {}
    for field_name, item in getattr(model(name), "model_fields", {}).items():
        more = item.json_schema_extra or {}
        if more.get("element_property"):
            kind, many = _kind(item.annotation)
            group = more.get("one_of_many") or ""
            required = more.get("one_of_many_required") if group else item.is_required() or more.get("element_required")
            found[item.alias or field_name] = Element(kind, many, bool(required), group)
    return found


def model(name: str) -> Any:
    """The R4B class of a type, or none."""
    from fhir.resources.R4B import fhirtypes

    kind = getattr(fhirtypes, f"{name}Type", None)
    try:
        return kind.get_model_klass() if kind is not None else None
    except (AttributeError, LookupError, ImportError):
        return None


def _kind(annotation: Any) -> tuple[str, bool]:
    """The FHIR type a field is annotated with, and whether it is a list."""
    many = False
    while True:
        origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
        if origin in (typing.Union, types.UnionType):
            annotation = next(part for part in parts if part is not type(None))
        elif origin is list:
            many, annotation = True, parts[0]
        elif origin is typing.Annotated:
            return _PRIMITIVES[type(parts[1]).__name__], many
        else:
            name = annotation.__name__
            return _PRIMITIVES.get(name) or name.removesuffix("Type"), many
