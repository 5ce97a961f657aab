"""Rules for inputs that have none of their own, made from how the input is declared: its title and its answers.

They are narrow on purpose: the title's own words (or the concept they name), an answer's own words, and a code written
behind the title or behind the name of a calculator that is a single scale ("ECOG 2", "RASS -3", "Killip class II").
"""

from __future__ import annotations

import re

from knowledge.terminology import default_terminology
from tools.calculators.base import Calculator
from tools.calculators.inputs import Input
from tools.fill.findings_rules import Rule, Way
from tools.notes import linker_for

_PAST = re.compile(r"\b(?:previous|history|ever|known|earlier|before)\b", re.IGNORECASE)
_LIMITED = re.compile(r"\d|\b(?:over|under|above|below|within|not|cannot|than|other|group|state|degree)\b", re.I)
_SPLIT = re.compile(r"\s*(?:,|;|\bor\b)\s*")
_GRADES = ("very mild", "mild to moderate", "moderate to severe", "mild", "moderate", "most severe", "severe", "slight",
           "marked", "light", "strong", "intermittent", "constant")  # fmt: skip
_NOTHING = re.compile(r"(?:none|neither|no\b.*|normal|absent|not at all|never|nothing.*|\w+: none)", re.IGNORECASE)
_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6"}
_BETWEEN = r"(?:\s+(?:score|class|grade|scale|stage|item|of|is|was))*"
_CODE = r"(?P<code>[-−–+]?\d+|(?-i:VI|IV|V|III|II|I))(?![\d.]|\s*(?:/|%|mg|points of))"


_MADE: dict[tuple[str, str], Rule | None] = {}


def derived(declared: Input, calculator: Calculator | None) -> Rule | None:
    """The rule that an input's declaration allows; None where it allows none."""
    key = (calculator.name if calculator else "", declared.name)
    if key not in _MADE:
        _MADE[key] = _make(declared, calculator)
    return _MADE[key]


def _make(declared: Input, calculator: Calculator | None) -> Rule | None:
    if declared.kind == "boolean":
        ways = _named(declared.title, "ever" if _PAST.search(declared.title) else "now")
        return Rule(ways=ways) if ways else None
    return _coded(declared, calculator)


def _named(title: str, counts: str) -> tuple[Way, ...]:
    parts = [title]
    if len(title.split()) <= 5 and not _LIMITED.search(title):
        parts = [part for part in _SPLIT.split(title) if part]
    ways = []
    for part in parts:
        bare = re.sub(r"\s*\([^)]*\)", "", part).strip()
        concepts = tuple(
            mention.concept
            for mention in linker_for(default_terminology()).link(bare.lower(), typos=False)
            if mention.end - mention.start >= 0.7 * len(bare)
            and default_terminology().get(mention.concept).kind in ("condition", "symptom", "procedure")
        )
        ways.append(Way(any_of=concepts, words=(_phrase(bare),), counts="ever" if counts == "ever" else "now"))
    return tuple(ways)


def _phrase(text: str) -> re.Pattern[str]:
    words = r"[\s-]+".join(re.escape(word) for word in text.split())
    for british, either in (("aem", "a?em"), ("oed", "o?ed"), ("oea", "o?ea")):
        words = words.replace(british, either)
    return re.compile(rf"\b{words}(?:s|es)?\b", re.IGNORECASE)


def _coded(declared: Input, calculator: Calculator | None) -> Rule | None:
    title = re.sub(r"\s*\([^)]*\)", "", declared.title)
    names = [title]
    if calculator is not None and len(calculator.inputs) == 1:
        names += [calculator.title, *calculator.synonyms]
    read = tuple(
        re.compile(rf"\b{re.escape(name)}(?:\s*\([\w ]+\))?{_BETWEEN}[\s:=(]*{_CODE}", re.IGNORECASE) for name in names
    )
    mapped = tuple((roman, code) for roman, code in _ROMAN.items() if code in declared.choices)
    mapped += tuple((f"{sign}{code.lstrip('-')}", code) for code in declared.choices for sign in _signs(code))
    none = next((code for code, text in declared.choices.items() if _NOTHING.fullmatch(text)), None)
    codes = tuple(
        (code, Rule(ways=(Way(words=words, counts="now"),)))
        for code, text in declared.choices.items()
        if code != none and (words := _answer(text, title))
    )
    ways = _named(title, "now") if none is not None else ()
    denials = tuple(Way(words=way.words, any_of=way.any_of, counts="now", part=False) for way in ways)
    return Rule(ways=denials, codes=codes, read=read, map=mapped, absent=none)


def _signs(code: str) -> tuple[str, ...]:
    return ("−", "–") if code.startswith("-") else ("+",)


def _answer(text: str, title: str) -> tuple[re.Pattern[str], ...]:
    if text in _GRADES:
        head = _phrase(title.split(" or ")[0].split(" and ")[0]).pattern
        return (
            re.compile(rf"(?<!to )(?<!very )\b{text}(?:ly)?\b(?! to)[^.;,]{{0,20}}{head}", re.IGNORECASE),
            re.compile(rf"{head}[^.;,]{{0,12}}(?<!to )(?<!very )\b{text}\b(?! to)", re.IGNORECASE),
        )
    parts = [part for part in _SPLIT.split(re.sub(r"\s*\([^)]*\)", "", text)) if len(part.split()) >= 2]
    parts = [part for part in parts if not re.match(r"(?:between|as in|any other|all|other)\b", part)]
    head = _phrase(title.split(" or ")[0].split(" and ")[0]).pattern
    # A short answer ("at rest") says something only beside what was asked.
    return tuple(
        _phrase(part) if len(part.split()) >= 4
        else re.compile(rf"{head}[^.;,]{{0,25}}{_phrase(part).pattern}", re.IGNORECASE)
        for part in parts
    )  # fmt: skip
