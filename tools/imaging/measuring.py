"""What is measured of a mask, or of landmarks, on an image or a volume: one way for tools and command line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from tools.errors import BadInput, NotAssessable, OslerError
from tools.imaging import archive
from tools.imaging.frame import Image
from tools.imaging.mask_files import AnyMask
from tools.imaging.measures.density import density
from tools.imaging.measures.lines import Landmark, angle, distance
from tools.imaging.measures.model import Measurement
from tools.imaging.measures.scale import Plane, plane_of, plane_of_slices, within_scale
from tools.imaging.measures.shape import area, box_of, count, diameters, volume
from tools.imaging.nifti import is_nifti
from tools.imaging.reading import read_image
from tools.imaging.volume import Volume
from tools.imaging.volumes import head_of, read_volume

Target = Image | Volume


def read_target(path: Path, frame: int = 0, series: str | None = None) -> Target:
    """A folder, an archive or NIfTI as a volume; a single file as one image.

    Raises:
        OslerError: it cannot be read (`read_image`, `read_volume`).
    """
    head = head_of(path)
    if head is None or archive.is_zip(head) or is_nifti(path, head):
        return read_volume(path, series)
    return read_image(path, frame)


def plane(target: Target) -> Plane:
    """The plane in which lengths are taken."""
    return plane_of(target) if isinstance(target, Image) else plane_of_slices(target)


def measured(target: Target, mask: AnyMask, structure: str = "") -> tuple[list[Measurement], list[str]]:
    """Every measure of a mask that can be taken, and why others cannot.

    Raises:
        BadInput: the mask is empty or not of the target's shape.
        NotAssessable: it lies outside the region in which the scale holds.
    """
    shape = target.pixels.shape if isinstance(target, Image) else target.values.shape
    if mask.shape != shape:
        raise BadInput(
            "the mask is not of this image", found=mask.shape, expected=shape, action="take the mask that belongs to it"
        )
    if isinstance(target, Image) and mask.any():
        within_scale(target, box_of(mask))
    rows = diameters(mask, plane(target))
    told: list[str] = []
    if isinstance(target, Image):
        rows.append(area(mask, plane_of(target)))
    else:
        try:
            rows.append(volume(mask, target))
        except NotAssessable as error:
            told.append(_why("volume", error))
    rows.append(count(mask))
    if (target.header.modality or "CT") == "CT" and target.values is not None:
        try:
            rows += density(mask, target)
        except NotAssessable as error:
            told.append(_why("density", error))
    return [one.of(structure) for one in rows], told


def between(points: Sequence[Landmark], target: Target) -> Measurement:
    """Two landmarks give a distance, four the angle between two lines.

    Raises:
        BadInput: another number of them, or one outside the image.
        NotAssessable: the volume is unevenly sampled.
    """
    grid = plane_of(target) if isinstance(target, Image) else target
    if isinstance(target, Image) and any(x >= target.columns or y >= target.rows for x, y, *_ in points):
        raise BadInput(
            "a landmark lies outside the image",
            found=str([list(point) for point in points]),
            expected=f"columns 0 to {target.columns - 1}, rows 0 to {target.rows - 1}",
            action="set it again",
        )
    if isinstance(target, Image) and points:
        x, y = zip(*((point[0], point[1]) for point in points), strict=True)
        within_scale(target, (min(x), min(y), max(x), max(y)))
    if len(points) == 2:
        return distance(points[0], points[1], grid)
    if len(points) == 4:
        return angle((points[0], points[1]), (points[2], points[3]), grid)
    raise BadInput(
        "this many landmarks make no measure",
        found=f"{len(points)} landmarks",
        expected="two for a distance, four for the angle between two lines",
        action="give them as COLUMN,ROW (COLUMN,ROW,SLICE in a volume)",
    )


def read_points(text: str) -> list[Landmark]:
    """Landmarks from text: `10,20 30,40`, with a third number for the slice.

    Raises:
        BadInput: they are no landmarks.
    """
    words = [word for word in re.split(r"[;\s]+", text.strip()) if word]
    try:
        points: list[Landmark] = [tuple(float(part) for part in word.split(",")) for word in words]
    except ValueError:
        points = []
    if not points or any(len(point) not in (2, 3) for point in points):
        raise BadInput(
            "these are no landmarks",
            found=text[:80],
            expected="COLUMN,ROW COLUMN,ROW ... in 0-based stored pixels",
            action="write each landmark as two numbers with a comma, three in a volume",
        )
    return points


def _why(what: str, error: OslerError) -> str:
    return f"{what} not measured: {error.message} ({error.found})"
