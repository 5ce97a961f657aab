"""Resampling shared by the quality gate and the recognition of films: area means down, bicubic up."""

from __future__ import annotations

import numpy as np

from tools.imaging.frame import Array, scaled


def resized(pixels: Array, rows: int, columns: int) -> Array:
    """An array of the given size."""
    from PIL import Image as Pillow

    if pixels.shape == (rows, columns):
        return pixels
    smaller = rows * columns < pixels.size
    method = Pillow.Resampling.BOX if smaller else Pillow.Resampling.BICUBIC
    return np.asarray(Pillow.fromarray(pixels).resize((columns, rows), method), dtype=np.float32)


def at_longest(pixels: Array, longest: int) -> Array:
    """The image with its longer side at `longest` pixels, proportions kept."""
    ratio = longest / max(pixels.shape)
    return resized(pixels, max(1, round(pixels.shape[0] * ratio)), max(1, round(pixels.shape[1] * ratio)))


def centre(pixels: Array, share: float = 0.8) -> Array:
    """The middle of an image: borders hold collimation, labels and air."""
    rows, columns = (int(size * (1 - share) / 2) for size in pixels.shape)
    return pixels[rows : pixels.shape[0] - rows, columns : pixels.shape[1] - columns]


def stretched(pixels: Array) -> Array:
    """Grey values between the 1st and the 99th percentile as 0..1."""
    low, high = np.percentile(pixels, [1, 99])
    return scaled(pixels, float(low), float(high))


def field(pixels: Array) -> tuple[slice, slice, float]:
    """The part that is not a flat margin (black bands, collimation): rows, columns, and its share of the image."""
    small = stretched(at_longest(pixels, 256))
    rows, columns = (np.flatnonzero(small.std(axis=axis) > 0.02) for axis in (1, 0))
    if len(rows) < 2 or len(columns) < 2:
        return slice(None), slice(None), 0.0
    share = (rows[-1] - rows[0] + 1) * (columns[-1] - columns[0] + 1) / small.size
    scale = pixels.shape[0] / small.shape[0]
    height = slice(int(rows[0] * scale), int(np.ceil((rows[-1] + 1) * scale)))
    width = slice(int(columns[0] * scale), int(np.ceil((columns[-1] + 1) * scale)))
    return height, width, float(share)
