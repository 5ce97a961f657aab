"""A protocol as the router sees it, read from its file alone, and what lies outside all protocols. No trigger phrases.

From the file come the concepts it is about, those its purpose and entry name, the drugs it names, what its steps read,
what its exclusions rule out, the scores it uses, the passages it cites and the sentences it is written in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from agent.route_question import Reader, Span, topics
from knowledge.claim import PLACEHOLDER
from knowledge.encoder import Vectors
from knowledge.evidence import Evidence, Statement
from knowledge.predicate import evaluate, operands
from knowledge.protocol import Protocol
from knowledge.quantity import Quantity
from knowledge.retriever import Retriever
from knowledge.terminology import Terminology

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
    clauses: Vectors | None
    exclusions: Vectors | None

    @property
    def reach(self) -> frozenset[str]:
        """Every concept that speaks for the protocol in some way."""
        return self.about | self.purpose | self.drugs | self.steps


class Library:
    """The profiles of all protocols, and as vectors the topics that none of them reaches."""

    def __init__(
        self, protocols: Mapping[str, Protocol], terminology: Terminology, retriever: Retriever, reader: Reader
    ) -> None:
        self.terminology, self.retriever, self.reader = terminology, retriever, reader
        self.profiles = {name: self._profile(protocol) for name, protocol in protocols.items()}
        self.reach = frozenset(concept for one in self.profiles.values() for concept in one.reach)
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
        purpose = self._linked(f"{protocol.title}. {protocol.purpose}") | self.expand(operands(protocol.entry))
        clauses = [protocol.title, protocol.purpose, *_parts(protocol.purpose)]
        clauses += [PLACEHOLDER.sub("", text) for criterion in protocol.criteria for text in criterion.templates]
        calculators = [step.tool.removeprefix("calc.") for step in protocol.steps if step.tool.startswith("calc.")]
        return Profile(
            protocol=protocol, about=about, purpose=purpose - about, drugs=self.expand(drugs), steps=self.expand(read),
            excluded=self._linked(protocol.exclusions) - about - purpose - self.expand(drugs),
            calculators=frozenset(calculators), cites=tuple(index.row[rec] for rec in cited if rec in index.row),
            clauses=index.fixed(clauses), exclusions=index.fixed(_parts(protocol.exclusions)),
        )

    def _linked(self, text: str) -> frozenset[str]:
        spans = [concept for span in self.reader.read(text).spans for concept in span.concepts]
        return self.expand([*spans, *(mention.concept for mention in self.reader.strict.link(text))])

    def expand(self, concepts: Iterable[str]) -> frozenset[str]:
        """The concepts (or topics) and all that they include."""
        found: set[str] = set()
        for concept in concepts:
            found.add(concept)
            if concept in self.terminology:
                found.update(part.id for part in self.terminology.expand(concept))
        return frozenset(found)

    def share(self, span: Span, one: Profile, part: str) -> float:
        """How much a span speaks for a part of a profile: one over the number of protocols that share the concept."""
        concepts = self.expand(span.concepts) if part == "drugs" else frozenset(span.concepts)
        others = self.profiles.values()
        return max(
            (1.0 / max(1, sum(concept in getattr(other, part) or concept in other.about for other in others))
             for concept in concepts & getattr(one, part)),
            default=0.0,
        )

    def entry(self, protocol: Protocol, facts: Sequence[Fact]) -> bool | None:
        """Who may enter, three-valued: a concept nobody spoke of is unknown; it is false only where it was denied."""

        def lookup(concept: str) -> Evidence | None:
            wanted = self.expand([concept])
            sure = [fact for fact in facts if fact.concept in wanted and fact.assertion in ("present", "historical")]
            if concept.startswith("suspected_"):
                suspects = self.expand([concept.removeprefix("suspected_")])
                sure += [fact for fact in facts if fact.concept in suspects and fact.assertion == "possible"]
            if sure:
                best = next((fact for fact in sure if fact.value is not None), sure[0])
                return _evidence(concept, True if best.value is None else best.value, best.unit)
            if any(fact.concept == concept and fact.assertion == "absent" for fact in facts):
                return _evidence(concept, False, None)
            return None

        def reference(name: str) -> Quantity:
            value = self.retriever.corpus.value(name)
            return Quantity(float(value.value), value.unit or "1")

        return evaluate(protocol.entry, lookup, reference)


def nearest(query: Vectors | None, rows: Vectors | None) -> float:
    """Cosine of a vector with the nearest of some; 0 where either is missing."""
    return 0.0 if query is None or rows is None or not len(rows) else float((rows @ query).max())


def _parts(text: str) -> list[str]:
    return [part.strip() for part in _CLAUSE.split(text) if len(part.split()) >= 2]


def _evidence(concept: str, value: float | bool, unit: str | None) -> Evidence:
    return Evidence(slot=concept, value=value, unit=unit, display=concept, concept=concept, source=Statement())
