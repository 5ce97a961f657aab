"""Numbers and units as notes write them: decimal commas, thousands, comparators, ranges; units by `units.yaml`."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from pathlib import Path

import yaml

UNITS = Path(__file__).with_name("units.yaml")
DIGITS = r"(?:\d{1,2}(?:,\d{2})+,\d{3}|\d{1,3}(?:[,\u2009\u00a0\u202f']\d{3})+(?:\.\d+)?|\d+(?:[.,·]\d+)?|\.\d+)"
# "64. 4 kg": a space slipped in behind the point, in front of a unit only.
_SLIPPED = r"\d{1,3}\. \d{1,2}(?= ?(?:kg|cm|mg/|g/|mmol|%|°))"
_NUMBER = re.compile(rf"(?<![\d.])(?P<digits>{_SLIPPED}|{DIGITS})")
_TO = re.compile(r"\s*(?:-|–|—|−|to|and)\s*(?=[\d.])", re.IGNORECASE)
_PLUS_MINUS = re.compile(r"\s*(?:±|\+/-|\+-)\s*\d+(?:[.,]\d+)?")
_THOUSANDS = re.compile(r"\d{1,2}(?:,\d{2})+,\d{3}|\d{1,3}(?:[,\u2009\u00a0\u202f']\d{3})+(?:\.\d+)?")


@dataclass(frozen=True)
class Number:
    """A number in a text. `other`: the comma read the other way (1,234 as 1.234), where it can be."""

    value: float
    start: int
    end: int
    other: float | None = None
    comparator: str | None = None


def number_at(text: str, at: int) -> Number | None:
    """The number that starts at an offset."""
    found = _NUMBER.match(text, at)
    if found is None:
        return None
    digits = found["digits"]
    value, other = _parse(digits)
    return Number(value, at, found.end(), other)


def _parse(digits: str) -> tuple[float, float | None]:
    if _THOUSANDS.fullmatch(digits):
        value = float(re.sub(r"[,\u2009\u00a0\u202f']", "", digits))
        single = re.fullmatch(r"(\d{1,3}),(\d{3})", digits)
        return value, float(f"{single[1]}.{single[2]}") if single else None
    return float(digits.replace(",", ".").replace("·", ".").replace(". ", ".")), None


def comparator_at(text: str, at: int) -> tuple[str | None, int]:
    """A comparator at an offset, and where what follows it starts."""
    for name, pattern in _comparators():
        found = pattern.match(text, at)
        if found:
            return name, found.end()
    return None, at


@functools.cache
def _comparators() -> tuple[tuple[str, re.Pattern[str]], ...]:
    rows = (
        ("<=", r"(?:<\s?=|≤|⩽|=<)\s*"),
        (">=", r"(?:>\s?=|≥|⩾|at least)\s*"),
        ("<", r"(?:<|less than|lower than|below|under)\s*"),
        (">", r"(?:>|more than|greater than|higher than|above|over|exceeding)\s*"),
    )
    return tuple((name, re.compile(pattern, re.IGNORECASE)) for name, pattern in rows)


def second_at(text: str, end: int) -> Number | None:
    """The upper end of a range whose lower end stops at `end` ("12-14", "12 to 14")."""
    gap = _TO.match(text, end)
    return number_at(text, gap.end()) if gap else None


def skip_plus_minus(text: str, end: int) -> int:
    """Where a "± 2" after a number ends."""
    found = _PLUS_MINUS.match(text, end)
    return found.end() if found else end


@functools.cache
def _single_units() -> tuple[tuple[str, re.Pattern[str]], ...]:
    raw: dict[str, list[str]] = yaml.safe_load(UNITS.read_text(encoding="utf-8"))
    return tuple(
        (unit, re.compile("|".join(f"(?:{part})" for part in parts), re.IGNORECASE)) for unit, parts in raw.items()
    )


@functools.lru_cache(maxsize=8192)
def _unit_of(rest: str) -> tuple[str, int] | None:
    best: tuple[str, int] | None = None
    for unit, pattern in _single_units():
        found = pattern.match(rest)
        if found and found.end() and (best is None or found.end() > best[1]):
            tail = rest[found.end() : found.end() + 1]
            if tail.isalnum() and rest[found.end() - 1].isalpha() and tail.isalpha():
                continue
            best = (unit, found.end())
    return best


def unit_at(text: str, at: int) -> tuple[str, int] | None:
    """The unit that stands at an offset (a space or hyphen before it allowed): (UCUM, where it ends)."""
    begin = at
    while begin < len(text) and begin - at < 4 and text[begin] in " -\u00a0\u2009\t(|":
        if text[begin] == "(" and begin > at:
            break
        begin += 1
    found = _unit_of(text[begin : begin + 28])
    return (found[0], begin + found[1]) if found else None
