"""What words ask one record for: groups of alternatives, order, dates, kinds of resource. Words are data
(`words.yaml`), concepts and their synonyms come from the terminology.

A place in the record answers where it holds one alternative of every group.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from knowledge.guideline import read_yaml
from knowledge.terminology import Terminology
from knowledge.words import STOP, fold, stem
from tools.ehr.dates import start_of
from tools.notes import linker_for

FILE = Path(__file__).with_name("words.yaml")
WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
Phrase = tuple[str, ...]
Order = Literal["relevance", "first", "last"]
_IN_YEAR = re.compile(r"\b(?:in|during) ((?:19|20)\d\d)\b", re.IGNORECASE)
_SINCE = re.compile(r"\b(?:since|after|from) ((?:19|20)\d\d(?:-\d\d(?:-\d\d)?)?)\b", re.IGNORECASE)
_UNTIL = re.compile(r"\b(?:before|until|up to) ((?:19|20)\d\d(?:-\d\d(?:-\d\d)?)?)\b", re.IGNORECASE)
_LAST = re.compile(r"\b(?:in|over|within|during) the (?:last|past) (\d+ )?(day|week|month|year)s?\b", re.IGNORECASE)
_OR = re.compile(r"\s*(?:/|\bor\b|,\s*or\b)\s*(?:an? |the |any )?", re.IGNORECASE)
_DAYS = {"day": 1, "week": 7, "month": 30.44, "year": 365.25}


@dataclass(frozen=True)
class Group:
    """Alternatives of which a place must hold one: words (as stems), a code of one of the concepts, or all `parts`.

    `judge`: the word asks for a result flagged so ("raised").
    """

    label: str
    phrases: frozenset[Phrase]
    concepts: frozenset[str] = frozenset()
    judge: str = ""
    parts: tuple[Group, ...] = ()


@dataclass(frozen=True)
class SearchQuery:
    """A question to one record."""

    text: str
    groups: tuple[Group, ...]
    order: Order = "relevance"
    since: datetime | None = None
    until: datetime | None = None
    types: frozenset[str] = frozenset()
    family: bool = False

    @property
    def label(self) -> str:
        """What is looked for, in words."""
        return " ".join(group.label for group in self.groups)


@functools.lru_cache(maxsize=65536)
def token(word: str) -> str:
    """A word as it is compared: folded, its ending off."""
    return stem(fold(word))


def phrase(text: str) -> Phrase:
    """A text as stems in order."""
    return tuple(token(match.group()) for match in WORD.finditer(text))


@functools.cache
def words() -> dict[str, Any]:
    """The search words, read once."""
    raw: dict[str, Any] = read_yaml(FILE)
    same = [
        (frozenset(map(phrase, row["ask"])), frozenset(map(phrase, [*row["ask"], *row.get("find", [])])))
        for row in raw["same"]
    ]
    return {
        "same": same,
        "longest": max(len(key) for asked, _ in same for key in asked),
        "judged": {name: frozenset(map(phrase, found)) for name, found in raw["judged"].items()},
        "order": {name: [_pattern(word) for word in found] for name, found in raw["order"].items()},
        "scaffold": frozenset(token(word) for word in raw["scaffold"]),
        "types": {
            name: ([_pattern(word) for word in row["words"]], frozenset(row["types"]))
            for name, row in raw["types"].items()
        },
        "questions": {
            name: [re.compile(found, re.IGNORECASE) for found in rows] for name, rows in raw["questions"].items()
        },
        "family": [_pattern(word) for word in raw["family"]],
        **{name: re.compile(raw[name], re.IGNORECASE) for name in ("imaging", "allergy", "newest")},
        "decisions": re.compile(raw["decisions"], re.IGNORECASE),
    }


def _pattern(word: str) -> re.Pattern[str]:
    return re.compile(rf"\b{re.escape(word)}\b", re.IGNORECASE)


def is_search(text: str, *, likely: bool = True) -> bool:
    """Whether a question asks for a place in the record ("did he ever", "when was", "first") and for no decision.

    Args:
        likely: also where the same words could ask for a diagnosis ("has she had a stroke?").
    """
    known = words()
    asked = [*known["questions"]["sure"], *(known["questions"]["likely"] if likely else [])]
    told = re.search(r"[.;:!?]\s+\S", text)
    return not told and any(found.search(text) for found in asked) and not known["decisions"].search(text)


def asks_for_allergy(text: str) -> bool:
    """Whether a question asks what the patient is allergic to, or whether to something, and for no decision."""
    return bool(words()["allergy"].search(text)) and not words()["decisions"].search(text)


def asks_for_decision(text: str) -> bool:
    """Whether a question has a word of a decision ("should", "start", "dose should"): the planner's business."""
    return bool(words()["decisions"].search(text))


def asks_for_newest(text: str) -> bool:
    """Whether a question asks for the newest result of something ("what is his latest weight?")."""
    return bool(words()["newest"].search(text)) and not words()["decisions"].search(text)


def asks_for_imaging(text: str) -> bool:
    """Whether a question asks for the list of images ("what imaging has she had?")."""
    return bool(words()["imaging"].search(text))


def read_query(text: str, terminology: Terminology, as_of: datetime) -> SearchQuery:
    """Read a question. Without anything to look for, `groups` is empty."""
    known = words()
    since, until, bare = _dates(text, as_of)
    types: frozenset[str] = frozenset()
    for patterns, kinds in known["types"].values():
        for found in patterns:
            if found.search(bare) and any(True for _ in _content(found.sub(" ", bare))):
                bare, types = found.sub(" ", bare), types | kinds
    family = False
    for found in known["family"]:
        bare, asked = found.subn(" ", bare)
        family = family or bool(asked)
    order: Order = "relevance"
    for name in ("last", "first"):
        if any(found.search(bare) for found in known["order"][name]):
            order = name
    for found in (*known["order"]["first"], *known["order"]["last"]):
        bare = found.sub(lambda match: " " * len(match.group()), bare)
    return SearchQuery(text, tuple(_groups(bare, terminology)), order, since, until, types, family)


def _dates(text: str, as_of: datetime) -> tuple[datetime | None, datetime | None, str]:
    """The span of time a question names, and the question without it."""
    since = until = None
    if match := _IN_YEAR.search(text):
        since = datetime(int(match[1]), 1, 1, tzinfo=UTC)
        until = datetime(int(match[1]) + 1, 1, 1, tzinfo=UTC)
        text = text.replace(match.group(), " ")
    if match := _LAST.search(text):
        since = as_of - timedelta(days=int(match[1] or 1) * _DAYS[match[2].lower()])
        text = text.replace(match.group(), " ")
    for pattern, end in ((_SINCE, "since"), (_UNTIL, "until")):
        if match := pattern.search(text):
            moment = start_of(match[1])
            since, until = (moment, until) if end == "since" else (since, moment)
            text = text.replace(match.group(), " ")
    return since, until, text


def _content(text: str) -> Iterator[re.Match[str]]:
    """The words of a text that name something."""
    scaffold = words()["scaffold"]
    for match in WORD.finditer(text):
        if fold(match.group()) not in STOP and token(match.group()) not in scaffold:
            yield match


def _groups(text: str, terminology: Terminology) -> Iterator[Group]:
    """What must be there, in the order it is said; what "or" joins is one group."""
    merged: list[tuple[int, int, Group]] = []
    for start, end, group in sorted(_named(text, terminology), key=lambda found: found[0]):
        if merged and _OR.fullmatch(text[merged[-1][1] : start]) and not group.judge:
            before, _, other = merged.pop()
            either = Group(
                f"{other.label} or {group.label}",
                other.phrases | group.phrases,
                other.concepts | group.concepts,
                other.judge,
                other.parts or group.parts,
            )
            merged.append((before, end, either))
        else:
            merged.append((start, end, group))
    return iter(group for _, _, group in merged)


def _named(text: str, terminology: Terminology) -> Iterator[tuple[int, int, Group]]:
    """Concepts with their synonyms, search words, and whatever else is said, as it is said; each with its place."""
    same = words()["same"]
    mentions: dict[tuple[int, int], list[str]] = {}
    for mention in linker_for(terminology).link(text):
        if any(True for _ in _content(mention.text)):
            mentions.setdefault((mention.start, mention.end), []).append(mention.concept)
    for (start, end), concepts in mentions.items():
        own = phrase(text[start:end])
        expanded = [part for concept in concepts for part in terminology.expand(concept)]
        phrases = {own, *(phrase(word) for part in expanded for word in part.words)}
        phrases |= {also for asked, found in same if own in asked for also in found}
        inner = [group for _, _, group in _runs(list(WORD.finditer(text, start, end)), text)] if len(own) > 1 else []
        parts = tuple(inner) if len(inner) > 1 else ()
        ids = frozenset(part.id for part in expanded)
        yield start, end, Group(text[start:end].strip(), frozenset(phrases - {()}), ids, parts=parts)
    rest = [match for match in WORD.finditer(text) if not any(a <= match.start() < b for a, b in mentions)]
    yield from _runs(rest, text)


def _runs(found: list[re.Match[str]], text: str) -> Iterator[tuple[int, int, Group]]:
    """Groups of words that no concept covers: known search words, the longest first; else the word itself."""
    known, at = words(), 0
    while at < len(found):
        for size in range(min(known["longest"], len(found) - at), 0, -1):
            run = found[at : at + size]
            key = tuple(token(match.group()) for match in run)
            start, end = run[0].start(), run[-1].end()
            label = text[start:end]
            judge = next((name for name, judged in known["judged"].items() if key in judged), "")
            alike = {also for asked, more in known["same"] if key in asked for also in more}
            if judge:
                yield start, end, Group(label, known["judged"][judge], judge=judge)
            elif alike:
                yield start, end, Group(label, frozenset(alike))
            elif size == 1 and any(True for _ in _content(label)):
                yield start, end, Group(label, frozenset({key}))
            elif size > 1:
                continue
            at += size
            break
