"""Values of a search: escapes, prefixes, partial dates, implicit precision (FHIR R4 search.html)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from tools.ehr.compartment import local_reference
from tools.ehr.store import index
from tools.ehr.store.search_parameters import types
from tools.errors import BadInput

_PREFIX = re.compile(r"^(eq|ne|gt|lt|ge|le|sa|eb|ap)(?=[\d+.-])")
_NUMBER = re.compile(r"^[+-]?(\d+)?(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$")
_ID = re.compile(r"^[A-Za-z0-9\-.]{1,64}$")


class BadSearch(BadInput):
    """A search that is not supported or does not parse; `found` is the parameter."""

    code = "bad_search"


def refuse(name: str, expected: str, found: str | None = None) -> BadSearch:
    """The error for a parameter, or for one of its values."""
    message = f"search parameter {name!r} is not supported here" if found is None else f"{name}: found {found!r}"
    return BadSearch(message, found=found or name, expected=expected, action="remove or correct the parameter")


def split(text: str, at: str) -> list[str]:
    """Parts between unescaped separators, still escaped."""
    parts, start, skip = [], 0, False
    for position, char in enumerate(text):
        if skip:
            skip = False
        elif char == "\\":
            skip = True
        elif char == at:
            parts.append(text[start:position])
            start = position + 1
    return [*parts, text[start:]]


def plain(text: str) -> str:
    """A value without its escapes."""
    return re.sub(r"\\([,|$\\])", r"\1", text)


@dataclass(frozen=True)
class Token:
    """`code` in any system, `|code` in none, `system|` any of it."""

    system: str | None
    code: str | None


@dataclass(frozen=True)
class Span:
    """An interval of time with a prefix."""

    prefix: str
    low: int
    high: int


@dataclass(frozen=True)
class Amount:
    """A number with a prefix, the half-width its digits imply, and perhaps a unit."""

    prefix: str
    value: float
    half: float
    system: str | None = None
    code: str | None = None


@dataclass(frozen=True)
class Target:
    """What a reference leads to: type (where given) and id here, or an address."""

    type: str
    id: str
    url: str = ""


Value = Token | Span | Amount | Target | str


def token(name: str, text: str) -> Token:
    """Read `code`, `system|code`, `|code` or `system|`."""
    parts = split(text, "|")
    if len(parts) > 2 or text in ("", "|"):
        raise refuse(name, "code, system|code, |code or system|", text)
    if len(parts) == 1:
        return Token(None, plain(text))
    return Token(plain(parts[0]), plain(parts[1]) or None)


def span(name: str, text: str) -> Span:
    """Read a date with its prefix; `ap` is widened by a tenth of its distance from now."""
    prefix, rest = _prefixed(text)
    try:
        low, high = index.bounds(rest.replace(" ", "+"))
    except (ValueError, OverflowError) as error:
        raise refuse(name, "a date with one of the prefixes eq ne gt lt ge le sa eb ap", text) from error
    if prefix == "ap":
        slack = abs(index.microseconds(datetime.now(UTC)) - low) // 10
        low, high = low - slack, high + slack
    return Span(prefix, low, high)


def amount(name: str, text: str, *, unit: bool) -> Amount:
    """Read a number, or `number|system|code`."""
    expected = "a number, or number|system|code" if unit else "a number"
    prefix, rest = _prefixed(text)
    parts = split(rest, "|")
    match = _NUMBER.match(parts[0])
    if match is None or not any(match.group(1, 2)) or len(parts) not in ((1, 3) if unit else (1,)):
        raise refuse(name, expected, text)
    value = float(parts[0])
    if abs(value) > 1e300:
        raise refuse(name, expected, text)
    # 100 is 99.5 to 100.5, 100.00 is 99.995 to 100.005, 1e2 is 95 to 105: the digits written say how exact it is.
    half = 0.5 * 10.0 ** (int(match.group(3) or 0) - len(match.group(2) or ""))
    half = abs(value) * 0.1 if prefix == "ap" else half
    if len(parts) == 1:
        return Amount(prefix, value, half)
    return Amount(prefix, value, half, plain(parts[1]), plain(parts[2]))


def _prefixed(text: str) -> tuple[str, str]:
    match = _PREFIX.match(text)
    return (match.group(1), text[2:]) if match else ("eq", text)


def target(name: str, text: str, base: str, only: str = "") -> Target:
    """Read a reference: an id, `Type/id`, an address."""
    value = plain(text)
    if not value:
        raise refuse(name, "an id, Type/id or an address", text)
    if "/" not in value and _ID.match(value):
        return Target(only, value)
    found = local_reference(value, base)
    if found and found[0] in types():
        if only and found[0] != only:
            return Target(found[0], "")
        return Target(*found)
    if only and "://" not in value:
        raise refuse(name, f"an id or {only}/id", text)
    return Target("", "", value)
