"""Fit what a film is compared with: `python -m evals.cxr.fit_unlike FOLDER` writes tools/imaging/unlike.npz.

Only films whose licence lets fitted parameters be passed on are used (CC BY; not NC, not ND). The limit is set by
leaving out one patient after the other: of the films left out, as they are and changed in the weakest of each way of
`evals.corruption.kinds`, 2 in 100 lie beyond it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evals.corruption.kinds import KINDS
from evals.cxr.films import Film, films
from evals.cxr.spoilt import FIRST, SEED, prepared
from tools.imaging.unlike import PARAMETERS, Known, described

Float = NDArray[np.float64]
BEYOND = 2.0


def fitted(rows: Float, limit: float = np.inf) -> Known:
    """What films described by these rows are like; covariance by Ledoit and Wolf (2004).

    Their estimate is (1 - s) S + s m I with S the sample covariance and m its mean variance; s is the mean squared
    distance of the single films' products from S, over how many there are, and over that of S from m I; at most 1.
    """
    number, size = rows.shape
    mean = rows.mean(axis=0)
    apart = rows - mean
    sample = apart.T @ apart / number
    level = float(np.trace(sample)) / size
    off = sum(float(((np.outer(one, one) - sample) ** 2).sum()) for one in apart) / number**2
    share = min(off / float(((sample - level * np.eye(size)) ** 2).sum()), 1.0)
    _, values, directions = np.linalg.svd(apart, full_matrices=False)
    held = values > 1e-6 * values[0]
    floor = share * level
    return Known(mean, directions[held], (1 - share) * values[held] ** 2 / number + floor, floor, limit)


def left_out(chosen: Sequence[Film], rows: Float) -> Iterator[float]:
    """The distance of each film from those of the other patients, as it is and changed in the weakest of each way."""
    patients = [film.patient for film in chosen]
    for number, patient in enumerate(sorted(set(patients))):
        others = fitted(rows[[other != patient for other in patients]])
        for film in chosen:
            if film.patient != patient:
                continue
            grey, mask = prepared(film)
            yield others.distance(grey)
            for change in KINDS.values():
                yield others.distance(change(grey, mask, 0, np.random.default_rng([SEED, FIRST + number, 0]))[0])


def main(folder: Path, target: Path = PARAMETERS) -> None:
    """Fit on every film that may be used and write the parameters."""
    chosen = [film for film in films(folder) if film.free]
    rows = np.array([described(prepared(film)[0]) for film in chosen])
    limit = float(f"{np.percentile(list(left_out(chosen, rows)), 100 - BEYOND):.2g}")
    replace(fitted(rows), limit=limit).save(target)
    count = len({film.patient for film in chosen})
    sys.stdout.write(f"{len(chosen)} films of {count} patients, limit {limit:g} -> {target}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
