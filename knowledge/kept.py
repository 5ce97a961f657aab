"""Vectors of texts, kept in a file between runs: a text is encoded once, whatever changes beside it."""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from knowledge.encoder import Encoder, Vectors


def vectors_of(
    encoder: Encoder, texts: Sequence[str], path: Path | None, others: bool = False
) -> tuple[Vectors, OSError | None]:
    """One vector per text, each kept under the hash of its words and of the encoder; why they could not be kept.

    Args:
        others: keep what the file holds of other texts too.
    """
    keys = [hashlib.sha256(f"{encoder.digest}\x1f{text}".encode()).hexdigest()[:24] for text in texts]
    known = {key: vector for key, vector in kept(path).items() if vector.shape == (encoder.dims,)}
    new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    failed = None
    if new:
        known |= dict(zip(new, encoder.encode(list(new.values())), strict=True))
        if path is not None:
            failed = _keep(path, known if others else {key: known[key] for key in keys})
    return np.stack([known[key] for key in keys]), failed


def kept(path: Path | None) -> dict[str, Vectors]:
    """What a file holds; a torn or foreign one holds nothing and is written anew."""
    if path is None:
        return {}
    try:
        with np.load(path, allow_pickle=False) as file:
            return dict(zip(file["keys"].tolist(), np.asarray(file["vectors"], dtype=np.float32), strict=True))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return {}


def _keep(path: Path, vectors: Mapping[str, Vectors]) -> OSError | None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as stream:
            np.savez(stream, keys=np.array(list(vectors)), vectors=np.stack(list(vectors.values())))
        Path(stream.name).replace(path)
    except OSError as error:
        return error
    return None
