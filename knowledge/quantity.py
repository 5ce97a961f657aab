"""Quantities with UCUM units.

Units are parsed by `ucumvert` (UCUM over pint). It takes over a second to load, so it is imported only when two units
differ in writing. Annotations in braces are part of the meaning here (`ng/mL{FEU}` is not `ng/mL{DDU}`), although UCUM
itself lets them be ignored: a D-dimer assay in FEU must never be compared with one in DDU, nor a clearance in mL/min
with an eGFR indexed to body surface.
"""

from __future__ import annotations

import functools
import math
import re
from typing import Any

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from knowledge.molar import affine
from knowledge.units import number, table_factor, unit_label

COMPARATORS = ("<", "<=", ">=", ">")
_ANNOTATION = re.compile(r"\{([^}]*)\}")
# Annotations that carry no meaning for comparison: they only say what is counted.
_EQUIVALENTS = re.compile(r"(?<![A-Za-z])[mun]?eq(?![A-Za-z])")
_IDLE_ANNOTATIONS = {"score", "points", "point", "ratio", "INR", "beats", "breaths", "count"}


__all__ = ["Quantity", "UnitError", "annotation", "check_unit", "convert", "factor", "number", "unit_label"]


class UnitError(ValueError):
    """A unit that UCUM does not know, or two that cannot be converted into each other."""


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Quantity:
    """A number with its UCUM unit ("1" = dimensionless) and, where the laboratory gave one, a comparator."""

    value: float
    unit: str = "1"
    comparator: str | None = None

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise ValueError(f"found {self.value!r}; expected a finite number")
        if self.comparator is not None and self.comparator not in COMPARATORS:
            raise ValueError(f"found comparator {self.comparator!r}; expected one of {COMPARATORS} or none")

    @property
    def display(self) -> str:
        """As a clinician reads it: `<0.5 mg/L FEU`, `43 mL/min/1.73 m²`."""
        return f"{self.comparator or ''}{number(self.value)} {unit_label(self.unit)}".strip()

    @property
    def bounds(self) -> tuple[float, float]:
        """The interval the true value lies in: a comparator leaves one side open."""
        if self.comparator in ("<", "<="):
            return (-math.inf, self.value)
        if self.comparator in (">", ">="):
            return (self.value, math.inf)
        return (self.value, self.value)


def annotation(unit: str) -> str | None:
    """The annotation of a unit that changes its meaning (`FEU`), if there is one."""
    found = [text for text in _ANNOTATION.findall(unit) if text not in _IDLE_ANNOTATIONS]
    return found[0] if found else None


def _bare(unit: str) -> str:
    return _ANNOTATION.sub("", unit).rstrip("/.") or "1"


@functools.cache
def _registry() -> Any:
    from ucumvert import PintUcumRegistry

    return PintUcumRegistry()


@functools.cache
def _parse(unit: str) -> Any:
    bare = _bare(unit)
    registry = _registry()
    if bare == "1":
        return registry.Quantity(1, "dimensionless")
    try:
        return registry.from_ucum(bare)
    except Exception as error:  # the parser raises lark and pint errors of many kinds; all mean the same here
        raise UnitError(f"found unit {unit!r}; expected a UCUM unit such as mg/dL, mmol/L, 10*9/L") from error


def check_unit(unit: str) -> None:
    """Raise `UnitError` unless `unit` is UCUM."""
    _parse(unit)


@functools.lru_cache(maxsize=4096)
def factor(source: str, target: str, analyte: str | None = None) -> tuple[float, float]:
    """`(scale, offset)` such that `target = source * scale + offset`.

    Args:
        analyte: concept id or LOINC code, needed between mass and molar units.

    Raises:
        UnitError: a unit is not UCUM, or the two measure different things, or the assay (FEU, DDU) differs.
    """
    if source == target:
        return (1.0, 0.0)
    if (between := affine(source, target, analyte)) is not None:
        return between
    if (known := table_factor(source, target, analyte)) is not None:
        return (known, 0.0)
    if annotation(source) != annotation(target):
        raise UnitError(
            f"found {source!r}; expected {target!r}: results of different assays or indexing are not converted"
        )
    if analyte is None and bool(_EQUIVALENTS.search(source)) != bool(_EQUIVALENTS.search(target)):
        raise UnitError(f"found {source!r}; expected {target!r}: the ion must be named (mEq and mmol)")
    first, second = _parse(source), _parse(target)
    registry = _registry()
    try:
        # Through absolute quantities, so that units with an offset (degrees) come out right.
        zero = registry.Quantity(0, first.units).to(second.units).magnitude
        one = registry.Quantity(first.magnitude, first.units).to(second.units).magnitude
    except Exception as error:
        hint = "" if analyte else " (mass and amount of substance need the analyte)"
        raise UnitError(f"found {source!r}; expected a unit convertible to {target!r}{hint}") from error
    return (float(one - zero) / float(second.magnitude), float(zero))


def convert(quantity: Quantity, unit: str, analyte: str | None = None) -> Quantity:
    """The same quantity in another unit; nothing is rounded, the comparator stays."""
    scale, offset = factor(quantity.unit, unit, analyte)
    if scale == 1.0 and offset == 0.0:
        return Quantity(quantity.value, unit, quantity.comparator)
    return Quantity(float(f"{quantity.value * scale + offset:.12g}"), unit, quantity.comparator)
