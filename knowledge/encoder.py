"""Sentence vectors on the CPU without torch: all-MiniLM-L6-v2 in int8 on ONNX Runtime.

Mean pooling over the attention mask and unit length, at most 256 tokens, as the model's card asks
(huggingface.co/sentence-transformers/all-MiniLM-L6-v2). Libraries are imported when the model is first used.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from knowledge.weights import MINILM_ONNX, MINILM_TOKENIZER, WeightsMissing, file_hash, find

Vectors = npt.NDArray[np.float32]
MAX_TOKENS = 256
THREADS = 2


class Encoder(Protocol):
    """What turns texts into unit vectors. `id` and `digest` go into the index's manifest."""

    id: str
    digest: str
    dims: int

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One row of unit length per text."""
        ...


@dataclass(frozen=True)
class EncoderStatus:
    """Whether the embedded encoder can run here and, where it cannot, what it lacks and how to get it."""

    name: str
    usable: bool
    lacks: str | None = None
    how: str | None = None


class MiniLMEncoder:
    """all-MiniLM-L6-v2, int8 ONNX.

    Raises:
        WeightsMissing: a file or library it needs is not installed, or a file is not the pinned one.
    """

    id = "all-MiniLM-L6-v2-int8"
    dims = 384

    def __init__(self, threads: int = THREADS) -> None:
        model, tokenizer = find(MINILM_ONNX), find(MINILM_TOKENIZER)
        try:
            import onnxruntime
            from tokenizers import Tokenizer
        except ImportError as error:
            raise WeightsMissing(f"found no module {error.name!r}; run `pip install {error.name}`") from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Threads that spin while they wait take the time of whatever else runs on the machine.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        self._session: Any = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.no_padding()
        self.digest = f"{MINILM_ONNX.sha256[:16]}+{MINILM_TOKENIZER.sha256[:16]}"

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One row of unit length per text."""
        vectors = np.zeros((len(texts), self.dims), dtype=np.float32)
        # One by one: batches are no faster on a CPU, and what pads their shorter texts is work for nothing.
        for row, text in enumerate(texts):
            vectors[row] = self._vector(text)
        return vectors

    def _vector(self, text: str) -> Vectors:
        ids = np.array([self._tokenizer.encode(text).ids], dtype=np.int64)
        (hidden,) = self._session.run(
            None, {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        )
        pooled = hidden[0].mean(axis=0)
        return np.asarray(pooled / np.linalg.norm(pooled), dtype=np.float32)


class SentenceTransformersEncoder:
    """Any sentence-transformers model by folder or name (extra `local`); never fetched behind the user's back.

    Raises:
        WeightsMissing: the library or the model is not installed.
    """

    def __init__(self, name: str) -> None:
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise WeightsMissing("found no sentence-transformers; run `pip install osler[local]`") from error
        try:
            self._model: Any = SentenceTransformer(name, device="cpu", local_files_only=True)
        except OSError as error:
            raise WeightsMissing(f"found no model {name!r} here; expected a folder or a cached name") from error
        files = sorted(Path(name).glob("*.safetensors")) if Path(name).is_dir() else []
        self.id = name
        self.digest = "+".join(file_hash(path)[:16] for path in files) or "by name"
        self.dims = int(self.encode(["width"]).shape[1])

    def encode(self, texts: Sequence[str]) -> Vectors:
        """One row of unit length per text."""
        return np.asarray(self._model.encode(list(texts), normalize_embeddings=True), dtype=np.float32)


@functools.cache
def default_encoder() -> Encoder | None:
    """The embedded encoder, loaded once, or None where it cannot run (see `encoder_status`)."""
    try:
        return MiniLMEncoder()
    except WeightsMissing:
        return None


def encoder_status() -> EncoderStatus:
    """For `osler doctor`: whether the encoder's files and libraries are here, without loading the model."""
    import importlib.util

    try:
        for file in (MINILM_ONNX, MINILM_TOKENIZER):
            find(file)
    except WeightsMissing as error:
        return EncoderStatus(MiniLMEncoder.id, False, str(error), "make setup (search is BM25 only until then)")
    for module in ("onnxruntime", "tokenizers"):
        if importlib.util.find_spec(module) is None:
            return EncoderStatus(MiniLMEncoder.id, False, f"found no module {module!r}", f"pip install {module}")
    return EncoderStatus(MiniLMEncoder.id, True)
