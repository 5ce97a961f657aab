"""Vessels on drawn fundus photographs, and what is refused. Real photographs: `osler bench retina`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tools.errors import BadInput, NotAssessable
from tools.imaging.frame import Image, luminance
from tools.imaging.phantom_fundus import FundusPhantom, draw_fundus
from tools.imaging.phantom_skin import draw_skin
from tools.segmenters.contract import Click, Prompts
from tools.segmenters.vessels import CEILING, FundusVessels, VesselSegmenter, vessels
from tools.segmenters.vessels_features import field_of_view

DRIVE = Path(__file__).parents[4] / "shared" / "data" / "retina-drive"


@pytest.fixture(scope="module")
def phantom() -> FundusPhantom:
    """A drawing that the classifier was not fitted on."""
    return draw_fundus(3)


@pytest.fixture(scope="module")
def found(phantom: FundusPhantom) -> FundusVessels:
    """Its vessels."""
    return vessels(phantom.rgb)


def dice(one: np.ndarray, other: np.ndarray) -> float:
    return 2 * float((one & other).sum()) / float(one.sum() + other.sum())


def image(rgb: np.ndarray | None, grey: np.ndarray | None = None) -> Image:
    pixels = (luminance(rgb) / 255).astype(np.float32) if rgb is not None else grey
    assert pixels is not None
    return Image(
        pixels=pixels, values=None, name="a.png", sha256="0", format="PNG", photometric="RGB", bits=8, colour=rgb
    )


def test_the_drawn_vessels_are_found(phantom: FundusPhantom, found: FundusVessels) -> None:
    assert dice(found.segment.mask, phantom.vessels) > 0.7
    assert found.segment.mask.shape == phantom.vessels.shape
    assert 0.7 < found.confidence <= CEILING


def test_the_density_is_a_share_of_the_field_of_view(phantom: FundusPhantom, found: FundusVessels) -> None:
    drawn = phantom.vessels.sum() / phantom.field_of_view.sum()
    assert found.density == pytest.approx(drawn, abs=0.03)
    assert not (found.segment.mask & ~found.field_of_view).any()


def test_the_segment_has_its_code(found: FundusVessels) -> None:
    assert (found.segment.structure, found.segment.coding.code) == ("retinal vessels", "28758002")


def test_the_field_of_view_is_found(phantom: FundusPhantom) -> None:
    assert dice(field_of_view(phantom.rgb), phantom.field_of_view) > 0.99


def test_a_picture_without_dark_surround_is_all_field() -> None:
    assert field_of_view(np.full((80, 90, 3), 120, dtype=np.uint8)).all()


def test_a_smaller_photograph_is_read_at_its_own_size(phantom: FundusPhantom) -> None:
    half = phantom.rgb.reshape(300, 2, 300, 2, 3).mean(axis=(1, 3)).round().astype(np.uint8)
    truth = phantom.vessels.reshape(300, 2, 300, 2).mean(axis=(1, 3)) >= 0.5
    small = vessels(half)
    assert small.segment.mask.shape == (300, 300)
    assert dice(small.segment.mask, truth) > 0.5
    assert "the photograph is small: thin vessels are lost" in small.doubts


@pytest.mark.parametrize(
    "rgb",
    [
        draw_skin(6).rgb,
        np.random.default_rng(0).integers(0, 255, (256, 256, 3)).astype(np.uint8),
    ],
    ids=["skin", "noise"],
)
def test_what_is_no_fundus_photograph_is_refused(rgb: np.ndarray) -> None:
    with pytest.raises(NotAssessable, match="no retinal vessels"):
        vessels(rgb)


@pytest.mark.parametrize(
    "array",
    [np.zeros((300, 300)), np.zeros((100, 300, 3)), np.full((300, 300, 3), np.nan)],
    ids=["grey", "small", "no numbers"],
)
def test_what_is_no_colour_picture_is_refused(array: np.ndarray) -> None:
    with pytest.raises(BadInput):
        vessels(array)


def test_the_segmenter_wants_colour_and_its_own_structure(phantom: FundusPhantom) -> None:
    segmenter = VesselSegmenter()
    assert segmenter.lacks() is None
    with pytest.raises(NotAssessable, match="colour"):
        segmenter.segment(image(None, np.zeros((300, 300), dtype=np.float32)), ["retinal vessels"])
    with pytest.raises(BadInput, match="cannot be asked"):
        segmenter.segment(image(phantom.rgb), ["liver"])
    with pytest.raises(BadInput, match="cannot be asked"):
        segmenter.segment(image(phantom.rgb), ["retinal vessels"], Prompts(clicks=(Click((3, 3)),)))


@pytest.mark.skipif(not DRIVE.is_dir(), reason="the public fundus photographs are not here")
def test_a_real_photograph_is_read() -> None:
    from evals.benchmarks import retina

    body = retina.run(DRIVE, 1)
    assert body["n"] == 1
    assert body["score"] > 0.7
    assert body["score"] > body["baselines"]["otsu on green"]["score"]
    assert body["refused"] == []
