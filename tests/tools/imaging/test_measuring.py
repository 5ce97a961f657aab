"""Sizes of files: masks as PNG, NIfTI and DICOM SEG on the grid they belong to; `osler image measure` and `compare`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from films import CT, US, instance, saved
from PIL import Image as Pillow
from typer.testing import CliRunner

from agent.cli import cli
from agent.cli_asked import Asked
from agent.cli_sizes import compare, measure, measure_text
from tools.errors import BadInput, IdentityMismatch, NotAssessable, UsageError
from tools.imaging.mask_files import mask_from
from tools.imaging.measuring import read_points, read_target

DATA = Path("../shared/data/totalsegmentator-samples")
SIZE = 64


def disc(radius: float, size: int = SIZE) -> np.ndarray:
    y, x = np.mgrid[:size, :size]
    return np.asarray((x - size / 2) ** 2 + (y - size / 2) ** 2 <= radius**2)


def ct_slice(path: Path, radius: float = 12, **elements: Any) -> Path:
    """A CT slice with a lesion of 40 HU in lung."""
    stored = np.where(disc(radius), 1064, 150).astype(np.uint16)
    given = {
        "Modality": "CT", "PixelSpacing": [0.5, 0.5], "RescaleSlope": 1, "RescaleIntercept": -1024, "PatientID": "A",
        "FrameOfReferenceUID": "1.2.3", "ImagePositionPatient": [0, 0, 0], "RescaleType": "HU", "SliceThickness": 2,
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
    }  # fmt: skip
    return saved(instance(stored, CT, **{**given, **elements}), path)


def png(mask: np.ndarray, path: Path) -> Path:
    Pillow.fromarray(mask.astype(np.uint8) * 255).save(path)
    return path


def rows(body: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in body["measurements"]}


def test_a_lesion_on_a_ct_slice(tmp_path: Path) -> None:
    body = measure(Asked(ct_slice(tmp_path / "a.dcm"), "lesion", png(disc(12), tmp_path / "m.png")))
    found = rows(body)
    assert abs(found["lesion long axis"]["value"] - 12) < 0.6 and found["lesion long axis"]["unit"] == "mm"
    assert found["lesion mean density"]["value"] == pytest.approx(40) and found["lesion area"]["unit"] == "cm2"
    assert found["lesion long axis"]["scale_source"] == "PixelSpacing"
    assert {"name", "value", "unit", "method", "scale_source", "evidence"} <= set(found["lesion area"])
    low, high = found["lesion long axis"]["range"]
    assert low <= 12 < high and "half a pixel" in found["lesion long axis"]["range_method"]
    said = measure_text(body)
    assert "lesion long axis: 12" in said and "scale: PixelSpacing" in said and "in brackets: boundary moved" in said


def test_a_mask_of_another_image_is_refused(tmp_path: Path) -> None:
    path = ct_slice(tmp_path / "a.dcm")
    with pytest.raises(BadInput):
        measure(Asked(path, None, png(disc(9, 40), tmp_path / "small.png")))
    with pytest.raises(BadInput):
        measure(Asked(path, None, png(np.zeros((SIZE, SIZE), bool), tmp_path / "empty.png")))
    with pytest.raises(UsageError):
        measure(Asked(path))
    with pytest.raises(UsageError):
        measure(Asked(path, None, tmp_path / "nothing.png"))


def nifti(path: Path, values: np.ndarray, affine: np.ndarray) -> Path:
    nibabel.save(nibabel.Nifti1Image(values, affine), path)
    return path


def test_a_label_map_stored_the_other_way_round(tmp_path: Path) -> None:
    affine = np.diag([0.8, 0.8, 2.0, 1.0])
    values = np.full((20, 24, 8), -900, np.int16)
    labels = np.zeros((20, 24, 8), np.uint8)
    labels[4:9, 5:12, 2:6], labels[15, 20, 7] = 3, 7
    values[labels == 3] = 55
    scan = nifti(tmp_path / "ct.nii.gz", values, affine)
    straight = nifti(tmp_path / "seg.nii.gz", labels, affine)
    flip = np.diag([-0.8, 0.8, -2.0, 1.0])
    flip[:3, 3] = (0.8 * 19, 0, 2.0 * 7)
    turned = nifti(tmp_path / "turned.nii.gz", labels[::-1, :, ::-1], flip)
    target = read_target(scan)
    expected = mask_from(straight, target, 3)
    assert expected.sum() == 5 * 7 * 4 and np.array_equal(mask_from(turned, target, 3), expected)
    found = rows(measure(Asked(scan, "lesion", turned, 3, modality="CT")))
    assert found["lesion volume"]["value"] == pytest.approx(5 * 7 * 4 * 0.8 * 0.8 * 2 / 1000, rel=1e-3)
    assert found["lesion mean density"]["value"] == pytest.approx(55)
    for label in (None, 5):
        with pytest.raises(BadInput, match="which label"):
            mask_from(straight, target, label)
    shifted = nifti(
        tmp_path / "shifted.nii.gz", labels, affine + np.eye(4)[:, [3]] @ np.array([[0, 0, 0, 1]]) * 0 + _at(5)
    )
    with pytest.raises(BadInput, match="not on the grid"):
        mask_from(shifted, target, 3)


def _at(x: float) -> np.ndarray:
    moved = np.zeros((4, 4))
    moved[0, 3] = x
    return moved


def test_without_a_modality_there_is_no_density_until_somebody_says(tmp_path: Path) -> None:
    values = np.full((12, 12, 6), -900, np.int16)
    labels = np.zeros((12, 12, 6), np.uint8)
    labels[3:8, 3:8, 2:4] = 1
    scan, seg = (nifti(tmp_path / f"{n}.nii.gz", v, np.eye(4)) for n, v in (("ct", values), ("seg", labels)))
    silent = measure(Asked(scan, "lesion", seg))
    assert "lesion mean density" not in rows(silent) and any(
        "density not measured" in text for text in silent["warnings"]
    )
    told = measure(Asked(scan, "lesion", seg, modality="CT"))
    assert "lesion mean density" in rows(told) and any("by the word of" in text for text in told["warnings"])
    with pytest.raises(BadInput, match="another modality"):
        measure(Asked(ct_slice(tmp_path / "a.dcm"), None, png(disc(9), tmp_path / "m.png"), modality="MR"))


def test_a_segmentation_of_the_very_image(tmp_path: Path) -> None:
    from knowledge.coding import SYSTEMS, Coding
    from tools.imaging.reading import read_image
    from tools.imaging.seg_out import write_masks
    from tools.segmenters.segment import Segment

    path = ct_slice(tmp_path / "a.dcm")
    lesion = Coding(system=SYSTEMS["snomed"], code="52988006", display="Lesion")
    image = read_image(path)
    made = write_masks(image, path, [Segment("lesion", disc(12), 1.0, "test", "1", coded=lesion)], tmp_path / "out")
    seg = Path(made[0]["path"])
    assert np.array_equal(mask_from(seg, image), disc(12))
    other = read_image(ct_slice(tmp_path / "b.dcm"))
    with pytest.raises(BadInput, match="other images"):
        mask_from(seg, other)
    with pytest.raises(BadInput, match="not read as a mask"):
        mask_from(path, image)


def test_landmarks(tmp_path: Path) -> None:
    path = ct_slice(tmp_path / "a.dcm")
    found = measure(Asked(path, points="10,10 40,50"))["measurements"][0]
    assert (found["name"], found["value"], found["unit"]) == ("distance", 25.0, "mm")
    assert measure(Asked(path, points="0,0 10,0 0,0 0,9"))["measurements"][0]["value"] == 90
    for wrong in ("10,10", "1,1 2,2 3,3", "1,1 99,1", "a,b c,d", "1,1,1 2,2,2", "5 6", "", "1,nan 2,2"):
        with pytest.raises(BadInput):
            measure(Asked(path, points=wrong))
    assert read_points("1,2;3,4") == [(1.0, 2.0), (3.0, 4.0)]


def test_ultrasound_is_measured_within_its_region(tmp_path: Path) -> None:
    """Safety rule 15."""
    from pydicom.dataset import Dataset

    part = Dataset()
    part.RegionSpatialFormat, part.RegionDataType, part.RegionFlags = 1, 1, 0
    part.RegionLocationMinX0, part.RegionLocationMinY0, part.RegionLocationMaxX1, part.RegionLocationMaxY1 = (
        10,
        10,
        50,
        50,
    )
    part.PhysicalUnitsXDirection = part.PhysicalUnitsYDirection = 3
    part.PhysicalDeltaX = part.PhysicalDeltaY = 0.05
    scan = instance(np.full((SIZE, SIZE), 90, np.uint8), US, Modality="US", SequenceOfUltrasoundRegions=[part])
    path = saved(scan, tmp_path / "us.dcm")
    found = measure(Asked(path, points="12,12 32,12"))["measurements"][0]
    assert found["value"] == 10.0 and found["scale_source"] == "ultrasound region 10,10,50,50 only"
    with pytest.raises(NotAssessable, match="region only"):
        measure(Asked(path, points="2,12 32,12"))
    with pytest.raises(NotAssessable, match="region only"):
        measure(Asked(path, "lesion", png(disc(30), tmp_path / "m.png")))
    assert rows(measure(Asked(path, "lesion", png(disc(12), tmp_path / "in.png"))))["lesion area"]["unit"] == "cm2"


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Asked, Asked]:
    now = ct_slice(tmp_path / "now.dcm", 15, StudyDate="20260601")
    then = ct_slice(tmp_path / "then.dcm", 12, StudyDate="20260301")
    masks = [png(disc(r), tmp_path / f"{r}.png") for r in (15, 12)]
    return Asked(now, "lesion", masks[0]), Asked(then, "lesion", masks[1])


def test_a_lesion_has_grown(pair: tuple[Asked, Asked]) -> None:
    body = compare(*pair)
    long = next(row for row in body["changes"] if row["name"] == "lesion long axis")
    assert long["beyond_uncertainty"] and abs(long["value"] - 3) < 0.6 and abs(long["percent"] - 25) < 5
    assert (long["prior"]["taken_on"], long["now"]["taken_on"], long["days"]) == ("2026-03-01", "2026-06-01", 92)
    assert not any("one patient" in text for text in body["warnings"])


def test_what_is_not_compared(pair: tuple[Asked, Asked], tmp_path: Path) -> None:
    now, then = pair
    with pytest.raises(BadInput, match="not earlier"):
        compare(then, now)
    stranger = ct_slice(tmp_path / "s.dcm", 12, StudyDate="20260301", PatientID="B")
    with pytest.raises(IdentityMismatch):
        compare(now, Asked(stranger, "lesion", then.mask))
    nobody = ct_slice(tmp_path / "n.dcm", 12, StudyDate="20260301", PatientID="")
    assert any("one patient" in text for text in compare(now, Asked(nobody, "lesion", then.mask))["warnings"])
    undated = ct_slice(tmp_path / "undated.dcm", 12, StudyDate="")
    with pytest.raises(NotAssessable, match="change cannot be told"):
        compare(now, Asked(undated, "lesion", then.mask))
    assert compare(now, Asked(undated, "lesion", then.mask, date="2026-02-01"))["changes"]
    bare = ct_slice(tmp_path / "bare.dcm", 12, StudyDate="20260301", PixelSpacing=None)
    body = compare(now, Asked(bare, "lesion", then.mask))
    assert {row["name"] for row in body["changes"]} == {"lesion mean density"}
    assert "lesion long axis" in body["not_compared"]


def test_on_the_command_line(pair: tuple[Asked, Asked]) -> None:
    now, then = pair
    run = CliRunner().invoke
    told = run(cli, ["image", "measure", str(now.path), "--mask", str(now.mask), "--structure", "lesion", "--json"])
    assert told.exit_code == 0 and rows(json.loads(told.stdout))["lesion area"]["unit"] == "cm2"
    both = ["--mask", str(now.mask), "--prior-mask", str(then.mask), "--structure", "lesion"]
    shown = run(cli, ["image", "compare", str(now.path), str(then.path), *both])
    assert shown.exit_code == 0 and "2026-03-01" in shown.stdout and "beyond what moving the boundary" in shown.stdout
    assert json.loads(run(cli, ["image", "compare", str(now.path), str(then.path), *both, "--json"]).stdout)["changes"]


@pytest.mark.skipif(not DATA.exists(), reason="the TotalSegmentator samples are not here")
def test_the_volumes_and_densities_that_another_program_published() -> None:
    """TotalSegmentator's statistics.json of its own masks: volumes to the voxel, mean HU to a hundredth."""
    published = json.loads((DATA / "example_seg_fast" / "statistics.json").read_text())
    target = read_target(DATA / "example_ct_sm.nii.gz")
    for label, name in ((1, "spleen"), (2, "kidney_right"), (5, "liver")):
        asked = Asked(DATA / "example_ct_sm.nii.gz", "x", DATA / "example_seg_fast.nii.gz", label, modality="CT")
        found = rows(measure(asked))
        assert found["x volume"]["value"] == pytest.approx(published[name]["volume"] / 1000, rel=1e-3)
        assert found["x mean density"]["value"] == pytest.approx(published[name]["intensity"], abs=0.02)
    assert target.values.shape == (30, 101, 122)
