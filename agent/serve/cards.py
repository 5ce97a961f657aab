"""What is to be said, as cards of CDS Hooks 2.0: at most three, most serious first, and nothing when there is nothing.

Words of the record go into Markdown escaped: what stands in a note or a drug's name is shown, and never becomes a link,
a picture or markup. A card is text of ours; whatever a record tells a machine to do stays words of a patient's record.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from agent.state import Json
from knowledge.evidence import Evidence, FhirElement, GuidelinePassage, Statement
from tools.ehr.fhirjson import Resource

Indicator = Literal["info", "warning", "critical"]
ORDER: tuple[Indicator, ...] = ("critical", "warning", "info")
MOST_CARDS, MOST_SUMMARY, MOST_DETAIL, MOST_LINES = 3, 139, 6000, 8
TOPICS, REASONS = "urn:osler:cds-topic", "urn:osler:cds-override"
OVERRIDES = (
    ("benefit-outweighs-risk", "Benefit outweighs the risk for this patient"),
    ("tolerated", "Taken or tolerated before"),
    ("watched", "Is being watched for"),
    ("does-not-apply", "Does not apply to this patient"),
    ("record-wrong", "The record is wrong or out of date"),
)
FOOT = "Osler suggests and writes nothing; a clinician decides. Not a medical device."
_MARK = re.compile(r"([\\`*_\[\]<>|~&])")
_LINK = re.compile(r"\b(https?|ftp|mailto|www)([:.])", re.IGNORECASE)
_LEAD = re.compile(r"^([-+=:#]|\d+(?=[.)]\s))")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+")


@dataclass(frozen=True)
class Source:
    """Where advice comes from."""

    label: str
    url: str | None = None


@dataclass
class Concern:
    """One thing to say. `lines` are Markdown already; `summary` and `title` are plain."""

    topic: str
    title: str
    indicator: Indicator
    summary: str
    lines: list[str]
    source: Source
    others: list[Source] = field(default_factory=list)
    suggestions: list[Json] = field(default_factory=list)
    behaviour: Literal["at-most-one", "any"] = "at-most-one"
    weight: int = 0


@dataclass
class Said:
    """What is to be told besides: `gaps` in this patient's data, `limits` of Osler's tables."""

    gaps: list[str] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)


def cards_of(concerns: Iterable[Concern], gaps: Sequence[str] = (), limits: Sequence[str] = ()) -> list[Json]:
    """The cards: the gravest concerns, what did not fit named in the last, and what could not be looked at.

    Args:
        gaps: what was missing for this patient; worth a card of its own where there is no other.
        limits: what Osler's tables never hold; told beside something else only.
    """
    ranked = sorted(concerns, key=lambda item: (ORDER.index(item.indicator), -item.weight))
    shown, left = ranked[:MOST_CARDS], ranked[MOST_CARDS:]
    if not shown:
        return [card_of(_missing(gaps, limits), [])] if gaps else []
    aside = [f"- {escape(text)}" for text in dict.fromkeys([*gaps, *limits])]
    more = [f"- {item.indicator}: {escape(item.summary)}" for item in left[:MOST_LINES]]
    more += [f"- and {len(left) - MOST_LINES} more"] if len(left) > MOST_LINES else []
    tail = ["", f"**Not shown as cards ({len(left)})**", *more] if left else []
    tail += ["", "**Not looked at**", *aside] if aside else []
    return [card_of(item, tail if item is shown[-1] else []) for item in shown]


def _missing(gaps: Sequence[str], limits: Sequence[str]) -> Concern:
    return Concern(
        "not-looked-at",
        "Not looked at",
        "info",
        f"Not everything could be looked at: {gaps[0]}",
        [f"- {escape(text)}" for text in dict.fromkeys([*gaps, *limits])],
        Source("Osler: completeness of the data sent"),
    )


def card_of(item: Concern, tail: Sequence[str]) -> Json:
    """One card."""
    kept = _within("\n".join(item.lines), MOST_DETAIL)
    detail = "\n".join([kept, *tail, "", f"_{FOOT}_"])
    card: Json = {
        "uuid": str(uuid.uuid4()),
        "summary": short(item.summary),
        "detail": detail,
        "indicator": item.indicator,
        "source": {
            **source_of(item.source),
            "topic": {"system": TOPICS, "code": item.topic, "display": item.title},
        },
    }
    if item.suggestions:
        card |= {"suggestions": item.suggestions, "selectionBehavior": item.behaviour}
    if item.indicator != "info":
        card["overrideReasons"] = [{"code": code, "system": REASONS, "display": text} for code, text in OVERRIDES]
    seen = {(item.source.label, item.source.url)}
    links = []
    for other in item.others:
        if is_web(other.url) and (other.label, other.url) not in seen:
            seen.add((other.label, other.url))
            links.append({"label": other.label, "url": other.url, "type": "absolute"})
    if links:
        card["links"] = links[:MOST_LINES]
    return card


def source_of(source: Source) -> Json:
    """A source without what it has not."""
    body = {"label": plain(source.label)}
    return {**body, "url": source.url} if is_web(source.url) else body


def is_web(url: str | None) -> bool:
    """Whether an address can be opened in a browser."""
    parts = urlsplit(url or "")
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def suggestion(label: str, action: Literal["create", "update", "delete"], description: str, **what: Any) -> Json:
    """A suggestion of one action: `resource` for create and update, `resourceId` for delete."""
    body: Json = {"type": action, "description": plain(description)}
    resource: Resource | None = what.get("resource")
    body |= {"resource": resource} if resource is not None else {"resourceId": what["resource_id"]}
    return {"label": short(label), "uuid": str(uuid.uuid4()), "actions": [body]}


def plain(text: str) -> str:
    """Text on one line, without control characters."""
    return " ".join(_CONTROL.sub(" ", text).split())


def short(text: str, most: int = MOST_SUMMARY) -> str:
    """Plain text of at most so many characters: cut at the end of a sentence or clause, and then seen to be cut."""
    whole = plain(text)
    if len(whole) <= most:
        return whole
    room = whole[: most - 2]
    ends = max(room.rfind(mark) for mark in (". ", "; "))
    cut = ends if ends >= most // 2 else room.rfind(" ")
    return f"{room[: cut if cut > 0 else len(room)].rstrip(' ,;:.')} …"


def _within(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    cut = text.rfind("\n", 0, most)
    return f"{text[: cut if cut > 0 else most]}\n- (more was left out here)"


def escape(text: str) -> str:
    """Words as Markdown that shows them as they are: no markup, no link, no picture, no heading."""
    flat = _LINK.sub(r"\1\\\2", _MARK.sub(r"\\\1", plain(text)))
    return _LEAD.sub(lambda found: f"{found[1]}\\" if found[1].isdigit() else f"\\{found[1]}", flat)


def where(item: Evidence) -> str | None:
    """Where in the record a piece of evidence stands, in Markdown; nothing for what is no part of a record."""
    source = item.source
    if isinstance(source, FhirElement | Statement) and source.reference:
        dated = f", {item.effective_at[:10]}" if item.effective_at else ""
        flags = f" ({', '.join(source.flags)})" if isinstance(source, FhirElement) and source.flags else ""
        return f"{escape(item.display + flags)}: {escape(source.reference)}{dated}"
    return None


def passage_source(item: Evidence) -> Source | None:
    """The guideline behind a passage."""
    source = item.source
    if not isinstance(source, GuidelinePassage):
        return None
    url = source.url or (source.verified or {}).get("url")
    return Source(f"{source.publisher} {source.edition}: {source.title}", url)
