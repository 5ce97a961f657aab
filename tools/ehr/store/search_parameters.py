"""The search parameters of FHIR R4, read from `search_parameters.json` (see `scripts/search_parameters.py`).

A parameter is a union of *atoms*: an element read in one way. `patient` and `subject` share an atom, `combo-code` is
the atom of `code` and that of `component.code`; so every value is indexed once, whatever the number of its names.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("search_parameters.json")
ANY = "*"
_ROOM = 1024
"""Numbers kept free for the atoms of a type."""
_WITHOUT_VALUE = {("quantity", "SampledData")}
"""Data types an expression leads to that hold no one value of the parameter's type."""


@dataclass(frozen=True)
class Place:
    """Where values stand: keys of the JSON (`telecom[system=phone]`), their data type; or an expression of FHIRPath."""

    keys: tuple[str, ...]
    type: str
    expression: str = ""


@dataclass(frozen=True)
class Atom:
    """Places whose values are indexed together under a number; the two numbers after it hold what goes with them.

    `number + 1`: the texts of a token, the identifier of a reference, dates longer than a day. `number + 2`:
    identifiers with their type, amounts by their code.
    """

    number: int
    kind: str
    places: tuple[Place, ...]


@dataclass(frozen=True)
class Context:
    """A composite within one kind of element: the numbers of its parts, or their atoms where it is the resource."""

    keys: tuple[str, ...]
    parts: tuple[Atom, ...]


@dataclass(frozen=True)
class Parameter:
    """One search parameter of one type.

    Args:
        only: the only type its references count for (`patient` is the `subject` that is a Patient).
        targets: types its references may lead to; empty where any may.
    """

    name: str
    kind: str
    atoms: tuple[Atom, ...] = ()
    only: str = ""
    targets: tuple[str, ...] = ()
    contexts: tuple[Context, ...] = ()

    @property
    def parts(self) -> list[str]:
        """Types of the parts of a composite."""
        return [atom.kind for atom in self.contexts[0].parts]


@dataclass
class Searchable:
    """How much of the specification can be searched."""

    definitions: int
    kept: int
    left: dict[str, str] = field(default_factory=dict)


@functools.cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return table


@functools.cache
def types() -> tuple[str, ...]:
    """The resource types of R4."""
    return tuple(_table()["types"])


@functools.cache
def type_number(kind: str) -> int:
    """The number of a type in the store; 0 is what lies elsewhere."""
    return types().index(kind) + 1 if kind in types() else 0


@functools.cache
def compartment(kind: str, within: str) -> tuple[Atom, ...]:
    """The references by which resources of a type belong to a compartment (`Patient` ...); none where they do not."""
    names = _table()["compartments"].get(within, {}).get(kind, [])
    known = parameters(kind)
    found = [atom for name in names if name in known and name != "{def}" for atom in known[name].atoms]
    return tuple(dict.fromkeys(found))


def compartments() -> tuple[str, ...]:
    """The compartments of R4."""
    return tuple(_table()["compartments"])


def searchable() -> Searchable:
    """How many of the specification's SearchParameters can be searched, and why the others cannot."""
    table = _table()
    return Searchable(table["definitions"], table["definitions"] - len(table["left"]), dict(table["left"]))


@functools.cache
def refused() -> dict[str, str]:
    """Parameters that are left out, by name, with the reason."""
    left = _table()["left"]
    names = {"_filter": "filter", "_query": "Resource-query", "_content": "Resource-content"}
    found = {name: left[key] for name, key in names.items()}
    return {
        **found,
        "_text": left["DomainResource-text"],
        "near": left["Location-near"],
        "_contained": "contained resources are not searched by themselves",
        "_containedType": "contained resources are not searched by themselves",
        "_list": "membership of lists: search List by item, or read it",
        "_score": "no ranking",
    }


@functools.cache
def parameters(kind: str) -> dict[str, Parameter]:
    """The search parameters of a type, those of every resource with them."""
    return dict(_Atoms(kind).parameters())


@functools.cache
def pairs(kind: str) -> dict[int, tuple[int, int]]:
    """Amounts that are also kept by the code they belong to: quantity atom -> (token atom, number of the pair)."""
    found: dict[int, tuple[int, int]] = {}
    for parameter in parameters(kind).values():
        for context in parameter.contexts:
            if not context.keys and parameter.parts == ["token", "quantity"]:
                code, amount = context.parts
                found.setdefault(amount.number, (code.number, amount.number + 2))
    return found


def place(text: str) -> tuple[Place, str]:
    """A place as the table spells it, and the only type a reference there may lead to."""
    if text.startswith("="):
        return Place((), "", text[1:]), ""
    spelt, _, only = text.partition(">")
    path, _, kind = spelt.rpartition(":")
    return Place(tuple(_split(path)), kind), only


def _split(path: str) -> Iterator[str]:
    """Keys of a path; a dot inside a test is part of it."""
    start = depth = 0
    for at, char in enumerate(path):
        depth += (char == "[") - (char == "]")
        if char == "." and not depth:
            yield path[start:at]
            start = at + 1
    if path:
        yield path[start:]


class _Atoms:
    """Gives numbers to the atoms of a type, in the order of the table."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.next = type_number(kind) * _ROOM
        self.known: dict[tuple[str, frozenset[Place]], Atom] = {}

    def parameters(self) -> Iterator[tuple[str, Parameter]]:
        table = _table()["parameters"]
        for name, row in {**table["Resource"], **table.get(self.kind, {})}.items():
            kind = row[0]
            if kind == "composite":
                contexts = tuple(self._context(keys, parts) for keys, parts in row[1].items())
                yield name, Parameter(name, kind, contexts=contexts)
                continue
            spelt = [row[1]] if row[1].startswith("=") else row[1].split(" ")
            places = [place(text) for text in spelt]
            targets = () if len(row) < 3 or row[2] == ANY else tuple(row[2].split(" "))
            only = next((only for _, only in places if only), "")
            yield name, Parameter(name, kind, tuple(self._group(kind, [item for item, _ in places])), only, targets)

    def _context(self, spelt: str, parts: list[list[str]]) -> Context:
        keys = tuple(_split(spelt))
        made = []
        for kind, *texts in parts:
            places = [place(text)[0] for text in texts]
            places = [item for item in places if (kind, item.type) not in _WITHOUT_VALUE]
            made.append(self._new(kind, places) if keys else self._group(kind, places)[0])
        return Context(keys, tuple(made))

    def _group(self, kind: str, places: list[Place]) -> list[Atom]:
        """One atom for each element: the types of a choice together."""
        stems: dict[tuple[str, ...], list[Place]] = {}
        for item in places:
            if (kind, item.type) not in _WITHOUT_VALUE:
                last = item.keys[-1] if item.keys else ""
                choice = last.lower().endswith(item.type.lower()) and last[:1].islower() and "[" not in last
                stem = last[: -len(item.type)] if choice and item.type and last.lower() != item.type.lower() else last
                stems.setdefault((*item.keys[:-1], stem), []).append(item)
        found = []
        for group in stems.values():
            key = (kind, frozenset(group))
            if key not in self.known:
                self.known[key] = self._new(kind, group)
            found.append(self.known[key])
        return found

    def _new(self, kind: str, places: list[Place]) -> Atom:
        atom = Atom(self.next, kind, tuple(places))
        self.next += 3
        return atom


def fingerprint() -> bytes:
    """The table as bytes: a store made with another one is made anew."""
    return FILE.read_bytes()
