"""How much of a drug a day an order comes to, in mg, where that can be read with certainty; else why not."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from tools.ehr.compartment import walk

_MG = {"mg": 1.0, "milligram": 1.0, "g": 1000.0, "gram": 1000.0, "mcg": 0.001, "ug": 0.001, "microgram": 0.001}
_UNIT = r"(mg|g|mcg|[uµμ]g|milligrams?|grams?|micrograms?)"
_NUMBER = r"(\d+(?:[.,]\d+)*)"
_DOSE = re.compile(rf"{_NUMBER}(?:\s*(?:-|–|to)\s*{_NUMBER})?\s*{_UNIT}\b(?P<rate>\s*(?:/|per)\s*\w+)?", re.IGNORECASE)
_PIECES = re.compile(
    rf"(?<![\d.,]){_NUMBER}?\s*\b(one|two|three|half)?\s*(?:tablets?|tabs?|capsules?|caps?|pills?)\b", re.IGNORECASE
)
_COUNT = {"one": 1.0, "two": 2.0, "three": 3.0, "four": 4.0, "half": 0.5}
_MOST = re.compile(r"\b(?:max(?:imum)?|up to a (?:total|maximum) of|not more than|no more than)\b[^;.]*", re.IGNORECASE)
_SLOTS = re.compile(r"\b(\d)-(\d)-(\d)(?:-(\d))?\b")
_DAY = r"(?:a day|daily|per day|each day|every day|/day)"
_TIMES = re.compile(rf"\b(\d|one|two|three|four)\s*(?:x|times)\s*{_DAY}", re.IGNORECASE)
_WEEKLY = re.compile(
    r"\b(?:(\d|one|two|three|four)\s*times\s*(?:a|per)\s*week|weekly|once a week|every week)\b", re.IGNORECASE
)
_HOURS = re.compile(r"\b(?:every|q)\s*(\d+)(?:\s*(?:-|–|to)\s*\d+)?\s*(?:h|hr|hrs|hours?|hourly)\b", re.IGNORECASE)
_DAYS = re.compile(r"\bevery\s*(\d+)\s*days\b", re.IGNORECASE)
_WORDS: tuple[tuple[re.Pattern[str], float], ...] = (
    (re.compile(r"\b(?:every other day|alternate days|on alternate days|qod)\b", re.IGNORECASE), 0.5),
    (re.compile(r"\b(?:twice|b\.?i\.?d\.?|bd|2x)(?:\b|(?<=\.))", re.IGNORECASE), 2.0),
    (re.compile(r"\b(?:thrice|t\.?i\.?d\.?|tds)(?:\b|(?<=\.))", re.IGNORECASE), 3.0),
    (re.compile(r"\b(?:q\.?i\.?d\.?|qds)(?:\b|(?<=\.))", re.IGNORECASE), 4.0),
    (re.compile(r"\b(?:morning and (?:evening|night))\b", re.IGNORECASE), 2.0),
    (
        re.compile(
            rf"\b(?:once|{_DAY}|od|qd|q\.d\.|qhs|nocte|mane|nightly|at night|at bedtime|bedtime|"
            r"in the (?:morning|evening)|every (?:morning|evening|night))\b",
            re.IGNORECASE,
        ),
        1.0,
    ),
)
_CODES = {"QD": 1.0, "BID": 2.0, "TID": 3.0, "QID": 4.0, "Q4H": 6.0, "Q6H": 4.0, "Q8H": 3.0, "QOD": 0.5, "AM": 1.0,
          "PM": 1.0, "BED": 1.0}  # fmt: skip
_PER_DAY = {"d": 1.0, "h": 24.0, "wk": 1 / 7, "mo": 1 / 30, "min": 1440.0}
_NEEDED = re.compile(r"\b(?:prn|as needed|when required|if needed|as required)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Daily:
    """A daily dose and `each` single one; `words` are how it was worked out, `as_needed` makes it the most written."""

    mg: float
    words: str
    as_needed: bool = False
    each: float = 0.0


def shown(mg: float) -> str:
    """A dose in mg, without needless digits."""
    return f"{mg:g} mg"


def of_order(resource: dict[str, Any], name: str) -> Daily | str:
    """The daily dose of an order or statement, or why it could not be read."""
    rows = [*(resource.get("dosageInstruction") or []), *(resource.get("dosage") or [])]
    if len(rows) > 1:
        return "several dosage lines"
    row = rows[0] if rows else {}
    text = str(row.get("text") or "")
    found = _structured(row, name)
    if found is None and text:
        found = of_text(text, name)
        if isinstance(found, str):
            found = of_text(f"{name} {text}", name) if not _DOSE.search(text) else found
    elif found is None:
        found = of_text(name, name)
    if isinstance(found, Daily) and (row.get("asNeededBoolean") or row.get("asNeededCodeableConcept")):
        return replace(found, as_needed=True)
    return found


def of_text(text: str, name: str = "") -> Daily | str:
    """The daily dose of a written dosage, such as `5 mg twice daily`; or why it could not be read."""
    plain = _MOST.sub(" ", text)
    each = _each(plain, name)
    if isinstance(each, str):
        return each
    often = 1.0 if re.search(rf"{_UNIT}\s*(?:/|per)\s*day\b", plain, re.IGNORECASE) else _often(plain)
    if often is None:
        return "how often is not written in a form that is read here"
    return Daily(each * often, f"{shown(each)} {_said(often)}", bool(_NEEDED.search(text)), each)


def _each(text: str, name: str) -> float | str:
    """One dose in mg: the upper end where a range is written."""
    doses = list(_DOSE.finditer(text))
    if any(match.group("rate") and not match.group("rate").strip().lower().endswith("day") for match in doses):
        return "the dose is written per weight, volume or time"
    counted = list(_PIECES.finditer(text))
    if len(counted) > 1:
        return "several doses are written"
    pieces = counted[0] if counted else None
    strengths = list(_DOSE.finditer(name))
    if pieces and (pieces.group(1) or pieces.group(2)) and (len(doses) == 1 or (not doses and len(strengths) == 1)):
        count = _COUNT.get((pieces.group(2) or "").lower()) or _value(pieces.group(1) or "1")
        return count * _milligrams(doses[0] if doses else strengths[0])
    if len(doses) != 1:
        return "several doses are written" if doses else "no dose in mg is written"
    return _milligrams(doses[0])


def _milligrams(match: re.Match[str]) -> float:
    number = match.group(2) or match.group(1)
    unit = match.group(3).lower().replace("µ", "u").replace("μ", "u")
    return _value(number) * _MG[unit.removesuffix("s") if len(unit) > 3 else unit]


def _value(text: str) -> float:
    """A number; `1,000` is a thousand, `2,5` two and a half."""
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", text):
        return float(text.replace(",", ""))
    return float(text.replace(",", "."))


def _often(text: str) -> float | None:
    """Doses a day."""
    if slots := _SLOTS.search(text):
        return float(sum(int(part) for part in slots.groups() if part))
    if hours := _HOURS.search(text):
        return 24 / int(hours.group(1)) if int(hours.group(1)) else None
    if days := _DAYS.search(text):
        return 1 / int(days.group(1)) if int(days.group(1)) else None
    if weekly := _WEEKLY.search(text):
        return _count(weekly.group(1) or "1") / 7
    if times := _TIMES.search(text):
        return _count(times.group(1))
    return next((often for pattern, often in _WORDS if pattern.search(text)), None)


def _count(text: str) -> float:
    return _COUNT.get(text.lower()) or float(text)


def _said(often: float) -> str:
    if often >= 1:
        return {1.0: "once a day", 2.0: "twice a day"}.get(often, f"{often:g} times a day")
    weekly = round(often * 7, 2)
    return "every other day" if often == 0.5 else ("once a week" if weekly == 1 else f"{weekly:g} times a week")


def _structured(row: dict[str, Any], name: str) -> Daily | str | None:
    """From coded dose and timing; none where either is missing."""
    quantities = [*walk(row, "doseAndRate.doseQuantity"), *walk(row, "doseAndRate.doseRange.high")]
    quantities += walk(row, "doseQuantity")
    often = _timing(row.get("timing") or {})
    if len(quantities) != 1 or often is None or quantities[0].get("value") is None:
        return None
    unit = str(quantities[0].get("code") or quantities[0].get("unit") or "").lower().replace("µ", "u")
    amount = float(quantities[0]["value"])
    if unit in _MG:
        each = amount * _MG[unit]
    else:
        strengths = [match for match in _DOSE.finditer(name) if not match.group("rate")]
        if len(strengths) != 1 or "/" in name:
            return "the dose is in pieces of a strength that is not read here"
        each = amount * _milligrams(strengths[0])
    return Daily(each * often, f"{shown(each)} {_said(often)}", False, each)


def _timing(timing: dict[str, Any]) -> float | None:
    repeat = timing.get("repeat") or {}
    period, unit = repeat.get("period"), repeat.get("periodUnit")
    if period and unit in _PER_DAY:
        return float(repeat.get("frequencyMax") or repeat.get("frequency") or 1) * _PER_DAY[unit] / float(period)
    codes = [*walk(timing, "code.coding.code")]
    found = next((_CODES[code] for code in codes if code in _CODES), None)
    text = str((timing.get("code") or {}).get("text") or "")
    return found if found is not None else (_often(text) if text else None)
