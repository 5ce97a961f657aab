"""Finding a calculator by words: its name and synonyms count more than its purpose."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tools.calculators.base import Calculator

_WORD = re.compile(r"[a-z0-9]+")
_IDLE_WORDS = (
    "a an and any are at by can calculate calculator compute do does for from give has have he her his how i in is it "
    "me much of on or out patient patients please s score she the their this to using what which with work"
)
_IDLE = frozenset(_WORD.findall(_IDLE_WORDS))


def words(text: str) -> list[str]:
    """Lower-case words without those that say nothing; `CHA₂DS₂-VA` reads `cha2ds2 va`."""
    plain = text.lower().translate(str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789"))
    return [word for word in _WORD.findall(plain) if word not in _IDLE]


def rank(question: str, calculators: Iterable[Calculator]) -> list[tuple[str, float]]:
    """`(name, score)` of the calculators that share a word with a question, best first; score from 0 to 1.

    A name or synonym that stands in the question as a whole decides before single words do.
    """
    asked = words(question)
    joined = "".join(asked)
    found = []
    for calculator in calculators:
        names = [words(text) for text in (calculator.name, calculator.title, *calculator.synonyms)]
        whole = max((len("".join(name)) for name in names if name and "".join(name) in joined), default=0)
        own = {word for name in names for word in name}
        purpose = set(words(calculator.purpose))
        hits = sum(2.0 if word in own else 1.0 if word in purpose else 0.0 for word in asked)
        score = (hits / (2.0 * len(asked)) if asked else 0.0) * 0.5 + (0.5 * whole / len(joined) if joined else 0.0)
        if score > 0:
            found.append((calculator.name, round(score, 4)))
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))
