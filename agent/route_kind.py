"""Whether a question only asks for what the record holds: a linear model over short word sequences and its meaning.

Names of things are taken out first ("What dose of <medication> is he on?"), so what is learned is how look-ups ask, not
what about. Fitted by `evals/route/fit.py` on questions of our own (`route_kind.json`), once with the question's vector
and once for words alone.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.encoder import Vectors
from knowledge.linker import Mention
from knowledge.terminology import Terminology
from knowledge.words import fold

WEIGHTS = Path(__file__).with_name("route_kind.json")
LONGEST = 3
_MARKS = str.maketrans(dict.fromkeys(".,;:!()[]\"'’", " ") | {"?": " ? ", "/": " / "})


def shape(text: str, mentions: Sequence[Mention], terminology: Terminology, part: tuple[int, int]) -> tuple[str, ...]:
    """The words of a part of a question, with `<kind>` for what it names and `<n>` for numbers.

    "Is he on a statin?" becomes is, he, on, a, <drug_class>, ?.
    """
    found: list[str] = []
    at = part[0]
    for mention in sorted(mentions, key=lambda mention: (mention.start, -mention.end)):
        if mention.start < at or mention.end > part[1]:
            continue
        found += _words(text[at : mention.start])
        kind = terminology.get(mention.concept).kind if mention.concept in terminology else "topic"
        found.append(f"<{kind}>")
        at = mention.end
    return (*found, *_words(text[at : part[1]]))


def sequences(words: Sequence[str]) -> frozenset[str]:
    """All runs of up to three words, the ends marked."""
    row = ["^", *words, "$"]
    runs = (row[at : at + size] for size in range(1, LONGEST + 1) for at in range(len(row) - size + 1))
    return frozenset(" ".join(run) for run in runs)


def lookup_probability(words: Sequence[str], vector: Vectors | None, model: Mapping[str, Any]) -> float:
    """How likely a question is a look-up, 0 to 1.

    Args:
        words: its shape.
        vector: its meaning, where there is an encoder; shape (dimension,).
        model: {"bias", "words": {sequence: weight}, "vector": [weight per dimension]}.
    """
    total = float(model["bias"]) + sum(model["words"].get(run, 0.0) for run in sequences(words))
    if vector is not None:
        total += float(vector @ np.array(model["vector"]))
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, total))))


def is_lookup(words: Sequence[str], vector: Vectors | None) -> bool:
    """Whether the fitted model takes it for a look-up."""
    model = fitted()["words_only" if vector is None else "hybrid"]
    return lookup_probability(words, vector, model) >= float(model["threshold"])


@functools.cache
def fitted() -> dict[str, Any]:
    """Both fitted models, each with its threshold, and how they were fitted."""
    found: dict[str, Any] = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    return found


def _words(text: str) -> Iterable[str]:
    return ["<n>" if any(sign.isdigit() for sign in word) else fold(word) for word in text.translate(_MARKS).split()]
