"""What was drawn on a film or on one slice of a volume, as layers: outlines by part, calipers, marks, a model's boxes.

Only evidence in use is drawn. What cannot be drawn is left out: its evidence says why.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.state import current_records
from app_draw import calipers, landmarks, pointed_at
from app_film import Layer, drawn_from, layer_boxes
from app_parts import Json
from app_slices import Cut, fullest
from tools.errors import OslerError
from tools.imaging.frame import Image
from tools.imaging.masks import heart_of, kept_mask, lungs_of
from tools.imaging.outline_files import is_kept, key_in, read_outline
from tools.imaging.volume import Volume

log = logging.getLogger("osler.page")
# Contours are followed on a mask of at most so many pixels a side.
TRACED = 700
LUNG, HEART, MASK, OUTLINE, POINTED = "lung", "heart", "mask", "outline", "pointed"
MARKS = (POINTED, "landmarks")
_Step = tuple[int, int]
_Labels = tuple[NDArray[np.uint8], tuple[str, ...]]
_HELD = 2
_OUTLINES: dict[tuple[Path, str], _Labels] = {}


@dataclass(frozen=True)
class Drawn:
    """A piece of evidence in use, and what it was before any correction."""

    item: Json
    root: Json

    def of(self, sha256: str, *segments: str) -> bool:
        """Something of these kinds drawn on this image or volume. An area is measured on an outline, not drawn: its
        value is a number."""
        source = self.root["source"]
        return (self.root["kind"] == "dicom" and source.get("file_sha256") == sha256
                and source.get("segment") in segments and isinstance(self.item.get("value"), str))

    def on(self, sha256: str, frame: int, *segments: str) -> bool:
        """The same, on this frame."""
        return self.of(sha256, *segments) and self.root["source"].get("frame") in (None, frame)


def in_use(state: Json) -> list[Drawn]:
    """The evidence in use, once each."""
    ids = dict.fromkeys(i for record in current_records(state).values()  # type: ignore[arg-type]
                        if record.status == "ok" for i in record.evidence)
    return [Drawn(item, drawn_from(state, item)) for item in (state["evidence"][i] for i in ids)]


def on_image(image: Image, state: Json, folder: Path) -> Iterator[Layer]:
    """What was drawn on a frame."""
    every = in_use(state)
    lungs = next((one.item for one in every if one.on(image.sha256, image.frame, LUNG)), None)
    for one in every:
        yield from _drawable(_of_image(one, image, lungs, folder))


def on_slice(volume: Volume, cut: Cut, number: int, state: Json, folder: Path) -> Iterator[Layer]:
    """What was drawn on one slice of a volume, in the columns and rows of the raw slice."""
    for one in in_use(state):
        yield from _drawable(_of_slice(one, volume, cut, number, folder))


def _drawable(layers: Iterator[Layer]) -> list[Layer]:
    try:
        return [*layers]
    except OslerError as error:
        log.info("an outline is not drawn: %s", error.document()["message"])
        return []


def _of_image(one: Drawn, image: Image, lungs: Json | None, folder: Path) -> Iterator[Layer]:
    item, key, frame = one.item, image.sha256, image.frame
    if one.root["kind"] == "reading":
        yield from layer_boxes(one.root["source"].get("regions", []), key, frame, item["id"])
    elif one.on(key, frame, "calipers"):
        yield Layer("calipers", item["display"], item["id"], "calipers", ends=calipers(item), midline=_midline(item))
    elif one.on(key, frame, *MARKS):
        yield from _marks(one)
    elif one.on(key, frame, OUTLINE, MASK) and is_kept(str(item["value"]), folder):
        labels, names = kept(folder, str(item["value"]), (image.rows, image.columns))
        yield from _parts(one, labels, names)
    elif one.on(key, frame, LUNG, HEART, MASK):
        yield _outline(image, one, lungs, folder)


def _of_slice(one: Drawn, volume: Volume, cut: Cut, number: int, folder: Path) -> Iterator[Layer]:
    key = volume.sha256
    if one.of(key, OUTLINE, MASK):
        labels, names = kept(folder, str(one.item["value"]), volume.values.shape)
        yield from _parts(one, np.asarray(labels.take(number, cut.axis)), names)
    elif cut.axis == 0 and one.root["kind"] == "reading":
        yield from layer_boxes(one.root["source"].get("regions", []), key, number, one.item["id"])
    elif cut.axis == 0 and one.of(key, *MARKS):
        yield from _marks(one, number)


def slice_of(state: Json, evidence: Json) -> int | None:
    """The one slice that evidence is on: where it was taken from, or what is set lies."""
    root = drawn_from(state, evidence)
    if root["kind"] != "dicom":
        return None
    segment, frame = root["source"].get("segment"), root["source"].get("frame")
    on = {POINTED: pointed_at, "landmarks": landmarks}.get(str(segment))
    found = on(evidence)[1] if on else None
    return frame if found is None else found


def outlined(volume: Volume, state: Json, folder: Path, evidence: Json) -> _Labels | None:
    """The outline that evidence is about: its own, or the first there is on the volume."""
    every = [one for one in in_use(state) if one.of(volume.sha256, OUTLINE, MASK)]
    every.sort(key=lambda one: one.item["id"] != evidence["id"])
    for one in every:
        try:
            return kept(folder, str(one.item["value"]), volume.values.shape)
        except OslerError as error:
            log.info("an outline is not read: %s", error.document()["message"])
    return None


def fullest_slice(found: _Labels, evidence: Json, axis: int) -> int | None:
    """The slice that shows most of an outline, or of the part that evidence is about."""
    labels, names = found
    part = named_part(evidence, names)
    return fullest(labels == names.index(part) + 1 if part else labels > 0, axis)


def named_part(evidence: Json, names: tuple[str, ...]) -> str | None:
    """The part of an outline that the slot of a piece of evidence names."""
    words = evidence["slot"].rpartition(".")[2].replace("_", " ")
    return max((name for name in names if words.startswith(name)), key=len, default=None)


def kept(folder: Path, value: str, shape: tuple[int, ...]) -> _Labels:
    """The labels of a kept outline and the names of its parts; the last two are held, since slices follow each other.

    Raises:
        NotAssessable: it is no longer kept.
        BadInput: it is not of this shape.
    """
    key = key_in(value) or value
    place = (folder, key)
    held = _OUTLINES.get(place)
    if held is None:
        held = read_outline(folder, key, shape)
        while len(_OUTLINES) >= _HELD:
            _OUTLINES.pop(next(iter(_OUTLINES)), None)
        _OUTLINES[place] = held
    return held


def _parts(one: Drawn, labels: NDArray[np.uint8], names: tuple[str, ...]) -> Iterator[Layer]:
    """A path for each part that a frame or slice shows."""
    there = np.bincount(labels.ravel(), minlength=len(names) + 1)
    for number, name in enumerate(names, 1):
        if there[number]:
            told = f"{name}: {one.item['display']}" if len(names) > 1 else one.item["display"]
            yield Layer("outline", told, one.item["id"], name, path=contour(labels == number), tone=number - 1)


def _marks(one: Drawn, number: int | None = None) -> Iterator[Layer]:
    """Landmarks, or what is pointed at, where they are on this slice."""
    if one.root["source"].get("segment") == POINTED:
        ends, on = pointed_at(one.item)
    else:
        points, on = landmarks(one.item)
        ends = {str(place): point for place, point in enumerate(points, 1)}
    if ends and on == number:
        yield Layer("marks", one.item["display"], one.item["id"],
                    "pointed at" if one.root["source"].get("segment") == POINTED else "landmarks", ends=ends)


def _outline(image: Image, one: Drawn, lungs: Json | None, folder: Path) -> Layer:
    item, segment = one.item, one.root["source"]["segment"]
    value = str(item["value"])
    if segment == MASK:
        return Layer("outline", item["display"], item["id"], "outline", path=contour(kept_mask(image, value, folder)))
    if segment == LUNG:
        fields = lungs_of(image, value, folder)
        path = "".join(contour(part.mask) for part in fields.segments)
        return Layer("outline", item["display"], item["id"], "lung fields", path=path)
    fields = lungs_of(image, str(lungs["value"]) if lungs else None, folder)
    path = contour(heart_of(image, value, fields, folder).mask)
    return Layer("outline", item["display"], item["id"], "heart", path=path, tone=1)


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
