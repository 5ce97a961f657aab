"""Fundus photographs with reference vessels, laid out as DRIVE: images/, 1st_manual/, mask/, paired by number."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tools.errors import UsageError

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Photograph:
    """One photograph, its vessels as drawn by a reader, and its field of view as given with it."""

    name: str
    rgb: NDArray[np.uint8] = field(repr=False)
    vessels: Mask = field(repr=False)
    field_of_view: Mask | None = field(repr=False)


def photographs(folder: Path, n: int | None = None) -> list[Photograph]:
    """Every photograph (or the first `n`) that has reference vessels.

    Raises:
        UsageError: the folder is laid out otherwise.
    """
    images = _numbered(folder / "images")
    vessels, fields = _numbered(folder / "1st_manual"), _numbered(folder / "mask")
    both = sorted(images.keys() & vessels.keys())
    if not both:
        raise UsageError(
            f"no fundus photographs with reference vessels in {folder}",
            found=f"{len(images)} in images/, {len(vessels)} in 1st_manual/",
            expected="images/21_training.tif beside 1st_manual/21_manual1.gif and mask/21_training_mask.gif",
            action="give the folder that holds images/ and 1st_manual/",
        )
    return [
        Photograph(
            key,
            np.asarray(_opened(images[key], "RGB")),
            np.asarray(_opened(vessels[key], "L")) > 127,
            np.asarray(_opened(fields[key], "L")) > 127 if key in fields else None,
        )
        for key in both[:n]
    ]


def _numbered(folder: Path) -> dict[str, Path]:
    found = [(re.match(r"\d+", path.name), path) for path in sorted(folder.glob("*")) if path.is_file()]
    return {match.group(): path for match, path in found if match}


def _opened(path: Path, mode: str) -> NDArray[np.uint8]:
    from PIL import Image

    with Image.open(path) as file:
        return np.asarray(file.convert(mode))
