"""Slices become a grid: sorted by where they lie, never by number or name; what is uneven or leans is found here.

Image Position (Patient) is the centre of the first voxel, Image Orientation (Patient) the direction of increasing
column, then of increasing row (DICOM PS3.3 C.7.6.2.1.1). The distance between slices is that between positions;
Slice Thickness is not looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tools.errors import NotAssessable
from tools.imaging.volume import SQUARE_DEG, Affine

Vector = NDArray[np.float64]
SAME_MM = 0.01
"""Slices nearer to each other than this lie at one place."""
# Positions are often written with one decimal: a slice off its place by rounding alone is not uneven.
_ROUNDED_MM = 0.06
_UNEVEN = 0.02
_MOST_UNEVEN = 0.25
# Direction cosines as scanners write them are right to four decimals.
_COSINE = 2e-3


@dataclass(frozen=True)
class Plane:
    """One slice: where it lies, where its pixels are, and what may tell it from another at the same place."""

    path: Path
    frame: int
    position: tuple[float, float, float]
    orientation: tuple[float, ...]
    spacing: tuple[float, float]
    rows: int
    columns: int
    slope: float = 1.0
    intercept: float = 0.0
    sop_instance_uid: str | None = None
    marks: tuple[tuple[str, str], ...] = ()

    @property
    def normal(self) -> Vector:
        """The direction across the slice."""
        return np.cross(self.orientation[:3], self.orientation[3:])


@dataclass(frozen=True)
class Grid:
    """Planes in order and the grid they make."""

    planes: tuple[Plane, ...]
    affine: Affine = field(repr=False)
    uniform: bool
    tilt_deg: float
    told: tuple[str, ...] = ()


def is_square(orientation: Sequence[float]) -> bool:
    """Whether six direction cosines are two unit vectors at right angles."""
    row, column = np.array(orientation[:3]), np.array(orientation[3:])
    lengths = (abs(float(np.linalg.norm(row)) - 1), abs(float(np.linalg.norm(column)) - 1))
    return len(orientation) == 6 and max(*lengths, abs(float(row @ column))) < _COSINE


def in_order(planes: Sequence[Plane]) -> tuple[list[Plane], Vector]:
    """Planes sorted along their normal, and how far along it each lies (mm)."""
    normal = planes[0].normal
    along = np.array([float(np.dot(plane.position, normal)) for plane in planes])
    order = np.argsort(along, kind="stable")
    return [planes[n] for n in order], along[order]


def repeated(planes: Sequence[Plane]) -> int:
    """How many planes lie where another one already does."""
    _, along = in_order(planes)
    return int((np.diff(along) < SAME_MM).sum())


def grid(planes: Sequence[Plane], stated_tilt: float | None = None) -> Grid:
    """The grid of parallel planes at different places.

    Raises:
        NotAssessable: fewer than two planes, or two at one place.
    """
    if len(planes) < 2:
        raise NotAssessable(
            "one slice is no volume",
            found="one slice",
            expected="at least two: the distance between slices comes from their positions",
            action="give the folder of the whole series",
        )
    ordered, along = in_order(planes)
    if repeated(ordered):
        raise NotAssessable(
            "slices lie at the same place",
            found=f"{repeated(ordered)} of {len(ordered)} slices repeat a position",
            expected="one slice at each position",
            action="name the phase or the acquisition that is meant",
        )
    places = np.array([plane.position for plane in ordered], dtype=np.float64)
    told: list[str] = []
    even = _even(along)
    steps = np.diff(along)
    if not even:
        told += _gaps(along, steps)
    lean, straight = _lean(places, along, ordered[0])
    if not straight:
        told.append("slices are shifted sideways against each other, not along one line")
    if even and straight:
        step = (places[-1] - places[0]) / (len(ordered) - 1)
    else:
        step = (places[-1] - places[0]) / (along[-1] - along[0]) * float(np.median(steps))
    first = ordered[0]
    affine = np.eye(4)
    affine[:3, 0] = np.array(first.orientation[:3]) * first.spacing[1]
    affine[:3, 1] = np.array(first.orientation[3:]) * first.spacing[0]
    affine[:3, 2] = step
    affine[:3, 3] = places[0]
    tilt = lean if lean >= SQUARE_DEG / 10 else 0.0
    told += _tilt_said(tilt, stated_tilt)
    return Grid(tuple(ordered), affine, even and straight, tilt, tuple(told))


def _even(along: Vector) -> bool:
    """Whether places lie on an even ruler from the first to the last."""
    ruler = np.linspace(along[0], along[-1], len(along))
    step = (along[-1] - along[0]) / (len(along) - 1)
    allowed = min(max(_UNEVEN * step, _ROUNDED_MM), _MOST_UNEVEN * step)
    return bool(np.abs(along - ruler).max() <= allowed)


def _gaps(along: Vector, steps: Vector) -> list[str]:
    """Which steps differ from the usual one, in words; the worst five."""
    usual = float(np.median(steps))
    allowed = min(max(_UNEVEN * usual, _ROUNDED_MM), _MOST_UNEVEN * usual)
    odd = [n for n in range(len(steps)) if abs(steps[n] - usual) > allowed]
    odd = sorted(sorted(odd, key=lambda n: -abs(steps[n] - usual))[:5])
    said = []
    for n in odd:
        missing = round(float(steps[n]) / usual) - 1
        guess = f": {missing} slice{'s' if missing > 1 else ''} missing" if missing > 0 else ""
        said.append(
            f"slices {n} and {n + 1} are {steps[n]:.4g} mm apart where {usual:.4g} mm is usual{guess}"
            f" (at {along[n]:.4g} mm along the stack)"
        )
    return said or [f"the distance between slices drifts from {steps.min():.4g} to {steps.max():.4g} mm"]


def _lean(places: Vector, along: Vector, first: Plane) -> tuple[float, bool]:
    """By how many degrees the line of positions leans from the normal, and whether it is a line."""
    offset = places - places[0]
    sideways = np.stack([offset @ np.array(first.orientation[:3]), offset @ np.array(first.orientation[3:])], axis=1)
    height = along - along[0]
    slope = sideways[-1] / height[-1]
    off = float(np.abs(sideways - height[:, None] * slope).max())
    # Half a pixel is what an even grid may be off anywhere.
    straight = off <= max(0.1, 0.5 * min(first.spacing))
    return float(np.degrees(np.arctan(np.linalg.norm(slope)))), straight


def _tilt_said(tilt: float, stated: float | None) -> list[str]:
    said = [f"the stack leans by {tilt:.3g} degrees: sheared, not at right angles"] if tilt >= SQUARE_DEG else []
    if stated is not None and abs(stated) >= SQUARE_DEG and abs(abs(stated) - tilt) > 0.5:
        found = f"{tilt:.3g} degrees" if tilt >= SQUARE_DEG else "no tilt"
        said.append(f"the header states a gantry tilt of {stated:.3g} degrees, the positions show {found}: they decide")
    return said
