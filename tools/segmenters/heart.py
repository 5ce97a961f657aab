"""The silhouette of the heart between two lung fields, and the cardiothoracic ratio.

Below the hila, each row's outer border of the heart is where bright gives way to dark from the midline outwards; the
path over all rows with the most contrast, and no leaps, is taken (dynamic programming). Nothing is fitted.
The ratio is the heart's greatest reach to the right of the midline plus its greatest reach to the left, over the widest
distance between the outer borders of the lungs on one row (as Primary Care Notebook, "Cardiothoracic ratio", read
2026-11-22, defines it: rightmost to leftmost border of the heart, over the inner width of the chest at its widest above
the costophrenic angles). Its error was measured only against one
non-radiologist reader (evals/cxr/ctr_readings.yaml): it is not validated and decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.errors import BadInput, NotAssessable
from tools.segmenters.lungs import LungFields
from tools.segmenters.pixels import WHOLE, Array, normal, placed, sampled
from tools.segmenters.segment import Mask, Segment

ALGORITHM = "osler-heart-borders"
VERSION = "1.0.0"
SIDE = 256
# Share of the half thorax that is compared inside and outside of a border, and what a border may cost for its place.
REACH = 0.13


@dataclass(frozen=True)
class Side:
    """Where a border is looked for: from which share of the lung's height down, its usual place between midline (0)
    and wall (1) at top and bottom, and by how many columns it may move per row."""

    top: float
    usual: tuple[float, float]
    spread: float
    inwards: int
    outwards: int


# Right: the atrium, close to the spine. Left: the border runs outwards from the pulmonary trunk to the apex.
RIGHT = Side(top=0.58, usual=(0.25, 0.32), spread=0.12, inwards=1, outwards=1)
LEFT = Side(top=0.5, usual=(0.3, 0.65), spread=0.2, inwards=1, outwards=3)


def heart(pixels: NDArray[np.generic], fields: LungFields) -> Segment:
    """The heart's silhouette between the lung fields of the same film.

    Raises:
        BadInput: the fields are of another film.
        NotAssessable: no border can be followed.
    """
    shape = fields.right.mask.shape
    if pixels.shape != shape or fields.left.mask.shape != shape:
        raise BadInput(
            "the lung fields are not of this film",
            found=f"film {pixels.shape}, masks {shape} and {fields.left.mask.shape}",
            expected="one size",
            action="find or draw the lungs on the same film",
        )
    square = normal(sampled(pixels, WHOLE, SIDE))
    lungs = [_small(segment.mask) for segment in _by_image(fields)]
    middle = midline(lungs[0], lungs[1])
    sides = (LEFT, RIGHT) if fields.flipped else (RIGHT, LEFT)
    mask = np.zeros((SIDE, SIDE), dtype=bool)
    quality = []
    # The half at the image's left is turned over, so that outwards is to the right in both.
    turned = (square[:, ::-1], lungs[0][:, ::-1], SIDE - 1 - middle), (square, lungs[1], middle)
    for number, ((half, lung, centre), side) in enumerate(zip(turned, sides, strict=True)):
        rows, border, contrast = _border(half, lung, centre, side)
        quality.append(contrast)
        for row, column in zip(rows, border, strict=True):
            reach = slice(int(np.ceil(centre)), round(float(column)) + 1)
            (mask[:, ::-1] if number == 0 else mask)[row, reach] = True
    confidence = round(float(np.clip(min(quality) / 0.15, 0, 1)) * fields.confidence * 0.5, 2)
    whole = placed(mask.astype(np.float32), WHOLE, (shape[0], shape[1]), 0.0) >= 0.5
    return Segment("heart", np.asarray(whole), confidence, ALGORITHM, VERSION)


def midline(left: Mask, right: Mask) -> float:
    """The column halfway between the inner borders of the two fields, over their upper halves."""
    rows = np.flatnonzero(left.any(axis=1) & right.any(axis=1))
    if len(rows) < 8:
        raise NotAssessable(
            "no midline between the lung fields",
            found=f"{len(rows)} rows with both lungs",
            expected="two lung fields side by side",
            action="draw the lungs by hand",
        )
    upper = rows[len(rows) // 8 : len(rows) // 2]
    inner = left.shape[1] - 1 - np.argmax(left[upper][:, ::-1], axis=1)
    return float(np.median((inner + np.argmax(right[upper], axis=1)) / 2))


def _border(
    square: Array, lung: Mask, centre: float, side: Side
) -> tuple[NDArray[np.intp], NDArray[np.float64], float]:
    """Rows, the border's column on each, and the contrast along it; outwards is to the right."""
    from scipy import ndimage

    rows = np.flatnonzero(lung.any(axis=1))
    wall = lung.shape[1] - 1 - np.argmax(lung[:, ::-1], axis=1)
    half = float(np.percentile(wall[rows], 90)) - centre
    low = _base(lung, centre, half) if half >= 16 else 0
    span = np.arange(int(rows[0] + side.top * (low - rows[0])), low)
    if len(span) < 8:
        raise NotAssessable(
            "no room for a heart border between midline and lung",
            found=f"{len(span)} rows, {half:.0f} of {SIDE} columns",
            expected="two lung fields around a heart",
            action="draw the borders by hand",
        )
    reach = max(2, round(REACH * half))
    smooth = ndimage.gaussian_filter1d(square, 2.0, axis=0)
    sums = np.cumsum(np.pad(smooth, ((0, 0), (reach + 1, reach)), mode="edge"), axis=1)
    columns = np.arange(int(centre + 0.08 * half), int(centre + 0.92 * half))
    at = columns + reach
    within = sums[:, at + 1] - sums[:, at + 1 - reach]
    beyond = sums[:, at + 1 + reach] - sums[:, at + 1]
    contrast = (within - beyond)[span] / reach
    place = (columns - centre) / half
    usual = np.linspace(side.usual[0], side.usual[1], len(span))
    cost = ((place[None, :] - usual[:, None]) / side.spread) ** 2 * 0.02
    gain = contrast - cost - 0.3 * ~lung[span][:, columns]
    path = _followed(gain, side)
    found = ndimage.median_filter(columns[path].astype(float), size=5, mode="nearest")
    return span, found, float(contrast[np.arange(len(span)), path].mean())


def _base(lung: Mask, centre: float, half: float) -> int:
    """The row at which the lung ends below, in the middle of the half: the diaphragm, seen through the heart."""
    inner = slice(int(centre + 0.25 * half), int(centre + 0.6 * half))
    below = lung.shape[0] - 1 - np.argmax(lung[::-1, inner], axis=0)
    return int(np.median(below)) - 2


def _followed(gain: NDArray[np.floating], side: Side) -> NDArray[np.intp]:
    """The path from top to bottom with the highest total gain, moving at most so far in and out per row."""
    steps = range(-side.inwards, side.outwards + 1)
    total = gain[0].astype(float)
    back = np.zeros(gain.shape, dtype=np.intp)
    wide = max(side.inwards, side.outwards)
    for row in range(1, len(gain)):
        padded = np.pad(total, wide, constant_values=-np.inf)
        options = np.stack([padded[wide - step : wide - step + len(total)] for step in steps])
        best = options.argmax(axis=0)
        back[row] = np.arange(len(total)) - (best - side.inwards)
        total = options.max(axis=0) + gain[row]
    path = np.zeros(len(gain), dtype=np.intp)
    path[-1] = int(total.argmax())
    for row in range(len(gain) - 1, 0, -1):
        path[row - 1] = back[row, path[row]]
    return path


def _by_image(fields: LungFields) -> tuple[Segment, Segment]:
    return (fields.left, fields.right) if fields.flipped else (fields.right, fields.left)


def _small(mask: Mask) -> Mask:
    return np.asarray(sampled(mask.astype(np.float32), WHOLE, SIDE) >= 0.5)
