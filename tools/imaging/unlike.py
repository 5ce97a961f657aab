"""How unlike the frontal chest films that Osler was set on a film is: a Mahalanobis distance of its edges.

Described by which way its edges face: the film's exposed field at 64 x 64 pixels, in 4 x 4 parts, the share of the
gradient in each of 8 directions, square roots taken. That barely changes with blur, noise and exposure, which have
figures of their own in `tools.imaging.quality`. The distance is that of Lee and others (NeurIPS 2018, arXiv:1807.03888)
for inputs from elsewhere, for one class; covariance shrunk by Ledoit and Wolf (J Multivariate Analysis 2004;88:365-411,
doi:10.1016/S0047-259X(03)00096-4), as there are fewer films than numbers. 1 is what films are like on average.

Parameters: `unlike.npz`, fitted by `evals/cxr/fit_unlike.py` on 20 PA films of 15 patients (CC BY), with the limit.
What is far from them need not be poor, and what is near need not be good: no AP or supine film is among them.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tools.imaging.frame import Array
from tools.imaging.sampling import field as exposed
from tools.imaging.sampling import resized, stretched

PARAMETERS = Path(__file__).with_name("unlike.npz")
SIDE, PARTS, DIRECTIONS = 64, 4, 8
Float = NDArray[np.float64]


@dataclass(frozen=True)
class Known:
    """The films a film is compared with: mean, main directions (rows) with their variances, variance elsewhere."""

    mean: Float = field(repr=False)
    directions: Float = field(repr=False)
    variances: Float = field(repr=False)
    floor: float
    limit: float

    def distance(self, pixels: Array) -> float:
        """The Mahalanobis distance, divided by the root of how many numbers describe a film."""
        apart = described(pixels) - self.mean
        along = self.directions @ apart
        outside = max(float(apart @ apart - along @ along), 0.0)
        return float(np.sqrt((float((along**2 / self.variances).sum()) + outside / self.floor) / len(apart)))

    def save(self, path: Path) -> None:
        """Write the parameters."""
        np.savez_compressed(
            path,
            allow_pickle=False,
            mean=self.mean.astype(np.float32),
            directions=self.directions.astype(np.float32),
            variances=self.variances.astype(np.float32),
            floor=np.float64(self.floor),
            limit=np.float64(self.limit),
        )

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as parts:
            mean, directions, variances = (parts[name].astype(float) for name in ("mean", "directions", "variances"))
            return cls(mean, directions, variances, float(parts["floor"]), float(parts["limit"]))


def described(pixels: Array) -> Float:
    """PARTS x PARTS x DIRECTIONS numbers, their squares adding up to 1; all 0 where there is no edge."""
    rows, columns, share = exposed(pixels)
    inside = pixels[rows, columns] if share > 0 else pixels
    square = np.clip(resized(stretched(inside), SIDE, SIDE), 0, 1).astype(float)
    down, right = np.gradient(square)
    facing = (np.arctan2(down, right) % (2 * np.pi)) / (2 * np.pi) * DIRECTIONS
    part = np.arange(SIDE) * PARTS // SIDE
    cell = (part[:, None] * PARTS + part) * DIRECTIONS
    lower = np.floor(facing).astype(int)
    total = np.zeros(PARTS * PARTS * DIRECTIONS)
    # Between two directions an edge counts for both.
    for step, share in ((0, 1 - (facing - lower)), (1, facing - lower)):
        weights = (np.hypot(down, right) * share).ravel()
        total += np.bincount((cell + (lower + step) % DIRECTIONS).ravel(), weights, len(total))
    return np.asarray(np.sqrt(total / max(float(total.sum()), 1e-6)))


@functools.cache
def shipped() -> Known:
    """The fitted parameters."""
    return Known.load(PARAMETERS)
