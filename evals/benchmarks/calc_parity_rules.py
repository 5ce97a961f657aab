"""The parameters of another project's structured case as inputs of one of ours (`evals/parity/tools.yaml`)."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tools.calculators import calculator, run
from tools.calculators.catalog import NAMES
from tools.calculators.inputs import Input
from tools.calculators.result import CalcResult

Json = dict[str, Any]
FOLDER = Path(__file__).parents[1] / "parity"


class Unmapped(Exception):
    """A case that has no faithful reading as inputs of ours; its text is the reason."""


@functools.cache
def rules() -> Json:
    """How each of their tools is read."""
    loaded: Json = yaml.safe_load((FOLDER / "tools.yaml").read_text(encoding="utf-8"))
    return loaded


@functools.cache
def differences() -> Json:
    """`forbidden`, `excluded` (not carried or not comparable), `explained` (the publication is on our side)."""
    loaded: Json = yaml.safe_load((FOLDER / "differences.yaml").read_text(encoding="utf-8"))
    return loaded


def matches(case: Json, row: Json) -> bool:
    """Whether a difference is about a case: its tool, and these values (null: not given; any: given)."""
    if row["tool"] != case["tool_id"] or case["case_id"] not in row.get("cases", [case["case_id"]]):
        return False
    return all(_is(case["params"].get(name), wanted) for name, wanted in row.get("when", {}).items())


def _is(given: Any, wanted: Any) -> bool:
    if wanted == "any":
        return given is not None
    if isinstance(wanted, list):
        return given in wanted
    if isinstance(wanted, dict):
        number = given if isinstance(given, int | float) else None
        return number is not None and wanted.get("above", -1e9) < number < wanted.get("below", 1e9)
    return bool(given == wanted)


def inputs_of(case: Json) -> tuple[str, Json]:
    """Our calculator and its inputs.

    Raises:
        Unmapped: there is no rule for the tool, a parameter or a word, or the calculator is not built.
    """
    rule = rules().get(case["tool_id"])
    if rule is None:
        raise Unmapped(f"no rule for {case['tool_id']}")
    params = case["params"]
    used = set(rule.get("unused", ()))
    name = _calculator(rule["calculator"], params, used)
    if name not in NAMES:
        raise Unmapped(f"{name} is not built")
    declared = {entry.name: entry for entry in calculator(name).inputs}
    found: Json = {}
    only = rule.get("only", {}).get(name, rule["inputs"])
    for wanted, how in rule["inputs"].items():
        if wanted not in only:
            used |= {how} if isinstance(how, str) else {how.get("from")}
        elif wanted in declared:
            found[wanted] = _value(declared[wanted], how, params, used)
        elif isinstance(how, str) and how not in params:
            continue
        else:
            raise Unmapped(f"{name} has no input {wanted}")
    for condition, fixed in rule.get("unless", ()):
        used |= set(condition)
        if all(params.get(key) == value for key, value in condition.items()):
            found |= {key: _given(declared[key], value) for key, value in fixed.items()}
    for entry in declared.values():
        if entry.kind == "boolean" and found.get(entry.name) is None:
            found[entry.name] = False
        if "fill" in rule and found.get(entry.name) is None:
            found[entry.name] = _given(entry, rule["fill"])
    left = [key for key in params if key not in used]
    if left:
        raise Unmapped(f"parameter {left[0]!r} has no counterpart in {name}")
    return name, found


def _calculator(how: Any, params: Mapping[str, Any], used: set[str]) -> str:
    if isinstance(how, str):
        return how
    used.add(how["from"])
    given = params.get(how["from"])
    name = how.get("absent") if given is None else how.get("codes", {}).get(given, how.get("else"))
    if name is None:
        raise Unmapped(f"{how['from']} {given!r} has no calculator of ours")
    return str(name)


def _value(entry: Input, how: Any, params: Mapping[str, Any], used: set[str]) -> Any:
    if isinstance(how, str):
        how = {"from": how}
    if "value" in how:
        return _given(entry, how["value"])
    if "sum" in how:
        used |= set(how["sum"])
        parts = ((1 if key == "constant" else params[key], part) for key, part in how["sum"].items())
        return _given(entry, sum(value * part for value, part in parts))
    if "worked_out_by" in how:
        # A weight that their tool works out itself where a height is given.
        if params.get(how["where"]) is not None:
            used |= set(how["with"].values())
            below = {entry.name: entry for entry in calculator(how["worked_out_by"]).inputs}
            made = run(how["worked_out_by"], {k: _given(below[k], params[v]) for k, v in how["with"].items()})
            return _given(entry, made.value, made.unit)
        how = {"from": how["else"]}
    if "over" in how:
        used |= set(how["over"])
        return any(params.get(key, 0) > limit for key, limit in how["over"].items())
    if "when" in how:
        return _first(entry, how, params, used)
    used.add(how["from"])
    given = params.get(how["from"])
    if given is None:
        return _given(entry, how["else"]) if "else" in how else None
    if "codes" in how:
        if given not in how["codes"]:
            raise Unmapped(f"{how['from']} {given!r} has no counterpart")
        return _given(entry, how["codes"][given])
    unit = how.get("unit")
    if "unit_from" in how:
        used.add(how["unit_from"])
        unit = params.get(how["unit_from"], unit)
    return _given(entry, given * how["times"] if "times" in how else given, unit)


def _first(entry: Input, how: Json, params: Mapping[str, Any], used: set[str]) -> Any:
    for condition, value in how["when"]:
        used |= set(condition)
        if isinstance(value, str) and value.startswith("$"):
            used.add(value[1:])
    for condition, value in how["when"]:
        if all(params.get(key) == wanted for key, wanted in condition.items()):
            if isinstance(value, str) and value.startswith("$"):
                value = params.get(value[1:])
            return _given(entry, value)
    if "else_from" in how:
        used.add(how["else_from"])
        return _given(entry, params.get(how["else_from"]))
    return _given(entry, how["else"]) if "else" in how else None


def _given(entry: Input, value: Any, unit: str | None = None) -> Any:
    if value is None:
        return None
    if entry.kind == "boolean":
        return bool(value)
    if entry.kind == "code":
        return str(value)
    return {"value": value, "unit": unit or entry.unit}


def answer_of(case: Json, result: CalcResult) -> float | None:
    """Our answer as a number, as their tool counts it."""
    how = rules()[case["tool_id"]].get("answer", {})
    if "count" in how:
        yes = [step for step in result.steps if re.search(rf": {how['count']}$", step)]
        return float(sum(not any(step.startswith(name) for name in how["but"]) for step in yes))
    if result.value is None:
        return None
    if "step" in how:
        stated = next((step for step in result.steps if step.startswith(f"{how['step']}: ")), None)
        if stated is not None:
            return float(re.findall(r"-?\d+(?:\.\d+)?", stated)[0])
    value = how["codes"].get(str(result.value)) if "codes" in how else result.value
    return float(value) if isinstance(value, int | float) else None
