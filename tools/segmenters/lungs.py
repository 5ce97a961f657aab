"""The two lung fields of a frontal chest film.

Each pixel is classified by its surroundings, first on the whole film, then again on the part that holds the lungs; the
two readings are averaged, and the largest smooth region of each side is kept. A lung field is here the whole
projection of the lung above the diaphragm, the part behind the heart included (as in the reference masks), so its inner
border is not the border of the heart. Parameters: `lungs.npz`, fitted by `evals/cxr/fit.py`; see docs/segmenters.md.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tools.errors import BadInput, NotAssessable
from tools.segmenters.classifier import Classifier
from tools.segmenters.lungs_doubts import position
from tools.segmenters.lungs_signs import Reading, alike, signs
from tools.segmenters.lungs_trust import fitted
from tools.segmenters.pixels import SIDE, WHOLE, Array, Box, features, normal, placed, sampled
from tools.segmenters.segment import Mask, Segment

ALGORITHM = "osler-lung-fields"
VERSION = "1.0.0"
PARAMETERS = Path(__file__).with_name("lungs.npz")
MARGIN = 0.15
SMALLEST = 64
# Below, these are no two lungs; above, how good the outline is is for `lungs_trust` to say.
PLAUSIBLE = 0.5
# Refused where an outline is at least twice as likely poor as good.
REFUSED = 1 / 3


@dataclass(frozen=True, eq=False)
class LungFields:
    """Both lung fields.

    `confidence` is the chance that they are well outlined (`tools.segmenters.lungs_trust`); `doubts` says what lowers
    it, and what else speaks of a film that was not taken as it should be.
    """

    right: Segment
    left: Segment
    confidence: float
    doubts: tuple[str, ...] = ()
    flipped: bool = False

    @property
    def segments(self) -> tuple[Segment, Segment]:
        """Right, left."""
        return self.right, self.left


def lung_fields(
    pixels: NDArray[np.generic],
    *,
    flipped: bool = False,
    classifier: Classifier | None = None,
    minimum: float = REFUSED,
) -> LungFields:
    """The lung fields of a frontal film, air dark (MONOCHROME2).

    The patient's right is at the image's left, as films are shown, unless `flipped`; a side marker is not read here.

    Raises:
        BadInput: not a 2-D array of finite numbers, or smaller than 64 pixels.
        NotAssessable: nothing that looks like two lung fields (confidence below `minimum`).
    """
    image = _checked(pixels)
    reading = read(image, classifier or shipped())
    sides = reading.sides
    confidence, doubts = _judged(reading, darker(image, sides))
    if confidence >= PLAUSIBLE:
        confidence, doubts = fitted().chance(signs(image, reading))
    else:
        confidence *= REFUSED
    if confidence < minimum:
        raise NotAssessable(
            "no two lung fields of a frontal chest film were found",
            found="; ".join(doubts) or f"confidence {confidence:.2f}",
            expected="an upright frontal chest film with both lungs on it, air dark",
            action="check view, orientation and polarity, or draw the lungs by hand",
        )
    names = ("left lung", "right lung") if flipped else ("right lung", "left lung")
    made = {
        name: Segment(name, _enlarged(side, image.shape), round(confidence, 2), ALGORITHM, VERSION)
        for name, side in zip(names, sides, strict=True)
    }
    told = (*doubts, *position(sides, image.shape[0] / image.shape[1]))
    return LungFields(made["right lung"], made["left lung"], round(confidence, 2), told, flipped)


def probabilities(image: NDArray[np.generic], classifier: Classifier) -> tuple[Array, Array]:
    """The two readings, each (256, 256, 3): of the whole film, and of the part around the lungs."""
    first = _read(image, WHOLE, classifier)
    box = _around(first)
    return first, _read(image, box, classifier) if box else first


def lung_boxes(image: NDArray[np.generic], classifier: Classifier) -> list[Box]:
    """The part around the lungs, which is read a second time; empty where none are likely."""
    box = _around(_read(image, WHOLE, classifier))
    return [box] if box else []


def tidy(likely: Array) -> tuple[Mask, Mask]:
    """The largest smooth region of each side, without holes (image's left, image's right)."""
    from scipy import ndimage

    chosen = likely.argmax(axis=2)
    out = []
    for number in (1, 2):
        mask = ndimage.binary_opening(chosen == number, _disk(3))
        parts, count = ndimage.label(mask)
        if count:
            mask = parts == 1 + int(np.argmax(ndimage.sum_labels(mask, parts, range(1, count + 1))))
        closed = ndimage.binary_closing(np.pad(mask, 10), _disk(10))[10:-10, 10:-10]
        out.append(ndimage.binary_fill_holes(closed & (chosen != 3 - number)))
    return out[0], out[1]


@functools.cache
def shipped() -> Classifier:
    """The fitted parameters."""
    return Classifier.load(PARAMETERS)


def _checked(pixels: NDArray[np.generic]) -> Array:
    found = f"shape {pixels.shape}, type {pixels.dtype}"
    if pixels.ndim != 2 or not np.issubdtype(pixels.dtype, np.number) or min(pixels.shape, default=0) < SMALLEST:
        raise BadInput(
            "this is not one grey image of useful size",
            found=found,
            expected=f"a 2-D array of numbers, at least {SMALLEST} pixels each way",
            action="give one frame, in grey",
        )
    image = np.asarray(pixels, dtype=np.float32)
    if not np.isfinite(image).all() or image.min() == image.max():
        raise BadInput(
            "the image holds no picture",
            found="pixels that are not numbers" if not np.isfinite(image).all() else "one grey value",
            expected="finite grey values",
            action="check how the file was decoded",
        )
    return image


def read(image: NDArray[np.generic], classifier: Classifier) -> Reading:
    """The film and its mirror image, each read twice."""
    first, second = probabilities(image, classifier)
    likely = np.asarray((first + second) / 2, dtype=np.float32)
    sides = tidy(likely)
    one, two = first[..., 0] < 0.5, second[..., 0] < 0.5
    inside = sides[0] | sides[1]
    sure = float(likely.max(axis=2)[inside].mean()) if inside.any() else 0.0
    turned = probabilities(np.ascontiguousarray(image[:, ::-1]), classifier)
    # Left is right there: columns and classes change places.
    back = np.asarray((turned[0] + turned[1])[:, ::-1, [0, 2, 1]] / 2, dtype=np.float32)
    return Reading(sides, tidy(back), alike(one, two), sure)


def _read(image: NDArray[np.generic], box: Box, classifier: Classifier) -> Array:
    square = normal(sampled(image, box, SIDE))
    found = classifier.probabilities(features(square)).reshape(SIDE, SIDE, 3)
    parts = [placed(found[..., n], box, (256, 256), 1.0 if n == 0 else 0.0) for n in range(3)]
    return np.stack(parts, axis=2)


def _around(likely: Array) -> Box | None:
    """What holds the probable lungs, with a margin; None where there are none."""
    from scipy import ndimage

    lung = np.where(likely[..., 0] < 0.5, 1 - likely[..., 0], 0)
    parts, count = ndimage.label(lung > 0)
    if not count:
        return None
    sizes = ndimage.sum_labels(lung, parts, range(1, count + 1))
    largest = np.argsort(sizes)[::-1][:2]
    lung = lung * np.isin(parts, [n + 1 for n in largest if sizes[n] > 0.2 * sizes.max()])
    edges = []
    for axis in (1, 0):
        share = np.cumsum(lung.sum(axis=axis)) / lung.sum()
        edges.append([float(np.interp(at, share, np.arange(1, len(share) + 1))) / len(share) for at in (0.01, 0.99)])
    (top, bottom), (left, right) = edges
    tall, wide = MARGIN * (bottom - top), MARGIN * (right - left)
    return top - tall, bottom + tall, left - wide, right + wide


def darker(image: NDArray[np.generic], sides: tuple[Mask, Mask]) -> float:
    """By how much the fields are darker than what lies between them, of the range of grey values; 0 where neither."""
    square = normal(sampled(image, WHOLE, 256))
    left, right = sides
    between = np.maximum.accumulate(left, axis=1) & np.maximum.accumulate(right[:, ::-1], axis=1)[:, ::-1]
    between &= ~(left | right)
    if not (between.any() and left.any() and right.any()):
        return 0.0
    return float(square[between].mean() - max(square[left].mean(), square[right].mean()))


def _judged(reading: Reading, contrast: float) -> tuple[float, tuple[str, ...]]:
    """Whether this can be two lungs at all, 0 to 1, and what speaks against it.

    Each measure lowers it between two bounds, set while looking at 66 frontal films (lowest 0.73) and 132 other
    pictures (one above 0.40; docs/segmenters.md).
    """
    if not reading.found:
        return 0.0, ("fewer than two lung fields",)
    sides = reading.sides
    areas = [float(side.mean()) for side in sides]
    doubts = []
    spans = [np.flatnonzero(side.any(axis=1)) for side in sides]
    overlap = min(span[-1] for span in spans) - max(span[0] for span in spans)
    level = overlap / max(len(span) for span in spans)
    ratio = min(areas) / max(areas)
    solid = min(area * side.size / _hull(side) for area, side in zip(areas, sides, strict=True))
    shares = {
        "the two readings disagree": (reading.agreement, 0.7, 0.9),
        "the classifier is unsure": (reading.sure, 0.85, 0.9),
        "the fields are not darker than what lies between them": (contrast, 0.0, 0.05),
        "the fields differ in size": (ratio, 0.3, 0.6),
        "the fields are not at one level": (level, 0.4, 0.7),
        "the outline is ragged": (solid, 0.7, 0.85),
    }
    confidence = 1.0
    for doubt, (value, low, high) in shares.items():
        share = float(np.clip((value - low) / (high - low), 0, 1))
        if share < 1:
            doubts.append(doubt)
        confidence *= share
    return confidence, tuple(doubts)


def _hull(mask: Mask) -> float:
    """Pixels of a mask after filling each row and each column between its ends."""
    rows = np.maximum.accumulate(mask, axis=1) & np.maximum.accumulate(mask[:, ::-1], axis=1)[:, ::-1]
    columns = np.maximum.accumulate(mask, axis=0) & np.maximum.accumulate(mask[::-1], axis=0)[::-1]
    return float((rows | columns).sum())


def _enlarged(side: Mask, shape: tuple[int, ...]) -> Mask:
    found = placed(side.astype(np.float32), WHOLE, (shape[0], shape[1]), 0.0)
    return np.asarray(found >= 0.5)


def _disk(radius: int) -> Mask:
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    return np.asarray(y * y + x * x <= radius * radius)
