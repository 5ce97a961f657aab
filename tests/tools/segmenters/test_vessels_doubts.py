"""What lowers the confidence in the vessels of a fundus photograph."""

from __future__ import annotations

import numpy as np
import pytest

from tools.imaging.colour_kind import FUNDUS, ColourKind
from tools.segmenters.vessels_doubts import LEAST, photograph_doubts

SIDE = 540


def doubts(
    shade: float = 100.0,
    likely: float = 0.85,
    width: int = 2,
    around: float = 0.99,
    shades: int = 60,
    across: int = SIDE,
) -> tuple[float, tuple[str, ...]]:
    """A picture of stripes that are `width` pixels wide."""
    lit = np.ones((SIDE, SIDE), dtype=bool)
    mask = (np.arange(SIDE) % 30 < width)[None].repeat(SIDE, axis=0)
    image = np.full((SIDE, SIDE, 3), shade, dtype=np.float32)
    image[..., 1] = np.arange(SIDE)[None] % shades
    image[..., 2] = 0
    image[..., 0] = shade
    seen = ColourKind(FUNDUS, 1.0, 1.0, 0.0, {"round": around})
    return photograph_doubts(image, lit, mask, np.full(mask.shape, likely, dtype=np.float32), seen, across)


def test_a_good_photograph_has_none() -> None:
    assert doubts() == (1.0, ())


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"likely": 0.7}, "do not stand out"),
        ({"width": 9}, "thin vessels are missing"),
        ({"around": 0.8}, "not round"),
        ({"shade": 5.0, "shades": 5}, "very dark"),
        ({"shades": 5}, "few shades"),
    ],
)
def test_each_figure_has_its_words_and_takes_no_more_than_it_may(how: dict[str, float], said: str) -> None:
    left, told = doubts(**how)  # type: ignore[arg-type]
    assert left == pytest.approx(LEAST)
    assert any(said in one for one in told)


def test_the_worst_counts_and_they_are_not_added_up() -> None:
    left, told = doubts(likely=0.7, around=0.8, shades=5)
    assert left == pytest.approx(LEAST)
    assert len(told) == 3


def test_thin_vessels_are_not_asked_for_where_the_picture_is_too_small() -> None:
    assert doubts(width=9, across=300) == (1.0, ())
