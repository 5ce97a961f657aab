"""The benchmark of lung fields: its scores, its interval, its baselines, on drawn films."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from evals.benchmarks.cxr_lungs import READINGS, run
from evals.cxr.baselines import mean_shape, otsu
from evals.cxr.films import Film, by_side, dice, films
from evals.metrics import interval
from tests.tools.segmenters.phantom import drawn
from tools.errors import UsageError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three drawn films of three patients, none of them free to fit on."""
    root = tmp_path_factory.mktemp("films")
    (root / "images").mkdir()
    (root / "masks_v7").mkdir()
    rows = []
    for number, apex in enumerate((50.0, 62.0, 80.0)):
        phantom = drawn(apex)
        mask = np.where(phantom.right | phantom.left, 255, 0).astype(np.uint8)
        mask[:20] = 127
        name = f"film{number}.png"
        Image.fromarray(np.clip(phantom.pixels / 4, 0, 255).astype(np.uint8)).save(root / "images" / name)
        Image.fromarray(mask).save(root / "masks_v7" / name)
        rows.append({"filename": name, "patientid": number, "view": "PA", "license": "CC BY-NC-SA"})
    with (root / "metadata.csv").open("w", encoding="utf-8", newline="") as lines:
        table = csv.DictWriter(lines, rows[0].keys())
        table.writeheader()
        table.writerows(rows)
    return root


def film(mask: np.ndarray, patient: str = "1") -> Film:
    return Film("f.png", patient, "PA", False, mask.astype(np.uint8), Path("f.png"))


def test_the_document_names_score_interval_and_baselines(folder: Path) -> None:
    body = run(folder)
    assert body["benchmark"] == "cxr-lungs" and body["n"] == 3
    assert body["score"] > 0.88
    assert body["interval"][0] <= body["score"] <= body["interval"][1]
    assert set(body["baselines"]) == {"otsu", "mean shape"}
    assert body["by"]["right lung"] > 0.85 and body["by"]["left lung"] > 0.85
    assert body["cardiothoracic_ratio"]["validated"] is False
    assert body["cardiothoracic_ratio"]["n"] == 0
    assert body["refused"] == []


def test_a_folder_without_films_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no films"):
        films(tmp_path)


def test_licences_decide_what_may_be_fitted_on(folder: Path) -> None:
    assert [film.free for film in films(folder)] == [False, False, False]


def test_unknown_pixels_do_not_count() -> None:
    mask = np.zeros((4, 4), dtype=np.uint8)
    mask[:2] = 255
    mask[2] = 127
    found = np.zeros((4, 4), dtype=bool)
    found[:3] = True
    assert dice(found, mask) == 1.0
    found[3] = True
    assert dice(found, mask) == pytest.approx(16 / 20)


def test_lungs_are_told_apart_by_side() -> None:
    mask = np.zeros((4, 10), dtype=np.uint8)
    mask[:, 1:3], mask[:, 7:9], mask[0] = 255, 255, 127
    sides = by_side(mask)
    assert set(sides[1, 1:3]) == {1} and set(sides[1, 7:9]) == {2} and set(sides[0]) == {-1}


def test_the_mean_shape_leaves_the_patient_out() -> None:
    ones, nones = np.full((256, 256), 255), np.zeros((256, 256))
    own, others = film(ones, "a"), [film(ones, "a"), film(nones, "b"), film(nones, "c"), film(ones, "d")]
    assert not mean_shape(own, others).any()


def test_otsu_takes_what_is_dark(folder: Path) -> None:
    dark = otsu(films(folder)[0])
    assert dark[120, 70] and not dark[230, 128]


def test_the_interval_keeps_a_patients_films_together() -> None:
    values = [0.5] * 10 + [1.0]
    assert interval(values, [str(n) for n in range(11)])[0] < interval([0.9, 0.9], ["a", "b"])[0]
    assert interval(values, ["one"] * 11) == [round(6 / 11, 4)] * 2


def test_readings_are_possible() -> None:
    readings = yaml.safe_load(READINGS.read_text(encoding="utf-8"))
    assert readings["reader"] == "one non-radiologist reader"
    for row in readings["readings"]:
        assert 0 <= row["thorax"][0] < row["heart"][0] < row["heart"][1] < row["thorax"][1] <= 1000
    names = [row["film"] for row in readings["readings"] + readings["excluded"]]
    assert len(names) == len(set(names)) == 31
