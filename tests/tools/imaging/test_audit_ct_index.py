"""`osler image measure --measure laa950|agatston`: measured where known to be allowed, else asked or refused."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
from films import CT, instance, saved
from pydicom.uid import generate_uid

from agent.cli_asked import Asked
from agent.cli_sizes import measure, measure_text
from tools.errors import BadInput, NotAssessable, UsageError

STEP = 3.0


@pytest.fixture(scope="module")
def heart(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A small series of 3 mm at 120 kVp with two patches of calcium in 40 HU, fat and air; and a region for both."""
    folder = tmp_path_factory.mktemp("heart")
    (folder / "series").mkdir()
    values = np.full((10, 40, 40), 40, dtype=np.int16)
    values[:, :6], values[:, 34:] = -1000, -100
    values[4, 10:14, 10:14], values[5, 20:24, 10:14] = 150, 400
    shared = {"SeriesInstanceUID": generate_uid(), "StudyInstanceUID": generate_uid(), "FrameOfReferenceUID": "1.2"}
    for number, plane in enumerate(values):
        made = instance(
            plane + 1024,
            sop_class=CT,
            Modality="CT",
            ImageType=["ORIGINAL", "PRIMARY", "AXIAL"],
            ImagePositionPatient=[0, 0, number * STEP],
            ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
            PixelSpacing=[0.5, 0.5],
            SliceThickness=STEP,
            KVP=120,
            RescaleSlope=1,
            RescaleIntercept=-1024,
            RescaleType="HU",
            BitsStored=16,
            HighBit=15,
            PixelRepresentation=1,
            InstanceNumber=number + 1,
            **shared,
        )
        saved(made, folder / "series" / f"{number}.dcm")
    region = np.zeros((40, 40, 10), dtype=np.uint8)
    region[8:20, 8:28] = 1
    mask = folder / "region.nii.gz"
    nibabel.save(nibabel.Nifti1Image(region, np.diag([-0.5, -0.5, STEP, 1.0])), mask)
    return folder / "series", mask


def test_the_score_of_a_region_names_what_was_said(heart: tuple[Path, Path]) -> None:
    series, mask = heart
    body = measure(Asked(series, mask=mask, index="agatston", contrast="no", gated="yes"))
    score = body["measurements"][0]
    assert (score["name"], score["value"], score["validated"]) == ("Agatston score", 4 * 1 + 4 * 4, False)
    assert any("gated: yes, by the word" in text for text in body["warnings"])
    assert "Agatston score: 20" in measure_text(body)


def test_what_nobody_said_is_asked_and_what_fails_is_refused(heart: tuple[Path, Path]) -> None:
    series, mask = heart
    with pytest.raises(NotAssessable) as asked:
        measure(Asked(series, mask=mask, index="agatston"))
    assert "ECG?" in asked.value.action and "contrast?" in asked.value.action
    with pytest.raises(NotAssessable, match="not assessable"):
        measure(Asked(series, mask=mask, index="agatston", contrast="yes", gated="yes"))
    with pytest.raises(NotAssessable) as thick:
        measure(Asked(series, mask=mask, index="laa950", inspiration="yes", contrast="no"))
    assert "3 mm thick" in str(thick.value.found)
    with pytest.raises(UsageError, match="region"):
        measure(Asked(series, index="agatston", contrast="no", gated="yes"))
    with pytest.raises(UsageError, match="--gated"):
        measure(Asked(series, mask=mask, index="agatston", gated="maybe"))
    with pytest.raises(UsageError, match="--measure"):
        measure(Asked(series, index="emphysema"))
    with pytest.raises(BadInput, match="CT series"):
        measure(Asked(next(series.iterdir()), mask=mask, index="agatston"))


def test_values_without_their_intercept_have_no_score(tmp_path: Path, heart: tuple[Path, Path]) -> None:
    values = np.full((40, 40, 10), 1064, dtype=np.int16)
    values[:, :6] = 24
    path = tmp_path / "lost.nii.gz"
    nibabel.save(nibabel.Nifti1Image(values, np.diag([-0.5, -0.5, STEP, 1.0])), path)
    with pytest.raises(NotAssessable, match="not Hounsfield units"):
        measure(Asked(path, mask=heart[1], index="agatston", contrast="no", gated="yes", modality="CT"))
    with pytest.raises(NotAssessable, match="measure of CT"):
        measure(Asked(path, index="laa950", inspiration="yes", contrast="no"))
