"""Distances and angles between landmarks that a person, or an algorithm, set.

A landmark is known to half a pixel at best: each end is moved at random by that (normal, seeded), and the interval
holds the middle 95 % of the results. Landmarks are (column, row) in 0-based stored pixels, (column, row, slice) in a
volume.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from tools.errors import BadInput
from tools.imaging.measures.model import Interval, Measurement
from tools.imaging.measures.scale import Plane
from tools.imaging.volume import Volume, measurable

Landmark = tuple[float, ...]
Places = NDArray[np.float64]
DRAWS = 400
SPREAD = 0.5


def distance(start: Landmark, end: Landmark, grid: Plane | Volume, seed: int = 0) -> Measurement:
    """The straight distance between two landmarks.

    Raises:
        BadInput: they are no landmarks of this image, or one and the same.
        NotAssessable: a volume whose slices are unevenly spaced.
    """
    ends = _landmarks((start, end), grid)
    to_mm, unit, source, notes = _space(grid)

    def length(points: Places) -> float:
        placed = to_mm(points)
        return float(np.linalg.norm(placed[1] - placed[0]))

    if length(ends) == 0:
        raise _bad("the two ends are one point", f"{start} twice")
    return Measurement(
        name="distance",
        value=length(ends),
        unit=unit,
        method="straight line between two landmarks",
        scale_source=source,
        interval=_by_landmarks(ends, length, seed),
        where={"points": ends.tolist()},
        notes=notes,
    )


def angle(
    first: tuple[Landmark, Landmark], second: tuple[Landmark, Landmark], grid: Plane | Volume, seed: int = 0
) -> Measurement:
    """The angle between two lines, 0 to 90 degrees: as for Cobb's angle between end plates.

    Raises:
        BadInput: a line has no length, or a landmark is none of this image.
        NotAssessable: a volume whose slices are unevenly spaced.
    """
    ends = _landmarks((*first, *second), grid)
    to_mm, _, source, _ = _space(grid)

    def between(points: Places) -> float:
        placed = to_mm(points)
        one, other = placed[1] - placed[0], placed[3] - placed[2]
        size = float(np.linalg.norm(one) * np.linalg.norm(other))
        return math.degrees(math.acos(min(abs(float(one @ other)) / size, 1.0))) if size else 0.0

    if any(np.allclose(ends[n], ends[n + 1]) for n in (0, 2)):
        raise _bad("a line has no length", "two ends in one place")
    square = () if source else ("no scale: pixels are taken as square",)
    return Measurement(
        name="angle",
        value=between(ends),
        unit="deg",
        method="angle between two lines through two landmarks each (0 to 90 degrees)",
        scale_source=source,
        interval=_by_landmarks(ends, between, seed),
        where={"points": ends.tolist()},
        notes=square,
    )


def _landmarks(points: Sequence[Landmark], grid: Plane | Volume) -> Places:
    wanted = 3 if isinstance(grid, Volume) else 2
    if any(len(point) != wanted for point in points):
        raise _bad("a landmark does not fit the image", f"{[len(point) for point in points]} coordinates")
    placed = np.asarray(points, dtype=np.float64)
    if not np.isfinite(placed).all() or (placed < -0.5).any():
        raise _bad("a landmark lies outside the image", str([list(point) for point in points]))
    if isinstance(grid, Volume):
        slices, rows, columns = grid.values.shape
        if (placed > np.array([columns, rows, slices]) - 0.5).any():
            raise _bad("a landmark lies outside the volume", str([list(point) for point in points]))
    return placed


def _space(grid: Plane | Volume) -> tuple[Callable[[Places], Places], str, str | None, tuple[str, ...]]:
    if isinstance(grid, Plane):
        return grid.mm, grid.unit, grid.said, grid.notes
    measurable(grid)
    # The columns of the affine are steps of column, row and slice.
    matrix = grid.affine[:3, :3]
    return (lambda points: points @ matrix.T), "mm", grid.spacing_source, ()


def _by_landmarks(ends: Places, measure: Callable[[Places], float], seed: int) -> Interval:
    moves = np.random.default_rng(seed).normal(0.0, SPREAD, (DRAWS, *ends.shape))
    found = [measure(ends + move) for move in moves]
    low, high = np.percentile(found, [2.5, 97.5])
    middle = measure(ends)
    how = f"middle 95 % of {DRAWS} measurements with each end moved at random (spread half a pixel, seed {seed})"
    return Interval(min(float(low), middle), max(float(high), middle), how)


def _bad(message: str, found: str) -> BadInput:
    return BadInput(
        message, found=found, expected="landmarks within the image, as (column, row[, slice])", action="set them again"
    )
