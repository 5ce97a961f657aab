"""Films as they are and spoilt, each read by a classifier that has not seen its patient: what `fit_trust` fits on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evals.corruption.kinds import KINDS
from evals.cxr.films import Film, dice
from evals.cxr.fit import fitted
from tools.imaging.sampling import at_longest, resized
from tools.segmenters.classifier import Classifier
from tools.segmenters.lungs import read
from tools.segmenters.lungs_signs import signs
from tools.segmenters.pixels import WHOLE, sampled
from tools.segmenters.segment import Mask

Json = dict[str, Any]
FOLDS = 5
LONGEST = 512
SHARE = 0.5
SEED, PICKED = 7, 5
# The draws are other ones than those of `osler bench corruption`.
FIRST = 100
# Next to nothing happens to a film in the weakest severity of these: every other film goes without.
FAINT = frozenset(
    ("blur", "poisson noise", "gaussian noise", "speckle", "salt and pepper", "grid lines", "JPEG", "downsampling")
) | {"bit depth", "gamma"}


def prepared(film: Film) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """A film in grey at 512 pixels, and its mask."""
    grey = np.clip(at_longest((film.pixels() / 255).astype(np.float32), LONGEST), 0, 1)
    mask = np.rint(resized(film.mask.astype(np.float32), *grey.shape))
    return grey, np.where(mask > 191, 255, np.where(mask < 64, 0, 127)).astype(np.uint8)


def overlap(both: Mask, mask: NDArray[np.uint8]) -> float:
    """Dice at 256 pixels of an outline of 256 pixels."""
    lung, unknown = (sampled((mask == value).astype(np.float32), WHOLE, 256) >= 0.5 for value in (255, 127))
    return dice(np.asarray(both), np.where(unknown, 127, np.where(lung, 255, 0)).astype(np.uint8))


def rows(films: Sequence[Film]) -> Iterator[Json]:
    """One film of each patient, whole and in half of all ways of spoiling it: its Dice, what it lost, its signs."""
    one = {film.patient: film for film in films if (film.mask == 255).any()}
    patients = sorted({film.patient for film in films})
    for fold in range(FOLDS):
        held = [(number, patient) for number, patient in enumerate(patients) if number % FOLDS == fold]
        classifier = fitted([film for film in films if film.patient not in {patient for _, patient in held}])
        for number, patient in held:
            if patient in one:
                yield from _of(one[patient], FIRST + number, classifier)


def _of(film: Film, number: int, classifier: Classifier) -> Iterator[Json]:
    grey, mask = prepared(film)
    whole = _read(grey, mask, classifier)
    yield {"patient": film.patient, "kind": "none", "loss": 0.0} | whole
    picked = np.random.default_rng([PICKED, number])
    for kind, change in KINDS.items():
        for level in range(3):
            if (level == 0 and number % 2 and kind in FAINT) or picked.random() > SHARE:
                continue
            found = _read(*change(grey, mask, level, np.random.default_rng([SEED, number, level])), classifier)
            yield {"patient": film.patient, "kind": kind, "loss": whole["dice"] - found["dice"]} | found


def _read(grey: NDArray[np.float32], mask: NDArray[np.uint8], classifier: Classifier) -> Json:
    reading = read(grey, classifier)
    both = reading.sides[0] | reading.sides[1]
    return {"dice": overlap(both, mask), "signs": signs(grey, reading) if reading.found else None}
