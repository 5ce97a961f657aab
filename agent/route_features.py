"""What speaks for a protocol: a few numbers from its data, the question and the patient's facts. No trigger phrases.

Everything about a protocol is read from its file: the concepts it is about, those its purpose names, the drugs it
names, what its steps read, what its exclusions rule out, the passages it cites.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from agent.route_question import Question, Reader, Span, topics
from knowledge.claim import PLACEHOLDER
from knowledge.encoder import Vectors
from knowledge.evidence import Evidence, Statement
from knowledge.predicate import evaluate, operands
from knowledge.protocol import Protocol
from knowledge.quantity import Quantity
from knowledge.retriever import Retriever, Scores
from knowledge.terminology import Terminology
from knowledge.words import terms

_CLAUSE = re.compile(r"[.;:]\s+|,\s+(?:and |or )?")
FEATURES = (
    "bias", "about", "denied", "purpose", "calculator", "step", "elsewhere", "excluded", "foreign", "foreign_aside", "dense",
    "dense_cites", "dense_margin", "dense_facts", "residual_margin", "decision", "entry", "stated", "bare_entry",
    "named_entry", "other_topic", "other_condition", "facts",
)


@dataclass(frozen=True)
class Fact:
    """One coded fact of the patient: which concept, how it is meant, and the evidence it stands on."""

    concept: str
    assertion: str
    evidence: str
    value: float | None = None
    unit: str | None = None


@dataclass(frozen=True)
class Profile:
    """A protocol as the router sees it."""

    protocol: Protocol
    about: frozenset[str]
    purpose: frozenset[str]
    drugs: frozenset[str]
    steps: frozenset[str]
    excluded: frozenset[str]
    calculators: frozenset[str]
    cites: tuple[int, ...]
    vocabulary: frozenset[str]
    clauses: Vectors | None
    exclusions: Vectors | None

    @property
    def reach(self) -> frozenset[str]:
        """Every concept that speaks for the protocol in some way."""
        return self.about | self.purpose | self.drugs | self.steps


def profile(protocol: Protocol, terminology: Terminology, reader: Reader, retriever: Retriever) -> Profile:
    """Read a protocol's profile from its file."""
    about = _expand(protocol.about, terminology)
    named = [drug for criterion in protocol.criteria for step in criterion.next for drug in step.drugs]
    named += [str(step.with_["concept"]) for step in protocol.steps if step.tool == "record.medication"]
    drugs = _expand(named, terminology)
    read = [str(step.with_["concept"]) for step in protocol.steps if "concept" in step.with_]
    cited = list(dict.fromkeys(rec for criterion in protocol.criteria for rec in criterion.cites))
    read += [concept for rec in cited for concept in retriever.corpus.recommendations[rec].about]
    purpose = _linked(f"{protocol.title}. {protocol.purpose}", reader, terminology)
    rows = tuple(retriever.index.row[rec] for rec in cited if rec in retriever.index.row)
    text = " ".join(
        [protocol.title, protocol.purpose, *(retriever.index.passages[row].text for row in rows),
         *(word for concept in about if concept in terminology for word in terminology.get(concept).words)]
    )
    clauses = [protocol.title, protocol.purpose, *_parts(protocol.purpose)]
    clauses += [PLACEHOLDER.sub("", text) for criterion in protocol.criteria for text in criterion.templates]
    ruled_out = _parts(protocol.exclusions)
    return Profile(
        protocol, about, purpose | (_expand(operands(protocol.entry), terminology) - about), drugs,
        _expand(read, terminology), _linked(protocol.exclusions, reader, terminology) - about - purpose - drugs,
        frozenset(step.tool.removeprefix("calc.") for step in protocol.steps if step.tool.startswith("calc.")), rows,
        frozenset(terms(text)), retriever.index.fixed(clauses), retriever.index.fixed(ruled_out),
    )


def _parts(text: str) -> list[str]:
    return [part.strip() for part in _CLAUSE.split(text) if len(part.split()) >= 2]


def _linked(text: str, reader: Reader, terminology: Terminology) -> frozenset[str]:
    concepts = [concept for span in reader.read(text).spans for concept in span.concepts]
    return _expand([*concepts, *(mention.concept for mention in reader.strict.link(text))], terminology)


def _expand(concepts: Sequence[str], terminology: Terminology) -> frozenset[str]:
    found: set[str] = set()
    for concept in concepts:
        found.add(concept)
        if concept in terminology:
            found.update(part.id for part in terminology.expand(concept))
    return frozenset(found)


def entry_value(protocol: Protocol, facts: Sequence[Fact], terminology: Terminology, retriever: Retriever) -> bool | None:
    """Who may enter, three-valued: a concept nobody spoke of is unknown; it is false only where it was denied."""

    def lookup(concept: str) -> Evidence | None:
        wanted = _expand([concept], terminology)
        mine = [fact for fact in facts if fact.concept in wanted]
        sure = [fact for fact in mine if fact.assertion in ("present", "historical")]
        if concept.startswith("suspected_"):
            suspects = _expand([concept.removeprefix("suspected_")], terminology)
            sure += [fact for fact in facts if fact.concept in suspects and fact.assertion == "possible"]
        if sure:
            best = next((fact for fact in sure if fact.value is not None), sure[0])
            return _evidence(concept, best.value if best.value is not None else True, best.unit)
        if any(fact.assertion == "absent" and fact.concept == concept for fact in mine):
            return _evidence(concept, False, None)
        return None

    def reference(name: str) -> Quantity:
        value = retriever.corpus.value(name)
        return Quantity(float(value.value), value.unit or "1")

    return evaluate(protocol.entry, lookup, reference)


def _evidence(concept: str, value: float | bool, unit: str | None) -> Evidence:
    return Evidence(slot=concept, value=value, unit=unit, display=concept, concept=concept, source=Statement())


class Background:
    """Everything else a question can be about: the topics no protocol reaches, as vectors."""

    def __init__(self, profiles: Sequence[Profile], retriever: Retriever) -> None:
        reached = frozenset(concept for profile in profiles for concept in profile.reach)
        names = [f"{words[0]}: {', '.join(words[1:5])}" for topic, words in topics().items() if topic not in reached]
        self.vectors = retriever.index.fixed(names)

    def nearest(self, query: Vectors | None) -> float:
        """Cosine of the nearest topic outside every protocol."""
        if query is None or self.vectors is None:
            return 0.0
        return float((self.vectors @ query).max())


@dataclass(frozen=True)
class Asked:
    """One question to one patient, with what is worked out once for all protocols."""

    question: Question
    facts: tuple[Fact, ...]
    vector: Vectors | None
    with_facts: Vectors | None
    scores: Scores
    background: Background
    residuals: Mapping[str, Vectors]

    def nearest(self, query: Vectors | None) -> float:
        """Cosine of the nearest topic outside every protocol."""
        return self.background.nearest(query)


def features(
    asked: Asked, one: Profile, all_: Sequence[Profile], entry: bool | None, terminology: Terminology, retriever: Retriever
) -> dict[str, float]:
    """The numbers of `FEATURES` for one protocol."""
    question = asked.question
    spans = [span for span in question.spans if not span.denied]
    about = any(_hits(span, one.about) for span in spans)
    denied = not about and any(_hits(span, one.about) for span in question.spans if span.denied)
    rest = [span for span in spans if not _hits(span, one.about)]

    def weight(part: str) -> float:
        return max((_weight(span, one, part, all_, terminology) * (1.0 if span.asked else 0.5) for span in rest), default=0.0)

    purpose, drug, step = weight("purpose"), weight("drugs"), weight("steps")
    excluded = any(_hits(span, one.excluded) and not _hits(span, one.purpose | one.drugs) for span in rest)
    reach = frozenset(concept for other in all_ for concept in other.reach)
    elsewhere = not about and any(
        span.asked and not _expand(span.concepts, terminology) & one.reach
        and any(_expand(span.concepts, terminology) & (other.about | other.purpose | other.drugs) for other in all_)
        for span in rest
    )
    strangers = [span for span in rest if not (_expand(span.concepts, terminology) & reach)]
    foreign = sum(span.asked for span in strangers)
    calculator = bool(set(question.calculators) & one.calculators)
    named = max(float(about), purpose, drug, float(calculator), 0.5 * step)
    dense = _nearest(asked.vector, one.clauses)
    residual = asked.residuals.get(one.protocol.id, asked.vector)
    cites = sorted((float(asked.scores.dense[row]) for row in one.cites), reverse=True)[:3] if (
        asked.scores.dense is not None) else []
    entered = 1.0 if entry else 0.0
    stated = entry is not True and _stated(asked, one, retriever, terminology)
    decides = set(one.protocol.decides)
    mine = {fact.concept for fact in asked.facts if fact.assertion in ("present", "possible", "historical")}
    own = [concept for concept in mine if concept in one.reach]
    return {
        "bias": 1.0, "about": float(about), "denied": float(denied), "purpose": purpose,
        "calculator": float(calculator), "step": step,
        "elsewhere": float(elsewhere), "excluded": float(excluded), "foreign": min(foreign, 2) / 2,
        "foreign_aside": min(len(strangers) - foreign, 2) / 2,
        "dense": dense, "dense_cites": float(np.mean(cites)) if cites else 0.0,
        "dense_margin": max(dense, cites[0] if cites else 0.0) - asked.nearest(asked.vector),
        "dense_facts": _nearest(asked.with_facts, one.clauses),
        "residual_margin": _nearest(residual, one.clauses) - max(asked.nearest(residual), _nearest(residual, one.exclusions)),
        "decision": 0.5 if not question.decisions else float(bool(decides & set(question.decisions))),
        "entry": entered, "stated": float(stated), "bare_entry": entered * question.bare, "named_entry": max(entered, float(stated)) * named,
        "other_topic": float(foreign > 0 and not about),
        "other_condition": float(not about and any(_condition(span, terminology) and not _hits(span, one.reach) for span in rest)),
        "facts": min(sum(1.0 / sum(concept in other.reach for other in all_) for concept in own), 4.0) / 4.0,
    }


def _condition(span: Span, terminology: Terminology) -> bool:
    return any(concept in terminology and terminology.get(concept).kind == "condition" for concept in span.concepts)


def _stated(asked: Asked, one: Profile, retriever: Retriever, terminology: Terminology) -> bool:
    said = [
        Fact(concept, "present", "question") for span in asked.question.spans
        if span.assertion not in ("absent", "family", "hypothetical") for concept in span.concepts
    ]
    return entry_value(one.protocol, [*asked.facts, *said], terminology, retriever) is True


def _hits(span: Span, concepts: frozenset[str]) -> bool:
    return any(concept in concepts for concept in span.concepts)


def _weight(span: Span, one: Profile, part: str, all_: Sequence[Profile], terminology: Terminology) -> float:
    """How much a span speaks for a part of a profile: one over the number of protocols that share the concept."""
    best = 0.0
    concepts = _expand(span.concepts, terminology) if part == "drugs" else frozenset(span.concepts)
    for concept in concepts & getattr(one, part):
        sharing = sum(concept in getattr(other, part) or concept in other.about for other in all_)
        best = max(best, 1.0 / max(1, sharing))
    return best


def _nearest(query: Vectors | None, rows: Vectors | None) -> float:
    return 0.0 if query is None or rows is None or not len(rows) else float((rows @ query).max())


def without_about(question: Question, one: Profile) -> str:
    """The question with the words for what the protocol is about taken out: what is asked of it."""
    start, end = question.ask
    rest = question.text
    for mention in sorted(question.mentions, key=lambda mention: -mention.start):
        inside = start <= mention.start and mention.end <= end
        if inside and mention.concept in one.about and rest[mention.start : mention.end] == mention.text:
            rest = f"{rest[: mention.start]}it{rest[mention.end :]}"
            end -= mention.end - mention.start - 2
    return rest[start:end].strip()


def as_vector(found: Mapping[str, float]) -> Vectors:
    """Features in their fixed order."""
    return np.array([found[name] for name in FEATURES], dtype=np.float32)
