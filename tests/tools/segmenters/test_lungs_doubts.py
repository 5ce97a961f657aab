"""What lowers the trust in lung fields that look like lungs."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tools.segmenters.lungs_doubts import doubts

Y, X = np.mgrid[0:256, 0:256] / 256


def scene() -> tuple[NDArray[np.float32], tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    left, right = (((X - c) / 0.14) ** 2 + ((Y - 0.45) / 0.28) ** 2 < 1 for c in (0.28, 0.72))
    grey = np.where(left | right, 0.3, 0.6) + 0.15 * np.sin(9 * X) * np.cos(7 * Y) + 0.05 * np.sin(60 * X)
    return grey.astype(np.float32), (left, right)


def raised(grey: NDArray[np.float32], sides: tuple[NDArray[np.bool_], NDArray[np.bool_]]) -> set[str]:
    names, limits = ("tilt", "dark", "covered"), (15.0, 0.3, 0.004)
    return {name for name, value, limit in zip(names, doubts(grey, sides), limits, strict=True) if value > limit}


def test_a_level_whole_film_raises_none() -> None:
    assert raised(*scene()) == set()


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_flat_rectangle_over_the_chest_is_noticed(value: float) -> None:
    grey, sides = scene()
    grey[90:140, 40:100] = value
    assert raised(grey, sides) == {"covered"}


def test_bars_and_tilt_are_noticed() -> None:
    grey, sides = scene()
    barred = grey.copy()
    barred[:40] = barred[-40:] = barred[:, :30] = barred[:, -30:] = 0.0
    assert "dark" in raised(barred, sides)
    lower = np.roll(sides[1], 60, axis=0)
    assert raised(grey, (sides[0], lower)) == {"tilt"}
