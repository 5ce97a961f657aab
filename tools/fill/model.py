"""What is found in a note, and what of it fills which input of a calculator.

Offsets are those of the note as given: `text[mention.start:mention.end] == mention.quote`, always.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from knowledge.assertion import Assertion

Found = float | bool | str | date | tuple[float, float]
"""A number, a yes or no, a code, a day, or the two ends of a range."""

When = Literal["earlier", "admission", "stated", "later"]
"""Where in time a note puts a value: before this illness, at the first examination, unsaid, in the course after it."""

Unmentioned = Literal["unknown", "absent"]
"""What a finding that the note does not name is taken for."""


@dataclass(frozen=True)
class Mention:
    """One thing that a note says.

    Attributes:
        concept: concept id (`knowledge/terms`) or measure id (`measures.yaml`).
        value: in `unit`, as written; a finding's is True, its `assertion` says how it is meant.
        unit: UCUM code; "1" without dimension; None: the note writes none.
        assertion: present | absent | possible | historical | family | hypothetical.
        section: heading under which it stands, lower case, "" before the first one.
        note: what else to know about it ("unit taken to be mg/dL"), in plain words.
        whose: "patient", or another person whom the words describe ("relative", "newborn", "donor", "group").
    """

    concept: str
    value: Found
    unit: str | None
    comparator: str | None
    start: int
    end: int
    quote: str
    assertion: Assertion = "present"
    when: When = "stated"
    section: str = ""
    note: str = ""
    whose: str = "patient"


@dataclass(frozen=True)
class Filled:
    """An input and the words it was filled from.

    Attributes:
        value: as `tools.calculators.run` takes it ({"value": 1.2, "unit": "mg/dL"}, True, "female", "2026-03-02").
        mention: None where nothing in the note was quoted (`unmentioned="absent"`).
        others: the mentions that were not chosen.
        why: one sentence on why this one.
        converted: how unit or form was changed, "" where it was not.
        inferred: what was taken to be so without being written ("female, from 'she'"), "" where nothing was.
    """

    input: str
    value: Any
    mention: Mention | None
    others: tuple[Mention, ...] = ()
    why: str = ""
    converted: str = ""
    inferred: str = ""


@dataclass(frozen=True)
class Ambiguous:
    """An input for which the note says something that does not settle it; `why` says what, in one sentence."""

    input: str
    mentions: tuple[Mention, ...]
    why: str


@dataclass(frozen=True)
class Fill:
    """What a note gives for one calculator.

    Attributes:
        inputs: what `tools.calculators.run` takes; nothing is in it that is not in `filled`.
        missing: inputs the note does not give, ambiguous ones included.
        assumed: input -> why it was taken to be so without being said (only with `unmentioned="absent"`).
    """

    calculator: str
    inputs: Mapping[str, Any]
    filled: Mapping[str, Filled]
    missing: tuple[str, ...]
    ambiguous: Mapping[str, Ambiguous] = field(default_factory=dict)
    assumed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Section:
    """A stretch of a note under one heading (lower case; "" before the first)."""

    name: str
    start: int
    end: int


@dataclass(frozen=True)
class NoteText:
    """A note made ready for reading (`tools.fill.text.note_text`).

    Attributes:
        text: as given.
        flat: same length, lines broken by an editor joined, so that offsets hold in both.
        sentences: start and end of each.
        quarantined: spans that address a machine; nothing in them counts.
    """

    text: str
    flat: str
    sentences: tuple[tuple[int, int], ...]
    sections: tuple[Section, ...]
    quarantined: tuple[tuple[int, int], ...] = ()

    @functools.cached_property
    def _starts(self) -> list[int]:
        return [start for start, _ in self.sentences]

    def sentence(self, at: int) -> tuple[int, int]:
        """The sentence that an offset stands in."""
        from bisect import bisect_right

        index = bisect_right(self._starts, at) - 1
        if index >= 0 and at < self.sentences[index][1]:
            return self.sentences[index]
        return (0, len(self.text)) if not self.sentences else self.sentences[max(index, 0)]

    def stated(self, at: int) -> tuple[int, int]:
        """The sentence that an offset stands in, without the spaces around it."""
        start, end = self.sentence(at)
        whole = self.text[start:end]
        return start + len(whole) - len(whole.lstrip()), start + len(whole.rstrip())

    def section(self, at: int) -> str:
        """The heading that an offset stands under."""
        return next((part.name for part in self.sections if part.start <= at < part.end), "")

    def blocked(self, at: int) -> bool:
        """Whether an offset stands in a quarantined span."""
        return any(start <= at < end for start, end in self.quarantined)
