"""Replacing an electrolyte: how much at once and how fast is usual at most, and whether there is too much already.

Limits are for adults and are warnings; each has its source. What stands in no row is unknown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from agent.drafts import CheckState
from knowledge.evidence import Evidence
from tools.ehr.writes.drafts_dose import dose_of, route_of, span


@dataclass(frozen=True)
class Limit:
    """The most of one substance by one route: in one dose, or per minute."""

    substance: str
    route: str
    unit: str
    once: float | None = None
    per_minute: float | None = None
    source: str = ""


# Read on 2026-11-23.
LIMITS = (
    Limit(
        "potassium",
        "oral",
        "meq",
        once=40,
        source="Public Hospitals Authority of The Bahamas, national formulary, potassium chloride: at most 40 "
        "mEq a dose",
    ),
    Limit(
        "magnesium",
        "intravenous",
        "mg",
        per_minute=150,
        source="Magnesium sulfate SmPC (medicines.org.uk/emc/product/3539): at most 1.5 mL of a 10 % solution a minute",
    ),
)
_SUBSTANCE = re.compile(r"\b(potassium|magnesium|phosphate|calcium|KCl|K-?Dur|Klor-?Con|MgSO4)\b", re.I)
_NAMED = {"kcl": "potassium", "kdur": "potassium", "klorcon": "potassium", "mgso4": "magnesium"}
_TO = {("g", "mg"): 1000.0, ("mg", "mg"): 1.0, ("meq", "meq"): 1.0, ("mmol", "meq"): 1.0}
_MINUTES = {"h": 60.0, "min": 1.0, "d": 1440.0}


def replaced(drug: str) -> str | None:
    """The electrolyte that an order replaces, by its words."""
    found = _SUBSTANCE.search(drug)
    word = found[1].lower().replace("-", "") if found else ""
    return _NAMED.get(word, word) or None


def at_once(drug: str, given: dict[str, str]) -> tuple[CheckState, str] | None:
    """A replacement's dose against what is usual at most; None where it replaces no electrolyte."""
    substance = replaced(drug)
    if substance is None:
        return None
    told = ", ".join(given[key] for key in ("dose", "route", "over") if given.get(key)) or "a dose not given"
    route = route_of(given.get("route") or "")
    limit = next((row for row in LIMITS if (row.substance, row.route) == (substance, route)), None)
    if limit is None:
        return (
            "unknown",
            f"no limit in Osler's table for {substance} {route or 'by a route not given'}: {told} is not checked",
        )
    dose = dose_of(given.get("dose") or "").get("doseQuantity") or {}
    factor = _TO.get((str(dose.get("code")), limit.unit))
    if factor is None:
        return "unknown", f"{told} cannot be compared with the usual limit ({limit.source})"
    amount = float(dose["value"]) * factor
    if limit.once is not None:
        state: CheckState = "warn" if amount > limit.once else "pass"
        side = "above" if state == "warn" else "within"
        return state, f"{told} is {side} the usual {limit.once:g} {limit.unit} at once: {limit.source}"
    long = span(given.get("over") or "")
    if long is None or long[1] not in _MINUTES:
        return "unknown", f"how long {told} is given over is not said: {limit.source}"
    rate = amount / (float(long[0]) * _MINUTES[long[1]])
    assert limit.per_minute is not None
    state = "warn" if rate > limit.per_minute else "pass"
    side = "above" if state == "warn" else "within"
    return state, f"{told} is {rate:.3g} {limit.unit}/min, {side} {limit.per_minute:g} {limit.unit}/min: {limit.source}"


def already(substance: str, level: Evidence, judged: str | None) -> tuple[CheckState, str]:
    """The newest level of what is replaced: a high one forbids it (label of potassium chloride: hyperkalaemia)."""
    if level.value is None:
        return "unknown", f"{substance} to be replaced: {level.display}"
    if judged == "high":
        return "contraindicated", f"{substance} is high by the laboratory's own range: {level.display} ({level.date})"
    return "pass", f"{substance} {level.display} ({level.date}), not flagged high"
