"""Search rows: what a resource is found by. One walk over the resource, along a tree of all places that are indexed."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from tools.ehr.compartment import local_reference
from tools.ehr.dates import interval
from tools.ehr.fhirjson import Resource
from tools.ehr.store.fhirpath import test_of, values
from tools.ehr.store.search_parameters import Atom, Parameter, Place, parameters

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST, LAST = -(1 << 62), 1 << 62
MONEY = "urn:iso:std:iso:4217"
SPECIAL = "http://terminology.hl7.org/CodeSystem/special-values"


class Sink(Protocol):
    """Takes the rows of one resource."""

    base: str

    def token(self, number: int, system: str, code: str) -> None:
        """A code in a system ('' where it has none)."""

    def link(self, number: int, kind: str, id_: str) -> None:
        """A reference to a resource here, or (kind '') to an address."""

    def word(self, number: int, text: str) -> None:
        """A text."""

    def span(self, number: int, low: int, high: int) -> None:
        """An interval of time in microseconds."""

    def amount(self, number: int, value: float, system: str, code: str, unit: str) -> None:
        """A number with its unit."""

    def part(self) -> None:
        """What follows belongs to another element of a composite; nothing follows by itself."""

    def whole(self) -> None:
        """What follows belongs to the resource again."""


Reader = Callable[[Sink, int, Any], None]


def microseconds(moment: datetime) -> int:
    """A moment as the store keeps it."""
    gap = moment - _EPOCH
    return (gap.days * 86400 + gap.seconds) * 1_000_000 + gap.microseconds


def moment(microseconds: int) -> datetime:
    """The moment again."""
    return _EPOCH + timedelta(microseconds=microseconds)


@functools.lru_cache(maxsize=16384)
def fold(text: str) -> str:
    """Text as strings are compared: no case, no accents, single spaces."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    return " ".join(plain.casefold().split())


@functools.lru_cache(maxsize=16384)
def bounds(text: str) -> tuple[int, int]:
    """First moment of a FHIR date and the first after it, in microseconds.

    Raises:
        ValueError, OverflowError: not a date.
    """
    first, after = interval(text)
    return microseconds(first), microseconds(after)


class Node:
    """A place in the tree: readers of what stands there, elements below, and the same under a condition."""

    __slots__ = ("below", "composites", "readers", "tests")

    def __init__(self) -> None:
        self.readers: list[tuple[Reader, int]] = []
        self.below: dict[str, Node] = {}
        self.tests: list[tuple[str, str, Node]] = []
        self.composites: list[tuple[Node, list[tuple[Place, Reader, int]]]] = []

    def at(self, keys: tuple[str, ...]) -> Node:
        """The node some keys further."""
        node = self
        for key in keys:
            name, element, text = test_of(key)
            node = node.below.setdefault(name, Node())
            if element:
                found = next((item for *test, item in node.tests if test == [element, text]), None)
                if found is None:
                    found = Node()
                    node.tests.append((element, text, found))
                node = found
        return node


@functools.cache
def tree(kind: str) -> tuple[Node, list[tuple[Place, Reader, int]]]:
    """What is read of a type: the tree, and the expressions that are left to FHIRPath."""
    root, others = Node(), []
    done: set[int] = set()
    for parameter in parameters(kind).values():
        if parameter.name in ("_id", "_lastUpdated"):
            continue
        for atom in _atoms(parameter):
            if atom.number in done:
                continue
            done.add(atom.number)
            for place in atom.places:
                read = reader(atom.kind, place.type)
                if place.expression:
                    others.append((place, read, atom.number))
                else:
                    root.at(place.keys).readers.append((read, atom.number))
        for context in parameter.contexts:
            if context.keys:
                branch, above = Node(), []
                for atom in context.parts:
                    for place in atom.places:
                        read = reader(atom.kind, place.type)
                        if place.keys[0] == "%":
                            above.append((Place(place.keys[1:], place.type), read, atom.number))
                        else:
                            branch.at(place.keys).readers.append((read, atom.number))
                root.at(context.keys).composites.append((branch, above))
    return root, others


def _atoms(parameter: Parameter) -> tuple[Atom, ...]:
    """Atoms of the resource as a whole: a composite over the resource is one condition on each part."""
    return parameter.atoms + tuple(atom for item in parameter.contexts if not item.keys for atom in item.parts)


def read(resource: Resource, sink: Sink) -> None:
    """Give all rows of a resource to the sink; a value that cannot be read (an impossible date) gives none."""
    root, others = tree(str(resource["resourceType"]))
    _below(resource, root, sink, resource)
    for place, reader_, number in others:
        for value in values(place, resource):
            reader_(sink, number, value)


def _below(value: dict[str, Any], node: Node, sink: Sink, resource: Resource) -> None:
    below = node.below
    for key, found in value.items():
        child = below.get(key)
        if child is not None:
            if type(found) is list:
                for item in found:
                    _at(item, child, sink, resource)
            else:
                _at(found, child, sink, resource)


def _at(value: Any, node: Node, sink: Sink, resource: Resource) -> None:
    for reader_, number in node.readers:
        reader_(sink, number, value)
    if isinstance(value, dict):
        if node.below:
            _below(value, node, sink, resource)
        for element, text, child in node.tests:
            if value.get(element) == text:
                _at(value, child, sink, resource)
        for branch, above in node.composites:
            sink.part()
            _below(value, branch, sink, resource)
            for place, reader_, number in above:
                for item in values(place, resource):
                    reader_(sink, number, item)
            sink.whole()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _code(sink: Sink, number: int, value: Any) -> None:
    if isinstance(value, bool):
        sink.token(number, SPECIAL, "true" if value else "false")
    elif isinstance(value, str):
        sink.token(number, "", value)


def _coding(sink: Sink, number: int, value: Any) -> None:
    if isinstance(value, dict):
        if "code" in value:
            sink.token(number, _text(value.get("system")), _text(value["code"]))
        if "display" in value:
            sink.word(number + 1, _text(value["display"]))


def _concept(sink: Sink, number: int, value: Any) -> None:
    if isinstance(value, dict):
        for coding in value.get("coding") or ():
            _coding(sink, number, coding)
        if "text" in value:
            sink.word(number + 1, _text(value["text"]))


def _identifier(sink: Sink, number: int, value: Any) -> None:
    if isinstance(value, dict) and isinstance(value.get("value"), str):
        sink.token(number, _text(value.get("system")), value["value"])
        kind = value.get("type")
        if isinstance(kind, dict):
            if "text" in kind:
                sink.word(number + 1, _text(kind["text"]))
            for coding in kind.get("coding") or ():
                if isinstance(coding, dict):
                    typed = f"{_text(coding.get('system'))}|{_text(coding.get('code'))}"
                    sink.token(number + 2, typed, value["value"])


def _contact(sink: Sink, number: int, value: Any) -> None:
    if isinstance(value, dict) and isinstance(value.get("value"), str):
        sink.token(number, _text(value.get("system")), value["value"])


def _reference(sink: Sink, number: int, value: Any) -> None:
    if isinstance(value, dict):
        text = value.get("reference")
        if isinstance(text, str) and text and text[0] != "#":
            target = local_reference(text, sink.base)
            sink.link(number, *(target or ("", text)))
        if "identifier" in value:
            _identifier(sink, number + 1, value["identifier"])


def _address_of(sink: Sink, number: int, value: Any) -> None:
    """A canonical or uri as a reference: to a resource here where it is one's address, else by its text."""
    if isinstance(value, str) and value and value[0] != "#":
        target = local_reference(value, sink.base)
        sink.link(number, *(target or ("", value)))


def _attachment(sink: Sink, number: int, value: Any) -> None:
    if isinstance(value, dict):
        _address_of(sink, number, value.get("url"))


def _date(sink: Sink, number: int, value: Any) -> None:
    if isinstance(value, str):
        try:
            sink.span(number, *bounds(value))
        except (ValueError, OverflowError):
            return


def _period(sink: Sink, number: int, value: Any) -> None:
    if isinstance(value, dict):
        start, end = value.get("start"), value.get("end")
        try:
            low = bounds(start)[0] if isinstance(start, str) else FIRST
            high = bounds(end)[1] if isinstance(end, str) else LAST
        except (ValueError, OverflowError):
            return
        if (low, high) != (FIRST, LAST):
            sink.span(number, low, high)


def _timing(sink: Sink, number: int, value: Any) -> None:
    """The outer limits of a schedule."""
    if isinstance(value, dict):
        events = value.get("event") or []
        try:
            spans = [bounds(item) for item in (events if isinstance(events, list) else [events])]
        except (ValueError, OverflowError, TypeError, AttributeError):
            spans = []
        if spans:
            sink.span(number, min(low for low, _ in spans), max(high for _, high in spans))
        else:
            _period(sink, number, (value.get("repeat") or {}).get("boundsPeriod"))


def _string(sink: Sink, number: int, value: Any) -> None:
    if isinstance(value, str) and value:
        sink.word(number, value)


def _parts(*names: str) -> Reader:
    def read(sink: Sink, number: int, value: Any) -> None:
        if isinstance(value, dict):
            for name in names:
                found = value.get(name)
                for item in found if isinstance(found, list) else [found]:
                    _string(sink, number, item)

    return read


def _quantity(sink: Sink, number: int, value: Any) -> None:
    if isinstance(value, dict):
        amount = value.get("value")
        if isinstance(amount, int | float) and not isinstance(amount, bool):
            sink.amount(
                number, float(amount), _text(value.get("system")), _text(value.get("code")), _text(value.get("unit"))
            )


def _money(sink: Sink, number: int, value: Any) -> None:
    if isinstance(value, dict):
        amount, currency = value.get("value"), _text(value.get("currency"))
        if isinstance(amount, int | float) and not isinstance(amount, bool):
            sink.amount(number, float(amount), MONEY if currency else "", currency, currency)


def _range(sink: Sink, number: int, value: Any) -> None:
    """Both ends: what lies beyond a number is found, and so is a range that has it as an end."""
    if isinstance(value, dict):
        _quantity(sink, number, value.get("low"))
        _quantity(sink, number, value.get("high"))


def _number(sink: Sink, number: int, value: Any) -> None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        sink.amount(number, float(value), "", "", "")


def _uri(sink: Sink, number: int, value: Any) -> None:
    if isinstance(value, str) and value:
        sink.token(number, "", value)
        if "|" in value:
            sink.token(number, "", value.partition("|")[0])


def _nothing(sink: Sink, number: int, value: Any) -> None:
    """A data type without a value of the parameter's type."""


_BY_TYPE: dict[tuple[str, str], Reader] = {
    ("token", "CodeableConcept"): _concept,
    ("token", "Coding"): _coding,
    ("token", "Identifier"): _identifier,
    ("token", "ContactPoint"): _contact,
    ("reference", "Reference"): _reference,
    ("reference", "Attachment"): _attachment,
    ("date", "Period"): _period,
    ("date", "Timing"): _timing,
    ("string", "HumanName"): _parts("text", "family", "given", "prefix", "suffix"),
    ("string", "Address"): _parts("text", "line", "city", "district", "state", "postalCode", "country"),
    ("quantity", "Money"): _money,
    ("quantity", "Range"): _range,
    ("number", "Range"): _range,
}
_BY_KIND: dict[str, Reader] = {
    "token": _code,
    "reference": _address_of,
    "date": _date,
    "string": _string,
    "quantity": _quantity,
    "number": _number,
    "uri": _uri,
}


def reader(kind: str, data_type: str) -> Reader:
    """What reads a data type as a value of a parameter's type."""
    if data_type == "Extension":
        return functools.partial(_extension, kind)
    if not data_type:
        return functools.partial(_untyped, kind)
    return _BY_TYPE.get((kind, data_type), _BY_KIND.get(kind, _nothing))


def _extension(kind: str, sink: Sink, number: int, value: Any) -> None:
    """The value of an extension, by the type in its name."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key.startswith("value") and len(key) > 5:
                _BY_TYPE.get((kind, key[5:]), _BY_KIND.get(kind, _nothing))(sink, number, item)


def _untyped(kind: str, sink: Sink, number: int, value: Any) -> None:
    """A value FHIRPath gave: a reference by its shape (`Bundle.entry[0].resource` is the resource itself)."""
    if kind == "reference" and isinstance(value, dict):
        if "resourceType" in value:
            if isinstance(value.get("id"), str):
                sink.link(number, str(value["resourceType"]), value["id"])
        else:
            _reference(sink, number, value)
    else:
        _BY_KIND.get(kind, _nothing)(sink, number, value)
