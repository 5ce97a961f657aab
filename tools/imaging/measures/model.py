"""What a measure gives: a value with its unit, how it was taken, the source of the scale, how far it may be off."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from knowledge.units import unit_label

PIXELS = "{pixels}"
_LABELS = {PIXELS: "pixels", "cm2": "cm²", "{count}": "", "[hnsf'U]": "HU", "deg": "°"}


@dataclass(frozen=True)
class Interval:
    """Where the value lies, and by which of our methods that was found; never a confidence interval of a diagnosis."""

    low: float
    high: float
    method: str


@dataclass(frozen=True)
class Measurement:
    """One measured value.

    `unit` is UCUM; `{pixels}` where no scale has a source. `scale_source` is None where none is needed (an angle on
    square pixels, a count, a share) or none is known. `where`: slice, box, ends of calipers, in 0-based stored pixels,
    column first. `structure`: what was measured, in words. `validated`: False where an algorithm outlined it.
    """

    name: str
    value: float
    unit: str
    method: str
    scale_source: str | None = None
    interval: Interval | None = None
    where: dict[str, Any] = field(default_factory=dict)
    structure: str = ""
    notes: tuple[str, ...] = ()
    validated: bool | None = None

    @property
    def label(self) -> str:
        """What was measured of what."""
        return f"{self.structure} {self.name}".strip()

    def of(self, structure: str) -> Measurement:
        """The same measurement, of a named structure."""
        return replace(self, structure=structure)

    def document(self) -> dict[str, Any]:
        """A row of `measurements` in the contract."""
        return {
            "name": self.label,
            "value": rounded(self.value),
            "unit": self.unit,
            "range": None if self.interval is None else [rounded(self.interval.low), rounded(self.interval.high)],
            "range_method": None if self.interval is None else self.interval.method,
            "method": self.method,
            "scale_source": self.scale_source,
            "evidence": self.where,
            "notes": list(self.notes),
            "validated": self.validated,
        }

    @property
    def shown(self) -> str:
        """As a clinician reads it: `23.4 mm (22.6 to 24.3)`."""
        return shown(self.value, self.unit, None if self.interval is None else (self.interval.low, self.interval.high))


def shown(value: float, unit: str, bounds: tuple[float, float] | None = None) -> str:
    """A value with its unit and bounds, at three figures or a tenth."""
    label = _LABELS.get(unit, "" if unit == "1" else unit_label(unit))
    span = "" if bounds is None else f" ({_figures(bounds[0])} to {_figures(bounds[1])})"
    gap = "" if label in ("°", "") else " "
    return f"{_figures(value)}{gap}{label}{span}"


def signed(value: float) -> str:
    """A difference with its sign."""
    text = _figures(value)
    return f"+{text}" if value > 0 and text.strip("0.") else text.removeprefix("-") if not text.strip("-0.") else text


def rounded(value: float) -> float:
    """Four figures: more than any mask is good for, enough not to move a value over a limit of the criteria."""
    return float(f"{value:.4g}") if abs(value) < 1000 else round(value, 1)


def _figures(value: float) -> str:
    if value == int(value):
        return f"{int(value)}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}"
