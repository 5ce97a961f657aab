"""A film as a small square of numbers, and what surrounds each of its pixels as features of a classifier."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
SIDE = 128
# Scale of smoothing, distance of the neighbours, their number; in pixels of a 128-pixel square.
RINGS = ((1.0, 3, 4), (2.0, 7, 8), (4.0, 14, 8), (6.0, 24, 8), (8.0, 38, 8))
FEATURES = sum(number + 1 for _, _, number in RINGS) + 10
Box = tuple[float, float, float, float]
WHOLE: Box = (0.0, 1.0, 0.0, 1.0)


def sampled(image: NDArray[np.generic], box: Box, side: int) -> Array:
    """The part of an image (top, bottom, left, right as shares of it, margins repeated), as a square of `side`."""
    from scipy import ndimage

    rows, columns = image.shape
    tall, wide = (box[1] - box[0]) * rows / side, (box[3] - box[2]) * columns / side
    blurred = np.asarray(image, dtype=np.float32)
    if max(tall, wide) > 1:
        blurred = ndimage.gaussian_filter(blurred, [max(size / 2 - 0.5, 0.0) for size in (tall, wide)], truncate=3.0)
    steps = (np.arange(side) + 0.5) / side
    y = (box[0] + steps * (box[1] - box[0])) * rows - 0.5
    x = (box[2] + steps * (box[3] - box[2])) * columns - 0.5
    grid = np.meshgrid(y, x, indexing="ij")
    return np.asarray(ndimage.map_coordinates(blurred, grid, order=1, mode="nearest"), dtype=np.float32)


def placed(square: Array, box: Box, shape: tuple[int, int], outside: float) -> Array:
    """A square that covers `box` of an image, put back into an image of `shape`."""
    from scipy import ndimage

    side = square.shape[0]
    y = ((np.arange(shape[0]) + 0.5) / shape[0] - box[0]) / (box[1] - box[0]) * side - 0.5
    x = ((np.arange(shape[1]) + 0.5) / shape[1] - box[2]) / (box[3] - box[2]) * side - 0.5
    grid = np.meshgrid(y, x, indexing="ij")
    mode = "nearest" if box == WHOLE else "constant"
    found = ndimage.map_coordinates(square, grid, order=1, mode=mode, cval=outside)
    return np.asarray(found, dtype=np.float32)


def normal(square: NDArray[np.floating]) -> Array:
    """Grey values between the 1st and the 99th percentile as 0 to 1."""
    low, high = np.percentile(square, [1, 99])
    scaled = np.clip((square - low) / max(float(high - low), 1e-6), 0, 1)
    return np.asarray(scaled, dtype=np.float32)


def equalised(square: Array) -> Array:
    """Each grey value as its rank, -0.5 to 0.5."""
    _, inverse, counts = np.unique(square.ravel().round(4), return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - counts / 2) / square.size
    return (rank[inverse].reshape(square.shape) - 0.5).astype(np.float32)


def features(square: Array) -> Array:
    """One row per pixel: what is bright around it, at five scales, and where it lies."""
    from scipy import ndimage

    side = square.shape[0]
    scale = side / SIDE

    def smooth(values: Array, sigma: float) -> Array:
        return np.asarray(ndimage.gaussian_filter(values, sigma * scale, mode="nearest"))

    rank = equalised(square)
    mean = smooth(square, 16)
    contrast = (square - mean) / np.sqrt(smooth((square - mean) ** 2, 16) + 1e-3)
    columns: list[Array] = []
    for sigma, distance, number in RINGS:
        blurred = smooth(contrast if sigma < 4 else rank, sigma)
        columns.append(blurred)
        for step in range(number):
            angle = 2 * np.pi * (step + (0.5 if number == 4 else 0)) / number
            down, right = (round(float(distance * scale * part(angle))) for part in (np.sin, np.cos))
            columns.append(_moved(blurred, down, right))
    fine, coarse = smooth(rank, 2), smooth(rank, 6)
    columns += [fine, fine[:, ::-1], coarse[:, ::-1]]
    edges = smooth(contrast, 1)
    columns += [smooth(np.abs(ndimage.sobel(edges, axis)), 2) for axis in (0, 1)]
    y, x = (np.mgrid[0:side, 0:side] / side * 2 - 1).astype(np.float32)
    columns += [y, x, np.abs(x), y * y, x * x]
    return np.stack([column.ravel() for column in columns], axis=1).astype(np.float32)


def _moved(values: Array, down: int, right: int) -> Array:
    """Each pixel's value `down` rows below and `right` columns beside it; margins are repeated."""
    pad = max(abs(down), abs(right))
    wide = np.pad(values, pad, mode="edge")
    rows, columns = values.shape
    return np.asarray(wide[pad + down : pad + down + rows, pad + right : pad + right + columns])
