"""Three-valued predicates over slots, as data: true, false, or unknown (None), after Kleene.

A result known only as a range decides a comparison when the whole range agrees; a laboratory's `<` or `>` is a range.
What a program drew and nobody validated decides none, nor does what is worked out of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from knowledge.evidence import Derivation, DicomRegion, Evidence
from knowledge.quantity import Quantity, UnitError, convert

Lookup = Callable[[str], Evidence | None]
Reference = Callable[[str], Quantity]
_OPERATORS = (">=", ">", "<=", "<", "==")
_SHAPES = {
    "present": "a slot",
    "absent": "a slot",
    "known": "a slot",
    "unknown": "a slot",
    "is": "{slot, value}",
    "in": "{slot, values}",
    "compare": "{slot, op, value: REC.NAME}",
    "all": "a list",
    "any": "a list",
    "not": "a predicate",
    "count": "{of, at_least}",
}


class PredicateError(ValueError):
    """A predicate that is not of the language; says what was found and expected."""


def check(predicate: Any) -> None:
    """Raise `PredicateError` unless a predicate is well formed."""
    for _ in _walk(predicate):
        pass


def _walk(predicate: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(predicate, dict) or len(predicate) != 1:
        raise PredicateError(f"found {predicate!r}; expected one key of {sorted(_SHAPES)}")
    key, body = next(iter(predicate.items()))
    if key not in _SHAPES:
        raise PredicateError(f"found {key!r}; expected one of {sorted(_SHAPES)}")
    try:
        if key in ("all", "any"):
            for part in body:
                yield from _walk(part)
        elif key == "not":
            yield from _walk(body)
        elif key == "count":
            int(body["at_least"])
            for part in body["of"]:
                yield from _walk(part)
        elif key == "compare":
            if body["op"] not in _OPERATORS:
                raise PredicateError(f"found operator {body['op']!r}; expected one of {_OPERATORS}")
            yield key, (body["slot"], body["value"])
        elif key in ("is", "in"):
            yield key, (body["slot"], body["value"] if key == "is" else list(body["values"]))
        else:
            if not isinstance(body, str):
                raise PredicateError(f"found {body!r} under {key!r}; expected {_SHAPES[key]}")
            yield key, (body, None)
    except (KeyError, TypeError) as error:
        raise PredicateError(f"found {body!r} under {key!r}; expected {_SHAPES[key]}") from error


def operands(predicate: Any) -> list[str]:
    """The slots a predicate looks at, in order, each once."""
    return list(dict.fromkeys(slot for _, (slot, _) in _walk(predicate)))


def references(predicate: Any) -> list[str]:
    """The `REC.NAME` values a predicate compares with."""
    return list(dict.fromkeys(value for key, (_, value) in _walk(predicate) if key == "compare"))


def evaluate(predicate: Any, lookup: Lookup, reference: Reference) -> bool | None:
    """True, false or unknown (None).

    Args:
        lookup: the evidence in a slot, or None where nothing was read.
        reference: the quantity a `REC.NAME` stands for.
    """
    key, body = next(iter(predicate.items()))
    if key == "all":
        return _all([evaluate(part, lookup, reference) for part in body])
    if key == "any":
        return _any([evaluate(part, lookup, reference) for part in body])
    if key == "not":
        inner = evaluate(body, lookup, reference)
        return None if inner is None else not inner
    if key == "count":
        parts = [evaluate(part, lookup, reference) for part in body["of"]]
        sure, open_ = parts.count(True), parts.count(None)
        if sure >= int(body["at_least"]):
            return True
        return None if sure + open_ >= int(body["at_least"]) else False
    if key == "compare":
        return _compare(lookup(body["slot"]), body["op"], reference(body["value"]))
    if key in ("is", "in"):
        evidence = lookup(body["slot"])
        if evidence is None or evidence.value is None or _derived(evidence):
            return None
        return evidence.value in ([body["value"]] if key == "is" else body["values"])
    evidence = lookup(body)
    known = evidence is not None and (evidence.value is not None)
    if key == "known":
        return known
    if key == "unknown":
        return not known
    if evidence is None or evidence.value is None or _derived(evidence):
        return None
    truth = bool(evidence.value) if isinstance(evidence.value, bool) else True
    return truth if key == "present" else not truth


def unknown_operands(predicate: Any, lookup: Lookup) -> list[str]:
    """The slots of a predicate that have no definite value."""
    found = []
    asked = {key: {slot for other, (slot, _) in _walk(predicate) if other == key} for key in _SHAPES}
    compared, only_known = asked["compare"], asked["known"] | asked["unknown"]
    for slot in operands(predicate):
        evidence = lookup(slot)
        doubtful = evidence is not None and unvalidated(evidence) and slot in compared
        doubtful |= evidence is not None and _derived(evidence) and slot not in only_known
        if evidence is None or evidence.value is None or doubtful:
            found.append(slot)
    return found


def unvalidated(evidence: Evidence) -> bool:
    """Whether it was measured on what a program drew and nobody validated, or worked out of what was."""
    return isinstance(evidence.source, DicomRegion | Derivation) and evidence.source.validated is False


def _derived(evidence: Evidence) -> bool:
    """Whether it was worked out of an unvalidated size: a value, a category or a verdict."""
    return isinstance(evidence.source, Derivation) and unvalidated(evidence)


def _all(parts: list[bool | None]) -> bool | None:
    if False in parts:
        return False
    return None if None in parts else True


def _any(parts: list[bool | None]) -> bool | None:
    if True in parts:
        return True
    return None if None in parts else False


def _compare(evidence: Evidence | None, operator: str, threshold: Quantity) -> bool | None:
    if evidence is None or unvalidated(evidence):
        return None
    try:
        if evidence.range is not None:
            low, high = (
                convert(Quantity(end, evidence.unit or "1"), threshold.unit, evidence.concept).value
                for end in evidence.range
            )
            ends = (low, high)
            open_low = open_high = False
        else:
            quantity = evidence.quantity
            if quantity is None:
                return None
            converted = convert(quantity, threshold.unit, evidence.concept)
            ends = converted.bounds
            open_low = converted.comparator == ">"
            open_high = converted.comparator == "<"
    except UnitError:
        # Not comparable (another assay, another dimension) is not an answer; the criterion stays open and says so.
        return None
    return _interval(ends, open_low, open_high, operator, threshold.value)


def _interval(ends: tuple[float, float], open_low: bool, open_high: bool, operator: str, limit: float) -> bool | None:
    low, high = ends
    if operator in ("<", "<="):
        inverse = _interval(ends, open_low, open_high, ">=" if operator == "<" else ">", limit)
        return None if inverse is None else not inverse
    if operator == "==":
        if low == high:
            return low == limit
        return None if low <= limit <= high else False
    if operator == ">=":
        if low >= limit:
            return True
        if high < limit or (high == limit and open_high):
            return False
        return None
    if low > limit or (low == limit and open_low and math.isfinite(low)):
        return True
    return False if high <= limit else None
