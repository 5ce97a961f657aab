"""Body, lungs, airway and bone against drawn trunks of known volume, on every kind of grid; and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tools.errors import BadInput, NotAssessable
from tools.imaging.frame import Header
from tools.imaging.phantom_ct import AIR, LUNG, TISSUE, Column, Ellipsoid, Trunk, grid, sampled, trunk
from tools.imaging.volume import Volume
from tools.segmenters.ct_threshold import CARD, segmenter
from tools.segmenters.registry import segmenters
from tools.segmenters.segment import Segment

COARSE = (5.0, 3.0, 3.0)


@pytest.fixture(scope="module")
def drawn() -> tuple[Trunk, Volume]:
    what = trunk()
    affine, shape = grid(COARSE)
    return what, sampled(what, affine, shape, noise=15.0)


@pytest.fixture(scope="module")
def found(drawn: tuple[Trunk, Volume]) -> dict[str, Segment]:
    return {one.structure: one for one in segmenter.segment(drawn[1], ["body", "lung", "bone"])}


def errors(what: Trunk, volume: Volume, *structures: str) -> dict[str, float]:
    found = segmenter.segment(volume, structures)
    assert all(one.mask.shape == volume.values.shape and one.mask.dtype == bool for one in found)
    return {
        one.structure: 100 * (float(one.mask.sum()) * volume.voxel_ml / what.truth[one.structure] - 1) for one in found
    }


def test_the_volumes_are_within_two_percent(drawn: tuple[Trunk, Volume], found: dict[str, Segment]) -> None:
    what, volume = drawn
    assert list(found) == ["body", "right lung", "left lung", "bone"]
    for name in ("body", "right lung", "left lung"):
        assert float(found[name].mask.sum()) * volume.voxel_ml == pytest.approx(what.truth[name], rel=0.02)
    assert {one.coding.code for one in found.values()} == {"38266002", "3341006", "44029006", "3138006"}


@pytest.mark.parametrize(
    "how",
    [
        {"spacing": (6.0, 2.5, 3.0), "flips": (0, 2)},
        {"spacing": (3.0, 4.0, 3.0), "axes": (1, 0, 2), "flips": (1,)},
        {"spacing": (3.0, 3.0, 4.0), "axes": (2, 0, 1), "flips": (0, 1, 2)},
        {"spacing": (4.0, 4.0, 4.0), "turn_deg": 15.0, "low": (-185, -170, -185), "high": (185, 170, 165)},
    ],
    ids=["anisotropic, flipped", "coronal", "sagittal", "oblique"],
)
def test_lungs_are_within_two_percent_on_any_grid(how: dict[str, object]) -> None:
    what = trunk()
    affine, shape = grid(**how)  # type: ignore[arg-type]
    found = errors(what, sampled(what, affine, shape, noise=15.0), "right lung", "left lung")
    assert set(found) == {"right lung", "left lung"}
    assert max(abs(error) for error in found.values()) < 2


def test_the_right_lung_lies_on_the_patients_right(drawn: tuple[Trunk, Volume], found: dict[str, Segment]) -> None:
    masks = found["right lung"].mask, found["left lung"].mask
    centre = [drawn[1].at(*np.argwhere(mask).mean(axis=0))[0] for mask in masks]
    assert centre[0] < -60 < 60 < centre[1]


def test_nodules_and_holes_count_as_lung_stomach_gas_and_windpipe_do_not(
    drawn: tuple[Trunk, Volume], found: dict[str, Segment]
) -> None:
    lungs = found["right lung"].mask | found["left lung"].mask
    inverse = np.linalg.inv(drawn[1].affine)

    def at(x: float, y: float, z: float) -> bool:
        column, row, level = np.rint(inverse @ np.array([x, y, z, 1.0]))[:3].astype(int)
        return bool(lungs[level, row, column])

    assert at(-78, -20, 30)  # a nodule
    assert at(-56, -5, -40)  # a hole of emphysema
    assert not at(60, -20, -128)  # gas in the stomach
    assert not at(0.3, 10.2, 80)  # the windpipe


def test_bone_and_airway_on_a_fine_grid() -> None:
    what = trunk(holes=0, nodules=False, table=False)
    # A part of the spine and the carina: truths of the parts follow from their formulas.
    affine, shape = grid((1.0, 0.9, 0.9), (-35, -30, -40), (35, 88, 60))
    volume = sampled(what, affine, shape, noise=10.0)
    spine = np.pi * 20 * 17 * 100 / 1000
    # Windpipe above the carina and two bronchi below it, less what they share.
    tree = (np.pi * 81 * 40 + 2 * np.pi * 49 * 24 - 4 * 343 / 1.5) / 1000
    found = {one.structure: one for one in segmenter.segment(volume, ["bone", "airway"])}
    assert float(found["bone"].mask.sum()) * volume.voxel_ml == pytest.approx(spine, rel=0.02)
    assert float(found["airway"].mask.sum()) * volume.voxel_ml == pytest.approx(tree, rel=0.02)


def test_bases_only_are_given_and_said(drawn: tuple[Trunk, Volume], found: dict[str, Segment]) -> None:
    _, volume = drawn
    part = replace(volume, values=volume.values[: volume.values.shape[0] // 3])
    bases = segmenter.segment(part, ["lung"])
    assert [one.structure for one in bases] == ["right lung", "left lung"]
    assert all("cut off at the top" in " ".join(one.doubts) for one in bases)
    # It is said; the outline of what is there is no worse for it (osler bench corruption --on ct).
    assert bases[0].confidence == found["right lung"].confidence


def test_touching_lungs_are_parted() -> None:
    what = trunk(holes=0, nodules=False).with_shapes(Ellipsoid(LUNG, (0, -25, 0), (42, 9, 14)))
    affine, shape = grid(COARSE)
    volume = sampled(what, affine, shape, noise=10.0)
    right, left = segmenter.segment(volume, ["lung"])
    assert not (right.mask & left.mask).any()
    assert any("touch" in doubt for doubt in right.doubts)
    for one in (right, left):
        share = float(one.mask.sum()) * volume.voxel_ml / what.truth[one.structure]
        assert 0.99 < share < 1.02


def test_contrast_in_a_vessel_is_not_bone(drawn: tuple[Trunk, Volume], found: dict[str, Segment]) -> None:
    what, _ = drawn
    affine, shape = grid(COARSE)
    vessel = Column(300.0, (0, 25), (13, 13), -150, -20)
    volume = sampled(what.with_shapes(vessel), affine, shape, noise=15.0)
    before = found["bone"]
    after = segmenter.segment(volume, ["bone"])[0]
    grown = (float(after.mask.sum()) - float(before.mask.sum())) * volume.voxel_ml
    assert grown < 0.15 * vessel.ml
    assert any("contrast" in doubt for doubt in after.doubts)


def test_the_table_is_not_the_body(drawn: tuple[Trunk, Volume], found: dict[str, Segment]) -> None:
    rows = np.flatnonzero(found["body"].mask.any(axis=(0, 2)))
    assert drawn[1].at(0, int(rows[-1]), 0)[1] < 120


def _box(values: float) -> Volume:
    filled = np.full((12, 32, 32), values, dtype=np.float32)
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    return Volume(filled, affine, "box", "", "drawn", "drawn")


def test_what_is_no_ct_in_hounsfield_units_is_refused(drawn: tuple[Trunk, Volume]) -> None:
    _, volume = drawn
    with pytest.raises(NotAssessable, match="not a CT"):
        segmenter.segment(replace(volume, header=Header(modality="MR")), ["lung"])
    with pytest.raises(NotAssessable, match="not Hounsfield units"):
        segmenter.segment(replace(volume, values=volume.values + 1024), ["lung"])
    with pytest.raises(NotAssessable, match="not Hounsfield units"):
        segmenter.segment(_box(500.0), ["body"])


def test_a_file_that_does_not_say_ct_is_doubted(drawn: tuple[Trunk, Volume]) -> None:
    _, volume = drawn
    found = segmenter.segment(replace(volume, header=Header()), ["body"])
    assert any("does not say that it is a CT" in doubt for doubt in found[0].doubts)


def test_tilted_and_uneven_series_are_refused(drawn: tuple[Trunk, Volume]) -> None:
    _, volume = drawn
    with pytest.raises(NotAssessable, match="lean"):
        segmenter.segment(replace(volume, tilt_deg=12.0), ["lung"])
    with pytest.raises(NotAssessable, match="evenly"):
        segmenter.segment(replace(volume, uniform=False), ["lung"])


def test_no_lung_and_no_windpipe_are_said(drawn: tuple[Trunk, Volume]) -> None:
    shapes = [one for one in drawn[0].shapes if one.hu not in (LUNG, AIR)]
    affine, shape = grid((6.0, 3.0, 3.0))
    volume = sampled(Trunk(tuple(one for one in shapes if one.hu >= -200), drawn[0].truth), affine, shape, noise=10.0)
    with pytest.raises(NotAssessable, match="no lung"):
        segmenter.segment(volume, ["lung"])
    with pytest.raises(NotAssessable, match="no windpipe"):
        segmenter.segment(volume, ["airway"])
    # What is there is given all the same.
    assert [one.structure for one in segmenter.segment(volume, ["lung", "body"])] == ["body"]


def test_unknown_structures_and_images_are_bad_input(drawn: tuple[Trunk, Volume]) -> None:
    with pytest.raises(BadInput, match="does not know"):
        segmenter.segment(drawn[1], ["spleen"])
    with pytest.raises(BadInput, match="needs a volume"):
        segmenter.segment(np.zeros((4, 4)), ["lung"])  # type: ignore[arg-type]


def test_the_registry_finds_it_by_structure_and_modality() -> None:
    assert segmenters()["ct-threshold"] is segmenter
    assert [one for one in segmenters().values() if "bone" in one.card.structures] == [segmenter]
    assert CARD.modalities == {"CT"}
    assert segmenter.lacks() is None
    assert CARD.weights is None


def test_drawn_shapes_have_the_volume_of_their_formula() -> None:
    affine, shape = grid((1.0, 1.0, 1.0), (-30, -30, -30), (30, 30, 30))
    for shape_ in (Ellipsoid(TISSUE, (2, 3, 1), (11, 17, 23)), Column(TISSUE, (1, 2), (12, 9), -20, 15, 0.4)):
        volume = sampled(Trunk((shape_,), {}), affine, shape)
        held = float(((volume.values - AIR) / (TISSUE - AIR)).sum()) * volume.voxel_ml
        assert held == pytest.approx(shape_.ml, rel=0.005)
