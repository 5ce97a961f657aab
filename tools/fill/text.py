"""A note made ready: sentences, sections, quarantined spans; too long or in another language is a typed error."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any

import yaml

from tools.errors import BadInput
from tools.fill.model import NoteText, Section
from tools.notes import suspicious_instructions, unwrap

MOST_CHARACTERS = 400_000
RULES = Path(__file__).with_name("text.yaml")
_SPACES = dict.fromkeys(
    (0xA0, 0x2002, 0x2003, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200A, 0x202F, 0x205F, 0x3000), " "
)
_WORD = re.compile(r"[^\W\d_]+")
_BOUND = re.compile(
    r"[.!?;](?=\s|$)(?<!\b(?:vs|dr|mr|ms|st|cr)\.)(?<!\bmrs\.)(?<!\b[a-z]\.[a-z]\.)(?<!\ss\.)(?<!\bapprox\.)|\n|•",
    re.IGNORECASE,
)
_HEADING = re.compile(
    r"^[ \t]*(?:#+ *|\*+ *)?(?P<name>[A-Za-z][A-Za-z /&,'()-]{1,50}?)\**[ \t]*(?::\**|$)", re.MULTILINE
)


@functools.cache
def rules() -> dict[str, Any]:
    """`text.yaml`."""
    loaded: dict[str, Any] = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    return loaded


@functools.lru_cache(maxsize=16)
def note_text(text: str) -> NoteText:
    """A note made ready for reading.

    Raises:
        BadInput: empty, longer than `MOST_CHARACTERS`, or not in English.
    """
    if not text.strip():
        raise BadInput("the note is empty", found="no text", expected="a clinical note", action="give its text")
    if len(text) > MOST_CHARACTERS:
        raise BadInput(
            f"the note has {len(text):,} characters",
            found=f"{len(text)} characters",
            expected=f"at most {MOST_CHARACTERS:,}",
            action="give the part of the record that bears on the question",
        )
    _check_language(text)
    flat = unwrap(text).translate(_SPACES)
    return NoteText(text, flat, tuple(_sentences(flat)), tuple(_sections(text)), tuple(suspicious_instructions(text)))


def _sentences(flat: str) -> list[tuple[int, int]]:
    found, start = [], 0
    for match in _BOUND.finditer(flat):
        if flat[start : match.end()].strip():
            found.append((start, match.end()))
            start = match.end()
    if flat[start:].strip():
        found.append((start, len(flat)))
    return found


def _sections(text: str) -> list[Section]:
    known: dict[str, str] = {word: name for name, words in rules()["sections"].items() for word in (name, *words)}
    heads = []
    for match in _HEADING.finditer(text):
        name = known.get(" ".join(match["name"].casefold().split()))
        if name:
            heads.append((match.start(), name))
    found = [Section("", 0, heads[0][0] if heads else len(text))]
    ends = [start for start, _ in heads[1:]] + [len(text)] * bool(heads)
    found += [Section(name, start, end) for (start, name), end in zip(heads, ends, strict=True)]
    return found


def _check_language(text: str) -> None:
    """Refuse a note whose little words are another language's; a panel of numbers has none and passes."""
    sample = text[:20_000]
    letters = sum(character.isalpha() for character in sample)
    other = sum(character.isalpha() and ord(character) > 0x24F and not "Ͱ" <= character <= "Ͽ" for character in sample)
    if letters >= 20 and other * 2 > letters:
        raise _language("letters of another script")
    words = [word.casefold() for word in _WORD.findall(sample)]
    counts = {name: sum(word in known for word in words) for name, known in _little_words().items()}
    english = counts.pop("english")
    name = max(counts, key=lambda key: counts[key])
    if counts[name] >= 4 and counts[name] > 2 * english and counts[name] >= 0.06 * len(words):
        raise _language(name.capitalize())


@functools.cache
def _little_words() -> dict[str, frozenset[str]]:
    return {name: frozenset(words.split()) for name, words in rules()["little_words"].items()}


def _language(found: str) -> BadInput:
    return BadInput(
        f"the note is not in English ({found})", found=found, expected="a note in English", action="give a translation"
    )
