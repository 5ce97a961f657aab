"""Ages and sexes: whose they are, and whether they are of now."""

from __future__ import annotations

import functools
import re

from tools.fill.model import Ambiguous, Filled, Mention, NoteText, When
from tools.fill.patterns import pattern, patterns
from tools.fill.situation import Situation

_NUMBERS = {
    word: value
    for value, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
}
_TENS = {
    word: 10 * value
    for value, word in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2)
}
_SPELT = rf"(?:(?:{'|'.join(_TENS)})(?:[\s-](?:{'|'.join(list(_NUMBERS)[1:10])}))?|{'|'.join(list(_NUMBERS)[1:])})"
_DIGITS = r"(?P<n>\d{1,3}(?:\.\d{1,2})?|\d{1,2}\s?½)"
_WORDS = rf"\b(?P<n>{_SPELT})"
_SPELT_AGE = re.compile(rf"{_SPELT}[\s-]+(?:year|yr|month|week|day)", re.IGNORECASE)
_UNIT = pattern("age_unit").pattern
_AGES = patterns("ages", (("NUMBER", _DIGITS), ("UNIT", _UNIT)))
_AGES_SPELT = patterns("ages", (("NUMBER", _WORDS), ("UNIT", _UNIT)))
_BARE = patterns("bare")
_DECADE = pattern("decade")
_DECADES = dict(
    zip(
        ["twenties", "thirties", "forties", "fifties", "sixties", "seventies", "eighties", "nineties"],
        range(20, 100, 10),
        strict=True,
    )
)
_THEN = pattern("then")
_RELATIVE_AFTER = pattern("relative_after")
_LENGTH_OF_TIME = pattern("length_of_time")
_BORN_TO = pattern("born_to")
_NOW = pattern("now")
_NOUNS = pattern("nouns")
_LETTER = pattern("letter")
_LABELLED = pattern("labelled")
_PRONOUNS = pattern("pronouns")
_BODY = pattern("body")
_OTHER_PERSON = pattern("other_person")


@functools.lru_cache(maxsize=16)
def ages(note: NoteText) -> tuple[Mention, ...]:
    """Ages, in the order of the text; those of another time are "earlier", those of others are theirs."""
    situation, text = Situation(note), note.flat
    found: dict[int, Mention] = {}
    covered: set[int] = set()
    spelt = _AGES_SPELT if _SPELT_AGE.search(text) else ()
    for form in (*_AGES, *_BARE, *spelt):
        for match in form.finditer(text):
            if match.start() in covered or match.end() - 1 in covered:
                continue
            mention = _age(note, situation, match)
            if mention is not None:
                found[match.start()] = mention
                covered.update(range(*match.span()))
    for match in _DECADE.finditer(text):
        low = float(match["digits"] or _DECADES.get(match["ten"].casefold(), 0))
        part = (match["part"] or "").casefold()
        ends = {"early": (0, 3), "mid": (4, 6), "middle": (4, 6), "late": (7, 9)}.get(part, (0, 9))
        if re.search(r"\bin (?:his|her|their)|\bin the", text[max(0, match.start() - 20) : match.end()], re.IGNORECASE):
            mention = situation.mention("age", (low + ends[0], low + ends[1]), "a", None, *match.span())
            found[match.start()] = mention
    return tuple(found[at] for at in sorted(found))


def _age(note: NoteText, situation: Situation, match: re.Match[str]) -> Mention | None:
    text = note.flat
    value = _number(match["n"])
    unit = _unit(match["unit"])
    if "gestation" in match.group().casefold() or re.match(
        r"\s*(?:of )?gestation|\s*pregnan|\s*history", text[match.end() :], re.IGNORECASE
    ):
        return None
    groups = match.groupdict()
    if groups.get("n2"):
        part = _unit(groups["unit2"])
        value, unit = (value * 12 + _number(groups["n2"]), "mo") if (unit, part) == ("a", "mo") else (value, unit)
    if not 0 < value <= {"a": 125, "mo": 400, "wk": 200, "d": 1500, "h": 200}[unit]:
        return None
    if unit == "h":
        value, unit = value / 24, "d"
    if _LENGTH_OF_TIME.match(text, match.end()):
        return None
    before = text[max(0, match.start() - 40) : match.start()]
    whose: str | None = None
    when: When | None = None
    if _THEN.search(before) or re.match(r"at (?:the )?age", match.group(), re.IGNORECASE):
        when = "earlier"
    after = text[match.end() : match.end() + 45]
    if _RELATIVE_AFTER.match(after) and not re.match(
        r"[\s,-]*(?:\w+\s){0,2}?(?:mother|father) of", after, re.IGNORECASE
    ):
        whose = "relative"
    if _BORN_TO.search(text[max(0, match.start() - 120) : match.start()]):
        whose = "relative"
    if _NOW.search(before[-25:]):
        when = "admission"
    mention = situation.mention("age", value, unit, None, match.start(), match.end(), when)
    from dataclasses import replace

    if whose is None and mention.whose in ("mass", "group", "newborn"):
        whose = "patient" if mention.whose != "group" else "group"
    return replace(mention, when=when or "stated", whose=whose or mention.whose)


def _number(text: str) -> float:
    words = text.casefold().replace("-", " ").split()
    if words and words[0] in _TENS:
        return float(_TENS[words[0]] + (_NUMBERS[words[1]] if len(words) > 1 else 0))
    if words and words[0] in _NUMBERS:
        return float(_NUMBERS[words[0]])
    if "½" in text:
        return float(text.replace("½", "").strip()) + 0.5
    return float(text)


def _unit(text: str | None) -> str:
    word = (text or "y").casefold()
    for start, unit in (("y", "a"), ("mo", "mo"), ("w", "wk"), ("d", "d"), ("h", "h")):
        if word.startswith(start):
            return unit
    return "a"


@functools.lru_cache(maxsize=16)
def sexes(note: NoteText) -> tuple[Mention, ...]:
    """Words that tell a sex. Nouns beside an age come as "noun", then pronouns, then words of the body."""
    text = note.flat
    found: list[Mention] = []
    for kind, form in (
        ("noun", _LABELLED),
        ("noun", _LETTER),
        ("noun", _NOUNS),
        ("pronoun", _PRONOUNS),
        ("body", _BODY),
    ):
        for match in form.finditer(text):
            if note.blocked(match.start()):
                continue
            value = "male" if match["male"] else "female"
            begin = note.sentence(match.start())[0]
            before = text[max(begin, match.start() - 60) : match.start()]
            other = bool(_OTHER_PERSON.search(before)) or (
                kind == "noun" and bool(_OTHER_PERSON.match(text[match.end() : match.end() + 12].strip()))
            )
            found.append(
                Mention(
                    "sex",
                    value,
                    None,
                    None,
                    *match.span(),
                    note.text[match.start() : match.end()],
                    section=note.section(match.start()),
                    note=kind,
                    whose="relative" if other else "patient",
                )
            )
    return tuple(sorted(found, key=lambda mention: mention.start))


def pick_sex(found: tuple[Mention, ...]) -> Filled | Ambiguous | None:
    """The patient's sex: a noun that tells it ("62-year-old woman"), else what nearly all pronouns say."""
    own = [mention for mention in found if mention.whose == "patient"]
    nouns = [mention for mention in own if mention.note == "noun"]
    pronouns = [mention for mention in own if mention.note == "pronoun"]
    body = [mention for mention in own if mention.note == "body"]
    for kind, mentions in (("noun", nouns[:3]), ("pronoun", pronouns), ("body", body)):
        counts = {value: sum(mention.value == value for mention in mentions) for value in ("female", "male")}
        best = max(counts, key=lambda value: counts[value])
        if not mentions:
            continue
        first = next(mention for mention in mentions if mention.value == best)
        if kind == "noun" and mentions[0].value != best:
            first, best = mentions[0], str(mentions[0].value)
        if min(counts.values()) * 3 > max(counts.values()) and kind != "noun":
            return Ambiguous("sex", tuple(mentions), "the note speaks of a man and of a woman")
        inferred = "" if kind == "noun" else f"{best}, from {first.quote!r}"
        why = f"the note says {first.quote!r}"
        return Filled("sex", best, first, tuple(m for m in mentions if m.value != best), why, inferred=inferred)
    return None
