"""The images of a site as vectors, to look for those that look alike: hashes and labels, nobody's name, no pixels."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from knowledge.index import VectorIndex
from tools.errors import BadInput, ToolError
from tools.imaging.dicom_out import plain as plain_name
from tools.imaging.frame import Image
from tools.imaging.reading import read_image
from tools.imaging.similar import ImageEncoder
from tools.imaging.training import pseudonym
from tools.imaging.what import what_is
from tools.vlm.words import plain

FOLDER, KEY = "similar", "training.key"
"""In the home: the indexes, one folder for each encoder, and the site's key of the pseudonyms."""
ENTRIES, VECTORS = "images.json", "vectors.npy"
MAX_LABEL = 120


@dataclass(frozen=True)
class Entry:
    """An image of the index. `id` and `patient` are keyed hashes (tools/imaging/training.py); `patient` is None where
    the file does not say whose it is."""

    id: str
    patient: str | None
    modality: str | None
    body_part: str | None
    view: str | None
    label: str | None


@dataclass(frozen=True)
class Near:
    """An image that looks alike, and how much: the cosine of the two vectors."""

    entry: Entry
    similarity: float


def build(
    paths: Iterable[Path], encoder: ImageEncoder, key: bytes, labels: Mapping[str, str], folder: Path
) -> tuple[int, list[dict[str, str]]]:
    """Write the index of image files by one encoder; how many are in it, and those left out with the reason.

    Args:
        folder: that of all indexes; those of other encoders stay.
        labels: what a report says of an image, by file name or SHA-256; taken as it is, cut to one line.
    """
    entries: dict[str, tuple[Entry, np.ndarray]] = {}
    left: list[dict[str, str]] = []
    for path in paths:
        try:
            image = read_image(path)
        except ToolError as error:
            left.append({"file": path.name, "reason": error.message})
            continue
        entry = entry_of(image, key, labels.get(path.name) or labels.get(image.sha256))
        entries[entry.id] = (entry, encoder.encode(image))
    folder = _of(folder, encoder)
    folder.mkdir(parents=True, exist_ok=True)
    rows = [entries[name] for name in sorted(entries)]
    body = {"encoder": encoder.id, "images": [asdict(entry) for entry, _ in rows]}
    np.save(folder / VECTORS, np.stack([vector for _, vector in rows]) if rows else np.zeros((0, 1), np.float32))
    (folder / ENTRIES).write_text(json.dumps(body, indent=1, ensure_ascii=False), encoding="utf-8")
    return len(rows), left


def entry_of(image: Image, key: bytes, label: str | None = None) -> Entry:
    """What the index holds of an image beside its vector."""
    what, who = what_is(image), image.header.who
    return Entry(
        id=pseudonym(key, "image", f"{image.sha256}/{image.frame}"),
        patient=pseudonym(key, "patient file", f"{who.issuer or ''}/{who.patient_id}") if who.patient_id else None,
        modality=what.modality.value,
        body_part=what.body_part.value,
        view=what.view.value,
        label=plain(label, MAX_LABEL) if label else None,
    )


def search(image: Image, encoder: ImageEncoder, key: bytes, folder: Path, count: int = 5) -> list[Near]:
    """The images of the index that look most like this one: never itself, never one of the same patient.

    Raises:
        BadInput: there is no index, or it was made by another encoder.
    """
    entries, vectors = load(folder, encoder)
    own = entry_of(image, key)
    mine = {
        row for row, entry in enumerate(entries) if entry.id == own.id or (own.patient and entry.patient == own.patient)
    }
    found = VectorIndex(vectors).nearest(encoder.encode(image), count + len(mine))
    return [Near(entries[row], round(score, 4)) for row, score in found if row not in mine][:count]


def load(folder: Path, encoder: ImageEncoder) -> tuple[list[Entry], np.ndarray]:
    """The entries and their vectors.

    Raises:
        BadInput: there is no index, it is damaged, or it was made by another encoder.
    """
    there = sorted(path.parent.name for path in folder.glob(f"*/{ENTRIES}"))
    folder = _of(folder, encoder)
    try:
        body = json.loads((folder / ENTRIES).read_text(encoding="utf-8"))
        vectors = np.load(folder / VECTORS, allow_pickle=False)
        entries = [Entry(**row) for row in body["images"]]
        if body["encoder"] != encoder.id or len(entries) != len(vectors):
            raise ValueError(f"made by {body['encoder']}, {len(entries)} images, {len(vectors)} vectors")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(
            "there is no index of images that can be used",
            found=f"{type(error).__name__}: {error}" if (folder / ENTRIES).exists() else ", ".join(there) or "none",
            expected=f"an index made by {encoder.id}",
            action="make one with `osler image index FOLDER`",
        ) from error
    return entries, vectors


def _of(folder: Path, encoder: ImageEncoder) -> Path:
    """Where the index of one encoder is."""
    return folder / plain_name(encoder.id)


def read_labels(path: Path) -> dict[str, str]:
    """Labels from a CSV of two columns, `image` (file name or SHA-256) and `label`.

    Raises:
        BadInput: no such columns.
    """
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    if not rows or not {"image", "label"} <= set(rows[0]):
        raise BadInput(
            f"{path.name} holds no labels",
            found=", ".join(rows[0]) if rows else "no rows",
            expected="columns image, label",
            action="name the columns so",
        )
    return {row["image"]: row["label"] for row in rows if row["label"]}
