"""The regular expressions of `patterns.yaml`, compiled once."""

from __future__ import annotations

import functools
import re
from pathlib import Path

import yaml

from knowledge.guideline import CorpusError

PATTERNS = Path(__file__).with_name("patterns.yaml")
_CASED = "(?-i)"


@functools.cache
def _raw() -> dict[str, str | list[str]]:
    loaded: dict[str, str | list[str]] = yaml.safe_load(PATTERNS.read_text(encoding="utf-8"))
    return loaded


def _compile(text: str, parts: tuple[tuple[str, str], ...]) -> re.Pattern[str]:
    for name, part in parts:
        text = text.replace(name, part)
    cased = text.startswith(_CASED)
    try:
        return re.compile(text.removeprefix(_CASED), re.NOFLAG if cased else re.IGNORECASE)
    except re.error as error:
        raise CorpusError(f"{PATTERNS.name}: found {text!r}; expected a regular expression ({error})") from error


def pattern(name: str) -> re.Pattern[str]:
    """One expression."""
    return patterns(name)[0]


@functools.cache
def patterns(name: str, parts: tuple[tuple[str, str], ...] = ()) -> tuple[re.Pattern[str], ...]:
    """The expressions of an entry; `parts` puts (placeholder, expression) into them."""
    entry = _raw()[name]
    return tuple(_compile(text, parts) for text in ([entry] if isinstance(entry, str) else entry))
