"""How far a measure moves when the boundary of its mask does.

A mask is known to half a pixel at best. The measure is taken again with the boundary half a pixel further in and out
(half-way between the mask and the mask less, or plus, one layer of pixels), and on masks whose boundary was moved at
random: a smooth random field of half a pixel's spread is added to the signed distance from the boundary. The interval
goes from the smallest to the largest result. It says how much the drawing of the boundary matters, not whether the
right thing was outlined.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tools.imaging.measures.model import Interval

Mask = NDArray[np.bool_]
Cut = tuple[slice, ...]
Measure = Callable[[Mask, Cut], float]
Measures = Callable[[Mask, Cut], tuple[float, ...]]
DRAWS = 12
SPREAD = 0.5
SMOOTH = 2.0
# Above this many voxels around the mask random fields cost too much; a boundary that long averages them out.
MOST_JITTERED = 2_000_000
_MARGIN = 3


def by_boundary(mask: Mask, measure: Measure, seed: int = 0, draws: int = DRAWS, empty: float | None = 0.0) -> Interval:
    """The interval of a measure of a mask.

    Args:
        measure: value of a mask that was cut out of the image, given with where it was cut (for values of pixels).
        seed: the same seed gives the same interval.
        empty: what nothing left measures; None where it measures nothing at all (a density).
    """
    return each_by_boundary(mask, lambda part, cut: (measure(part, cut),), seed, draws, empty)[0]


def each_by_boundary(
    mask: Mask, measures: Measures, seed: int = 0, draws: int = DRAWS, empty: float | None = 0.0
) -> tuple[Interval, ...]:
    """The intervals of several measures of one mask, on the same moved boundaries; as `by_boundary`."""
    cut = _around(mask)
    small = mask[cut]
    middle = np.asarray(measures(small, cut))

    def values(moved: Mask) -> NDArray[np.float64] | None:
        if moved.any():
            return np.asarray(measures(moved, cut))
        return None if empty is None else np.full(middle.shape, empty)

    layers = [values(_layer(small, outward=False)), values(_layer(small, outward=True))]
    found = [middle, *((middle + value) / 2 for value in layers if value is not None)]
    if jittered := small.size <= MOST_JITTERED and draws > 0:
        found += [value for one in _jitters(small, seed, draws) if (value := values(one)) is not None]
    part = "pixel" if mask.ndim == 2 else "voxel"
    how = f"boundary moved by half a {part} in and out"
    if jittered:
        how += f" and {draws} times at random (spread half a {part}, seed {seed})"
    low, high = np.min(found, axis=0), np.max(found, axis=0)
    return tuple(Interval(float(one), float(other), how) for one, other in zip(low, high, strict=True))


def _layer(mask: Mask, *, outward: bool) -> Mask:
    """The mask less, or plus, the layer of pixels at its boundary; the edge of the image is no boundary."""
    moved = mask.copy()
    for axis in range(mask.ndim):
        ahead: list[slice] = [slice(None)] * mask.ndim
        behind = list(ahead)
        ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
        for there, here in ((tuple(ahead), tuple(behind)), (tuple(behind), tuple(ahead))):
            if outward:
                moved[here] |= mask[there]
            else:
                moved[here] &= mask[there]
    return moved


def _jitters(mask: Mask, seed: int, draws: int) -> list[Mask]:
    from scipy import ndimage

    signed = np.where(mask, ndimage.distance_transform_edt(mask) - 0.5, 0.5 - ndimage.distance_transform_edt(~mask))
    source = np.random.default_rng(seed)
    made = []
    for _ in range(draws):
        noise = ndimage.gaussian_filter(source.standard_normal(mask.shape), SMOOTH)
        noise *= SPREAD / max(float(noise.std()), 1e-12)
        made.append(np.asarray(signed + noise > 0))
    return made


def _around(mask: Mask) -> Cut:
    cut = []
    for axis in range(mask.ndim):
        there = np.flatnonzero(mask.any(axis=tuple(n for n in range(mask.ndim) if n != axis)))
        cut.append(slice(max(int(there[0]) - _MARGIN, 0), int(there[-1]) + 1 + _MARGIN))
    return tuple(cut)
