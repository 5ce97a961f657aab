"""Claims: templates whose slots are bound to evidence. Text is rendered, never written."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from knowledge.evidence import Evidence, GuidelinePassage, Value, show_value

PLACEHOLDER = re.compile(r"\{([A-Za-z0-9_.@/-]+)\}")
Certainty = Literal["established", "probable", "possible", "opinion"]
ClaimStatus = Literal["shown", "struck", "rejected", "edited"]
NotAnsweredReason = Literal[
    "missing_input", "not_applicable", "no_evidence", "conflict", "unsafe", "out_of_scope", "budget"
]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)


class BoundValue(_Model):
    """One slot of a template, filled: `shown` stands in the text, `value` and `unit` are what the gate compares."""

    evidence: str
    path: str
    value: Value
    unit: str | None = None
    shown: str


class Quote(_Model):
    """A literal quotation: `text` must stand at `start:end` of the evidence's source."""

    evidence: str
    start: int
    end: int
    text: str


class Claim(_Model):
    """One statement of an answer. `criterion` names the decision it renders; `polarity` is what it asserts of it."""

    id: str
    text: str
    template: str
    names: dict[str, str]
    evidence: list[str]
    values: list[BoundValue]
    quotes: list[Quote] = Field(default_factory=list)
    certainty: Certainty = "established"
    status: ClaimStatus = "shown"
    reason: str | None = None
    criterion: str | None = None
    polarity: bool | None = None
    red_flag: bool = False
    rules_out: bool = False
    section: str = ""


class NextStep(_Model):
    """Something to do next. `unknown` names what has not been read or is not known and must be checked first.

    `stops`: the step takes its drugs away.
    """

    id: str
    text: str
    template: str
    names: dict[str, str]
    values: list[BoundValue]
    kind: Literal["test", "question", "treatment", "refer", "monitor"]
    evidence: list[str]
    unknown: list[str] = Field(default_factory=list)
    drugs: list[str] = Field(default_factory=list)
    stops: bool = False
    status: ClaimStatus = "shown"
    reason: str | None = None
    criterion: str | None = None


class NotAnswered(_Model):
    """What could not be answered, why, and what would let it be."""

    what: str
    reason: NotAnsweredReason
    needs: list[str] = Field(default_factory=list)
    criterion: str | None = None
    slots: list[str] = Field(default_factory=list)


class PublishedShare(_Model):
    """How often a publication found the diagnosis with such a score; not this patient's probability."""

    score: str
    low: float
    high: float
    unit: str
    source: str


class DifferentialItem(_Model):
    """A diagnosis under consideration, with what speaks for and against it (evidence ids) and what is missing.

    `settled`: what is cited makes the diagnosis ("for") or excludes it ("against"). `absent`: findings for it that are
    explicitly denied, or measured and not so; they count against nothing by themselves. `cites`: for each piece of
    evidence, the passages that say how it weighs. `missing` in words, `missing_slots` the same by slot.
    """

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    condition: str
    coding: dict[str, str] | None = None
    must_not_miss: bool = False
    settled: Literal["for", "against"] | None = None
    for_: list[str] = Field(default_factory=list, alias="for")
    against: list[str] = Field(default_factory=list)
    absent: list[str] = Field(default_factory=list)
    missing: list[str] = Field(default_factory=list)
    missing_slots: list[str] = Field(default_factory=list)
    cites: dict[str, list[str]] = Field(default_factory=dict)
    considered: list[str] = Field(default_factory=list)
    scores: list[str] = Field(default_factory=list)
    published: PublishedShare | None = None
    probability: float | None = None
    calibrated: bool = False


class MostUseful(_Model):
    """The missing item whose answer would change most: what it would settle and move, and what comes after it."""

    slot: str
    ask: str
    kind: Literal["question", "measurement"]
    decides: list[str] = Field(default_factory=list)
    settles: list[str] = Field(default_factory=list)
    conditions: list[str] = Field(default_factory=list)
    must_not_miss: list[str] = Field(default_factory=list)
    criteria: int = 0
    because: str
    then: list[str] = Field(default_factory=list)


class Answer(_Model):
    """The assessment."""

    claims: list[Claim] = Field(default_factory=list)
    differential: list[DifferentialItem] = Field(default_factory=list)
    most_useful: MostUseful | None = None
    next_steps: list[NextStep] = Field(default_factory=list)
    not_answered: list[NotAnswered] = Field(default_factory=list)


class UnboundSlot(ValueError):
    """A template names something that has no evidence here."""


def resolve(evidence: Evidence, path: str) -> tuple[Value, str | None, str]:
    """`(value, unit, shown)` at a path of a piece of evidence.

    Paths: `display` (the default; `value` is the same), `date`, `concept`; of a passage also `text`, `source` and the
    names of its values.
    """
    if path in ("display", "value"):
        return evidence.value, evidence.unit, evidence.display
    if path == "concept":
        return None, None, (evidence.concept or evidence.slot).replace("_", " ")
    if path == "date":
        return evidence.date, None, evidence.date or "date not known"
    if isinstance(evidence.source, GuidelinePassage):
        if path == "text":
            return None, None, evidence.source.text
        if path == "source":
            source = evidence.source
            return None, None, f"{source.publisher} {source.edition}"
        if path in evidence.source.values:
            entry = evidence.source.values[path]
            shown = entry.get("display") or show_value(entry["value"], entry.get("unit"))
            return entry["value"], entry.get("unit"), shown
    raise UnboundSlot(f"found path {path!r} on {evidence.slot}; expected display, value, date or a passage value")


def placeholders(template: str) -> list[tuple[str, str]]:
    """`(name, path)` of each slot of a template, in order."""
    found = []
    for match in PLACEHOLDER.finditer(template):
        name, _, path = match.group(1).partition(".")
        found.append((name, path or "display"))
    return found


def render(template: str, names: Mapping[str, Evidence]) -> tuple[str, list[BoundValue]]:
    """Fill a template.

    Raises:
        UnboundSlot: a name without evidence, or a path the evidence does not have.
    """
    values: list[BoundValue] = []

    def fill(match: re.Match[str]) -> str:
        name, _, path = match.group(1).partition(".")
        path = path or "display"
        evidence = names.get(name)
        if evidence is None:
            raise UnboundSlot(f"found slot {name!r} in a template; expected one of {sorted(names)}")
        value, unit, shown = resolve(evidence, path)
        values.append(BoundValue(evidence=evidence.id, path=path, value=value, unit=unit, shown=shown))
        return shown

    return PLACEHOLDER.sub(fill, template), values


def content_id(prefix: str, *parts: Any) -> str:
    """A short stable id from content."""
    return prefix + hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).hexdigest()[:10]
