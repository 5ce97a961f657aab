"""A light head on the lung classifier: what a few corrections add to it, and nothing of it is changed.

For each pixel the classifier's log-probabilities get a linear term of its features, by multinomial logistic
regression with a strong pull towards zero: no corrections, no change. Some hundred numbers, fitted in seconds by
L-BFGS (doi:10.1137/0916069) with numpy and scipy alone; the same corrections give the same head.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tools.segmenters.classifier import Array, Classifier
from tools.segmenters.lungs import lung_boxes
from tools.segmenters.pixels import SIDE, WHOLE, features, normal, sampled
from tools.segmenters.segment import Mask

PULL = 0.2
"""Weight of the pull towards zero beside the mean loss of a pixel. Of 0.2, 0.02, 0.002 and 0.0002 the one with which
seven films helped seven others (docs/reading.md)."""
PIXELS = 1200
"""Of each of the two readings of a film."""
CLASSES = 3


@dataclass(frozen=True)
class Head(Classifier):
    """A classifier with a head on it; takes its place wherever a classifier is asked for."""

    added: Array = field(default_factory=lambda: np.zeros((0, CLASSES), dtype=np.float32), repr=False)

    def probabilities(self, rows: Array) -> Array:
        """One row of class probabilities per row of features."""
        known = np.log(np.maximum(super().probabilities(rows), 1e-6))
        return _softmax(known + _with_one((rows - self.mean) / self.spread) @ self.added)

    @classmethod
    def on(cls, base: Classifier, added: Array) -> Self:
        """A head on a classifier."""
        return cls(base.mean, base.spread, base.weights, base.offsets, added)


@dataclass(frozen=True, eq=False)
class Example:
    """A film and its outline: 1 the lung on the image's left, 2 on its right, 0 neither, -1 not known."""

    pixels: NDArray[np.generic] = field(repr=False)
    sides: NDArray[np.int8] = field(repr=False)


@dataclass(frozen=True, eq=False)
class Lesson:
    """Pixels of a film: their features, their labels, and what the classifier makes of them."""

    rows: Array = field(repr=False)
    labels: NDArray[np.int64] = field(repr=False)
    known: Array = field(repr=False)


def lesson(base: Classifier, one: Example) -> Lesson:
    """What is to be learnt from a film; the same film gives the same pixels."""
    rows, labels = _rows(base, one)
    known = np.log(np.maximum(base.probabilities(rows), 1e-6))
    return Lesson(_with_one((rows - base.mean) / base.spread), labels, known.astype(np.float32))


def fit_head(
    base: Classifier, corrected: Sequence[Lesson], accepted: Sequence[Lesson] = (), pull: float = PULL
) -> Head:
    """Learn from corrected outlines; accepted ones beside them keep what was right from being forgotten."""
    from scipy.optimize import minimize

    parts = [*corrected, *accepted]
    x = np.concatenate([part.rows for part in parts])
    labels = np.concatenate([part.labels for part in parts])
    known = np.concatenate([part.known for part in parts])
    target = np.eye(CLASSES, dtype=np.float32)[labels]

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        added = flat.reshape(-1, CLASSES).astype(np.float32)
        likely = _softmax(known + x @ added)
        value = -float(np.log(np.maximum(likely[np.arange(len(labels)), labels], 1e-12)).mean())
        slope = x.T @ (likely - target) / np.float32(len(labels)) + np.float32(2 * pull) * added
        return value + pull * float((added * added).sum()), slope.ravel().astype(np.float64)

    found = minimize(loss, np.zeros(x.shape[1] * CLASSES), jac=True, method="L-BFGS-B", options={"maxiter": 60})
    return Head.on(base, found.x.reshape(-1, CLASSES).astype(np.float32))


def sides_of(mask: Mask) -> NDArray[np.int8]:
    """Both lungs of one mask told apart by the column about which their parts lie."""
    from scipy import ndimage

    parts, count = ndimage.label(mask)
    labels = np.zeros(mask.shape, dtype=np.int8)
    for number, cut in enumerate(ndimage.find_objects(parts), start=1):
        inside = parts[cut] == number
        column = cut[1].start + float(np.nonzero(inside)[1].mean())
        labels[cut][inside] = 1 if column < mask.shape[1] / 2 else 2
    return labels if count else np.zeros(mask.shape, dtype=np.int8)


def save(head: Head, path: Path) -> None:
    """Write what was added; the classifier below stays where it is."""
    np.savez_compressed(path, allow_pickle=False, added=head.added)


def load(base: Classifier, path: Path) -> Head:
    """Read what `save` wrote, onto the classifier it was fitted on."""
    with np.load(path, allow_pickle=False) as parts:
        added = np.asarray(parts["added"], dtype=np.float32)
    if added.shape != (len(base.mean) + 1, CLASSES) or not np.isfinite(added).all():
        raise ValueError(f"a head of shape {added.shape}")
    return Head.on(base, added)


def _rows(base: Classifier, one: Example) -> tuple[Array, NDArray[np.int64]]:
    """Features and labels of pixels of one film, in both readings of it."""
    from scipy import ndimage

    rows, labels = [], []
    image = np.asarray(one.pixels, dtype=np.float32)
    for box in dict.fromkeys([WHOLE, *lung_boxes(image, base)]):
        y = ((np.arange(SIDE) + 0.5) / SIDE * (box[1] - box[0]) + box[0]) * one.sides.shape[0] - 0.5
        x = ((np.arange(SIDE) + 0.5) / SIDE * (box[3] - box[2]) + box[2]) * one.sides.shape[1] - 0.5
        grid = np.meshgrid(np.rint(y), np.rint(x), indexing="ij")
        known = ndimage.map_coordinates(one.sides, grid, order=0, mode="constant", cval=0).ravel()
        picked = np.random.default_rng(0).permutation(SIDE * SIDE)
        picked = picked[known[picked] >= 0][:PIXELS]
        rows.append(features(normal(sampled(image, box, SIDE)))[picked])
        labels.append(known[picked].astype(np.int64))
    return np.concatenate(rows), np.concatenate(labels)


def _with_one(rows: NDArray[np.floating]) -> Array:
    return np.concatenate([rows, np.ones((len(rows), 1), dtype=rows.dtype)], axis=1).astype(np.float32)


def _softmax(logits: NDArray[np.floating]) -> Array:
    power = np.exp(logits - logits.max(axis=1, keepdims=True))
    likely: Array = power / power.sum(axis=1, keepdims=True)
    return likely
