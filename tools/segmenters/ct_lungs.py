"""Right and left lung on a CT: air in the body that is neither airway nor gas in the bowel, vessels and nodules closed.

The threshold is the one halfway between the mean of what lies below and above it, iterated (optimal thresholding as
Hu 2001 uses it for lungs). What is as dense as tissue and reaches the chest wall (fluid, consolidation, large tumours)
is not found by this and is not in the volume.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.errors import NotAssessable
from tools.imaging.volume import Voxels
from tools.segmenters.ct_airway import Airway
from tools.segmenters.ct_grid import (
    CtGrid,
    box_of,
    closed,
    components,
    filled,
    narrowed,
    sizes,
    widened,
)

FIRST_HU = -500.0
# Gas has nothing in it: its middle is as dark as the air around the body, or, where scatter lifts it, at least empty.
# Lung holds vessels and septa, emphysema too.
GAS_MARGIN = 45.0
GAS_HU = -930.0
VESSEL_HU = -700.0
LEAST_VESSELS = 0.01
PALEST = -450.0
STOOL = -550.0
LEAST_ML = 5.0
# A lung that does not reach the topmost slice is wholly in the picture, and then at least so large.
WHOLE_ML = 150.0
LEAST_SHARE = 0.1
SKIN_MM = 3.0
CLOSING_MM = 5.0
JOINED = 0.12


@dataclass(frozen=True, eq=False)
class Lungs:
    """Both lungs on the full grid; None where a side was not found. `threshold` in HU."""

    right: Voxels | None
    left: Voxels | None
    threshold: float
    confidence: float
    doubts: tuple[str, ...] = ()


def lungs(grid: CtGrid, inside: Voxels, tree: Airway | None) -> Lungs:
    """The lungs within the body.

    Raises:
        NotAssessable: no lung is in the picture.
    """
    threshold = halfway(grid, inside)
    deep = narrowed(inside, SKIN_MM, grid.coarse_mm)
    airy = (grid.coarse < threshold) & deep
    wall = widened(tree.mask, max(grid.coarse_mm), grid.coarse_mm) if tree is not None else np.zeros_like(airy)
    lung, gas = _lung_parts(grid, airy & ~wall)
    if not lung.any():
        raise NotAssessable(
            "no lung was found",
            found="no air in the body that looks like lung",
            expected="a CT of the chest, or with the bases of the lungs",
            action="check the region of the series",
        )
    sides, doubts = sided(grid, lung, inside)
    forbidden = wall | gas
    made = [_closed_side(grid, side, inside & ~forbidden) for side in sides]
    full = [
        _bordered(grid, side, forbidden | other, deep, threshold) if side.any() else None
        for side, other in (made, made[::-1])
    ]
    right, left = full
    doubts += _uneven(grid, made)
    confidence = max(0.3, 0.95 - 0.15 * len(doubts))
    # That a part of them is not in the picture is said; it makes the outline of what is there no worse.
    doubts += _cut_off(made)
    return Lungs(right, left, threshold, round(confidence, 2), tuple(doubts))


def halfway(grid: CtGrid, inside: Voxels) -> float:
    """The threshold halfway between the means below and above it, within the body."""
    values = grid.coarse[inside]
    threshold = FIRST_HU
    for _ in range(30):
        low, high = values[values < threshold], values[values >= threshold]
        if not low.size or not high.size:
            break
        new = (float(low.mean(dtype=np.float64)) + float(high.mean(dtype=np.float64))) / 2
        if abs(new - threshold) < 0.5:
            break
        threshold = new
    return float(np.clip(threshold, -600.0, -350.0))


def _lung_parts(grid: CtGrid, airy: Voxels) -> tuple[Voxels, Voxels]:
    """Components that look like lung, and the rest (gas in stomach and bowel)."""
    from scipy import ndimage

    labels, count = components(airy)
    volumes = sizes(labels, count) * grid.coarse_ml
    air = grid.air if grid.air is not None else -1000.0
    likely: dict[int, float] = {}
    places = ndimage.find_objects(labels)
    for number in np.flatnonzero(volumes >= LEAST_ML):
        if number == 0:
            continue
        place = places[number - 1]
        part = np.pad(labels[place] == number, 1)
        values = np.pad(grid.coarse[place], 1)
        inner = narrowed(filled(part), 1.5 * max(grid.coarse_mm), grid.coarse_mm)
        within = values[inner if inner.sum() > 20 else part]
        at_top = place[0].stop == labels.shape[0]
        large = bool(volumes[number] >= WHOLE_ML)
        if (large or at_top) and not _gas(within, air, large) and np.median(within) < (PALEST if large else STOOL):
            likely[int(number)] = float(volumes[number])
    most = max(likely.values(), default=0.0)
    kept = [number for number, volume in likely.items() if volume >= LEAST_SHARE * most]
    lung = np.isin(labels, kept)
    return lung, airy & ~lung


def _gas(within: NDArray[np.float32], air: float, large: bool) -> bool:
    """Whether the inside of a component is gas in stomach or bowel."""
    middle = float(np.median(within))
    if middle < air + GAS_MARGIN:
        return True
    return middle < GAS_HU and (not large or float(np.mean(within > VESSEL_HU)) < LEAST_VESSELS)


def sided(grid: CtGrid, lung: Voxels, inside: Voxels) -> tuple[tuple[Voxels, Voxels], list[str]]:
    """The right and the left lung; joined ones are parted where they are thinnest."""
    doubts: list[str] = []
    middle = _midline(inside)
    right, left = np.zeros_like(lung), np.zeros_like(lung)
    labels, count = components(lung)
    columns = np.arange(lung.shape[2])[None, None, :]
    right_half = np.broadcast_to(columns < middle[:, None, None], lung.shape)
    for number in range(1, count + 1):
        part = labels == number
        share = float(right_half[part].mean())
        if JOINED < share < 1 - JOINED:
            one, two, parted = _parted(grid, part, right_half)
            right |= one
            left |= two
            doubts.append(
                "the lungs touch: parted where they are thinnest"
                if parted
                else "the lungs are joined: parted at the body's midline"
            )
        elif share >= 0.5:
            right |= part
        else:
            left |= part
    return (right, left), list(dict.fromkeys(doubts))


def _midline(inside: Voxels) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    columns = np.arange(inside.shape[2])
    counts = inside.sum(axis=1)
    total = counts.sum(axis=1)
    middle = (counts * columns).sum(axis=1) / np.maximum(total, 1)
    middle[total == 0] = inside.shape[2] / 2
    return np.asarray(middle, dtype=np.float64)


def _parted(grid: CtGrid, part: Voxels, right_half: Voxels) -> tuple[Voxels, Voxels, bool]:
    """A joined pair in two: narrowed until it falls apart, then each voxel to the nearer piece."""
    from scipy import ndimage

    place = box_of(part)
    mask, half = part[place], right_half[place]
    depth = ndimage.distance_transform_edt(mask, sampling=grid.coarse_mm)
    one, two = np.zeros_like(part), np.zeros_like(part)
    for mm in np.arange(1.0, 25.0, 1.0):
        labels, count = components(depth > mm)
        counts = sizes(labels, count)
        counts[0] = 0
        pieces = [int(n) for n in np.argsort(counts)[::-1][:2] if counts[n] > 0.05 * mask.sum()]
        if len(pieces) < 2:
            continue
        shares = [float(half[labels == n].mean()) for n in pieces]
        if min(shares) > 0.3 or max(shares) < 0.7:
            continue
        rights = pieces[int(np.argmax(shares))]
        seeds = np.isin(labels, pieces)
        nearest = ndimage.distance_transform_edt(~seeds, grid.coarse_mm, return_distances=False, return_indices=True)
        belongs = labels[tuple(nearest)] == rights
        one[place], two[place] = mask & belongs, mask & ~belongs
        return one, two, True
    one[place], two[place] = mask & half, mask & ~half
    return one, two, False


def _closed_side(grid: CtGrid, side: Voxels, room: Voxels) -> Voxels:
    """A lung with its vessels and nodules."""
    if not side.any():
        return side
    out = np.zeros_like(side)
    place = box_of(side, 4)
    part = filled(closed(side[place], CLOSING_MM, grid.coarse_mm))
    out[place] = part & (room[place] | side[place])
    return out


def _bordered(grid: CtGrid, side: Voxels, forbidden: Voxels, deep: Voxels, threshold: float) -> Voxels:
    """A coarse lung on the full grid: its core whole, at its border what is darker than the threshold."""
    from scipy import ndimage

    block = np.ones((3, 3, 3), dtype=bool)
    core = ndimage.binary_erosion(side, block, border_value=1)
    near = ndimage.binary_dilation(side, block) & ~forbidden & deep
    out = np.zeros(grid.values.shape, dtype=bool)
    for whole, rows in grid.slabs():
        if near[rows].any():
            dark = grid.values[whole] < threshold
            dark &= grid.full(near, rows)
            dark |= grid.full(core, rows)
            out[whole] = dark
    return out


def _cut_off(made: list[Voxels]) -> list[str]:
    both = made[0] | made[1]
    ends = [name for name, side in (("bottom", both[0]), ("top", both[-1])) if side.any()]
    doubts = (
        [f"the lungs are cut off at the {' and the '.join(ends)} of the series: not their whole volume"] if ends else []
    )
    if both[:, :, 0].any() or both[:, :, -1].any() or both[:, 0].any() or both[:, -1].any():
        doubts.append("the lungs reach the edge of the picture")
    return doubts


def _uneven(grid: CtGrid, made: list[Voxels]) -> list[str]:
    volumes = [float(one.sum()) * grid.coarse_ml for one in made]
    if min(volumes) == 0:
        return [f"no {'right' if volumes[0] == 0 else 'left'} lung was found"]
    if min(volumes) < 0.35 * max(volumes):
        return ["one lung is much smaller: fluid, consolidation or tumour does not count as lung here"]
    return []
