"""Inputs worked out from other inputs: a body mass index from weight and height, an eGFR from creatinine.

Which calculator gives which input stands in `nesting.yaml`. A value that is given always comes first; a producer whose
population does not admit the patient is passed over; what a producer knows only within bounds stays a range further up.
Each input worked out carries its derivation: the calculator, what went in, what came out and the steps, as a tree.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from knowledge.molar import rows
from knowledge.units import number, unit_label
from tools.calculators import calculator
from tools.calculators.base import Calculator
from tools.calculators.inputs import Input, read
from tools.errors import BadInput

CONVERT, LIMIT = "convert", "limit"
"""What stands for the calculator in a derivation that is a change of unit, or a measurement against a limit."""


@dataclass(frozen=True)
class Limit:
    """A measurement that settles a yes or no: `below` it, or `at_least` it, in the unit `like` declares."""

    of: str
    like: str
    below: float | None = None
    at_least: float | None = None

    @property
    def declared(self) -> Input:
        """How the measurement is read."""
        return calculator(self.like).input(self.of)

    def holds(self, raw: Any) -> bool | None:
        """Whether it is met; None where that is not known."""
        reading = read(self.declared, raw)
        if reading.unknown:
            return None
        if self.below is not None:
            return True if reading.high < self.below else False if reading.low >= self.below else None
        assert self.at_least is not None
        return True if reading.low >= self.at_least else False if reading.high < self.at_least else None

    @property
    def text(self) -> str:
        """The limit in words."""
        bound = self.below if self.below is not None else self.at_least
        shown = f"{number(float(bound or 0))} {unit_label(self.declared.unit)}".strip()
        return f"below {shown}" if self.below is not None else f"{shown} or more"


@dataclass(frozen=True)
class Producer:
    """What can give an input: a calculator, or limits of measurements."""

    input: str
    calculator: str | None = None
    limits: tuple[Limit, ...] = ()

    @property
    def parts(self) -> tuple[str, ...]:
        """The inputs it takes."""
        if self.calculator is None:
            return tuple(limit.of for limit in self.limits)
        return tuple(entry.name for entry in calculator(self.calculator).inputs)


@dataclass(frozen=True)
class Derived:
    """An input that was worked out, or (value and range None) what was lacking to do so.

    Attributes:
        inputs: what went in, as given; a part that was itself worked out stands with its result.
        nested: the derivations of those parts, by name.
        missing: the parts that are not known.
    """

    input: str
    calculator: str
    title: str
    inputs: Mapping[str, Any]
    value: float | str | bool | None = None
    range: tuple[float, float] | None = None
    unit: str | None = None
    display: str = ""
    steps: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    nested: Mapping[str, Derived] = field(default_factory=dict)

    @property
    def known(self) -> bool:
        """Whether something came out, if only a range."""
        return self.value is not None or self.range is not None

    @property
    def given(self) -> Any:
        """The result as a calculator takes it."""
        if self.range is not None:
            return {"range": list(self.range), "unit": self.unit or "1"}
        if self.unit is None or isinstance(self.value, bool | str) or self.value is None:
            return self.value
        return {"value": self.value, "unit": self.unit}

    def document(self) -> dict[str, Any]:
        """As JSON; `derivation` holds the parts that were worked out themselves."""
        return {
            "calculator": self.calculator,
            "title": self.title,
            "inputs": dict(self.inputs),
            "value": self.value,
            "range": list(self.range) if self.range else None,
            "unit": self.unit,
            "steps": list(self.steps),
            "missing": list(self.missing),
            "derivation": {name: part.document() for name, part in self.nested.items()},
        }

    @property
    def line(self) -> str:
        """One step: what was worked out, from what."""
        parts = ", ".join(name.replace("_", " ") for name, value in self.inputs.items() if value is not None)
        return f"{self.title}: {self.display}, worked out from {parts}"


@dataclass(frozen=True)
class Nested:
    """Inputs for a calculator, with what was worked out and what could not be for want of a part."""

    inputs: dict[str, Any]
    derivations: dict[str, Derived]
    partial: dict[str, Derived]


@functools.cache
def _rows() -> tuple[tuple[frozenset[str], tuple[Producer, ...]], ...]:
    found = []
    for row in rows(Path(__file__).with_name("nesting.yaml")):
        limits = tuple(Limit(**limit) for limit in row.get("limits", ()))
        made = [Producer(row["input"], name) for name in row.get("from", ())]
        if limits:
            made.append(Producer(row["input"], limits=limits))
        found.append((frozenset(row.get("calculators", ())), tuple(made)))
    return tuple(found)


@functools.cache
def producers(name: str, wanted: str) -> tuple[Producer, ...]:
    """What can give an input of a calculator, the preferred one first; a calculator never feeds itself."""
    return tuple(
        each
        for only, made in _rows()
        for each in made
        if each.input == wanted and (not only or name in only) and each.calculator != name
    )


@functools.cache
def parts(name: str) -> tuple[str, ...]:
    """Every input that can be of use to a calculator: its own, and those its inputs can be worked out from."""
    own = [entry.name for entry in calculator(name).inputs]
    for wanted in list(own):
        for producer in producers(name, wanted):
            own += producer.parts if producer.calculator is None else parts(producer.calculator)
    return tuple(dict.fromkeys(own))


def nested(name: str, available: Mapping[str, Any]) -> Nested:
    """The inputs of a calculator from what is available under any input's name.

    Args:
        available: inputs as `run` takes them, the parts of nested inputs beside the calculator's own; null: unknown.

    Raises:
        BadInput: a value that cannot be right.
        NotAssessable: an assay that is not stated.
    """
    inputs: dict[str, Any] = {}
    derivations: dict[str, Derived] = {}
    partial: dict[str, Derived] = {}
    for entry in calculator(name).inputs:
        if available.get(entry.name) is not None:
            inputs[entry.name] = available[entry.name]
            continue
        for producer in producers(name, entry.name):
            if not any(available.get(part) is not None for part in _all_parts(producer)):
                continue
            found = _produce(producer, available)
            if found.known:
                inputs[entry.name], derivations[entry.name] = found.given, found
                partial.pop(entry.name, None)
                break
            partial.setdefault(entry.name, found)
    return Nested(inputs, derivations, partial)


def _all_parts(producer: Producer) -> tuple[str, ...]:
    return producer.parts if producer.calculator is None else parts(producer.calculator)


def _produce(producer: Producer, available: Mapping[str, Any]) -> Derived:
    if producer.calculator is None:
        return _by_limit(producer, available)
    return _work_out(producer.input, producer.calculator, nested(producer.calculator, available))


def _work_out(wanted: str, name: str, found: Nested) -> Derived:
    from tools.calculators.evaluate import evaluate

    declared = calculator(name)
    result = evaluate(declared, found.inputs, derivations=found.derivations, sensitivity=False)
    outside = result.applicable is False
    return Derived(
        wanted,
        name,
        declared.result.title,
        found.inputs,
        None if outside else result.value,
        None if outside else result.range,
        result.unit,
        result.display,
        tuple(result.steps),
        tuple(result.missing),
        tuple(result.warnings),
        found.derivations,
    )


def _by_limit(producer: Producer, available: Mapping[str, Any]) -> Derived:
    steps, verdicts, used = [], [], {}
    for limit in producer.limits:
        raw = available.get(limit.of)
        holds = limit.holds(raw)
        verdicts.append(holds)
        if raw is not None:
            used[limit.of] = raw
            word = {True: "yes", False: "no", None: "not known"}[holds]
            steps.append(f"{limit.declared.title} {limit.text}: {word}")
    value = True if True in verdicts else None if None in verdicts else False
    missing = [limit.of for limit, holds in zip(producer.limits, verdicts, strict=True) if holds is None]
    title = " or ".join(f"{limit.declared.title} {limit.text}" for limit in producer.limits)
    display = {True: "yes", False: "no", None: "not known"}[value]
    return Derived(
        producer.input, LIMIT, title, used, value, display=display, steps=tuple(steps),
        missing=tuple(missing) if value is None else (),
    )  # fmt: skip


def has_nested(inputs: Mapping[str, Any]) -> bool:
    """Whether an input is given by its parts (`{"from": …}`)."""
    return any(isinstance(value, Mapping) and "from" in value for value in inputs.values())


def expand(declared: Calculator, inputs: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Derived]]:
    """Inputs given by their parts, `{"bmi": {"from": "bmi", "inputs": {…}}}`, worked out.

    Raises:
        BadInput: nothing of that name gives this input, or a part cannot be right.
    """
    plain, derivations = {}, {}
    for name, value in inputs.items():
        if not (isinstance(value, Mapping) and "from" in value):
            plain[name] = value
            continue
        found = _by_parts(declared, name, value)
        plain[name] = found.given
        derivations[name] = found
    return plain, derivations


def _by_parts(declared: Calculator, name: str, value: Mapping[str, Any]) -> Derived:
    source, given = value["from"], value.get("inputs") or {}
    options = producers(declared.name, name)
    allowed = [each.calculator or LIMIT for each in options] + [CONVERT]
    if source not in allowed or not isinstance(given, Mapping):
        raise BadInput(
            f"{declared.name}: {name} cannot come from {source!r}",
            found=source,
            expected=", ".join(allowed),
            action=f'give {{"from": "{allowed[0]}", "inputs": {{…}}}}, or the value itself',
        )
    if source == CONVERT:
        return _converted(name, given)
    if source == LIMIT:
        producer = next(each for each in options if each.calculator is None)
        _no_strangers(declared.name, name, given, producer.parts)
        return _by_limit(producer, given)
    plain, below = expand(calculator(source), given)
    _no_strangers(declared.name, name, plain, parts(source))
    more = nested(source, plain)
    return _work_out(name, source, Nested(more.inputs, {**more.derivations, **below}, more.partial))


def _no_strangers(name: str, wanted: str, given: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for stranger in given:
        if stranger not in known:
            raise BadInput(
                f"{name}: {wanted}: found input {stranger!r}; expected one of {', '.join(known)}",
                found=stranger,
                expected=", ".join(known),
                action="correct the name of the input",
            )


def _converted(name: str, given: Mapping[str, Any]) -> Derived:
    from tools.calculators.convert_units import convert_value

    found = convert_value(given.get("value"), given.get("unit"), given.get("to"), given.get("analyte"))
    shown = f"{number(found.value, 6)} {unit_label(found.unit)}"
    return Derived(
        name, CONVERT, "Conversion", dict(given), found.value, unit=found.unit, display=shown, steps=tuple(found.steps)
    )
