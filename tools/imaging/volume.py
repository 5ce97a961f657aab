"""A `Volume` is a stack of slices with its place in the patient. Nothing here reads a file.

Array axes are (slice, row, column), 0-based. Places are millimetres in DICOM's patient system, LPS: x grows to the
patient's left, y to the back, z to the head (DICOM PS3.3 C.7.6.2.1.1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.errors import NotAssessable
from tools.imaging.frame import Header

Grid = NDArray[np.float32]
Voxels = NDArray[np.bool_]
Affine = NDArray[np.float64]
# Rows of the affine are L, P, S; the canonical volume's axes grow towards head, back and the patient's left.
_CANONICAL = ("S", "P", "L")
_LETTERS = (("L", "R"), ("P", "A"), ("S", "I"))
# A tenth of a degree over 300 mm is half a millimetre.
SQUARE_DEG = 0.1


@dataclass(frozen=True)
class Slice:
    """Where one slice of a volume came from, and where its first voxel lies (LPS mm) where the file says so."""

    path: Path | None = None
    frame: int = 0
    sop_instance_uid: str | None = None
    position_mm: tuple[float, float, float] | None = None


@dataclass(frozen=True, eq=False)
class Volume:
    """A stack of slices.

    `values`: (slices, rows, columns), rescaled (HU in CT). `affine`: 4 x 4, from (column, row, slice) to LPS
    millimetres; it is what the file states, tilt included. `spacing_source`: what the distance between slices was
    read from ("ImagePositionPatient", "NIfTI sform"). `uniform`: the slices are equally far apart, none is missing.
    `tilt_deg`: by how much the line from slice to slice leans from the slices' normal.
    """

    values: Grid = field(repr=False)
    affine: Affine = field(repr=False)
    name: str
    sha256: str
    format: str
    spacing_source: str
    uniform: bool = True
    tilt_deg: float = 0.0
    header: Header = field(default_factory=Header)
    slices: tuple[Slice, ...] = field(default=(), repr=False)
    warnings: tuple[str, ...] = ()

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Millimetres between voxel centres along (slice, row, column)."""
        column, row, across = (float(np.linalg.norm(self.affine[:3, axis])) for axis in range(3))
        return across, row, column

    @property
    def voxel_ml(self) -> float:
        """Millilitres of one voxel, right for tilted grids too (the determinant)."""
        return abs(float(np.linalg.det(self.affine[:3, :3]))) / 1000.0

    @property
    def axes(self) -> tuple[str, str, str]:
        """Where each array axis (slice, row, column) grows to, to the nearest of L, R, P, A, S, I."""
        return toward(self.affine)

    @property
    def square(self) -> bool:
        """Whether the grid has right angles."""
        return self.tilt_deg < SQUARE_DEG

    def at(self, slice_: float, row: float, column: float) -> tuple[float, float, float]:
        """LPS millimetres of a place given in array order."""
        x, y, z = self.affine[:3] @ np.array([column, row, slice_, 1.0])
        return float(x), float(y), float(z)

    def geometry(self) -> dict[str, Any]:
        """The geometry of `osler image info --json`; spacing as (slice, row, column)."""
        return geometry_of(self.affine, self.spacing_source, self.uniform, self.tilt_deg)


def measurable(volume: Volume) -> Volume:
    """The volume, where volumes and distances may be taken from its grid.

    Raises:
        NotAssessable: slices are missing or unevenly spaced: it would be measured as if it were regular.
    """
    if not volume.uniform:
        raise NotAssessable(
            f"{volume.name} is not evenly sampled",
            found="; ".join(volume.warnings) or "slices at uneven distances",
            expected="equally spaced slices without a gap",
            action="fetch the missing slices, or resample the series (--resample even)",
        )
    return volume


def canonical(volume: Volume) -> tuple[Volume, Callable[[Voxels], Voxels]]:
    """The volume with slices to the head, rows to the back, columns to the patient's left, and the way back for masks.

    Axes are only swapped and turned round: no value changes, an oblique grid stays oblique.
    """
    order: list[int] = []
    flips: list[bool] = []
    for wanted in _CANONICAL:
        pair = next(letters for letters in _LETTERS if wanted in letters)
        axis = next(n for n, letter in enumerate(volume.axes) if letter in pair)
        order.append(axis)
        flips.append(volume.axes[axis] != wanted)
    turned = [n for n, flip in enumerate(flips) if flip]
    values = np.flip(volume.values.transpose(order), tuple(turned))

    # The affine speaks of (column, row, slice): array axis n is its column 2 - n.
    affine = volume.affine.copy()
    for new, old in enumerate(order):
        affine[:3, 2 - new] = volume.affine[:3, 2 - old]
    for axis in turned:
        size = values.shape[axis]
        affine[:3, 3] += affine[:3, 2 - axis] * (size - 1)
        affine[:3, 2 - axis] *= -1
    slices = volume.slices if order[0] == 0 else ()
    if slices and 0 in turned:
        slices = slices[::-1]
    inverse = tuple(int(n) for n in np.argsort(order))

    def back(mask: Voxels) -> Voxels:
        return np.ascontiguousarray(np.flip(mask, tuple(turned)).transpose(inverse))

    return replace(volume, values=values, affine=affine, slices=slices), back


def geometry_of(affine: Affine, spacing_source: str, uniform: bool, tilt_deg: float) -> dict[str, Any]:
    """The geometry of a grid as `osler image info --json` shows it; spacing as (slice, row, column)."""
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    unit = affine[:3, :2] / lengths[:2]
    return {
        "spacing_mm": [round(float(part), 6) for part in lengths[::-1]],
        "spacing_source": spacing_source,
        "orientation": [round(float(part), 6) for part in unit.T.ravel()],
        "uniform": uniform,
        "tilt_deg": round(tilt_deg, 3),
    }


def slices_lie(affine: Affine) -> str:
    """axial, coronal or sagittal, by the axis that the slices follow most."""
    return {"S": "axial", "I": "axial", "A": "coronal", "P": "coronal"}.get(toward(affine)[0], "sagittal")


def toward(affine: Affine) -> tuple[str, str, str]:
    """Where the array axes (slice, row, column) of a grid grow to; each letter pair is used once."""
    directions = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    left = {0, 1, 2}
    named: dict[int, str] = {}
    for column in sorted(range(3), key=lambda n: -float(np.abs(directions[:, n]).max())):
        world = max(left, key=lambda n: abs(float(directions[n, column])))
        left.discard(world)
        named[column] = _LETTERS[world][0 if directions[world, column] > 0 else 1]
    return named[2], named[1], named[0]
