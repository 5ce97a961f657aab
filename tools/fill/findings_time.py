"""How long ago, or for how long, a sentence says that something was: "two weeks ago", "for 3 days", "POD 5"."""

from __future__ import annotations

import re
from dataclasses import dataclass

_DAYS = {"hour": 1 / 24, "hr": 1 / 24, "day": 1.0, "week": 7.0, "wk": 7.0, "month": 30.4, "mo": 30.4, "year": 365.25,
         "yr": 365.25, "decade": 3652.0}  # fmt: skip
_WORDS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
          "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "a couple of": 2, "a few": 3, "few": 3,
          "several": 4}  # fmt: skip
_ONE = r"(?:\d+(?:\.\d+)?|" + "|".join(sorted(_WORDS, key=len, reverse=True)) + r")"
_SPAN = (
    rf"(?<![\d.])\b(?P<n>{_ONE})(?:\s*(?:-|–|to|or)\s*(?P<m>{_ONE}))?"
    rf"[\s-]*(?P<unit>{'|'.join(sorted(_DAYS, key=len, reverse=True))})s?\b"
)
_AGO = re.compile(rf"{_SPAN}[\s-]*(?:ago|prior(?:ly)?|previous(?:ly)?|earlier|before|back|out)\b", re.IGNORECASE)
_AFTER = re.compile(rf"{_SPAN}[\s-]*(?:post|after|following|status[- ]post|s/p)\b", re.IGNORECASE)
# "3 days after surgery" dates the surgery only where the patient then came or fell ill, not where he went home.
_CAME = re.compile(
    r"\b(?:present|admit|readmi|develop|complain|return|refer|emergency|became|becom|begin|began|start|notic|onset)\w*",
    re.IGNORECASE,
)
_WENT = re.compile(r"\b(?:discharg|recover|uneventful|extubat|remov)\w*", re.IGNORECASE)
_WITHIN = re.compile(rf"\b(?:last|past|previous|preceding|within|recent)\s+(?:the\s+)?{_SPAN}", re.IGNORECASE)
_POD = re.compile(r"\b(?:POD|post-?\s?op(?:erative)? day|postpartum day)\s*#?\s*(?P<pod>\d{1,3})\b", re.IGNORECASE)
_LASTING = re.compile(_SPAN + r"(?![\s-]*(?:ago|earlier|prior|before|later|old)\b)", re.IGNORECASE)
_YEAR = re.compile(r"\b(?:in|since|year)\s+(?:[A-Z][a-z]+\s+)?(?P<year>(?:19|20)\d\d)\b")
_ANY_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_REACH = 90


@dataclass(frozen=True)
class Span:
    """A stretch of time in days, between two bounds, and where it stands."""

    low: float
    high: float
    start: int
    end: int


def ago(flat: str, sentence: tuple[int, int], at: tuple[int, int]) -> Span | None:
    """How many days before now something at a place of a sentence was; None where nothing near it says.

    >>> ago("hip replacement 2 weeks ago", (0, 27), (0, 15)).high
    14.0
    """
    found = [_span(match) for match in _AGO.finditer(flat, *sentence)]
    found += [Span(0, span.high, span.start, span.end) for span in map(_span, _WITHIN.finditer(flat, *sentence))]
    went = bool(_WENT.search(flat, *sentence))
    came = bool(_CAME.search(flat, *sentence)) and not went
    found += [_span(match) for match in _AFTER.finditer(flat, *sentence) if came]
    for match in _POD.finditer(flat, *sentence) if not went else ():
        found.append(Span(float(match["pod"]), float(match["pod"]), match.start(), match.end()))
    for match in _YEAR.finditer(flat, *sentence):
        if int(match["year"]) <= max(int(year) for year in _ANY_YEAR.findall(flat)) - 2:
            found.append(Span(365.0, 36500.0, match.start(), match.end()))
    return _nearest(found, at)


def lasting(flat: str, sentence: tuple[int, int], at: tuple[int, int]) -> Span | None:
    """For how many days something at a place of a sentence lasted: "bed rest for 5 days", "a 3-day history of"."""
    return _nearest([_span(match) for match in _LASTING.finditer(flat, *sentence)], at)


def _span(match: re.Match[str]) -> Span:
    unit = _DAYS[match["unit"].casefold()]
    low = _number(match["n"]) * unit
    high = _number(match["m"]) * unit if match["m"] else low
    return Span(min(low, high), max(low, high), match.start(), match.end())


def _number(text: str) -> float:
    word = " ".join(text.casefold().split())
    return float(_WORDS[word]) if word in _WORDS else float(word)


def _nearest(found: list[Span], at: tuple[int, int]) -> Span | None:
    def distance(span: Span) -> int:
        return max(span.start - at[1], at[0] - span.end, 0)

    near = [span for span in found if distance(span) <= _REACH]
    return min(near, key=distance, default=None)
