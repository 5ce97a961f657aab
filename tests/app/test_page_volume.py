"""A CT series on the page: taken as one volume, leafed through, outlined, corrected; refused where it is none."""

from __future__ import annotations

import html
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pictures import HERS, png

from agent import Settings
from app_desk import Desk
from app_session import Page, View, fresh
from tools.imaging.phantom_ct import grid, sampled, trunk
from tools.imaging.phantom_series import write_slices

LUNGS = "How large are the lungs on this CT?"


@pytest.fixture(scope="module")
def page(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    desk = Desk(Settings(home=home))
    desk.folder = tmp_path_factory.mktemp("exports")
    yield Page(desk)
    desk.close()


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The drawn trunk as 35 loose files of 65 x 96 pixels, slices from the head down."""
    affine, shape = grid((8.0, 4.4, 4.4))
    values = sampled(trunk(holes=0, nodules=False), affine, shape, per_axis=2).values
    planes = ((f"{n:03d}.dcm", n, plane) for n, plane in enumerate(values))
    folder = tmp_path_factory.mktemp("ct")
    write_slices(folder, planes, affine, {**HERS, "StudyDate": "20260101", "BodyPartExamined": "CHEST"}, ("page",))
    return sorted(str(path) for path in folder.iterdir())


@pytest.fixture(scope="module")
def answer(page: Page, series: list[str]) -> View:
    return last(page.ask(LUNGS, series, "", fresh("demo-af")))


def last(views: Iterator[View]) -> View:
    return [*views][-1]


def held(page: Page, view: View, slot: str) -> Any:
    document = page.desk.document(view.state["consultation"])
    used = [i for record in document["records"] for i in record["evidence"]]
    return [document["evidence"][i] for i in used if document["evidence"][i]["slot"] == slot][-1]


def path_of(panel: str, tone: int) -> str:
    found = re.search(rf'l-outline t-{tone}" data-kind="outline" d="([^"]*)"', panel)
    return found.group(1) if found else ""


def test_many_files_of_a_series_are_one_volume(page: Page, answer: View, series: list[str]) -> None:
    assert len(series) == 35
    thread = answer.thread or ""
    assert thread.count("Image 1") and "Image 2" not in thread
    assert "35 slices, 8 mm apart" in thread
    assert thread.count("data:image/png") == 1, "one small picture, no slices"


def test_an_outline_is_shown_where_there_is_most_of_it_with_its_sizes(page: Page, answer: View) -> None:
    panel = page.open(held(page, answer, "lookup.outline_1")["id"], "", answer.state).panel or ""
    assert path_of(panel, 0) and path_of(panel, 1)
    assert 'data-window="lung"' in panel and "right lung" in panel and "left lung" in panel
    assert re.search(r"<b>[\d.]+ mL \([\d.]+ to [\d.]+\)</b>", panel)
    assert ">unvalidated<" in panel
    assert panel.count("data:image/png") == 1
    whole = page.open(held(page, answer, "image.1")["id"], "", answer.state).panel or ""
    assert path_of(whole, 0) and "Sizes" in whole


def test_another_slice_view_and_window_are_fetched_one_at_a_time(page: Page, answer: View) -> None:
    target = held(page, answer, "lookup.outline_1")["id"]

    def leafed(**asked: str) -> str:
        return html.unescape(page.leaf({"evidence": target, **asked}, answer.state))

    first, middle = leafed(frame="0"), leafed(frame="18")
    assert "Slice 1 of 35" in first and not path_of(first, 0)
    assert path_of(middle, 0) and first.count("data:image/png") == middle.count("data:image/png") == 1
    sagittal = leafed(plane="2", window="bone")
    assert 'data-plane="2"' in sagittal and 'data-window="bone"' in sagittal and "of 96" in sagittal
    assert "<img" not in page.leaf({"evidence": "e-none", "frame": "1"}, answer.state)


def test_a_brush_stroke_on_a_slice_reruns_the_sizes_and_nothing_else(page: Page, answer: View) -> None:
    outline, before = held(page, answer, "lookup.outline_1"), held(page, answer, "lookup.sizes_1")["value"]
    old = page.open(outline["id"], "", answer.state).panel or ""
    column, row = (float(part) for part in path_of(old, 0)[1:].split()[0].split(","))
    frame = int(re.search(r'data-frame="(\d+)"', old).group(1))  # type: ignore[union-attr]
    stroke = {"points": [[column + 3, row + 4]], "radius": 3, "inside": False, "slice": frame, "part": "right lung"}
    done = page.fix({"evidence": outline["id"], "strokes": json.dumps([stroke]), "by": "Dr A", "panel": "yes"},
                    answer.state)
    thread = done.thread or ""
    assert "worked out again" in thread
    assert not re.search(r"Statement: c[0-9a-f]{10}", thread), "a change is not named by an id"
    pairs = re.findall(r'o-before"><span class="o-sr">Before: </span>(.*?)</p>.*?After: </span>(.*?)</p>', thread)
    assert any(old.startswith("lungs volume") and new.startswith("lungs volume") and old != new for old, new in pairs)
    record = [r for r in page.desk.document(done.state["consultation"])["records"] if r["slot"].startswith("image.")]
    assert len(record) == 1, "what the image is is not asked again"
    assert held(page, done, "lookup.sizes_1")["value"] < before
    panel = done.panel or ""
    # The other lung is still as a program drew it: the sum of both stays unvalidated.
    assert "in part corrected by hand" in panel and ">unvalidated<" in panel
    assert path_of(panel, 0) != path_of(old, 0)


def test_a_box_outlines_anew_and_a_part_is_rejected(page: Page, series: list[str]) -> None:
    view = last(page.ask(LUNGS, series, "", fresh("demo-af")))
    target = held(page, view, "lookup.outline_1")["id"]
    panel = page.open(target, "", view.state).panel or ""
    corners = np.array([[float(n) for n in pair.split(",")] for pair in path_of(panel, 1)[1:-1].split()])
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    frame = int(re.search(r'data-frame="(\d+)"', panel).group(1))  # type: ignore[union-attr]
    box = f"{left - 1}, {top - 1}, {right + 1}, {bottom + 1}"
    drawn = page.fix({"evidence": target, "box": box, "slice": str(frame + 1), "part": "left lung", "by": "Dr A",
                      "panel": "yes"}, view.state)
    assert "where a person pointed" in html.unescape(drawn.panel or "")
    now = held(page, drawn, "lookup.outline_1")["id"]
    gone = page.fix({"evidence": now, "rejects": "yes", "reject": "right lung", "by": "Dr A", "reason": "not hers",
                     "panel": "yes"}, drawn.state)
    assert "right lung was rejected" in (gone.panel or "")
    none = page.fix({"evidence": held(page, gone, "lookup.outline_1")["id"], "rejects": "yes", "reject": "",
                     "by": "Dr A", "reason": "wrong", "panel": "yes"}, gone.state)
    assert "the outline was rejected" in (none.thread or "")
    assert not path_of(none.panel or "", 0) and not path_of(none.panel or "", 1)


def test_a_structure_that_nothing_outlines_is_pointed_at(page: Page, series: list[str]) -> None:
    view = last(page.ask("How large is the liver on this CT?", series, "", fresh("demo-af")))
    place = held(page, view, "lookup.pointed_1")
    assert re.search(rf'data-evidence="{place["id"]}"[^>]*>Point at it on the image', view.thread or "")
    assert 'name="clicks"' in (page.open(place["id"], "", view.state).panel or "")
    done = page.fix({"evidence": place["id"], "box": "40, 20, 56, 34", "slice": "12", "by": "Dr A", "panel": "yes"},
                    view.state)
    assert "l-marks" in (done.panel or "") and "Slice 12 of 35" in (done.panel or "")
    assert held(page, done, "lookup.sizes_1")["unit"] == "mL"


# -- what is taken, and what is not ----------------------------------------------------------------------------------


def test_an_archive_of_a_series_is_one_volume(page: Page, series: list[str], tmp_path: Path) -> None:
    packed = tmp_path / "ct.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for path in series:
            archive.write(path, Path(path).name)
    view = last(page.ask("What are the active problems?", [str(packed)], "", fresh("demo-af")))
    assert "35 slices, 8 mm apart" in (view.thread or "")


@pytest.mark.parametrize(("name", "content", "said"), [
    ("letter.pdf", b"%PDF-1.7 ...", "a PDF document"),
    ("numbers.bin", bytes(range(256)) * 8, "bytes of no kind known here"),
    ("empty.nii", b"", "0 bytes"),
])
def test_what_is_no_image_is_refused_with_what_it_is(page: Page, tmp_path: Path, name: str, content: bytes,
                                                     said: str) -> None:
    (tmp_path / name).write_bytes(content)
    view = last(page.ask(LUNGS, [str(tmp_path / name)], "", fresh("demo-af")))
    assert "o-error" in (view.thread or "") and said in (view.thread or "") and name in (view.thread or "").lower()
    assert view.question == LUNGS, "the question stays in its box"


def test_an_archive_that_holds_a_record_goes_where_records_go(page: Page, tmp_path: Path) -> None:
    packed = tmp_path / "record.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("bundle.json", '{"resourceType": "Bundle"}')
    view = last(page.ask(LUNGS, [str(packed)], "", fresh("demo-af")))
    assert "Import a record" in (view.thread or "") and "unpack it" in (view.thread or "")
    other = tmp_path / "words.zip"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("readme.txt", "nothing")
    refused = last(page.ask(LUNGS, [str(other)], "", fresh("demo-af")))
    assert "o-error" in (refused.thread or "") and "words.zip" in (refused.thread or "").lower()


def test_a_film_is_still_a_film(page: Page, tmp_path: Path) -> None:
    view = last(page.ask("Is the heart enlarged on this chest film?", [png(tmp_path / "film.png")], "",
                         fresh("demo-af")))
    panel = page.open(held(page, view, "image.1")["id"], "", view.state).panel or ""
    assert "data-plane" not in panel and "o-letters" not in panel and "Whole film" in panel


def test_an_image_that_nothing_looked_at_says_so_beside_it(page: Page, series: list[str], answer: View) -> None:
    unread = last(page.ask("Is there a pneumothorax?", series, "", fresh("demo-af")))
    assert "not read for this question" in images_of(unread) and "not read for this question" not in images_of(answer)


def images_of(view: View) -> str:
    return (view.thread or "").partition('aria-label="Images"')[2].partition("</section>")[0]
