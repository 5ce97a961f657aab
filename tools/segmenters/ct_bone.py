"""Bone on a CT: dense voxels and the marrow they enclose; large even patches of contrast left out.

Where bone is thin, osteoporotic or metastatic it is less dense than the threshold and is missed; calcified cartilage
and vessels are as dense as bone and stay, if they are large.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tools.errors import NotAssessable
from tools.imaging.volume import Grid, Voxels
from tools.segmenters.ct_grid import CtGrid, closed, components, filled, narrowed, sizes

# Dense enough to be bone, whatever is around it; dense enough to be marrow, where bone is around it.
DENSE_HU = 226.0
SPONGY_HU = 150.0
MARROW_HU = 80.0
SOFT_HU = 40.0
CLOSING_MM = 5.0
# What a slice shuts in: marrow of the size of a vertebra or a hip, not the trunk within the ribs. Fat in the shaft of a
# long bone is shut in too, but the canal of the spine, at 0 to 60 HU, is not bone.
MARROW_MM2 = 2500.0
FAT_HU = (-150.0, -10.0)
SHAFT_MM2 = 600.0
# Smaller than the canal: the marrow of a rib, whatever its density.
RIB_MM2 = 100.0
LEAST_ML = 0.3
LARGEST_CAVITY_ML = 150.0
# Contrast in vessels and kidneys: less dense than cortex, and within a window of this size as even as soft tissue is.
WINDOW_MM = 8.0
EVEN = 1.8
CORE_ML = 1.0
CORE_HIGH = 500.0
# A rib is two such voxels thick: on drawn trunks volumes were up to 3 % off, either way, at 5 mm.
THICK_MM = 3.5


@dataclass(frozen=True, eq=False)
class Bone:
    """Bone on the full grid. `contrast_ml` is what was left out as contrast."""

    mask: Voxels
    contrast_ml: float
    confidence: float
    doubts: tuple[str, ...] = ()


def bone(grid: CtGrid, inside: Voxels) -> Bone:
    """All bone within the body.

    Raises:
        NotAssessable: nothing dense enough is in the picture.
    """
    contrast_blocks = _contrast(grid, inside)
    spongy = np.zeros(grid.values.shape, dtype=bool)
    blocks = np.zeros((2, *grid.coarse.shape), dtype=bool)
    for whole, rows in grid.slabs():
        if inside[rows].any():
            part = grid.values[whole]
            found = (part >= SPONGY_HU) & grid.full(inside, rows)
            spongy[whole] = found & ~grid.full(contrast_blocks, rows)
            blocks[0, rows] = _any(spongy[whole], grid)
            blocks[1, rows] = _any(spongy[whole] & (part >= DENSE_HU), grid)
    kept = _large(blocks[0], blocks[1], grid)
    if not kept.any():
        raise NotAssessable(
            "no bone was found",
            found=f"nothing of {LEAST_ML} ml that is denser than {DENSE_HU:.0f} HU",
            expected="a CT with bone in the picture",
            action="check the region and the rescaling of the series",
        )
    shell = closed(kept, CLOSING_MM, grid.coarse_mm)
    cavities = _cavities(grid, shell)
    # Blocks at the surface hold muscle too.
    room = narrowed(_with_marrow(grid, shell) & ~contrast_blocks | cavities, max(grid.coarse_mm), grid.coarse_mm)
    room &= inside
    mask, left_out = spongy, 0
    for whole, rows in grid.slabs():
        part = grid.values[whole]
        mask[whole] &= grid.full(kept, rows) & ~_rims(part)
        mask[whole] |= grid.full(room, rows) & (part >= MARROW_HU)
        mask[whole] |= grid.full(cavities, rows)
        mask[whole] |= _holes(mask[whole], part, grid.volume.spacing_mm)
        left_out += int(((part >= SPONGY_HU) & grid.full(contrast_blocks, rows) & ~mask[whole]).sum())
    contrast = left_out * grid.volume.voxel_ml
    doubts = [] if contrast < 3 else [f"{contrast:.0f} ml of even density were taken for contrast and left out"]
    if any(doubt.startswith("metal") for doubt in grid.doubts):
        doubts.append("metal counts as bone here")
    if max(grid.volume.spacing_mm) > THICK_MM:
        doubts.append(
            f"voxels of {max(grid.volume.spacing_mm):g} mm: the volume of thin bone depends on where they fall"
        )
    return Bone(mask, contrast, 0.8 - 0.15 * len(doubts), tuple(doubts))


def _contrast(grid: CtGrid, inside: Voxels) -> Voxels:
    """Blocks of vessels and organs full of contrast: dense, yet as even as soft tissue."""
    from scipy import ndimage

    size = [max(3, 2 * round(WINDOW_MM / step / 2) + 1) for step in grid.coarse_mm]
    mean = ndimage.uniform_filter(grid.coarse, size)
    spread = ndimage.uniform_filter(np.square(grid.coarse), size)
    spread -= np.square(mean)
    np.sqrt(np.maximum(spread, 0, out=spread), out=spread)
    soft = spread[inside & (mean > 0) & (mean < 130)]
    if not soft.size:
        return np.zeros_like(inside)
    limit = EVEN * max(float(np.percentile(soft, 25)), 5.0)
    cores = (mean >= SPONGY_HU) & (mean < CORE_HIGH) & (spread < limit) & inside
    labels, count = components(cores)
    volumes = sizes(labels, count) * grid.coarse_ml
    volumes[0] = 0
    large = (volumes >= CORE_ML)[labels]
    # The whole windows, and the border of the vessel around them.
    reach = [size[0], size[1] + 2, size[2] + 2]
    return np.asarray(ndimage.maximum_filter(large, reach))


def _any(mask: Voxels, grid: CtGrid) -> Voxels:
    """Blocks that hold at least one voxel of a slab."""
    step, tall, wide = grid.factors
    rows, columns = grid.coarse.shape[1:]
    pads = [(0, (-mask.shape[0]) % step), (0, rows * tall - mask.shape[1]), (0, columns * wide - mask.shape[2])]
    part = np.pad(mask, pads)
    return np.asarray(part.reshape(-1, step, rows, tall, columns, wide).any(axis=(1, 3, 5)))


def _large(blocks: Voxels, dense: Voxels, grid: CtGrid) -> Voxels:
    """Components that are large enough and hold something as dense as cortex."""
    labels, count = components(blocks)
    volumes = sizes(labels, count) * grid.coarse_ml
    held = np.bincount(labels[dense], minlength=count + 1)
    good = (volumes >= LEAST_ML) & (held > 0)
    good[0] = False
    return np.asarray(good[labels])


def _rims(values: Grid) -> Voxels:
    """Voxels at the edge of dense bone that hold more muscle than bone: below half of the way up to their neighbour."""
    from scipy import ndimage

    above = ndimage.maximum_filter(values, footprint=ndimage.generate_binary_structure(3, 1))
    return np.asarray((values < DENSE_HU) & (values < (SOFT_HU + above) / 2))


def _cavities(grid: CtGrid, shell: Voxels) -> Voxels:
    """What bone encloses on all sides, as the marrow of a vertebra: neither the canal of the spine nor air."""
    from scipy import ndimage

    shut = ndimage.binary_fill_holes(shell) & ~shell
    labels, count = components(shut)
    if not count:
        return np.asarray(shut)
    mean = np.zeros(count + 1)
    mean[1:] = ndimage.mean(grid.coarse, labels, range(1, count + 1))
    marrow = (mean > FAT_HU[0]) & (sizes(labels, count) * grid.coarse_ml < LARGEST_CAVITY_ML)
    marrow[0] = False
    return np.asarray(marrow[labels])


def _with_marrow(grid: CtGrid, shell: Voxels) -> Voxels:
    """A shell of dense bone with the marrow it shuts in on axial, coronal or sagittal slices."""
    z, y, x = grid.coarse_mm
    out = shell.copy()
    for order, back, spacing in (
        ((0, 1, 2), (0, 1, 2), (z, y, x)),
        ((1, 0, 2), (1, 0, 2), (y, z, x)),
        ((2, 0, 1), (1, 2, 0), (x, z, y)),
    ):
        out |= _holes(shell.transpose(order), grid.coarse.transpose(order), spacing).transpose(back)
    return out


def _holes(mask: Voxels, values: Grid, spacing: tuple[float, float, float]) -> Voxels:
    """Marrow shut in by bone on a slice: dense, or fat and small. Never what the ring of ribs or the canal holds."""
    from scipy import ndimage

    shut = filled(mask) & ~mask
    labels, count = components(shut, axial=True)
    if not count:
        return shut
    area = sizes(labels, count) * spacing[1] * spacing[2]
    mean = np.zeros(count + 1)
    mean[1:] = ndimage.mean(values, labels, range(1, count + 1))
    dense = (mean >= MARROW_HU) & (area <= MARROW_MM2)
    fat = (mean >= FAT_HU[0]) & (mean <= FAT_HU[1]) & (area <= SHAFT_MM2)
    marrow = dense | fat | ((mean >= FAT_HU[0]) & (area <= RIB_MM2))
    marrow[0] = False
    return np.asarray(marrow[labels])
