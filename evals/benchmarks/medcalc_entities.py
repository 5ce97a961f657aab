"""The entities of a MedCalc-Bench row as inputs of one of our calculators, by the rules of `medcalc/entities.yaml`."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from knowledge.quantity import Quantity, convert
from tools.calculators import calculator, run

Json = dict[str, Any]
RULES = Path(__file__).parent.parent / "medcalc" / "entities.yaml"


class Unmapped(Exception):
    """A row that has no faithful reading as inputs; its text is the reason."""


@functools.cache
def rules() -> Json:
    """The rules."""
    loaded: Json = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    return loaded


def inputs_of(number: int, entities: Mapping[str, Any]) -> tuple[str, Json]:
    """The name of our calculator and its inputs.

    Raises:
        Unmapped: the calculator, an entity, a unit or a word has no rule.
    """
    if number in rules()["not_built"]:
        raise Unmapped(rules()["not_built"][number])
    if number not in rules()["calculators"]:
        raise Unmapped("no calculator of ours has this id")
    rule = rules()["calculators"][number]
    for name, words in rule.get("refuses", {}).items():
        if entities.get(name) in words:
            raise Unmapped(f"{name} {entities[name]}: our calculator has no coefficient of this kind")
    reader = _Reader(entities)
    inputs = reader.inputs(rule["inputs"])
    left = set(entities) - reader.used - set(rule.get("unused", []))
    if left:
        raise Unmapped(f"entity {sorted(left)[0]!r} has no rule")
    for entry in calculator(rule["calculator"]).inputs:
        if entry.kind == "boolean":
            inputs.setdefault(entry.name, False)
    return rule["calculator"], inputs


class _Reader:
    """Applies rules to the entities of one row, and remembers which it has used."""

    def __init__(self, entities: Mapping[str, Any]) -> None:
        self.entities = entities
        self.used: set[str] = set()

    def inputs(self, rules_of: Mapping[str, Any]) -> Json:
        made = {name: self._apply(rule) for name, rule in rules_of.items()}
        return {name: value for name, value in made.items() if value is not None}

    def _apply(self, rule: Any) -> Any:
        if isinstance(rule, str | list):
            return self._quantity(rule)
        kind = next(iter(rule))
        if kind == "fixed":
            return rule[kind]
        value = getattr(self, f"_{kind}")(rule[kind], rule)
        return rule.get("absent") if value is None else value

    def _get(self, name: str) -> Any:
        self.used.add(name)
        return self.entities.get(name)

    def _quantity(self, names: str | list[str], rule: Any = None) -> Json | None:
        for name in [names] if isinstance(names, str) else names:
            given = self._get(name)
            if given is None:
                continue
            if not isinstance(given, list) or len(given) != 2:
                raise Unmapped(f"{name}: {given!r} is not a value with a unit")
            if given[1] not in rules()["units"]:
                raise Unmapped(f"{name}: unit {given[1]!r} is not a unit of it")
            return {"value": given[0], "unit": rules()["units"][given[1]]}
        return None

    def _number(self, name: str, rule: Json) -> Any:
        return self._get(name)

    def _flag(self, names: list[str], rule: Json) -> bool:
        given = [self._truth(name) for name in names]  # a list: every name is used, not the first true one only
        return any(given)

    def _not(self, name: str, rule: Json) -> bool | None:
        return None if self._get(name) is None else not self._truth(name)

    def _truth(self, name: str) -> bool:
        given = self._get(name)
        if given is not None and not isinstance(given, bool):
            raise Unmapped(f"{name}: {given!r} is neither true nor false")
        return bool(given)

    def _code(self, name: str, rule: Json) -> Any:
        given = self._get(name)
        if given is None:
            return None
        if str(given) not in rule["codes"]:
            raise Unmapped(f"{name}: {given!r} has no rule")
        return rule["codes"][str(given)]

    def _date(self, name: str, rule: Json) -> str | None:
        given = self._get(name)
        return None if given is None else iso(given)

    def _days(self, name: str, rule: Json) -> Json | None:
        given = self._get(name)
        return None if given is None else {"value": given, "unit": "d"}

    def _below(self, limit: list[Any], rule: Json) -> bool | None:
        value = self._in(limit)
        return None if value is None else value < limit[1]

    def _above(self, limit: list[Any], rule: Json) -> bool | None:
        value = self._in(limit)
        return None if value is None else value > limit[1]

    def _at_least(self, limit: list[Any], rule: Json) -> bool | None:
        value = self._in(limit)
        return None if value is None else value >= limit[1]

    def _in(self, limit: list[Any]) -> float | None:
        name, _, unit = limit
        if unit is None:
            plain = self._number(name, {})
            return None if plain is None else float(plain)
        given = self._quantity(name)
        return None if given is None else round(convert(Quantity(**given), unit).value, 9)

    def _product(self, names: list[str], rule: Json) -> Json:
        dose, times = (self._get(name) for name in names)
        if (dose is None) != (times is None):
            raise Unmapped(f"{names[0]}: a dose and how often are not both given")
        return {"value": dose[0] * times[0] if dose else 0, "unit": rule["unit"]}

    def _drug(self, name: str, rule: Json) -> str:
        given = self._get(name)
        return str(given[0] if isinstance(given, list) else given).split()[0].lower()

    def _dose(self, name: str, rule: Json) -> Json:
        given = self._get(name)
        return {"value": given[1], "unit": rules()["units"][given[2]]}

    def _from(self, name: str, rule: Json) -> Json:
        return _value(name, self.inputs(rule["inputs"]))

    def _by_build(self, rules_of: Json, rule: Json) -> Json:
        """The weight that the benchmark's Cockcroft-Gault is worked with: actual, ideal or adjusted, by the BMI."""
        return weight_by_build(self.inputs(rules_of))


def weight_by_build(own: Json) -> Json:
    """Actual, ideal or adjusted weight, from sex, height and weight."""
    sex_height = {"sex": own["sex"], "height": own["height"]}
    bmi = _value("bmi", {"weight": own["weight"], "height": own["height"]})["value"]
    if bmi < 18.5:
        return dict(own["weight"])
    if bmi >= 25:
        return _value("adjusted_body_weight", own)
    actual = {"value": convert(Quantity(**own["weight"]), "kg").value, "unit": "kg"}
    return min(actual, _value("ideal_body_weight", sex_height), key=lambda weight: float(weight["value"]))


def _value(name: str, inputs: Json) -> Json:
    result = run(name, inputs)
    if result.value is None:
        raise Unmapped(f"{name} gives no value: {'; '.join(result.warnings) or 'an input is missing'}")
    return {"value": result.value, "unit": result.unit}


def iso(text: str) -> str:
    """Month/day/year, or month-day-year, as ISO 8601."""
    return datetime.strptime(text.replace("-", "/"), "%m/%d/%Y").date().isoformat()
