"""Word classes of questions (`words.yaml`) as patterns."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any

from knowledge.guideline import read_yaml

FILE = Path(__file__).with_name("words.yaml")


def _pattern(phrases: list[str]) -> re.Pattern[str]:
    body = "|".join(sorted(phrases, key=len, reverse=True))
    return re.compile(rf"(?<![\w])(?:{body})(?![\w])")


@functools.lru_cache(maxsize=4096)
def is_word(word: str) -> bool:
    """Whether a word in small letters says something by itself: any class's cue, or filler."""
    for found in lexicon().values():
        if isinstance(found, frozenset):
            if word in found:
                return True
        elif any(
            pattern.fullmatch(word)
            for pattern in (found.values() if isinstance(found, dict) else [found])
            if isinstance(pattern, re.Pattern)
        ):
            return True
    return False


@functools.cache
def lexicon() -> dict[str, Any]:
    """Patterns by class (and, where a class has parts, by part); `filler` is a set of words."""
    found: dict[str, Any] = {}
    for name, value in read_yaml(FILE).items():
        if name in ("filler", "spelt"):
            found[name] = frozenset(word.rstrip(":?") for word in value.split())
        elif name == "alike":
            found[name] = {
                _pattern(row["asked"]): {"concept": row["concept"], "names": _pattern(row["names"])} for row in value
            }
        elif isinstance(value, dict):
            found[name] = {part: _pattern(phrases) for part, phrases in value.items()}
        else:
            found[name] = _pattern(value)
    return found
