"""Where a model says it sees something: boxes, checked and brought to stored pixels (0-based, column first)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from knowledge.evidence import ImageRegion
from tools.vlm.words import MAX_LABEL, MAX_REGIONS, plain

Size = tuple[int, int]
"""Columns and rows."""


def regions_of(
    raw: Sequence[Any], image: str, frame: int, seen: Size, stored: Size
) -> tuple[list[ImageRegion], list[str]]:
    """The regions that hold, and a line for each that does not.

    Args:
        raw: what the model listed, in pixels of the picture it was given.
        seen: the size of that picture.
        stored: the size of the image as stored.
    """
    kept: list[ImageRegion] = []
    told: list[str] = []
    for number, item in enumerate(raw[:MAX_REGIONS], start=1):
        label = plain(str(item.get("label") or ""), MAX_LABEL) if isinstance(item, Mapping) else ""
        edges = _edges(item.get("box") if isinstance(item, Mapping) else None)
        if edges is None or not label:
            told.append(f"region {number} of the model is refused: it needs a label and a box of four numbers")
            continue
        box, cut = _stored(edges, seen, stored)
        if box is None:
            told.append(f"region {number} of the model is refused: its box lies outside the image or is empty")
            continue
        if cut:
            told.append(f"region {number} of the model reached beyond the image and was cut to it")
        kept.append(ImageRegion(image=image, frame=frame, label=label, box=box))
    if len(raw) > MAX_REGIONS:
        told.append(f"the model listed {len(raw)} regions; the first {MAX_REGIONS} are kept")
    return kept, told


def _edges(box: Any) -> tuple[float, float, float, float] | None:
    if not isinstance(box, list) or len(box) != 4:
        return None
    if not all(isinstance(edge, int | float) and not isinstance(edge, bool) and math.isfinite(edge) for edge in box):
        return None
    left, top, right, bottom = (float(edge) for edge in box)
    return left, top, right, bottom


def _stored(
    edges: tuple[float, float, float, float], seen: Size, stored: Size
) -> tuple[tuple[int, int, int, int] | None, bool]:
    """The box in stored pixels, right and bottom exclusive, and whether it had to be cut."""
    left, top, right, bottom = edges
    clipped = (max(left, 0.0), max(top, 0.0), min(right, float(seen[0])), min(bottom, float(seen[1])))
    if clipped[0] >= clipped[2] or clipped[1] >= clipped[3]:
        return None, False
    across, down = stored[0] / seen[0], stored[1] / seen[1]
    box = (
        math.floor(clipped[0] * across),
        math.floor(clipped[1] * down),
        min(stored[0], math.ceil(clipped[2] * across)),
        min(stored[1], math.ceil(clipped[3] * down)),
    )
    return box, clipped != edges
