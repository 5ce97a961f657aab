"""A film in a browser: attached, confirmed, calipers dragged, tried and corrected, an outline brushed, a PDF taken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from visitor import Visitor

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]


def chest(path: Path) -> Path:
    """A drawing of a frontal chest film: two dark lungs in a lighter chest, dark air outside, a heart between."""
    y, x = np.mgrid[0:1:512j, 0:1:480j]
    lungs = np.minimum(*(((x - c) / 0.16) ** 2 + ((y - 0.42) / 0.3) ** 2 for c in (0.28, 0.72)))
    light = 0.35 + 0.4 / (1 + np.exp(-(lungs - 1) * 8)) + 0.12 * np.exp(-(((x - 0.5) / 0.06) ** 2))
    light += 0.05 * (np.sin(y * 75 + 9 * (x - 0.5) ** 2) > 0.3)
    light += np.random.default_rng(0).normal(0, 0.004, light.shape)
    Pillow.fromarray((np.clip(light, 0, 1) * 255).astype(np.uint8)).save(path)
    return path


def test_a_film_is_looked_at_confirmed_and_zoomed(visit: Visit, tmp_path: Path) -> None:
    user = visit()
    page = user.page
    user.pick("demo-af")
    page.locator("#o-question input[type=file]").set_input_files(chest(tmp_path / "film.png"))
    page.wait_for_selector("#o-question img")
    user.ask("Is the heart enlarged on this chest film?")
    page.locator(".o-thumb").click()
    page.wait_for_selector(".o-film")
    user.shot("film")
    assert "512" in page.locator(".o-film").inner_text()
    before = page.locator(".o-film-plane").bounding_box()["width"]
    page.locator(".o-film-view").focus()
    page.keyboard.press("+")
    assert page.locator(".o-film-plane").bounding_box()["width"] > before * 1.4
    page.get_by_role("button", name="Whole film").click()
    assert page.locator(".o-film-plane").bounding_box()["width"] == pytest.approx(before, abs=1)
    form = page.locator("#o-thread .o-confirm")
    form.locator("input[name=by]").fill("Dr A. Reyes")
    form.locator(".o-give").click()
    page.wait_for_selector(".o-change")
    assert page.locator(".o-confirm").count() == 0
    assert "confirmed" in page.locator(".o-change").inner_text()


def test_what_if_is_tried_and_a_pdf_is_taken(visit: Visit, tmp_path: Path) -> None:
    user = visit()
    page = user.page
    user.pick("demo-af")
    user.ask("Should she be anticoagulated?")
    page.locator("#o-panel .o-ref.k-fhir", has_text="0.92 mg/dL").first.click()
    page.locator("#o-panel summary", has_text="Correct this value").click()
    page.fill("#o-panel input[name=value]", "1.9")
    page.get_by_role("button", name="What if?").click()
    page.wait_for_selector(".o-whatif")
    assert "stands as it is" in page.locator(".o-whatif").inner_text()
    assert page.locator("#o-panel input[name=value]").input_value() == "1.9", "what was tried stays in the form"
    assert page.locator(".o-answer").get_attribute("data-version") == "1"
    user.shot("what-if")
    with page.expect_download() as download:
        page.click("#o-pdf")
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    assert path.read_bytes().startswith(b"%PDF-")


def test_a_record_is_imported_and_a_wrong_one_is_not(visit: Visit, tmp_path: Path) -> None:
    user = visit()
    page = user.page
    user.pick("demo-af")
    wrong = tmp_path / "letter.json"
    wrong.write_text("Dear colleague", encoding="utf-8")
    page.locator("input[type=file][accept*='.ndjson']").set_input_files(wrong)
    page.wait_for_selector("#o-notice .o-error")
    assert page.locator('.o-banner[data-patient="demo-af"]').count() == 1, "nothing is lost"
    record = tmp_path / "ana.json"
    record.write_text('{"resourceType": "Bundle", "type": "collection", "entry": [{"resource": {"resourceType": '
                      '"Patient", "id": "ana-b", "gender": "female", "birthDate": "1950-02-01", "name": '
                      '[{"family": "Novak", "given": ["Ana"]}]}}]}', encoding="utf-8")
    page.locator("input[type=file][accept*='.ndjson']").set_input_files(record)
    page.wait_for_selector('.o-banner[data-patient="ana-b"]')
    assert "Imported" in page.locator("#o-notice").inner_text()
    assert "Ana Novak" in page.locator("#o-patient input").input_value()
    user.shot("imported")
