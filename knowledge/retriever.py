"""Hybrid search over passages: reciprocal rank fusion of meaning (FAISS) and words (BM25), or an honest nothing.

Fusion: Cormack, Clarke and Büttcher 2009, doi:10.1145/1571941.1572114, with their k = 60. The threshold under which
nothing is returned was measured; `retriever_threshold.json` says on what and `evals/route/fit.py` measures it again.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.chunking import Passage, passages
from knowledge.encoder import Encoder, Vectors, default_encoder
from knowledge.evidence import Evidence
from knowledge.guideline import Corpus, CorpusError, default_corpus
from knowledge.index import PassageIndex, open_index
from knowledge.protocol import Protocol, default_protocols
from knowledge.terminology import Terminology, default_terminology
from knowledge.words import terms

RRF_K = 60
THRESHOLD = Path(__file__).with_name("retriever_threshold.json")


@dataclass(frozen=True)
class Hit:
    """One passage found, with the parts of its score."""

    id: str
    kind: str
    score: float
    dense: float | None
    bm25: float
    dense_rank: int | None
    bm25_rank: int | None


@dataclass(frozen=True)
class Search:
    """What a search found; empty with the `reason` where nothing was near enough."""

    query: str
    hits: tuple[Hit, ...]
    confidence: float
    reason: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scores:
    """Every passage's scores for one query, in the index's order."""

    dense: Vectors | None
    bm25: Vectors
    coverage: float
    parts: dict[str, float] = field(default_factory=dict)


class Retriever:
    """Search over the recommendations of a corpus and the purposes of protocols."""

    def __init__(self, index: PassageIndex, corpus: Corpus, threshold: dict[str, Any] | None = None) -> None:
        self.index = index
        self.corpus = corpus
        self.threshold = threshold if threshold is not None else measured_threshold()
        self._vocabulary = {
            term for passage in index.passages for term in terms(f"{passage.text} {passage.words}")
        }

    def scores(self, query: str) -> Scores:
        """Scores of a query against every passage; `coverage` is the share of its content words the corpus knows."""
        asked = terms(query)
        known = sum(term in self._vocabulary for term in asked) / len(asked) if asked else 0.0
        return Scores(self.index.dense(self.index.embed(query)), self.index.lexical(query), known)

    def search(self, query: str, k: int = 5, about: str | Iterable[str] | None = None) -> Search:
        """The k best passages, best first; none, with the reason, below the measured threshold.

        Args:
            about: only passages about one of these concepts.
        """
        notes = tuple(self.index.notes)
        wanted = {about} if isinstance(about, str) else set(about) if about is not None else None
        rows = [
            row for row, passage in enumerate(self.index.passages) if wanted is None or wanted & set(passage.about)
        ]
        if not query.strip() or not rows:
            reason = "no passage is about that" if query.strip() else "nothing was asked"
            return Search(query, (), 0.0, reason, notes)
        scores = self.scores(query)
        confidence = self.confidence(scores, rows)
        limit = self.limit
        if confidence < limit:
            return Search(
                query, (), confidence,
                f"no passage is near enough to the question (best {confidence:.2f}, needed {limit:.2f})", notes,
            )
        return Search(query, tuple(self._fuse(scores, rows)[:k]), confidence, None, notes)

    @property
    def limit(self) -> float:
        """The measured threshold for the search that runs here (by meaning and words, or by words only)."""
        return float(self.threshold["hybrid" if self.index.encoder is not None else "words_only"]["threshold"])

    def confidence(self, scores: Scores, rows: list[int]) -> float:
        """How near the best passage is: its cosine, lifted or lowered by the share of known words."""
        weight = float(self.threshold["coverage_weight"])
        if scores.dense is None:
            return scores.coverage if float(scores.bm25[rows].max(initial=0.0)) > 0 else 0.0
        return float(scores.dense[rows].max(initial=0.0)) + weight * scores.coverage

    def _fuse(self, scores: Scores, rows: list[int]) -> list[Hit]:
        dense_rank = _ranks(scores.dense, rows) if scores.dense is not None else {}
        bm25_rank = {row: rank for row, rank in _ranks(scores.bm25, rows).items() if scores.bm25[row] > 0}
        hits = []
        for row in rows:
            ranks = [ranking[row] for ranking in (dense_rank, bm25_rank) if row in ranking]
            if not ranks:
                continue
            passage = self.index.passages[row]
            hits.append(
                Hit(
                    passage.id, passage.kind, sum(1.0 / (RRF_K + rank) for rank in ranks),
                    None if scores.dense is None else float(scores.dense[row]), float(scores.bm25[row]),
                    dense_rank.get(row), bm25_rank.get(row),
                )
            )
        return sorted(hits, key=lambda hit: (-hit.score, hit.id))

    def evidence(self, hit: Hit) -> Evidence:
        """A recommendation found, as evidence.

        Raises:
            CorpusError: the hit is a protocol, which is not a passage that can be cited.
        """
        if hit.kind != "recommendation":
            raise CorpusError(f"found protocol {hit.id!r}; expected a recommendation: a purpose is not cited")
        return self.corpus.evidence(hit.id)

    def passage(self, passage_id: str) -> Passage:
        """An indexed passage by id."""
        return self.index.passages[self.index.row[passage_id]]


def _ranks(scores: Vectors, rows: list[int]) -> dict[int, int]:
    order = np.argsort(-scores[rows], kind="stable")
    return {rows[int(position)]: rank for rank, position in enumerate(order, start=1)}


@functools.cache
def measured_threshold() -> dict[str, Any]:
    """The threshold that comes with Osler and how it was measured."""
    found: dict[str, Any] = json.loads(THRESHOLD.read_text(encoding="utf-8"))
    return found


def build_retriever(
    folder: Path | None = None, *, corpus: Corpus | None = None, protocols: Iterable[Protocol] | None = None,
    terminology: Terminology | None = None, encoder: Encoder | str | None = "default",
) -> Retriever:
    """A retriever over the given knowledge, by default Osler's own; its index is kept in `folder` where given."""
    corpus = corpus or default_corpus()
    protocols = list(protocols if protocols is not None else default_protocols().values())
    terminology = terminology or default_terminology()
    chosen = default_encoder() if isinstance(encoder, str) else encoder
    return Retriever(open_index(passages(corpus, protocols, terminology), chosen, folder), corpus)
