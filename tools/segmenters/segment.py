"""What a segmenter gives: a structure with its code, a mask, how sure it is, and which algorithm found it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from knowledge.coding import SYSTEMS, Coding
from tools.errors import BadInput
from tools.segmenters.structures import ANATOMICAL, coding_of

Mask = NDArray[np.bool_]
Point = tuple[float, float]

# SNOMED CT as in the body structures of DICOM CID 4031 and in the segment codes of the Imaging Data Commons.
CODINGS = {
    "lung": Coding(system=SYSTEMS["snomed"], code="39607008", display="Lung structure"),
    "right lung": Coding(system=SYSTEMS["snomed"], code="3341006", display="Right lung structure"),
    "left lung": Coding(system=SYSTEMS["snomed"], code="44029006", display="Left lung structure"),
    "heart": Coding(system=SYSTEMS["snomed"], code="80891009", display="Heart structure"),
    # HL7 eye care guide, value set PosteriorSegmentObservationCodes.
    "retinal vessels": Coding(system=SYSTEMS["snomed"], code="28758002", display="Blood vessel of retina"),
    "skin lesion": Coding(system=SYSTEMS["snomed"], code="95324001", display="Skin lesion"),
}


@dataclass(frozen=True, eq=False)
class Segment:
    """One structure of one image (mask rows x columns) or volume (slices x rows x columns).

    `confidence` is 0 to 1 and uncalibrated, `doubts` what lowers it; `edited` once a person has changed the mask.
    `coded`: its code where it is not the one of its name. `probability`: of the mask's shape, where there is one.
    """

    structure: str
    mask: Mask = field(repr=False)
    confidence: float
    algorithm: str
    version: str
    edited: bool = False
    doubts: tuple[str, ...] = ()
    coded: Coding | None = None
    probability: NDArray[np.float32] | None = field(default=None, repr=False)

    @property
    def coding(self) -> Coding:
        """The code of the structure; that of any anatomical structure where none of its own was verified."""
        if self.coded is not None:
            return self.coded
        return CODINGS.get(self.structure) or coding_of(self.structure) or ANATOMICAL

    @property
    def box(self) -> tuple[int, int, int, int]:
        """First column, first row, last column, last row (0-based stored pixels)."""
        rows, columns = np.flatnonzero(self.mask.any(axis=1)), np.flatnonzero(self.mask.any(axis=0))
        if not len(rows):
            raise BadInput(
                f"the mask of the {self.structure} is empty",
                found="no pixel",
                expected="at least one pixel",
                action="draw the structure, or leave it out",
            )
        return int(columns[0]), int(rows[0]), int(columns[-1]), int(rows[-1])


@dataclass(frozen=True)
class Correction:
    """A person's brush: everything within `radius` pixels of the line through `points` belongs, or does not."""

    points: tuple[Point, ...]
    radius: float
    inside: bool


def from_points(mask: Mask, corrections: Sequence[Correction]) -> Mask:
    """The mask after a person's corrections, in their order; points are (column, row) in stored pixels.

    Raises:
        BadInput: a correction lies outside the image or has no size.
    """
    corrected = mask.copy()
    rows, columns = mask.shape
    for stroke in corrections:
        path = np.asarray(stroke.points, dtype=float)
        outside = path.size == 0 or path.min() < 0 or (path > np.array([columns - 1, rows - 1])).any()
        if outside or not np.isfinite(path).all() or not stroke.radius > 0:
            raise BadInput(
                "a correction lies outside the image or has no size",
                found=stroke,
                expected=f"columns 0 to {columns - 1}, rows 0 to {rows - 1}, radius above 0",
                action="draw it on the image",
            )
        corrected[_brushed(mask.shape, path, stroke.radius)] = stroke.inside
    return corrected


def edited(segment: Segment, corrections: Sequence[Correction]) -> Segment:
    """The segment as a person corrected it."""
    return replace(segment, mask=from_points(segment.mask, corrections), edited=True)


def _brushed(shape: tuple[int, ...], path: NDArray[np.float64], radius: float) -> Mask:
    left, top = np.maximum(np.floor(path.min(axis=0) - radius), 0).astype(int)
    right, bottom = np.ceil(path.max(axis=0) + radius).astype(int) + 1
    y, x = np.mgrid[top : min(bottom, shape[0]), left : min(right, shape[1])]
    near = np.zeros(y.shape, dtype=bool)
    for start, end in zip(path, path[1:] if len(path) > 1 else path, strict=False):
        step = end - start
        along = ((x - start[0]) * step[0] + (y - start[1]) * step[1]) / max(float(step @ step), 1e-12)
        along = np.clip(along, 0, 1)
        near |= np.hypot(x - start[0] - along * step[0], y - start[1] - along * step[1]) <= radius
    whole = np.zeros(shape, dtype=bool)
    whole[top : top + y.shape[0], left : left + y.shape[1]] = near
    return whole
