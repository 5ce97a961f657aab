"""Films made worse on purpose: every way keeps the film a film, moves the mask along, and is scored as it says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from evals.benchmarks.corruption import _harmless, _noticed, _summary
from evals.corruption.kinds import KINDS
from evals.cxr.spoilt import FAINT, overlap
from tools.imaging.phantom import draw

FILM = np.clip(draw().pixels[::4, ::4] / 4095, 0, 1).astype(np.float32)
MASK = np.zeros(FILM.shape, dtype=np.uint8)
MASK[30:110, 20:60] = 255


def test_there_are_enough_ways() -> None:
    assert len(KINDS) >= 18 and set(KINDS) >= FAINT


@pytest.mark.parametrize("kind", KINDS)
def test_every_severity_is_a_film_and_worse_than_the_one_before(kind: str) -> None:
    random = [np.random.default_rng([1, level]) for level in range(3)]
    made = [KINDS[kind](FILM, MASK, level, random[level]) for level in range(3)]
    for grey, mask in made:
        assert grey.shape == mask.shape and grey.dtype == np.float32
        assert np.isfinite(grey).all() and 0 <= grey.min() <= grey.max() <= 1
        assert set(np.unique(mask)) <= {0, 255}
    if kind not in ("rotation", "flip", "crop"):
        changed = [float(np.abs(grey - FILM).mean()) for grey, _ in made]
        assert 0 < changed[0] < changed[2]
        assert all(np.array_equal(mask, MASK) for _, mask in made)


def test_what_is_turned_over_takes_its_mask_along() -> None:
    grey, mask = KINDS["flip"](FILM, MASK, 0, np.random.default_rng(0))
    assert np.array_equal(grey[:, ::-1], FILM) and np.array_equal(mask[:, ::-1], MASK)


def test_unknown_pixels_do_not_count() -> None:
    found = np.zeros((256, 256), dtype=bool)
    found[:128] = True
    mask = np.where(np.arange(256)[:, None] < 64, 127, np.where(np.arange(256)[:, None] < 128, 255, 0))
    assert overlap(found, np.broadcast_to(mask, (256, 256)).astype(np.uint8)) == pytest.approx(1.0)


def row(kind: str, loss: float, confidence: float, **more: Any) -> dict[str, Any]:
    fell = confidence <= 0.85
    told = {"noticed": fell or loss <= 0.05, "left_alone": not fell or loss > 0.01, "abstains": False}
    return {"id": "a", "kind": kind, "loss": loss, "dice": 0.93 - loss, "confidence": confidence} | told | more


def test_costly_ones_are_counted_as_noticed_and_harmless_ones_as_left_alone() -> None:
    rows = [
        row("none", 0.0, 0.9),
        row("blur", 0.0, 0.9),
        row("blur", 0.005, 0.6),
        row("crop", 0.3, 0.2),
        row("crop", 0.06, 0.9),
        row("gamma", 0.03, 0.9),
    ]
    found = _summary(rows)
    assert (found["costly"], found["costly, noticed"]) == (2, 0.5) and _noticed(rows)["share"] == 0.5
    assert (len(_harmless(rows)), found["harmless, left alone"]) == (2, 0.5)
    before, after, shift = found["the same: films as they are, spoilt, shift"]
    assert before == pytest.approx(0.1) and shift == pytest.approx(after - before)
