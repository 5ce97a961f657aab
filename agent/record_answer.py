"""The document of `osler ehr ask`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from knowledge.evidence import Evidence, Value


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)


class RecordValue(_Document):
    """One typed value. `evidence`: its id; `reference`: its resource; `assertion`: how a note means it."""

    value: Value
    unit: str | None
    display: str
    date: str | None
    concept: str | None
    reference: str | None
    assertion: str | None
    tool: str
    evidence: str


class RecordRead(_Document):
    """A read of the record that was made."""

    tool: str
    arguments: dict[str, Any]


class Place(_Document):
    """A place of a search: offsets are into the text of the element `path` names; of a note, into its text."""

    reference: str
    type: str
    date: str | None
    path: str
    text: str
    start: int
    end: int
    matched: list[list[int]]
    assertion: str
    without: list[str]
    evidence: str


class LeftOut(_Document):
    """A resource that holds the words and does not count, and why."""

    reference: str
    reason: str


class SearchDetail(_Document):
    """What a search came to: `shown` of `total` places; places without all of the words have `without`."""

    looked_for: str
    order: Literal["relevance", "first", "last"]
    total: int
    shown: int
    searched: dict[str, Any]
    hits: list[Place]
    left_out: list[LeftOut]


class RecordAnswer(_Document):
    """Values of one record, each with its evidence; `search` where words had to be searched for."""

    question: str
    patient: str | None
    as_of: str
    how: Literal["structured", "search", "structured, then search"]
    answer: list[RecordValue]
    search: SearchDetail | None
    reads: list[RecordRead]
    evidence: dict[str, Evidence]
