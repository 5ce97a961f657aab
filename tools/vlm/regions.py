"""Where a model says it sees something, or wants to look closer: boxes, checked and brought to stored pixels."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from knowledge.evidence import ImageRegion
from tools.vlm.render import Box, Part
from tools.vlm.words import MAX_LABEL, MAX_REGIONS, plain

SAME = 0.8
SMALLEST = 16
"""Columns and rows of the smallest part that is shown larger; a smaller box is widened to it."""
MARGIN = 0.1


@dataclass(frozen=True)
class Wanted:
    """A part that a model asks to be shown larger, and why, in its words."""

    box: Box
    why: str


def regions_of(
    raw: Sequence[Any], image: str, frame: int, shown: Sequence[Part]
) -> tuple[list[ImageRegion], list[str]]:
    """The regions that hold, and a line for each that does not.

    Args:
        raw: what the model listed, in pixels of the pictures it was given.
        shown: those pictures, in their order; the first unless a region names another by its number, from 1.
    """
    kept: list[ImageRegion] = []
    told: list[str] = []
    for number, item in enumerate(raw[:MAX_REGIONS], start=1):
        label = plain(str(item.get("label") or ""), MAX_LABEL) if isinstance(item, Mapping) else ""
        edges = _edges(item.get("box") if isinstance(item, Mapping) else None)
        if edges is None or not label:
            told.append(f"region {number} of the model is refused: it needs a label and a box of four numbers")
            continue
        picture = _picture(item, shown)
        if picture is None:
            told.append(f"region {number} of the model is refused: it is in a picture that the model was not shown")
            continue
        box, cut = _stored(edges, picture)
        if box is None:
            told.append(f"region {number} of the model is refused: its box lies outside the image or is empty")
            continue
        if cut:
            told.append(f"region {number} of the model reached beyond the image and was cut to it")
        kept.append(ImageRegion(image=image, frame=frame, label=label, box=box))
    if len(raw) > MAX_REGIONS:
        told.append(f"the model listed {len(raw)} regions; the first {MAX_REGIONS} are kept")
    return kept, told


def wanted(raw: Sequence[Any], shown: Sequence[Part], left: int) -> tuple[list[Wanted], list[str]]:
    """The first `left` parts that a model asks to see larger and has not been shown, and what was not heeded."""
    found: list[Wanted] = []
    told: list[str] = []
    columns, rows = shown[0].box[2:]
    for item in raw:
        edges = _edges(item.get("box") if isinstance(item, Mapping) else None)
        picture = _picture(item, shown)
        box = _stored(edges, picture)[0] if edges is not None and picture is not None else None
        if box is None:
            told.append("a part that the model asked to see larger is refused: it lies in no picture it was shown")
            continue
        box = _widened(box, columns, rows)
        if any(overlap(box, seen) >= SAME for seen in [*(one.box for one in shown), *(one.box for one in found)]):
            continue
        if len(found) == left:
            told.append("the model asked to see more parts larger than its budget allows")
            break
        found.append(Wanted(box, plain(str(item.get("label") or ""), MAX_LABEL)))
    return found, list(dict.fromkeys(told))


def overlap(one: Sequence[int], other: Sequence[int]) -> float:
    """Area in common over area of both."""
    both = shared(one, other)
    return both / (_area(one) + _area(other) - both)


def shared(one: Sequence[int], other: Sequence[int]) -> int:
    """Area in common."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return max(across, 0) * max(down, 0)


def separate(regions: Sequence[ImageRegion], earlier: Sequence[ImageRegion] = ()) -> list[ImageRegion]:
    """The regions that are not one before them once more: parts overlap, so one thing may be marked in two of them."""
    kept: list[ImageRegion] = []
    for region in regions:
        if not any(_once_more(region, one) for one in [*earlier, *kept]):
            kept.append(region)
    return kept


def _once_more(one: ImageRegion, other: ImageRegion) -> bool:
    smaller = min(_area(one.box), _area(other.box))
    return one.label.casefold() == other.label.casefold() and shared(one.box, other.box) * 2 >= smaller


def _area(box: Sequence[int]) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _picture(item: Any, shown: Sequence[Part]) -> Part | None:
    number = item.get("picture", 1) if isinstance(item, Mapping) else None
    if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= len(shown):
        return None
    return shown[number - 1]


def _edges(box: Any) -> tuple[float, float, float, float] | None:
    if not isinstance(box, list) or len(box) != 4:
        return None
    if not all(isinstance(edge, int | float) and not isinstance(edge, bool) and math.isfinite(edge) for edge in box):
        return None
    left, top, right, bottom = (float(edge) for edge in box)
    return left, top, right, bottom


def _stored(edges: tuple[float, float, float, float], shown: Part) -> tuple[Box | None, bool]:
    """The box in stored pixels, and whether it had to be cut."""
    left, top, right, bottom = edges
    clipped = (max(left, 0.0), max(top, 0.0), min(right, float(shown.size[0])), min(bottom, float(shown.size[1])))
    if clipped[0] >= clipped[2] or clipped[1] >= clipped[3]:
        return None, False
    x, y, x_end, y_end = shown.box
    across, down = (x_end - x) / shown.size[0], (y_end - y) / shown.size[1]
    box = (
        x + math.floor(clipped[0] * across),
        y + math.floor(clipped[1] * down),
        min(x_end, x + math.ceil(clipped[2] * across)),
        min(y_end, y + math.ceil(clipped[3] * down)),
    )
    return box, clipped != edges


def _widened(box: Box, columns: int, rows: int) -> Box:
    """A margin around it, and at least the smallest part, inside the image."""
    left, right = _span(box[0], box[2], columns)
    top, bottom = _span(box[1], box[3], rows)
    return left, top, right, bottom


def _span(start: int, end: int, most: int) -> tuple[int, int]:
    length = min(max(round((end - start) * (1 + 2 * MARGIN)), SMALLEST), most)
    first = min(max((start + end - length) // 2, 0), most - length)
    return first, first + length
