"""Long axis and perpendicular short axis of a mask in its plane, as calipers are set for RECIST.

The boundary runs half-way between pixels that belong to the mask and pixels that do not (the midpoints of the edges
they share), so that a row of n pixels measures n pixels. The long axis is the longest line between two points of the
boundary in the plane; the short axis the widest line at right angles to it, from one side of the convex hull to the
other. Both are exact on the convex hull of the boundary points.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.errors import BadInput
from tools.imaging.measures.scale import Plane

Mask = NDArray[np.bool_]
Points = NDArray[np.float64]
METHOD_LONG = "longest line between two points of the mask's boundary in the plane of the slice"
METHOD_SHORT = "widest line at right angles to the long axis, in the same slice"
_SAME = 1e-9
_TURNS = 64


@dataclass(frozen=True)
class Axis:
    """A line on an image: its length and its two ends (column, row)."""

    length: float
    ends: tuple[tuple[float, float], tuple[float, float]]


@dataclass(frozen=True)
class Axes:
    """The two axes of a mask in one plane."""

    long: Axis
    short: Axis

    @property
    def mean(self) -> float:
        """Mean of both."""
        return (self.long.length + self.short.length) / 2


def axes(mask: Mask, plane: Plane) -> Axes:
    """The axes of a mask (rows x columns).

    Raises:
        BadInput: the mask is empty.
    """
    pixels = boundary(mask)
    hull_pixels = _hull(pixels)
    hull = plane.mm(hull_pixels)
    gaps = np.linalg.norm(hull[:, None] - hull[None], axis=2)
    first, second = np.unravel_index(int(np.argmax(gaps)), gaps.shape)
    long = float(gaps[first, second])
    along = (hull[second] - hull[first]) / long
    across = np.array([-along[1], along[0]])
    short, low, high = _widest(hull, along, across)
    back = np.linalg.inv(plane.matrix)
    return Axes(
        Axis(long, (_point(hull_pixels[first]), _point(hull_pixels[second]))),
        Axis(short, (_point(back @ low), _point(back @ high))),
    )


def longest(masks: NDArray[np.bool_], plane: Plane) -> tuple[int, Axes]:
    """The slice of a stack of masks with the longest long axis, and its axes.

    Raises:
        BadInput: all are empty.
    """
    there = np.flatnonzero(masks.any(axis=(1, 2)))
    if not len(there):
        raise _empty()
    # The width in one of 64 directions is the long axis but for the cosine of half the angle between two of them.
    turns = np.linspace(0, np.pi, _TURNS, endpoint=False)
    rays = np.stack([np.cos(turns), np.sin(turns)])
    widths = np.array([float(np.ptp(plane.mm(boundary(masks[number])) @ rays, axis=0).max()) for number in there])
    atmost = widths / np.cos(np.pi / (2 * _TURNS))
    best: tuple[int, Axes] | None = None
    for place in np.argsort(-atmost, kind="stable"):
        if best is not None and atmost[place] < best[1].long.length - _SAME:
            break
        found, number = axes(masks[there[place]], plane), int(there[place])
        longer = 0.0 if best is None else found.long.length - best[1].long.length
        if best is None or longer > _SAME or (abs(longer) <= _SAME and number < best[0]):
            best = number, found
    assert best is not None
    return best


def boundary(mask: Mask) -> Points:
    """The outermost boundary points (column, row) of every row and column; their hull is that of the whole boundary.

    Raises:
        BadInput: the mask is empty.
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        raise _empty()
    left = np.argmax(mask[rows], axis=1) - 0.5
    right = mask.shape[1] - 0.5 - np.argmax(mask[rows, ::-1], axis=1)
    top = np.argmax(mask[:, columns], axis=0) - 0.5
    bottom = mask.shape[0] - 0.5 - np.argmax(mask[::-1, columns], axis=0)
    return np.concatenate(
        [
            np.column_stack([left, rows]),
            np.column_stack([right, rows]),
            np.column_stack([columns, top]),
            np.column_stack([columns, bottom]),
        ]
    ).astype(np.float64)


def _hull(points: Points) -> Points:
    """Corners of the convex hull (Andrew's monotone chain)."""
    ordered = sorted({(float(x), float(y)) for x, y in points})

    def chain(source: list[tuple[float, float]]) -> list[tuple[float, float]]:
        kept: list[tuple[float, float]] = []
        for point in source:
            while len(kept) > 1 and _turn(kept[-2], kept[-1], point) <= 0:
                kept.pop()
            kept.append(point)
        return kept[:-1]

    return np.array(chain(ordered) + chain(ordered[::-1]))


def _turn(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _widest(hull: Points, along: Points, across: Points) -> tuple[float, Points, Points]:
    """The longest chord of a convex polygon in the direction `across`: it passes through a corner."""
    t, s = hull @ along, hull @ across
    first, last = int(np.argmin(t)), int(np.argmax(t))
    sides = []
    for step in (1, -1):
        walk = [first]
        while walk[-1] != last:
            walk.append((walk[-1] + step) % len(hull))
        sides.append((t[walk], s[walk]))
    places = np.unique(t)
    heights = [np.interp(places, *_rising(*side)) for side in sides]
    widths = np.abs(heights[0] - heights[1])
    # At the two ends an edge across the long axis is a chord by itself.
    for place in (0, -1):
        here = s[np.abs(t - places[place]) < _SAME]
        if (span := float(here.max() - here.min())) > widths[place]:
            widths[place], heights[0][place], heights[1][place] = span, here.min(), here.max()
    best = int(np.argmax(widths))
    ends = [places[best] * along + float(height[best]) * across for height in heights]
    return float(widths[best]), ends[0], ends[1]


def _rising(t: Points, s: Points) -> tuple[Points, Points]:
    order = np.argsort(t, kind="stable")
    return t[order], s[order]


def _point(point: Points) -> tuple[float, float]:
    return round(float(point[0]), 2), round(float(point[1]), 2)


def _empty() -> BadInput:
    return BadInput(
        "there is nothing to measure",
        found="an empty mask",
        expected="a mask with at least one pixel",
        action="draw the structure, or leave it out",
    )
