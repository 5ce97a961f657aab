"""Dose, route and frequency of a Dosage element (or of an administration's), in words and as data."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from knowledge.quantity import number, unit_label
from tools.ehr.compartment import walk
from tools.ehr.elements import Measured, quantity, words
from tools.ehr.fhirjson import Resource

# UnitsOfTime of FHIR in words.
_PERIOD = {"s": "second", "min": "minute", "h": "hour", "d": "day", "wk": "week", "mo": "month", "a": "year"}


@dataclass(frozen=True)
class Dosage:
    """What one instruction or administration says; empty where it does not."""

    text: str = ""
    dose: Measured | None = None
    dose_text: str = ""
    route: str = ""
    frequency: str = ""
    as_needed: bool = False

    @property
    def shown(self) -> str:
        """As it is read: its own text, else dose, route and frequency."""
        if self.text:
            said = not self.as_needed or re.search(r"\b(?:needed|required|p\.?r\.?n)\b", self.text, re.IGNORECASE)
            return self.text if said else f"{self.text} as needed"
        parts = [self.dose_text, self.route, self.frequency, "as needed" if self.as_needed else ""]
        return " ".join(part for part in parts if part)


def dosages_of(resource: Resource) -> list[Dosage]:
    """The instructions of a request, statement or dispense, or the one dose of an administration."""
    if resource.get("resourceType") == "MedicationAdministration":
        row = resource.get("dosage")
        return [_given(row)] if isinstance(row, dict) else []
    rows = [*walk(resource, "dosageInstruction"), *walk(resource, "dosage")]
    return [_instructed(row) for row in rows if isinstance(row, dict)]


def _given(row: dict[str, Any]) -> Dosage:
    dose = quantity(row.get("dose"))
    rate = quantity(row.get("rateQuantity"))
    speed = _amount(rate) or _ratio(row.get("rateRatio"))
    told = _amount(dose) or (f"{speed} (rate)" if speed else "")
    return Dosage(_flat(row.get("text")), dose, told, words(row.get("route")))


def _instructed(row: dict[str, Any]) -> Dosage:
    doses = [quantity(item) for item in walk(row, "doseAndRate.doseQuantity")]
    dose = next((item for item in doses if item is not None), None)
    told = _amount(dose)
    span = next((item for item in walk(row, "doseAndRate.doseRange") if isinstance(item, dict)), None)
    if not told and span is not None:
        low, high = quantity(span.get("low")), quantity(span.get("high"))
        told = f"{number(low.value)} to {_amount(high)}" if low and high else _amount(low or high)
    if not told and (rate := next((quantity(item) for item in walk(row, "doseAndRate.rateQuantity")), None)):
        told = f"{_amount(rate)} (rate)"
    if not told and (speed := next((_ratio(item) for item in walk(row, "doseAndRate.rateRatio")), "")):
        told = f"{speed} (rate)"
    needed = row.get("asNeededBoolean") is True or isinstance(row.get("asNeededCodeableConcept"), dict)
    return Dosage(_flat(row.get("text")), dose, told, words(row.get("route")), _frequency(row.get("timing")), needed)


def _frequency(timing: Any) -> str:
    if not isinstance(timing, dict):
        return ""
    if named := words(timing.get("code")):
        return named
    repeat = timing.get("repeat")
    if not isinstance(repeat, dict):
        return ""
    often, period, unit = repeat.get("frequency", 1), repeat.get("period"), str(repeat.get("periodUnit") or "")
    days = [str(text) for name in ("dayOfWeek", "timeOfDay", "when") for text in walk(repeat, name)]
    fixed = f"({', '.join(days)})" if days else ""
    if period is None or unit not in _PERIOD:
        return fixed
    most, longest = repeat.get("frequencyMax"), repeat.get("periodMax")
    times = f"{often} to {most} times" if most and most != often else "once" if often == 1 else f"{often} times"
    one = f"an {_PERIOD[unit]}" if unit == "h" else f"a {_PERIOD[unit]}"
    each = f"every {number(float(period))} {_PERIOD[unit]}s" if period != 1 else one
    if longest and longest != period:
        each = f"every {number(float(period))} to {number(float(longest))} {_PERIOD[unit]}s"
    return f"{times} {each} {fixed}".strip()


def _ratio(element: Any) -> str:
    """A rate such as 100 mL in 1 h."""
    if not isinstance(element, dict):
        return ""
    over, under = quantity(element.get("numerator")), quantity(element.get("denominator"))
    return f"{_amount(over)} in {_amount(under)}" if over and under else ""


def _amount(measured: Measured | None) -> str:
    if measured is None:
        return ""
    label = unit_label(measured.unit) if measured.unit and not measured.written else measured.written
    return f"{number(measured.value)} {label}".strip()


def _flat(text: Any) -> str:
    return " ".join(text.split()) if isinstance(text, str) else ""
