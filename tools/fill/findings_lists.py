"""Answers written beside their item, lists that one "no" denies, ticked boxes, and sentences that close a form.

Assertion rules read sentences; a form, a list of a dozen items and "heart failure: no" have no sentence around them.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path

from knowledge.assertion import Assertion
from knowledge.guideline import read_yaml

_RULES = Path(__file__).with_name("findings_lists.yaml")
_REACH = 400


@functools.cache
def _patterns(name: str) -> tuple[re.Pattern[str], ...]:
    raw: dict[str, list[str]] = read_yaml(_RULES)
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in raw[name])


def answered_no(flat: str, end: int) -> bool:
    """Whether what ends here is answered with no: "heart failure: no.", "stroke? none", "PVD 0 |".

    >>> answered_no("Heart failure no. MI yes.", 13), answered_no("Heart failure, no stroke", 13)
    (True, False)
    """
    return any(pattern.match(flat, end) for pattern in _patterns("answered_no"))


def not_known(flat: str, start: int, end: int) -> bool:
    """Whether the note says that a mention was not looked for or is not known."""
    lead = flat[max(0, start - 120) : start]
    return any(pattern.match(flat, end) for pattern in _patterns("unknown_after")) or any(
        pattern.search(lead) for pattern in _patterns("unknown_before")
    )


def denied_in_list(flat: str, start: int, end: int) -> bool:
    """Whether a mention is an item of a list that one denial opens: "No MI, heart failure, stroke or AIDS".

    >>> text = "Not: gout, asthma, heart failure. On oxygen."
    >>> denied_in_list(text, text.find("heart"), text.find("heart") + 13)
    True
    """
    floor = max(0, start - _REACH)
    lead = flat[floor:start].replace("incl.", "incl ")
    stop = next((found.start() for found in _patterns("item_end")[0].finditer(flat, end, end + _REACH)), len(flat))
    rest = flat[end:stop]
    if len(rest.split()) > 2 or _patterns("breaks")[0].search(rest):
        return False
    openings = list(_patterns("opens")[0].finditer(lead))
    if not openings:
        return False
    opened = openings[-1]
    between = lead[opened.end() :]
    if _patterns("breaks")[0].search(between):
        return False
    items = _patterns("between_items")[0].split(between)
    strong = opened.group().casefold() in ("excluded", "ruled out")
    return (strong or len(items) > 1) and all(len(item.split()) <= 5 for item in items)


def boxed(flat: str, start: int, sentence: int) -> Assertion | None:
    """What the box before an item says; an empty one says no only where the note says that it does."""
    boxes = list(_patterns("box")[0].finditer(flat, max(sentence, start - 60), start))
    if not boxes or "\n" in flat[boxes[-1].end() : start]:
        return None
    box = boxes[-1]
    if box["ticked"] or box["mark"]:
        return "present"
    return "absent" if _patterns("empty_is_no")[0].search(flat) else "hypothetical"


def closing(flat: str) -> tuple[int, int] | None:
    """Where a sentence says that all other items of the form or score are answered with no."""
    for pattern in _patterns("closing"):
        found = pattern.search(flat)
        if found:
            return found.span()
    return None
