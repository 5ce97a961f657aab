"""What a person puts in the place of what is drawn: a mask, strokes of a brush, ends that were moved, a place pointed
at. Outlines with parts are corrected in `tools.imaging.outline_corrections`."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from knowledge.evidence import DicomRegion
from tools.context import ImageFile
from tools.errors import BadInput
from tools.imaging.attached import target_of
from tools.imaging.frame import Image
from tools.imaging.masks import corrected, heart_of, keep, lungs_of, mask_of
from tools.imaging.measure import calipers_text, read_calipers
from tools.imaging.outline_corrections import Outline, corrected_outline
from tools.imaging.outline_prompts import pointed_shown, pointed_text, read_pointed
from tools.imaging.outline_tools import POINTED
from tools.imaging.sizes import LANDMARKS, MASK, landmarks_shown, landmarks_text, on_slice, read_landmarks
from tools.imaging.volume import Volume
from tools.segmenters.cardiothoracic import with_points
from tools.segmenters.contract import Target

CALIPERS = "calipers"


def corrected_region(
    given: Any, held: str, region: DicomRegion, file: ImageFile, lungs: str | None = None
) -> tuple[str, str]:
    """The new value of an outline or of calipers, and how it is shown.

    Args:
        given: for calipers {END: [COLUMN, ROW]}; for landmarks all of them [[COLUMN, ROW], ...] or some by their
            number from 1, in a volume {"points": ..., "slice": N}; for an outline the path of a mask or strokes of a
            brush; for a place that is pointed at a box or clicks.
        held: the value that is corrected; empty where there was none.
        lungs: the outline of the lungs, where the heart's is corrected.

    Raises:
        BadInput: it is neither, or does not fit the film.
    """
    target = target_of(file, region.frame or 0)
    if region.segment == POINTED:
        prompts = read_pointed(given, target)
        return pointed_text(prompts), f"pointed at: {pointed_shown(prompts)}"
    if region.segment == LANDMARKS:
        return _placed(given, held, target)
    if region.segment == MASK and (isinstance(target, Volume) or not _strokes(given)):
        made = corrected_outline(given, Outline(held, "", "", None, region, file))
        if made.value is None:
            raise BadInput("nothing is outlined any more", found=made.display, expected="a mask", action="draw it")
        return made.value, made.display
    if isinstance(target, Volume):
        raise BadInput(
            "this is drawn on one image, not on a series",
            found="a series",
            expected="one image",
            action="attach the image itself",
        )
    image = target
    if region.segment == CALIPERS:
        return _moved(given, held, image)
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


def _strokes(given: Any) -> bool:
    """Whether a mask is given by strokes of a brush, not as a file or by what is pointed at."""
    return isinstance(given, list) or (isinstance(given, str) and given.lstrip().startswith("["))


def _placed(given: Any, held: str, target: Target) -> tuple[str, str]:
    """Landmarks that were set, or some of them moved: {"2": [COLUMN, ROW]} moves the second."""
    body = given
    if isinstance(given, str):
        try:
            body = json.loads(given)
        except ValueError:
            body = given
    if isinstance(body, dict) and "points" not in body and held:
        image = on_slice(held, target)
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
        body = {"points": points, "slice": image.frame} if isinstance(target, Volume) else points
    text = json.dumps(body)
    image = on_slice(text, target)
    at = image.frame if isinstance(target, Volume) else None
    placed = read_landmarks(text, image)
    return landmarks_text(placed, edited=True, at=at), f"{landmarks_shown(placed, at)}, set by hand"
