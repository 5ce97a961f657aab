"""A pixel classifier of three dense layers in numpy: small enough to ship, to read, and to fit in seconds."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
HIDDEN = (64, 32)
CLASSES = ("neither", "lung on the left of the image", "lung on the right of the image")


@dataclass(frozen=True)
class Classifier:
    """Weights and offsets of each layer, and the mean and spread of each feature where it was fitted."""

    mean: Array = field(repr=False)
    spread: Array = field(repr=False)
    weights: tuple[Array, ...] = field(repr=False)
    offsets: tuple[Array, ...] = field(repr=False)

    def probabilities(self, rows: Array) -> Array:
        """One row of class probabilities per row of features."""
        return _forward((rows - self.mean) / self.spread, self.weights, self.offsets)[-1]

    def save(self, path: Path) -> None:
        """Write the parameters (half precision)."""
        parts = {"mean": self.mean, "spread": self.spread}
        parts |= {f"weights{n}": part for n, part in enumerate(self.weights)}
        parts |= {f"offsets{n}": part for n, part in enumerate(self.offsets)}
        np.savez_compressed(path, allow_pickle=False, **{name: part.astype(np.float16) for name, part in parts.items()})

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as parts:
            layers = range(sum(name.startswith("weights") for name in parts.files))
            read = {name: parts[name].astype(np.float32) for name in parts.files}
        return cls(
            read["mean"],
            read["spread"],
            tuple(read[f"weights{n}"] for n in layers),
            tuple(read[f"offsets{n}"] for n in layers),
        )


def fit(
    rows: Array,
    labels: NDArray[np.integer],
    *,
    seed: int = 0,
    epochs: int = 6,
    batch: int = 2048,
    classes: int = len(CLASSES),
) -> Classifier:
    """Fit by Adam (arXiv:1412.6980) with a cosine schedule; the same seed gives the same weights."""
    random = np.random.default_rng(seed)
    sizes = (rows.shape[1], *HIDDEN, classes)
    mean, spread = rows.mean(axis=0), rows.std(axis=0) + np.float32(1e-4)
    layers = list(itertools.pairwise(sizes))
    weights = [(random.standard_normal(size) * np.sqrt(2 / size[0])).astype(np.float32) for size in layers]
    offsets = [np.zeros(size[1], dtype=np.float32) for size in layers]
    parameters = weights + offsets
    first, second = ([np.zeros_like(part) for part in parameters] for _ in range(2))
    step, steps = 0, epochs * (len(rows) // batch)
    for _ in range(epochs):
        order = random.permutation(len(rows))
        for start in range(0, len(rows) - batch + 1, batch):
            chosen = order[start : start + batch]
            gradients = _gradients((rows[chosen] - mean) / spread, labels[chosen], weights, offsets)
            step += 1
            rate = 2e-3 * 0.5 * (1 + np.cos(np.pi * step / steps))
            for part, gradient, m, v in zip(parameters, gradients, first, second, strict=True):
                m += 0.1 * (gradient - m)
                v += 0.001 * (gradient * gradient - v)
                part -= rate * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
    return Classifier(mean, spread, tuple(weights), tuple(offsets))


def _forward(
    rows: Array, weights: tuple[Array, ...] | list[Array], offsets: tuple[Array, ...] | list[Array]
) -> list[Array]:
    values = [rows]
    for number, (weight, offset) in enumerate(zip(weights, offsets, strict=True)):
        total = values[-1] @ weight + offset
        if number < len(weights) - 1:
            values.append(np.maximum(total, 0))
            continue
        power = np.exp(total - total.max(axis=1, keepdims=True))
        values.append(power / power.sum(axis=1, keepdims=True))
    return values


def _gradients(rows: Array, labels: NDArray[np.integer], weights: list[Array], offsets: list[Array]) -> list[Array]:
    values = _forward(rows, weights, offsets)
    back = values[-1].copy()
    back[np.arange(len(labels)), labels] -= 1
    back /= len(labels)
    of_weights: list[Array] = []
    of_offsets: list[Array] = []
    for number in reversed(range(len(weights))):
        of_weights.insert(0, values[number].T @ back + np.float32(1e-4) * weights[number])
        of_offsets.insert(0, back.sum(axis=0))
        back = (back @ weights[number].T) * (values[number] > 0)
    return of_weights + of_offsets
