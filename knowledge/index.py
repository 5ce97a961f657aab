"""The index over passages: FAISS (exact inner product) and BM25 side by side, with a manifest.

It is built where the caller says and read back while the manifest still fits the passages and the encoder. Without
faiss the same exact search is a dot product in numpy; without an encoder only BM25 is left. Either is said in `notes`.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.chunking import Passage, corpus_hash
from knowledge.encoder import Encoder, Vectors
from knowledge.kept import vectors_of
from knowledge.words import terms

FORMAT = 2


@dataclass(frozen=True)
class Manifest:
    """What an index was built from. `created` is for people; everything else must fit for the index to be used."""

    format: int
    corpus: str
    encoder: str | None
    encoder_digest: str | None
    dims: int
    count: int
    created: str = ""

    def fits(self, other: Manifest) -> bool:
        """Whether two manifests describe the same index, whenever either was built."""
        return {**asdict(self), "created": ""} == {**asdict(other), "created": ""}


class PassageIndex:
    """Dense and lexical scores of a query against every passage, in the passages' order."""

    def __init__(
        self,
        found: Sequence[Passage],
        encoder: Encoder | None,
        vectors: Vectors | None,
        lexical: Any,
        manifest: Manifest,
        folder: Path | None = None,
    ) -> None:
        self.folder = folder
        self.passages = tuple(found)
        self.encoder = encoder
        self.manifest = manifest
        self.notes: list[str] = []
        self._vectors = vectors
        self._lexical = lexical
        self._faiss = _flat_index(vectors) if vectors is not None else None
        self.row = {passage.id: row for row, passage in enumerate(self.passages)}
        if vectors is None:
            self.notes.append("search by meaning is off: no encoder; search is by words (BM25) only")
        elif self._faiss is None:
            self.notes.append("faiss is not installed; the same exact search runs in numpy (extra `cpu` or `gpu`)")

    def embed(self, text: str) -> Vectors | None:
        """The unit vector of a text, or None without an encoder."""
        return None if self.encoder is None else self.encoder.encode([text])[0]

    def fixed(self, texts: Sequence[str]) -> Vectors | None:
        """Vectors of texts that do not change between runs (purposes, topics), kept beside the index."""
        if self.encoder is None or not texts:
            return None
        vectors, failed = vectors_of(self.encoder, texts, self.folder and self.folder / "fixed.npz", others=True)
        if failed is not None:
            self.notes.append(f"vectors could not be kept in {self.folder}: {failed.strerror or failed}")
        return vectors

    def dense(self, query: Vectors | None) -> Vectors | None:
        """Cosine of the query with every passage."""
        if query is None or self._vectors is None:
            return None
        if self._faiss is None:
            return np.asarray(self._vectors @ query, dtype=np.float32)
        scores, rows = self._faiss.search(query[None, :], len(self.passages))
        ordered = np.zeros(len(self.passages), dtype=np.float32)
        ordered[rows[0]] = scores[0]
        return ordered

    def lexical(self, text: str) -> Vectors:
        """BM25 of the query with every passage."""
        asked = terms(text)
        if not asked or not self.passages:
            return np.zeros(len(self.passages), dtype=np.float32)
        return np.asarray(self._lexical.get_scores(asked), dtype=np.float32)


class VectorIndex:
    """Unit vectors searched exactly by inner product: FAISS where it is installed, numpy elsewhere."""

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        self._faiss = _flat_index(self._vectors) if len(self._vectors) else None

    def nearest(self, query: Vectors, count: int) -> list[tuple[int, float]]:
        """Rows and cosines of the nearest vectors, the nearest first; of equal ones the earlier row."""
        count = min(count, len(self._vectors))
        if count < 1:
            return []
        if self._faiss is None:
            scores = self._vectors @ np.asarray(query, dtype=np.float32)
            rows = np.argsort(-scores, kind="stable")[:count]
            return [(int(row), float(scores[row])) for row in rows]
        found, near = self._faiss.search(np.asarray(query, dtype=np.float32)[None, :], count)
        pairs = zip(near[0].tolist(), found[0].tolist(), strict=True)
        return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))


def open_index(found: Sequence[Passage], encoder: Encoder | None, folder: Path | None = None) -> PassageIndex:
    """The index in a folder if it still fits, else a new one, written there; without a folder only in memory."""
    found = list(found)
    wanted = Manifest(
        FORMAT,
        corpus_hash(found),
        encoder.id if encoder else None,
        encoder.digest if encoder else None,
        encoder.dims if encoder else 0,
        len(found),
        datetime.now(UTC).isoformat(timespec="seconds"),
    )
    existing = _read(folder, wanted, found, encoder) if folder else None
    if existing is not None:
        return existing
    vectors = _encoded(found, encoder, folder)
    index = PassageIndex(found, encoder, vectors, _bm25(found), wanted, folder)
    if folder is not None:
        try:
            _write(folder, index)
        except OSError as error:
            why = error.strerror or error
            index.notes.append(f"the index could not be kept in {folder}: {why}; it is rebuilt each time")
    return index


def _encoded(found: Sequence[Passage], encoder: Encoder | None, folder: Path | None) -> Vectors | None:
    """Of passages that an earlier index held only the new ones are encoded."""
    if encoder is None or not found:
        return None
    return vectors_of(encoder, [passage.text for passage in found], folder and folder / "vectors.npz")[0]


def _bm25(found: Sequence[Passage]) -> Any:
    import bm25s

    lexical = bm25s.BM25(method="lucene")
    documents = [terms(f"{passage.text} {passage.words}") or ["empty"] for passage in found]
    if documents:
        lexical.index(documents, show_progress=False)
    return lexical


def _flat_index(vectors: Vectors) -> Any:
    try:
        import faiss
    except ImportError:
        return None
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    return index


def _read(folder: Path, wanted: Manifest, found: Sequence[Passage], encoder: Encoder | None) -> PassageIndex | None:
    path = folder / "manifest.json"
    if not path.is_file():
        return None
    try:
        manifest = Manifest(**json.loads(path.read_text(encoding="utf-8")))
        if not manifest.fits(wanted):
            return None
        import bm25s

        lexical = bm25s.BM25.load(str(folder / "bm25"), show_progress=False)
    except (OSError, ValueError, TypeError):
        # A torn or foreign folder is not an index; a new one is built over it.
        return None
    return PassageIndex(found, encoder, _encoded(found, encoder, folder), lexical, manifest, folder)


def _write(folder: Path, index: PassageIndex) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    # First taken away, last put back: a folder without a manifest is not an index. Format 1 kept vectors in .npy files.
    for old in (folder / "manifest.json", folder / "vectors.npy", *folder.glob("fixed-*.npy")):
        old.unlink(missing_ok=True)
    index._lexical.save(str(folder / "bm25"), show_progress=False)
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as stream:
        stream.write(json.dumps(asdict(index.manifest), indent=1).encode())
    Path(stream.name).replace(folder / "manifest.json")
