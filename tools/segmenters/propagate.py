"""From a mask on one slice through its neighbours, one slice at a time, until it is no longer the same thing.

Every slice says that it was propagated and how sure it is: doubt grows with each step, by how much the mask changed and
how unlike its brightness is to the slice a person looked at. It stops, and says why, where the mask leaps, shrinks to
nothing, or holds something of another brightness: what lies beyond is for a person to point at.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.errors import BadInput, NotAssessable
from tools.segmenters.interactive import from_prompts
from tools.segmenters.segment import Mask

Array = NDArray[np.float32]
Draw = Callable[[Array, Mask], Mask]
"""The mask on the next slice, from its pixels and the mask of the slice before."""
ALGORITHM = "osler-slice-propagation"
VERSION = "1.0.0"
# Overlap (Dice) with the slice before, ratio of areas, distance of brightness in standard deviations: beyond, it stops.
LEAST_OVERLAP = 0.6
MOST_CHANGE = 1.8
MOST_UNLIKE = 1.5
SMALLEST = 12
FADING = 0.97
LEAST_SURE = 0.4


@dataclass(frozen=True, eq=False)
class Step:
    """One propagated slice: its mask, how sure (uncalibrated), the overlap with the slice before."""

    slice_: int
    mask: Mask
    confidence: float
    overlap: float
    from_slice: int

    @property
    def said(self) -> str:
        """What the slice says of itself."""
        return f"slice {self.slice_}: propagated from slice {self.from_slice}, not drawn; confidence {self.confidence}"


@dataclass(frozen=True, eq=False)
class Propagated:
    """All slices: the mask of the whole stack, the steps, and why it stopped at either end (downwards, upwards)."""

    mask: Mask
    start: int
    steps: tuple[Step, ...]
    stopped: tuple[str, str]

    @property
    def doubts(self) -> tuple[str, ...]:
        """What every reader of the mask has to know."""
        names = ", ".join(str(step.slice_) for step in self.steps) or "none"
        ends = (f"stopped downwards: {self.stopped[0]}", f"stopped upwards: {self.stopped[1]}")
        return (f"drawn on slice {self.start} only; propagated slices: {names}", *ends)


def propagate(
    slices: NDArray[np.floating], start: int, mask: Mask, draw: Draw | None = None, most: int | None = None
) -> Propagated:
    """The mask on the slices next to the one it was drawn on; `most` steps either way.

    Args:
        slices: (slices, rows, columns), shown as one picture (the same window throughout).

    Raises:
        BadInput: the mask is empty or not of the slices' size, or there is no such slice.
    """
    if not 0 <= start < len(slices) or mask.shape != slices.shape[1:] or not mask.any():
        raise BadInput(
            "there is nothing to propagate",
            found=f"slice {start}, mask {mask.shape}, {int(mask.sum())} pixels",
            expected=f"a mask of {slices.shape[1:]} on one of {len(slices)} slices",
            action="outline the structure on one slice first",
        )
    whole = np.zeros(slices.shape, dtype=bool)
    whole[start] = mask
    steps: list[Step] = []
    ends: list[str] = []
    for way in (-1, 1):
        found, why = _one_way(slices, start, mask, way, draw or _next, most if most is not None else len(slices))
        steps += found
        ends.append(why)
    for step in steps:
        whole[step.slice_] = step.mask
    steps.sort(key=lambda step: step.slice_)
    return Propagated(whole, start, tuple(steps), (ends[0], ends[1]))


def _one_way(
    slices: NDArray[np.floating], start: int, mask: Mask, way: int, draw: Draw, most: int
) -> tuple[list[Step], str]:
    first = np.asarray(slices[start], dtype=np.float32)
    usual, spread = float(np.median(first[mask])), max(float(np.std(first[mask])), 0.02)
    before, sure = mask, 1.0
    steps: list[Step] = []
    for count in range(1, most + 1):
        at = start + way * count
        if not 0 <= at < len(slices):
            return steps, "the end of the series"
        pixels = np.asarray(slices[at], dtype=np.float32)
        unlike = abs(float(np.median(pixels[before])) - usual) / spread
        if unlike > 2 * MOST_UNLIKE:
            return steps, f"slice {at} shows something else there ({unlike:.1f} standard deviations away)"
        try:
            now = draw(pixels, before)
        except NotAssessable as error:
            return steps, f"slice {at}: {error.message}"
        area = int(now.sum())
        if area < SMALLEST:
            return steps, f"the structure ends at slice {at}"
        overlap = 2 * int((now & before).sum()) / (area + int(before.sum()))
        change = max(area, int(before.sum())) / min(area, int(before.sum()))
        unlike = abs(float(np.median(pixels[now])) - usual) / spread
        if overlap < LEAST_OVERLAP or change > MOST_CHANGE:
            return steps, f"the mask leaps at slice {at} (overlap {overlap:.2f}, area x {change:.1f})"
        if unlike > MOST_UNLIKE:
            return steps, f"slice {at} is of another brightness ({unlike:.1f} standard deviations)"
        sure *= FADING * overlap**0.5 * (1 - 0.2 * min(1.0, unlike / MOST_UNLIKE))
        if sure < LEAST_SURE:
            return steps, f"too much doubt at slice {at}"
        steps.append(Step(at, now, round(sure, 2), round(overlap, 2), at - way))
        before = now
    return steps, f"asked for {most} slices"


def _next(pixels: Array, before: Mask) -> Mask:
    return from_prompts(pixels, start=before).mask
