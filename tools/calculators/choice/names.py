"""Calculators that a question names: by name, synonym or abbreviation, run together or misspelt."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rapidfuzz.distance import OSA

from tools.calculators.choice.texts import Texts, families, placed_words

LONGEST = 9
# A misspelt name is taken for one from this many letters on: one slip, two from `_LONG` letters on.
_MIN_TYPO, _LONG = 4, 10
_SLIP = 0.85
# A name with a number behind it is what the patient has, not what is asked.
_GIVEN = 0.1
_IN_FORCE = 1.5
# The name or title itself, not one of the synonyms.
_OWN = 1.5
# "Using the Bazett formula" says which, whatever else is named.
_ASKED = 3.0


@dataclass(frozen=True)
class Named:
    """A name that stands in a question: which words of it (from, to), and how much they say."""

    name: str
    start: int
    end: int
    weight: float


class Names:
    """All names of all calculators."""

    def __init__(self, texts: Sequence[Texts]) -> None:
        self._keys: dict[str, list[tuple[str, float]]] = {}
        holders: Counter[str] = Counter()
        for row in texts:
            # "Stroke" or "kidney function" may be a name too, but says little where many speak of it.
            holders.update(row.vocabulary | {word for _, words in row.keys for word in words})
        self._known = {word for row in texts for word in row.vocabulary}
        self._rare = {word: math.log(1 + len(texts) / count) for word, count in holders.items()}
        for row in texts:
            for key, words in row.keys:
                weight = (_OWN if key in row.own else 1.0) * self._weight(words)
                self._keys.setdefault(key, []).append((row.name, weight))
        self._by_length: dict[int, list[str]] = {}
        for key in self._keys:
            self._by_length.setdefault(len(key), []).append(key)

    def find(self, question: str) -> dict[str, tuple[float, float]]:
        """Calculators whose name stands in a question: the weight of the name, and its share of the question's words.

        A name inside a longer one that also stands there does not count: "MELD" in "MELD-Na". A name that several of
        a family share weighs more for the one in force.
        """
        placed = placed_words(question)
        words = [word.text for word in placed]
        found: list[Named] = []
        for start in range(len(words)):
            joined = ""
            for end in range(start + 1, min(start + LONGEST, len(words)) + 1):
                joined += words[end - 1]
                worth = _GIVEN if placed[end - 1].given else _ASKED if placed[start].method else 1.0
                found += [replace(one, weight=worth * one.weight) for one in self._at(joined, start, end)]
        widest = [one for one in found if not any(_inside(one, other) for other in found)]
        best: dict[str, tuple[float, float]] = {}
        for one in widest:
            share = (one.end - one.start) / len(words)
            best[one.name] = max(best.get(one.name, (0.0, 0.0)), (one.weight, share))
        for family in families():
            named = [name for name in family["members"] if name in best]
            top = max((best[name][0] for name in named), default=0.0)
            if len(named) > 1 and best[named[0]][0] == top and sum(best[name][0] == top for name in named) > 1:
                best[named[0]] = (_IN_FORCE * top, best[named[0]][1])
        return best

    def _at(self, joined: str, start: int, end: int) -> list[Named]:
        if joined in self._keys:
            return [Named(name, start, end, weight) for name, weight in self._keys[joined]]
        if len(joined) < _MIN_TYPO or joined.isdigit() or joined in self._known:
            return []
        slips = 2 if len(joined) >= _LONG else 1
        near = [
            key
            for length in range(len(joined) - slips, len(joined) + slips + 1)
            for key in self._by_length.get(length, ())
            if length > _MIN_TYPO
            and _digits(key) == _digits(joined)
            and OSA.distance(key, joined, score_cutoff=slips) <= slips
        ]
        return [Named(name, start, end, _SLIP * weight) for key in near for name, weight in self._keys[key]]

    def _weight(self, words: tuple[str, ...]) -> float:
        # The rarest word says how much a name says; more words add little.
        rarities = [self._rare[word] for word in words]
        return max(rarities) + 0.1 * sum(rarities)


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdigit())


def _inside(one: Named, other: Named) -> bool:
    covers = other.start <= one.start and one.end <= other.end
    return (
        covers
        and (other.end - other.start, other.weight) > (one.end - one.start, one.weight)
        and (other.end - other.start > one.end - one.start)
    )
