"""What speaks for and against a protocol, as a few numbers between 0 and 1 (cosines below 0 are possible).

named in the question   about, denied, purpose, calculator, step, decision
named, but outside      elsewhere (another protocol's), excluded, foreign, foreign_aside, other_topic, other_condition
near in meaning         dense, dense_cites, dense_margin, dense_facts, residual_margin
the patient             entry, stated, facts, and with the question: bare_entry, named_entry
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from agent.route_profile import Fact, Library, Profile, nearest
from agent.route_question import Question, Span
from knowledge.encoder import Vectors
from knowledge.retriever import Scores

FEATURES = (
    "bias", "about", "denied", "purpose", "calculator", "step", "elsewhere", "excluded", "foreign", "foreign_aside",
    "dense", "dense_cites", "dense_margin", "dense_facts", "residual_margin", "decision", "entry", "stated",
    "bare_entry", "named_entry", "other_topic", "other_condition", "facts",
)


@dataclass(frozen=True)
class Asked:
    """One question to one patient, with what is worked out once for all protocols.

    `residuals`: by protocol, the vector of what is asked without the words for what the protocol is about.
    """

    question: Question
    facts: tuple[Fact, ...]
    vector: Vectors | None
    with_facts: Vectors | None
    residuals: Mapping[str, Vectors]
    scores: Scores


def features(asked: Asked, one: Profile, library: Library, entry: bool | None) -> dict[str, float]:
    """The numbers of `FEATURES` for one protocol."""
    spans = [span for span in asked.question.spans if not span.denied]
    about = any(_hits(span, one.about) for span in spans)
    rest = [span for span in spans if not _hits(span, one.about)]
    named = _named(asked.question, one, library, about, rest)
    stated = entry is not True and _stated(asked, one, library)
    strength = max(float(about), named["purpose"], named["drug"], named["calculator"], 0.5 * named["step"])
    entered = float(entry is True)
    found = {
        "bias": 1.0, "about": float(about), **named, **_outside(one, library, about, rest),
        **_near(asked, one, library),
        "entry": entered, "stated": float(stated), "bare_entry": entered * asked.question.bare,
        "named_entry": max(entered, float(stated)) * strength, "facts": _weighed(asked.facts, one, library),
    }
    return {name: found[name] for name in FEATURES}


def _named(question: Question, one: Profile, library: Library, about: bool, rest: Sequence[Span]) -> dict[str, float]:
    def strongest(part: str) -> float:
        shares = [library.share(span, one, part) * (1.0 if span.asked else 0.5) for span in rest]
        return max(shares, default=0.0)

    denied = not about and any(_hits(span, one.about) for span in question.spans if span.denied)
    decides = set(one.protocol.decides) & set(question.decisions)
    return {
        "denied": float(denied),
        "purpose": strongest("purpose"), "drug": strongest("drugs"), "step": strongest("steps"),
        "calculator": float(bool(set(question.calculators) & one.calculators)),
        "decision": 0.5 if not question.decisions else float(bool(decides)),
    }


def _outside(one: Profile, library: Library, about: bool, rest: Sequence[Span]) -> dict[str, float]:
    profiles = list(library.profiles.values())
    expanded = {span: library.expand(span.concepts) for span in rest}
    strangers = [span for span in rest if not expanded[span] & library.reach]
    foreign = sum(span.asked for span in strangers)
    elsewhere = any(
        span.asked and not expanded[span] & one.reach
        and any(expanded[span] & (other.about | other.purpose | other.drugs) for other in profiles)
        for span in rest
    )
    condition = any(span.condition and not _hits(span, one.reach) for span in rest)
    return {
        "elsewhere": float(elsewhere and not about),
        "excluded": float(any(_hits(span, one.excluded) and not _hits(span, one.purpose | one.drugs) for span in rest)),
        "foreign": min(foreign, 2) / 2, "foreign_aside": min(len(strangers) - foreign, 2) / 2,
        "other_topic": float(foreign > 0 and not about), "other_condition": float(condition and not about),
    }


def _near(asked: Asked, one: Profile, library: Library) -> dict[str, float]:
    scores = asked.scores.dense
    cites = [] if scores is None else sorted((float(scores[row]) for row in one.cites), reverse=True)[:3]
    dense = nearest(asked.vector, one.clauses)
    residual = asked.residuals.get(one.protocol.id, asked.vector)
    beyond = max(nearest(residual, library.background), nearest(residual, one.exclusions))
    return {
        "dense": dense, "dense_cites": float(np.mean(cites)) if cites else 0.0,
        "dense_margin": max([dense, *cites]) - nearest(asked.vector, library.background),
        "dense_facts": nearest(asked.with_facts, one.clauses),
        "residual_margin": nearest(residual, one.clauses) - beyond,
    }


def _stated(asked: Asked, one: Profile, library: Library) -> bool:
    """Whether the question itself says what lets the patient in."""
    said = [
        Fact(concept, "present", "question") for span in asked.question.spans
        if span.assertion not in ("absent", "family", "hypothetical") for concept in span.concepts
    ]
    return library.entry(one.protocol, [*asked.facts, *said]) is True


def _weighed(facts: Sequence[Fact], one: Profile, library: Library) -> float:
    """How many of the patient's findings the protocol weighs, shared ones counting less; four at most."""
    mine = {fact.concept for fact in facts if fact.assertion in ("present", "possible", "historical")} & one.reach
    shared = [sum(concept in other.reach for other in library.profiles.values()) for concept in sorted(mine)]
    return min(sum(1.0 / count for count in shared), 4.0) / 4.0


def _hits(span: Span, concepts: frozenset[str]) -> bool:
    return any(concept in concepts for concept in span.concepts)


def without_about(question: Question, one: Profile) -> str:
    """What is asked, with the words for what the protocol is about taken out."""
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
