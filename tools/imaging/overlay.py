"""Outlines and calipers drawn over the windowed image, as a PNG: what a person who has no DICOM viewer is shown.

Only lines go over the image, so that side and projection markers stay visible; what the lines are stands below it.
Text burnt into the pixels is covered first (safety rule 17), and said to be.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.imaging.burnt_in import hidden
from tools.imaging.dicom_out import plain
from tools.imaging.frame import SOFT_TISSUE, Image, scaled
from tools.imaging.outlines import Drawing
from tools.segmenters.contract import Target

COLOURS = ((255, 196, 0), (0, 200, 255), (255, 80, 160), (120, 230, 80), (255, 130, 40), (170, 140, 255))
_LINE, _LEAST = 14, 320
# Soft tissue of the trunk, as windows of CT are commonly set.
Picture = NDArray[np.uint8]


def write_overlays(target: Target, drawings: Sequence[Drawing], folder: Path) -> tuple[list[Path], list[str]]:
    """A PNG for an image, or one for the slice of every structure that has most of it; and what has to be said.

    Returns:
        The files, and what was covered.

    Raises:
        NotAssessable: the file says that text is burnt into it, and none was found to cover.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    told: list[str] = []
    for at in _slices(drawings):
        here = [one for one in drawings if one.slice_ == at]
        picture, said = _picture(target, at)
        place = "" if isinstance(target, Image) else f"-slice-{at}"
        named = "-".join(dict.fromkeys(plain(one.structure) for one in here if one.structure))[:60] or "landmarks"
        path = folder / f"{target.sha256[:12]}{place}-{named}-overlay.png"
        _drawn(picture, here, ", ".join(filter(None, (place.strip("-").replace("-", " "), "not verified")))).save(path)
        paths.append(path)
        told += said
    return paths, list(dict.fromkeys(told))


def _slices(drawings: Sequence[Drawing]) -> list[int]:
    """For every structure the slice with calipers, else that with the longest outline."""
    best: dict[str, tuple[tuple[int, float], int]] = {}
    for one in drawings:
        length = sum(float(np.abs(np.diff(line, axis=0)).sum()) for line in one.outlines)
        found = ((len(one.calipers), length), one.slice_)
        best[one.structure] = max(best.get(one.structure, found), found)
    return sorted({at for _, at in best.values()})


def _picture(target: Target, at: int) -> tuple[Picture, list[str]]:
    if not isinstance(target, Image):
        low, high = SOFT_TISSUE if target.header.modality == "CT" else np.percentile(target.values[at], (1, 99))
        grey = scaled(target.values[at], float(low), float(high))
        return _rgb(grey), []
    image, told = hidden(target)
    shown = image.colour if image.colour is not None else _rgb(image.pixels)
    return shown, list(told)


def _rgb(grey: NDArray[Any]) -> Picture:
    return np.repeat((np.clip(grey, 0, 1) * 255).astype(np.uint8)[..., None], 3, axis=2)


def _drawn(picture: Picture, drawings: Sequence[Drawing], place: str) -> Any:
    from PIL import Image as Pillow
    from PIL import ImageDraw

    rows, columns = picture.shape[:2]
    factor = max(1, -(-_LEAST // max(columns, 1)))
    names = list(dict.fromkeys(one.structure for one in drawings))
    words = [(name, line) for name in names for line in _words(drawings, name)]
    height = _LINE * (len(words) + 1) + 6
    whole = Pillow.new("RGB", (columns * factor, rows * factor + height))
    whole.paste(Pillow.fromarray(picture).resize((columns * factor, rows * factor), Pillow.Resampling.NEAREST))
    pen = ImageDraw.Draw(whole)
    for one in drawings:
        colour = COLOURS[names.index(one.structure) % len(COLOURS)]
        for line in (*one.outlines, *one.calipers):
            pen.line([tuple((place_ + 0.5) * factor) for place_ in line], fill=colour, width=1 + factor // 2)
    pen.rectangle((0, rows * factor, columns * factor, rows * factor + height), fill=(0, 0, 0))
    top = rows * factor + 3
    for name, word in words:
        pen.text((4, top), word, fill=COLOURS[names.index(name) % len(COLOURS)])
        top += _LINE
    pen.text((4, top), place, fill=(255, 255, 255))
    return whole


def _words(drawings: Sequence[Drawing], name: str) -> list[str]:
    lines = [line for one in drawings if one.structure == name for line in one.text.split("\n")]
    # Pillow's own letters are Latin-1.
    return [line.encode("latin-1", "replace").decode("latin-1") for line in dict.fromkeys(lines) if line]
