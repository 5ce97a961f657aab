"""An answer of a protocol as one concern: its claims and next steps with their evidence and guidelines."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.serve.cards import MOST_LINES, Concern, Indicator, Source, escape, passage_source, where
from agent.serve.work import Outcome
from knowledge.claim import Claim, NextStep
from knowledge.evidence import Evidence, GuidelinePassage
from knowledge.protocol import Protocol

_COLLECTION = re.compile(r"\bto\b|\band\b|as read|as stored", re.IGNORECASE)
MOST_CLAIMS, MOST_PLACES, MOST_PASSAGES = 5, 4, 2


def owner(item: Claim | NextStep) -> str:
    """The protocol a claim or step comes from."""
    return (item.criterion or "").partition("/")[0]


def concern_of(
    protocol: Protocol,
    outcome: Outcome,
    claims: Sequence[Claim],
    steps: Sequence[NextStep],
    indicator: Indicator,
    opening: str = "",
) -> Concern:
    """What a protocol says, as one concern.

    Args:
        claims, steps: what is shown of it; the first claim leads.
        opening: a sentence before it.
    """
    lines = [escape(opening), ""] if opening else []
    cited = _leading(protocol, outcome, claims)
    for claim in claims[:MOST_CLAIMS]:
        printed = set(claim.names.values())
        found = sorted(outcome.evidence(claim.evidence), key=lambda item: item.id not in printed)
        cited += found
        lines.append(f"- {escape(claim.text)}{_grade(claim)}")
        lines += [f"  - {text}" for text in _places(found)]
        lines += [f"  - Guideline: {text}" for text in _passages(found)]
    lines += [f"- and {len(claims) - MOST_CLAIMS} more findings"] if len(claims) > MOST_CLAIMS else []
    if steps:
        lines += ["", "**Next**"]
        for step in steps[:MOST_LINES]:
            cited += outcome.evidence(step.evidence)
            first = f" (check first: {escape('; '.join(step.unknown))})" if step.unknown else ""
            lines.append(f"- {step.kind}: {escape(step.text)}{first}")
    open_ = [
        gap
        for gap in outcome.answer.not_answered
        if gap.reason in ("missing_input", "conflict", "unsafe") and (gap.criterion or "").startswith(f"{protocol.id}/")
    ]
    open_.sort(key=lambda gap: gap.reason == "missing_input")
    if open_:
        lines += ["", "**Not known**"]
        lines += [f"- {escape(gap.what)}: {escape('; '.join(gap.needs[:3]))}" for gap in open_[:4]]
    review = f"reviewed by {protocol.reviewed_by}" if protocol.reviewed_by else "not reviewed by a clinician"
    lines += ["", escape(f"Protocol {protocol.title} {protocol.version} ({protocol.jurisdiction}): {review}.")]
    unique = sources_of(cited) or [Source(f"Osler protocol: {protocol.title}")]
    lead = claims[0].text if claims else steps[0].text
    return Concern(
        protocol.id,
        protocol.title,
        indicator,
        lead if lead.casefold().startswith(protocol.title.casefold()) else f"{protocol.title}: {lead}",
        lines,
        unique[0],
        unique[1:],
        weight=sum(claim.red_flag for claim in claims),
    )


def sources_of(found: Sequence[Evidence]) -> list[Source]:
    """The guidelines behind evidence, each once, in order."""
    return list(dict.fromkeys(source for item in found if (source := passage_source(item)) is not None))


def _standing(item: Evidence) -> tuple[bool, bool]:
    """A guideline in force comes before one that is not; an edition of its own before a collection of statements."""
    source = item.source
    if not isinstance(source, GuidelinePassage):
        return True, True
    return source.status != "in-force", bool(_COLLECTION.search(source.edition))


def _leading(protocol: Protocol, outcome: Outcome, claims: Sequence[Claim]) -> list[Evidence]:
    """What the first claim's criterion cites, in its own order, the best standing first."""
    criterion = next(
        (one for one in protocol.criteria if claims and claims[0].criterion == f"{protocol.id}/{one.id}"), None
    )
    found = {item.slot: item for item in outcome.evidence(claims[0].evidence)} if claims else {}
    return sorted((found[name] for name in (criterion.cites if criterion else ()) if name in found), key=_standing)


def _grade(claim: Claim) -> str:
    return "" if claim.certainty == "established" else f" ({claim.certainty})"


def _places(found: Sequence[Evidence]) -> list[str]:
    # What is not so is part of the reasoning, but not what a reader looks up first.
    weighed = [item for item in found if item.value not in (None, False)]
    places = list(dict.fromkeys(text for item in weighed if (text := where(item)) is not None))
    more = len(places) - MOST_PLACES
    return [*places[:MOST_PLACES], *([f"and {more} more places in the record"] if more > 0 else [])]


def _passages(found: Sequence[Evidence]) -> list[str]:
    said = []
    for item in found:
        source = passage_source(item)
        if source is not None:
            grade = ", ".join(f"{key} {value}" for key, value in (getattr(item.source, "grade", None) or {}).items())
            section = getattr(item.source, "section", "")
            said.append(escape(f"{source.label}, {section}{f' ({grade})' if grade else ''}"))
    return list(dict.fromkeys(said))[:MOST_PASSAGES]
