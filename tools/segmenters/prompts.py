"""From words to a structure: "left lung base", "L kidney", "heart shadow", "splene".

Every word has to be accounted for: a structure, a side, a zone, or a word that adds nothing. What is left over makes
the text something else (a finding, a question), and that is refused with the nearest structures, never guessed.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NoReturn

from knowledge.coding import Coding
from knowledge.words import words
from tools.errors import BadInput, NotAssessable
from tools.segmenters.structures import Side, Structure, Zone, coding_of, data, structures, zones

Key = tuple[str, ...]
# A word of five letters may have one slip, one of nine two; the first letter is right.
_SLIPS = ((9, 2), (5, 1))
_SHOWN = 5
LONGEST = 120


class NotAStructure(BadInput):
    """What was asked for is a finding, a question or unknown: nothing is outlined."""

    code = "not_a_structure"


class WhichStructure(NotAssessable):
    """The words name several structures; `options` are what to choose from."""

    code = "which_structure"

    def __init__(self, text: str, options: Sequence[str]) -> None:
        self.options = tuple(options)
        super().__init__(
            f"{text!r} names several structures",
            found=text,
            expected=" or ".join(options),
            action="say which one",
        )

    def __reduce__(self) -> tuple[type[WhichStructure], tuple[str, tuple[str, ...]]]:
        return type(self), (str(self.found), self.options)


@dataclass(frozen=True)
class Prompt:
    """What a text asks for. `side` is None where none was said or there is none; `respelt`: words as they were read."""

    structure: str
    side: Literal["left", "right", "both"] | None = None
    zone: str | None = None
    respelt: tuple[tuple[str, str], ...] = ()

    @property
    def whole(self) -> tuple[str, ...]:
        """The segments it speaks of, without their zone."""
        one: Side | None = None if self.side in (None, "both") else self.side  # type: ignore[assignment]
        return structures()[self.structure].segments(one)

    @property
    def segments(self) -> tuple[str, ...]:
        """What the segments are called that answer it."""
        return tuple(f"{name}, {self.zone}" for name in self.whole) if self.zone else self.whole

    @property
    def coding(self) -> Coding | None:
        """The code of the first of its segments."""
        return coding_of(self.segments[0])


def structure_of(text: str, seen_on: str | None = None) -> Prompt:
    """The structure that a text names.

    Args:
        seen_on: CT, MR, XR, fundus or skin: of several that a word names, those that are seen there.

    Raises:
        NotAStructure: it is a finding, a question or unknown; says which structures are near.
        WhichStructure: it names several.
        BadInput: the sides contradict each other or the structure.
    """
    if len(text) > LONGEST:
        raise NotAStructure(
            "this is too long for the name of a structure",
            found=f"{text[:LONGEST]} ... ({len(text)} characters)",
            expected=f"at most {LONGEST} characters",
            action="name one structure: left lung, spleen",
        )
    tokens = _expanded(words(text.replace("_", " ")))
    if not tokens:
        raise NotAStructure(
            "no structure is named",
            found=text,
            expected="the name of a structure",
            action="name one: left lung, spleen",
        )
    tokens, respelt = _mended(tokens)
    side, tokens = _side(text, tokens)
    zone, tokens = _zone(tokens)
    filler = frozenset(data()["filler"])
    content = [token for token in tokens if token not in filler]
    if "?" in text or any(token in _questions() and not _needed(token, content) for token in content):
        _refuse(text, content, "a question, not a structure", "ask it with `osler ask`, or measure the structure")
    names, sure = _named(content, side, seen_on)
    if names and not sure:
        raise WhichStructure(text, [_with(side, name) for name in names])
    if not names:
        _not_found(text, content, side, zone)
    structure = structures()[names[0]]
    _check_side(text, structure, side)
    if zone is not None and zone.name not in structure.zones:
        raise NotAStructure(
            f"{structure.name} is not divided into a {zone.name} here",
            found=text,
            expected=", ".join(structure.zones) or f"the whole {structure.name}",
            action="ask for the whole structure, or draw the part",
        )
    fixed = side if structure.paired else None
    return Prompt(structure.name, fixed, zone.name if zone else None, respelt)


def nearest(tokens: Iterable[str]) -> list[str]:
    """Structures whose names share or nearly share a word with these, the nearest first."""
    from rapidfuzz.distance import OSA

    filler = frozenset(data()["filler"]) | {"and"}
    asked = [token for token in tokens if token not in filler and len(token) > 2]
    ranked: dict[str, tuple[int, int]] = {}
    for key, names in _keys().items():
        near = [OSA.distance(one, other) for one in key for other in asked]
        shared = sum(distance <= len(min(key, key=len)) // 4 for distance in near)
        if shared:
            for name in names:
                ranked[name] = min(ranked.get(name, (9, 9)), (min(near), len(key) - shared))
    return sorted(ranked, key=lambda name: (ranked[name], name))[:_SHOWN]


def _expanded(tokens: list[str]) -> list[str]:
    """Short forms written out; "rul" hides its side."""
    short = data()["short"]
    return [part for token in tokens for part in short.get(token, token).split()]


@functools.cache
def _keys() -> dict[Key, tuple[str, ...]]:
    """Names and synonyms as sorted words, what each names."""
    filler = frozenset(data()["filler"])
    found: dict[Key, list[str]] = {}
    for structure in structures().values():
        # Of what exists on one side only the side may stay unsaid ("middle lobe"), unless that is asked back.
        for phrase in (structure.name, *structure.also, (structure.totalsegmentator or "").replace("{side}", "")):
            key = _key(phrase.replace("_", " "), filler)
            if key and structure.name not in found.setdefault(key, []):
                found[key].append(structure.name)
    return {key: tuple(names) for key, names in found.items()}


@functools.cache
def _several() -> dict[tuple[str | None, Key], tuple[str, ...]]:
    """Words that name several things, with the side that is part of them."""
    filler = frozenset(data()["filler"])
    found = {}
    for phrase, names in data()["ambiguous"].items():
        side = next((word for word in phrase.split() if word in ("left", "right")), None)
        found[side, _key(phrase, filler)] = tuple(names)
    return found


def _key(phrase: str, filler: frozenset[str]) -> Key:
    sides = {word for row in data()["sides"].values() for word in row}
    return tuple(sorted(word for word in words(phrase) if word not in filler and word not in sides))


def _named(content: Sequence[str], side: str | None, seen_on: str | None) -> tuple[tuple[str, ...], bool]:
    """The structures that the words name, and whether there is no doubt which is meant."""
    key = tuple(sorted(content))
    several = _several().get((side, key)) or _several().get((None, key))
    if several is None:
        names = _keys().get(key, ()) if key else ()
        return names, len(names) == 1
    known = structures()
    if side in ("left", "right"):
        # "left ventricle": of several that exist on one side each, the one that is meant.
        rest = tuple(name for name in several if known[name].fixed in (None, side))
        if len(rest) == 1 and known[rest[0]].fixed == side:
            return rest, True
        several = rest
    seen = tuple(name for name in several if seen_on in known[name].on)
    return (seen, True) if len(seen) == 1 and len(several) > 1 else (several, False)


def _side(text: str, tokens: list[str]) -> tuple[Literal["left", "right", "both"] | None, list[str]]:
    found: set[Literal["left", "right", "both"]] = set()
    rest = []
    for token in tokens:
        side = next((name for name, row in data()["sides"].items() if token in row), None)
        if side is None:
            rest.append(token)
        else:
            found.add(side)
    if found == {"left", "right"} and "and" in rest:
        rest.remove("and")
        return "both", rest
    if len(found) > 1:
        raise BadInput("two sides are named", found=text, expected="left, right or both", action="name one side")
    return (found.pop() if found else None), rest


def _zone(tokens: list[str]) -> tuple[Zone | None, list[str]]:
    """The longest zone that is named, and the other words."""
    best: tuple[int, Zone, int] | None = None
    for zone in zones().values():
        for phrase in (zone.name, *zone.also):
            part = words(phrase)
            for start in range(len(tokens) - len(part) + 1):
                if tokens[start : start + len(part)] == part and (best is None or len(part) > best[0]):
                    best = (len(part), zone, start)
    if best is None:
        return None, tokens
    length, zone, start = best
    return zone, tokens[:start] + tokens[start + length :]


def _check_side(text: str, structure: Structure, side: str | None) -> None:
    if side is None or structure.paired or structure.fixed == side:
        return
    exists = f"it exists on the {structure.fixed} only" if structure.fixed else "it has no sides here"
    raise BadInput(
        f"{structure.name} on the {side}: {exists}" if side != "both" else f"both {structure.name}: {exists}",
        found=text,
        expected=structure.name,
        action="leave the side out, or name a paired structure",
    )


@functools.cache
def _questions() -> frozenset[str]:
    return frozenset(data()["questions"])


@functools.cache
def _vocabulary() -> frozenset[str]:
    body = data()
    names = {word for key in _keys() for word in key} | {word for _, key in _several() for word in key}
    parts = {word for zone in zones().values() for phrase in (zone.name, *zone.also) for word in words(phrase)}
    sides = {word for row in body["sides"].values() for word in row}
    return frozenset({*names, *parts, *sides, *body["filler"], *body["findings"], *body["questions"], "and"})


def _mended(tokens: list[str]) -> tuple[list[str], tuple[tuple[str, str], ...]]:
    """Words with a slip as they are meant: only where one word, and no other, is as near."""
    from rapidfuzz.distance import OSA

    known, out, respelt = _vocabulary(), [], []
    for token in tokens:
        slips = next((number for length, number in _SLIPS if len(token) >= length), 0)
        if token in known or not slips or not token.isalpha():
            out.append(token)
            continue
        near = {
            word: distance
            for word in known
            if len(word) > 3 and word[0] == token[0] and (distance := OSA.distance(token, word)) <= slips
        }
        best = [word for word, distance in near.items() if distance == min(near.values())]
        # Singular and plural of one word are no doubt about which is meant.
        if len({word.rstrip("s") for word in best}) == 1:
            meant = min(best, key=len)
            respelt.append((token, meant))
            out.append(meant)
        else:
            out.append(token)
    return out, tuple(respelt)


def _needed(token: str, content: Sequence[str]) -> bool:
    """Whether a word of questions is part of a structure's name here ("small bowel")."""
    return any(token in key and set(key) <= set(content) for key in _keys())


def _not_found(text: str, content: Sequence[str], side: str | None, zone: Zone | None) -> NoReturn:
    if not content and zone is not None:
        having = [name for name, one in structures().items() if zone.name in one.zones]
        raise WhichStructure(text, [f"{_with(side, name)}, {zone.name}" for name in having] + ["draw the part"])
    within = sorted({name for key, names in _keys().items() if set(key) <= set(content) for name in names})
    findings = [token for token in content if token in frozenset(data()["findings"])]
    if findings:
        _refuse(
            text, content, f"a finding ({' '.join(findings)}), not a structure", "point at it with a box or a click"
        )
    if "and" in content and len(within) > 1:
        raise BadInput(
            "more than one structure is named", found=text, expected="one structure", action="ask for one at a time"
        )
    _refuse(text, content, "no structure known here", "name a structure, or point at it with a box or a click")


def _refuse(text: str, content: Sequence[str], why: str, action: str) -> NoReturn:
    near = nearest(content)
    raise NotAStructure(
        f"{text!r} is {why}",
        found=text,
        expected=f"a structure such as {', '.join(near)}" if near else "the name of a structure",
        action=action,
    )


def _with(side: str | None, name: str) -> str:
    structure = structures().get(name)
    return f"{side} {name}" if side in ("left", "right") and structure is not None and structure.paired else name
