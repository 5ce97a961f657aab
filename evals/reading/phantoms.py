"""Drawn images with one small lesion, or none, between specks that are no lesions: nobody's pictures.

Soft shades as of a body, grain as of a detector, a faint disc of known diameter, and specks of one or two pixels. At a
model's resolution a small disc and a speck look alike; at full resolution only the disc has a size.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np

from tools.imaging.frame import Image

SIDE = 1536
GRAIN = 0.02
SPECKS = 4
Box = tuple[int, int, int, int]


@dataclass(frozen=True, eq=False)
class Drawn:
    """An image and the box of its lesion in stored pixels (right and bottom exclusive); None where it has none."""

    image: Image = field(repr=False)
    lesion: Box | None
    diameter: int
    contrast: float


def draw(seed: int, diameter: int, side: int = SIDE) -> Drawn:
    """A square image; `diameter` 0 draws no lesion. The same seed draws the same image."""
    from scipy import ndimage

    random = np.random.default_rng(seed)
    coarse = random.normal(0, 1, (side // 64, side // 64))
    shade = ndimage.zoom(ndimage.gaussian_filter(coarse, 2.0), side / coarse.shape[0], order=1)
    pixels = 0.4 + 0.12 * shade / max(float(np.abs(shade).max()), 1e-6)
    fine = ndimage.gaussian_filter(random.normal(0, 1, (side, side)).astype(np.float32), 0.7)
    pixels = pixels + GRAIN * fine / fine.std()
    for _ in range(SPECKS):
        top, left = (int(random.integers(side // 16, side - side // 16)) for _ in range(2))
        size = int(random.integers(1, 3))
        pixels[top : top + size, left : left + size] += 0.45
    contrast = float(random.uniform(0.04, 0.16))
    row, column = (float(random.uniform(side * 0.08, side * 0.92)) for _ in range(2))
    box: Box | None = None
    if diameter:
        reach = diameter // 2 + 4
        top, left = int(row) - reach, int(column) - reach
        y, x = np.mgrid[top : top + 2 * reach, left : left + 2 * reach]
        far = np.hypot(y - row, x - column)
        pixels[top : top + 2 * reach, left : left + 2 * reach] += contrast * np.clip(diameter / 2 - far + 0.5, 0, 1)
        left, top = round(column - diameter / 2), round(row - diameter / 2)
        box = (left, top, left + diameter, top + diameter)
    shown = np.clip(pixels, 0, 1).astype(np.float32)
    image = Image(
        pixels=shown,
        values=None,
        name=f"phantom-{seed}-{diameter}",
        sha256=hashlib.sha256(shown.tobytes()).hexdigest(),
        format="PNG",
        photometric="MONOCHROME2",
        bits=8,
    )
    return Drawn(image, box, diameter, contrast)
