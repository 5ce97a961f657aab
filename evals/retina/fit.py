"""Fit the vessel classifier: `python -m evals.retina.fit` writes tools/segmenters/vessels.npz (some minutes).

Only drawn photographs are used (tools/imaging/phantom_fundus.py), so that the parameters are ours to pass on. The last
part of them is left out of the fit and scored.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from tools.imaging.phantom_fundus import FundusPhantom, draw_fundus
from tools.segmenters.classifier import Classifier, fit
from tools.segmenters.vessels import PARAMETERS, THRESHOLD, likelihood
from tools.segmenters.vessels_features import Array, features, field_of_view, line_banks, lost_light

DRAWN, HELD_OUT, FIRST = 44, 8, 100
PIXELS = 8000


def drawn(number: int) -> FundusPhantom:
    """One of the drawings, with a grain and a contrast of its own; every second one with bleeds and exudates."""
    random = np.random.default_rng(2000 + number)
    return draw_fundus(
        FIRST + number, grain=random.uniform(0.005, 0.02), contrast=random.uniform(0.8, 1.6), lesions=number % 2 == 1
    )


def described(phantom: FundusPhantom) -> tuple[Array, np.ndarray]:
    """Features and truth of each pixel of the field of view, as found."""
    lost, inner = lost_light(phantom.rgb[..., 1].astype(np.float64), field_of_view(phantom.rgb))
    return features(lost, inner, line_banks(lost)), phantom.vessels[inner]


def fitted(drawings: int = DRAWN - HELD_OUT, seed: int = 0) -> Classifier:
    """A classifier of this many drawings."""
    random = np.random.default_rng(seed)
    rows, labels = [], []
    for number in range(drawings):
        seen, known = described(drawn(number))
        picked = random.choice(len(known), PIXELS, replace=False)
        rows.append(seen[picked])
        labels.append(known[picked])
    return fit(np.concatenate(rows), np.concatenate(labels).astype(np.int64), seed=seed, epochs=15, classes=2)


def held_out(classifier: Classifier) -> list[float]:
    """Dice of the drawings that were left out."""
    scores = []
    for number in range(DRAWN - HELD_OUT, DRAWN):
        phantom = drawn(number)
        found = likelihood(phantom.rgb[..., 1], field_of_view(phantom.rgb), classifier=classifier) >= THRESHOLD
        scores.append(2 * int((found & phantom.vessels).sum()) / max(int(found.sum() + phantom.vessels.sum()), 1))
    return scores


def main(target: Path = PARAMETERS) -> None:
    """Fit, write the parameters, and say how well the drawings that were left out are read."""
    fitted().save(target)
    scores = held_out(Classifier.load(target))
    sys.stdout.write(f"held-out drawings: mean Dice {np.mean(scores):.3f}, lowest {min(scores):.3f} -> {target}\n")


if __name__ == "__main__":
    main()
