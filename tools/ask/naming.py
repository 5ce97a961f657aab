"""A patient named by name and birth date, in any order and with any signs between them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tools.ask.times import MONTHS

_MONTH = "|".join(sorted((name.capitalize() for name in MONTHS), key=len, reverse=True))
_DATE = re.compile(
    rf"(?<![\w./-])(?:\d{{4}}-\d\d-\d\d|\d\d?/\d\d?/\d{{4}}|\d\d?(?:st|nd|rd|th)? (?:of )?(?:{_MONTH}),? \d{{4}}|"
    rf"(?:{_MONTH}) \d\d?(?:st|nd|rd|th)?,? \d{{4}})(?![\w-])"
)
_CUE = re.compile(
    r"(?<!\w)(?:d\.o\.b\.?|dob|dates? of birth|birth[ -]?dates?|birthdays?|born)(?:\s*(?:of|is|on|in|was|given|"
    r"recorded|"
    r"stated|as|:|=))*(?!\w)",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"(?<!\w)(?:full |first and last |patient )?(?:names?|named|called)(?: (?:is|of|was))?:?(?!\w)", re.I
)
_TITLE = r"(?:(?:Mr|Mrs|Ms|Miss|Dr|Master)\.?\s+)?"
_WORD = r"(?:[A-Z][a-z]+(?:['’-][A-Z]?[a-z]+)*|[A-Z]['’][A-Z][a-z]+|(?:Mc|Mac|De|La|Van|Le)[A-Z][a-z]+|[A-Z]\.)"
_NAME = re.compile(
    rf"(?<![\w'’-])(?:{_TITLE}{_WORD}(?:\s+(?:(?:van|von|de|der|la|del|bin|al|y)\s+)*{_WORD})+|"
    rf"(?:Mr|Mrs|Ms|Miss|Dr|Master)\.?\s+{_WORD})"
)
_NO_NAME = frozenset(
    re.findall(
        r"\w+",
        "what which who when where how find give tell show can could please patient look the is for need "
        "identify get return locate lookup retrieve search searching provide medical record number do "
        "does did we have under by born name wanted date of birth may i are was has pull on in and dear "
        "hi hello thanks reply answer say ",
    )
)


@dataclass(frozen=True)
class Named:
    """A name with the date written as the birth date, and where they and the words that introduce them stand."""

    name: str
    born: str
    places: list[tuple[int, int]]


def by_name(question: str) -> Named | None:
    """The one name and the one date of a question, where a word or their standing together makes it a birth date."""
    dates = list({match.group(): match for match in _DATE.finditer(question)}.values())
    if len(dates) != 1:
        return None
    date, names = dates[0], []
    for match in _NAME.finditer(question):
        words, start = match.group().split(), match.start()
        while words and words[0].strip(".").casefold() in _NO_NAME:
            start += len(words[0]) + 1
            words = words[1:]
        text = " ".join(words)
        bare = re.sub(r"['’]s$", "", text)
        if len(words) >= 2 and not _DATE.search(text) and not any(word.casefold() in _NO_NAME for word in words):
            names.append((start, match.end(), bare))
    if len({row[2] for row in names}) != 1:
        return None
    start, end, name = names[0]
    cues = list(_CUE.finditer(question))
    between = question[end : date.start()] if end <= date.start() else question[date.end() : start]
    if not cues and not re.fullmatch(r"[\s,;/|()–—-]*", between):
        return None
    places = [*(row[:2] for row in names), date.span(), *(cue.span() for cue in cues)]
    places += [match.span() for match in _LABEL.finditer(question)]
    rows: list[tuple[int, int]] = []
    for place in sorted(places):
        if not rows or place[0] >= rows[-1][1]:
            rows.append(place)
    return Named(name, date.group(), rows)
