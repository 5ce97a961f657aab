"""Wrong sizes said with confidence: projections taken for slices, contradictory scales, dates and people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from films import CT, US, instance, saved
from PIL import Image as Pillow
from pydicom.dataset import Dataset

from agent.cli_asked import Asked
from agent.cli_sizes import compare, measure
from tools.errors import BadInput, IdentityMismatch, NotAssessable
from tools.imaging.mask_files import mask_from
from tools.imaging.reading import read_image
from tools.imaging.volumes import read_volume

SIZE = 48
DX = "1.2.840.10008.5.1.4.1.1.1.1"
LOCALISER = ["ORIGINAL", "PRIMARY", "LOCALIZER"]


def disc() -> np.ndarray:
    y, x = np.mgrid[:SIZE, :SIZE]
    return np.asarray((x - SIZE / 2) ** 2 + (y - SIZE / 2) ** 2 <= 100)


@pytest.fixture
def mask(tmp_path: Path) -> Path:
    Pillow.fromarray(disc().astype(np.uint8) * 255).save(tmp_path / "m.png")
    return tmp_path / "m.png"


def picture(path: Path, sop: str = CT, **elements: Any) -> Path:
    given = {
        "Modality": "CT", "PixelSpacing": [0.5, 0.5], "RescaleSlope": 1, "RescaleIntercept": -1024, "PatientID": "A",
        "RescaleType": "HU", "AcquisitionDate": "20260101",
    }  # fmt: skip
    return saved(instance(np.where(disc(), 1064, 150).astype(np.uint16), sop, **{**given, **elements}), path)


def film(path: Path, **elements: Any) -> Path:
    return picture(path, DX, **{"Modality": "DX", "PixelSpacing": None, "ImagerPixelSpacing": [0.2, 0.2], **elements})


def test_a_ct_localiser_is_a_projection(tmp_path: Path, mask: Path) -> None:
    """Safety rule 15; and its values are no Hounsfield units."""
    body = measure(Asked(picture(tmp_path / "a.dcm", ImageType=LOCALISER), "nodule", mask))
    rows = {row["name"]: row for row in body["measurements"]}
    assert rows["nodule long axis"]["notes"] == ["lengths are not in the patient"]
    assert "projection" in rows["nodule long axis"]["scale_source"]
    assert not any("density" in name for name in rows) and "localiser" in " ".join(body["warnings"])


def test_a_film_has_no_scale_where_its_two_spacings_contradict(tmp_path: Path, mask: Path) -> None:
    larger = film(tmp_path / "a.dcm", PixelSpacing=[0.4, 0.4])
    body = measure(Asked(larger, "nodule", mask))
    assert {row["unit"] for row in body["measurements"]} <= {"{pixels}", "{count}"}
    assert "one is wrong" in " ".join(body["warnings"])
    assert read_image(film(tmp_path / "b.dcm", PixelSpacing=[0.18, 0.18])).spacing.calibrated


def test_an_ultrasound_region_without_a_place_gives_no_scale(tmp_path: Path) -> None:
    region = Dataset()
    region.RegionSpatialFormat, region.PhysicalUnitsXDirection, region.PhysicalUnitsYDirection = 1, 3, 3
    region.PhysicalDeltaX = region.PhysicalDeltaY = 0.05
    path = picture(tmp_path / "u.dcm", US, Modality="US", PixelSpacing=None, SequenceOfUltrasoundRegions=[region])
    assert read_image(path).spacing.mm is None


def test_padding_is_not_taken_for_air(tmp_path: Path, mask: Path) -> None:
    """A CT whose files give no rescale: stored values are no Hounsfield units, whatever the padding is."""
    stored = np.where(disc(), 1064, 150).astype(np.int16)
    stored[:2] = -2000
    made = instance(stored, CT, Modality="CT", PixelSpacing=[0.5, 0.5], PixelPaddingValue=-2000, PixelRepresentation=1)
    body = measure(Asked(saved(made, tmp_path / "a.dcm"), "nodule", mask))
    assert not any("density" in row["name"] for row in body["measurements"])


def both(tmp_path: Path, mask: Path, prior: dict[str, Any], **asked: Any) -> dict[str, Any]:
    now = picture(tmp_path / "now.dcm", AcquisitionDate="20260301")
    then = picture(tmp_path / "then.dcm", **prior)
    return compare(Asked(now, "nodule", mask), Asked(then, "nodule", mask, **asked))


@pytest.mark.parametrize("date", ["01.02.2020", "2020", "2020-02-31", ""])
def test_what_is_no_date_is_refused(tmp_path: Path, mask: Path, date: str) -> None:
    undated = {"AcquisitionDate": None, "ContentDate": None, "SeriesDate": None, "StudyDate": None}
    with pytest.raises(BadInput, match="no date"):
        both(tmp_path, mask, undated, date=date)
    assert both(tmp_path, mask, undated, date="2025-12-01")["changes"][0]["days"] == 90


def test_a_date_that_contradicts_the_file_is_not_dropped(tmp_path: Path, mask: Path) -> None:
    with pytest.raises(BadInput, match="another date"):
        both(tmp_path, mask, {}, date="2019-01-01")


def test_one_number_with_two_names_is_two_people(tmp_path: Path, mask: Path) -> None:
    now = picture(tmp_path / "now.dcm", AcquisitionDate="20260301", PatientName="Meyer^Anna")
    for name, theirs in (("Huber^Anna", True), ("Meyer^A.", True), ("Schmidt^Paul", False)):
        prior = Asked(picture(tmp_path / "then.dcm", PatientName=name), "nodule", mask)
        if theirs:
            assert compare(Asked(now, "nodule", mask), prior)["lines"]
        else:
            with pytest.raises(IdentityMismatch):
                compare(Asked(now, "nodule", mask), prior)


def test_a_calibrated_film_is_not_compared_with_one_at_the_detector(tmp_path: Path, mask: Path) -> None:
    prior = Asked(film(tmp_path / "b.dcm"), "nodule", mask)
    now = film(tmp_path / "a.dcm", PixelSpacing=[0.18, 0.18], AcquisitionDate="20260301")
    with pytest.raises(NotAssessable, match="one scale"):
        compare(Asked(now, "nodule", mask), prior)
    now = film(tmp_path / "a.dcm", AcquisitionDate="20260301")
    assert "distances of tube" in " ".join(compare(Asked(now, "nodule", mask), prior)["warnings"])


def test_a_map_of_probabilities_is_no_mask(tmp_path: Path) -> None:
    """Its whole numbers alone would be the background, or the few voxels that are quite certain."""
    values = np.zeros((6, 6, 6), np.float32)
    values[2:4, 2:4, 2:4], values[3, 3, 3] = 0.6, 1.0
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), tmp_path / "p.nii")
    volume = read_volume(tmp_path / "p.nii")
    for label in (None, 0, 1):
        with pytest.raises(BadInput, match="no map of labels"):
            mask_from(tmp_path / "p.nii", volume, label)
