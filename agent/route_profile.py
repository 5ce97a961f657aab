"""A protocol as the router sees it, read from its file alone, and what lies outside all protocols. No trigger phrases.

From the file come the concepts it is about, those its purpose and entry name, the drugs it names, what its steps read,
what its exclusions rule out, the scores it uses, the passages it cites and the sentences it is written in.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.route_question import Question, Reader, Span, names_topic, topics, word_of
from knowledge.claim import PLACEHOLDER
from knowledge.encoder import Vectors
from knowledge.evidence import Evidence, Statement
from knowledge.guideline import Corpus
from knowledge.predicate import evaluate, operands
from knowledge.protocol import Protocol
from knowledge.quantity import Quantity
from knowledge.retriever import Retriever
from knowledge.terminology import Terminology

AGE, ADULT = "age", 18.0
_UNDER = re.compile(r"^People under (\d+)")
_CLAUSE = re.compile(r"[.;:]\s+|,\s+(?:and |or )?")


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
    """A protocol's concepts by the part they stand in, and its sentences as vectors."""

    protocol: Protocol
    about: frozenset[str]
    purpose: frozenset[str]
    drugs: frozenset[str]
    steps: frozenset[str]
    excluded: frozenset[str]
    calculators: frozenset[str]
    cites: tuple[int, ...]
    adult_from: float | None
    admits: frozenset[str]
    own_types: frozenset[str]
    other_types: frozenset[str]
    clauses: Vectors | None
    exclusions: Vectors | None

    @functools.cached_property
    def core(self) -> frozenset[str]:
        """What it decides on: its subject, its purpose and the drugs it names."""
        return self.about | self.purpose | self.drugs

    @functools.cached_property
    def reach(self) -> frozenset[str]:
        """Every concept that speaks for the protocol in some way."""
        return self.core | self.steps


class Library:
    """The profiles of all protocols, and as vectors the topics that none of them reaches."""

    def __init__(
        self, protocols: Mapping[str, Protocol], terminology: Terminology, retriever: Retriever, reader: Reader
    ) -> None:
        self.terminology, self.retriever, self.reader = terminology, retriever, reader
        self.profiles = {name: self._profile(protocol) for name, protocol in protocols.items()}
        self.reach = frozenset(concept for one in self.profiles.values() for concept in one.reach)
        self.core = frozenset(concept for one in self.profiles.values() for concept in one.core)
        outside = [
            f"{words[0]}: {', '.join(words[1:5])}" for topic, words in topics().items() if topic not in self.reach
        ]
        self.background = retriever.index.fixed(outside)

    def _profile(self, protocol: Protocol) -> Profile:
        index = self.retriever.index
        about = self.expand(protocol.about)
        drugs = [drug for criterion in protocol.criteria for step in criterion.next for drug in step.drugs]
        drugs += [str(step.with_["concept"]) for step in protocol.steps if step.tool == "record.medication"]
        cited = dict.fromkeys(rec for criterion in protocol.criteria for rec in criterion.cites)
        read = [str(step.with_["concept"]) for step in protocol.steps if "concept" in step.with_]
        read += [concept for rec in cited for concept in self.retriever.corpus.recommendations[rec].about]
        entry = [self.concept_of(protocol, operand) for operand in operands(protocol.entry)]
        purpose = self._linked(f"{protocol.title}. {protocol.purpose}") | self.expand(entry)
        clauses = [protocol.title, protocol.purpose, *_parts(protocol.purpose)]
        clauses += [PLACEHOLDER.sub("", text) for criterion in protocol.criteria for text in criterion.templates]
        calculators = [step.tool.removeprefix("calc.") for step in protocol.steps if step.tool.startswith("calc.")]
        own, others = types_of(protocol.about, self.terminology)
        return Profile(
            protocol=protocol, about=about, purpose=purpose - about, drugs=self.expand(drugs), steps=self.expand(read),
            excluded=self._linked(protocol.exclusions) - about - purpose - self.expand(drugs),
            calculators=frozenset(calculators), adult_from=adult_from(protocol.exclusions),
            admits=self.expand(entry), own_types=own, other_types=others,
            cites=tuple(index.row[rec] for rec in cited if rec in index.row),
            clauses=index.fixed(clauses), exclusions=index.fixed(_parts(protocol.exclusions)),
        )

    def _linked(self, text: str) -> frozenset[str]:
        """What a text names; of a topic only the word it uses, unless it names the topic itself."""
        found = [
            concept if names_topic(span.text, concept) else word_of(span.text)
            for span in self.reader.read(text).spans for concept in span.concepts
        ]
        return self.expand([*found, *(mention.concept for mention in self.reader.strict.link(text))])

    def bars(self, one: Profile, facts: Sequence[Fact]) -> str | None:
        """Why a patient cannot be whom a protocol is for: a child, or another type of its disease; else None."""
        return barred(one.adult_from, one.own_types, one.other_types, facts)

    def only_broadly(self, one: Profile, facts: Sequence[Fact]) -> bool:
        """Whether a patient enters only by what another protocol's entry names more exactly."""
        mine = set(operands(one.protocol.entry))
        others = [set(operands(other.protocol.entry)) for other in self.profiles.values() if other is not one]
        exact = frozenset().union(*others) - mine
        kept = [fact for fact in facts if fact.concept not in exact]
        return len(kept) < len(facts) and self.entry(one.protocol, kept) is not True

    def expand(self, concepts: Iterable[str]) -> frozenset[str]:
        """The concepts (or topics) and all that they include."""
        return expand(concepts, self.terminology)

    def share(self, span: Span, one: Profile, part: str, rivals: Sequence[Profile]) -> float:
        """How much a span speaks for a part of a profile: one over the number of protocols that share the concept.

        Args:
            rivals: the protocols it may be shared with: those the patient enters, or all where he enters none.
        """
        concepts = self.expand(span.concepts) if part == "drugs" else frozenset(span.names)
        others = [one, *(other for other in rivals if other is not one)]

        def sharing(concept: str) -> int:
            # A span's own word is shared with whom it is a subject under the name of its concept.
            names = frozenset((concept, *span.concepts)) if concept not in self.terminology else frozenset((concept,))
            return sum(concept in getattr(other, part) or bool(names & other.about) for other in others)

        return max((1.0 / max(1, sharing(concept)) for concept in concepts & getattr(one, part)), default=0.0)

    def entry(self, protocol: Protocol, facts: Sequence[Fact]) -> bool | None:
        """Who may enter, three-valued: a concept nobody spoke of is unknown; it is false only where it was denied."""
        return self.holds(protocol, protocol.entry, facts)

    def holds(self, protocol: Protocol, predicate: Mapping[str, Any], facts: Sequence[Fact]) -> bool | None:
        """A predicate of the entry over facts."""
        return holds(protocol, predicate, facts, self.terminology, self.retriever.corpus)

    def concept_of(self, protocol: Protocol, operand: str) -> str:
        """The concept an operand of the entry stands for: itself, or what the step of that name reads."""
        return concept_of(protocol, operand, self.terminology)

    def denies(self, question: Question, one: Profile, facts: Sequence[Fact]) -> bool:
        """Whether the record denies the very subject that the question names."""
        absent = {fact.concept for fact in facts if fact.assertion == "absent"} & one.about
        spans = [span for span in question.spans if set(span.concepts) & one.about]
        return bool(spans) and all(set(span.concepts) & absent for span in spans)

    def measures(self, protocol: Protocol, facts: Sequence[Fact]) -> bool | None:
        """Whether a measured value passes a threshold of the entry: true, false, or null where nothing is measured."""
        parts = [part for part in protocol.entry.get("any", [protocol.entry]) if "compare" in part]
        found = {self.holds(protocol, part, facts) for part in parts}
        return True if True in found else (False if False in found else None)

    def kind(self, concept: str) -> str | None:
        """The kind of a concept of the terminology."""
        return self.terminology.get(concept).kind if concept in self.terminology else None


def nearest(query: Vectors | None, rows: Vectors | None) -> float:
    """Cosine of a vector with the nearest of some; 0 where either is missing."""
    return 0.0 if query is None or rows is None or not len(rows) else float((rows @ query).max())


def expand(concepts: Iterable[str], terminology: Terminology) -> frozenset[str]:
    """The concepts (or topics) and all that they include."""
    found: set[str] = set()
    for concept in concepts:
        found.add(concept)
        if concept in terminology:
            found.update(part.id for part in terminology.expand(concept))
    return frozenset(found)


def concept_of(protocol: Protocol, operand: str, terminology: Terminology) -> str:
    """The concept an operand of the entry stands for: itself, or what the step of that name reads."""
    if operand in terminology:
        return operand
    read = (step for step in protocol.steps if step.slot == operand and "concept" in step.with_)
    return next((str(step.with_["concept"]) for step in read), operand)


def holds(
    protocol: Protocol, predicate: Mapping[str, Any], facts: Sequence[Fact], terminology: Terminology, corpus: Corpus
) -> bool | None:
    """A predicate of the entry over facts; an operand that is a slot of the protocol stands for what it reads."""

    def lookup(operand: str) -> Evidence | None:
        concept = concept_of(protocol, operand, terminology)
        wanted = expand([concept], terminology)
        sure = [fact for fact in facts if fact.concept in wanted and fact.assertion in ("present", "historical")]
        if concept.startswith("suspected_"):
            suspects = expand([concept.removeprefix("suspected_")], terminology)
            sure += [fact for fact in facts if fact.concept in suspects and fact.assertion == "possible"]
        if sure:
            best = next((fact for fact in sure if fact.value is not None), sure[0])
            return _evidence(concept, True if best.value is None else best.value, best.unit)
        if any(fact.concept == concept and fact.assertion == "absent" for fact in facts):
            return _evidence(concept, False, None)
        return None

    def reference(name: str) -> Quantity:
        value = corpus.value(name)
        return Quantity(float(value.value), value.unit or "1")

    return evaluate(predicate, lookup, reference)


def types_of(about: Sequence[str], terminology: Terminology) -> tuple[frozenset[str], frozenset[str]]:
    """Of a disease with kinds: those a protocol is about (type 2 diabetes), and the others (type 1)."""
    own: set[str] = set()
    others: set[str] = set()
    for broad in about:
        kinds = expand([broad], terminology) - {broad}
        named = expand([concept for concept in about if concept in kinds], terminology)
        if named:
            own |= named
            others |= kinds - named
    return frozenset(own), frozenset(others - own)


def barred(
    adult: float | None, own: frozenset[str], others: frozenset[str], facts: Sequence[Fact]
) -> str | None:
    """Why a patient cannot be whom a protocol is for: a child, or another type of its disease; else None."""
    age = next((fact.value for fact in facts if fact.concept == AGE), None)
    if age is not None and adult is not None and age < adult:
        return "it is not for children"
    present = {fact.concept for fact in facts if fact.assertion == "present"}
    found = sorted(present & others)
    other = bool(found) and not present & own
    return f"the record has another type: {found[0].replace('_', ' ')}" if other else None


def adult_from(exclusions: str) -> float | None:
    """The age from which a protocol is for a patient, by what it excludes."""
    under = _UNDER.search(exclusions)
    return float(under[1]) if under else (ADULT if exclusions.startswith("Children") else None)


def _parts(text: str) -> list[str]:
    return [part.strip() for part in _CLAUSE.split(text) if len(part.split()) >= 2]


def _evidence(concept: str, value: float | bool, unit: str | None) -> Evidence:
    return Evidence(slot=concept, value=value, unit=unit, display=concept, concept=concept, source=Statement())
