"""FHIR JSON. A decimal keeps the digits it was written with: `1.10` is stored and given back as `1.10`."""

from __future__ import annotations

import hashlib
import json
from typing import Any

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


def _constant(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


def loads(text: str | bytes, where: str = "document") -> Any:
    """Parse.

    Raises:
        BadInput: it is not JSON (NaN and Infinity are not either).
    """
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_constant)
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
    parts: list[str] = []
    _write(value, parts)
    return "".join(parts)


def _write(value: Any, parts: list[str]) -> None:
    if isinstance(value, dict):
        parts.append("{")
        for number, (key, item) in enumerate(value.items()):
            parts.append(("," if number else "") + json.dumps(key, ensure_ascii=False) + ":")
            _write(item, parts)
        parts.append("}")
    elif isinstance(value, list):
        parts.append("[")
        for number, item in enumerate(value):
            if number:
                parts.append(",")
            _write(item, parts)
        parts.append("]")
    elif isinstance(value, Decimal):
        parts.append(value.text)
    else:
        parts.append(json.dumps(value, ensure_ascii=False, allow_nan=False))


def content_version(resource: Resource) -> str:
    """A version id from the content: the same content has the same version wherever and whenever it is imported."""
    body = {key: value for key, value in resource.items() if key != "meta"}
    meta = {key: value for key, value in resource.get("meta", {}).items() if key not in ("versionId", "lastUpdated")}
    if meta:
        body["meta"] = meta
    canonical = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]
