"""The cardiothoracic ratio of three masks, as calipers that a person can move."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from tools.errors import BadInput, NotAssessable
from tools.segmenters.heart import midline
from tools.segmenters.segment import Mask, Point, Segment

METHOD = (
    "greatest reach of the heart to the right plus to the left of the midline, over the widest distance between the "
    "outer borders of the lungs on one row"
)
# Spread (1 SD, as a share of the thorax) of one border of the heart and of one outer border of the lungs against the
# calipers of one non-radiologist reader on 26 films (evals/cxr/ctr_readings.yaml).
HEART_BORDER = 0.027
LUNG_BORDER = 0.010
End = Literal["heart_right", "heart_left", "thorax_right", "thorax_left"]


@dataclass(frozen=True)
class Caliper:
    """A horizontal distance between two points (column, row), 0-based stored pixels."""

    name: str
    start: Point
    end: Point

    @property
    def pixels(self) -> float:
        """Its length in columns."""
        return abs(self.end[0] - self.start[0])


@dataclass(frozen=True)
class Ratio:
    """A cardiothoracic ratio with its calipers. Never validated: it decides no criterion.

    `low` and `high`: 95 % range when the four borders are moved independently by their spread; None for calipers that
    a person set, whose error is not known here.
    """

    value: float
    low: float | None
    high: float | None
    midline: float
    cardiac_right: Caliper
    cardiac_left: Caliper
    thoracic: Caliper
    method: str = METHOD
    validated: bool = False
    edited: bool = False

    @property
    def calipers(self) -> tuple[Caliper, Caliper, Caliper]:
        """Right and left cardiac, thoracic."""
        return self.cardiac_right, self.cardiac_left, self.thoracic

    @property
    def ends(self) -> dict[End, Point]:
        """The four ends that a person can move."""
        return {
            "heart_right": self.cardiac_right.end,
            "heart_left": self.cardiac_left.end,
            "thorax_right": self.thoracic.start,
            "thorax_left": self.thoracic.end,
        }


def cardiothoracic(segments: Sequence[Segment]) -> Ratio:
    """The ratio of a right lung, a left lung and a heart of one film.

    Raises:
        NotAssessable: one of them is missing or empty.
        BadInput: they are not of one image.
    """
    named = {segment.structure: segment for segment in segments}
    missing = [name for name in ("right lung", "left lung", "heart") if name not in named or not named[name].mask.any()]
    if missing:
        raise NotAssessable(
            "the cardiothoracic ratio needs both lungs and the heart",
            found=f"missing: {', '.join(missing)}",
            expected="right lung, left lung, heart",
            action="draw what is missing",
        )
    right, left, heart = (named[name] for name in ("right lung", "left lung", "heart"))
    if len({segment.mask.shape for segment in (right, left, heart)}) > 1:
        raise BadInput(
            "the masks are not of one image",
            found=[segment.mask.shape for segment in (right, left, heart)],
            expected="masks of one size",
            action="take all three from the same film",
        )
    first, second = sorted((right.mask, left.mask), key=lambda mask: float(np.nonzero(mask)[1].mean()))
    middle = midline(first, second)
    flipped = first is left.mask
    outer = _extreme(heart.mask, leftmost=True), _extreme(heart.mask, leftmost=False)
    row, start, end = _widest(first, second)
    ends: dict[End, Point] = {
        "heart_right": outer[flipped],
        "heart_left": outer[not flipped],
        "thorax_right": ((start, end)[flipped], row),
        "thorax_left": ((end, start)[flipped], row),
    }
    return ratio_of(ends, middle, edited=any(segment.edited for segment in (right, left, heart)))


def with_points(ratio: Ratio, points: Mapping[End, Point]) -> Ratio:
    """The ratio after a person moved ends of its calipers.

    Raises:
        BadInput: a point is not finite, or the heart is left without width or wider than the thorax.
    """
    ends = ratio.ends
    unknown = set(points) - set(ends)
    if unknown or not np.isfinite(np.asarray(list(points.values()), dtype=float)).all():
        raise BadInput(
            "these are not ends of the calipers",
            found=dict(points),
            expected=f"(column, row) for any of {', '.join(ends)}",
            action="move an end on the film",
        )
    return replace(ratio_of(ends | dict(points), ratio.midline, edited=True), low=None, high=None)


def ratio_of(ends: Mapping[End, Point], middle: float, *, edited: bool = False) -> Ratio:
    """The ratio of four ends and a midline, with the range of borders that were found.

    Raises:
        BadInput: the heart is left without width or is wider than the thorax.
    """
    cardiac = abs(ends["heart_left"][0] - ends["heart_right"][0])
    thoracic = abs(ends["thorax_left"][0] - ends["thorax_right"][0])
    if not 0 < cardiac < thoracic:
        raise BadInput(
            "the heart is not narrower than the thorax",
            found=f"heart {cardiac:.0f}, thorax {thoracic:.0f} columns",
            expected="0 < heart < thorax",
            action="check the borders on the film",
        )
    value = cardiac / thoracic
    # d(c/t) = dc/t - (c/t) dt/t, two independent ends each.
    error = 1.96 * math.sqrt(2 * (HEART_BORDER**2 + (value * LUNG_BORDER) ** 2))
    return Ratio(
        value=round(value, 3),
        low=round(max(value - error, 0.0), 3),
        high=round(min(value + error, 1.0), 3),
        midline=middle,
        cardiac_right=Caliper("right cardiac", (middle, ends["heart_right"][1]), ends["heart_right"]),
        cardiac_left=Caliper("left cardiac", (middle, ends["heart_left"][1]), ends["heart_left"]),
        thoracic=Caliper("internal thoracic", ends["thorax_right"], ends["thorax_left"]),
        edited=edited,
    )


def _extreme(mask: Mask, *, leftmost: bool) -> Point:
    columns = np.flatnonzero(mask.any(axis=0))
    column = int(columns[0] if leftmost else columns[-1])
    return float(column), float(np.median(np.flatnonzero(mask[:, column])))


def _widest(left: Mask, right: Mask) -> tuple[float, float, float]:
    """The row on which the outer borders lie furthest apart, and the two columns."""
    rows = np.flatnonzero(left.any(axis=1) & right.any(axis=1))
    starts = np.argmax(left[rows], axis=1)
    ends = right.shape[1] - 1 - np.argmax(right[rows][:, ::-1], axis=1)
    widest = int(np.argmax(ends - starts))
    return float(rows[widest]), float(starts[widest]), float(ends[widest])
