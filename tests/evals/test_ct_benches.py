"""The CT benchmarks: their documents, the truth they draw, and what they refuse."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evals.benchmarks import ct_organs, ct_speed
from tools.errors import UsageError
from tools.imaging.volumes import read_volume

SAMPLES = Path(__file__).parents[3] / "shared" / "data" / "totalsegmentator-samples"


@pytest.mark.skipif(not SAMPLES.exists(), reason="TotalSegmentator's samples are not at ../shared/data")
def test_lungs_of_a_real_scan_agree_with_the_reference() -> None:
    body = ct_organs.run(SAMPLES, 1, grids=())
    assert body["benchmark"] == "ct-organs"
    assert body["n"] == 1
    assert body["score"] > 0.95
    lungs = next(row for row in body["cases"] if row["structure"] == "both lungs")
    assert lungs["found_ml"] == pytest.approx(lungs["reference_ml"], rel=0.05)
    assert 0.96 < lungs["reference_models_between_themselves"] < 0.98


def test_a_folder_without_scans_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no scan with labels"):
        ct_organs.run(tmp_path)


def test_the_worst_error_is_the_largest_and_unknown_where_one_is_missing() -> None:
    rows: dict[str, dict[str, float | None]] = {"one": {"body": -1.5, "bone": 0.2}, "two": {"body": 1.0, "bone": None}}
    assert ct_organs.worst(rows) == {"body": 1.5, "bone": None}


def test_the_drawn_series_is_read_back_in_its_place(tmp_path: Path) -> None:
    truth = ct_speed.write_series(tmp_path, slices=20, side=64)
    volume = read_volume(tmp_path)
    assert volume.values.shape == (20, 64, 64)
    assert volume.axes == ("S", "P", "L")
    held = np.prod(volume.values.shape) * volume.voxel_ml
    assert held == pytest.approx(0.56 * 500 * 0.57 * 512 * 0.82 * 512 / 1000, rel=1e-3)
    lung = float(((volume.values > -900) & (volume.values < -800)).sum()) * volume.voxel_ml
    assert lung == pytest.approx(truth["right lung"] + truth["left lung"], rel=0.1)
