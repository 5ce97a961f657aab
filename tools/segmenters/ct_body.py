"""The body on a CT: table, clothes and air around it left out, air and gas inside it kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tools.errors import NotAssessable
from tools.imaging.volume import Voxels
from tools.segmenters.ct_grid import CtGrid, box_of, components, filled, narrowed, sizes, widened

# Halfway between air (-1000) and soft tissue (0), by the definition of the unit.
SKIN = -500.0
# Sheets, clothes and the shell of a table are thinner than twice this.
THIN_MM = 4.0
# A limb has at least this share of the largest part; the filling of tables is lighter than fat.
LEAST_SHARE = 0.02
LIGHTEST = -250.0
# Pure air in a gap between arm and trunk, against gas in the body: larger, and joined with the air outside.
GAP_MM2 = 1000.0


@dataclass(frozen=True, eq=False)
class Body:
    """The body on the coarse grid; `doubts` says where it leaves the picture."""

    mask: Voxels
    confidence: float
    doubts: tuple[str, ...] = ()


def body(grid: CtGrid) -> Body:
    """The body, with the lungs and gas in it.

    Raises:
        NotAssessable: nothing dense enough is in the picture.
    """
    tissue = grid.coarse >= SKIN
    solid = _thick(tissue, grid)
    labels, count = components(solid)
    counts = sizes(labels, count)
    counts[0] = 0
    if not count or counts.max() * grid.coarse_ml < 50:
        raise NotAssessable(
            "no body was found",
            found="nothing denser than air and thicker than a sheet",
            expected="a CT of a part of the body",
            action="check that the series shows a patient",
        )
    kept = np.zeros(solid.shape, dtype=bool)
    for number in np.flatnonzero(counts >= LEAST_SHARE * counts.max()):
        place = labels == number
        if float(np.median(grid.coarse[place])) >= LIGHTEST:
            kept |= place
    # What opening took from the border of the body comes back; a sheet that only touches does not.
    whole = widened(kept, THIN_MM + max(grid.coarse_mm), grid.coarse_mm) & tissue
    whole = _largest_parts(whole, kept)
    mask = _without_gaps(filled(whole), tissue, grid)
    doubts = _cut(mask)
    return Body(mask, 0.9 if not doubts else 0.7, doubts)


def body_voxels(grid: CtGrid, found: Body) -> Voxels:
    """The body on the full grid, its border halfway between air and tissue."""
    from scipy import ndimage

    block = np.ones((3, 3, 3), dtype=bool)
    core = ndimage.binary_erosion(found.mask, block, border_value=1)
    near = ndimage.binary_dilation(found.mask, block)
    out = np.zeros(grid.values.shape, dtype=bool)
    for whole, rows in grid.slabs():
        out[whole] = grid.full(core, rows) | (grid.full(near, rows) & (grid.values[whole] >= SKIN))
    return out


def _thick(tissue: Voxels, grid: CtGrid) -> Voxels:
    inner = narrowed(filled(tissue), THIN_MM, grid.coarse_mm) & tissue
    deep = narrowed(tissue, THIN_MM, grid.coarse_mm)
    # Skin and ribs over a lung are thin too: what surrounds a filled thick part stays.
    return np.asarray(deep | (inner & widened(deep, THIN_MM, grid.coarse_mm)))


def _largest_parts(whole: Voxels, kept: Voxels) -> Voxels:
    labels, _ = components(whole)
    touched = np.unique(labels[kept & whole])
    return np.isin(labels, touched[touched > 0])


def _without_gaps(mask: Voxels, tissue: Voxels, grid: CtGrid) -> Voxels:
    """The mask without air that was only shut in by an arm on the trunk."""
    labels, _ = components(~tissue)
    edge = np.concatenate(
        [labels[:, 0].ravel(), labels[:, -1].ravel(), labels[:, :, 0].ravel(), labels[:, :, -1].ravel()]
    )
    outside = np.unique(edge[edge > 0])
    holes = mask & ~tissue & np.isin(labels, outside)
    if not holes.any():
        return mask
    out = mask.copy()
    part = box_of(holes)
    flat, count = components(holes[part], axial=True)
    area = sizes(flat, count) * grid.coarse_mm[1] * grid.coarse_mm[2]
    air = (grid.air if grid.air is not None else -1000.0) + 60
    for number in np.flatnonzero(area > GAP_MM2):
        if number:
            place = flat == number
            if float(np.median(grid.coarse[part][place])) < air:
                out[part][place] = False
    return out


def _cut(mask: Voxels) -> tuple[str, ...]:
    sides = {
        "right": mask[:, :, 0],
        "left": mask[:, :, -1],
        "front": mask[:, 0],
        "back": mask[:, -1],
    }
    cut = [name for name, side in sides.items() if side.mean() > 0.02]
    return (f"the body reaches the edge of the picture ({', '.join(cut)})",) if cut else ()
