"""What a question is about and what it asks for, read by data (`route_cues.yaml`, `route_topics.yaml`); no model.

Concepts come from the terminology and from the topics' words; decision types, look-ups and calculations from cues. A
look-up is a question that names something a record holds and, besides, has no word of its own.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.route_kind import shape
from knowledge.guideline import read_yaml
from knowledge.linker import Linker, Mention, singular
from knowledge.terminology import Terminology
from knowledge.words import STOP, fold, stem, terms

CUES = Path(__file__).with_name("route_cues.yaml")
TOPICS = Path(__file__).with_name("route_topics.yaml")
_CLAUSE = re.compile(
    r"[.;:?!]\s+|\n+|,\s+(?:and |but |so )?"
    r"(?=(?:should|can|could|does|do|is|are|would|will|what|which|when|how|who|any|may|shall|must)\b)"
)
_SPLIT = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


@dataclass(frozen=True)
class Span:
    """One place of the question and every concept or topic it may mean; `asked`: where the question itself is put."""

    text: str
    concepts: tuple[str, ...]
    assertion: str
    finding: bool = True
    condition: bool = False
    asked: bool = True

    @property
    def names(self) -> tuple[str, ...]:
        """Its concepts, and its own words: a purpose may use one word of a topic without taking the topic over."""
        return (*self.concepts, word_of(self.text))

    @property
    def denied(self) -> bool:
        """A finding said to be absent, or anything said of somebody else; a drug not taken is still asked about."""
        return self.assertion == "family" or (self.finding and self.assertion == "absent")


@dataclass(frozen=True)
class Lookup:
    """What a look-up asks the record for: concepts, or whole lists of it."""

    concepts: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()


@dataclass(frozen=True)
class Question:
    """A question, read."""

    text: str
    mentions: tuple[Mention, ...]
    spans: tuple[Span, ...]
    decisions: tuple[str, ...]
    content: tuple[str, ...]
    loose: tuple[str, ...]
    lookup: Lookup | None
    calculators: tuple[str, ...]
    calculate: bool
    ask: tuple[int, int]
    news: bool = False
    shape: tuple[str, ...] = ()
    commands: bool = False

    @property
    def asking(self) -> str:
        """The part that asks, without what was told on the way."""
        return self.text[slice(*self.ask)].strip() or self.text

    @property
    def concepts(self) -> tuple[str, ...]:
        """Every concept named, each once."""
        return tuple(dict.fromkeys(concept for span in self.spans for concept in span.concepts))

    @property
    def bare(self) -> float:
        """How far it names nothing, so that only the patient can say what it is about ("What is the next step?")."""
        named = any(span.asked for span in self.spans) or self.calculators
        return 0.0 if named else 1.0 / (1 + len(set(self.loose)))


@functools.cache
def topics() -> dict[str, tuple[str, ...]]:
    """Words by concept or topic id, for questions only."""
    found: dict[str, tuple[str, ...]] = {}
    for row in read_yaml(TOPICS):
        found[row["id"]] = (*found.get(row["id"], ()), *map(str, row["words"]))
    return found


@functools.cache
def _cues() -> dict[str, Any]:
    raw: dict[str, Any] = read_yaml(CUES)
    lookup = raw["lookup"]
    return {
        "decisions": {name: _any(phrases) for name, phrases in raw["decisions"].items()},
        "openers": {name: _any(phrases, start=True) for name, phrases in lookup["openers"].items()},
        "filler": frozenset(part for word in lookup["words"] for part in _normal(str(word)).split()),
        "lists": {name: _any(phrases) for name, phrases in lookup["lists"].items()},
        "calculate": _any(raw["calculate"]),
        "asks": _any(raw["asks"]),
        "news": _any(raw["news"]),
        "commands": _any(raw["commands"]),
        "generic": frozenset(_key(str(word)) for word in raw["generic"])
        | {_key(part) for phrases in raw["decisions"].values() for phrase in phrases for part in str(phrase).split()},
        "calculator_words": frozenset(raw["calculator_words"]),
        "calculator_everyday": frozenset(raw["calculator_everyday"]),
    }


def word_of(text: str) -> str:
    """A topic's word as a concept of its own."""
    return f"word:{_normal(text)}"


def names_topic(text: str, topic: str) -> bool:
    """Whether a text is the name of a topic: the first of its words."""
    return topic in topics() and _normal(text) == _normal(topics()[topic][0])


def _key(word: str) -> str:
    folded = fold(word)
    return folded if folded in STOP else stem(singular(folded))


def _normal(text: str) -> str:
    return " ".join(_key(match.group()) for match in _SPLIT.finditer(text))


def _any(phrases: Sequence[str], start: bool = False) -> re.Pattern[str]:
    parts = []
    for phrase in phrases:
        words = [r"(?:\w+ ){0,3}" if word == "*" else re.escape(_normal(word)) + " " for word in str(phrase).split()]
        parts.append("".join(words).rstrip())
    body = "|".join(sorted(parts, key=len, reverse=True))
    return re.compile((r"^(?:\w+ ){0,1}" if start else r"(?:^|(?<= ))") + rf"(?:{body})(?= |$)")


class Reader:
    """Reads questions against one terminology.

    Args:
        calculators: names of calculators, each with more words for it.
        known: texts whose words are spelt right.
    """

    def __init__(
        self, terminology: Terminology, calculators: Mapping[str, Sequence[str]] | None = None,
        known: Sequence[str] = (),
    ) -> None:
        self.terminology = terminology
        self.linker = Linker(terminology, topics(), known)
        self.strict = Linker(terminology, known=known)
        self._calculators = {name: _calculator_words(name, words) for name, words in (calculators or {}).items()}

    def read(self, text: str) -> Question:
        """A question's concepts, decision types and kind."""
        cues = _cues()
        mentions = self.linker.link(text)
        ask = _ask(text)
        spans = _spans(mentions, self.terminology, ask)
        normal = _normal(text)
        decisions = tuple(name for name, cue in cues["decisions"].items() if cue.search(normal))
        decisions = ("duration",) if "duration" in decisions else decisions
        outside = _outside(text, mentions, (0, len(text)))
        loose = tuple(
            word for word in _outside(text, mentions, ask)
            if word not in cues["generic"] and word not in STOP and not word.isdigit()
        )
        squashed = _grams(text)
        calculators = tuple(name for name, words in self._calculators.items() if words & squashed)
        return Question(
            text, tuple(mentions), spans, decisions, tuple(terms(text)), loose,
            self._lookup(normal, outside, mentions) if not calculators else None,
            calculators, bool(cues["calculate"].search(normal)), ask, bool(cues["news"].search(normal)),
            shape(text, mentions, self.terminology, ask), bool(cues["commands"].search(normal)),
        )

    def taken_for_lookup(self, question: Question) -> Lookup:
        """What to read for a question that is a look-up by how it asks: what it names, else a search of the record."""
        read = ("observation", "medication", "drug_class")
        named = tuple(
            name for name in question.concepts if name in self.terminology and self.terminology.get(name).kind in read
        )
        return Lookup(named, () if named else ("search",))

    def _lookup(self, normal: str, outside: list[str], mentions: list[Mention]) -> Lookup | None:
        cues = _cues()
        opened = {name for name, cue in cues["openers"].items() if cue.search(normal)}
        matches = {name: match.span() for name, cue in cues["lists"].items() if (match := cue.search(normal))}
        lists = tuple(name for name, at in matches.items() if not any(_inside(at, other) for other in matches.values()))
        if not opened:
            return None
        kinds = {"value": ("observation",), "drug": ("medication", "drug_class"), "list": ()}
        wanted = {kind for name in opened for kind in kinds.get(name, ())}
        concepts = tuple(
            dict.fromkeys(
                mention.concept for mention in mentions
                if mention.concept in self.terminology
                and ("date" in opened or self.terminology.get(mention.concept).kind in wanted)
            )
        )
        targets = {(mention.start, mention.end) for mention in mentions if mention.concept in concepts}
        rest = " ".join(outside)
        for cue in cues["lists"].values():
            rest = cue.sub("", rest)
        strangers = [word for word in rest.split() if word not in cues["filler"]]
        strangers += [
            mention.text for mention in mentions
            if (mention.start, mention.end) not in targets
            and not any(cue.fullmatch(_normal(mention.text)) for cue in cues["lists"].values())
        ]
        if strangers or not (concepts or lists) or (not concepts and len(lists) > 1 and " and " not in f" {normal} "):
            return None
        return Lookup(concepts, () if concepts else lists)


def _inside(inner: tuple[int, int], outer: tuple[int, int]) -> bool:
    return inner != outer and outer[0] <= inner[0] and inner[1] <= outer[1]


def _ask(text: str) -> tuple[int, int]:
    """Start and end of the clause that asks: the last one with a question word or a decision, else the whole text."""
    bounds = [0, *(match.end() for match in _CLAUSE.finditer(text)), len(text)]
    clauses = [(start, end) for start, end in itertools.pairwise(bounds) if text[start:end].strip()]
    cues = _cues()
    asking = [
        (start, end) for start, end in clauses
        if any(cue.search(_normal(text[start:end])) for cue in (cues["asks"], *cues["decisions"].values()))
    ]
    questions = [(start, end) for start, end in asking if text[start:end].rstrip().endswith("?")]
    if len(questions) > 1:
        return questions[0][0], questions[-1][1]
    return (questions or asking or [(0, len(text))])[-1]


def _spans(mentions: Sequence[Mention], terminology: Terminology, ask: tuple[int, int]) -> tuple[Span, ...]:
    grouped: dict[tuple[int, int], list[Mention]] = {}
    for mention in mentions:
        grouped.setdefault((mention.start, mention.end), []).append(mention)
    spans = []
    for group in grouped.values():
        # The terminology's own words say more than a topic that shares one of them.
        coded = [mention.concept for mention in group if mention.how != "extra"]
        kinds = {terminology.get(concept).kind for concept in coded if concept in terminology}
        if coded and not kinds & {"medication", "drug_class"}:
            coded += [mention.concept for mention in group if mention.concept in terminology]
        coded = coded or [mention.concept for mention in group]
        kinds = {terminology.get(concept).kind for concept in coded if concept in terminology}
        spans.append(
            Span(
                group[0].text, tuple(dict.fromkeys(coded)), group[0].assertion, bool(kinds & {"condition", "symptom"}),
                "condition" in kinds, ask[0] <= group[0].start < ask[1],
            )
        )
    return tuple(spans)


def _outside(text: str, mentions: Sequence[Mention], part: tuple[int, int]) -> list[str]:
    """Words of a part of the text that no concept covers."""
    rest = list(text)
    for mention in mentions:
        rest[mention.start : mention.end] = " " * (mention.end - mention.start)
    return _normal("".join(rest)[slice(*part)]).split()


def _grams(text: str) -> set[str]:
    words = [singular(fold(match.group())) for match in _SPLIT.finditer(text)]
    exact = [fold(match.group()) for match in _SPLIT.finditer(text)]
    return {"".join(row[at : at + size]) for row in (words, exact) for at in range(len(row)) for size in (1, 2, 3)}


def _calculator_words(name: str, more: Sequence[str]) -> set[str]:
    parts = name.removeprefix("calc.").split("_")
    found: set[str] = {"".join(parts)} - _cues()["calculator_everyday"]
    found.update(_cues()["calculator_words"].intersection(parts))
    found.update("".join(singular(fold(match.group())) for match in _SPLIT.finditer(word)) for word in more)
    return found
