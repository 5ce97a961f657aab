"""What a person puts in the place of an outline or of calipers: a mask, strokes of a brush, or ends that were moved."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from knowledge.evidence import DicomRegion
from tools.context import ImageFile
from tools.errors import BadInput
from tools.imaging.frame import Image
from tools.imaging.masks import corrected, heart_of, keep, lungs_of
from tools.imaging.measure import calipers_text, read_calipers
from tools.imaging.reading import read_image
from tools.imaging.sizes import LANDMARKS, MASK, landmarks_shown, landmarks_text, mask_of, read_landmarks
from tools.segmenters.cardiothoracic import with_points

CALIPERS = "calipers"


def corrected_region(
    given: Any, held: str, region: DicomRegion, file: ImageFile, lungs: str | None = None
) -> tuple[str, str]:
    """The new value of an outline or of calipers, and how it is shown.

    Args:
        given: for calipers {END: [COLUMN, ROW]}; for landmarks all of them [[COLUMN, ROW], ...] or some by their
            number from 1; for an outline the path of a PNG or strokes of a brush.
        held: the value that is corrected; empty where there was none.
        lungs: the outline of the lungs, where the heart's is corrected.

    Raises:
        BadInput: it is neither, or does not fit the film.
    """
    image = read_image(file.path, region.frame or 0)
    if region.segment == CALIPERS:
        return _moved(given, held, image)
    if region.segment == LANDMARKS:
        return _placed(given, held, image)
    if region.segment == MASK:
        blank = np.zeros((image.rows, image.columns), dtype=bool)
        before = mask_of(image, held, file.path.parent) if held else blank
        drawn = corrected(given, before, image)
        return keep(drawn, file.path.parent), f"outlined by hand, {int(np.count_nonzero(drawn))} pixels"
    fields = lungs_of(image, held if region.segment == "lung" else lungs, file.path.parent)
    right, left = fields.segments
    mask = right.mask | left.mask
    if region.segment == "heart":
        mask = heart_of(image, held, fields, file.path.parent).mask
    new = corrected(given, mask, image)
    name = "lung fields" if region.segment == "lung" else str(region.segment)
    return keep(new, file.path.parent), f"{name} outlined by hand, {int(np.count_nonzero(new))} pixels"


def _moved(given: Any, held: str, image: Image) -> tuple[str, str]:
    try:
        body = json.loads(given) if isinstance(given, str) else given
        points: dict[Any, Any] = {name: (float(x), float(y)) for name, (x, y) in body.items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise BadInput(
            "the calipers cannot be corrected with this",
            found=str(given)[:80],
            expected='{"heart_left": [COLUMN, ROW]}, with heart_right, thorax_left, thorax_right alike',
            action="move an end on the film",
        ) from error
    if any(not (0 <= x < image.columns and 0 <= y < image.rows) for x, y in points.values()):
        raise BadInput(
            "an end lies outside the film",
            found=str(given)[:80],
            expected=f"columns 0 to {image.columns - 1}, rows 0 to {image.rows - 1}",
            action="move an end on the film",
        )
    ratio = with_points(read_calipers(held), points)
    return calipers_text(ratio), f"calipers set by hand: {', '.join(sorted(points))} moved"


def _placed(given: Any, held: str, image: Image) -> tuple[str, str]:
    """Landmarks that were set, or some of them moved: {"2": [COLUMN, ROW]} moves the second."""
    body = given
    if isinstance(given, str):
        try:
            body = json.loads(given)
        except ValueError:
            body = given
    if isinstance(body, dict) and "points" not in body and held:
        points: list[Any] = list(read_landmarks(held, image))
        for number, place in body.items():
            if not str(number).isdigit() or not 1 <= int(number) <= len(points):
                raise BadInput(
                    "there is no such landmark",
                    found=str(number)[:20],
                    expected=f"1 to {len(points)}",
                    action="move one that is there",
                )
            points[int(number) - 1] = place
        body = points
    placed = read_landmarks(json.dumps(body), image)
    return landmarks_text(placed, edited=True), f"{landmarks_shown(placed)}, set by hand"
