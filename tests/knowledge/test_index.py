"""The passage index: exact, kept with a manifest, rebuilt when what it rests on changes, honest about what it lacks."""

from __future__ import annotations

import builtins
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from knowledge.chunking import Passage, corpus_hash, passages
from knowledge.encoder import Vectors
from knowledge.guideline import Corpus, Document, default_corpus
from knowledge.index import open_index
from knowledge.protocol import default_protocols
from knowledge.terminology import default_terminology
from knowledge.words import terms


class CountingEncoder:
    """A tiny encoder of our own: letters counted, so that what is near is known beforehand."""

    id, digest, dims = "letters", "1", 26

    def __init__(self) -> None:
        self.calls = 0
        self.texts: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.calls += 1
        self.texts += texts
        rows = np.array(
            [[text.casefold().count(chr(97 + letter)) + 1e-3 for letter in range(26)] for text in texts], np.float32
        ).reshape(len(texts), 26)
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


FOUND = [
    Passage("anticoagulate", "recommendation", "Anticoagulation is recommended in atrial fibrillation.", "AF", ("af",)),
    Passage("kidney", "recommendation", "Check the kidney function every year.", "CKD", ("ckd",)),
    Passage("embolism", "protocol", "Whether pulmonary embolism is likely.", "PE", ("pe",)),
]


def test_an_index_is_built_once_and_read_back(tmp_path: Path) -> None:
    encoder = CountingEncoder()
    built = open_index(FOUND, encoder, tmp_path)
    calls = encoder.calls
    read = open_index(FOUND, encoder, tmp_path)
    assert encoder.calls == calls
    query = built.embed("kidney")
    assert query is not None
    for mine, theirs in ((built.dense(query), read.dense(query)), (built.lexical("kidney"), read.lexical("kidney"))):
        assert mine is not None and theirs is not None
        assert np.allclose(mine, theirs)
    assert read.manifest == built.manifest


@pytest.mark.parametrize("change", ["text", "encoder", "torn"])
def test_a_manifest_that_does_not_fit_means_a_new_index(tmp_path: Path, change: str) -> None:
    encoder = CountingEncoder()
    first = open_index(FOUND, encoder, tmp_path)
    found = list(FOUND)
    if change == "text":
        found[1] = Passage("kidney", "recommendation", "Check it twice a year.", "CKD", ("ckd",))
    if change == "encoder":
        encoder.digest = "2"
    if change == "torn":
        (tmp_path / "vectors.npz").write_bytes(b"torn")
    calls = encoder.calls
    again = open_index(found, encoder, tmp_path)
    assert encoder.calls > calls
    assert (again.manifest.fits(first.manifest)) == (change == "torn")
    assert json.loads((tmp_path / "manifest.json").read_text())["corpus"] == corpus_hash(found)


def test_only_what_is_new_is_encoded(tmp_path: Path) -> None:
    encoder = CountingEncoder()
    open_index(FOUND, encoder, tmp_path).fixed(["a purpose", "another"])
    encoder.texts.clear()
    wider = [Passage("asthma", "protocol", "Whether to step up.", "asthma", ("asthma",)), *FOUND[1:]]
    index = open_index(wider, encoder, tmp_path)
    index.fixed(["a third", "a purpose"])
    assert encoder.texts == ["Whether to step up.", "a third"]
    query, whole = index.embed("kidney"), open_index(wider, CountingEncoder())
    scores, expected = index.dense(query), whole.dense(query)
    assert scores is not None and expected is not None
    assert np.array_equal(scores, expected)


def test_without_faiss_the_same_search_runs_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with_faiss = open_index(FOUND, CountingEncoder())
    real = builtins.__import__

    def no_faiss(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "faiss":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", no_faiss)
    without = open_index(FOUND, CountingEncoder())
    query = without.embed("kidney function")
    assert query is not None
    scores, expected = without.dense(query), with_faiss.dense(query)
    assert scores is not None and expected is not None
    assert np.allclose(scores, expected, atol=1e-6)
    assert any("faiss is not installed" in note for note in without.notes)


def test_without_an_encoder_only_words_are_left_and_it_says_so(tmp_path: Path) -> None:
    index = open_index(FOUND, None, tmp_path)
    assert index.embed("kidney") is None
    assert index.dense(None) is None
    assert int(np.argmax(index.lexical("kidney function"))) == 1
    assert any("words (BM25) only" in note for note in index.notes)


def test_a_folder_that_cannot_be_written_is_not_fatal(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    index = open_index(FOUND, CountingEncoder(), tmp_path / "file" / "index")
    assert any("could not be kept" in note for note in index.notes)
    assert index.lexical("kidney").max() > 0


def test_vectors_of_fixed_texts_are_kept_beside_the_index(tmp_path: Path) -> None:
    encoder = CountingEncoder()
    index = open_index(FOUND, encoder, tmp_path)
    first = index.fixed(["a purpose", "another"])
    calls = encoder.calls
    second = index.fixed(["a purpose", "another"])
    assert encoder.calls == calls
    assert first is not None and second is not None
    assert np.array_equal(first, second)


def test_words_of_either_spelling_and_ending_meet() -> None:
    assert terms("anaemia haemoglobin anticoagulated") == terms("anemia hemoglobin anticoagulation")
    assert terms("What should she be on?") == []


def test_every_passage_in_force_is_indexed_once_and_superseded_ones_are_not() -> None:
    corpus, protocols = default_corpus(), default_protocols()
    found = passages(corpus, protocols.values(), default_terminology())
    ids = [passage.id for passage in found]
    assert len(set(ids)) == len(ids)
    for document in corpus.documents.values():
        present = {rec.id for rec in document.recommendations} <= set(ids)
        assert present == (document.document.status == "in-force")
    assert set(protocols) <= set(ids)
    first = next(iter(corpus.documents.values()))
    old = Document(
        document=first.document.model_copy(update={"status": "superseded"}), recommendations=first.recommendations
    )
    assert passages(Corpus([old])) == []
