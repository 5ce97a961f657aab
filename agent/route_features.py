"""What speaks for and against a protocol, as a few numbers between 0 and 1 (cosines below 0 are possible).

named in the question   about, denied, purpose, calculator, step, decision
named, but outside      elsewhere (another protocol's), rival (another's subject), outnamed (another is named more
                        strongly), beside (both are named), excluded, foreign, foreign_aside, other_topic,
                        other_condition
near in meaning         dense, dense_cites, dense_margin, dense_facts, residual_margin
the patient             entry, stated, facts, against (a measured value does not let him in), broad (enters only by
                        what another names more exactly), measured and calm (he enters: a measured value says so too, or
                        does not), excluded_fact (has what it excludes), denied_fact (the record denies its subject);
                        with the question: bare_entry, named_entry, open_about (named, but not known to enter)
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
    "bare_entry", "named_entry", "other_topic", "other_condition", "facts", "rival", "outnamed", "against",
    "drug", "beside", "broad", "open_about", "measured", "calm", "excluded_fact", "denied_fact",
)
OWN = "own"
"""Not fitted: it decides only whether a protocol is worked out beside the first one."""


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


def features(
    asked: Asked, one: Profile, library: Library, entry: bool | None, entered_by: Sequence[Profile] = ()
) -> dict[str, float]:
    """The numbers of `FEATURES` for one protocol; `entered_by`: the protocols that the patient enters."""
    spans = [span for span in asked.question.spans if not span.denied]
    about = max((_subject(span, one, library) for span in spans), default=0.0)
    rest = [span for span in spans if not _hits(span, one.about)]
    rivals = entered_by or list(library.profiles.values())
    named = _named(asked.question, one, library, bool(about), rest, rivals)
    stated = entry is not True and _stated(asked, one, library)
    strength = max(float(about), named["purpose"], named["drug"], named["calculator"], 0.5 * named["step"])
    entered = float(entry is True)
    found = {
        "bias": 1.0, "about": about, **named, **_outside(one, library, bool(about), rest),
        **_near(asked, one, library),
        "entry": entered, "stated": float(stated), "bare_entry": entered * asked.question.bare,
        "named_entry": max(entered, float(stated)) * strength, "facts": _weighed(asked.facts, one, library),
        "outnamed": 0.0, "against": float(entry is None and library.measures(one.protocol, asked.facts) is False),
        "open_about": about if entry is None and not stated else 0.0,
        "broad": float(entry is True and library.only_broadly(one, asked.facts)),
        **_condition(asked.facts, one, library, entry),
    }
    return {name: found[name] for name in FEATURES} | {OWN: _own(rest, one, library, rivals)}


def _own(rest: Sequence[Span], one: Profile, library: Library, rivals: Sequence[Profile]) -> float:
    """How far the question names the purpose or the drugs, by words that are no other protocol's subject."""
    others = [other for other in library.profiles.values() if other is not one]
    free = [span for span in rest if not any(_hits(span, other.about) for other in others)]
    shares = [library.share(span, one, part, rivals) for span in free for part in ("purpose", "drugs")]
    return max(shares, default=0.0)


def contest(found: Sequence[dict[str, float]]) -> None:
    """Fill in `outnamed`: by how much the question names another protocol, which the patient enters, more strongly."""
    named = [max(row["about"], row["purpose"], row["calculator"], row["named_entry"]) for row in found]
    held = [name * (1.0 if row["entry"] or row["stated"] else 0.5) for name, row in zip(named, found, strict=True)]
    for place, row in enumerate(found):
        others = max((value for at, value in enumerate(held) if at != place), default=0.0)
        row["outnamed"] = max(0.0, others - held[place])


def _subject(span: Span, one: Profile, library: Library) -> float:
    """How far a span names the subject: a complaint that other protocols work up too is shared with them."""
    if not _hits(span, one.about):
        return 0.0
    if not span.finding or span.condition:
        return 1.0
    concepts = set(span.concepts)
    return 1.0 / max(1, sum(bool(concepts & (other.about | other.admits)) for other in library.profiles.values()))


def _named(
    question: Question, one: Profile, library: Library, about: bool, rest: Sequence[Span], rivals: Sequence[Profile]
) -> dict[str, float]:
    def strongest(part: str) -> float:
        shares = [library.share(span, one, part, rivals) * (1.0 if span.asked else 0.5) for span in rest]
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
    expanded = {span: library.expand(span.concepts) | {span.names[-1]} for span in rest}
    strangers = [span for span in rest if not expanded[span] & (one.reach | library.core)]
    foreign = sum(span.asked for span in strangers)
    elsewhere = any(span.asked and not expanded[span] & one.reach and expanded[span] & library.core for span in rest)
    rival = any(
        span.asked and not expanded[span] & one.core and any(_hits(span, other.about) for other in profiles)
        for span in rest
    )
    condition = any(span.condition and not _hits(span, one.reach) for span in rest)
    return {
        "elsewhere": float(elsewhere and not about), "beside": float(elsewhere and about),
        "rival": float(rival and not about),
        "excluded": float(any(_hits(span, one.excluded) and not _hits(span, one.purpose | one.drugs) for span in rest)),
        "foreign": float(foreign > 0), "foreign_aside": min(len(strangers) - foreign, 2) / 2,
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
    """Whether the question itself says what lets the patient in, or names an examination that the record has."""
    done = {fact.concept for fact in asked.facts if fact.assertion == "present"} & one.about
    spans = [span for span in asked.question.spans if not span.denied]
    if any(_hits(span, one.about) for span in spans) and any(library.kind(name) == "procedure" for name in done):
        return True
    said = [
        Fact(concept, "present", "question") for span in asked.question.spans
        if span.assertion not in ("absent", "family", "hypothetical") for concept in span.concepts
    ]
    return library.entry(one.protocol, [*asked.facts, *said]) is True


def _condition(facts: Sequence[Fact], one: Profile, library: Library, entry: bool | None) -> dict[str, float]:
    """What the record says of the condition: how it is measured, if it is denied, if an excluded one is there."""
    measured = library.measures(one.protocol, facts)
    absent = {fact.concept for fact in facts if fact.assertion == "absent"}
    present = {fact.concept for fact in facts if fact.assertion in ("present", "possible")}
    subject = {name for name in one.about if library.kind(name) in ("condition", "procedure")}
    return {
        "measured": float(entry is True and measured is True),
        "calm": float(entry is True and measured is False),
        "excluded_fact": float(any(library.kind(name) == "condition" for name in present & one.excluded)),
        "denied_fact": float(bool(absent & subject) and not present & subject),
    }


def _weighed(facts: Sequence[Fact], one: Profile, library: Library) -> float:
    """How many of the patient's findings the protocol weighs, shared ones counting less; four at most."""
    mine = {fact.concept for fact in facts if fact.assertion in ("present", "possible", "historical")} & one.reach
    shared = [sum(concept in other.reach for other in library.profiles.values()) for concept in sorted(mine)]
    return min(sum(1.0 / count for count in shared), 4.0) / 4.0


def _hits(span: Span, concepts: frozenset[str]) -> bool:
    return any(name in concepts for name in span.names)


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
