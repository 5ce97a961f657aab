"""The measures of `measures.yaml` and where their names stand in a text."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from knowledge.guideline import CorpusError

MEASURES = Path(__file__).with_name("measures.yaml")
_WORD = re.compile(r"[^\W\d_]+(?:\d[A-Za-z]?(?!\d|[.,]\d))?")
_BETWEEN = re.compile(r"[ \u00a0.\-–/:'’()]{0,3}\n?")
# Names of four letters or fewer whose lower-case form is an English word: only as capitals.
_ENGLISH = frozenset(
    [
        "got",
        "map",
        "asp",
        "bul",
        "tri",
        "be",
        "pr",
        "ag",
        "ef",
        "sat",
        "head",
        "lac",
        "hc",
        "ht",
        "bs",
        "tb",
        "un",
        "ip",
        "p",
        "t",
        "k",
        "fe",
        "hg",
        "ot",
        "ca",
        "co",
        "tp",
        "ld",
    ]
)
_SIGN = re.compile(
    r"(?:a?emia|osis|penia|philia|cardia|cardic|pnea|pnoea|pneic|pnoeic|febrile|fever|pyrexia\w?|thermia|capnia|carbia|uria)$"
)


@dataclass(frozen=True)
class Measure:
    """Something that is measured.

    Attributes:
        units: UCUM unit -> the range in which a number in it is believable.
        plain: the one unit it is always in, so that one may be left out.
        plain_units: units among which the number itself decides where none is written.
        loose: it may be told from the unit alone.
        by_age: years from, years to, lowest, highest believable in the first unit: a birth weight is not an adult's.
        infer: narrower limits within which a number without a unit is taken to be in that unit.
    """

    name: str
    units: dict[str, tuple[float, float]]
    plain: str | None = None
    plain_units: tuple[str, ...] = ()
    loose: bool = False
    by_age: tuple[tuple[float, float, float, float], ...] = ()
    infer: dict[str, tuple[float, float]] = field(default_factory=dict)

    def at_age(self, value: float, years: float) -> bool:
        """Whether a value in the first unit can be that of somebody of this age."""
        return all(low <= value <= high for start, end, low, high in self.by_age if start <= years < end)

    def believable(self, value: float, unit: str) -> bool:
        """Whether a number in a unit can be one of this measure."""
        limits = self.units.get(unit)
        return limits is not None and limits[0] <= value <= limits[1]

    def may_be(self, value: float) -> bool:
        """Whether a number without a unit is believable in one of the usual units."""
        candidates = (self.plain,) if self.plain else self.plain_units
        return any(unit is not None and self.believable(value, unit) for unit in candidates)

    @staticmethod
    def _within(value: float, limits: tuple[float, float] | None) -> bool:
        return limits is None or limits[0] <= value <= limits[1]

    def unit_for(self, value: float) -> str | None:
        """The one usual unit that makes a number without a unit believable; None where none or several do."""
        candidates = (self.plain,) if self.plain else self.plain_units
        fits = [
            unit
            for unit in candidates
            if unit and self.believable(value, unit) and self._within(value, self.infer.get(unit))
        ]
        return fits[0] if len(fits) == 1 else None


@dataclass(frozen=True)
class Name:
    """A measure's name in a text. `sign`: a finding ("tachycardia") rather than the measure itself."""

    measures: tuple[str, ...]
    start: int
    end: int
    sign: bool
    short: bool


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """All measures, and their names by first word."""

    measures: dict[str, Measure]
    phrases: dict[str, tuple[tuple[tuple[str, ...], str | None, str], ...]]

    def names(self, text: str) -> list[Name]:
        """Every name in a text, the longest at each place."""
        words = [(match.group(), match.start(), match.end()) for match in _WORD.finditer(text)]
        found: list[Name] = []
        index = 0
        while index < len(words):
            hit = self._longest(text, words, index)
            if hit is None:
                index += 1
                continue
            name = hit[0]
            if found and (merged := _same_thing(text, found[-1], name)):
                found[-1] = merged
            else:
                found.append(name)
            index += hit[1]
        return found

    def _longest(self, text: str, words: list[tuple[str, int, int]], index: int) -> tuple[Name, int] | None:
        measures: list[str] = []
        length, end = 0, 0
        for parts, cased, measure in self.phrases.get(_key(words[index][0]), ()):
            size = len(parts)
            if size < length or index + size > len(words):
                continue
            if any(_key(words[index + k][0]) != parts[k] for k in range(1, size)):
                continue
            if any(not _BETWEEN.fullmatch(text, words[index + k][2], words[index + k + 1][1]) for k in range(size - 1)):
                continue
            if cased is not None and not _same_case(cased, words[index][0]):
                continue
            if size > length:
                measures, length, end = [], size, words[index + size - 1][2]
            measures.append(measure)
        if not measures:
            return None
        start = words[index][1]
        sign = length == 1 and bool(_SIGN.search(words[index][0].casefold()))
        short = len(words[index + length - 1][0]) <= 4
        return Name(tuple(dict.fromkeys(measures)), start, end, sign, short), length


def _same_thing(text: str, first: Name, second: Name) -> Name | None:
    """ "blood urea nitrogen (BUN)": one name, which ends behind the bracket."""
    shared = tuple(measure for measure in first.measures if measure in second.measures)
    between = text[first.end : second.start]
    closing = text[second.end : second.end + 2].lstrip(".")
    if (
        shared
        and len(between) <= 4
        and between.strip() in ("(", "[", "-", ",")
        and (between.strip() in "-," or closing[:1] in ")]")
    ):
        end = second.end + (
            0 if between.strip() in ("-", ",") else len(text[second.end : second.end + 2]) - len(closing) + 1
        )
        return Name(shared, first.start, end, first.sign and second.sign, False)
    return None


def _key(word: str) -> str:
    return word.casefold().replace("₂", "2").replace("₃", "3")


def _same_case(cased: str, found: str) -> bool:
    found = found.replace("₂", "2").replace("₃", "3")
    if found == cased:
        return True
    if len(cased) <= 2 or found.casefold() in _ENGLISH:
        return False
    return found.casefold() == cased.casefold()


@functools.cache
def vocabulary() -> Vocabulary:
    """The vocabulary of `measures.yaml`.

    Raises:
        CorpusError: a range of a unit is not one.
    """
    raw: dict[str, dict[str, Any]] = yaml.safe_load(MEASURES.read_text(encoding="utf-8"))
    measures: dict[str, Measure] = {}
    phrases: dict[str, list[tuple[tuple[str, ...], str | None, str]]] = {}
    for name, row in raw.items():
        units = {unit: (float(low), float(high)) for unit, (low, high) in row["units"].items()}
        if any(low > high for low, high in units.values()):
            raise CorpusError(f"{MEASURES.name}: {name}: found a range that ends before it begins")
        plain = tuple(row.get("plain_units", units))
        measures[name] = Measure(
            name, units, row.get("plain"), plain, bool(row.get("loose")), _ages(row), row.get("infer", {})
        )
        for written in row["names"]:
            parts = tuple(_key(match.group()) for match in _WORD.finditer(written))
            cased = written.rstrip("+-−") if len(parts) == 1 and len(written) <= 6 and _capital(written) else None
            entry = (parts, cased, name)
            if entry not in phrases.setdefault(parts[0], []):
                phrases[parts[0]].append(entry)
    return Vocabulary(measures, {word: tuple(rows) for word, rows in phrases.items()})


@functools.lru_cache(maxsize=64)
def extended(inputs: tuple[tuple[str, str, str, float, float], ...]) -> Vocabulary:
    """The vocabulary with inputs that it does not have: (id, title, unit, lowest, highest), found by their titles."""
    base = vocabulary()
    measures, phrases = dict(base.measures), {word: list(rows) for word, rows in base.phrases.items()}
    for name, title, unit, low, high in inputs:
        measures[name] = Measure(name, {unit: (low, high)}, unit if unit == "1" else None, (unit,))
        bare = re.split(r",|\(| in | of \d| after | before ", title)[0]
        for written in dict.fromkeys((bare, name.replace("_", " "))):
            parts = tuple(_key(match.group()) for match in _WORD.finditer(written))
            if parts and len("".join(parts)) > 3:
                phrases.setdefault(parts[0], []).append((parts, None, name))
    return Vocabulary(measures, {word: tuple(rows) for word, rows in phrases.items()})


def _ages(row: dict[str, Any]) -> tuple[tuple[float, float, float, float], ...]:
    return tuple((float(a), float(b), float(low), float(high)) for a, b, low, high in row.get("by_age", ()))


def _capital(written: str) -> bool:
    return any(letter.isupper() for letter in written)
