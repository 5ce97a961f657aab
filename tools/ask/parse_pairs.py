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


# "Did it rise from the first to the last?" asks whether, and in which direction; "by how much did it" does not.
_WAY = re.compile(
    r"(?<!\w)(?:(?P<up>rise|risen|increase|increased?|climb(?:ed)?|g(?:o|one) up|gain(?:ed)?)|"
    r"(?P<down>drop(?:ped)?|fall(?:en)?|decreased?|reduction|decline[d]?|g(?:o|one) down|lose|lost))(?!\w)"
)
_ASKED = re.compile(
    r"(?:^|[,:;?.] ?)\W*(?:(?:¦+|in|on|during|since|until|up|to|by|at|of|from|within|for)[ ,]+)*(?:did|has|had|"
    r"have|(?:was|is) there (?:an?|any))(?!\w)"
)
_FROM_TO = re.compile(
    r"(?<!\w)since the (?:first|1st|earliest|initial)(?!\w)|(?<!\w)(?:from|between|going from)(?!\w).*(?<!\w)"
    r"(?:to|and)(?!\w)"
)
_COMPARED = re.compile(r"(?<!\w)(?:compared|comparison|relative|versus|vs|against|minus)(?!\w)")


def _not_then(text: str) -> bool:
    """ "Prescribed today but not yesterday": the negation stands right before the second of two times."""
    return bool(re.search(r"¦.*(?<!\w)not (?:\w+ ){0,3}¦+\W*(?:\w+ \w+)?\W*$", text))


def _later_first(refs: list[tuple[Window, Pick | None]]) -> list[tuple[Window, Pick | None]]:
    """The later of two first: what changed from one to the other is the later less the earlier."""
    (one, pick), (other, pick2) = refs
    if one != other:
        starts = [window.since for window in (one, other)]
        earlier = None not in starts and starts[0] < starts[1]  # type: ignore[operator]
        return refs[::-1] if earlier else refs
    if pick is None or pick2 is None:
        return refs
    rank = [(0, item.n) if item.end == "first" else (1, -item.n) for item in (pick, pick2)]
    return refs[::-1] if rank[0] < rank[1] else refs


def relation_in(
    marks: Marks, cues: Cues, named: list[tuple[Mark, Name, str | None]], whens: list[When]
) -> tuple[Relation | None, list[tuple[Mark, Name, str | None]], list[When]]:
    after = next(iter(marks.of("after")), None)
    if after is None:
        return None, named, whens
    later = [row for row in named if row[0].start >= after.end] or (named if len(named) == 1 else [])
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
    added = cues.has("new") or _not_then(text)
    if added and not named and "prescription" in cues.kinds and len(whens) == 2:
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
    picks = [mark for at, mark in enumerate(cues.picks) if mark.value not in [other.value for other in cues.picks[:at]]]
    instants = [item for item in whens if item.instant]
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
    if operator and "than" not in text and len(picks) == 2:
        # "Comparing the first and the second, is the second higher?": whose verb it is
        at = min(mark.start for mark in cues.compares)
        near = [mark for mark in cues.picks if mark.end <= at and not re.search(r"[,;:]", text[mark.end : at])]
        if near and near[-1].value == refs[1][1] and len(cues.picks) > 2:
            refs.reverse()
    what = tuple(name for _, name, _ in named)
    kind = next(iter(kinds))
    way = _WAY.search(text) if _ASKED.search(text) and not operator else None
    if (way or (not operator and _FROM_TO.search(marks.text))) and not _COMPARED.search(marks.text):
        refs = _later_first(refs)
    if way:
        operator = "<" if way["down"] else ">"
        cues.single.pop("difference", None)
    common: dict[str, Any] = {"kind": kind, "what": what}
    one, other = (Select(**common, window=window, pick=pick) for window, pick in refs)
    if operator and not cues.has("difference"):
        return {"select": one, "against": other, "wants": "compare", "compare": operator}
    return {"select": one, "against": other, "wants": "difference"}
