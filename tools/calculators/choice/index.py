"""What a question and a calculator have in common, as numbers: by name, by words (BM25), by meaning (embeddings).

Works without the encoder, by names and words alone; with it, sentences are compared by cosine.
"""

from __future__ import annotations

import functools
import itertools
import logging
import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from knowledge.encoder import Encoder, Vectors
from knowledge.kept import vectors_of
from knowledge.linker import Linker
from knowledge.terminology import default_terminology
from tools.calculators.choice.names import Names
from tools.calculators.choice.texts import Texts, content, spelt_out

Numbers = npt.NDArray[np.float64]
FEATURES = (
    "name", "cover", "names", "purpose", "inputs", "asked", "asked_all",
    "cosine", "cosine_asked", "cosine_two", "stage",
)  # fmt: skip
K1, B = 1.2, 0.5
# A question that says little but a name has said it all.
NEARLY_ALL, NOTHING_ELSE = 0.75, 3.0
# A calculator for adults hardly answers a question about a child; that one is for children says less, since most hold
# at every age.
SAME_STAGE = 0.25


class Bm25:
    """BM25 (Robertson and Zaragoza 2009, doi:10.1561/1500000019) over short texts, as a sparse table of weights."""

    def __init__(self, documents: Sequence[Sequence[str]]) -> None:
        self.n = len(documents)
        mean = max(1.0, sum(map(len, documents)) / max(1, self.n))
        holders = Counter(word for words in documents for word in set(words))
        self.rare = {word: math.log(1 + (self.n - count + 0.5) / (count + 0.5)) for word, count in holders.items()}
        self._rows: dict[str, tuple[list[int], list[float]]] = {}
        self._mean = mean
        for row, words in enumerate(documents):
            for word, weight in self._weights(words).items():
                rows, weights = self._rows.setdefault(word, ([], []))
                rows.append(row)
                weights.append(weight)

    def _weights(self, words: Sequence[str]) -> dict[str, float]:
        long = K1 * (1 - B + B * len(words) / self._mean)
        return {word: self.rare[word] * n * (K1 + 1) / (n + long) for word, n in Counter(words).items()}

    def score_of(self, words: Sequence[str], document: Sequence[str]) -> float:
        """Score of a document that is not in the table, of words that are."""
        weights, asked = self._weights(document), dict.fromkeys(words)
        most = sum(self.rare.get(word, 0.0) for word in asked)
        return sum(weights.get(word, 0.0) for word in asked) / (1.0 + most)

    def scores(self, words: Sequence[str]) -> Numbers:
        """Score of every document, as a share of the most that these words could weigh."""
        found = np.zeros(self.n)
        most = 0.0
        for word in dict.fromkeys(words):
            if word in self._rows:
                rows, weights = self._rows[word]
                found[rows] += weights
            most += self.rare.get(word, 0.0)
        return found / (1.0 + most)


class Index:
    """The words of all calculators, ready to be compared with a question."""

    def __init__(self, texts: Sequence[Texts], encoder: Encoder | None, folder: Path | None = None) -> None:
        self.texts = list(texts)
        self.order = [row.name for row in self.texts]
        self.row = {name: row for row, name in enumerate(self.order)}
        self.names = Names(self.texts)
        self.encoder = encoder
        self._fields = {
            "names": Bm25([row.names for row in self.texts]),
            "purpose": Bm25([_known(" ".join(row.sentences[:1]), row.purpose) for row in self.texts]),
            "inputs": Bm25([row.inputs for row in self.texts]),
            "asked_all": Bm25([tuple(w for line in row.asked for w in _known(line)) for row in self.texts]),
        }
        self.lines = [(row.name, line) for row in self.texts for line in row.asked]
        self._line_rows = np.array([self.row[name] for name, _ in self.lines], dtype=int)
        self._asked = Bm25([_known(line) for _, line in self.lines])
        sentences = [(row.name, text) for row in self.texts for text in row.sentences]
        self._sentence_rows = np.array([self.row[name] for name, _ in sentences], dtype=int)
        self._sentences = {text: place for place, (_, text) in enumerate(sentences)}
        starts = [place for place in range(1, len(sentences)) if sentences[place - 1][0] != sentences[place][0]]
        self._first = [0, *starts]
        self._vectors = _vectors(encoder, [text for _, text in sentences], folder) if encoder else None

    def coverage(self, question: str) -> float:
        """The share of a question's content words that any calculator is written with."""
        words = [word for word in content(spelt_out(question)) if not word.startswith("@")]
        fields = (*self._fields.values(), self._asked)
        return sum(any(word in field.rare for field in fields) for word in words) / len(words) if words else 0.0

    def features(self, question: str, but: str | None = None, named: bool = True) -> Numbers:
        """One row per calculator, one column per entry of `FEATURES`.

        Args:
            but: a question of the index that is left out of it, when weights are fitted on it.
        """
        table = np.zeros((len(self.order), len(FEATURES)))
        full = spelt_out(question)
        words = _known(full)
        if named:
            for name, (weight, cover) in self.names.find(question).items():
                table[self.row[name], :2] = weight, weight * cover * (NOTHING_ELSE if cover >= NEARLY_ALL else 1.0)
        for column, field in ((2, "names"), (3, "purpose"), (4, "inputs"), (6, "asked_all")):
            table[:, column] = self._fields[field].scores(words)
        line_scores = self._asked.scores(words)
        if but is not None:
            for place, (name, line) in enumerate(self.lines):
                if line == but:
                    line_scores[place] = 0.0
                    rest = [w for other in self.texts[self.row[name]].asked if other != but for w in _known(other)]
                    table[self.row[name], 6] = self._fields["asked_all"].score_of(words, rest)
        if len(line_scores):
            np.maximum.at(table[:, 5], self._line_rows, line_scores)
        if self._vectors is not None and self.encoder is not None:
            self._by_meaning(table, full, but)
        stage = next((word for word in words if word in ("@child", "@adult")), "")
        for row, text in enumerate(self.texts):
            table[row, 10] = 0.0 if not (stage and text.stage) else SAME_STAGE if stage == text.stage else -1.0
        return table

    def _by_meaning(self, table: Numbers, question: str, but: str | None) -> None:
        assert self.encoder is not None and self._vectors is not None
        cosines = self._vectors @ self.encoder.encode([question])[0]
        if but is not None and but in self._sentences:
            cosines[self._sentences[but]] = -1.0
        table[:, 7] = cosines[self._first]
        best = np.full(len(self.order), -1.0)
        np.maximum.at(best, self._sentence_rows, cosines)
        table[:, 8] = best
        edges = [*self._first, len(cosines)]
        for row, (start, end) in enumerate(itertools.pairwise(edges)):
            table[row, 9] = float(np.sort(cosines[start:end])[-3:].mean())


def _known(text: str, words: tuple[str, ...] | None = None) -> tuple[str, ...]:
    """Stems of a text and the concepts it names, so that AF meets atrial fibrillation."""
    return (*(words if words is not None else content(text)), *_concepts(text))


@functools.lru_cache(maxsize=8192)
def _concepts(text: str) -> tuple[str, ...]:
    return tuple(f"#{mention.concept}" for mention in _linker().link(text))


@functools.cache
def _linker() -> Linker:
    return Linker(default_terminology())


def _vectors(encoder: Encoder, sentences: Sequence[str], folder: Path | None) -> Vectors:
    """Vectors of the sentences, kept in a folder between runs; one that cannot be written costs time, not an answer."""
    vectors, failed = vectors_of(encoder, sentences, folder and folder / "calculators.npz")
    if failed is not None:
        logging.getLogger(__name__).info("vectors of the calculators could not be kept in %s", folder)
    return vectors
