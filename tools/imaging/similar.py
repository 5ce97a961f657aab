"""What an image looks like, as a vector: for finding images that look alike. Nothing in it is fitted.

Of a frontal chest film the part that holds the lungs is taken, of another image what is not margin; turned into edges
by direction in 8 x 8 cells (HOG, Dalal and Triggs 2005, doi:10.1109/CVPR.2005.177) and grey values as ranks at two
scales. It follows shape and density, not disease: images that look alike need not mean the same.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tools.imaging.frame import Image
from tools.imaging.likeness import LIKELY, frontal_chest
from tools.imaging.sampling import field
from tools.segmenters.lungs import lung_boxes, shipped
from tools.segmenters.pixels import WHOLE, Box, equalised, normal, sampled

SIDE = 64
CELL = 8
ANGLES = 9
SMALL, COARSE = 16, 8
Vector = NDArray[np.float32]


class ImageEncoder(Protocol):
    """What makes a vector of an image; `id` says which and in which version, since vectors of two do not compare."""

    id: str

    def encode(self, image: Image) -> Vector:
        """A vector of length one."""
        ...


class Descriptor:
    """The default: no weights, milliseconds on a CPU."""

    id = "hog-ranks 1"

    def encode(self, image: Image) -> Vector:
        """Edges and ranks of the part that holds the lungs, or of the image."""
        square = normal(sampled(image.pixels, _box(image), SIDE))
        small = sampled(equalised(square), WHOLE, SMALL)
        coarse = sampled(equalised(square), WHOLE, COARSE)
        parts = [(edges(square), 1.0), (small.ravel(), 0.7), (coarse.ravel(), 0.7)]
        return unit(np.concatenate([unit(part) * weight for part, weight in parts]))


def edges(square: NDArray[np.float32]) -> Vector:
    """Histograms of the directions of edges in cells, each brought to length one within its 2 x 2 block."""
    from scipy import ndimage

    smooth = ndimage.gaussian_filter(square, 1.0)
    down, right = np.gradient(smooth)
    size, angle = np.hypot(down, right), np.mod(np.arctan2(down, right), np.pi) / np.pi * ANGLES
    low = np.floor(angle).astype(int) % ANGLES
    share = angle - np.floor(angle)
    cells = len(square) // CELL
    found = np.zeros((cells, cells, ANGLES), dtype=np.float32)
    row, column = (np.indices(square.shape) // CELL).reshape(2, -1)
    np.add.at(found, (row, column, low.ravel()), (size * (1 - share)).ravel())
    np.add.at(found, (row, column, ((low + 1) % ANGLES).ravel()), (size * share).ravel())
    blocks = [
        unit(found[top : top + 2, left : left + 2].ravel()) for top in range(cells - 1) for left in range(cells - 1)
    ]
    return np.concatenate(blocks)


def unit(vector: NDArray[np.floating]) -> Vector:
    """The vector at length one; all zero stays so."""
    length = float(np.linalg.norm(vector))
    return np.asarray(vector / length if length > 1e-8 else vector * 0, dtype=np.float32)


def _box(image: Image) -> Box:
    if frontal_chest(image.pixels) >= LIKELY and (found := lung_boxes(image.pixels, shipped())):
        return found[0]
    rows, columns, share = field(image.pixels)
    if share <= 0:
        return WHOLE
    return (
        rows.start / image.rows, rows.stop / image.rows, columns.start / image.columns, columns.stop / image.columns,
    )  # fmt: skip
