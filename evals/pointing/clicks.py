"""A person who clicks where the outline is most wrong, and what one would have without any method."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tools.errors import NotAssessable
from tools.imaging.training import dice

Mask = NDArray[np.bool_]
Place = tuple[float, float]
Answer = Callable[[list[Place], list[Place]], Mask]
# Radius of the disc around a click that any method has to beat, as a share of the picture's longer side.
DISC = 0.05


def clicked(reference: Mask, answer: Answer, counts: tuple[int, ...], start: Mask | None = None) -> dict[int, float]:
    """Dice after so many clicks, each at the centre of the largest error; a method that fails keeps what it had."""
    current = np.zeros(reference.shape, dtype=bool) if start is None else start
    inside: list[Place] = []
    outside: list[Place] = []
    found: dict[int, float] = {}
    for count in range(1, max(counts) + 1):
        place, belongs = worst(current, reference)
        if place is not None:
            (inside if belongs else outside).append(place)
            with contextlib.suppress(NotAssessable):
                current = answer(inside, outside)
        if count in counts:
            found[count] = dice(current, reference)
    return found


def worst(current: Mask, reference: Mask) -> tuple[Place | None, bool]:
    """The innermost point of the largest error component, and whether it belongs to the object."""
    from scipy import ndimage

    best: tuple[float, Mask | None, bool] = (0.0, None, True)
    for error, belongs in ((reference & ~current, True), (current & ~reference, False)):
        parts, count = ndimage.label(error)
        if count:
            sizes = ndimage.sum_labels(error, parts, range(1, count + 1))
            if float(sizes.max()) > best[0]:
                best = float(sizes.max()), parts == 1 + int(np.argmax(sizes)), belongs
    if best[1] is None:
        return None, True
    depth = ndimage.distance_transform_edt(np.pad(best[1], 1))[1:-1, 1:-1]
    row, column = np.unravel_index(int(np.argmax(depth)), depth.shape)
    return (float(column), float(row)), best[2]


def boxed(box: tuple[float, float, float, float], shape: tuple[int, ...]) -> Mask:
    """The box itself as a mask."""
    mask = np.zeros(shape, dtype=bool)
    mask[int(box[1]) : int(box[3]) + 1, int(box[0]) : int(box[2]) + 1] = True
    return mask


def disc(place: Place, shape: tuple[int, ...]) -> Mask:
    """A disc around a click."""
    y, x = np.ogrid[: shape[0], : shape[1]]
    return np.asarray(np.hypot(x - place[0], y - place[1]) <= DISC * max(shape))
