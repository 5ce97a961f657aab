"""Dates in all their usual forms, and which event they belong to."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from tools.fill.model import Ambiguous, Filled, Mention, NoteText
from tools.fill.patterns import pattern, patterns

EVENTS = Path(__file__).with_name("dates.yaml")
_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: at for at, name in enumerate(_NAMES, 1)}
_FORMS = patterns("dates", (("MONTH", pattern("month").pattern),))


@functools.cache
def _events() -> dict[str, re.Pattern[str]]:
    raw: dict[str, str] = yaml.safe_load(EVENTS.read_text(encoding="utf-8"))
    return {name: re.compile(text, re.IGNORECASE) for name, text in raw.items()}


def dates(text: str) -> list[tuple[int, int, tuple[date, ...]]]:
    """Every date with a year: where it stands, and the days it can mean (03/04/2023: both)."""
    found: list[tuple[int, int, tuple[date, ...]]] = []
    for form in _FORMS:
        for match in form.finditer(text):
            days = _days(match.groupdict())
            if days and not any(start < match.end() and match.start() < end for start, end, _ in found):
                found.append((*match.span(), days))
    return sorted(found)


def _days(parts: Mapping[str, str | None]) -> tuple[date, ...]:
    year = int(parts["year"] or 0)
    year += (2000 if year < 50 else 1900) if year < 100 else 0
    if parts.get("month"):
        pairs = [(_MONTHS[str(parts["month"])[:3].casefold()], int(parts["d"] or 0))]
    elif parts.get("m"):
        pairs = [(int(parts["m"] or 0), int(parts["d"] or 0))]
    else:
        first, second = int(parts["a"] or 0), int(parts["b"] or 0)
        pairs = [(first, second), (second, first)]
    days = []
    for month, day in dict.fromkeys(pairs):
        try:
            days.append(date(year, month, day))
        except ValueError:
            continue
    return tuple(days)


def month_first(text: str) -> bool | None:
    """Whether the dates in figures of a note are month first; None where nothing settles it."""
    orders = set()
    for match in _FORMS[1].finditer(text):
        first, second = int(match["a"]), int(match["b"])
        if first > 12 >= second:
            orders.add(False)
        if second > 12 >= first:
            orders.add(True)
    return orders.pop() if len(orders) == 1 else None


def find_date(rule: Mapping[str, Any], note: NoteText, name: str, question: str = "") -> Filled | Ambiguous | None:
    """The date of an event: the nearest one behind its words, in the same sentence.

    03/04/2023 is read as the other dates of the note or the question are written; where none settles it, it is asked.
    """
    words = _events().get(str(rule["date"]))
    if words is None:
        return None
    text = note.flat
    every = dates(text)
    for match in words.finditer(text):
        if note.blocked(match.start()):
            continue
        bounds = note.sentence(match.start())
        near = [row for row in every if match.end() <= row[0] < bounds[1] and row[0] - match.end() <= 60]
        if not near:
            continue
        start, end, days = near[0]
        mention = Mention(
            str(rule["date"]),
            days[0],
            None,
            None,
            match.start(),
            end,
            note.text[match.start() : end],
            section=note.section(start),
        )
        inferred = ""
        if len(set(days)) > 1:
            order = next((way for way in (month_first(text), month_first(question)) if way is not None), None)
            if order is None:
                shown = " or ".join(day.isoformat() for day in days)
                return Ambiguous(name, (mention,), f"{note.text[start:end]} can be {shown}")
            days = days if order else days[::-1]
            first = "month" if order else "day"
            inferred = f"{days[0].isoformat()}: {first} first, as other dates of the note or the question"
        return Filled(
            name, days[0].isoformat(), mention, (), f"the date given for it: {note.text[start:end]}", inferred=inferred
        )
    return None
