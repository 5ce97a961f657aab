"""Text to concepts: longest match over the terminology's words, with the assertion of every mention.

Abbreviations keep their case ("PE", not "pe" inside prose; a text typed all in lower case is read leniently), endings
and British or American spelling are folded, and a misspelt word of six letters or more is corrected where exactly one
known word is near (drug names at one letter only: look-alikes are different drugs).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from knowledge.assertion import Assertion, assertions
from knowledge.terminology import Terminology, default_terminology
from knowledge.words import STOP, fold

How = Literal["exact", "lay", "abbreviation", "typo", "extra"]
_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_GLUED = re.compile(r"([A-Za-z]{2,})(\d\w{0,3})")
# A word on its own is corrected from six letters on; one inside a longer phrase, the rest of which must fit, from four.
_MIN_TYPO, _IN_PHRASE, _LONG, _PHRASE = 6, 4, 9, 6
_EVERYDAY = """
act aid aids air all am an and are arm as at be bed but by cap cat did do fast fat fit for get go had has hat he hit
hot if in is it led map may me men mg ml ms my no not of off on or our out over pad pain pal pet pm pop pot ran raw
rip see set she so tan ten to top up us vs was we who you age ago ask bad low new now old one per put say saw two war
"""
_ENGLISH = frozenset(_EVERYDAY.split())


@dataclass(frozen=True)
class Mention:
    """A concept named in a text: where, by which words, how it was recognised and how it is meant."""

    concept: str
    start: int
    end: int
    text: str
    how: How
    assertion: Assertion = "present"


@dataclass(frozen=True)
class _Phrase:
    concept: str
    how: How
    drug: bool
    cased: str | None


@dataclass(frozen=True)
class _Word:
    text: str
    key: str
    start: int
    end: int


def _runs(words: Sequence[_Word], text: str) -> list[int]:
    """For each word, how many words follow it, itself included, before a mark that no phrase reaches over."""
    runs = [1] * len(words)
    for index in range(len(words) - 2, -1, -1):
        between = text[words[index].end : words[index + 1].start]
        if not any(mark in between for mark in ".;:?!\n"):
            runs[index] = runs[index + 1] + 1
    return runs


def singular(word: str) -> str:
    """A folded word without its plural s."""
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _split(text: str) -> list[_Word]:
    return [
        _Word(match.group(), singular(fold(match.group())), match.start(), match.end())
        for match in _TOKEN.finditer(text)
    ]


def is_abbreviation(word: str) -> bool:
    """Whether a word is one whose case matters: short, and mostly capitals (PE, AFib, eGFR, DOACs)."""
    bare = word.strip()
    if " " in bare or "-" in bare or len(bare) > 6:
        return False
    capitals = sum(letter.isupper() for letter in bare)
    if len(bare) <= 2:
        return capitals >= 1
    return capitals >= 2 and capitals * 2 >= len(bare.rstrip("s"))


class Linker:
    """Finds concepts of a terminology in text.

    Args:
        extra: more words by concept (or topic) id, for questions only.
        known: texts whose words are spelt right, so that none of them is taken for a misspelling.
    """

    def __init__(
        self, terminology: Terminology, extra: Mapping[str, Sequence[str]] | None = None, known: Iterable[str] = ()
    ) -> None:
        self.terminology = terminology
        self._phrases: dict[tuple[str, ...], list[_Phrase]] = {}
        for concept in terminology.concepts.values():
            drug = concept.kind in ("medication", "drug_class")
            for word in (concept.name, *concept.synonyms):
                self._add(word, concept.id, "exact", drug)
            for word in concept.lay:
                self._add(word, concept.id, "lay", drug)
        for concept_id, more in (extra or {}).items():
            for word in more:
                self._add(word, concept_id, "extra", False)
        lengths: dict[str, set[int]] = {}
        for key in self._phrases:
            lengths.setdefault(key[0], set()).add(len(key))
        self._lengths = {first: frozenset(found) for first, found in lengths.items()}
        self._vocabulary = sorted({part for key in self._phrases for part in key if len(part) >= _IN_PHRASE})
        self._spelt = {part for key in self._phrases for part in key}
        for text in known:
            self._spelt.update(word.key for word in _split(text))
        self._drug_words = {
            part for key, phrases in self._phrases.items() for part in key if any(phrase.drug for phrase in phrases)
        }
        self._corrected = functools.lru_cache(maxsize=4096)(self._correct)

    def _add(self, word: str, concept_id: str, how: How, drug: bool) -> None:
        key = tuple(part.key for part in _split(word))
        if word.lstrip().startswith("?"):
            return  # "?PE": the doubt is the assertion's business, not the word's
        if not key or (len(key) == 1 and key[0] in STOP and not is_abbreviation(word)):
            return
        cased = word.strip() if is_abbreviation(word) else None
        phrase = _Phrase(concept_id, "abbreviation" if cased and how != "extra" else how, drug, cased)
        known = self._phrases.setdefault(key, [])
        if all((other.concept, other.cased) != (phrase.concept, phrase.cased) for other in known):
            known.append(phrase)

    def link(self, text: str, typos: bool = True) -> list[Mention]:
        """Every mention of a text, left to right, the longest words first; words naming several concepts give all.

        Args:
            typos: whether a misspelt word is corrected; a long note is read much faster without.
        """
        words = self._unglued(_split(text))
        runs = _runs(words, text)
        lenient = not any(word.text[1:].lower() != word.text[1:] or (word.start and word.text[0].isupper())
                          for word in words if word.text != "I")
        found: list[tuple[str, int, int, How]] = []
        index = 0
        while index < len(words):
            for length in self._candidates(words[index].key, runs[index], typos):
                hits = self._match(words[index : index + length], lenient, typos)
                if hits:
                    start, end = words[index].start, words[index + length - 1].end
                    found += [(concept, start, end, how) for concept, how in hits]
                    index += length
                    break
            else:
                index += 1
        meant = assertions(text, [(start, end) for _, start, end, _ in found])
        return [
            Mention(concept, start, end, text[start:end], how, assertion)
            for (concept, start, end, how), assertion in zip(found, meant, strict=True)
        ]

    def _unglued(self, words: list[_Word]) -> list[_Word]:
        """Words with a glued stage or value taken apart ("CKD3b") where only their letters are known."""
        found: list[_Word] = []
        for word in words:
            parts = _GLUED.fullmatch(word.text)
            if parts is None or word.key in self._spelt or (fold(parts[1]),) not in self._phrases:
                found.append(word)
                continue
            middle = word.start + len(parts[1])
            found.append(_Word(parts[1], singular(fold(parts[1])), word.start, middle))
            found.append(_Word(parts[2], fold(parts[2]), middle, word.end))
        return found

    def _candidates(self, first: str, run: int, typos: bool) -> list[int]:
        """How many words a phrase can have that starts with this word, the most first."""
        starts = {first}
        if typos:
            starts |= {self._corrected(first, _IN_PHRASE), self._corrected(first, _MIN_TYPO)}
        return sorted({n for start in starts for n in self._lengths.get(start, ()) if n <= run}, reverse=True)

    def _match(self, words: list[_Word], lenient: bool, typos: bool) -> list[tuple[str, How]]:
        key = tuple(word.key for word in words)
        shortest = _IN_PHRASE if sum(map(len, key)) > _LONG and len(key) > 1 else _MIN_TYPO
        phrases, typo = self._phrases.get(key), False
        if phrases is None and typos:
            mended = tuple(self._corrected(part, shortest) for part in key)
            typo = mended != key and sum(map(len, mended)) >= _PHRASE
            phrases = self._phrases.get(mended) if typo else None
        hits: dict[str, How] = {}
        for phrase in phrases or ():
            if typo and phrase.how == "extra" and sum(map(len, key)) <= _LONG:
                continue
            if phrase.cased is None or _same_case(phrase.cased, words[0].text, lenient):
                hits.setdefault(phrase.concept, "typo" if typo and phrase.how != "extra" else phrase.how)
        return list(hits.items())

    def _correct(self, word: str, shortest: int) -> str:
        if len(word) < shortest or word in self._spelt or word in STOP or any(letter.isdigit() for letter in word):
            return word
        from rapidfuzz.distance import OSA
        from rapidfuzz.process import extract

        limit = 2 if len(word) >= _LONG else 1
        found = extract(word, self._vocabulary, scorer=OSA.distance, score_cutoff=limit, limit=5)
        near = [
            (candidate, distance) for candidate, distance, _ in found
            if candidate[0] == word[0] and not (candidate in self._drug_words and distance > 1)
        ]
        if not near:
            return word
        best = min(distance for _, distance in near)
        nearest = [candidate for candidate, distance in near if distance == best]
        return nearest[0] if len(nearest) == 1 else word


def _same_case(abbreviation: str, found: str, lenient: bool) -> bool:
    bare, wanted = found.removesuffix("'s").removesuffix("’s"), abbreviation
    if bare in (wanted, wanted + "s") or bare + "s" == wanted:
        return True
    folded = bare.casefold()
    if folded in _ENGLISH or singular(folded) in _ENGLISH or bare != bare.lower():
        return bare.upper() == wanted.upper() and len(wanted) >= 3 and bare != bare.lower() and not bare[0:2].istitle()
    return lenient or len(wanted) >= 3


@functools.cache
def default_linker() -> Linker:
    """A linker over Osler's own terminology."""
    return Linker(default_terminology())
