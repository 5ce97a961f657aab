"""Rows an answer rests on, as a consultation holds them: what a person corrected there stands in for the record."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from knowledge.evidence import Value, show_value
from tools.ask.events import Event

_PART = re.compile(r"component\[(\d+)\]|location\[(\d+)\]")


@dataclass(frozen=True)
class Row:
    """A value as corrected; None: taken back."""

    value: Value
    unit: str | None = None
    comparator: str | None = None


Changed = Mapping[str, Row]


def row_name(event: Event) -> str:
    """What a row is called within its slot: its resource, and the part of it where it has several."""
    part = _PART.search(event.path)
    return event.entry.reference.replace("/", "-") + (f".{part.group(1) or part.group(2)}" if part else "")


def rows_of(events: Sequence[Event], changed: Changed) -> list[Event]:
    """Events with their corrections; those taken back are left out."""
    found = []
    for event in events:
        row = changed.get(row_name(event))
        if row is None:
            found.append(event)
        elif row.value is not None:
            found.append(_with(event, row))
    return found


def _with(event: Event, row: Row) -> Event:
    if event.result is None:
        return replace(event, name=str(row.value))
    shown = show_value(row.value, row.unit, None, row.comparator)
    # The laboratory's own flag was about the value it reported.
    result = replace(
        event.result, value=row.value, unit=row.unit, comparator=row.comparator, range=None, display=shown,
        problem=None, empty=None, judged=None, flags=(*event.result.flags, "corrected in this consultation"),
    )  # fmt: skip
    return replace(event, result=result)
