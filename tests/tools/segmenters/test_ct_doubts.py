"""What lowers the confidence in a CT's segments: figures of drawn trunks that were spoilt, and what they do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tools.imaging.phantom_ct import grid, sampled, trunk
from tools.imaging.volume import Volume
from tools.segmenters.ct_body import body
from tools.segmenters.ct_doubts import (
    RULES,
    ScanFigures,
    doubted,
    exchanged_doubts,
    lowered,
    proportion_doubts,
    scan_figures,
)
from tools.segmenters.ct_grid import CtGrid, ct_grid, metal
from tools.segmenters.segment import Segment


@pytest.fixture(scope="module")
def drawn() -> Volume:
    affine, shape = grid((4.0, 3.0, 3.0))
    return sampled(trunk(), affine, shape, per_axis=2, noise=15.0)


def measured(volume: Volume) -> ScanFigures:
    made = ct_grid(volume)
    return scan_figures(made, body(made).mask)


@pytest.fixture(scope="module")
def clean(drawn: Volume) -> ScanFigures:
    return measured(drawn)


def spoilt(volume: Volume, values: np.ndarray) -> ScanFigures:
    return measured(replace(volume, values=np.ascontiguousarray(values, dtype=np.float32)))


def lung(shape: tuple[int, ...] = (20, 20, 20)) -> Segment:
    mask = np.zeros(shape, dtype=bool)
    mask[5:15, 5:15, 5:15] = True
    return Segment("right lung", mask, 0.9, "a", "1")


def test_a_clean_scan_has_no_doubts(clean: ScanFigures) -> None:
    for rule in RULES:
        assert rule.figure(clean) <= rule.low, rule.words
    assert clean.lost == ()
    assert clean.grain == pytest.approx(15, rel=0.2)


def test_noise_is_measured_in_hounsfield_units(drawn: Volume) -> None:
    random = np.random.default_rng(0)
    noisy = spoilt(drawn, drawn.values + random.normal(0, 60, drawn.values.shape))
    assert noisy.grain == pytest.approx(np.hypot(60, 15), rel=0.15)


def test_blurred_borders_are_wider(drawn: Volume, clean: ScanFigures) -> None:
    from scipy import ndimage

    soft = spoilt(drawn, ndimage.gaussian_filter(drawn.values, (0, 1.5, 1.5)))
    assert soft.blur_mm > 3.5 > 2.5 > clean.blur_mm


def test_slices_that_repeat_are_counted(drawn: Volume) -> None:
    found = spoilt(drawn, np.repeat(drawn.values[::3], 3, axis=0)[: len(drawn.values)])
    assert found.repeats == pytest.approx(3, rel=0.1)
    assert found.thick_mm == pytest.approx(12, rel=0.1)


def test_shuffled_slices_do_not_continue_each_other(drawn: Volume, clean: ScanFigures) -> None:
    order = np.random.default_rng(0).permutation(len(drawn.values))
    assert spoilt(drawn, drawn.values[order]).unrest > 60 > clean.unrest


def test_empty_slices_are_named(drawn: Volume) -> None:
    values = drawn.values.copy()
    values[30:33] = -1000
    assert spoilt(drawn, values).lost == (30, 31, 32)


def test_padding_within_the_body_is_noticed_and_noise_in_air_is_not(drawn: Volume) -> None:
    values = drawn.values.copy()
    values[:, :, :50] = -2000
    assert spoilt(drawn, values).beyond > 0.08
    random = np.random.default_rng(0)
    assert spoilt(drawn, drawn.values + random.normal(0, 150, drawn.values.shape)).beyond < 0.02


def test_metal_is_a_piece_and_not_single_voxels(drawn: Volume) -> None:
    values = drawn.values.copy()
    values[::3, ::3, ::3] = 3071
    assert metal(values, 4) == 0
    values[20:26, 40:44, 60:64] = 8000
    assert metal(values, 4) >= 96
    assert spoilt(drawn, values).metal_ml > 3


def test_a_doubt_says_why_and_lowers(clean: ScanFigures) -> None:
    one = lung()
    assert doubted(one, clean) == one
    told = doubted(one, replace(clean, metal_ml=30.0))
    assert told.confidence == pytest.approx(0.5)
    assert "metal" in told.doubts[-1]


def test_empty_slices_count_where_the_structure_is(clean: ScanFigures) -> None:
    one = lung()
    assert doubted(one, replace(clean, lost=(2,))).doubts == ()
    inside = doubted(one, replace(clean, lost=(8, 9)))
    assert inside.doubts == ("2 slices are empty within it",)
    assert inside.confidence == pytest.approx(0.9 - 1.4 * 2 / 10)
    # A structure that ends where slices were lost may have gone on.
    assert doubted(one, replace(clean, lost=(15, 16))).confidence < 0.75


def test_confidence_does_not_fall_below_nothing() -> None:
    assert lowered(lung(), 5.0, ("a",)).confidence == 0.05


def test_lungs_out_of_proportion_are_doubted(drawn: Volume) -> None:
    def said(stretch: float) -> tuple[str, ...]:
        affine = drawn.affine.copy()
        affine[:3, 2] *= stretch
        made: CtGrid = ct_grid(replace(drawn, affine=affine))
        masks = [np.zeros(made.values.shape, dtype=bool) for _ in range(2)]
        masks[0][8:62, 20:60, 26:62] = masks[1][8:62, 20:60, 76:112] = True
        return proportion_doubts(made, np.ones(made.coarse.shape, dtype=bool), masks[0], masks[1])

    assert said(1.0) == ()
    assert "high" in said(1.7)[0]
    assert "high" in said(0.5)[0]


def test_a_larger_left_lung_is_doubted_where_both_are_whole() -> None:
    small = lung().mask
    large = np.zeros_like(small)
    large[3:17, 3:17, 3:17] = True
    assert exchanged_doubts(large, small) == ()
    assert "exchanged" in exchanged_doubts(small, large)[0]
    large[0] = True
    assert exchanged_doubts(small, large) == ()
