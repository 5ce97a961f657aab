"""What the CT segmenters share: a checked grid in Hounsfield units, a coarse copy of it, and steps on masks.

Components and morphology run on the coarse copy (blocks of about two millimetres), borders on the full grid: a series
of 500 slices is then segmented in seconds. Everything works on blocks of slices, never on a second copy in float.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tools.errors import BadInput, NotAssessable
from tools.imaging.measures.density import calibration
from tools.imaging.volume import Grid, Volume, Voxels, canonical, measurable
from tools.segmenters.contract import Target

Labels = NDArray[np.int32]
SLAB = 32
# Coarse voxels are at most so large, in millimetres.
COARSE_MM = 2.2
SMALLEST = 8
METAL_HU = 2500.0
METAL_BLOCKS = 4
# Beyond so many shifts of a mask the distance transform is faster.
_MOST_SHIFTS = 1000


@dataclass(frozen=True, eq=False)
class CtGrid:
    """A CT with slices to the head, rows to the back, columns to the left, and the way back for masks.

    `air` is the peak of air, `soft` that of fat and soft tissue; None where there is none. `coarse` holds means over
    blocks of `factors` voxels, `coarse_mm` their size.
    """

    volume: Volume
    back: Callable[[Voxels], Voxels]
    coarse: Grid = field(repr=False)
    factors: tuple[int, int, int]
    air: float | None
    soft: float
    doubts: tuple[str, ...] = ()

    @property
    def values(self) -> Grid:
        """Hounsfield units of the full grid."""
        return self.volume.values

    @property
    def coarse_mm(self) -> tuple[float, float, float]:
        """Size of the blocks along (slice, row, column)."""
        z, y, x = (step * factor for step, factor in zip(self.volume.spacing_mm, self.factors, strict=True))
        return z, y, x

    @property
    def coarse_ml(self) -> float:
        """Millilitres of a block."""
        return self.volume.voxel_ml * math.prod(self.factors)

    def slabs(self) -> Iterator[tuple[slice, slice]]:
        """Slices of the full grid and of the coarse one that cover the same blocks."""
        step = self.factors[0]
        size = max(1, SLAB // step)
        for start in range(0, self.coarse.shape[0], size):
            stop = min(start + size, self.coarse.shape[0])
            yield slice(start * step, min(stop * step, self.values.shape[0])), slice(start, stop)

    def full(self, mask: Voxels, rows: slice) -> Voxels:
        """A part of a coarse mask (its slices `rows`) on the full grid."""
        out = mask[rows]
        for axis, factor in enumerate(self.factors):
            out = np.repeat(out, factor, axis=axis) if factor > 1 else out
        stop = min(rows.stop * self.factors[0], self.values.shape[0]) - rows.start * self.factors[0]
        return out[:stop, : self.values.shape[1], : self.values.shape[2]]

    def within(self, mask: Voxels, low: float = -math.inf, high: float = math.inf) -> Voxels:
        """The voxels of a coarse mask whose value is at least `low` and below `high`, on the full grid."""
        out = np.zeros(self.values.shape, dtype=bool)
        for whole, rows in self.slabs():
            if mask[rows].any():
                part = self.values[whole]
                out[whole] = self.full(mask, rows) & (part >= low) & (part < high)
        return out


def ct_grid(target: Target) -> CtGrid:
    """The grid of a CT volume.

    Raises:
        BadInput: not a volume, or too small.
        NotAssessable: not CT, not in Hounsfield units, uneven or tilted.
    """
    volume = _checked(target)
    turned, back = canonical(volume)
    doubts = list(volume.warnings)
    found = calibration(turned.values)
    if found.why is not None or found.soft is None:
        raise _uncalibrated(volume, found.why or "no peak of fat or soft tissue")
    if (volume.header.modality or "").upper() != "CT":
        if found.air is None:
            raise _uncalibrated(volume, "no modality stated and no air in the picture")
        doubts.append("the file does not say that it is a CT; its values look like Hounsfield units")
    factors = tuple(max(1, int(COARSE_MM / step)) for step in turned.spacing_mm)
    assert len(factors) == 3
    coarse = _blocks(turned.values, factors)
    if found.highest > 3000 and metal(coarse, METAL_BLOCKS):
        doubts.append("metal or its streaks: borders near it are not to be relied on")
    return CtGrid(turned, back, coarse, factors, found.air, found.soft, tuple(doubts))


def metal(coarse: Grid, at_least: int) -> int:
    """Blocks denser than any bone, in pieces of so many or more: single bright voxels are noise."""
    dense = coarse > METAL_HU
    if not dense.any():
        return 0
    held = sizes(*components(dense))
    held[0] = 0
    return int(held[held >= at_least].sum())


def _checked(target: Target) -> Volume:
    if not isinstance(target, Volume):
        raise BadInput(
            "this needs a volume",
            found="one image",
            expected="a CT series with all its slices",
            action="give the folder or archive of the series",
        )
    modality = (target.header.modality or "").upper()
    if modality not in ("", "CT", "OT"):
        raise NotAssessable(
            "this is not a CT",
            found=f"modality {modality}",
            expected="CT in Hounsfield units",
            action="give a CT series",
        )
    if min(target.values.shape) < SMALLEST:
        raise BadInput(
            "the volume is too small to segment",
            found=f"{' x '.join(map(str, target.values.shape))} voxels",
            expected=f"at least {SMALLEST} each way",
            action="give the whole series",
        )
    if not target.square:
        raise NotAssessable(
            f"the slices of {target.name} lean by {target.tilt_deg:.1f} degrees",
            found="a grid without right angles",
            expected="slices stacked at a right angle",
            action="resample the series to a right-angled grid first (--resample square)",
        )
    return measurable(target)


def _uncalibrated(volume: Volume, found: str) -> NotAssessable:
    return NotAssessable(
        f"the values of {volume.name} are not Hounsfield units of a CT",
        found=found,
        expected="air near -1000 and fat or soft tissue between -200 and 150",
        action="check modality and rescaling of the file",
    )




def _blocks(values: Grid, factors: tuple[int, ...]) -> Grid:
    """Means over blocks; the last block of an axis may be smaller."""
    if max(factors) == 1:
        return values
    shape = tuple(math.ceil(size / factor) for size, factor in zip(values.shape, factors, strict=True))
    out = np.empty(shape, dtype=np.float32)
    step = factors[0]
    pads = [(-size) % factor for size, factor in zip(values.shape, factors, strict=True)]
    for row in range(shape[0]):
        part = values[row * step : (row + 1) * step].mean(axis=0)
        part = np.pad(part, ((0, pads[1]), (0, pads[2])), mode="edge")
        tall, wide = shape[1], shape[2]
        out[row] = part.reshape(tall, factors[1], wide, factors[2]).mean(axis=(1, 3))
    return out


def components(mask: Voxels, axial: bool = False) -> tuple[Labels, int]:
    """Components by faces; within slices only where `axial`."""
    from scipy import ndimage

    structure = ndimage.generate_binary_structure(3, 1)
    if axial:
        structure[[0, 2]] = False
    labels, count = ndimage.label(mask, structure)
    return np.asarray(labels, dtype=np.int32), int(count)


def sizes(labels: Labels, count: int) -> NDArray[np.int64]:
    """Voxels of each component; index 0 is the background."""
    return np.bincount(labels.ravel(), minlength=count + 1).astype(np.int64)


def widened(mask: Voxels, mm: float, spacing: tuple[float, float, float]) -> Voxels:
    """Everything within `mm` of the mask."""
    reach = [int(mm / step) for step in spacing]
    if math.prod(2 * size + 1 for size in reach) > _MOST_SHIFTS:
        from scipy import ndimage

        return np.asarray(ndimage.distance_transform_edt(~mask, sampling=spacing) <= mm) if mask.any() else mask
    out = mask.copy()
    for z in range(-reach[0], reach[0] + 1):
        for y in range(-reach[1], reach[1] + 1):
            for x in range(reach[2] + 1):
                if 0 < math.hypot(z * spacing[0], y * spacing[1], x * spacing[2]) <= mm:
                    for step in {x, -x}:
                        to, of = zip(*(_shifted(n) for n in (z, y, step)), strict=True)
                        out[to] |= mask[of]
    return out


def narrowed(mask: Voxels, mm: float, spacing: tuple[float, float, float]) -> Voxels:
    """What lies further than `mm` inside the mask. The edge of the grid is no border of it."""
    return ~widened(~mask, mm, spacing)


def _shifted(step: int) -> tuple[slice, slice]:
    if step > 0:
        return slice(step, None), slice(None, -step)
    return (slice(None, step), slice(-step, None)) if step else (slice(None), slice(None))


def closed(mask: Voxels, mm: float, spacing: tuple[float, float, float]) -> Voxels:
    """Closing by a ball. Beyond the grid nothing is assumed, so that a cut structure is not eaten at the cut."""
    reach = [math.ceil(mm / step) + 1 for step in spacing]
    padded = np.pad(mask, [(size, size) for size in reach], mode="edge")
    wide = narrowed(widened(padded, mm, spacing), mm, spacing)
    core = tuple(slice(size, -size) for size in reach)
    return np.asarray(wide[core] | mask)


def filled(mask: Voxels) -> Voxels:
    """Each slice without its holes."""
    from scipy import ndimage

    return np.stack([ndimage.binary_fill_holes(one) for one in mask])


def box_of(mask: Voxels, margin: int = 0) -> tuple[slice, slice, slice]:
    """The part of the grid that holds a mask."""
    out = []
    for axis in range(3):
        others = tuple(n for n in range(3) if n != axis)
        found = np.flatnonzero(mask.any(axis=others))
        out.append(slice(max(int(found[0]) - margin, 0), min(int(found[-1]) + 1 + margin, mask.shape[axis])))
    return out[0], out[1], out[2]
