"""Outlines of masks as closed lines, and the calipers of measures, in places of 0-based stored pixels (column, row)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tools.imaging.measures.model import Measurement
from tools.segmenters.segment import Mask

Line = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Drawing:
    """What is drawn on one slice: closed outlines and straight calipers of a structure, and a word beside them."""

    structure: str
    slice_: int
    outlines: tuple[Line, ...] = field(default=(), repr=False)
    calipers: tuple[Line, ...] = field(default=(), repr=False)
    text: str = ""

    @property
    def corner(self) -> tuple[float, float]:
        """Where the word goes: right of the topmost place."""
        places = np.concatenate([*self.outlines, *self.calipers])
        top = places[np.argmin(places[:, 1])]
        return float(places[:, 0].max()), float(top[1])


def outlines_of(mask: Mask) -> tuple[Line, ...]:
    """Closed lines around every part of a mask and around its holes, between the pixels inside and those outside."""
    from skimage.measure import find_contours

    edged = np.pad(mask, 1).astype(np.float64)
    return tuple(contour[:, ::-1] - 1 for contour in find_contours(edged, 0.5))


def drawings_of(structure: str, mask: NDArray[np.bool_] | None, rows: Iterable[Measurement]) -> list[Drawing]:
    """What is drawn of a structure and its measures, slice by slice; an image is slice 0.

    A caliper from one slice to another is drawn on neither.
    """
    outlines: dict[int, tuple[Line, ...]] = {}
    if mask is not None:
        stack = mask if mask.ndim == 3 else mask[None]
        outlines = {int(at): outlines_of(stack[at]) for at in np.flatnonzero(stack.any(axis=(1, 2)))}
    calipers: dict[int, list[Line]] = {}
    words: dict[int, list[str]] = {}
    for row in rows:
        # The mean diameter has the calipers of both axes.
        if row.name == "mean diameter":
            continue
        for at, line in calipers_of(row):
            calipers.setdefault(at, []).append(line)
            where = ", at the detector" if at_detector(row) else ""
            words.setdefault(at, []).append(f"{row.name} {row.shown}{where}")
    return [
        Drawing(
            structure,
            at,
            outlines.get(at, ()),
            tuple(calipers.get(at, ())),
            "\n".join([structure, *dict.fromkeys(words.get(at, ()))]).strip(),
        )
        for at in sorted({*outlines, *calipers})
    ]


def calipers_of(row: Measurement) -> list[tuple[int, Line]]:
    """The straight lines of a measure that lie in one slice, with that slice."""
    found = []
    for line in lines_of(row):
        ends = {round(end) for end in line[:, 2]} if line.shape[1] == 3 else {int(row.where.get("slice", 0))}
        if len(ends) == 1:
            found.append((ends.pop(), line[:, :2]))
    return found


def lines_of(row: Measurement) -> list[Line]:
    """The calipers of a measure: one array of (column, row[, slice]) for each line."""
    if "calipers" in row.where:
        return [np.asarray(ends, dtype=np.float64) for ends in row.where["calipers"].values()]
    points = np.asarray(row.where.get("points", ()), dtype=np.float64)
    return [points[at : at + 2] for at in range(0, len(points), 2)]


def at_detector(row: Measurement) -> bool:
    """Whether a length or an area is one at the detector of a projection film."""
    return any("detector" in note for note in row.notes) or "detector" in (row.scale_source or "").lower()
