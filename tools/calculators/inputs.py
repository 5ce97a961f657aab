"""Inputs of calculators: what is declared about each, and how a value given for it is read.

An input that is not known stays not known: it is never read as "no", "normal" or zero. The limits of `possible` refuse
what no patient has (a slip of the keyboard or a wrong unit); those of `plausible` only warn. Neither is a reference
range.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal

from knowledge.molar import affine
from knowledge.units import AFFINE, number, table_factor, ucum, unit_label
from tools.errors import BadInput, NotAssessable

Kind = Literal["quantity", "count", "boolean", "code", "date"]
Value = bool | float | str | date
Limits = tuple[float, float]
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:$|[T ]\d{2}:)")


@dataclass(frozen=True)
class Input:
    """One parameter of a calculator.

    Attributes:
        unit: canonical UCUM unit in which the calculation receives it.
        analyte: id of `knowledge/analytes`, for conversion between mass and molar units.
        equivalents: further units in which the source states its thresholds, with the source's own correspondence
            (KDIGO: 1 mg/mmol stands for 10 mg/g); used instead of the exact conversion.
        assay: the annotation a unit must carry (`FEU`); a result without it is not assessable.
        choices: code -> what it means, in order.
        unknowns: codes that mean "not known".
        cuts: every value at which the result can change; the result is constant between them.
        monotone: the result never turns back as this input rises with the others fixed.
        default: a choice of method (never a finding of the patient) that holds where none is given.
        past: a date of something that has happened: none after the clinical clock, where that is known.
    """

    name: str
    kind: Kind
    title: str
    unit: str = "1"
    analyte: str | None = None
    equivalents: Mapping[str, float] = field(default_factory=dict)
    assay: str | None = None
    codings: tuple[str, ...] = ()
    choices: Mapping[str, str] = field(default_factory=dict)
    unknowns: tuple[str, ...] = ()
    plausible: Limits | None = None
    possible: Limits | None = None
    cuts: tuple[float, ...] = ()
    monotone: bool = False
    max_age_days: int | None = None
    default: str | None = None
    past: bool = False
    ask: str = ""
    example: Any = None

    def but(self, **changes: Any) -> Input:
        """The same input with some of its declaration changed."""
        return replace(self, **changes)

    @property
    def numeric(self) -> bool:
        """Whether it is a number."""
        return self.kind in ("quantity", "count")

    @property
    def measured_as(self) -> tuple[str, ...]:
        """The measurements it can be read from: its name, and its analyte where that only says more of it.

        Never the analyte alone: the creatinine of urine, of a day before or of another person is another measurement.
        """
        fuller = self.analyte is not None and self.analyte.startswith(f"{self.name}_")
        return (self.name, self.analyte) if fuller and self.analyte else (self.name,)

    def document(self) -> dict[str, Any]:
        """As JSON, for forms and `osler calc list`."""
        body: dict[str, Any] = {"name": self.name, "kind": self.kind, "title": self.title}
        if self.numeric:
            body["unit"] = self.unit
        extra = {
            "also_in": list(self.equivalents),
            "analyte": self.analyte,
            "assay": self.assay,
            "codings": list(self.codings),
            "choices": dict(self.choices),
            "default": self.default,
            "plausible": self.plausible,
            "possible": self.possible,
            "max_age_days": self.max_age_days,
            "ask": self.ask,
        }
        return body | {key: value for key, value in extra.items() if value}


@dataclass(frozen=True)
class Reading:
    """What was given for an input, in canonical units: a value, an interval, or nothing.

    `scale` turns canonical numbers back into the unit given (`unit`), in which people are answered.
    """

    input: Input
    value: Value | None = None
    low: float = -math.inf
    high: float = math.inf
    given: Any = None
    unit: str = "1"
    scale: tuple[float, float] = (1.0, 0.0)
    warnings: tuple[str, ...] = ()

    @property
    def interval(self) -> bool:
        """Known only within bounds."""
        return self.value is None and (math.isfinite(self.low) or math.isfinite(self.high))

    @property
    def unknown(self) -> bool:
        """Nothing is known."""
        return self.value is None and not self.interval

    def shown(self, canonical: float, digits: int = 10) -> str:
        """A canonical number in the unit in which this input was given."""
        scale, offset = self.scale
        return f"{number((canonical - offset) / scale, digits)} {unit_label(self.unit)}".strip()


def read(declared: Input, raw: Any, as_of: date | None = None) -> Reading:
    """Read what was given for an input.

    Args:
        as_of: the clinical clock, against which the date of something that has happened is checked.

    Raises:
        BadInput: wrong type or unit, or a value no patient has.
        NotAssessable: the assay is not stated, or is another one.
    """
    if raw is None and declared.default is not None:
        raw = declared.default
    if raw is None:
        return Reading(declared, unit=declared.unit)
    if declared.kind == "boolean":
        if not isinstance(raw, bool):
            raise _bad(declared, raw, "true, false or null")
        return Reading(declared, raw, given=raw)
    if declared.kind == "code":
        if not isinstance(raw, str):
            raise _bad(declared, raw, "one of " + ", ".join(declared.choices) + ", or null")
        if raw in declared.unknowns:
            return Reading(declared)
        if raw not in declared.choices:
            raise _bad(declared, raw, "one of " + ", ".join(declared.choices) + ", or null")
        return Reading(declared, str(raw), given=raw)
    if declared.kind == "date":
        return _date(declared, raw, as_of)
    return _number(declared, raw)


def _date(declared: Input, raw: Any, as_of: date | None) -> Reading:
    example = "a date such as 2026-03-02"
    if not (isinstance(raw, str) and _DATE.match(raw)):
        raise _bad(declared, raw, example)
    try:
        day = date.fromisoformat(raw[:10])
    except ValueError as error:
        raise _bad(declared, raw, example) from error
    if declared.past and as_of is not None and day > as_of:
        raise _bad(declared, f"{raw}, which is after {as_of}", f"a date up to {as_of}", "check the date and its year")
    return Reading(declared, day, given=raw)


def _number(declared: Input, raw: Any) -> Reading:
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        if declared.unit != "1":
            raise _bad(declared, f"{raw} without a unit", _example(declared), "give the value with its UCUM unit")
        raw = {"value": raw}
    if not isinstance(raw, Mapping) or not ("value" in raw or "range" in raw):
        raise _bad(declared, raw, _example(declared))
    unit = ucum(str(raw.get("unit") or ("1" if declared.unit == "1" else "")))
    if not unit:
        found = f"{raw.get('value')} without a unit"
        raise _bad(declared, found, _example(declared), "give the value with its UCUM unit")
    scale = _scale(declared, unit)
    bounds = _bounds(declared, raw)
    low = _convert(_float(declared, bounds[0]), scale)
    high = low if bounds[1] is bounds[0] else _convert(_float(declared, bounds[1]), scale)
    comparator = raw.get("comparator")
    if comparator not in (None, "<", "<=", ">", ">="):
        raise _bad(declared, comparator, "a comparator <, <=, >, >= or none")
    warnings = _limits(declared, low, high, (comparator, bounds[0], unit))
    body: dict[str, Any] = {"value": raw.get("value"), "unit": unit}
    if raw.get("range") is not None:
        body = {"value": None, "range": list(bounds), "unit": unit}
    if comparator:
        body["comparator"] = comparator
    floor, ceiling = declared.possible or (-math.inf, math.inf)
    if comparator in ("<", "<="):
        low, high = floor, (math.nextafter(high, -math.inf) if comparator == "<" else high)
    elif comparator in (">", ">="):
        low, high = (math.nextafter(low, math.inf) if comparator == ">" else low), ceiling
    if declared.kind == "count" and (low % 1 or high % 1) and low == high:
        raise _bad(declared, raw.get("value"), "a whole number")
    value = low if low == high else None
    return Reading(declared, value, low, high, body, unit, scale, warnings)


def _bounds(declared: Input, raw: Mapping[str, Any]) -> tuple[Any, Any]:
    span = raw.get("range")
    if span is None:
        return raw.get("value"), raw.get("value")
    if not (isinstance(span, list | tuple) and len(span) == 2):
        raise _bad(declared, span, "a range of two numbers, the lower one first")
    low, high = (_float(declared, end) for end in span)
    if low > high:
        raise _bad(declared, span, "a range of two numbers, the lower one first")
    return low, high


def _float(declared: Input, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _bad(declared, value, "a finite number")
    return float(value)


def _convert(value: float, scale: tuple[float, float]) -> float:
    if scale == (1.0, 0.0):
        return value
    # 12 digits: takes off the binary noise of the factor, rounds nothing that was measured.
    return float(f"{value * scale[0] + scale[1]:.12g}")


def _scale(declared: Input, unit: str) -> tuple[float, float]:
    if declared.assay and f"{{{declared.assay}}}" not in unit:
        raise NotAssessable(
            f"{declared.title}: reported in {unit}, which does not say {declared.assay}; results of different assays "
            "are not comparable and are not converted",
            found=unit,
            expected=declared.unit,
            action=f"ask the laboratory for the result in {unit_label(declared.unit)}",
        )
    if unit in declared.equivalents:
        return (float(declared.equivalents[unit]), 0.0)
    if ("1.73_m2" in unit) != ("1.73_m2" in declared.unit):
        action = "a clearance is not a value per 1.73 m² of body surface; give the one that is asked for"
        raise _bad(declared, unit, declared.unit, action)
    if (unit, declared.unit) in AFFINE:
        return AFFINE[unit, declared.unit]
    if (between := affine(unit, declared.unit, declared.analyte)) is not None:
        return between
    factor = table_factor(unit, declared.unit, declared.analyte)
    if factor is not None:
        return (factor, 0.0)
    from knowledge.quantity import UnitError
    from knowledge.quantity import factor as ucum_factor

    try:
        return ucum_factor(unit, declared.unit, declared.analyte)
    except UnitError as error:
        raise _bad(declared, unit, f"{declared.unit} or a unit convertible to it", str(error)) from error


def _example(declared: Input) -> str:
    return f'{{"value": …, "unit": "{declared.unit}"}}'


def _limits(declared: Input, low: float, high: float, given: tuple[str | None, float, str]) -> tuple[str, ...]:
    if declared.possible and not (declared.possible[0] <= low and high <= declared.possible[1]):
        first, last = (number(end) for end in declared.possible)
        span = f"{first} to {last} {unit_label(declared.unit)}"
        raise _bad(declared, _shown(given), span, "check the value and its unit")
    if declared.plausible and not (declared.plausible[0] <= low and high <= declared.plausible[1]):
        return (f"{declared.title} {_shown(given)} is unusual: check the value and its unit",)
    return ()


def _shown(given: tuple[str | None, float, str]) -> str:
    comparator, value, unit = given
    return f"{comparator or ''}{number(value)} {unit_label(unit)}".strip()


def _bad(declared: Input, found: Any, expected: str, action: str = "") -> BadInput:
    message = f"{declared.name} ({declared.title}): found {found}; expected {expected}"
    return BadInput(message, found=found, expected=expected, action=action or f"correct {declared.name}")
