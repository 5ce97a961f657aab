"""Choosing a protocol without a model: question and coded facts in, a typed choice with its reasons out.

Recall is rank fusion of meaning and words over purposes and passages, asked twice (the question; the question with the
patient's facts). Protocols whose entry is denied drop out. What is left is scored by a logistic model over a few
features (`route_weights.json`: fitted leaving one protocol out by `evals/route/fit.py`), with a fixed threshold and
margin.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from agent.route_features import FEATURES, OWN, Asked, as_vector, contest, features, without_about
from agent.route_kind import is_lookup
from agent.route_numbers import wanted
from agent.route_profile import Fact, Library, Profile
from agent.route_question import Question, Reader
from knowledge.predicate import operands
from knowledge.protocol import Protocol
from knowledge.retriever import RRF_K, Retriever, Scores
from knowledge.terminology import Terminology

__all__ = ["Fact", "Ranked", "RouteResult", "Router"]
RouteKind = Literal["one", "several", "ask", "lookup", "calculate", "none"]
WEIGHTS = Path(__file__).with_name("route_weights.json")
RECALL = 8
_SAID = {
    "about": "the question names what it is about",
    "purpose": "the question names part of its purpose",
    "named_entry": "the question names what it decides on and the patient qualifies",
    "calculator": "the question names a score it uses",
    "drug": "the question names a drug it decides on",
    "step": "the question names something it reads",
    "entry": "the record says the patient qualifies",
    "stated": "the question says the patient qualifies",
    "open_about": "the question names what it is about, whether the patient qualifies is open",
    "dense_margin": "near in meaning to its purpose and passages",
    "residual_margin": "what is asked is near to its purpose",
    "facts": "the patient's findings are among those it weighs",
    "bare_entry": "the question names nothing; the patient's condition decides",
    "measured": "a measured value lets the patient in",
}
_SAID_AGAINST = {
    "denied": "the question says the patient does not have it",
    "elsewhere": "the question names what another protocol decides on",
    "excluded": "the question names something it excludes",
    "foreign": "the question is about something no protocol covers",
    "foreign_aside": "the question mentions something no protocol covers",
    "other_topic": "the question names another topic",
    "rival": "the question names what another protocol is about",
    "outnamed": "the question names another protocol more clearly",
    "beside": "the question also names what another protocol decides on",
    "broad": "another protocol names more exactly what the patient has",
    "against": "a measured value does not let the patient in",
    "other_condition": "the question names another condition",
    "calm": "the measured values are not those it treats",
    "excluded_fact": "the patient has what it excludes",
    "denied_fact": "the record denies its subject",
}


@dataclass(frozen=True)
class Ranked:
    """One protocol's score and why. `entry` is true, false or null (not known)."""

    protocol: str
    score: float
    reasons: tuple[str, ...]
    entry: bool | None
    features: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class RouteResult:
    """What to do with a question. `needs` names what would settle an open choice."""

    kind: RouteKind
    chosen: tuple[str, ...] = ()
    ranked: tuple[Ranked, ...] = ()
    decision: tuple[str, ...] = ()
    concepts: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    calculators: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    reason: str = ""

    def document(self) -> dict[str, Any]:
        """As plain JSON types."""
        return json.loads(json.dumps(asdict(self)))  # type: ignore[no-any-return]


class Router:
    """Chooses among protocols; built once, asked often.

    Args:
        calculators: names of all calculators, each with more words for it (its title).
        weights: the fitted model; by default the one that comes with Osler.
    """

    def __init__(
        self, protocols: Mapping[str, Protocol], terminology: Terminology, retriever: Retriever,
        calculators: Mapping[str, Sequence[str]] | None = None, weights: Mapping[str, Any] | None = None,
    ) -> None:
        own = {
            step.tool.removeprefix("calc."): () for protocol in protocols.values() for step in protocol.steps
            if step.tool.startswith("calc.")
        }
        known = [protocol.purpose + " " + protocol.exclusions for protocol in protocols.values()]
        known += [rec.text for rec in retriever.corpus.recommendations.values()]
        self.terminology, self.retriever = terminology, retriever
        self.reader = Reader(terminology, {**own, **(calculators or {})}, known)
        self.library = Library(protocols, terminology, retriever, self.reader)
        self.profiles = self.library.profiles
        self.weights = dict(weights) if weights is not None else fitted_weights()

    def ask(self, text: str, facts: Sequence[Fact] = ()) -> Asked:
        """Read a question for one patient and score it against every passage."""
        question = self.reader.read(text)
        encoder, index = self.retriever.index.encoder, self.retriever.index
        names = [self._name(fact.concept) for fact in facts if fact.assertion in ("present", "possible")]
        both = f"{text} {', '.join(dict.fromkeys(names))}" if names else text
        rests = {name: without_about(question, one) for name, one in self.profiles.items()}
        changed = {name: rest for name, rest in rests.items() if rest != text}
        # Two batches: a long one would pad every short text to its length.
        texts = list(dict.fromkeys([text, *changed.values()]))
        vectors = dict(zip(texts, encoder.encode(texts), strict=True)) if encoder else {}
        if encoder and both not in vectors:
            vectors[both] = encoder.encode([both])[0]
        plain = question.lookup is None and not question.calculators and not question.commands
        if plain and is_lookup(question.shape, vectors.get(text)):
            question = replace(question, lookup=self.reader.taken_for_lookup(question))
        return Asked(
            question=question, facts=tuple(facts), vector=vectors.get(text), with_facts=vectors.get(both),
            residuals={name: vectors[rest] for name, rest in changed.items()} if encoder else {},
            scores=Scores(index.dense(vectors.get(text)), index.lexical(text), 0.0),
        )

    def rank(self, asked: Asked) -> list[Ranked]:
        """The recalled protocols, best first; those whose entry is denied last, with their reason."""
        recalled = self._recall(asked)
        entries = [self.library.entry(one.protocol, asked.facts) for one in recalled]
        inside = [one for one, entry in zip(recalled, entries, strict=True) if entry is True]
        rows = [features(asked, one, self.library, entry, inside) for one, entry in zip(recalled, entries, strict=True)]
        contest(rows)
        ranked = []
        for one, known, found in zip(recalled, entries, rows, strict=True):
            entry, note = self._admitted(asked, one, known, found)
            score = 0.0 if entry is False else self.score(one.protocol.id, found)
            reasons = (note,) if entry is False else self._reasons(found)
            reasons = (*reasons, note) if note and entry is not False else reasons
            ranked.append(Ranked(one.protocol.id, score, reasons, entry, found))
        return sorted(ranked, key=lambda row: (-row.score, row.protocol))

    def _admitted(
        self, asked: Asked, one: Profile, entry: bool | None, found: Mapping[str, float]
    ) -> tuple[bool | None, str]:
        """Whether the patient may enter, once the question is heard, and why not."""
        barred = self.library.bars(one, asked.facts)
        if barred is not None:
            return False, barred
        denied = entry is not True and self.library.denies(asked.question, one, asked.facts)
        if entry is False or denied:
            if found["about"] and asked.question.news:
                return None, "the record denies what the question states"
            return False, f"the record denies {', '.join(self._name(name) for name in operands(one.protocol.entry))}"
        return entry, ""

    def score(self, protocol: str, found: Mapping[str, float]) -> float:
        """The fitted probability that a protocol settles the question."""
        return logistic(float(as_vector(found) @ np.array([self.weights["weights"][name] for name in FEATURES])))

    def route(self, text: str, facts: Sequence[Fact] = ()) -> RouteResult:
        """Choose: one protocol, several, ask between two, a look-up, a calculation, or none."""
        asked = self.ask(text, facts)
        return self.decide(asked.question, self.rank(asked))

    def decide(self, question: Question, ranked: Sequence[Ranked]) -> RouteResult:
        """The typed result for a ranking: threshold first, then the margin between the first and the others."""
        base = RouteResult("none", ranked=tuple(ranked), decision=question.decisions, concepts=question.concepts)
        if question.commands:
            return replace(base, concepts=(), reason="it gives the program orders instead of asking about the patient")
        if question.lookup is not None:
            return replace(
                base, kind="lookup", concepts=question.lookup.concepts, lists=question.lookup.lists,
                reason="it asks for what the record holds",
            )
        above = [row for row in ranked if row.score >= float(self.weights["threshold"])]
        if not above:
            if question.calculators or question.calculate:
                wants = wanted(question.text) or question.calculators
                if wants or (question.concepts and not question.decisions):
                    return replace(base, kind="calculate", calculators=wants, reason="it asks for a number")
            return replace(base, needs=self._needs(ranked[:1]), reason=_why_none(ranked))
        first, others = above[0], above[1:]
        close = [row for row in others if self.close(first, row)]
        also = [row for row in others if self._named(row) and self._named(first)]
        if also:
            chosen = (first.protocol, *(row.protocol for row in also))
            return replace(base, kind="several", chosen=chosen, reason="it asks for what each of them settles")
        if close:
            both = [first, *close]
            return replace(
                base, kind="ask", needs=tuple(f"Is the question about {self._title(row.protocol)}?" for row in both),
                reason="more than one protocol fits about equally",
            )
        return replace(
            base, kind="one", chosen=(first.protocol,), needs=self._needs([first]), reason="; ".join(first.reasons[:3])
        )

    def close(self, first: Ranked, other: Ranked) -> bool:
        """Whether two scores are within the margin (in log odds)."""
        return logit(first.score) - logit(other.score) < float(self.weights["margin"])

    def _named(self, row: Ranked) -> bool:
        """Whether the question asks for it too: by its subject, or in a patient who entered by its purpose."""
        found = row.features
        entered = row.entry is True and found.get(OWN, 0.0) >= 0.5
        return row.score >= float(self.weights["threshold"]) and (found["about"] > 0.5 or entered)

    def _needs(self, rows: Sequence[Ranked]) -> tuple[str, ...]:
        return tuple(
            f"Does the patient have {self._name(concept)}?"
            for row in rows if row.entry is None and row.score >= 0.2
            for concept in operands(self.profiles[row.protocol].protocol.entry)[:3]
        )

    def _recall(self, asked: Asked) -> list[Profile]:
        """The protocols nearest by rank fusion over purposes and passages, for the question and with the facts."""
        profiles = list(self.profiles.values())
        if len(profiles) <= RECALL:
            return profiles
        index = self.retriever.index
        fused: dict[str, float] = {}
        for dense in (asked.scores.dense, index.dense(asked.with_facts)):
            for scores in (dense, asked.scores.bm25):
                if scores is None:
                    continue
                best = {
                    one.protocol.id: max(float(scores[row]) for row in (*one.cites, index.row[one.protocol.id]))
                    for one in profiles
                }
                order = sorted(best, key=lambda name: (-best[name], name))
                for place, name in enumerate(order, start=1):
                    fused[name] = fused.get(name, 0.0) + 1.0 / (RRF_K + place)
        # What the question names, or the patient may enter, is never lost to the ranks.
        spans, scores_named = asked.question.spans, set(asked.question.calculators)
        named = {name for name, one in self.profiles.items() if any(set(span.names) & one.about for span in spans)}
        kept = named | {
            name for name, one in self.profiles.items()
            if self.library.entry(one.protocol, asked.facts) is True or one.calculators & scores_named
        }
        order = sorted(fused, key=lambda name: (name not in named, name not in kept, -fused[name], name))
        return [self.profiles[name] for name in order[: max(RECALL, len(kept))]]

    def _reasons(self, found: Mapping[str, float]) -> tuple[str, ...]:
        weights = self.weights["weights"]
        pull = {name: weights[name] * found[name] for name in (*_SAID, *_SAID_AGAINST)}
        order = sorted((name for name in pull if abs(pull[name]) > 0.05), key=lambda name: -abs(pull[name]))
        said = [
            _SAID_AGAINST.get(name) or (_SAID[name] if pull[name] > 0 else f"not {_SAID[name]}") for name in order[:4]
        ]
        return tuple(said)

    def _name(self, concept: str) -> str:
        return self.terminology.get(concept).name if concept in self.terminology else concept.replace("_", " ")

    def _title(self, protocol: str) -> str:
        return self.profiles[protocol].protocol.title


def logistic(value: float) -> float:
    """The logistic function, safe at either end."""
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, value))))


def logit(probability: float) -> float:
    """Its inverse."""
    clipped = min(max(probability, 1e-9), 1 - 1e-9)
    return math.log(clipped / (1 - clipped))


def _why_none(ranked: Iterable[Ranked]) -> str:
    first = next(iter(ranked), None)
    if first is None:
        return "there is no protocol"
    return f"no protocol settles this; nearest {first.protocol} ({first.score:.2f}): {'; '.join(first.reasons[:2])}"


@functools.cache
def fitted_weights() -> dict[str, Any]:
    """The fitted model that comes with Osler: weights, threshold, margin, and how they were fitted."""
    found: dict[str, Any] = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    return found
