"""Vertebrae on drawn spines: found on any grid, named only where the sacrum is seen, measured as they were drawn."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tools.errors import BadInput, NotAssessable
from tools.imaging.frame import Acquisition, Header
from tools.imaging.measures.vertebra import PLACES, is_vertebra, vertebral
from tools.imaging.measuring import measured
from tools.imaging.phantom_ct import grid, painted, sampled, trunk
from tools.imaging.phantom_ct_spine import Block, Spine, spine
from tools.imaging.training import dice
from tools.imaging.volume import Volume
from tools.segmenters.ct_spine import CARD, COUNTED, NAMES, UNNAMED, segmenter
from tools.segmenters.prompted import segmented
from tools.segmenters.registry import segmenters
from tools.segmenters.segment import Segment

BOX: dict[str, Any] = {"low": (-62.0, -20.0, -112.0), "high": (62.0, 106.0, 108.0)}
WEDGED = ((27.0, 29.0), (28.0, 29.0), (28.0, 21.0), (28.0, 28.0), (27.0, 26.0))
CT = Header(modality="CT", acquisition=Acquisition(kvp=120.0), descriptions=("ABDOMEN W/O",))


def scan(what: Spine, header: Header = CT, **how: Any) -> Volume:
    affine, shape = grid(**{"spacing": (2.0, 1.5, 1.5), **BOX, **how})
    return sampled(what.drawn, affine, shape, noise=12.0, header=header)


@pytest.fixture(scope="module")
def what() -> Spine:
    return spine(heights=WEDGED)


@pytest.fixture(scope="module")
def drawn(what: Spine) -> Volume:
    return scan(what)


@pytest.fixture(scope="module")
def found(drawn: Volume) -> list[Segment]:
    return segmenter.segment(drawn, ["vertebra"])


def truth(body: Block, volume: Volume) -> np.ndarray:
    """Where the block is drawn, in the volume's own voxels."""
    alone = replace(trunk(), shapes=(replace(body, hu=0.0),))
    shape = volume.values.shape
    return painted(alone, volume.affine, (0, shape[0]), (shape[0], shape[1], shape[2])) >= -500


def test_each_body_is_found_named_and_coded_from_the_top(what: Spine, drawn: Volume, found: list[Segment]) -> None:
    assert [one.structure for one in found] == [f"L{n} vertebra" for n in range(1, 6)]
    assert found[0].coding.code == "66794005"
    for one, body in zip(reversed(found), what.bodies, strict=True):
        assert dice(one.mask, truth(body, drawn)) > 0.9
        assert COUNTED in one.doubts


def test_the_wedge_is_measured_as_it_was_drawn(what: Spine, drawn: Volume, found: list[Segment]) -> None:
    for one, body in zip(reversed(found), what.bodies, strict=True):
        rows = {row.name: row for row in vertebral(one.mask, drawn, one.structure)[0]}
        for name, share in PLACES:
            assert rows[name].value == pytest.approx(body.height(share), abs=2.3)
            interval = rows[name].interval
            assert interval is not None and interval.low <= body.height(share) <= interval.high
        assert rows["spongy bone density"].value == pytest.approx(150, abs=5)
        lost = 100 * (1 - min(body.height(share) for _, share in PLACES) / max(body.height(s) for _, s in PLACES))
        assert rows["height loss"].value == pytest.approx(lost, abs=9)


@pytest.mark.parametrize(
    "how",
    [
        {"spacing": (1.5, 2.0, 1.5), "axes": (1, 0, 2), "flips": (0, 1)},
        {"spacing": (3.0, 1.5, 1.5), "turn_deg": 12.0, "flips": (2,)},
    ],
    ids=["coronal, flipped", "oblique, anisotropic, flipped"],
)
def test_the_same_bodies_are_found_on_any_grid(what: Spine, how: dict[str, Any]) -> None:
    volume = scan(what, **how)
    masks = {one.structure: one.mask for one in segmenter.segment(volume, ["L2 vertebra", "L4 vertebra"])}
    assert list(masks) == ["L2 vertebra", "L4 vertebra"]
    assert dice(masks["L2 vertebra"], truth(what.bodies[3], volume)) > 0.88
    assert dice(masks["L4 vertebra"], truth(what.bodies[1], volume)) > 0.88


def test_without_a_sacrum_no_level_is_named() -> None:
    volume = scan(spine(sacrum=False), spacing=(3.0, 2.0, 2.0))
    made = segmented(volume, "vertebrae")
    assert all(one.structure.startswith("vertebra, number ") and UNNAMED in one.doubts for one in made)
    assert made[0].structure == "vertebra, number 1 from the top"
    assert {one.coding.code for one in made} == {"51282000"}
    with pytest.raises(NotAssessable, match="not known on this scan") as refused:
        segmented(volume, "L1")
    assert "--mask" in refused.value.action


def test_porous_bone_as_dark_as_its_discs_is_parted_all_the_same() -> None:
    what = spine(trabecular=60.0, hollow=2.0)
    volume = scan(what)
    masks = [one.mask for one in segmenter.segment(volume, ["vertebra"])]
    for body in what.bodies[1:]:
        assert max(dice(mask, truth(body, volume)) for mask in masks) > 0.85


def test_the_density_tells_voltage_contrast_and_field_and_gives_limits_for_l1_at_120_alone(
    drawn: Volume, found: list[Segment]
) -> None:
    def notes(volume: Volume, name: str) -> str:
        rows, _ = vertebral(found[0].mask, volume, name)
        return " ".join(next(row for row in rows if row.name == "spongy bone density").notes)

    said = notes(drawn, "L1 vertebra")
    assert "120 kVp; no contrast" in said and "field of view" in said
    assert "160 HU" in said and "no diagnosis" in said
    assert "160 HU" not in notes(drawn, "L2 vertebra")
    low = replace(drawn, header=replace(CT, acquisition=Acquisition(kvp=80.0, contrast="APPLIED")))
    assert "do not hold at 80" in notes(low, "L1 vertebra") and "contrast given" in notes(low, "L1 vertebra")
    assert "160 HU" not in notes(low, "L1 vertebra")


def test_thick_slices_have_a_density_and_no_heights(what: Spine) -> None:
    volume = scan(what, spacing=(5.0, 1.5, 1.5))
    one = segmenter.segment(volume, ["L3 vertebra"])[0]
    rows, told = vertebral(one.mask, volume, one.structure)
    assert [row.name for row in rows] == ["spongy bone density"]
    assert "heights not given" in told[0]
    assert any("blurred" in doubt for doubt in one.doubts)


def test_a_given_mask_is_measured_by_its_name(drawn: Volume, found: list[Segment]) -> None:
    rows, _ = measured(drawn, found[1].mask, "L2")
    assert {"L2 posterior height", "L2 spongy bone density", "L2 volume"} <= {row.label for row in rows}
    plain, _ = measured(drawn, found[1].mask, "bone")
    assert not any("height" in row.name for row in plain)
    assert is_vertebra("T12 vertebra") and is_vertebra("vertebra, number 2 from the top") and not is_vertebra("liver")


def test_a_mask_that_is_no_body_is_told_and_not_measured(drawn: Volume) -> None:
    speck = np.zeros(drawn.values.shape, dtype=bool)
    speck[5:7, 5:7, 5:7] = True
    with pytest.raises(NotAssessable, match="no vertebral body"):
        vertebral(speck, drawn)
    _, told = measured(drawn, speck, "L1 vertebra")
    assert any("no vertebral body" in text for text in told)


def test_no_spine_and_unknown_names_are_refused() -> None:
    affine, shape = grid((4.0, 4.0, 4.0))
    chest = sampled(replace(trunk(), shapes=trunk().shapes[:5]), affine, shape, noise=10.0)
    with pytest.raises(NotAssessable, match=r"no spine|no whole vertebra"):
        segmenter.segment(chest, ["vertebra"])
    with pytest.raises(BadInput, match="does not know"):
        segmenter.segment(chest, ["liver"])


def test_it_is_listed_and_needs_nothing() -> None:
    assert segmenters()["ct-spine"] is segmenter
    assert segmenter.lacks() is None
    assert set(NAMES) < set(CARD.structures)


def test_a_drawn_block_has_the_volume_of_its_formula() -> None:
    block = Block(0.0, (1.0, 2.0, -1.0), 14.0, 21.0, 15.0, 27.0, 23.0, 2.0)
    affine, shape = grid((1.0, 1.0, 1.0), (-30, -30, -30), (30, 30, 30))
    held = painted(replace(trunk(), shapes=(block,)), affine, (0, shape[0]), shape)
    assert float((held + 1000).sum()) / 1e6 == pytest.approx(block.ml, rel=0.005)
    assert block.height(0.5) == pytest.approx(21.0)
