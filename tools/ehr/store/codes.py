"""Codes named by a value set or a hierarchy: ValueSets and CodeSystems in the store, and Osler's own terminology.

What is not here is refused: "no match" would read as "none of these".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from knowledge.coding import Coding
from knowledge.terminology import default_terminology
from tools.ehr.fhirjson import Resource
from tools.ehr.store.query_values import Token, Value, refuse

Lookup = Callable[[str, str], Resource | None]
"""A resource of the store by type and by address, `Type/id` or id."""
_DEPTH = 8


def codes(lookup: Lookup, modifier: str, value: Value) -> list[Token]:
    """The codes meant by `:in`, `:not-in`, `:above` or `:below`.

    Raises:
        BadSearch: the value set or hierarchy is not here, or needs more than a list of codes.
    """
    if modifier in ("in", "not-in"):
        return list(_value_set(lookup, str(value), 0))
    if not isinstance(value, Token) or value.code is None:
        raise refuse(f":{modifier}", "system|code", str(value))
    return _hierarchy(lookup, modifier, value)


def _value_set(lookup: Lookup, address: str, depth: int) -> Iterator[Token]:
    found = lookup("ValueSet", address)
    if found is None or depth > _DEPTH:
        raise refuse(":in", "a ValueSet of this store, by its url or as ValueSet/id", address)
    expansion = found.get("expansion")
    if isinstance(expansion, dict) and expansion.get("contains"):
        yield from _contained(expansion["contains"])
        return
    compose = found.get("compose") or {}
    left_out = {token for part in compose.get("exclude") or [] for token in _included(lookup, part, address, depth)}
    for part in compose.get("include") or []:
        for token in _included(lookup, part, address, depth):
            if token not in left_out:
                if token.code is None and left_out:
                    raise refuse(":in", "a value set that lists its codes", address)
                yield token


def _contained(entries: list[Any]) -> Iterator[Token]:
    for entry in entries:
        if entry.get("code") and not entry.get("abstract"):
            yield Token(str(entry.get("system", "")), str(entry["code"]))
        yield from _contained(entry.get("contains") or [])


def _included(lookup: Lookup, part: dict[str, Any], address: str, depth: int) -> Iterator[Token]:
    system = part.get("system")
    if part.get("filter") or (part.get("valueSet") and system):
        raise refuse(":in", "a value set that lists its codes (this one has filters)", address)
    for other in part.get("valueSet") or []:
        yield from _value_set(lookup, str(other), depth + 1)
    if not system:
        return
    if part.get("concept"):
        for concept in part["concept"]:
            yield Token(str(system), str(concept.get("code")))
    else:
        yield Token(str(system), None)


def _hierarchy(lookup: Lookup, modifier: str, value: Token) -> list[Token]:
    found = [value]
    known = False
    system = lookup("CodeSystem", value.system) if value.system else None
    if system is not None:
        for path in _paths(system.get("concept") or [], ()):
            if path[-1] == value.code:
                known = True
            if value.code in path:
                at = path.index(value.code)
                codes_ = path[at:] if modifier == "below" else path[: at + 1]
                found += [Token(value.system, code) for code in codes_]
    terms = default_terminology()
    for concept in terms.concepts.values():
        if concept.grouping or not any(_is(ours, value) for ours in concept.codings):
            continue
        known = True
        if modifier == "below":
            near = [item for item in terms.expand(concept.id) if not item.grouping]
        else:
            classes = (item for item in terms.concepts.values() if not item.grouping and item.includes)
            near = [item for item in classes if concept in terms.expand(item.id)]
        found += [Token(ours.system, ours.code) for item in near for ours in item.codings]
    if not known:
        raise refuse(f":{modifier}", "a code of a hierarchy that is here", f"{value.system or ''}|{value.code}")
    return list(dict.fromkeys(found))


def _paths(concepts: list[Any], above: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for concept in concepts:
        path = (*above, str(concept.get("code")))
        yield path
        yield from _paths(concept.get("concept") or [], path)


def _is(ours: Coding, value: Token) -> bool:
    return ours.code == value.code and value.system in (None, ours.system)
