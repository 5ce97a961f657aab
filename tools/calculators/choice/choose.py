"""The calculator that a question wants, how sure that is, and the runners-up with what sets them apart."""

from __future__ import annotations

import functools
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.encoder import default_encoder
from tools.calculators.base import Calculator
from tools.calculators.choice.index import FEATURES, Index, Numbers
from tools.calculators.choice.texts import HERE, all_texts, families

SHOWN = 5
NEAR = 0.55
"""A cosine at which a question speaks of a calculator whatever its words."""


@dataclass(frozen=True)
class Ranked:
    """A calculator with its share of certainty from 0 to 1, and what sets it apart from the one put first."""

    calculator: str
    title: str
    score: float
    differs: str = ""


@dataclass(frozen=True)
class Choice:
    """What a question wants.

    Attributes:
        calculator: None where nothing in the question points to one.
        sure: whether it leads by enough; else `which` is the question to ask back.
    """

    question: str
    calculator: str | None
    title: str | None
    score: float
    sure: bool
    which: str | None
    runners_up: tuple[Ranked, ...]

    def document(self) -> dict[str, Any]:
        """As `osler calc find --json` gives it."""
        return asdict(self)


@functools.cache
def weights() -> dict[str, Any]:
    """The fitted weights, and on what they were fitted (`evals/choice/fit.py`)."""
    found: dict[str, Any] = json.loads((HERE / "weights.json").read_text(encoding="utf-8"))
    return found


@functools.cache
def _index(folder: Path | None, meaning: bool) -> tuple[Index, dict[str, Calculator]]:
    from tools.calculators import calculators

    declared = calculators()
    return Index(all_texts(declared.values()), default_encoder() if meaning else None, folder), declared


def prepare(folder: Path) -> int:
    """Work out and keep what comparing by meaning needs before the first question; how many calculators there are."""
    return len(_index(folder, True)[1])


def certainties(table: Numbers, order: list[str], kind: str) -> Numbers:
    """The share of certainty of every calculator, from the features of a question."""
    fitted = weights()[kind]
    scores = table @ np.array([fitted["weights"][name] for name in FEATURES]) + fitted["current"] * standing(order)
    shares: Numbers = np.exp(scores - scores.max())
    total: float = shares.sum()
    return np.asarray(shares / total)


def standing(order: list[str]) -> Numbers:
    """1 for the first of a family, -1 for its others, 0 for a calculator without family."""
    found = dict.fromkeys(order, 0.0)
    for family in families():
        for place, name in enumerate(family["members"]):
            if name in found:
                found[name] = 1.0 if place == 0 or found[name] == 1.0 else -1.0
    return np.array([found[name] for name in order])


def choose(question: str, folder: Path | None = None, meaning: bool = True) -> Choice:
    """The calculator for a question.

    Args:
        folder: where the vectors of the calculators' texts are kept between runs.
        meaning: also compare sentences by meaning, where the encoder can run.
    """
    index, declared = _index(folder, meaning)
    table = index.features(question)
    kind = "hybrid" if index.encoder is not None else "words_only"
    if not _speaks(index, question, table, kind):
        return Choice(question, None, None, 0.0, False, None, ())
    shares = certainties(table, index.order, kind)
    best = [int(place) for place in np.argsort(-shares, kind="stable")[:SHOWN]]
    first = index.order[best[0]]
    rows = [
        Ranked(
            index.order[place],
            declared[index.order[place]].title,
            round(float(shares[place]), 4),
            apart(index.order[place], first, declared),
        )
        for place in best[1:]
    ]
    score = round(float(shares[best[0]]), 4)
    sure = score >= weights()[kind]["sure"]
    which = None
    if not sure:
        near = [row for row in rows if row.score >= 0.25 * score][:2] or rows[:1]
        which = f"Which of these: {'; '.join([declared[first].title, *(row.title for row in near)])}?"
    return Choice(question, first, declared[first].title, score, sure, which, tuple(rows))


def apart(name: str, first: str, declared: dict[str, Calculator]) -> str:
    """What sets a calculator apart from the one put first: of one family what is written there, else its purpose."""
    for family in families():
        if name in family["members"] and first in family["members"]:
            return str(family["members"][name])
    return declared[name].purpose


def _speaks(index: Index, question: str, table: Numbers, kind: str) -> bool:
    """Whether anything in the question points to a calculator at all."""
    least = weights()[kind]["least"]
    if table[:, FEATURES.index("name")].max(initial=0.0) > 0:
        return True
    words = index.coverage(question)
    nearest = table[:, FEATURES.index("cosine_asked")].max(initial=0.0)
    return bool((words >= least["words"] and nearest >= least["cosine"]) or nearest >= NEAR)


def rank(question: str, folder: Path | None = None, meaning: bool = False) -> list[tuple[str, float]]:
    """`(name, share of certainty)` of the calculators that have a share, best first; nothing where nothing fits."""
    index, _ = _index(folder, meaning)
    table = index.features(question)
    kind = "hybrid" if index.encoder is not None else "words_only"
    if not _speaks(index, question, table, kind):
        return []
    shares = zip(index.order, certainties(table, index.order, kind), strict=True)
    found = [(name, round(float(share), 4)) for name, share in shares]
    return sorted((pair for pair in found if pair[1] > 0), key=lambda pair: (-pair[1], pair[0]))


def names_in(question: str) -> dict[str, float]:
    """The calculators whose name stands in a question, and how much the name says."""
    index, _ = _index(None, False)
    return {name: weight for name, (weight, _) in index.names.find(question).items()}


def related(one: str, other: str) -> bool:
    """Whether two calculators are of one family: mistaken for one another, and not wanted both by one name."""
    return any(one in family["members"] and other in family["members"] for family in families())
