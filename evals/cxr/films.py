"""The films of the COVID-19 image data collection with V7's lung masks (255 lung, 0 not, 127 unknown)."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tools.errors import UsageError

SIDE = 256


@dataclass(frozen=True, eq=False)
class Film:
    """One film. `mask` is 256 x 256; `free`: its licence lets fitted parameters be passed on (CC BY, not NC)."""

    name: str
    patient: str
    view: str
    free: bool
    mask: NDArray[np.uint8] = field(repr=False)
    path: Path = field(repr=False)

    def pixels(self) -> NDArray[np.uint8]:
        """The film in grey."""
        from PIL import Image

        with Image.open(self.path) as picture:
            return np.asarray(picture.convert("L"))


def films(folder: Path) -> list[Film]:
    """Every film of the folder (metadata.csv, images/, masks_v7/).

    Raises:
        UsageError: the folder is not such a collection.
    """
    from PIL import Image

    table = folder / "metadata.csv"
    if not table.is_file():
        raise UsageError(
            f"no films in {folder}",
            found=folder,
            expected="metadata.csv, images/, masks_v7/",
            action="give --data FOLDER",
        )
    found = []
    with table.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            name, licence = row["filename"], row["license"]
            with Image.open(folder / "masks_v7" / name) as picture:
                mask = np.asarray(picture.convert("L").resize((SIDE, SIDE), Image.Resampling.NEAREST))
            free = licence.startswith("CC BY") and "NC" not in licence and "ND" not in licence
            found.append(Film(name, row["patientid"], row["view"], free, mask, folder / "images" / name))
    return found


def dice(found: NDArray[np.bool_], mask: NDArray[np.uint8]) -> float:
    """Overlap with the lung, unknown pixels left out."""
    known = mask != 127
    lung = mask == 255
    total = int((found & known).sum() + lung.sum())
    return 2 * int((found & lung).sum()) / total if total else 0.0


def by_side(mask: NDArray[np.uint8]) -> NDArray[np.int8]:
    """1 the lung on the image's left, 2 on its right, 0 neither, -1 unknown."""
    from scipy import ndimage

    parts, count = ndimage.label(mask == 255)
    labels = np.zeros(mask.shape, dtype=np.int8)
    for number in range(1, count + 1):
        column = float(np.nonzero(parts == number)[1].mean())
        labels[parts == number] = 1 if column < mask.shape[1] / 2 else 2
    labels[mask == 127] = -1
    return labels
