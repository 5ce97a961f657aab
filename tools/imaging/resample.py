"""Grids made right: a leaning stack sheared back, an uneven one filled in on request; both say what was done.

Nothing here hides what the series lacked: resampled values are interpolated, and the warning stays with the volume.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tools.errors import NotAssessable
from tools.imaging.refusals import ImageTooLarge
from tools.imaging.series_pixels import MAX_VOXELS
from tools.imaging.volume import Affine, Grid, Slice, Volume

RESAMPLED = "resampled"
"""The format of such a volume: its slices are those of no file, so no DICOM object can refer to them."""
_LIMIT_DEG = 60.0


def squared(volume: Volume, outside: float | None = None) -> Volume:
    """A leaning stack on a grid with right angles: each slice is moved within its own plane, linearly interpolated.

    The new grid holds every voxel of the old one; what no slice covered is `outside` (by default the least value).

    Raises:
        NotAssessable: it leans too far to be a stack.
        ImageTooLarge: the grid would be larger than is read.
    """
    if volume.square:
        return volume
    if volume.tilt_deg > _LIMIT_DEG:
        raise NotAssessable(
            f"{volume.name} leans too far",
            found=f"{volume.tilt_deg:.3g} degrees",
            expected=f"at most {_LIMIT_DEG:g}",
            action="check the positions of its slices",
        )
    _, row_mm, column_mm = volume.spacing_mm
    across_columns, across_rows = volume.affine[:3, 0] / column_mm, volume.affine[:3, 1] / row_mm
    step = volume.affine[:3, 2]
    normal = np.cross(across_columns, across_rows)
    normal *= np.sign(normal @ step)
    numbers = np.arange(len(volume.values))
    # How far each slice lies along rows and columns from under the first one, in voxels.
    down, right = numbers * float(step @ across_rows) / row_mm, numbers * float(step @ across_columns) / column_mm
    top, left = int(np.floor(down.min())), int(np.floor(right.min()))
    rows = int(np.ceil(down.max())) - top + volume.values.shape[1]
    columns = int(np.ceil(right.max())) - left + volume.values.shape[2]
    _check(volume.name, len(numbers), rows, columns)
    fill = float(volume.values.min()) if outside is None else outside
    values = np.full((len(numbers), rows, columns), fill, dtype=np.float32)
    for number, plane in enumerate(volume.values):
        _place(values[number], plane, down[number] - top, right[number] - left, fill)
    affine = volume.affine.copy()
    affine[:3, 2] = normal * float(step @ normal)
    affine[:3, 3] += left * volume.affine[:3, 0] + top * volume.affine[:3, 1]
    told = f"sheared back from a tilt of {volume.tilt_deg:.3g} degrees by linear interpolation within each slice"
    return replace(
        volume,
        values=values,
        affine=affine,
        tilt_deg=0.0,
        format=RESAMPLED,
        slices=tuple(Slice() for _ in numbers),
        spacing_source=f"{volume.spacing_source}, sheared to right angles",
        warnings=(*volume.warnings, told),
    )


def _place(target: Grid, plane: Grid, down: float, right: float, fill: float) -> None:
    """Put a slice at a place between voxels; a voxel half outside is mixed with `fill`."""
    rows, columns = plane.shape
    y, x = int(np.floor(down)), int(np.floor(right))
    part_y, part_x = np.float32(down - y), np.float32(right - x)
    padded = np.pad(plane, 1, constant_values=np.float32(fill))
    mixed = (
        (1 - part_y) * ((1 - part_x) * padded[1:, 1:] + part_x * padded[1:, :-1])
        + part_y * ((1 - part_x) * padded[:-1, 1:] + part_x * padded[:-1, :-1])
    )  # fmt: skip
    height, width = min(rows + 1, target.shape[0] - y), min(columns + 1, target.shape[1] - x)
    target[y : y + height, x : x + width] = mixed[:height, :width]


def evened(volume: Volume, across_mm: float | None = None) -> Volume:
    """An uneven or gapped stack on even slices, `across_mm` apart (by default its usual distance): asked for, never by
    itself. Between two slices values are interpolated linearly, across a gap as well, and the volume says so.

    Raises:
        NotAssessable: the file does not say where each slice lies, or the stack leans or is shifted sideways.
    """
    if volume.uniform and across_mm is None:
        return volume
    along = along_of(volume)
    usual = across_mm or float(np.median(np.diff(along)))
    count = int(np.floor((along[-1] - along[0]) / usual + 1e-6)) + 1
    _check(volume.name, count, *volume.values.shape[1:])
    wanted = along[0] + usual * np.arange(count)
    after = np.clip(np.searchsorted(along, wanted, side="right"), 1, len(along) - 1)
    share = ((wanted - along[after - 1]) / (along[after] - along[after - 1])).clip(0, 1).astype(np.float32)
    values = np.empty((count, *volume.values.shape[1:]), dtype=np.float32)
    for number, (upper, part) in enumerate(zip(after, share, strict=True)):
        np.multiply(volume.values[upper - 1], 1 - part, out=values[number])
        values[number] += part * volume.values[upper]
    step = volume.affine[:3, 2]
    affine = volume.affine.copy()
    affine[:3, 2] = step / np.linalg.norm(step) * usual
    widest = float(np.diff(along).max())
    made_up = sum(1 for place in wanted if np.abs(along - place).min() > 0.05 * usual)
    told = (
        f"resampled to even slices {usual:.4g} mm apart: {made_up} of {count} are interpolated, the widest gap was"
        f" {widest:.4g} mm"
    )
    return replace(
        volume,
        values=values,
        affine=affine,
        uniform=True,
        format=RESAMPLED,
        slices=tuple(Slice() for _ in range(count)),
        spacing_source=f"{volume.spacing_source}, resampled across the slices",
        warnings=(*volume.warnings, told),
    )


def along_of(volume: Volume) -> Affine:
    """Where each slice lies along the stack, in mm from the first.

    Raises:
        NotAssessable: see `evened`.
    """
    places = [one.position_mm for one in volume.slices]
    if volume.uniform and (None in places or not places):
        return np.arange(len(volume.values), dtype=np.float64) * volume.spacing_mm[0]
    known = [place for place in places if place is not None]
    step = volume.affine[:3, 2] / np.linalg.norm(volume.affine[:3, 2])
    offset = np.array(known) - np.array(known[0]) if known else np.zeros((1, 3))
    along = offset @ step
    sideways = np.abs(offset - along[:, None] * step).max()
    if len(known) != len(volume.values) or sideways > max(0.1, 0.5 * min(volume.spacing_mm[1:])):
        raise NotAssessable(
            f"{volume.name} cannot be resampled across its slices",
            found="slices shifted sideways" if len(known) == len(volume.values) else "no place for each slice",
            expected="slices along one line, each with its position",
            action="fetch the whole series again",
        )
    return np.asarray(along, dtype=np.float64)


def _check(name: str, slices: int, rows: int, columns: int) -> None:
    if slices * rows * columns > MAX_VOXELS:
        raise ImageTooLarge(
            f"{name} would be too large",
            found=f"{slices} slices of {columns} x {rows}",
            expected=f"at most {MAX_VOXELS:,} voxels",
            action="resample it coarser",
        )
