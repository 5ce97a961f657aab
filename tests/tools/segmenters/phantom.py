"""A drawn frontal chest film with lungs and heart of known size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

HEIGHT, WIDTH = 400, 360


@dataclass(frozen=True)
class Phantom:
    pixels: NDArray[np.float64]
    right: NDArray[np.bool_]
    left: NDArray[np.bool_]
    heart: NDArray[np.bool_]
    ends: tuple[float, float]

    @property
    def ratio(self) -> float:
        """Width of the heart over the width between the outer borders of the lungs."""
        lungs = np.flatnonzero((self.right | self.left).any(axis=0))
        return (self.ends[1] - self.ends[0]) / (lungs[-1] - lungs[0])


def drawn(apex: float = 62.0, noise: float = 0.02) -> Phantom:
    """A film; `apex` is how far the heart reaches to the left of the midline at column 180."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(float)
    middle = 180.0

    def lung(centre: float, base: float) -> NDArray[np.bool_]:
        inside = ((x - centre) / 68) ** 2 + ((y - 215) / 165) ** 2 <= 1
        dome = base + ((x - centre) / 68) ** 2 * 30
        return np.asarray(inside & (y < dome) & (np.abs(x - middle) > 16))

    right, left = lung(middle - 78, 285), lung(middle + 78, 295)
    silhouette = ((x - middle) / np.where(x < middle, 30, apex)) ** 2 + ((y - 250) / 62) ** 2 <= 1
    body = ((x - middle) / 172) ** 2 + ((y - 300) / 330) ** 2 <= 1
    picture = np.where(body, 0.75, 0.02)
    picture[right | left] = 0.3
    picture[silhouette & (y < 300)] = 0.8
    picture[(np.abs(x - middle) < 16) & body] = 0.9
    for row in range(70, 300, 26):
        rib = np.abs(y - row - 0.0015 * (x - middle) ** 2) < 4
        picture[rib & (right | left)] += 0.08
    picture = ndimage.gaussian_filter(picture, 1.5) + np.random.default_rng(0).normal(0, noise, picture.shape)
    return Phantom(picture * 1000, right, left, np.asarray(silhouette & (y < 285)), (middle - 30, middle + apex))
