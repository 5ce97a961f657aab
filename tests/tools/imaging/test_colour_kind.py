"""Fundus, skin or other, from the colours alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tools.imaging.colour_kind import FUNDUS, OTHER, SKIN, colour_kind
from tools.imaging.phantom import draw
from tools.imaging.phantom_fundus import draw_fundus
from tools.imaging.phantom_skin import draw_skin
from tools.imaging.reading import read_image

DRIVE = Path(__file__).parents[4] / "shared" / "data" / "retina-drive"
RANDOM = np.random.default_rng(0)


def scene(seed: int) -> np.ndarray:
    """A picture of patches of all colours."""
    from scipy import ndimage

    random = np.random.default_rng(seed)
    waves = ndimage.gaussian_filter(random.normal(0, 1, (200, 260, 3)), (12, 12, 0))
    return np.asarray(np.clip(128 + 90 * waves / waves.std(), 0, 255), dtype=np.uint8)


def film() -> np.ndarray:
    grey = (draw().pixels / 4095 * 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def test_a_drawn_fundus_photograph_is_known() -> None:
    found = colour_kind(draw_fundus(1, size=300, lesions=True).rgb)
    assert found.kind == FUNDUS
    assert found.confidence >= 0.8


@pytest.mark.parametrize("how", [{}, {"hairs": 15}, {"vignette": True, "hairs": 12}, {"tone": 3}, {"lesion": False}])
def test_drawn_skin_is_known_with_hair_and_in_a_dark_rim(how: dict[str, int]) -> None:
    found = colour_kind(draw_skin(2, rows=240, columns=320, **how).rgb)  # type: ignore[arg-type]
    assert found.kind == SKIN
    assert found.fundus < 0.3


@pytest.mark.parametrize(
    "rgb",
    [
        film(),
        RANDOM.integers(0, 255, (128, 128, 3)).astype(np.uint8),
        scene(1),
        scene(2),
        np.zeros((100, 100, 3), dtype=np.uint8),
        np.full((100, 100, 3), (40, 90, 200), dtype=np.uint8),
        np.full((100, 100, 3), (190, 120, 190), dtype=np.uint8),
        np.zeros((10, 10, 3), dtype=np.uint8),
        np.zeros((100, 100), dtype=np.uint8),
    ],
    ids=["chest film", "noise", "colours", "other colours", "black", "blue", "purple stain", "tiny", "grey"],
)
def test_everything_else_is_other(rgb: np.ndarray) -> None:
    found = colour_kind(rgb)
    assert found.kind == OTHER
    assert found.confidence >= 0.5


def test_an_orange_wall_is_no_fundus_photograph() -> None:
    wall = np.clip(np.array([200.0, 110, 60]) + RANDOM.normal(0, 6, (160, 160, 3)), 0, 255).astype(np.uint8)
    assert colour_kind(wall).kind != FUNDUS


@pytest.mark.skipif(not DRIVE.is_dir(), reason="the public fundus photographs are not here")
def test_real_fundus_photographs_are_known() -> None:
    for path in sorted((DRIVE / "images").iterdir())[:2]:
        colour = read_image(path).colour
        assert colour is not None
        assert colour_kind(colour).kind == FUNDUS


def test_colour_survives_reading(tmp_path: Path) -> None:
    from PIL import Image

    rgb = draw_skin(0, rows=60, columns=80).rgb
    Image.fromarray(rgb).save(tmp_path / "skin.png")
    Image.fromarray(rgb[..., 0]).save(tmp_path / "grey.png")
    read = read_image(tmp_path / "skin.png")
    assert read.colour is not None
    assert np.array_equal(read.colour, rgb)
    assert read.pixels.shape == rgb.shape[:2]
    assert read_image(tmp_path / "grey.png").colour is None
