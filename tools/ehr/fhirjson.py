"""FHIR JSON. A decimal keeps the digits it was written with: `1.10` is stored and given back as `1.10`.

A number whose digits a float gives back by itself stays a float; only the others carry their text (`Decimal`).
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import orjson

from tools.errors import BadInput

Resource = dict[str, Any]


class Decimal(float):
    """A number that remembers its text; everywhere else it is a float."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> Decimal:
        made = super().__new__(cls, text)
        made.text = text
        return made

    def __deepcopy__(self, memo: dict[int, Any]) -> Decimal:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return (Decimal, (self.text,))


def _number(text: str) -> float:
    made = float(text)
    return made if repr(made) == text and "e" not in text else Decimal(text)


def _constant(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


_DECODER = json.JSONDecoder(parse_float=_number, parse_constant=_constant)


def loads(text: str | bytes, where: str = "document") -> Any:
    """Parse.

    Raises:
        BadInput: it is not JSON in UTF-8 (NaN and Infinity are not either).
    """
    try:
        return _DECODER.decode(text if isinstance(text, str) else text.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise BadInput(
            f"{where} is not JSON: {error}",
            found=_start(text),
            expected="FHIR JSON",
            action="check the file or address",
        ) from error


def _start(text: str | bytes) -> str:
    shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return shown[:60]


def dumps(value: Any) -> str:
    """Serialise, decimals as they were written."""
    return _bytes(value, orjson.OPT_PASSTHROUGH_SUBCLASS).decode()


def indented(value: Any) -> str:
    """Serialise for people to read."""
    return _bytes(value, orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_INDENT_2).decode()


def _bytes(value: Any, options: int) -> bytes:
    try:
        return orjson.dumps(value, _as_written, options)
    except TypeError as error:
        if "ecursion" in str(error):
            raise BadInput(
                "the document is nested too deeply",
                found="more than 250 levels",
                expected="fewer",
                action="correct the document",
            ) from error
        # What orjson leaves to others: whole numbers of more than 64 bits.
        return orjson.dumps(_wide(value), _as_written, options)


def _as_written(value: Any) -> Any:
    if isinstance(value, Decimal):
        return orjson.Fragment(value.text)
    raise TypeError(f"{type(value).__name__} is not JSON")


def _wide(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _wide(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_wide(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 63:
        return orjson.Fragment(str(value))
    return value


def content_version(resource: Resource) -> str:
    """A version id from the content: the same content has the same version wherever and whenever it is imported."""
    body = {key: value for key, value in resource.items() if key != "meta"}
    meta = {key: value for key, value in resource.get("meta", {}).items() if key not in ("versionId", "lastUpdated")}
    if meta:
        body["meta"] = meta
    return hashlib.sha256(_bytes(body, orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_SORT_KEYS)).hexdigest()[:12]
