"""What a poor film gets: an outline with the fault and what to do about it, or a refusal where an outline is lost."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from tools.errors import NotAssessable
from tools.imaging.chest import REPEAT, measurable
from tools.imaging.frame import Header, Image
from tools.imaging.phantom import draw
from tools.imaging.what import what_is
from tools.segmenters.film import ChestFilm


def film(pixels: NDArray[np.floating]) -> Image:
    grey = np.clip(pixels, 0, 1).astype(np.float32)
    header = Header(modality="DX", body_part="CHEST", view_position="PA", patient_orientation=("L", "F"))
    values = np.round(grey * 4095).astype(np.float32)
    return Image(grey, values, "film.dcm", "0" * 64, "DICOM", "MONOCHROME2", 12, header=header)


@pytest.fixture(scope="module")
def whole() -> NDArray[np.float32]:
    return (draw().pixels / 4095).astype(np.float32)


def test_a_blurred_film_is_outlined_measured_on_never_and_to_be_repeated(whole: NDArray[np.float32]) -> None:
    blurred = film(ndimage.gaussian_filter(whole, 6.0))
    (sharp,), (lung,) = (ChestFilm().segment(one, ["left lung"]) for one in (film(whole), blurred))
    overlap = 2 * int((sharp.mask & lung.mask).sum()) / int(sharp.mask.sum() + lung.mask.sum())
    assert overlap > 0.95
    assert any("image quality unusable: blurred" in doubt and doubt.endswith(REPEAT) for doubt in lung.doubts)
    assert not any(REPEAT in doubt for doubt in sharp.doubts)
    with pytest.raises(NotAssessable, match="too poor to measure on"):
        measurable(blurred, what_is(blurred))


@pytest.mark.parametrize("how", [lambda grey: 1 - grey, lambda grey: np.rot90(grey)], ids=["inverted", "on its side"])
def test_a_film_without_an_outline_is_refused(how: object, whole: NDArray[np.float32]) -> None:
    assert callable(how)
    with pytest.raises(NotAssessable):
        ChestFilm().segment(film(how(whole)), ["left lung"])
