"""The quality gate: a good film passes, each fault is named with its figure, and real films are not faulted."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from films import film
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageFilter

from tools.imaging.frame import Image
from tools.imaging.quality import UNLIKE, quality
from tools.imaging.reading import read_image
from tools.imaging.sampling import at_longest

DATA = Path(__file__).parents[4] / "shared" / "data" / "cxr-lungs" / "images"
Grey = NDArray[np.uint8]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Image:
    path = tmp_path_factory.mktemp("films") / "film.png"
    Pillow.fromarray((film() >> 4).astype(np.uint8)).save(path)
    return read_image(path)


def spoilt(image: Image, how: Callable[[Grey], Any]) -> Image:
    """The image, its 8-bit grey values changed."""
    changed = np.asarray(how(np.rint(image.pixels * 255).astype(np.uint8)))
    return replace(image, pixels=(changed / 255).astype(np.float32), values=changed.astype(np.float32))


def blurred(grey: Grey) -> Any:
    return Pillow.fromarray(grey).filter(ImageFilter.GaussianBlur(3 * max(grey.shape) / 512))


def noisy(grey: Grey) -> Any:
    return np.clip(grey + np.random.default_rng(0).normal(0, 25, grey.shape), 0, 255).round()


def compressed(grey: Grey) -> Any:
    held = io.BytesIO()
    Pillow.fromarray(grey).save(held, "JPEG", quality=5)
    return Pillow.open(held)


def moved(grey: Grey) -> Any:
    """Blurred along the columns alone."""
    return np.mean([np.roll(grey, step, axis=0) for step in range(-8, 9)], axis=0).round()


def framed(grey: Grey) -> Any:
    return np.pad(grey, [(0, grey.shape[0] // 2), (0, grey.shape[1] // 2)])


FAULTS: list[tuple[str, Callable[[Grey], Any], str]] = [
    ("blurred", blurred, "reduced"),
    ("noisy", noisy, "unusable"),
    ("bright parts clipped", lambda grey: np.minimum(grey, np.quantile(grey, 0.85)), "reduced"),
    ("dark parts clipped", lambda grey: np.maximum(grey, np.quantile(grey, 0.5)), "unusable"),
    ("low contrast", lambda grey: (grey // 16) + 100, "reduced"),
    ("coarse compression", compressed, "reduced"),
    ("blurred in one direction (motion)", moved, "reduced"),
    ("too small", lambda grey: Pillow.fromarray(grey).resize((100, 110)), "unusable"),
    ("only part of the image is exposed", framed, "reduced"),
    ("shown inverted", lambda grey: 255 - grey, "unusable"),
    ("shown turned 270 degrees", lambda grey: np.rot90(grey), "unusable"),
]


def test_a_good_film_has_no_fault_and_a_drawn_one_is_told_to_be_unlike_real_ones(good: Image) -> None:
    found = quality(good)
    assert (found.verdict, found.faults) == ("reduced", ())
    assert [item.name for item in found.problems] == [UNLIKE]
    passed = replace(found, verdict="ok", problems=())
    assert "image quality ok; not measured: rotation of the patient" in passed.display


@pytest.mark.parametrize(("name", "how", "verdict"), FAULTS, ids=[name for name, _, _ in FAULTS])
def test_a_fault_is_named_with_its_figure(name: str, how: Callable[[Grey], Any], verdict: str, good: Image) -> None:
    found = quality(spoilt(good, how))
    problem = next(item for item in found.problems if item.name == name)
    assert problem.verdict == verdict and problem.measured != problem.limit
    assert found.verdict in (verdict, "unusable") and name in found.display


@pytest.mark.parametrize(
    ("how", "whole", "outlines"),
    [
        (noisy, "unusable", "reduced"),
        (lambda grey: 255 - grey, "unusable", "unusable"),
        (lambda grey: Pillow.fromarray(grey).resize((100, 110)), "unusable", "unusable"),
        (compressed, "reduced", "reduced"),
    ],
    ids=["noise", "inverted", "too small", "compressed"],
)
def test_an_outline_survives_noise_and_no_inversion(
    how: Callable[[Grey], Any], whole: str, outlines: str, good: Image
) -> None:
    found = quality(spoilt(good, how))
    assert (found.verdict, found.outlines) == (whole, outlines)


def test_a_blank_image_is_unusable(good: Image) -> None:
    assert quality(spoilt(good, lambda grey: np.full_like(grey, 90))).verdict == "unusable"


@pytest.mark.skipif(not DATA.is_dir(), reason="the chest films are not at hand")
def test_real_films_pass_and_spoilt_ones_do_not() -> None:
    films = [read_image(path) for path in sorted(DATA.iterdir())[::10]]
    small = [replace(image, pixels=(pixels := at_longest(image.pixels, 512)), values=pixels * 255) for image in films]
    assert len(films) >= 5
    # One of all 67 real films is told to be unlike those the gate was set on, and is among these.
    assert [quality(image).verdict for image in films].count("ok") == len(films) - 1
    assert not any(quality(image).faults for image in films)
    for how in (blurred, noisy):
        assert all(quality(spoilt(image, how)).faults for image in small)
