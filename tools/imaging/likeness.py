"""How much an image looks like an upright frontal chest film: correlation with two dark lungs on a bright ground.

The pattern is drawn, not learnt: two ellipses in 135 positions and sizes, compared inside the frame they span.
Measured 2026-11-22 on 67 frontal films (58 of them COVID-19) and 158 other pictures (CT and MR slices and projections
of head, chest and trunk, fundus photographs, ultrasound, a test pattern): AUC 0.996; at least 0.60 in 88 % of films
and in none of the others; below 0.30 in no film. There were no lateral films and no films of other regions among
them, so a high figure is no more than "likely", and never says which side is which.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from tools.imaging.frame import Array
from tools.imaging.sampling import field, resized, stretched

LIKELY = 0.60
UNLIKELY = 0.30
SIDE = 64
Float = NDArray[np.float64]


def frontal_chest(pixels: Array) -> float:
    """-1 to 1; see `LIKELY` and `UNLIKELY`."""
    return _best(_small(pixels))


def orientation(pixels: Array) -> dict[str, float]:
    """The likeness as it is, with dark and bright exchanged, and turned by quarters."""
    small = _small(pixels)
    turned = {f"turned {90 * quarter} degrees": _best(np.rot90(small, quarter)) for quarter in (1, 2, 3)}
    return {"upright": _best(small), "inverted": _best((1.0 - small).astype(np.float32)), **turned}


def _small(pixels: Array) -> Array:
    rows, columns, share = field(pixels)
    inside = pixels[rows, columns] if share > 0 else pixels
    return resized(stretched(inside), SIDE, SIDE)


def _best(small: Array) -> float:
    patterns, weights = _patterns()
    values = np.ascontiguousarray(small, dtype=np.float64).ravel()
    mean = weights @ values
    variance = weights @ (values * values) - mean * mean
    # Floor: in a flat region a correlation is noise.
    spread = np.sqrt(np.maximum(variance, 1e-4) * (weights > 0).sum(axis=1))
    return float(((patterns @ values) / spread).max())


@functools.cache
def _patterns() -> tuple[Float, Float]:
    """(patterns, weights): each pattern with mean 0 and norm 1 inside its frame; each weight with sum 1."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] / (SIDE - 1)
    patterns, weights = [], []
    for height in (0.36, 0.42, 0.48, 0.54):
        for tall in (0.2, 0.26, 0.32, 0.38):
            for wide in (0.1, 0.13, 0.16):
                for gap in (0.16, 0.2, 0.24):
                    if gap + wide > 0.42 or height - tall <= 0:
                        continue
                    distance = [((x - c) / wide) ** 2 + ((y - height) / tall) ** 2 for c in (0.5 - gap, 0.5 + gap)]
                    bright = 1 - 1 / (1 + np.exp((np.minimum(*distance) - 1) * 5))
                    # Between the outer walls of the lungs, from the apices to below the bases.
                    inside = np.abs(x - 0.5) < gap + wide * 1.15
                    inside &= (y > height - tall * 1.1) & (y < height + tall * 1.45)
                    pattern = (bright - bright[inside].mean()) * inside
                    patterns.append((pattern / np.sqrt((pattern**2).sum())).ravel())
                    weights.append((inside / inside.sum()).ravel())
    return np.array(patterns), np.array(weights)
