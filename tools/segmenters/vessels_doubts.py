"""What on a fundus photograph lowers the confidence in the vessels found, short of refusing them.

Five figures of the photograph and of what was found, each with its words. Their bounds were set on one drawn photograph
that was spoilt by code in 29 ways of three severities (evals/corruption/retina_kinds.py): from `low` down a
figure halves the confidence and more, from `high` up it says nothing. Real photographs only measure.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tools.imaging.colour_kind import ColourKind
from tools.segmenters.segment import Mask
from tools.segmenters.vessels_features import DIAMETER, RIM, Array

LEAST = 0.45
"""The worst of the figures counts, and takes no more than this leaves: figures that say the same are not added up."""
THIN = 1.5
"""Half-widths up to this, in pixels where the field is 540 across, are of thin vessels."""
# At other sizes thin vessels are wider or narrower than a pixel shows.
COMPARABLE = (0.8, 2.5)
# Figure: where it halves the confidence, where it begins to.
BOUNDS: dict[str, tuple[float, float]] = {
    "vessels do not stand out clearly": (0.74, 0.79),
    "thin vessels are missing: out of focus or too coarse": (0.2, 0.34),
    "the field of view is not round: cut off, covered or stretched": (0.91, 0.965),
    "the photograph is very dark": (10.0, 23.0),
    "it has few shades of green": (6.0, 15.0),
}


def photograph_doubts(
    image: NDArray[np.float32], lit: Mask, mask: Mask, likely: Array, kind: ColourKind, across: int
) -> tuple[float, tuple[str, ...]]:
    """What is left of the confidence, as a share, and the doubts."""
    inner = _inner(lit)
    shades = np.unique(np.rint(image[..., 1][inner])).size
    figures = (
        float(likely[mask].mean()),
        _thin(mask, across / DIAMETER),
        kind.marks["round"],
        float(np.median(image.max(axis=2)[inner])),
        float(shades),
    )
    left, doubts = 1.0, []
    for (doubt, (low, high)), figure in zip(BOUNDS.items(), figures, strict=True):
        share = float(np.clip((figure - low) / (high - low), 0, 1))
        if share < 1:
            doubts.append(doubt)
        left = min(left, LEAST + (1 - LEAST) * share)
    return left, tuple(doubts)


def _inner(lit: Mask) -> Mask:
    from scipy import ndimage

    inner = ndimage.binary_erosion(lit, iterations=2 * RIM)
    return np.asarray(inner if inner.any() else lit)


def _thin(mask: Mask, scale: float) -> float:
    """The share of the middle lines of what was found that is thin; 1 where the picture's size does not allow it."""
    from scipy import ndimage

    if not COMPARABLE[0] <= scale <= COMPARABLE[1]:
        return 1.0
    depth = ndimage.distance_transform_edt(mask)
    middle = mask & (depth == ndimage.maximum_filter(depth, 3))
    return float((depth[middle] <= THIN * scale).mean())
