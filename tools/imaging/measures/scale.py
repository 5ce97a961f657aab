"""From pixels to millimetres, and the source of that step. Without a source there is no millimetre (safety rule 15)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tools.errors import NotAssessable
from tools.imaging.frame import Image
from tools.imaging.measures.model import PIXELS
from tools.imaging.volume import Volume

Matrix = NDArray[np.float64]
# As `tools.imaging.spacing` writes it.
_REGION = re.compile(r"ultrasound region (-?[\d.]+),(-?[\d.]+),(-?[\d.]+),(-?[\d.]+) only")


@dataclass(frozen=True, eq=False)
class Plane:
    """The plane of one image or slice: `matrix` takes a step of (column, row) to millimetres in the plane.

    Without a scale the matrix is the identity, steps are pixels and pixels are taken as square.
    """

    matrix: Matrix = field(repr=False)
    source: str | None = None
    note: str = ""

    @property
    def unit(self) -> str:
        """Unit of lengths."""
        return "mm" if self.source else PIXELS

    @property
    def said(self) -> str | None:
        """The source of the scale and where it holds."""
        return f"{self.source}, {self.note}" if self.source and self.note else self.source

    @property
    def notes(self) -> tuple[str, ...]:
        """What must be said with every length taken here."""
        if self.source is None:
            return ("no scale: lengths are in pixels, taken as square",)
        if not self.note:
            return ()
        detector = "detector" in self.source.lower()
        return (f"lengths are {'at the detector, ' if detector else ''}{self.note}",)

    @property
    def pixel_mm2(self) -> float:
        """Area of a pixel."""
        return abs(float(np.linalg.det(self.matrix)))

    def mm(self, points: Matrix) -> Matrix:
        """Places (column, row) in millimetres of the plane."""
        return points @ self.matrix.T


def scale_note(image: Image) -> str:
    """Where lengths on an image do not hold; empty where they hold in the patient."""
    if image.spacing.mm is None or image.spacing.calibrated:
        return ""
    return "not in the patient"


def plane_of(image: Image) -> Plane:
    """The plane of an image."""
    mm = image.spacing.mm
    if mm is None:
        return Plane(np.eye(2))
    return Plane(np.diag([mm[1], mm[0]]).astype(float), image.spacing.source, scale_note(image))


def plane_of_slices(volume: Volume) -> Plane:
    """The plane of a volume's slices; lengths in it hold for uneven and tilted series too. One that is not axial, as
    NIfTI may be stored, is said to be so: axes in another plane are other axes."""
    column, row = volume.affine[:3, 0], volume.affine[:3, 1]
    width = float(np.linalg.norm(column))
    along = float(row @ column) / width
    across = float(np.sqrt(max(float(row @ row) - along**2, 0.0)))
    view = {"L": "sagittal", "R": "sagittal", "A": "coronal", "P": "coronal"}.get(volume.axes[0])
    note = f"in the {view} plane" if view else ""
    return Plane(np.array([[width, along], [0.0, across]]), f"grid of the slices ({volume.spacing_source})", note)


def within_scale(image: Image, box: tuple[float, float, float, float]) -> None:
    """Check that a box lies where the scale of the image holds: on ultrasound, in the region that states it.

    Raises:
        NotAssessable: it reaches out of the region.
    """
    found = _REGION.search(image.spacing.source) if image.spacing.mm else None
    if found is None:
        return
    left, top, right, bottom = (float(part) for part in found.groups())
    if box[0] < left or box[1] < top or box[2] > right or box[3] > bottom:
        raise NotAssessable(
            "the scale of this ultrasound image holds in its region only",
            found=f"columns {box[0]:g} to {box[2]:g}, rows {box[1]:g} to {box[3]:g}",
            expected=f"columns {left:g} to {right:g}, rows {top:g} to {bottom:g}",
            action="measure within the region",
        )


def inside(plane_shape: tuple[int, ...], box: tuple[int, int, int, int]) -> bool:
    """Whether a box (column, row, column, row) stays off the edge of the image."""
    rows, columns = plane_shape[-2:]
    return box[0] > 0 and box[1] > 0 and box[2] < columns - 1 and box[3] < rows - 1
