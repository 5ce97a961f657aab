"""The declaration of a calculator. One file each declares `CALCULATOR` over a pure function of canonical values.

The function receives one keyword per input (numbers in the canonical unit, booleans, codes) and returns an `Outcome`:
the value and the named terms it was made of, from which the steps are rendered. It never sees an unknown:
`evaluate.py` calls it once for every completion of what is not known.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

from knowledge.units import number, unit_label
from tools.calculators.inputs import Input, Value
from tools.calculators.reference import Reference


class Term(NamedTuple):
    """A named part of a calculation. `how` says what it was made from, where that helps."""

    name: str
    value: float | str | bool
    unit: str = "1"
    how: str = ""

    @property
    def shown(self) -> str:
        """The value as printed."""
        if isinstance(self.value, bool):
            return "yes" if self.value else "no"
        if isinstance(self.value, str):
            return self.value
        return with_unit(number(self.value, 4 if self.value % 1 else 15), self.unit, self.value)

    def render(self) -> str:
        """One step."""
        return f"{self.name} = {self.how} = {self.shown}" if self.how else f"{self.name}: {self.shown}"


class Outcome(NamedTuple):
    """A result for known inputs: a number, a code or a date. `value` None: there is none, and `warnings` says why."""

    value: float | str | date | None
    terms: tuple[Term, ...] = ()
    warnings: tuple[str, ...] = ()


def points(*items: tuple[str, bool, float]) -> Outcome:
    """The sum of the points of the items that hold; each is a term."""
    terms = tuple(Term(name, float(worth) if holds else 0.0, "points") for name, holds, worth in items)
    return Outcome(math.fsum(float(worth) for _, holds, worth in items if holds), terms)


@dataclass(frozen=True)
class Band:
    """A named stretch of the result: from `at_least` (included) or `above` (excluded) up to the next band."""

    label: str
    at_least: float | None = None
    above: float | None = None

    def reached(self, value: float) -> bool:
        """Whether a value is in this band or a higher one."""
        if self.above is not None:
            return value > self.above
        return self.at_least is None or value >= self.at_least


@dataclass(frozen=True)
class Code:
    """A result that is a code: how it is printed, and what it means. Never what to do."""

    code: str
    shown: str
    meaning: str


@dataclass(frozen=True)
class Result:
    """What comes out: a number with a unit, one of `codes`, or a date; `bands` come from the named source.

    Attributes:
        noun: what is counted, for scores ("points").
        decimals: digits printed after the point; the value itself is not rounded.
        source: key of the reference that states the bands or codes.
        rules_out: codes that exclude a disease; never given while any input is unknown.
        dated: the result is a calendar date, written as ISO 8601.
    """

    title: str
    unit: str = "1"
    noun: str = ""
    decimals: int = 0
    bands: tuple[Band, ...] = ()
    codes: tuple[Code, ...] = ()
    source: str = ""
    rules_out: tuple[str, ...] = ()
    dated: bool = False

    @property
    def measured_in(self) -> str | None:
        """The unit of the result; codes and dates have none."""
        return None if self.codes or self.dated else self.unit

    def label(self, value: float | str | date | None) -> str | None:
        """The band of a number, the meaning of a code; a date has none."""
        if value is None or self.dated or isinstance(value, date):
            return None
        if isinstance(value, str):
            return self.code(value).meaning
        return next((band.label for band in reversed(self.bands) if band.reached(value)), None)

    def code(self, code: str) -> Code:
        """The declaration of a code."""
        return next(entry for entry in self.codes if entry.code == code)

    def shown(self, value: float | str | date | None) -> str:
        """As a clinician reads it.

        Digits are added where rounding would move the value into another band or onto a multiple of 5, where limits
        lie: 19.7 is not printed as 20.
        """
        if value is None:
            return "not known"
        if isinstance(value, date):
            return value.isoformat()
        if isinstance(value, str):
            return value if self.dated else self.code(value).shown
        return with_unit(self._rounded(value), self.noun or self.unit, value)

    def shown_range(self, low: float, high: float) -> str:
        """A range as a clinician reads it."""
        return with_unit(f"{self._rounded(low)} to {self._rounded(high)}", self.noun or self.unit, math.nan)

    def _rounded(self, value: float) -> str:
        for decimals in range(self.decimals, self.decimals + 4):
            text = f"{value:.{decimals}f}"
            rounded = float(text)
            if rounded == value or (rounded % 5 and self.label(rounded) == self.label(value)):
                break
        return text.rstrip("0").rstrip(".") if self.noun and "." in text else text


def with_unit(text: str, unit: str, value: float) -> str:
    """A printed number with its unit or noun, "1 point" and not "1 points"."""
    label = "point" if unit == "points" and value == 1 else unit_label(unit)
    return f"{text}{'' if label == '%' else ' '}{label}".strip()


@dataclass(frozen=True)
class Population:
    """For whom it holds: limits on inputs, all of which must be met."""

    text: str
    at_least: Mapping[str, float] = field(default_factory=dict)
    below: Mapping[str, float] = field(default_factory=dict)
    equal: Mapping[str, Value] = field(default_factory=dict)

    @cached_property
    def uses(self) -> tuple[str, ...]:
        """The inputs it looks at."""
        return (*self.at_least, *self.below, *self.equal)

    def admits(self, name: str, value: Value) -> bool:
        """Whether a value of an input is within the limits."""
        if name in self.equal:
            return value == self.equal[name]
        if isinstance(value, int | float):
            return self.at_least.get(name, -math.inf) <= value < self.below.get(name, math.inf)
        return True

    def admits_all(self, name: str, low: float, high: float) -> bool | None:
        """Whether every value from `low` to `high` is within the limits, none is, or (None) some are."""
        if self.admits(name, low) and self.admits(name, high):
            return True
        outside = high < self.at_least.get(name, -math.inf) or low >= self.below.get(name, math.inf)
        return False if outside else None

    def holds(self, values: Mapping[str, Value]) -> bool:
        """Whether known inputs are within the limits."""
        return all(self.admits(name, values[name]) for name in self.uses)


ADULTS = Population("adults (18 years or older)", at_least={"age": 18})


@dataclass(frozen=True)
class Calculator:
    """A calculator's card and its function.

    Attributes:
        synonyms: other names people use; `purpose` is what a question is matched with.
        notes: what must be said with every result (which weight, which calibration); the first steps.
    """

    name: str
    title: str
    purpose: str
    specialty: str
    inputs: tuple[Input, ...]
    result: Result
    references: tuple[Reference, ...]
    compute: Callable[..., Outcome]
    version: str = "1.0.0"
    synonyms: tuple[str, ...] = ()
    population: Population | None = None
    notes: tuple[str, ...] = ()
    example_inputs: Mapping[str, Any] = field(default_factory=dict)

    def input(self, name: str) -> Input:
        """The declaration of an input."""
        return next(entry for entry in self.inputs if entry.name == name)

    @property
    def example(self) -> dict[str, Any]:
        """Inputs that run."""
        built = {entry.name: False if entry.kind == "boolean" else entry.example for entry in self.inputs}
        built = {name: value for name, value in built.items() if value is not None}
        return built | dict(self.example_inputs)

    def document(self) -> dict[str, Any]:
        """As `osler calc list` gives it."""
        return {
            "name": self.name,
            "title": self.title,
            "specialty": self.specialty,
            "version": self.version,
            "purpose": self.purpose,
            "synonyms": list(self.synonyms),
            "population": self.population.text if self.population else None,
            "inputs": [entry.document() for entry in self.inputs],
            "example": self.example,
            "references": [reference.document() for reference in self.references],
        }
