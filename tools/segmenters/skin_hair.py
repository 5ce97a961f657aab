"""Hair, ruler ticks and the like on a photograph of skin: found as thin dark lines and filled from beside them.

Black-hat by lines in eight directions, as DullRazor does it (Lee et al. 1997);
filled with what surrounds the line rather than by interpolation across it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
LENGTH = 13
"""Length in pixels of the line that closes a hair; a darker thing at least this wide both ways is no hair."""
DEPTH = 0.07
"""By how much a hair is darker than what is beside it, of full light."""


def lines_on(light: Floats) -> Mask:
    """Thin dark lines on a picture of 0 to 1: closed away by a line across them, longer than they are wide."""
    from scipy import ndimage

    closed = np.stack([ndimage.grey_closing(light, footprint=_line(number)) for number in range(8)])
    dark = closed.max(axis=0) - light > DEPTH
    parts, count = ndimage.label(dark, np.ones((3, 3)))
    if not count:
        return np.zeros(light.shape, dtype=bool)
    sizes = np.asarray(ndimage.sum_labels(dark, parts, range(1, count + 1)))
    long = np.zeros(count + 1, dtype=bool)
    for number, where in enumerate(ndimage.find_objects(parts), start=1):
        reach = max(side.stop - side.start for side in where)
        thick = sizes[number - 1] / max(reach, 1)
        long[number] = reach >= LENGTH - 3 and (thick < 6 or sizes[number - 1] < 0.3 * _extent(where))
    return np.asarray(ndimage.binary_dilation(long[parts], iterations=2))


def filled(colour: Floats, lines: Mask) -> Floats:
    """The picture with the lines replaced by what surrounds them."""
    from scipy import ndimage

    out = colour.copy()
    left = lines.copy()
    for sigma in (2.5, 6.0, 15.0):
        if not left.any():
            break
        weight = ndimage.gaussian_filter((~lines).astype(np.float64), sigma)
        known = left & (weight > 0.05)
        for channel in range(colour.shape[2]):
            around = ndimage.gaussian_filter(np.where(lines, 0.0, colour[..., channel]), sigma)
            out[..., channel][known] = around[known] / weight[known]
        left &= ~known
    return out


def _line(number: int) -> Mask:
    half = LENGTH // 2
    made = np.zeros((LENGTH, LENGTH), dtype=bool)
    angle = np.pi * number / 8
    for step in np.linspace(-half, half, 4 * LENGTH):
        made[round(half + step * np.sin(angle)), round(half + step * np.cos(angle))] = True
    return made


def _extent(where: tuple[slice, ...]) -> int:
    rows, columns = where
    return int((rows.stop - rows.start) * (columns.stop - columns.start))
