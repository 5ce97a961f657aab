"""Three-valued predicates."""

from __future__ import annotations

from typing import Any

import pytest

from knowledge.evidence import Derivation, DicomRegion, Evidence, Statement
from knowledge.predicate import PredicateError, check, evaluate, operands, references, unknown_operands
from knowledge.quantity import Quantity

LIMITS = {"r.two": Quantity(2), "r.egfr": Quantity(30, "mL/min/{1.73_m2}"), "r.dd": Quantity(500, "ug/L{FEU}")}


def fact(
    slot: str,
    value: Any = None,
    unit: str | None = None,
    bounds: tuple[float, float] | None = None,
    comparator: str | None = None,
    concept: str | None = None,
) -> Evidence:
    return Evidence(
        slot=slot,
        value=value,
        unit=unit,
        range=bounds,
        comparator=comparator,
        display="x",
        patient="p",
        concept=concept,
        source=Derivation(tool="t", version="1"),
    )


def judge(predicate: Any, *facts: Evidence) -> bool | None:
    held = {item.slot: item for item in facts}
    return evaluate(predicate, held.get, LIMITS.__getitem__)


def compare(slot: str, operator: str, value: str) -> dict[str, Any]:
    return {"compare": {"slot": slot, "op": operator, "value": value}}


@pytest.mark.parametrize(
    ("bounds", "operator", "expected"),
    [
        ((2, 4), ">=", True),
        ((3, 5), ">=", True),
        ((0, 1), ">=", False),
        ((1, 3), ">=", None),
        ((0, 1), "<", True),
        ((2, 4), "<", False),
        ((1, 2), "<", None),
        ((2, 2), "==", True),
        ((3, 5), "==", False),
        ((1, 3), "==", None),
        ((3, 5), ">", True),
        ((0, 2), ">", False),
        ((0, 2), "<=", True),
        ((2, 3), ">", None),
    ],
)
def test_ranges_decide_when_all_of_them_agrees(
    bounds: tuple[float, float], operator: str, expected: bool | None
) -> None:
    assert judge(compare("s", operator, "r.two"), fact("s", unit="1", bounds=bounds)) is expected


@pytest.mark.parametrize(
    ("value", "comparator", "operator", "expected"),
    [
        (500, "<", "<", True),
        (500, "<", ">=", False),
        (500, ">", ">", True),
        (400, "<", "<", True),
        (600, "<", "<", None),
        (600, ">", ">=", True),
        (300, ">", ">=", None),
        (500, None, ">=", True),
    ],
)
def test_comparators_are_bounds(value: float, comparator: str | None, operator: str, expected: bool | None) -> None:
    held = fact("s", float(value), "ug/L{FEU}", comparator=comparator)
    assert judge(compare("s", operator, "r.dd"), held) is expected


def test_units_are_converted_and_another_assay_is_unknown() -> None:
    assert judge(compare("s", "<", "r.dd"), fact("s", 0.4, "mg/L{FEU}")) is True
    assert judge(compare("s", "<", "r.dd"), fact("s", 400.0, "ng/mL")) is None
    assert judge(compare("s", "<", "r.dd"), fact("s", 400.0, "ng/mL{DDU}")) is None


def test_unknown_is_never_false() -> None:
    assert judge({"present": "a"}) is None
    assert judge({"absent": "a"}, fact("a")) is None
    assert judge({"not": {"present": "a"}}) is None
    assert judge({"all": [{"present": "a"}, {"present": "b"}]}, fact("a", False)) is False
    assert judge({"any": [{"present": "a"}, {"present": "b"}]}, fact("a", True)) is True
    assert judge({"any": [{"present": "a"}, {"present": "b"}]}, fact("a", False)) is None
    assert judge({"known": "a"}, fact("a")) is False
    assert judge({"unknown": "a"}) is True


def test_count() -> None:
    two = {"count": {"of": [{"present": "a"}, {"present": "b"}, {"present": "c"}], "at_least": 2}}
    assert judge(two, fact("a", True), fact("b", True)) is True
    assert judge(two, fact("a", True), fact("b", False)) is None
    assert judge(two, fact("a", False), fact("b", False)) is False


def test_codes() -> None:
    assert judge({"is": {"slot": "s", "value": "G3a"}}, fact("s", "G3a")) is True
    assert judge({"in": {"slot": "s", "values": ["G4", "G5"]}}, fact("s", "G3a")) is False
    assert judge({"is": {"slot": "s", "value": "G3a"}}, fact("s")) is None


@pytest.mark.parametrize(
    "bad",
    [
        {},
        {"present": 3},
        {"foo": "x"},
        {"compare": {"slot": "s"}},
        ["a"],
        {"all": [{"x": 1}]},
        {"compare": {"slot": "s", "op": "~", "value": "r.two"}},
    ],
)
def test_malformed_predicates_are_refused(bad: Any) -> None:
    with pytest.raises(PredicateError):
        check(bad)


def test_operands_and_references() -> None:
    predicate = {"all": [compare("a", ">=", "r.two"), {"not": {"present": "b"}}, {"any": [{"known": "a"}]}]}
    assert operands(predicate) == ["a", "b"]
    assert references(predicate) == ["r.two"]
    assert unknown_operands(predicate, {"a": fact("a", 3.0, "1")}.get) == ["b"]


def test_what_nobody_validated_decides_no_comparison() -> None:
    drawn = fact("size", 5)
    size = drawn.model_copy(update={"source": DicomRegion(segment="nodule", algorithm="a", validated=False)})
    by_hand = drawn.model_copy(update={"source": DicomRegion(segment="nodule", algorithm="by hand")})
    stated = drawn.model_copy(update={"source": Statement(by="Dr A", assertion="correction")})
    rule = compare("size", ">=", "r.two")
    assert judge(rule, size) is None and judge({"not": rule}, size) is None
    assert judge(rule, by_hand) is True and judge(rule, stated) is True
    held = {"size": size}
    assert unknown_operands(rule, held.get) == ["size"] and unknown_operands({"known": "size"}, held.get) == []
    wide = size.model_copy(update={"value": None, "range": (3.0, 4.0)})
    assert judge(rule, wide) is None


def test_what_is_worked_out_of_it_decides_nothing_at_all() -> None:
    sure = fact("grade", "PD")
    doubted = sure.model_copy(update={"source": Derivation(tool="t", version="1", validated=False)})
    for rule in ({"is": {"slot": "grade", "value": "PD"}}, {"in": {"slot": "grade", "values": ["PD"]}}):
        assert judge(rule, sure) is True and judge(rule, doubted) is None
        assert unknown_operands(rule, {"grade": doubted}.get) == ["grade"]
    assert judge({"present": "grade"}, sure) is True and judge({"present": "grade"}, doubted) is None
    assert unknown_operands({"known": "grade"}, {"grade": doubted}.get) == []
