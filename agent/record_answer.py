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


class NotAnswered(_Document):
    """What was not answered and why; `words` are those that were not understood."""

    what: str
    reason: str
    words: list[str] = []


class Reading(_Document):
    """How the question was taken: in one plain line, and as the typed query that was run."""

    read_as: str
    typed: dict[str, Any]


class Coverage(_Document):
    """How far an answer about everyone reaches: patients looked at, searches with their numbers, what did not count."""

    patients: int
    complete: str
    searches: dict[str, int]
    left_out: dict[str, int]


class RecordAnswer(_Document):
    """Values of one record (or of everyone), each with its evidence.

    `how`: "structured" is an answer; places found by searching the words ("search") are none. `query`: how the question
    was read; `notes`: what to know about the values; `scope`: one patient, or everyone with its `coverage`.
    """

    question: str
    patient: str | None
    as_of: str
    how: Literal["structured", "search", "structured, then search", "not answered"]
    scope: Literal["patient", "everyone"] = "patient"
    query: Reading | None = None
    answer: list[RecordValue]
    not_answered: list[NotAnswered] = []
    notes: list[str] = []
    search: SearchDetail | None
    reads: list[RecordRead]
    coverage: Coverage | None = None
    evidence: dict[str, Evidence]
