"""Outlines kept beside the image they belong to: one label map with the names of its parts, of an image or a volume.

Evidence names one as `drawn:KEY` where a program outlined it, `mask:KEY` where a person did. The key follows from the
labels and the names alone: the same outline has the same key whenever and wherever it is drawn.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tools.errors import BadInput, NotAssessable

Labels = NDArray[np.uint8]
AnyMask = NDArray[np.bool_]
DRAWN, KEPT = "drawn:", "mask:"
SUFFIX = ".labels.npz"
MOST_PARTS = 255
_KEY = re.compile(r"[0-9a-f]{64}")


def keep_outline(folder: Path, labels: Labels, names: Sequence[str], by_program: Sequence[str] = ()) -> str:
    """Keep an outline; its key.

    Args:
        labels: 0 outside, n in the part `names[n - 1]`; of the shape of the image or volume.
        by_program: of an outline that a person corrected, the parts that stayed as a program drew them.
    """
    key = _key_of(labels, names, by_program)
    path = folder / f"{key}{SUFFIX}"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        out = io.BytesIO()
        # Where no part is a program's the list is empty, and not part of the key.
        drawn = np.array(json.dumps(list(by_program)))
        np.savez_compressed(out, labels=labels, names=np.array(json.dumps(list(names))), by_program=drawn)
        # Whole or not at all: another run may read it meanwhile.
        part = path.with_name(f"{path.name}.{id(out):x}.part")
        part.write_bytes(out.getvalue())
        part.replace(path)
    return key


def read_outline(folder: Path, key: str, shape: tuple[int, ...]) -> tuple[Labels, tuple[str, ...]]:
    """The labels of a kept outline and the names of its parts.

    Raises:
        NotAssessable: it is no longer kept, or is not the one that was.
        BadInput: it is not of this shape.
    """
    labels, names, _ = _held(folder, key)
    if labels.shape != shape:
        raise BadInput(
            "the outline is not of this image",
            found=labels.shape,
            expected=shape,
            action="outline the structure on this image",
        )
    return labels, names


def by_program(folder: Path, key: str) -> tuple[str, ...]:
    """Of an outline that a person corrected, the parts that stayed as a program drew them.

    Raises:
        NotAssessable: it is no longer kept, or is not the one that was.
    """
    return _held(folder, key)[2]


def _held(folder: Path, key: str) -> tuple[Labels, tuple[str, ...], tuple[str, ...]]:
    path = folder / f"{key}{SUFFIX}"
    if not _KEY.fullmatch(key) or not path.exists():
        raise _gone("no such file")
    try:
        with np.load(path, allow_pickle=False) as held:
            labels, names = held["labels"], tuple(json.loads(str(held["names"])))
            drawn = tuple(json.loads(str(held["by_program"]))) if "by_program" in held else ()
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise _gone(type(error).__name__) from error
    if labels.dtype != np.uint8 or _key_of(labels, names, drawn) != key:
        raise _gone("a file with other content")
    return labels, names, drawn


def labels_of(parts: Mapping[str, AnyMask], shape: tuple[int, ...]) -> tuple[Labels, tuple[str, ...], list[str]]:
    """Masks as one label map, the names of the parts that hold anything, and which of them overlapped: a place belongs
    to the first part that holds it.

    Raises:
        BadInput: more parts than a label map has room for.
    """
    names = tuple(name for name, mask in parts.items() if mask.any())
    if len(names) > MOST_PARTS:
        raise BadInput(
            "these are too many parts for one outline",
            found=f"{len(names)} parts",
            expected=f"at most {MOST_PARTS}",
            action="ask for fewer structures",
        )
    labels: Labels = np.zeros(shape, dtype=np.uint8)
    told = []
    for number, name in enumerate(names, 1):
        free = labels == 0
        if lost := int(np.count_nonzero(parts[name] & ~free)):
            told.append(f"{lost} places of the {name} belong to another part as well and are left to that")
        labels[parts[name] & free] = number
    return labels, names, told


def parts_of(labels: Labels, names: Sequence[str]) -> dict[str, AnyMask]:
    """The mask of each part."""
    return {name: np.asarray(labels == number) for number, name in enumerate(names, 1)}


def key_in(outline: str) -> str | None:
    """The key of a kept outline in the words of evidence; None where it names something else."""
    for word in (DRAWN, KEPT):
        if outline.startswith(word) and _KEY.fullmatch(key := outline.removeprefix(word)):
            return key
    return None


def is_kept(outline: str, folder: Path) -> bool:
    """Whether evidence names an outline that is kept as a label map."""
    key = key_in(outline)
    return key is not None and (folder / f"{key}{SUFFIX}").exists()


def _key_of(labels: Labels, names: Sequence[str], drawn: Sequence[str] = ()) -> str:
    body = {"shape": list(labels.shape), "names": list(names)} | ({"by_program": list(drawn)} if drawn else {})
    head = json.dumps(body, sort_keys=True)
    digest = hashlib.sha256(head.encode())
    digest.update(np.ascontiguousarray(labels).data)
    return digest.hexdigest()


def _gone(found: str) -> NotAssessable:
    return NotAssessable(
        "an outline is not kept here",
        found=found,
        expected="the outline as it was drawn",
        action="outline the structure again",
    )
