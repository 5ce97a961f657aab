"""What an audit found: values that are no HU, cut-off zones, photographs of another kind, sides, several slices."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tools.errors import BadInput, NotAssessable
from tools.imaging.frame import Acquisition, Header, Image
from tools.imaging.phantom import draw
from tools.imaging.phantom_ct import grid, sampled, trunk
from tools.imaging.phantom_fundus import draw_fundus
from tools.imaging.phantom_skin import draw_skin
from tools.imaging.volume import Volume
from tools.segmenters.contract import Click, Prompts
from tools.segmenters.ct_technique import Stated, contrast_free, gated, inspired
from tools.segmenters.film import NO_SIDE
from tools.segmenters.prompted import seen_on, segmented
from tools.segmenters.prompts import NotAStructure, structure_of
from tools.segmenters.registry import segmenters


@pytest.fixture(scope="module")
def scan() -> Volume:
    affine, shape = grid((8.0, 4.0, 4.0))
    return sampled(trunk(), affine, shape, noise=15.0)


def coloured(rgb: np.ndarray, modality: str | None = None) -> Image:
    pixels = (rgb.mean(axis=2) / 255).astype(np.float32)
    shared = {"name": "a.png", "sha256": "0", "format": "PNG", "photometric": "RGB", "bits": 8, "colour": rgb}
    return Image(pixels=pixels, values=None, header=Header(modality=modality), **shared)  # type: ignore[arg-type]


def grey(pixels: np.ndarray, **header: object) -> Image:
    return Image(pixels.astype(np.float32), None, "f.png", "0", "PNG", "grey", 8, header=Header(**header))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def skin() -> np.ndarray:
    return np.asarray(draw_skin(4, rows=240, columns=320, contrast=0.45).rgb)


@pytest.mark.parametrize("modality", ["CT", None])
def test_a_windowed_or_empty_volume_is_no_ct(scan: Volume, modality: str | None) -> None:
    window = np.clip((scan.values + 160) / 400 * 255, 0, 255)
    for values in (window, np.zeros_like(window), np.abs(scan.values) / 4):
        with pytest.raises(NotAssessable, match="not Hounsfield units"):
            segmented(replace(scan, values=values.astype(np.float32), header=Header(modality=modality)), "body")


def test_a_zone_of_a_lung_that_is_cut_off_is_refused(scan: Volume) -> None:
    (whole,) = segmented(scan, "left lung base")
    assert whole.structure == "left lung, base" and whole.mask.any()
    half = replace(scan, values=scan.values[: len(scan.values) // 2])
    with pytest.raises(NotAssessable, match="whole height"):
        segmented(half, "left lung base")


def test_photographs_have_segmenters_and_others_are_named(skin: np.ndarray) -> None:
    for name in ("skin lesion", "retinal vessels"):
        able = [one.card.name for one in segmenters().values() if name in one.card.structures]
        assert able == [name.replace(" ", "-")]
    (lesion,) = segmented(coloured(skin), "mole")
    assert lesion.structure == "skin lesion" and lesion.mask.any()
    with pytest.raises(NotAssessable) as other:
        segmented(coloured(skin), "retinal vessels")
    assert "skin photograph" in str(other.value.found) and "--modality" in other.value.action
    with pytest.raises(NotAssessable) as stated:
        segmented(coloured(skin, "OP"), "skin lesion")
    assert "OP" in str(stated.value.found)


def test_vessels_on_a_fundus_are_the_retinas() -> None:
    rgb = np.asarray(draw_fundus(3, size=384).rgb)
    assert structure_of("vessels", seen_on(coloured(rgb))).structure == "retinal vessels"
    with pytest.raises(NotAssessable) as other:
        segmented(coloured(rgb), "skin lesion")
    assert "fundus" in str(other.value.found)


def test_a_chest_film_says_that_it_is_one_and_that_its_side_is_not_known() -> None:
    film = draw().pixels / 4095
    with pytest.raises(NotAssessable) as refused:
        segmented(grey(film), "skin lesion")
    assert "chest" in str(refused.value.found)
    (lung,) = segmented(grey(film, modality="DX", body_part="CHEST", view_position="PA"), "left lung")
    assert NO_SIDE in lung.doubts
    stated = {"modality": "DX", "body_part": "CHEST", "view_position": "PA", "patient_orientation": ("R", "F")}
    (turned,) = segmented(grey(film, **stated), "left lung")
    assert NO_SIDE not in turned.doubts
    columns = [float(np.flatnonzero(one.mask.any(axis=0)).mean()) for one in (lung, turned)]
    assert columns[1] < film.shape[1] / 2 < columns[0]


def test_prompts_lie_on_one_slice(scan: Volume, skin: np.ndarray) -> None:
    several = Prompts(clicks=(Click((20, 20), True, 5), Click((22, 22), True, 9)))
    with pytest.raises(BadInput, match="several slices"):
        segmented(scan, None, several, method="walker")
    with pytest.raises(BadInput, match="several slices"):
        segmented(scan, None, Prompts(box=(5, 5, 30, 30), slice_=3, clicks=(Click((20, 20), True, 4),)))
    with pytest.raises(BadInput, match="no slices"):
        segmented(coloured(skin), None, Prompts(box=(5, 5, 90, 90), slice_=3), method="walker")


def test_a_name_that_does_not_go_with_the_image_is_doubted() -> None:
    film = grey(draw().pixels, modality="DX")
    (found,) = segmented(film, "left kidney", Prompts(box=(100, 100, 300, 400)), method="walker")
    assert any("not known to be seen" in doubt for doubt in found.doubts)
    with pytest.raises(NotAStructure) as long:
        structure_of("lung " * 3000)
    assert len(str(long.value.found)) < 200


def test_a_person_does_not_overrule_the_file(scan: Volume) -> None:
    header = Header(
        modality="CT", acquisition=Acquisition(contrast="Iohexol", gating="NONE"), descriptions=("CHEST EXP",)
    )
    volume = replace(scan, header=header)
    for found in (
        contrast_free(volume, Stated(contrast=False)),
        inspired(volume, Stated(inspiration=True)),
        gated(volume, Stated(gated=True)),
    ):
        assert found.holds == "no" and "a person says yes" in found.found
