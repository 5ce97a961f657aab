"""The geometry of volumes: places, axes, and the way to the canonical orientation and back."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest

from tools.errors import NotAssessable
from tools.imaging.volume import Volume, canonical, measurable


def _volume(affine: np.ndarray, shape: tuple[int, int, int] = (4, 5, 6), **more: object) -> Volume:
    values = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    return Volume(values, affine.astype(np.float64), "v", "0", "NIfTI", "sform", **more)  # type: ignore[arg-type]


def _orientations() -> list[np.ndarray]:
    found = []
    for order, signs in product(permutations(range(3)), product((1, -1), repeat=3)):
        affine = np.eye(4)
        affine[:3, :3] = 0
        for column, (world, sign, size) in enumerate(zip(order, signs, (0.5, 1.5, 4.0), strict=True)):
            affine[world, column] = sign * size
        affine[:3, 3] = (10, -20, 30)
        found.append(affine)
    return found


@pytest.mark.parametrize("affine", _orientations())
def test_a_voxel_stays_where_it_is_in_the_patient(affine: np.ndarray) -> None:
    volume = _volume(affine)
    turned, back = canonical(volume)
    assert turned.axes == ("S", "P", "L")
    assert turned.voxel_ml == pytest.approx(0.003)
    where = {float(value): volume.at(*index) for index, value in np.ndenumerate(volume.values)}
    for index, value in np.ndenumerate(turned.values):
        assert turned.at(*index) == pytest.approx(where[float(value)])
    assert np.array_equal(back(turned.values > 30), volume.values > 30)


def test_an_oblique_grid_stays_oblique() -> None:
    angle = np.deg2rad(20)
    affine = np.eye(4)
    affine[:3, :3] = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, -2]])
    turned, _ = canonical(_volume(affine))
    assert turned.axes == ("S", "P", "L")
    assert turned.spacing_mm == pytest.approx((2, 1, 1))
    assert turned.values.shape == (4, 5, 6)


def test_a_leaning_stack_has_the_volume_of_its_determinant() -> None:
    affine = np.eye(4)
    affine[:3, 2] = (0, 2.0, 5.0)
    assert _volume(affine).voxel_ml == pytest.approx(0.005)


def test_uneven_slices_are_not_measured() -> None:
    with pytest.raises(NotAssessable, match="not evenly sampled"):
        measurable(_volume(np.eye(4), uniform=False))
