"""The primitive types of R4 as JSON (datatypes.html#primitive): a test raises a `Fault` that says what belongs there.

The regular expressions are the specification's, anchored, with two exceptions: those of `base64Binary` and `string` are
checked by other means (the first backtracks for ever, the second would refuse a no-break space), and a day has to exist
in its month, which R4 asks for in words.
"""

from __future__ import annotations

import binascii
import calendar
import math
import re
from collections.abc import Callable
from typing import Any

from tools.ehr.fhirjson import Decimal

Test = Callable[[Any], None]
_YEAR = r"(?:[0-9](?:[0-9](?:[0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)"
_DAY = rf"({_YEAR})-(0[1-9]|1[0-2])-(0[1-9]|[1-2][0-9]|3[0-1])"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
_ZONE = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
_SPACE = re.compile(r"\s+")
MAX_STRING = 1024 * 1024
MAX_NUMBER = 1e300


class Fault(Exception):
    """What is wrong at one place; `path` is collected from the inside out."""

    def __init__(self, message: str, found: Any = None, expected: Any = None) -> None:
        super().__init__(message)
        self.message, self.found, self.expected = message, found, expected
        self.path: list[str | int] = []

    @property
    def place(self) -> str:
        """The path as FHIRPath writes it."""
        text = ""
        for part in reversed(self.path):
            text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
        return text


def text(value: Any) -> None:
    """string: not empty, at most 1 MB, no control characters but tab and line ends."""
    markdown(value)
    if len(value) > MAX_STRING:
        raise Fault(f"is {len(value)} characters long", expected=f"at most {MAX_STRING}")


def markdown(value: Any) -> None:
    """markdown: as a string."""
    if type(value) is not str:
        raise _wrong(value, "text")
    if not value:
        raise Fault("is empty", found="", expected="text, or no element")
    bad = _CONTROL.search(value)
    if bad:
        raise Fault(
            f"holds the character {bad.group()!a}", found=value[:60], expected="text without control characters"
        )


def boolean(value: Any) -> None:
    """boolean."""
    if type(value) is not bool:
        raise _wrong(value, "true or false")


def decimal(value: Any) -> None:
    """decimal: a JSON number."""
    kind = type(value)
    if kind is not float and kind is not int and kind is not Decimal:
        raise _wrong(value, "a number")
    if not math.isfinite(value) if kind is not int else False:
        raise Fault("is no finite number", found=str(value), expected="a number")
    if abs(value) > MAX_NUMBER:
        raise Fault("is too large a number", found=str(value)[:20], expected=f"at most {MAX_NUMBER:g}")


def _integer(low: int, expected: str) -> Test:
    def test(value: Any) -> None:
        if type(value) is not int or not low <= value <= 2147483647:
            raise _wrong(value, expected)

    return test


def _matching(pattern: str, expected: str) -> Test:
    match = re.compile(pattern).fullmatch

    def test(value: Any) -> None:
        if type(value) is not str or match(value) is None:
            raise _wrong(value, expected)

    return test


def _dated(pattern: str, expected: str) -> Test:
    match = re.compile(pattern).fullmatch

    def test(value: Any) -> None:
        found = match(value) if type(value) is str else None
        if found is None:
            raise _wrong(value, expected)
        year, month, day = found.groups()[:3]
        if day is not None and day > "28" and int(day) > calendar.monthrange(int(year), int(month))[1]:
            raise Fault(f"{value!r} is a day that does not exist", found=value, expected=expected)

    return test


def _base64(value: Any) -> None:
    if type(value) is not str or not value:
        raise _wrong(value, "base64")
    try:
        binascii.a2b_base64(_SPACE.sub("", value), strict_mode=True)
    except ValueError as error:
        raise Fault(f"is not base64: {error}", found=value[:20], expected="base64") from error


def _xhtml(value: Any) -> None:
    markdown(value)
    inner = value.strip()
    if not inner.startswith("<div") or not inner.endswith((">",)):
        raise Fault("is no <div>", found=value[:40], expected="XHTML inside one <div>")


def _wrong(value: Any, expected: str) -> Fault:
    shown = repr(value) if isinstance(value, str | int | float | bool) or value is None else type(value).__name__
    return Fault(f"is {shown[:60]}", found=shown[:80], expected=expected)


TESTS: dict[str, Test] = {
    "string": text,
    "markdown": markdown,
    "boolean": boolean,
    "decimal": decimal,
    "integer": _integer(-2147483648, "a whole number of 32 bits"),
    "unsignedInt": _integer(0, "a whole number from 0 to 2147483647"),
    "positiveInt": _integer(1, "a whole number from 1 to 2147483647"),
    "id": _matching(r"[A-Za-z0-9\-.]{1,64}", "1 to 64 of A-Z a-z 0-9 - ."),
    "code": _matching(
        r"[^\s\x00-\x1f\ud800-\udfff]+(?:\s[^\s\x00-\x1f\ud800-\udfff]+)*", "a code: no outer or double spaces"
    ),
    "uri": _matching(r"[^\s\x00-\x1f\ud800-\udfff]+", "a URI without spaces"),
    "oid": _matching(r"urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+", "urn:oid:..."),
    "uuid": _matching(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "urn:uuid:..."),
    "date": _dated(rf"{_DAY}|{_YEAR}(?:-(?:0[1-9]|1[0-2]))?", "a date: YYYY, YYYY-MM or YYYY-MM-DD"),
    "dateTime": _dated(
        rf"{_DAY}(?:T{_CLOCK}{_ZONE})?|{_YEAR}(?:-(?:0[1-9]|1[0-2]))?",
        "a date, or a date with a time of hours, minutes, seconds and a time zone",
    ),
    "instant": _dated(rf"{_DAY}T{_CLOCK}{_ZONE}", "a date with a time of seconds and a time zone"),
    "time": _matching(_CLOCK, "hh:mm:ss"),
    "base64Binary": _base64,
    "xhtml": _xhtml,
}
TESTS["url"] = TESTS["canonical"] = TESTS["uri"]
