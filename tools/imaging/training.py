"""Corrections as training data: what a person changed on an image, without saying whose image it is.

A folder with `corrections.jsonl`, one line per correction, and beside it PNGs of the outline before and after, and of
the picture where it may be passed on; outlines of a series are label maps (`mask` in an NPZ, slices x rows x columns),
and its slices are never passed on: a head's can show a face. No header, UID, date, name or free text is in it.
Patient, image and corrector are keyed hashes: the same key (kept by the site) gives the same hash, so that cases can be
kept apart by patient, and without it no list of record numbers can be tried out against them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.errors import BadInput

AnyMask = NDArray[np.bool_]

FORMAT = 1
LINES = "corrections.jsonl"


@dataclass(frozen=True, eq=False)
class Corrected:
    """One outline that a person corrected, of an image or a series.

    `pixels` are what a reader is shown (0 to 1, bright = dense), None where the picture was not passed on; `flipped`
    once the patient's right is at the image's right.
    """

    patient: str
    image: str
    structure: str
    algorithm: str
    by: str
    before: AnyMask = field(repr=False)
    after: AnyMask = field(repr=False)
    pixels: NDArray[np.float32] | None = field(default=None, repr=False)
    flipped: bool = False
    modality: str | None = None
    view: str | None = None
    consent: str | None = None
    licence: str | None = None

    @property
    def id(self) -> str:
        """Follows from image, structure and the outline drawn."""
        drawn = hashlib.sha256(np.packbits(self.after).tobytes()).hexdigest()
        return hashlib.sha256("\x1f".join([self.image, self.structure, drawn]).encode()).hexdigest()[:16]


def pseudonym(key: bytes, kind: str, text: str) -> str:
    """A keyed hash (HMAC-SHA256, 16 hex digits); patients, images and people never share one."""
    return hmac.new(key, f"{kind}\x1f{text}".encode(), hashlib.sha256).hexdigest()[:16]


def dice(one: AnyMask, other: AnyMask) -> float:
    """Overlap of two masks; 1 where both are empty."""
    total = int(one.sum()) + int(other.sum())
    return 2 * int((one & other).sum()) / total if total else 1.0


def write(items: Sequence[Corrected], folder: Path) -> list[dict[str, Any]]:
    """Write corrections; what the folder held under the same ids is replaced. The lines that were written."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = {row["id"]: row for row in _lines(folder)}
    made = []
    for item in items:
        row = _row(item)
        files = {"before": item.before, "after": item.after}
        for name, mask in files.items():
            if mask.ndim == 3:
                np.savez_compressed(folder / row[name], mask=mask.astype(np.uint8))
            else:
                _save(mask.astype(np.uint8) * 255, folder / row[name])
        if item.pixels is not None:
            _save(np.rint(item.pixels * 255).astype(np.uint8), folder / row["picture"])
        lines[row["id"]] = row
        made.append(row)
    text = "".join(json.dumps(row, sort_keys=True) + "\n" for row in sorted(lines.values(), key=lambda row: row["id"]))
    (folder / LINES).write_text(text, encoding="utf-8")
    return made


def read(folder: Path) -> list[Corrected]:
    """The corrections of a folder.

    Raises:
        BadInput: there are none, or a file of theirs does not fit.
    """
    rows = _lines(folder)
    if not rows:
        raise BadInput(
            f"no corrections in {folder}",
            found="no lines" if (folder / LINES).exists() else f"no {LINES}",
            expected="a folder that `osler image corrections --out FOLDER` wrote",
            action="export corrections first",
        )
    return [_read(row, folder) for row in rows]


def _row(item: Corrected) -> dict[str, Any]:
    name, kind = item.id, "npz" if item.after.ndim == 3 else "png"
    return {
        "format": FORMAT,
        "id": name,
        "patient": item.patient,
        "image": item.image,
        "by": item.by,
        "structure": item.structure,
        "algorithm": item.algorithm,
        "slices": item.after.shape[0] if item.after.ndim == 3 else None,
        "rows": item.after.shape[-2],
        "columns": item.after.shape[-1],
        "flipped": item.flipped,
        "modality": item.modality,
        "view": item.view,
        "dice_before_after": round(dice(item.before, item.after), 4),
        "pixels_changed": int((item.before != item.after).sum()),
        "consent": item.consent,
        "licence": item.licence,
        "before": f"{name}.before.{kind}",
        "after": f"{name}.after.{kind}",
        "picture": f"{name}.picture.png" if item.pixels is not None else None,
    }


def _read(row: dict[str, Any], folder: Path) -> Corrected:
    try:
        deep = (int(row["slices"]),) if row.get("slices") else ()
        shape = (*deep, int(row["rows"]), int(row["columns"]))
        before, after = (_mask(folder / Path(row[name]).name) for name in ("before", "after"))
        picture = _load(folder / Path(row["picture"]).name) if row["picture"] else None
        if any(part is not None and part.shape != shape for part in (before, after, picture)):
            raise ValueError(f"a picture is not {' x '.join(map(str, shape[::-1]))}")
        plain: dict[str, Any] = {
            name: row[name] for name in ("patient", "image", "structure", "algorithm", "by", "flipped")
        }
        told: dict[str, Any] = {name: row.get(name) for name in ("modality", "view", "consent", "licence")}
    except (KeyError, ValueError, TypeError, OSError, SyntaxError, zipfile.BadZipFile) as error:
        raise BadInput(
            "a correction of the folder cannot be read",
            found=f"{row.get('id')}: {type(error).__name__}: {error}",
            expected=f"a line of {LINES} with its pictures",
            action="export the corrections again",
        ) from error
    pixels = None if picture is None else (picture / np.float32(255)).astype(np.float32)
    return Corrected(**plain, **told, before=before, after=after, pixels=pixels)


def _lines(folder: Path) -> list[dict[str, Any]]:
    path = folder / LINES
    if not path.is_file():
        return []
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except ValueError as error:
        raise BadInput(
            f"{LINES} cannot be read", found=str(error), expected="JSON lines", action="export the corrections again"
        ) from error
    return [row for row in rows if isinstance(row, dict) and row.get("format") == FORMAT]


def _save(array: NDArray[np.uint8], path: Path) -> None:
    from PIL import Image as Pillow

    Pillow.fromarray(array).save(path, format="PNG")


def _load(path: Path) -> NDArray[np.uint8]:
    from PIL import Image as Pillow

    with Pillow.open(path, formats=("PNG",)) as file:
        return np.asarray(file.convert("L"))


def _mask(path: Path) -> AnyMask:
    if path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as held:
            return np.asarray(held["mask"] > 0)
    return np.asarray(_load(path) > 127)
