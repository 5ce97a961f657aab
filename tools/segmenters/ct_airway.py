"""Windpipe and bronchi on a CT: a round column of air near the midline, grown until it would leak into the lung.

The threshold rises in steps; the step at which the tree suddenly swells has broken through a thin wall, so the one
before is kept. (Region growing with a stop condition against leaks, as in De Nunzio 2011, doi
10.1007/s10278-009-9229-1, where the airways are taken out of the lungs in the same way.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tools.imaging.volume import Grid, Voxels
from tools.segmenters.ct_grid import CtGrid, Labels, box_of, components, sizes, widened

# Cross-sections of a windpipe, from a child's to one wider than normal.
AREA_MM2 = (25.0, 1000.0)
REACH_MM = 40.0
MIDLINE_MM = 45.0
LEAST_LENGTH_MM = 20.0
# A leak: the tree becomes larger by this factor in one step of 25 HU, or holds more than any airway tree.
LEAK_FACTOR = 1.6
MOST_ML = 250.0
STEP_HU = 25.0
LAST_HU = -600.0
# How far from the coarse tree the fine one may grow.
AROUND_MM = 15.0
# What walls and mediastinum measure.
WALL_HU = 40.0


@dataclass(frozen=True, eq=False)
class Airway:
    """The airway tree on the coarse grid, the windpipe it grew from, and the threshold it was grown to."""

    mask: Voxels
    seed: Voxels
    threshold: float


def airway(grid: CtGrid, inside: Voxels) -> Airway | None:
    """The airway tree within the body; None where no windpipe is in the picture."""
    seed = windpipe(grid, inside)
    if seed is None:
        return None
    air = grid.air if grid.air is not None else -1000.0
    mask, threshold = grown(grid.coarse, inside, seed, air + 50, grid.coarse_ml)
    return Airway(mask, seed, threshold)


def fine(grid: CtGrid, inside: Voxels, tree: Airway) -> Voxels:
    """The tree on the full grid, its border halfway between air and wall."""
    near = widened(tree.mask, AROUND_MM, grid.coarse_mm) & inside
    part = box_of(near)
    whole = tuple(
        slice(one.start * factor, min(one.stop * factor, size))
        for one, factor, size in zip(part, grid.factors, grid.values.shape, strict=True)
    )
    values = np.asarray(grid.values[whole])
    shape = values.shape

    def full(mask: Voxels) -> Voxels:
        out = mask[part]
        for axis, factor in enumerate(grid.factors):
            out = np.repeat(out, factor, axis=axis) if factor > 1 else out
        return out[: shape[0], : shape[1], : shape[2]]

    air = grid.air if grid.air is not None else -1000.0
    room = full(near)
    start = full(tree.seed) & (values < air + 100)
    found, _ = grown(values, room, start, air + 50, grid.volume.voxel_ml)
    out = np.zeros(grid.values.shape, dtype=bool)
    out[whole] = _bordered(found, values, room, (air + WALL_HU) / 2)
    return out


def windpipe(grid: CtGrid, inside: Voxels) -> Voxels | None:
    """The longest chain of round cross-sections of air, with tissue around, near the midline."""
    air = grid.air if grid.air is not None else -1000.0
    dark = (grid.coarse < air + 120) & inside
    if not dark.any():
        return None
    labels, count = components(dark, axial=True)
    sections = _sections(labels, count, grid, inside)
    chains = _chains(labels, sections)
    if not chains:
        return None
    best = max(chains, key=len)
    if len(best) * grid.coarse_mm[0] < LEAST_LENGTH_MM:
        return None
    return np.isin(labels, best)


def grown(values: Grid, room: Voxels, seed: Voxels, first: float, voxel_ml: float) -> tuple[Voxels, float]:
    """What is joined with the seed below the highest threshold that does not leak, and that threshold."""
    mask, threshold = seed & room, first
    volume = max(int(mask.sum()), 1)
    number = first
    while number <= LAST_HU:
        labels, count = components((values < number) & room | mask)
        counts = sizes(labels, count)
        touched = np.unique(labels[mask])
        size = int(counts[touched[touched > 0]].sum())
        if size * voxel_ml > MOST_ML or (number > first and size > LEAK_FACTOR * volume):
            break
        mask, volume, threshold = np.isin(labels, touched[touched > 0]), size, number
        number += STEP_HU
    return mask, threshold


def _sections(labels: Labels, count: int, grid: CtGrid, inside: Voxels) -> dict[int, tuple[int, float]]:
    """Components of one slice that could be a windpipe: their slice and area."""
    from scipy import ndimage

    _, tall, wide = grid.coarse_mm
    area = sizes(labels, count) * tall * wide
    found: dict[int, tuple[int, float]] = {}
    for number, place in enumerate(ndimage.find_objects(labels), start=1):
        if place is None or not AREA_MM2[0] <= area[number] <= AREA_MM2[1]:
            continue
        row, column = place[1], place[2]
        size = (row.stop - row.start) * tall, (column.stop - column.start) * wide
        if max(size) > REACH_MM or area[number] < 0.45 * size[0] * size[1]:
            continue
        level = place[0].start
        across = np.flatnonzero(inside[level].any(axis=0))
        middle = (across[0] + across[-1]) / 2
        if abs((column.start + column.stop - 1) / 2 - middle) * wide > MIDLINE_MM:
            continue
        if _walled(grid, labels[level] == number, level, (row, column)):
            found[number] = (level, float(area[number]))
    return found


def _walled(grid: CtGrid, section: Voxels, level: int, place: tuple[slice, slice]) -> bool:
    """Whether what surrounds a section is mostly tissue, not lung."""
    from scipy import ndimage

    row, column = (slice(max(one.start - 4, 0), one.stop + 4) for one in place)
    inner = section[row, column]
    ring = ndimage.binary_dilation(inner, iterations=3) & ~ndimage.binary_dilation(inner, iterations=1)
    around = grid.coarse[level, row, column][ring]
    return bool(around.size and np.mean(around > -400) > 0.7)


def _chains(labels: Labels, sections: dict[int, tuple[int, float]]) -> list[list[int]]:
    """Sections of neighbouring slices that overlap, in rows from below."""
    follows: dict[int, int] = {}
    for number, (level, area) in sections.items():
        if level + 1 >= labels.shape[0]:
            continue
        above = labels[level + 1][labels[level] == number]
        above = above[above > 0]
        if above.size:
            most = int(np.bincount(above).argmax())
            if most in sections and 0.4 < sections[most][1] / area < 2.5:
                follows[number] = most
    starts = set(sections) - set(follows.values())
    chains = []
    for start in sorted(starts):
        chain = [start]
        while chain[-1] in follows:
            chain.append(follows[chain[-1]])
        chains.append(chain)
    return chains


def _bordered(tree: Voxels, values: Grid, room: Voxels, half: float) -> Voxels:
    """The tree and the voxels at its border that hold more air than wall; nothing beyond one voxel."""
    from scipy import ndimage

    next_to = ndimage.binary_dilation(tree) & ~tree & room & (values < half)
    # A border voxel of air has wall behind it; where there is lung behind, the wall was too thin to be seen.
    behind = ndimage.binary_dilation(values >= half)
    return np.asarray(tree | (next_to & behind))
