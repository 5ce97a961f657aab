"""Two selections: what is compared or subtracted, and what follows what."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from tools.ask.parse_cues import CannotRead, Cues, joined, relation_of
from tools.ask.query import (
    Filter,
    Name,
    Pick,
    Relation,
    Select,
    Window,
)
from tools.ask.spans import Mark, Marks
from tools.ask.times import When

_TWO = re.compile(r"(?<!\w)(?:than|compared|versus|vs|between|relative|against|comparison|from)(?!\w)")


def relation_in(
    marks: Marks, cues: Cues, named: list[tuple[Mark, Name, str | None]], whens: list[When]
) -> tuple[Relation | None, list[tuple[Mark, Name, str | None]], list[When]]:
    after = next(iter(marks.of("after")), None)
    if after is None:
        return None, named, whens
    later = [row for row in named if row[0].start >= after.end]
    if not later:
        return None, named, whens
    first = later[0]
    ends = first[0].end
    group = [row for row in later if row[0].start - ends < 6 and row[2] == first[2]][:1]
    to = Select(kind=first[2] or "any", what=tuple(row[1] for row in group))  # type: ignore[arg-type]
    relation = relation_of(marks, to, "before" if after.value in ("before", "prior to", "preceding") else "after")
    return relation, [row for row in named if row not in group], whens


def pair_of(
    marks: Marks, cues: Cues, named: list[tuple[Mark, Name, str | None]], whens: list[When], filters: list[Filter]
) -> dict[str, Any] | None:
    """Two selections that are compared or subtracted, or nothing where only one is named."""
    text = marks.rest
    balance = re.search(r"(?<!\w)(?:fluid|net|in-?out|input-output) (?:fluid )?balance(?!\w)", text)
    if balance:
        cues.marks.append(Mark(balance.start(), balance.end(), "balance"))
    if (("intake" in cues.kinds and "output" in cues.kinds) or balance) and not named:
        if not (balance or cues.has("difference") or cues.has("compared") or _TWO.search(text)):
            return None
        window = joined(whens)
        return {
            "select": Select(kind="intake", window=window),
            "against": Select(kind="output", window=window),
            "wants": "difference",
            "aggregate": "sum",
        }
    kinds = {kind for _, _, kind in named if kind}
    if cues.has("new") and not named and "prescription" in cues.kinds and len(whens) == 2:
        later, earlier = sorted(
            whens, key=lambda item: item.window.since or item.window.until or datetime.max, reverse=True
        )
        return {
            "select": Select(kind="prescription", window=later.window),
            "against": Select(kind="prescription", window=earlier.window),
            "wants": "difference",
        }
    operator = next((mark.value for mark in cues.compares), None)
    differs = cues.has("difference") or (cues.has("compared") and operator is None)
    if not (differs or operator) or not kinds <= {"result", "vital"} or len(kinds) != 1 or filters:
        return None
    picks, instants = cues.picks, [item for item in whens if item.instant]
    stays = [item for item in whens if not item.instant]
    refs: list[tuple[Window, Pick | None]] = []
    if len(instants) == 2 and not picks:
        refs = [(item.window, None) for item in instants]
    elif len(picks) == 2:
        if len(stays) == 2:
            refs = [(stays[at].window, picks[at].value) for at in (0, 1)]
        elif len(stays) <= 1:
            window = stays[0].window if stays else Window()
            refs = [(window, picks[at].value) for at in (0, 1)]
    elif len(stays) == 2 and len(picks) <= 1:
        pick = picks[0].value if picks else Pick(end="last")
        refs = [(item.window, pick) for item in stays]
    elif differs and not operator and len(picks) <= 1 and len(stays) <= 1 and not instants:
        window = stays[0].window if stays else Window()
        if picks and picks[0].value.end == "last" and not stays:
            refs = [(window, Pick(end="last")), (window, Pick(end="last", n=2))]
        elif not picks:
            refs = [(window, Pick(end="last")), (window, Pick(end="first"))]
    if len(refs) != 2:
        raise CannotRead("several_readings", "two values are compared, but which two is not clear")
    lead = re.match(r"^\W*(?:when )?(?:compared (?:to|with)|in comparison (?:to|with)|relative to)", text)
    if lead and operator and "than" not in text[lead.end() :]:
        refs.reverse()
    what = tuple(name for _, name, _ in named)
    kind = next(iter(kinds))
    common: dict[str, Any] = {"kind": kind, "what": what}
    one, other = (Select(**common, window=window, pick=pick) for window, pick in refs)
    if operator and not cues.has("difference"):
        return {"select": one, "against": other, "wants": "compare", "compare": operator}
    return {"select": one, "against": other, "wants": "difference"}
