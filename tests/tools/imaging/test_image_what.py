"""What an image is, by its header or likely by its pixels; and whether a question fits it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from films import CT, film, instance, saved
from PIL import Image as Pillow

from tools.imaging.frame import Image
from tools.imaging.likeness import LIKELY, UNLIKELY, frontal_chest
from tools.imaging.reading import read_image
from tools.imaging.what import Match, matches, region_of, what_is


def dicom(tmp_path: Path, pixels: Any = None, **elements: Any) -> Image:
    """A DICOM image with these elements."""
    return read_image(saved(instance(film() if pixels is None else pixels, **elements), tmp_path / "image.dcm"))


def png(tmp_path: Path, pixels: Any) -> Image:
    """A PNG image."""
    Pillow.fromarray(pixels).save(tmp_path / "image.png")
    return read_image(tmp_path / "image.png")


def test_the_header_decides(tmp_path: Path) -> None:
    found = what_is(dicom(tmp_path, BodyPartExamined="CHEST", ViewPosition="PA", SeriesDescription="W033 erect"))
    assert (found.modality.value, found.body_part.value, found.view.value) == ("CR", "chest", "PA")
    assert (found.position.value, found.side.value, found.is_film) == ("erect", None, True)
    assert "not known: side" in found.display


@pytest.mark.parametrize(
    ("elements", "view", "position"),
    [
        ({"SeriesDescription": "CHEST AP PORTABLE SUPINE"}, "AP", "supine"),
        ({"SeriesDescription": "Chest PA and lateral"}, None, None),
        ({"SeriesDescription": "semi-erect chest"}, None, "semi-erect"),
        ({"ViewPosition": "LL"}, "lateral", None),
        ({"ViewPosition": "RAO"}, "RAO", None),
        ({}, None, None),
    ],
)
def test_view_and_position(elements: dict[str, Any], view: str | None, position: str | None, tmp_path: Path) -> None:
    found = what_is(dicom(tmp_path, film(40, 40), **elements))
    assert (found.view.value, found.position.value) == (view, position)


def test_sides_are_read_from_the_header_and_nowhere_else(tmp_path: Path) -> None:
    assert what_is(dicom(tmp_path, ImageLaterality="L")).side.value == "left"
    turned = what_is(dicom(tmp_path, PatientOrientation=["L", "F"])).side
    assert turned.value == "the patient's left is at the right edge of the image"
    assert what_is(png(tmp_path, (film() >> 4).astype(np.uint8))).side.confidence == "unknown"


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("CHEST", "chest"), ("Thorax", "chest"), ("PA CXR", "chest"), ("ABDOMEN", "abdomen"), ("Left hand", "arm"),
        ("LSPINE", "neck"), ("KNEE", "leg"), ("thoracic spine", "chest"), ("XYZ", None),
    ],
)  # fmt: skip
def test_regions(text: str, region: str | None) -> None:
    assert region_of(text) == region


def test_of_the_pixels_only_a_likely_chest_film_is_said(tmp_path: Path) -> None:
    found = what_is(png(tmp_path, (film() >> 4).astype(np.uint8)))
    assert (found.modality.value, found.body_part.value, found.body_part.confidence) == (None, "chest", "likely")
    noise = np.random.default_rng(1).integers(0, 255, (300, 300)).astype(np.uint8)
    assert what_is(png(tmp_path, noise)).body_part.confidence == "unknown"


def test_likeness() -> None:
    straight = (film() / 4095).astype(np.float32)
    assert frontal_chest(straight) >= LIKELY
    assert frontal_chest(1 - straight) < UNLIKELY
    assert frontal_chest(np.zeros((100, 100), np.float32)) < UNLIKELY


def answer(image: Image, modality: str | None, anatomy: str | None) -> str:
    """The answer alone."""
    found = matches(image, modality, anatomy)
    assert isinstance(found, Match) and (found.reason or found.answer == "yes")
    return found.answer


def test_a_question_about_the_wrong_image_can_be_refused(tmp_path: Path) -> None:
    film_of_chest = dicom(tmp_path, BodyPartExamined="CHEST")
    assert answer(film_of_chest, "XR", "lungs") == "yes"
    assert answer(film_of_chest, "CR", "chest") == "yes"
    assert answer(film_of_chest, "CT", "chest") == "no"
    assert answer(film_of_chest, "XR", "knee") == "no"
    head = dicom(tmp_path, film(80, 80), sop_class=CT, Modality="CT", BodyPartExamined="HEAD")
    assert answer(head, "XR", "chest") == "no"
    assert answer(head, None, "brain") == "yes"


def test_unknown_is_neither_yes_nor_no(tmp_path: Path) -> None:
    silent = dicom(tmp_path, film(40, 40), Modality="OT")
    assert answer(silent, "CT", None) == "unknown"
    assert answer(silent, None, "knee") == "unknown"
    assert answer(silent, None, None) == "yes"


def test_pictures_without_a_header(tmp_path: Path) -> None:
    grey = png(tmp_path, (film() >> 4).astype(np.uint8))
    assert answer(grey, "XR", "chest") == "yes"
    assert answer(grey, "XR", "knee") == "no"
    assert answer(grey, "CT", "chest") == "unknown"
    colour = np.zeros((100, 100, 3), np.uint8)
    colour[..., 0] = np.arange(100)
    colour[..., 2] = 90
    assert answer(png(tmp_path, colour), "XR", "chest") == "no"
    blank = png(tmp_path, np.tile(np.arange(200, dtype=np.uint8), (200, 1)))
    assert answer(blank, None, "chest") == "no"
