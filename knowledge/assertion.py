"""How a finding in free text is meant: present, absent, possible, in the past, a relative's, or only supposed.

Rules are data (`assertion_rules.yaml`): trigger words look forward or backward within their sentence, as far as their
reach and up to a word that ends their scope. Where several apply the one that says least about the patient now wins.
"""

from __future__ import annotations

import bisect
import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from knowledge.guideline import CorpusError, read_yaml

Assertion = Literal["present", "absent", "possible", "historical", "family", "hypothetical"]
RULES = Path(__file__).with_name("assertion_rules.yaml")
_PRECEDENCE: tuple[Assertion, ...] = ("family", "hypothetical", "absent", "possible", "historical")
_TOKEN = re.compile(r"[^\W_]+(?:['’/.-][^\W_]+)*|[^\w\s]")
# "A 3-day history of cough" is how long the cough has lasted, not a cough in the past.
_LASTING = re.compile(r"(?:.*[-–])?(?:hours?|days?|weeks?|months?|years?|hrs?|wks?|yrs?)'?")
_HISTORY = ("history", "of")
_END = re.compile(r"[.!?;](?=\s|$)|\n|•")


@dataclass(frozen=True)
class _Token:
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class _Trigger:
    means: Assertion
    forward: bool
    reach: int


@dataclass(frozen=True)
class _Rules:
    triggers: dict[tuple[str, ...], tuple[_Trigger, ...]]
    ignore: frozenset[tuple[str, ...]]
    stops: dict[str, frozenset[tuple[str, ...]]]
    longest: int
    farthest: int


def _words(phrase: str) -> tuple[str, ...]:
    return tuple(match.group().casefold().replace("’", "'") for match in _TOKEN.finditer(phrase))


@functools.cache
def _rules() -> _Rules:
    raw: dict[str, Any] = read_yaml(RULES)
    triggers: dict[tuple[str, ...], tuple[_Trigger, ...]] = {}
    for row in raw["triggers"]:
        if row["means"] not in get_args(Assertion) or row["looks"] not in ("forward", "backward"):
            raise CorpusError(f"{RULES.name}: found {row['means']!r}/{row['looks']!r}; expected {get_args(Assertion)}")
        trigger = _Trigger(row["means"], row["looks"] == "forward", int(row["reach"]))
        for phrase in row["words"]:
            triggers[_words(phrase)] = (*triggers.get(_words(phrase), ()), trigger)
    ignore = frozenset(_words(phrase) for phrase in raw["ignore"])
    stops = {name: frozenset(_words(phrase) for phrase in phrases) for name, phrases in raw["stops"].items()}
    longest = max(len(words) for words in [*triggers, *ignore])
    farthest = longest + 1 + max(trigger.reach for found in triggers.values() for trigger in found)
    return _Rules(triggers, ignore, stops, longest, farthest)


def sentences(text: str) -> list[tuple[int, int]]:
    """Start and end of each sentence: they end at a full stop before a space, at a semicolon and at a line's end."""
    found, start = [], 0
    for match in _END.finditer(text):
        if text[start : match.end()].strip():
            found.append((start, match.end()))
        start = match.end()
    if text[start:].strip():
        found.append((start, len(text)))
    return found


def assertions(text: str, spans: Sequence[tuple[int, int]]) -> list[Assertion]:
    """How each span of a text is meant, in the order of the spans.

    >>> assertions("No history of stroke. Her mother had diabetes.", [(14, 20), (37, 45)])
    ['absent', 'family']
    """
    bounds = sentences(text)
    begins = [start for start, _ in bounds]
    cache: dict[tuple[int, int], _Read] = {}
    found: list[Assertion] = []
    for span in spans:
        at = bisect.bisect_right(begins, span[0]) - 1
        sentence = bounds[at] if at >= 0 and span[0] < bounds[at][1] else (0, len(text))
        if sentence not in cache:
            tokens = _tokens(text, sentence)
            cache[sentence] = _Read(tokens, [token.end for token in tokens], _hits(tokens))
        found.append(_assert(cache[sentence], span))
    return found


@dataclass(frozen=True)
class _Read:
    """A sentence's words, where each ends, and the triggers among them in their order."""

    tokens: list[_Token]
    ends: list[int]
    hits: list[tuple[int, int, _Trigger]]


def _tokens(text: str, sentence: tuple[int, int]) -> list[_Token]:
    return [
        _Token(match.group().casefold().replace("’", "'"), match.start(), match.end())
        for match in _TOKEN.finditer(text, *sentence)
    ]


def _assert(read: _Read, span: tuple[int, int]) -> Assertion:
    first = bisect.bisect_right(read.ends, span[0])
    last = first
    while last < len(read.tokens) and read.tokens[last].start < span[1]:
        last += 1
    if last == first:
        return "present"
    last -= 1
    far = _rules().farthest
    near = slice(*(bisect.bisect_left(read.hits, at, key=_where) for at in (first - far, last + far)))
    meant = {
        trigger.means
        for begin, end, trigger in read.hits[near]
        if _reaches(read.tokens, begin, end, trigger, first, last)
    }
    return next((label for label in _PRECEDENCE if label in meant), "present")


def _where(hit: tuple[int, int, _Trigger]) -> int:
    return hit[0]


def _hits(tokens: list[_Token]) -> list[tuple[int, int, _Trigger]]:
    rules = _rules()
    hits: list[tuple[int, int, _Trigger]] = []
    index = 0
    while index < len(tokens):
        for length in range(min(rules.longest, len(tokens) - index), 0, -1):
            words = tuple(token.text for token in tokens[index : index + length])
            if words == _HISTORY and index and _LASTING.fullmatch(tokens[index - 1].text):
                index += length
                break
            if words in rules.ignore or words in rules.triggers:
                hits += [(index, index + length, trigger) for trigger in rules.triggers.get(words, ())]
                index += length
                break
        else:
            index += 1
    return hits


def _reaches(tokens: list[_Token], begin: int, end: int, trigger: _Trigger, first: int, last: int) -> bool:
    if begin <= last and end > first:
        return False
    if tokens[begin].text == "?":
        # "?PE" doubts what it touches; a question mark elsewhere only ends a question.
        return trigger.forward and first == end and tokens[begin].end == tokens[first].start
    if trigger.forward:
        between = tokens[end:first] if first >= end else None
    else:
        between = tokens[last + 1 : begin] if last < begin else None
    if between is None or len(between) > trigger.reach:
        return False
    stops = _rules().stops
    if not trigger.forward:
        # "Hypertension was treated and diabetes was ruled out": a verb in between makes it another clause.
        clause = stops["backward"] if trigger.means in ("absent", "possible") else frozenset()
        if any(token.text == "," for token in between) or any((token.text,) in clause for token in between[:-1]):
            return False
    ends = stops["all"] | stops.get(trigger.means, frozenset())
    words = [token.text for token in between]
    if trigger.forward and trigger.means == "absent" and ":" in words:
        # "Swollen tongue, no rash: angioedema": a colon behind an enumeration brings the conclusion. "No history of:
        # stroke" and "No vascular disease: stroke" bring what is denied.
        before = words[: words.index(":")]
        listed = "," in before or (begin > 0 and tokens[begin - 1].text in (",", "and"))
        if listed and before and before[-1] not in ("of", "following"):
            return False
    if trigger.forward:
        return not any(tuple(words[at : at + size]) in ends for at in range(len(words)) for size in (1, 2, 3))
    return not any(tuple(words[at : at + size]) in stops["all"] for at in range(len(words)) for size in (1, 2, 3))
