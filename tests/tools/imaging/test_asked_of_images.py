"""`osler image`: one way to read, to outline and to tell what is not validated; what is measured by name."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from films import CT, US, instance, saved
from PIL import Image as Pillow
from series_made import affine_of, enhanced, nifti, slices, written
from typer.testing import CliRunner

from agent.cli_asked import Asked
from agent.cli_image import image as cli
from agent.cli_out import export
from agent.cli_segment import segment
from agent.cli_sizes import compare, compare_text, measure
from tools.errors import BadInput, NotAssessable, OslerError, UsageError
from tools.imaging.frame import Image
from tools.imaging.mask_files import name_of
from tools.imaging.measuring import UNCHECKED, read_target
from tools.imaging.volume import Volume

AFFINE = affine_of(np.eye(3), (1.0, 1.0, 2.0))
SHAPE = (6, 30, 28)


def ball(radius: float = 8.0) -> np.ndarray:
    z, y, x = np.mgrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]]
    return np.asarray(np.hypot(np.hypot(x - 14, y - 15), 2.0 * (z - 3)) <= radius)


def series(folder: Path, drop: int | None = None, affine: np.ndarray = AFFINE, **more: Any) -> Path:
    values = np.where(ball(), 60, -900) + np.random.default_rng(0).integers(-5, 5, SHAPE)
    made = slices(values.astype(np.float64), affine, **{"PatientID": "A", "SliceThickness": 2, **more})
    if drop is not None:
        del made[drop]
    return written(made, folder)


def png(mask: np.ndarray, path: Path) -> Path:
    Pillow.fromarray(mask.astype(np.uint8) * 255).save(path)
    return path


def test_a_multi_frame_ct_is_a_volume_unless_a_frame_is_named(tmp_path: Path) -> None:
    path = saved(enhanced(np.where(ball(), 60.0, -900.0), AFFINE), tmp_path / "e.dcm")
    whole = read_target(path)
    assert isinstance(whole, Volume) and whole.values.shape == SHAPE
    assert isinstance(read_target(path, 0), Image) and isinstance(read_target(path, 2), Image)
    clip = instance(np.zeros((3, 20, 20), np.uint8), US, Modality="US", NumberOfFrames=3)
    assert isinstance(read_target(saved(clip, tmp_path / "us.dcm")), Image)
    for given, kinds in ((), {"volume"}), (("--frame", "0"), {None}):
        done = CliRunner().invoke(cli, ["info", str(path), *given, "--json"])
        assert {row.get("kind") for row in json.loads(done.stdout)["files"]} == kinds


def test_an_uneven_series_is_measured_only_once_it_is_evened(tmp_path: Path) -> None:
    folder = series(tmp_path / "s", drop=2)
    with pytest.raises(NotAssessable, match="not evenly sampled"):
        measure(Asked(folder, points="10,10,1 20,10,2"))
    mask = nifti(ball().astype(np.uint8), AFFINE, tmp_path / "m.nii.gz")
    body = measure(Asked(folder, mask=mask, resample="even"))
    (size,) = [row for row in body["measurements"] if row["name"] == "m volume"]
    assert size["value"] == pytest.approx(ball().sum() * 2 / 1000, rel=1e-3)
    assert any("1 of 6 are interpolated" in text for text in body["warnings"])
    # Its slices are those of no file: a label map, and no DICOM object that claims to refer to them.
    out = export(Asked(folder, mask=mask, resample="even"), "seg,sr", tmp_path / "out")
    assert [Path(row["path"]).suffix for row in out["written"]] == [".gz"]
    assert [row["as"] for row in out["not_written"]] == ["sr"]
    with pytest.raises(UsageError, match="--resample"):
        measure(Asked(folder, mask=mask, resample="round"))
    with pytest.raises(BadInput, match="no slices"):
        measure(Asked(next(folder.iterdir()), points="1,1 2,2", resample="even"))


def test_a_leaning_series_is_set_upright(tmp_path: Path) -> None:
    leaning = AFFINE.copy()
    leaning[1, 2] = 0.5
    folder = series(tmp_path / "s", affine=leaning)
    body = measure(Asked(folder, points="10,10,1 20,10,1", resample="square"))
    assert body["geometry"]["tilt_deg"] == 0 and any("sheared back" in text for text in body["warnings"])
    assert measure(Asked(folder, points="10,10,1 20,10,1"))["geometry"]["tilt_deg"] > 10


def test_what_a_program_outlined_is_said_to_be_unvalidated_everywhere(tmp_path: Path) -> None:
    now, then = series(tmp_path / "n", StudyDate="20260601"), series(tmp_path / "t", StudyDate="20260301")
    asked = {"clicks": ("14,15,+", "2,2,-"), "slice_": 3, "structure": "hepatic mass of unknown kind"}
    body = measure(Asked(now, **asked))
    assert UNCHECKED in body["warnings"] and {row["validated"] for row in body["measurements"]} == {False}
    # What is no structure keeps the name that it was given.
    assert body["measurements"][0]["name"] == "hepatic mass of unknown kind long axis"
    assert UNCHECKED in compare(Asked(now, **asked), Asked(then, **asked))["warnings"]
    assert UNCHECKED in export(Asked(now, **asked), "seg", tmp_path / "out")["warnings"]
    (row,) = segment(Asked(now, **asked), tmp_path / "seg")["segments"]
    assert row["edited"] and row["algorithm"]["type"] == "SEMIAUTOMATIC"
    mask = nifti(ball().astype(np.uint8), AFFINE, tmp_path / "liver.mass.nii.gz")
    by_hand = measure(Asked(now, mask=mask))
    assert UNCHECKED not in by_hand["warnings"] and {row["validated"] for row in by_hand["measurements"]} == {None}
    assert by_hand["measurements"][0]["name"] == "liver.mass long axis" == f"{name_of(mask)} long axis"
    assert any("who or what drew it is not known" in text for text in by_hand["warnings"])


def test_the_area_change_of_two_frames(tmp_path: Path) -> None:
    y, x = np.mgrid[:40, :40]
    masks = [png(np.hypot(x - 20, y - 20) <= radius, tmp_path / f"{radius}.png") for radius in (12, 9)]
    clip = instance(np.full((3, 40, 40), 90, np.uint8), US, Modality="US", NumberOfFrames=3)
    path = saved(clip, tmp_path / "clip.dcm")
    (row,) = measure(Asked(path, "left ventricle", masks[0], index="fac", systole=masks[1]))["measurements"]
    assert row["name"] == "left ventricle fractional area change" and row["unit"] == "%"
    assert row["value"] == pytest.approx(100 * (1 - 81 / 144), abs=3) and "not an ejection fraction" in row["notes"][0]
    with pytest.raises(UsageError, match="two masks"):
        measure(Asked(path, mask=masks[0], index="fac"))
    with pytest.raises(BadInput, match="not larger"):
        measure(Asked(path, mask=masks[1], index="fac", systole=masks[0]))


def test_the_ellipsoid_of_three_diameters(tmp_path: Path) -> None:
    folder = series(tmp_path / "s")
    ends = "4,15,3 24,15,3 14,5,3 14,25,3 14,15,0 14,15,5"
    (row,) = measure(Asked(folder, "prostate", points=ends, index="ellipsoid"))["measurements"]
    assert row["value"] == pytest.approx(np.pi / 6 * 20 * 20 * 10 / 1000, rel=1e-3) and row["unit"] == "mL"
    with pytest.raises(BadInput, match="right angles"):
        measure(Asked(folder, points=ends.replace("14,5,3 14,25,3", "5,5,3 24,25,3"), index="ellipsoid"))
    for points in (None, "4,15,3 24,15,3"):
        with pytest.raises(UsageError, match="three diameters"):
            measure(Asked(folder, points=points, index="ellipsoid"))


def lesions(tmp_path: Path, day: str, *radii: float, **more: Any) -> Asked:
    """A series with lesions of given radii, 1 and 3 of the liver, 2 a node."""
    shape = (4, 60, 150)
    z, y, x = np.mgrid[: shape[0], : shape[1], : shape[2]]
    labels = np.zeros(shape, np.uint8)
    for number, radius in enumerate(radii):
        labels[(np.hypot(x - 25 - 50 * number, y - 30) <= radius) & (z > 0)] = number + 1
    affine = affine_of(np.eye(3), (1.0, 1.0, 2.0))
    values = np.where(labels > 0, 60.0, -900.0)
    made = slices(values, affine, **{"PatientID": "A", "SliceThickness": 2, "StudyDate": day, **more})
    mask = nifti(labels, affine, tmp_path / f"{day}.nii.gz")
    return Asked(written(made, tmp_path / day), mask=mask, lesions="1:liver, 2:node, 3:liver")


def test_target_lesions_and_their_sums(tmp_path: Path) -> None:
    baseline = lesions(tmp_path, "20260101", 12, 9, 4)
    body = compare(lesions(tmp_path, "20260401", 8, 5, 4), baseline)
    found = body["recist"]
    assert found["targets"] == ["lesion 1, liver", "lesion 2, node"]
    assert [row["name"] for row in found["not_targets"]] == ["lesion 3, liver"]
    assert found["baseline"]["value"] == pytest.approx(24 + 18, abs=3) and found["complete"]
    assert found["percent"] == pytest.approx(100 * ((16 + 10) / 42 - 1), abs=3)
    said = compare_text(body)
    assert "sum of diameters on 2026-01-01" in said and "recist_1_1" in said
    # A label that is not there may be gone, or not drawn: no sum is complete without it.
    half = compare(lesions(tmp_path, "20260501", 8), baseline)
    assert half["recist"]["percent"] is None and "not told" in compare_text(half)


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"lesions": "liver"}, UsageError),
        ({"mask": None}, UsageError),
        ({"date": "2019-01-01"}, BadInput),
        ({"lesions": "3:liver"}, BadInput),
    ],
)
def test_lesions_that_cannot_be_compared(tmp_path: Path, change: dict[str, Any], kind: type[OslerError]) -> None:
    prior = lesions(tmp_path, "20260101", 12, 9, 4)
    now = lesions(tmp_path, "20260401", 8, 5, 4)
    with pytest.raises(kind):
        compare(replace(now, **change), prior)
    with pytest.raises(BadInput, match="not earlier"):
        compare(prior, now)


def test_nothing_named_on_what_is_no_film_is_said(tmp_path: Path) -> None:
    path = saved(instance(np.zeros((20, 20), np.uint16), CT, Modality="CT"), tmp_path / "a.dcm")
    with pytest.raises(UsageError, match="nothing is named"):
        measure(Asked(path))
    with pytest.raises(NotAssessable):
        measure(Asked(path, "lungs"))
