"""Signs that the outline of two lungs is poor: figures of the outline and of the film, each larger where it is worse.

A ragged outline is none of them: disease makes one too, and the films that signs are weighed on held little of it.
What they are worth together is for `tools.segmenters.lungs_trust` to say.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tools.segmenters.lungs_doubts import doubts
from tools.segmenters.pixels import WHOLE, normal, sampled
from tools.segmenters.segment import Mask

SIDE = 256
RING = 12
Sides = tuple[Mask, Mask]
# What people are told of a sign.
WORDS = {
    "unsure": "the classifier is unsure",
    "parts": "the whole film and its part around the lungs are read differently",
    "mirror": "the film and its mirror image are read differently",
    "mirror_side": "one lung is read differently in the mirror image",
    "faint": "a field is not darker than what surrounds it",
    "small": "a lung field is small",
    "ratio": "the fields differ in size",
    "level": "the fields are not at one level",
    "tilt": "the lungs are not level: the film may be turned",
    "dark": "only part of the film is exposed",
    "covered": "something flat covers part of the chest",
}


@dataclass(frozen=True, eq=False)
class Reading:
    """Masks at 256 pixels (image's left, image's right) of a film and of its mirror image, the latter turned back.

    `agreement` is that of the whole film with the part around the lungs; `sure` the mean probability of what is chosen.
    """

    sides: Sides = field(repr=False)
    mirrored: Sides = field(repr=False)
    agreement: float
    sure: float

    @property
    def found(self) -> bool:
        """Whether there are two fields of a size worth judging."""
        return min(float(side.mean()) for side in self.sides) >= 0.02


def signs(image: NDArray[np.generic], reading: Reading) -> dict[str, float]:
    """Every sign of `WORDS`, for a reading that has found something on both sides."""
    sides = reading.sides
    areas = [float(side.mean()) for side in sides]
    spans = [np.flatnonzero(side.any(axis=1)) for side in sides]
    overlap = min(span[-1] for span in spans) - max(span[0] for span in spans)
    tilt, dark, covered = doubts(image, sides)
    return {
        "unsure": 1 - reading.sure,
        "parts": 1 - reading.agreement,
        "mirror": 1 - alike(sides[0] | sides[1], reading.mirrored[0] | reading.mirrored[1]),
        "mirror_side": 1 - min(alike(one, other) for one, other in zip(sides, reading.mirrored, strict=True)),
        "faint": -min(_darker(normal(sampled(image, WHOLE, SIDE)), side, sides) for side in sides),
        "small": -min(areas),
        "ratio": -min(areas) / max(areas),
        "level": -overlap / max(len(span) for span in spans),
        "tilt": tilt,
        "dark": dark,
        "covered": covered,
    }


def alike(one: Mask, other: Mask) -> float:
    """Dice; 0 where both are empty."""
    total = int(one.sum() + other.sum())
    return 2 * int((one & other).sum()) / total if total else 0.0


def _darker(square: NDArray[np.float32], side: Mask, sides: Sides) -> float:
    """By how much a field is darker than a ring around it, of the range of grey values."""
    from scipy import ndimage

    ring = ndimage.binary_dilation(side, iterations=RING) & ~(sides[0] | sides[1])
    return float(square[ring].mean() - square[side].mean()) if ring.any() and side.any() else 0.0
