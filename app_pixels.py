"""The pixels behind an image's evidence: read, made an 8-bit PNG in memory, with what was drawn on them.

Nothing of a file's header reaches the picture, and no picture is kept: each is read when somebody looks.
"""

from __future__ import annotations

import base64
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.state import current_records
from app_film import Film, Layer, calipers, layer_boxes
from app_parts import Json
from tools.context import ImageFile
from tools.errors import OslerError
from tools.imaging.attached import find
from tools.imaging.frame import Image
from tools.imaging.masks import heart_of, lungs_of
from tools.imaging.reading import read_image

log = logging.getLogger("osler.page")
LARGE, SMALL = 1400, 220
# Contours are followed on a mask of at most so many pixels a side.
TRACED = 700
_Step = tuple[int, int]


def image_of(state: Json, evidence: Json) -> tuple[str, int] | None:
    """The SHA-256 and frame of the image that a piece of evidence is about, through corrections and opinions."""
    root = drawn_from(state, evidence)
    source = root["source"]
    if root["kind"] == "dicom" and source.get("file_sha256"):
        return str(source["file_sha256"]), int(source.get("frame") or 0)
    if root["kind"] == "reading" and source.get("images"):
        first = (source.get("regions") or [{}])[0]
        return str(first.get("image") or source["images"][0]), int(first.get("frame", 0))
    return None


def drawn_from(state: Json, evidence: Json) -> Json:
    """What a correction stands for: the evidence it replaced, and what that had replaced."""
    while evidence["kind"] == "statement" and evidence.get("supersedes") in state["evidence"]:
        evidence = state["evidence"][evidence["supersedes"]]
    return evidence


def film(files: tuple[ImageFile, ...], state: Json, sha256: str, frame: int, *, longest: int = LARGE,
         layers: bool = True) -> Film | None:
    """A frame as the page shows it; None where the file is no longer kept."""
    try:
        file = find(files, sha256)
        image = read_image(file.path, frame)
    except OslerError as error:
        log.info("an image is not shown: %s", error.document()["message"])
        return None
    mm = image.spacing.mm or (1.0, 1.0)
    picture = png(image.pixels, longest)
    return Film(
        sha256, picture, image.columns, image.rows, image.columns * mm[1] / (image.rows * mm[0]), image.frame,
        image.frames, min(longest, max(image.rows, image.columns)),
        tuple(_layers(image, state, sha256, file.path.parent)) if layers else (), image.warnings,
    )


def png(pixels: NDArray[np.float32], longest: int) -> str:
    """Grey values as the address of a PNG, at most `longest` pixels a side."""
    from PIL import Image as Pillow

    picture = Pillow.fromarray((np.clip(pixels, 0, 1) * 255).round().astype(np.uint8))
    if max(picture.size) > longest:
        picture.thumbnail((longest, longest), Pillow.Resampling.LANCZOS)
    out = io.BytesIO()
    picture.save(out, format="PNG")
    return f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode('ascii')}"


def _layers(image: Image, state: Json, sha256: str, folder: Path) -> Iterator[Layer]:
    """Outlines, calipers and boxes of the evidence in use. What cannot be drawn is left out: its evidence says why."""
    current = _current(state)
    lungs = next((item for item, root in current if _is(root, sha256, image.frame, "lung")), None)
    for item, root in current:
        if root["kind"] == "reading":
            yield from layer_boxes(root["source"].get("regions", []), sha256, image.frame, item["id"])
        elif _is(root, sha256, image.frame, "calipers"):
            ends = calipers(item)
            yield Layer("calipers", item["display"], item["id"], "calipers", ends=ends, midline=_midline(item))
        elif _is(root, sha256, image.frame, "lung") or _is(root, sha256, image.frame, "heart"):
            try:
                name = "lung fields" if root["source"]["segment"] == "lung" else "heart"
                path = _outline(image, item, root, lungs, folder)
                yield Layer("outline", item["display"], item["id"], name, path=path)
            except OslerError as error:
                log.info("an outline is not drawn: %s", error.document()["message"])


def _current(state: Json) -> list[tuple[Json, Json]]:
    """The evidence in use, once each, with what it was before any correction."""
    ids = dict.fromkeys(i for record in current_records(state).values()  # type: ignore[arg-type]
                        if record.status == "ok" for i in record.evidence)
    items = [state["evidence"][i] for i in ids]
    return [(item, drawn_from(state, item)) for item in items]


def _is(root: Json, sha256: str, frame: int, segment: str) -> bool:
    """Something drawn on this frame. An area is measured on an outline, not drawn: its value is a number."""
    source = root["source"]
    return (root["kind"] == "dicom" and source.get("segment") == segment and source.get("file_sha256") == sha256
            and int(source.get("frame") or 0) == frame and isinstance(root.get("value"), str))


def _outline(image: Image, item: Json, root: Json, lungs: Json | None, folder: Path) -> str:
    if root["source"]["segment"] == "lung":
        fields = lungs_of(image, str(item["value"]), folder)
        return "".join(contour(segment.mask) for segment in fields.segments)
    fields = lungs_of(image, str(lungs["value"]) if lungs else None, folder)
    return contour(heart_of(image, str(item["value"]), fields, folder).mask)


def _midline(item: Json) -> float | None:
    try:
        return float(json.loads(str(item["value"]))["midline"])
    except (ValueError, KeyError, TypeError):
        return None


def contour(mask: NDArray[Any]) -> str:
    """The border of a mask as an SVG path along the edges of its pixels, whose centres are whole numbers."""
    step = max(1, -(-max(mask.shape) // TRACED))
    held = np.pad(np.asarray(mask, dtype=bool)[::step, ::step], 1)
    follow: dict[_Step, list[_Step]] = {}
    # Each edge runs with the mask on its right hand, so that the edges of one border join head to tail.
    for shift, start, end in (((1, 0), (0, 0), (1, 0)), ((-1, 0), (1, 1), (0, 1)), ((0, 1), (0, 1), (0, 0)),
                              ((0, -1), (1, 0), (1, 1))):
        for y, x in np.argwhere(held & ~np.roll(held, shift, axis=(0, 1))):
            follow.setdefault((x + start[0], y + start[1]), []).append((x + end[0], y + end[1]))
    path = []
    while follow:
        first = at = next(iter(follow))
        corners: list[_Step] = [first]
        while at in follow:
            after = follow[at].pop()
            if not follow[at]:
                del follow[at]
            if len(corners) > 1 and _straight(corners[-2], corners[-1], after):
                corners[-1] = after
            else:
                corners.append(after)
            at = after
        points = " ".join(f"{(x - 1) * step - 0.5:g},{(y - 1) * step - 0.5:g}" for x, y in corners[:-1])
        path.append(f"M{points}Z")
    return "".join(path)


def _straight(before: _Step, at: _Step, after: _Step) -> bool:
    return (at[0] - before[0]) * (after[1] - at[1]) == (at[1] - before[1]) * (after[0] - at[0])
