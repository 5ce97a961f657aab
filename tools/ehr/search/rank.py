"""Which places of a record answer a search, in which order, and which would but do not count."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from knowledge.assertion import assertions
from tools.ehr.compartment import walk
from tools.ehr.dates import start_of
from tools.ehr.elements import quantity
from tools.ehr.fhirjson import Resource
from tools.ehr.search.index import RecordIndex
from tools.ehr.search.query import WORD, Group, Phrase, SearchQuery
from tools.ehr.search.texts import Document, Passage

_HIGH, _LOW, _ODD = {"H", "HH", "HU", "HX", ">"}, {"L", "LL", "LU", "LX", "<"}, {"A", "AA"}
# What is said of the patient comes before what is doubted, of somebody else, or denied.
_MEANT = ("present", "historical", "possible", "absent", "hypothetical", "family")
ENOUGH = 1 / 3
"""The share of what is asked, by rarity, that a place must hold to be named where none holds all."""
_KIND_ORDER = {
    kind: place
    for place, kind in enumerate(("AllergyIntolerance", "Condition", "DiagnosticReport", "ImagingStudy", "Procedure"))
}


@dataclass(frozen=True)
class Hit:
    """One place: the document, the passage, the words that matched (offsets in the passage), how they are meant."""

    document: Document
    passage: Passage
    spans: tuple[tuple[int, int], ...]
    assertion: str
    own: int
    score: float
    without: tuple[str, ...] = ()

    @property
    def moment(self) -> datetime | None:
        """When, where it is dated."""
        return self.document.entry.moment if self.document.entry else start_of(self.document.at)


@dataclass
class Found:
    """What a search came to. `left_out`: reference and reason of what does not count.

    `unjudged`: results without the laboratory's flag or range; `otherwise`: how many it judges otherwise than asked.
    """

    hits: list[Hit] = field(default_factory=list)
    nearest: list[Hit] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    unjudged: list[Document] = field(default_factory=list)
    otherwise: int = 0


def rank(index: RecordIndex, query: SearchQuery) -> Found:
    """The places that hold one alternative of every group, best first; a name that stands nowhere, by its words."""
    found = _rank(index, query)
    if not found.hits and any(group.parts for group in query.groups):
        apart = tuple(part for group in query.groups for part in (group.parts or (group,)))
        found.hits = _rank(index, replace(query, groups=apart)).hits
    return found


def _rank(index: RecordIndex, query: SearchQuery) -> Found:
    held = _held(index, query)
    scores = index.scores({phrase for group in query.groups for phrase in group.phrases})
    found, partial = Found(), []
    for number, rows in held.items():
        document = index.documents[number]
        if not _wanted(document, query):
            continue
        judged = _judge(document, query, rows)
        if judged is None or -1 in judged:
            if not document.reason:
                found.otherwise += judged is not None
                found.unjudged += [document] if judged is None else []
            continue
        full = set(range(len(query.groups))) - judged
        if document.reason:
            if set().union(*rows.values()) >= full:
                found.left_out.append((document.reference, document.reason))
            continue
        hits, near = _places(index, query, number, rows, full, scores)
        found.hits += hits
        partial += near
    if not found.hits:
        found.nearest = _nearest(index, query, held, partial)
    found.hits = _ordered(found.hits, query)
    return found


def _nearest(index: RecordIndex, query: SearchQuery, held: dict[int, Rows], partial: list[Hit]) -> list[Hit]:
    """The places that hold most of what is asked, each group counted by how rare it is in this record."""
    common = [sum(at in set().union(*rows.values()) for rows in held.values()) for at in range(len(query.groups))]
    weight = [1 + math.log((1 + len(index.documents)) / (1 + count)) for count in common]
    labels = [group.label for group in query.groups]
    kept = {
        id(hit): sum(w for w, label in zip(weight, labels, strict=True) if label not in hit.without) for hit in partial
    }
    most = max(kept.values(), default=0.0)
    if most < ENOUGH * sum(weight):
        return []
    return _ordered([hit for hit in partial if kept[id(hit)] == most], query)


Rows = dict[int, set[int]]
"""Groups by passage of one document; -1 stands for its code."""


def _held(index: RecordIndex, query: SearchQuery) -> dict[int, Rows]:
    held: dict[int, Rows] = defaultdict(lambda: defaultdict(set))
    for at, group in enumerate(query.groups):
        for number, passage in _holding(index, group):
            held[number][passage].add(at)
    return held


def _holding(index: RecordIndex, group: Group) -> Iterator[tuple[int, int]]:
    """(document, passage) that hold a group; where only all its parts together do, passage -1."""
    rows, coded = index.holding(group)
    yield from (index.owner(row) for row in rows)
    yield from ((number, -1) for number in coded)
    if group.parts:
        sets = []
        for part in group.parts:
            rows, coded = index.holding(part)
            sets.append({index.owner(row)[0] for row in rows} | coded)
        for number in set.intersection(*sets):
            # Far apart in a long note two words say nothing together.
            if index.documents[number].note is None:
                yield number, -1


def _wanted(document: Document, query: SearchQuery) -> bool:
    if query.types and document.kind not in query.types:
        return False
    if query.since is None and query.until is None:
        return True
    moment = document.entry.moment if document.entry else start_of(document.at)
    return (
        moment is not None
        and (query.since is None or moment >= query.since)
        and (query.until is None or moment < query.until)
    )


def _judge(document: Document, query: SearchQuery, rows: Rows) -> set[int] | None:
    """Groups that a result's own flag or range settles: {-1} where it says otherwise, None where there is neither.

    A document that is no result is held to the word itself.
    """
    asked = [at for at, group in enumerate(query.groups) if group.judge]
    if not asked or document.entry is None or document.kind != "Observation":
        return set()
    rest = set(range(len(query.groups))) - set(asked)
    if not rest <= set().union(*rows.values()):
        return set()
    judged = judged_as(document.entry.resource)
    if judged is None:
        return None
    return set(asked) if all(query.groups[at].judge in judged for at in asked) else {-1}


def judged_as(resource: Resource) -> set[str] | None:
    """`high`, `low`, `abnormal` by the laboratory's flag, else by its range; None where the result carries neither."""
    codes = {str(code) for code in walk(resource, "interpretation.coding.code")}
    if codes:
        high, low = bool(codes & _HIGH), bool(codes & _LOW)
    else:
        ends = [item for item in walk(resource, "referenceRange") if isinstance(item, dict) and "appliesTo" not in item]
        measured = quantity(resource.get("valueQuantity"))
        if not ends or measured is None:
            return None
        limits = [(quantity(item.get("low")), quantity(item.get("high"))) for item in ends]
        high = any(top and top.unit in (None, measured.unit) and measured.value > top.value for _, top in limits)
        low = any(end and end.unit in (None, measured.unit) and measured.value < end.value for end, _ in limits)
    named = {"high": high, "low": low, "abnormal": high or low or bool(codes & _ODD)}
    return {name for name, so in named.items() if so}


def _places(
    index: RecordIndex, query: SearchQuery, number: int, rows: Rows, full: set[int], scores: Any
) -> tuple[list[Hit], list[Hit]]:
    """The hits of one document, and what comes near."""
    document = index.documents[number]
    edge = len(document.head)
    head = set().union(*(groups for at, groups in rows.items() if at < edge))
    hits = []
    for at in sorted(at for at in rows if at >= edge):
        own, near = rows[at], [rows.get(at - 1, set()) if at - 1 >= edge else set(), rows.get(at + 1, set())]
        best = all(len(own) >= len(other) for other in near) and len(own) > len(near[0])
        if own >= full or (not head >= full and best and own | head | near[0] | near[1] >= full):
            hits.append(_hit(index, query, number, at, len(own | head), scores))
    if head >= full and not (document.note is not None and hits):
        at = max((at for at in rows if 0 <= at < edge), key=lambda at: (len(rows[at]), -at), default=0)
        hits = [_hit(index, query, number, at, len(full), scores), *hits]
    if hits or len(query.groups) == 1:
        return hits, []
    at = max(rows, key=lambda at: (len(rows[at]), -at))
    own = rows[at] | head
    without = tuple(query.groups[group].label for group in sorted(full - own))
    return [], [_hit(index, query, number, max(at, 0), len(own), scores, without)] if own else []


def _hit(
    index: RecordIndex, query: SearchQuery, number: int, at: int, own: int, scores: Any, without: tuple[str, ...] = ()
) -> Hit:
    document = index.documents[number]
    passage, row = document.passages[at], index.row(number, at)
    spans = index.spans(row, _phrases(query.groups))
    meant = _meant(passage.text, [index.spans(row, _phrases((group,))) for group in query.groups])
    return Hit(document, passage, tuple(spans), meant, own, float(scores[row]), without)


def _phrases(groups: tuple[Group, ...]) -> set[Phrase]:
    return {phrase for group in groups for item in (group, *group.parts) for phrase in item.phrases}


def _meant(text: str, groups: list[list[tuple[int, int]]]) -> str:
    """How the words are meant: of each group what says most of the patient, of the groups what says least.

    Judged by the last word of each place: "no history of bleeding" denies "history of bleeding" too.
    """
    ends = [[(_last(text, place), place[1]) for place in spans] for spans in groups if spans]
    said = [min(assertions(text, spans), key=_MEANT.index) for spans in ends]
    return max(said, key=_MEANT.index, default="present")


def _last(text: str, place: tuple[int, int]) -> int:
    return [match.start() for match in WORD.finditer(text, *place)][-1]


def _ordered(hits: list[Hit], query: SearchQuery) -> list[Hit]:
    def newest(hit: Hit, *, day: bool = False) -> float:
        if hit.moment is None:
            return float("inf")
        return float(-hit.moment.toordinal()) if day else -hit.moment.timestamp()

    def key(hit: Hit) -> tuple[Any, ...]:
        relative = hit.assertion == "family" or hit.document.kind == "FamilyMemberHistory"
        meant = -1 if query.family and relative else _MEANT.index(hit.assertion)
        kind = _KIND_ORDER.get(hit.document.kind, len(_KIND_ORDER))
        if query.order == "relevance":
            return (meant, -hit.own, kind, newest(hit), -hit.score, hit.document.reference, hit.passage.start)
        sign = -1 if query.order == "first" and hit.moment else 1
        day = sign * newest(hit, day=True)
        return (meant > 2, day, meant, kind, sign * newest(hit), -hit.own, -hit.score, hit.document.reference)

    return sorted(hits, key=key)
