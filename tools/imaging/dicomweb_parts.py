"""multipart/related answers of WADO-RS taken apart (RFC 2046 5.1, RFC 2387), and DICOM JSON read (PS3.18 F.2).

What a server sends is not trusted: the number of parts is bounded, an answer without its closing delimiter is cut
short, and a value is what it should be or nothing.
"""

from __future__ import annotations

import re
from email.message import Message
from typing import Any

from tools.ehr.client.errors import BadAnswer
from tools.imaging.frame import Who

MAX_PARTS = 64
_UID = re.compile(r"[0-9]+(\.[0-9]+)*")


def parts_of(content_type: str, body: bytes, where: str) -> list[memoryview]:
    """The bodies of the parts; of an answer in one piece, that one.

    Raises:
        BadAnswer: neither DICOM nor parts of it, too many, or cut short.
    """
    message = Message()
    message["Content-Type"] = content_type or "none"
    kind = message.get_content_type()
    if kind == "application/dicom":
        return [memoryview(body)]
    boundary = message.get_param("boundary")
    if kind != "multipart/related" or not isinstance(boundary, str) or not 1 <= len(boundary) <= 70:
        raise bad(where, content_type.partition(";")[0] or "no content type", "multipart/related with a boundary")
    delimiter = b"--" + boundary.encode("latin-1", "replace")
    view = memoryview(body)
    at = _next(body, delimiter, 0)
    found: list[memoryview] = []
    while at is not None:
        start = at + len(delimiter)
        if body[start : start + 2] == b"--":
            return found
        if len(found) == MAX_PARTS:
            raise bad(where, f"more than {MAX_PARTS} parts", "one instance")
        head_ends = body.find(b"\r\n\r\n", start)
        after = _next(body, delimiter, start)
        if head_ends < 0 or after is None or after < head_ends:
            break
        media = body[start:head_ends].lower()
        if b"content-type" in media and b"application/dicom" not in media:
            raise bad(where, "a part of another type", "application/dicom")
        # The line break before a delimiter belongs to the delimiter.
        found.append(view[head_ends + 4 : max(head_ends + 4, after - 2)])
        at = after
    raise bad(where, "an answer that ends before its closing delimiter", "the whole answer")


def _next(body: bytes, delimiter: bytes, start: int) -> int | None:
    """Where a delimiter stands at the beginning of a line."""
    at = body.find(delimiter, start)
    while at > 0 and body[at - 2 : at] != b"\r\n":
        at = body.find(delimiter, at + 1)
    return None if at < 0 else at


def bad(where: str, found: str, expected: str) -> BadAnswer:
    """The refusal of an answer that breaks the rules."""
    return BadAnswer(
        f"{where}: the answer is not what DICOMweb promises",
        found=found,
        expected=expected,
        action="check the address of the image server, or tell whoever runs it",
    )


def rows_of(parsed: Any, where: str) -> list[dict[str, Any]]:
    """The data sets of a search's answer.

    Raises:
        BadAnswer: not a list of DICOM JSON objects.
    """
    if not isinstance(parsed, list) or not all(isinstance(row, dict) for row in parsed):
        raise bad(where, type(parsed).__name__, "a list of DICOM JSON objects")
    return parsed


def value(row: dict[str, Any], tag: str) -> str | None:
    """The first value of an element as text."""
    found = values(row, tag)
    return found[0] if found else None


def values(row: dict[str, Any], tag: str) -> tuple[str, ...]:
    """The values of an element as text; names in their alphabetic form."""
    element = row.get(tag)
    given = element.get("Value") if isinstance(element, dict) else None
    if not isinstance(given, list):
        return ()
    plain = [item.get("Alphabetic") if isinstance(item, dict) else item for item in given[:32]]
    return tuple(text for item in plain if isinstance(item, str | int | float) and (text := str(item).strip()))


def whole(row: dict[str, Any], tag: str) -> int | None:
    """A whole number."""
    found = value(row, tag)
    return int(found) if found is not None and re.fullmatch(r"\d{1,9}", found) else None


def uid(row: dict[str, Any], tag: str, where: str) -> str:
    """A UID that may stand in an address.

    Raises:
        BadAnswer: there is none, or it is none.
    """
    found = value(row, tag) or ""
    if not is_uid(found):
        raise bad(where, "an entry without a valid UID", "a UID")
    return found


def is_uid(text: str) -> bool:
    """Whether a text has the form of a UID (PS3.5 9.1)."""
    return len(text) <= 64 and _UID.fullmatch(text) is not None


def who_of(row: dict[str, Any]) -> Who:
    """Whose study it is said to be."""
    birth = value(row, "00100030") or ""
    name = (value(row, "00100010") or "").strip(" ^=")
    return Who(
        patient_id=value(row, "00100020"),
        issuer=value(row, "00100021"),
        names=(name,) if name else (),
        birth_date=f"{birth[:4]}-{birth[4:6]}-{birth[6:]}" if re.fullmatch(r"\d{8}", birth) else None,
    )


def date_of(row: dict[str, Any]) -> str | None:
    """The Study Date, ISO 8601."""
    found = value(row, "00080020") or ""
    return f"{found[:4]}-{found[4:6]}-{found[6:]}" if re.fullmatch(r"\d{8}", found) else None
