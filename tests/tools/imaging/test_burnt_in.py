"""Text burnt into an image: markers are kept and understood, everything else is covered and never repeated."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from films import film
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from tools.errors import NotAssessable
from tools.imaging.burnt_in import BurntIn, Place, burnt_in, hidden, reader_here
from tools.imaging.burnt_in_lines import text_lines
from tools.imaging.frame import Header, Image
from tools.imaging.markers import kind_of
from tools.imaging.markers_side import marked

OCR = pytest.mark.skipif(importlib.util.find_spec("rapidocr") is None, reason="the extra [ocr] is not installed")


def image(*texts: tuple[str, int, int], **header: Any) -> Image:
    """A drawn film with texts at columns and rows."""
    drawn = Pillow.fromarray((film(512, 480) >> 4).astype(np.uint8))
    for text, x, y in texts:
        ImageDraw.Draw(drawn).text((x, y), text, fill=255, font=ImageFont.load_default(26))
    pixels = (np.asarray(drawn) / np.float32(255)).astype(np.float32)
    return Image(pixels, None, "film.png", "0" * 64, "PNG", "grey", 8, header=Header(**header))


@pytest.mark.parametrize(
    ("text", "kind", "means"),
    [
        ("R", "marker", ("right",)), ("PORTABLE AP", "marker", ("portable", "AP")), ("", "sign", ()),
        ("Semi-Erect", "marker", ("semi-erect",)),
        ("SITTING UPRT", "marker", ("semi-erect",)), ("left", "marker", ("left",)), ("R SMITH", "unknown", ()),
        ("Margaret Ellison", "unknown", ()), ("MRN 12", "identifier", ()), ("943 476 5919", "identifier", ()),
        ("03/01/26", "identifier", ()), ("12.MAR.1948", "identifier", ()), ("St Elsewhere Hospital", "identifier", ()),
        ("10:31", "identifier", ()), ("a", "sign", ()), ("20 cm", "sign", ()), ("PA 4711", "identifier", ()),
    ],
)  # fmt: skip
def test_only_marker_words_alone_are_markers(text: str, kind: str, means: tuple[str, ...]) -> None:
    assert kind_of(text) == (kind, means)


def test_a_marker_read_badly_is_covered() -> None:
    assert kind_of("LEFT", 0.3) == ("unknown", ())


def test_lines_of_text_are_found_without_reading_and_films_have_none() -> None:
    assert text_lines(image().pixels) == []
    (left, top, right, bottom), *_ = text_lines(image(("ELLISON M 1948", 20, 30)).pixels)
    assert left < 30 and right > 180 and 25 < top < 50 and 45 < bottom < 65
    assert text_lines(image(("R", 30, 30)).pixels) == []


def test_without_a_reader_every_line_is_covered_and_that_is_said() -> None:
    found = burnt_in(image(("ELLISON M 1948", 20, 30), ("R", 430, 440)), "none")
    seen, told = hidden(image(("ELLISON M 1948", 20, 30), ("R", 430, 440)), found)
    assert float(seen.pixels[34:52, 24:180].max()) == 0.0 and float(seen.pixels[440:470, 428:455].max()) == 1.0
    assert "without the extra [ocr]" in " ".join(told) and "covered before the model saw it" in told[0]


@OCR
def test_identifiers_are_covered_markers_stay_and_no_text_is_repeated() -> None:
    made = image(("ELLISON, Margaret", 20, 20), ("MRN 4711 0815", 20, 52), ("R", 30, 440), ("AP ERECT", 330, 470))
    found = burnt_in(made)
    seen, told = hidden(made, found)
    assert float(seen.pixels[26:44, 24:200].max()) == 0.0 and float(seen.pixels[58:74, 24:160].max()) == 0.0
    assert (seen.pixels[440:512] == made.pixels[440:512]).all() and (made.pixels[26:44, 24:200] == 1.0).any()
    assert {one for place in found.markers for one in place.means} == {"right", "AP", "erect"}
    for hidden_text in ("ellison", "margaret", "4711"):
        assert hidden_text not in f"{told}{found!r}".casefold()
    said = marked(made, found, "chest")
    assert (said.side, said.view, said.position) == (
        "the patient's left is at the right edge of the image",
        "AP",
        "erect",
    )
    assert said.source == "marker R at image left" and said.warnings == ()


@OCR
def test_a_film_turned_over_with_its_marker_does_not_establish_a_side() -> None:
    made = image(("R", 30, 440), ("L", 430, 440))
    turned = replace(made, pixels=np.ascontiguousarray(made.pixels[:, ::-1]))
    assert marked(made, burnt_in(made), "chest").side == "the patient's left is at the right edge of the image"
    assert marked(turned, burnt_in(turned), "chest").side is None


def test_a_marker_that_speaks_against_the_header_is_told() -> None:
    found = BurntIn((Place((20, 400, 40, 430), "marker", ("left",), covered=False),), "rapidocr")
    said = marked(image(patient_orientation=("L", "F")), found, "chest")
    assert said.side == "the patient's right is at the right edge of the image"
    assert "contradict" in said.warnings[0] and marked(image(), found, "arm").side == "left"
    both = BurntIn((*found.places, replace(found.places[0], box=(440, 400, 460, 430))), "rapidocr")
    assert marked(image(), both, "chest").side is None and "contradict" in marked(image(), both, "chest").warnings[0]


def test_a_file_that_says_it_holds_words_none_of_which_was_found_is_not_shown() -> None:
    nothing = BurntIn((), reader_here())
    with pytest.raises(NotAssessable, match="none were found to cover"):
        hidden(image(burned_in="YES"), nothing)
    assert "none were found" in hidden(image(), nothing)[1][0]
    assert hidden(image(burned_in="NO"), nothing)[1] == ()


def test_colour_is_covered_too() -> None:
    made = replace(image(), colour=np.full((512, 480, 3), 200, dtype=np.uint8))
    seen, _ = hidden(made, BurntIn((Place((10, 20, 60, 40), "unknown"),), "none"))
    assert seen.colour is not None and (seen.colour[20:40, 10:60] == 0).all() and (seen.colour[50:] == 200).all()
