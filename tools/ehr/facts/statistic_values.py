"""The values of the statistics: outcomes, what was left out, comparisons, and conversion of single results."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from knowledge.evidence import Value, show_value
from knowledge.quantity import Quantity, UnitError, convert
from tools.ehr.facts.results import Result

Statistic = Literal[
    "latest",
    "first",
    "nth",
    "mean",
    "median",
    "minimum",
    "maximum",
    "sum",
    "count",
    "change",
    "percent_change",
    "first_abnormal",
    "last_abnormal",
]
STATISTICS: tuple[str, ...] = get_args(Statistic)
PICKED = ("latest", "first", "nth", "minimum", "maximum", "first_abnormal", "last_abnormal")


@dataclass(frozen=True)
class LeftOut:
    """A result, or a whole resource, that was not used, and why."""

    reason: str
    reference: str
    at: str | None = None
    display: str = ""


@dataclass(frozen=True)
class Comparison:
    """`op` one of >= > < <= ==. `bare`: the limit came without a unit and is held to the number as recorded."""

    op: str
    limit: Quantity
    bare: bool = False

    def of(self, item: Result, analyte: str | None = None) -> bool | None:
        """Whether a result satisfies it; None where its comparator, its unit or its kind leaves that open."""
        if item.quantity is None:
            return None
        try:
            low, high = (item.quantity if self.bare else converted(item, self.limit.unit, analyte)).bounds
        except UnitError:
            return None
        check = _CHECKS[self.op]
        strict = (item.comparator or "") in ("<", ">")
        # "<0.5" never reaches its bound: the bound itself is asked a hair inside of it.
        inner = (math.nextafter(low, math.inf), math.nextafter(high, -math.inf)) if strict else (low, high)
        ends = {check(inner[0], self.limit.value), check(inner[1], self.limit.value)}
        if self.op == "==" and low != high:
            return None if low <= self.limit.value <= high else False
        return ends.pop() if len(ends) == 1 else None


_CHECKS: dict[str, Callable[[float, float], bool]] = {
    ">=": lambda value, limit: value >= limit,
    ">": lambda value, limit: value > limit,
    "<=": lambda value, limit: value <= limit,
    "<": lambda value, limit: value < limit,
    "==": lambda value, limit: math.isclose(value, limit, rel_tol=1e-9, abs_tol=1e-12),
}


@dataclass(frozen=True)
class Outcome:
    """What a statistic gives. `value` null with `bounds` is known within them; null without has its `reason`.

    `used` are the results it rests on (of a pick the one picked), newest first; `n` is how many those are, or were
    looked through for a pick. `parts` holds one outcome per material where they are not taken together.
    """

    statistic: str
    value: Value = None
    unit: str | None = None
    comparator: str | None = None
    bounds: tuple[float, float] | None = None
    n: int = 0
    used: tuple[Result, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    reason: str = ""
    material: str | None = None
    parts: tuple[Outcome, ...] = ()
    flags: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        """Whether there is a value, or bounds of one."""
        return self.value is not None or self.bounds is not None

    @property
    def at(self) -> str | None:
        """When the result was that was picked."""
        return self.used[0].at if self.statistic in PICKED and self.used else None

    @property
    def display(self) -> str:
        """The value as it is read, or why there is none."""
        if not self.known:
            return self.reason or "not known"
        if self.used and self.value in (self.used[0].value, None) and self.bounds in (self.used[0].range, None):
            return show_value(self.value, self.unit, self.bounds, self.comparator)
        value = tidy(self.value) if isinstance(self.value, float) else self.value
        bounds = (tidy(self.bounds[0]), tidy(self.bounds[1])) if self.bounds else None
        return show_value(value, self.unit, bounds, self.comparator)


def tidy(value: float) -> float:
    """A worked-out number as it is shown: four significant digits, and never fewer than one after its whole part."""
    whole = len(str(int(abs(value)))) if abs(value) >= 1 else 0
    return float(f"{value:.{max(4, whole + 1)}g}")


def bounded(
    statistic: str, ends: tuple[float, float], unit: str | None, used: tuple[Result, ...], *, strict: bool
) -> Outcome:
    """An interval as an outcome: a number, a bound with its comparator, a range, or nothing that is known."""
    low, high = (end if math.isinf(end) else float(f"{end:.12g}") for end in ends)
    n = len(used)
    if low == high:
        return Outcome(statistic, low, unit, n=n, used=used)
    if math.isinf(low) and math.isinf(high):
        return Outcome(statistic, n=n, used=used, reason="results with < and > leave it open")
    if math.isinf(low):
        return Outcome(statistic, high, unit, "<" if strict else "<=", n=n, used=used)
    if math.isinf(high):
        return Outcome(statistic, low, unit, ">" if strict else ">=", n=n, used=used)
    return Outcome(statistic, None, unit, bounds=(low, high), n=n, used=used)


def analytes(item: Result, analyte: str | None) -> tuple[str | None, ...]:
    """By what a result can be converted: its concept, its code, nothing."""
    code = (item.coding or "").rpartition(":")[2] or None
    return tuple(dict.fromkeys((analyte, code, None)))


def converted(item: Result, unit: str, analyte: str | None) -> Quantity:
    """A result in another unit.

    Raises:
        UnitError: its unit does not convert.
    """
    quantity = item.quantity
    assert quantity is not None
    return convert_one(quantity, unit, analytes(item, analyte))


def convert_one(quantity: Quantity, unit: str, analytes: tuple[str | None, ...]) -> Quantity:
    """A quantity in another unit, by the first analyte that has a factor.

    Raises:
        UnitError: none has.
    """
    last = UnitError(f"found {quantity.unit!r}; expected {unit!r}")
    for analyte in analytes:
        try:
            return convert(quantity, unit, analyte)
        except UnitError as error:
            last = error
    raise last
