"""Films on the page: the picture with what is drawn on it, whose it is, and corrections by hand."""

from __future__ import annotations

import base64
import html
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pictures import dicom, drawing, png
from PIL import Image as Pillow

from agent import Settings
from app_desk import Desk
from app_draw import read_ends, read_strokes
from app_film import Film, Layer, layer_boxes, viewer
from app_layers import contour
from app_session import Page, View, fresh
from tools.errors import BadInput

HEART = "Is the heart enlarged on this chest film?"
CALIPERS = {"value": json.dumps({"heart_right": [200, 300], "heart_left": [320, 301], "thorax_right": [60, 330],
                                 "thorax_left": [420, 330], "midline": 240, "edited": False})}


@pytest.fixture(scope="module")
def page(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    desk = Desk(Settings(home=home))
    desk.folder = tmp_path_factory.mktemp("exports")
    yield Page(desk)
    desk.close()


def last(views: Iterator[View]) -> View:
    return [*views][-1]


def asked(page: Page, path: str) -> View:
    return last(page.ask(HEART, [path], "", page.pick("demo-af", "", fresh()).state))


def held(page: Page, view: View, slot: str) -> Any:
    items = page.desk.document(view.state["consultation"])
    used = [i for record in items["records"] for i in record["evidence"]]
    return next(items["evidence"][i] for i in used if items["evidence"][i]["slot"] == slot)


def picture(panel: str) -> Any:
    """The pixels of the film in some HTML."""
    found = re.search(r'<img src="data:image/png;base64,([^"]+)"', panel)
    assert found
    return Pillow.open(io.BytesIO(base64.b64decode(found.group(1))))


@pytest.fixture(scope="module")
def answer(page: Page, tmp_path_factory: pytest.TempPathFactory) -> View:
    return asked(page, png(tmp_path_factory.mktemp("film") / "film.png"))


def test_a_film_stands_in_the_answer_with_its_facts(answer: View) -> None:
    thread = answer.thread or ""
    assert "Image 1" in thread
    assert "identity unconfirmed" in thread
    assert "lengths can be given in pixels only" in thread
    assert picture(thread).size[0] <= 220


def test_the_panel_shows_the_pixels_and_nothing_of_the_header(page: Page, tmp_path: Path) -> None:
    view = asked(page, dicom(tmp_path / "film.dcm"))
    panel = page.open(held(page, view, "image.1")["id"], "", view.state).panel or ""
    shown = picture(panel)
    assert (shown.mode, shown.size) == ("L", (480, 512))
    assert not shown.info, "no text in the PNG"
    assert "0.2 mm" in panel and "at the detector" in panel
    assert "480 × 512 pixels" in panel
    assert "Ellison" not in panel
    turned = page.open(held(page, view, "image.1.view")["id"], "", view.state).panel or ""
    assert 'value="lateral"' in turned, "a view that the file states wrongly can be corrected"


def test_frames_are_leafed_through(page: Page, tmp_path: Path) -> None:
    frames = np.stack([drawing(), drawing()[::-1]])
    view = asked(page, dicom(tmp_path / "two.dcm", frames))
    head = held(page, view, "image.1")["id"]
    first = page.open(head, "", view.state).panel or ""
    second = html.unescape(page.leaf({"evidence": head, "frame": "1"}, view.state))
    assert "1 of 2" in first and "2 of 2" in second
    assert picture(first).tobytes() != picture(second).tobytes()


def test_a_named_person_confirms_whose_film_it_is(page: Page, tmp_path: Path) -> None:
    view = asked(page, png(tmp_path / "film.png"))
    target = held(page, view, "image.1.identity")["id"]
    assert target in (view.thread or "")
    nobody = page.fix({"evidence": target, "value": "confirmed", "by": ""}, view.state)
    assert "The name is missing" in (nobody.thread or "")
    done = page.fix({"evidence": target, "value": "confirmed", "by": "Dr A"}, view.state)
    assert held(page, done, "image.1.identity")["source"]["by"] == "Dr A"
    assert "o-confirm" not in (done.thread or "")
    wrong = page.fix({"evidence": target, "value": "mine", "by": "Dr A"}, view.state)
    assert "Nothing is chosen" in (wrong.thread or "")


def test_a_film_that_is_no_longer_kept_says_so(page: Page, tmp_path: Path) -> None:
    path = png(tmp_path / "film.png")
    picture_ = Pillow.open(path)
    picture_.putpixel((0, 0), 1)
    picture_.save(path)
    view = asked(page, path)
    item = held(page, view, "image.1")
    (page.desk.osler.settings.home / "attachments" / f"{item['source']['file_sha256']}.png").unlink()
    panel = page.open(item["id"], "", view.state).panel or ""
    assert "not kept here any more" in panel
    assert "<img" not in panel


# -- what is drawn ---------------------------------------------------------------------------------------------------


def test_a_border_follows_the_edges_of_its_pixels() -> None:
    mask = np.zeros((6, 8), dtype=bool)
    mask[1:4, 2:5] = True
    corners = set(re.findall(r"-?[\d.]+,-?[\d.]+", contour(mask)))
    assert corners == {"1.5,0.5", "4.5,0.5", "4.5,3.5", "1.5,3.5"}
    mask[2, 3] = False
    assert contour(mask).count("Z") == 2, "a hole has a border of its own"
    assert contour(np.zeros((4, 4), dtype=bool)) == ""


def test_a_models_boxes_are_opinions_and_calipers_move_only_where_they_are_opened() -> None:
    regions = [{"image": "a" * 64, "frame": 0, "label": "<b>nodule</b>", "box": [10, 20, 30, 40]},
               {"image": "b" * 64, "frame": 0, "label": "other film", "box": [1, 2, 3, 4]}]
    boxes = layer_boxes(regions, "a" * 64, 0, "e9")
    assert [layer.label for layer in boxes] == ["<b>nodule</b>"]
    ends = {name: tuple(place) for name, place in json.loads(CALIPERS["value"]).items() if isinstance(place, list)}
    film = Film("a" * 64, "data:image/png;base64,", 480, 512, 0.94,
                layers=(*boxes, Layer("calipers", "calipers", "e1", "calipers", ends=ends, midline=240.0)))
    shown = viewer(film, "e1", edits="e1")
    assert "opinion: &lt;b&gt;nodule" in shown
    assert 'x="9.5" y="19.5" width="20" height="20"' in shown
    assert shown.count("l-end") == 4
    assert "l-end" not in viewer(film, "e9")


def test_ends_and_strokes_are_read_or_refused() -> None:
    fields = {f"{name}.{axis}": str(place[i]) for name, place in json.loads(CALIPERS["value"]).items()
              if isinstance(place, list) for i, axis in enumerate("xy")}
    with pytest.raises(BadInput, match="no end was moved"):
        read_ends(CALIPERS, fields)
    assert read_ends(CALIPERS, fields | {"heart_left.x": "330.5"}) == {"heart_left": [330.5, 301.0]}
    with pytest.raises(BadInput, match="not a number"):
        read_ends(CALIPERS, fields | {"heart_left.x": "far"})
    drawn = [{"points": [[1, 2]], "radius": 5, "inside": False}]
    assert read_strokes({"strokes": json.dumps(drawn), "points": "10, 20, 4, in"}) == [
        *drawn, {"points": [[10.0, 20.0]], "radius": 4.0, "inside": True}]
    for wrong in ({"strokes": "[]"}, {"points": "10, 20"}, {"strokes": "{"}):
        with pytest.raises(BadInput):
            read_strokes(wrong)
