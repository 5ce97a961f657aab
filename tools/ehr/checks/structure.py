"""R4's structure as compiled tests: per type, built when first met, and fast enough for a bulk import.

A test is a closure over the elements of one type (`structure_types`): known names, one or many, required, one of a
choice, primitives, nested types, contained resources, `_name` siblings, codes of required bindings. It returns nothing
and raises a `Fault` with the place. R4's own rules on JSON (json.html) hold: no null but beside a sibling, no empty
string, list or object (ele-1); an extension has a value or extensions, not both (ext-1); a contained resource contains
none (dom-2). Its other invariants are not checked.
"""

from __future__ import annotations

import functools
from typing import Any

from tools.ehr.checks.structure_primitives import TESTS, Fault, Test
from tools.ehr.checks.structure_types import PRIMITIVES, Element, binding, elements, resource_types

# Required by R4, and missing in resources that HL7 published with R4: Questionnaire/qs1, ten SearchParameters.
NOT_INSISTED_ON = {("QuestionnaireItem", "linkId"), ("SearchParameter", "base")}


def resource(value: Any) -> None:
    """Test any resource.

    Raises:
        Fault: what is wrong first.
    """
    if type(value) is not dict:
        raise Fault("is no resource", found=type(value).__name__, expected="an object with resourceType")
    kind = value.get("resourceType")
    if type(kind) is not str or kind not in resource_types():
        raise Fault(f"{kind!r} is not an R4 resource type", found=kind, expected="an R4 resource type")
    tester(kind)(value)


@functools.cache
def tester(name: str) -> Test:
    """The test of one type."""
    return _Type(name).test


class _Type:
    """The test of one type; its parts are built at first use, for types refer to one another."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.tests: dict[str, Test] | None = None

    def build(self) -> dict[str, Test]:
        """Build the parts."""
        items = elements(self.name)
        tests = {key: _element(self.name, key, item) for key, item in items.items()}
        groups: dict[str, list[str]] = {}
        needed = []
        for key, item in items.items():
            if item.type in PRIMITIVES:
                sibling = tester("Element")
                tests["_" + key] = _many(sibling, nulls=True) if item.many else sibling
            if item.group:
                groups.setdefault(item.group, []).append(key)
            elif item.required and (self.name, key) not in NOT_INSISTED_ON:
                needed.append((key, "_" + key))
        if self.name in resource_types():
            tests["resourceType"] = _anything
        self.siblings = frozenset("_" + key for key, item in items.items() if item.many and item.type in PRIMITIVES)
        self.needed = tuple(needed)
        self.choice = {name: group for group, keys in groups.items() for key in keys for name in (key, "_" + key)}
        self.chosen = tuple(group for group, keys in groups.items() if items[keys[0]].required)
        self.extension = self.name == "Extension"
        self.tests = tests
        return tests

    def test(self, value: Any) -> None:
        """Test one value."""
        tests = self.tests or self.build()
        if type(value) is not dict:
            raise Fault(f"is {_shown(value)}", found=_shown(value), expected=f"an object ({self.name})")
        if not value:
            raise Fault("is empty", found="{}", expected=f"an object ({self.name}) with something in it")
        given = value
        if self.siblings and not self.siblings.isdisjoint(value):
            given = self._aligned(value)
        for key, item in given.items():
            try:
                tests[key](item)
            except KeyError:
                if key in tests:
                    raise
                raise Fault(f"{key} is no element of {self.name} in R4", found=key, expected=_names(tests)) from None
            except Fault as fault:
                fault.path.append(key)
                raise
        for key, sibling in self.needed:
            if key not in value and sibling not in value:
                raise Fault(f"{key} is missing", found=sorted(value)[:20], expected=f"{key} (required in R4)")
        if self.choice:
            self._one_of_each(value)

    def _one_of_each(self, value: dict[str, Any]) -> None:
        taken: dict[str, str] = {}
        for key in value:
            group = self.choice.get(key)
            if group is not None:
                name = key.removeprefix("_")
                if taken.setdefault(group, name) != name:
                    raise Fault(
                        f"has both {taken[group]} and {name}", found=[taken[group], name], expected="one of them"
                    )
        for group in self.chosen:
            if group not in taken:
                raise Fault(f"{group}[x] is missing", found=sorted(value)[:20], expected=f"{group}[x] (required in R4)")
        if self.extension and ("extension" in value) == bool(taken):
            raise Fault("has a value and extensions" if taken else "has neither value nor extensions",
                        found=sorted(value), expected="one of the two (ext-1)")  # fmt: skip

    def _aligned(self, value: dict[str, Any]) -> dict[str, Any]:
        """The value without those nulls of lists that R4 allows: a sibling stands in their place."""
        given = dict(value)
        for sibling in self.siblings & value.keys():
            key = sibling[1:]
            items, beside = value.get(key), value[sibling]
            if items is None or type(items) is not list or type(beside) is not list:
                continue
            if len(items) != len(beside):
                raise Fault(
                    f"{key} and {sibling} differ in length", found=[len(items), len(beside)], expected="the same"
                )
            kept = [item for item, other in zip(items, beside, strict=True) if item is not None or other is None]
            if kept:
                given[key] = kept
            else:
                del given[key]
        return given


def _element(owner: str, key: str, item: Element) -> Test:
    codes = binding(owner, key)
    test: Test
    if item.type == "Resource":
        test = _contained if key == "contained" else resource
    elif item.type in PRIMITIVES:
        test = TESTS[item.type] if codes is None else _code(frozenset().union(*codes.values()))
    else:
        test = tester(item.type)
        if codes is not None:
            test = _coded(test, codes, many_codings=item.type == "CodeableConcept")
    return _many(test) if item.many else test


def _many(test: Test, *, nulls: bool = False) -> Test:
    def run(value: Any) -> None:
        if type(value) is not list:
            raise Fault(f"is {_shown(value)}", found=_shown(value), expected="a list")
        if not value:
            raise Fault("is an empty list", found="[]", expected="a list with something in it, or no element")
        number = 0
        try:
            for item in value:
                if item is not None or not nulls:
                    test(item)
                number += 1
        except Fault as fault:
            fault.path.append(number)
            raise

    return run


def _code(codes: frozenset[str]) -> Test:
    def run(value: Any) -> None:
        if type(value) is not str or value not in codes:
            raise Fault(f"is {_shown(value)}", found=_shown(value), expected=f"one of {', '.join(sorted(codes)[:60])}")

    return run


def _coded(test: Test, codes: dict[str, frozenset[str]], *, many_codings: bool) -> Test:
    def run(value: Any) -> None:
        test(value)
        codings = value.get("coding", ()) if many_codings else (value,)
        for coding in codings:
            allowed = codes.get(coding.get("system"))
            if allowed is not None:
                if "code" in coding and coding["code"] not in allowed:
                    raise Fault(f"is {coding['code']!r}", found=coding["code"],
                                expected=f"one of {', '.join(sorted(allowed)[:60])}")  # fmt: skip
                return
        if codings:
            systems = ", ".join(sorted(codes))
            raise Fault(f"has no code of {systems}", found=[row.get("system") for row in codings], expected=systems)

    return run


def _contained(value: Any) -> None:
    resource(value)
    if "contained" in value:
        raise Fault(
            "contains resources itself", found="contained", expected="no resource inside a contained one (dom-2)"
        )


def _anything(value: Any) -> None:
    """`resourceType` was looked at before."""


def _names(tests: dict[str, Test]) -> str:
    return ", ".join(sorted(key for key in tests if not key.startswith("_")))


def _shown(value: Any) -> str:
    simple = isinstance(value, str | int | float | bool) or value is None
    return (
        repr(value)[:60]
        if simple
        else "a list"
        if isinstance(value, list)
        else "an object"
        if isinstance(value, dict)
        else type(value).__name__
    )
