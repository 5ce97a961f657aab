"""A CT series in a browser: dropped as files, leafed through by wheel and keys, looked at three ways, brushed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from visitor import Visitor

from tools.imaging.phantom_ct import grid, sampled, trunk
from tools.imaging.phantom_series import write_slices

pytestmark = pytest.mark.browser
HERS = {"PatientID": "OSL-0001", "PatientName": "Ellison^Margaret", "PatientBirthDate": "19480312"}


def series(folder: Path) -> list[Path]:
    """The drawn trunk on 35 slices, as files of hers."""
    affine, shape = grid((8.0, 2.2, 2.2))
    values = sampled(trunk(), affine, shape, noise=8.0, per_axis=1).values
    planes = ((f"{n:03d}.dcm", n, plane) for n, plane in enumerate(values))
    write_slices(folder, planes, affine, {**HERS, "StudyDate": "20260101", "BodyPartExamined": "CHEST"}, ("browser",))
    return sorted(folder.iterdir())


def test_a_series_is_leafed_through_outlined_and_brushed(visit: Callable[..., Visitor], tmp_path: Path) -> None:
    user = visit()
    page = user.page
    user.pick("demo-af")
    page.locator("#o-question input[type=file]").set_input_files(series(tmp_path / "ct"))
    page.wait_for_function("document.querySelectorAll('#o-question .thumbnail-item').length >= 35")
    user.ask("How large are the lungs on this CT?")
    assert page.locator(".o-thumb").count() == 1, "35 files are one volume"
    user.cite("dicom")
    page.wait_for_selector(".o-film .l-outline")
    figure = page.locator(".o-film")

    def on(name: str, value: str) -> None:
        page.wait_for_function(f"document.querySelector('.o-film').dataset.{name} === '{value}'")

    start = int(figure.get_attribute("data-frame"))
    box = page.locator(".o-film-plane").bounding_box()
    assert box["width"] / box["height"] == pytest.approx(191 / 130, rel=0.02), "as wide as the patient was"
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.wheel(0, 100)
    on("frame", str(start + 1))
    page.locator(".o-film-view").focus()
    page.keyboard.press("ArrowUp")
    on("frame", str(start))
    page.keyboard.press("End")
    on("frame", "34")
    assert page.locator(".o-film .l-outline").count() == 0, "no lung on the uppermost slice"
    page.get_by_role("button", name="Sagittal", exact=True).click()
    on("plane", "2")
    assert page.locator(".o-letters").get_attribute("aria-label") == "front left, back right, head above, feet below"
    user.shot("volume-sagittal")
    page.get_by_role("button", name="Axial", exact=True).click()
    on("plane", "0")
    page.get_by_role("button", name="Bone", exact=True).click()
    on("window", "bone")
    user.shot("volume-bone")
    page.locator("#o-panel input[name=brush][value=out]").check()
    lung = page.locator("path.l-outline.t-0").bounding_box()
    x, y = lung["x"] + lung["width"] / 2, lung["y"] + lung["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 25, y + 10, steps=4)
    page.mouse.up()
    assert "1 stroke: not yet applied" in page.locator(".o-strokes").inner_text()
    user.shot("volume-brush")
    before = page.locator(".o-size-head b").inner_text()
    page.locator("#o-panel form[data-do=fix] input[name=by]").first.fill("Dr A. Reyes")
    page.get_by_role("button", name="Correct and work out again").click()
    page.wait_for_selector(".o-change")
    assert "corrected with a brush" in page.locator(".o-change").inner_text()
    assert page.locator(".o-size-head b").inner_text() != before
    on("window", "bone")
    user.shot("volume-corrected")
