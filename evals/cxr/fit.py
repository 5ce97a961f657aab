"""Fit the lung classifier: `python -m evals.cxr.fit FOLDER` writes tools/segmenters/lungs.npz.

Only films whose licence lets fitted parameters be passed on are used (CC BY; not NC, not ND).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evals.cxr.films import Film, by_side, films
from tools.segmenters.classifier import Classifier, fit
from tools.segmenters.lungs import PARAMETERS
from tools.segmenters.pixels import SIDE, WHOLE, Array, features, normal, sampled

VARIANTS = 12
PIXELS = 2500


def fitted(chosen: Sequence[Film], seed: int = 0) -> Classifier:
    """A classifier of these films, each as it is and in random positions, sizes, tilts and exposures."""
    random = np.random.default_rng(seed)
    rows, labels = [], []
    for film in chosen:
        square, sides = normal(sampled(film.pixels(), WHOLE, SIDE)), by_side(film.mask)[1::2, 1::2]
        for variant in range(VARIANTS):
            seen, known = _varied(square, sides, random) if variant else (square, sides)
            picked = random.choice(SIDE * SIDE, PIXELS, replace=False)
            picked = picked[known.ravel()[picked] >= 0]
            rows.append(features(seen)[picked])
            labels.append(known.ravel()[picked])
    return fit(np.concatenate(rows), np.concatenate(labels).astype(np.int64), seed=seed)


def _varied(square: Array, sides: NDArray[np.int8], random: np.random.Generator) -> tuple[Array, NDArray[np.int8]]:
    from scipy import ndimage

    size, aspect = np.exp(random.uniform(-0.2, 0.15)), np.exp(random.uniform(-0.12, 0.12))
    tilt, shift = np.radians(random.uniform(-7, 7)), random.uniform(-0.08, 0.08, 2) * SIDE
    turn = np.array([[np.cos(tilt), -np.sin(tilt)], [np.sin(tilt), np.cos(tilt)]])
    turn = turn @ np.diag([size * aspect, size / aspect])
    middle = np.array([SIDE / 2, SIDE / 2])
    offset = middle - turn @ middle + shift
    border = "constant" if random.random() < 0.5 else "nearest"
    seen = ndimage.affine_transform(square, turn, offset, order=1, mode=border)
    known = ndimage.affine_transform(sides, turn, offset, order=0, mode="constant")
    seen = np.clip(seen, 0, 1) ** np.exp(random.uniform(-0.5, 0.5))
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE - 0.5
    seen = seen + random.uniform(-0.15, 0.15) * x + random.uniform(-0.15, 0.15) * y
    if random.random() < 0.5:
        seen = ndimage.gaussian_filter(seen, random.uniform(0, 1.2))
    return normal(seen + random.normal(0, 0.01, seen.shape)), known


def main(folder: Path, target: Path = PARAMETERS) -> None:
    """Fit on every film that may be used and write the parameters."""
    chosen = [film for film in films(folder) if film.free]
    fitted(chosen).save(target)
    sys.stdout.write(f"{len(chosen)} films of {len({film.patient for film in chosen})} patients -> {target}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
