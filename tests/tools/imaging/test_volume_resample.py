"""Leaning stacks sheared back and uneven ones evened: places exact, values as drawn, and it is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from series_made import affine_of, orientations, slices, written

from tools.errors import NotAssessable
from tools.imaging.resample import evened, squared
from tools.imaging.volume import measurable
from tools.imaging.volumes import read_volume


def sampled(affine: NDArray[np.float64], shape: tuple[int, int, int]) -> NDArray[np.int16]:
    """A smooth field of the patient, sampled on a grid: linear, so that linear interpolation is exact."""
    k, j, i = np.mgrid[: shape[0], : shape[1], : shape[2]]
    place = np.stack([i, j, k, np.ones_like(i)], axis=-1) @ affine.T
    return np.round(place[..., :3] @ np.array([30.0, -20.0, 10.0])).astype(np.int16)


def leaning(turn: NDArray[np.float64], degrees: float) -> NDArray[np.float64]:
    """A grid whose slices step sideways along their rows' direction and columns' direction."""
    affine = affine_of(turn, (0.8, 0.9, 3.0))
    sideways = 3.0 * np.tan(np.radians(degrees))
    affine[:3, 2] += turn[:, 1] * sideways * 0.8 - turn[:, 0] * sideways * 0.6
    return affine


@pytest.mark.parametrize("number", [0, 5, 11, 17])
def test_a_tilted_series_is_sheared_back_exactly(number: int, tmp_path: Path) -> None:
    affine = leaning(orientations()[number], 15)
    values = sampled(affine, (6, 20, 18))
    read = read_volume(written(slices(values, affine), tmp_path / "s"))
    assert read.tilt_deg == pytest.approx(15, abs=1e-4)
    right = squared(read, outside=-9999)
    assert right.square and right.voxel_ml == pytest.approx(read.voxel_ml)
    assert "sheared back from a tilt of 15 degrees" in right.warnings[-1]
    whole = right.values > -9000
    truth = sampled(right.affine, right.values.shape)
    inside = whole & (np.abs(right.values - truth) < 1e4)
    inner = np.zeros_like(inside)
    inner[:, 1:-1, 1:-1] = inside[:, 1:-1, 1:-1] & inside[:, :-2, 1:-1] & inside[:, 2:, 1:-1]
    inner[:, 1:-1, 1:-1] &= inside[:, 1:-1, :-2] & inside[:, 1:-1, 2:]
    assert inner.sum() > 0.7 * values.size
    assert np.abs(right.values - truth)[inner].max() <= 1.01
    assert squared(right) is right


def test_a_missing_slice_is_filled_in_only_on_request_and_said(tmp_path: Path) -> None:
    affine = affine_of(np.eye(3), (0.8, 0.9, 3.0))
    made = slices(sampled(affine, (9, 6, 5)), affine)
    del made[4]
    read = read_volume(written(made, tmp_path / "s"))
    with pytest.raises(NotAssessable):
        measurable(read)
    filled = evened(read)
    assert measurable(filled) is filled and len(filled.values) == 9
    assert filled.values == pytest.approx(sampled(affine, (9, 6, 5)), abs=1.0)
    assert filled.affine == pytest.approx(affine)
    assert "1 of 9 are interpolated, the widest gap was 6 mm" in filled.warnings[-1]
    assert len(evened(read, 1.5).values) == 17
    silent = replace(read, slices=())
    with pytest.raises(NotAssessable):
        evened(silent)
