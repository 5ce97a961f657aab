"""Masks: DICOM SEG that references its source, PNG with JSON for other files, and no UID made up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from films import film, instance, saved
from numpy.typing import NDArray
from PIL import Image as Pillow

from knowledge.coding import SYSTEMS, Coding
from tools.errors import BadInput
from tools.imaging.dicom_out import ANATOMY, HAND
from tools.imaging.reading import read_image
from tools.imaging.seg_out import write_masks
from tools.segmenters.segment import Segment

LUNG = Coding(system=SYSTEMS["snomed"], code="39607008", display="Lung")
BY = ("osler-ct-threshold", "1.2.0")


def segments(rows: int, columns: int) -> list[Segment]:
    """Two masks."""
    one: NDArray[np.bool_] = np.zeros((rows, columns), dtype=bool)
    one[5:15, 3:9] = True
    return [
        Segment("right lung", one, 0.7, *BY, coded=LUNG),
        Segment("left lung", one[:, ::-1].copy(), 0.9, *BY, edited=True, coded=LUNG),
    ]


def test_a_film_gives_a_dicom_seg_that_references_it(tmp_path: Path) -> None:
    made = instance(film(40, 32), PatientID="77", PatientName="Ellison^M", PixelSpacing=[0.2, 0.2])
    path = saved(made, tmp_path / "film.dcm")
    marks = segments(40, 32)
    rows = write_masks(read_image(path), path, marks, tmp_path / "out")
    assert [(row["structure"], row["voxels"], row["confidence"]) for row in rows] == [
        ("right lung", 60, 0.7),
        ("left lung", 60, 0.9),
    ]
    import highdicom

    seg = highdicom.seg.segread(rows[0]["path"])
    assert (seg.StudyInstanceUID, seg.PatientID) == (made.StudyInstanceUID, "77")
    assert seg.SeriesInstanceUID != made.SeriesInstanceUID and "PixelSpacing" not in seg
    described = seg.SegmentSequence[1]
    assert described.SegmentLabel == "left lung"
    assert described.SegmentedPropertyTypeCodeSequence[0].CodeValue == "39607008"
    assert described.SegmentedPropertyCategoryCodeSequence[0].CodeValue == ANATOMY.code
    assert [part.SegmentAlgorithmType for part in seg.SegmentSequence] == ["AUTOMATIC", "SEMIAUTOMATIC"]
    algorithm = described.SegmentationAlgorithmIdentificationSequence[0]
    assert (algorithm.AlgorithmName, algorithm.AlgorithmVersion) == BY
    for number, mark in enumerate(marks, 1):
        back: Any = seg.get_pixels_by_source_instance([made.SOPInstanceUID], segment_numbers=[number])
        assert np.array_equal(back[0, ..., 0].astype(bool), mark.mask)


def test_a_side_that_the_code_does_not_say_and_a_hand_that_drew(tmp_path: Path) -> None:
    import pydicom

    path = saved(instance(film(40, 32)), tmp_path / "film.dcm")
    mask = segments(40, 32)[0].mask
    marks = [Segment("left kidney", mask, 1.0, HAND, ""), Segment("skin lesion", mask, 0.5, *BY)]
    seg = pydicom.dcmread(write_masks(read_image(path), path, marks, tmp_path / "out")[0]["path"])
    kidney, lesion = seg.SegmentSequence
    typed = kidney.SegmentedPropertyTypeCodeSequence[0]
    assert typed.CodeValue == "64033007"
    assert [part.CodeMeaning for part in typed.SegmentedPropertyTypeModifierCodeSequence] == ["Left"]
    assert kidney.SegmentAlgorithmType == "MANUAL" and "SegmentationAlgorithmIdentificationSequence" not in kidney
    assert lesion.SegmentedPropertyCategoryCodeSequence[0].CodeMeaning == "Morphologically Abnormal Structure"


def test_frames_without_a_frame_of_reference_are_refused(tmp_path: Path) -> None:
    # highdicom writes no SEG of several frames without one.
    made = instance(np.stack([film(40, 32)] * 3), "1.2.840.10008.5.1.4.1.1.7.3", Modality="OT")
    path = saved(made, tmp_path / "stack.dcm")
    with pytest.raises(BadInput, match="no DICOM SEG"):
        write_masks(read_image(path, 2), path, segments(40, 32)[:1], tmp_path / "out")


def test_a_picture_gives_png_and_json(tmp_path: Path) -> None:
    Pillow.fromarray((film(40, 32) >> 4).astype(np.uint8)).save(tmp_path / "film.png")
    image = read_image(tmp_path / "film.png")
    rows = write_masks(image, tmp_path / "film.png", segments(40, 32), tmp_path / "out")
    back = np.asarray(Pillow.open(rows[1]["path"]))
    assert np.array_equal(back == 255, segments(40, 32)[1].mask) and set(np.unique(back)) == {0, 255}
    about = json.loads(next((tmp_path / "out").glob("*.json")).read_text())
    assert about["source"]["sha256"] == image.sha256 and about["spacing_mm"] is None
    assert "uid" not in json.dumps(about).casefold()
    assert [row["coding"]["code"] for row in about["segments"]] == ["39607008", "39607008"]


def test_a_source_without_uids_is_refused_not_given_some(tmp_path: Path) -> None:
    path = saved(instance(film(40, 32), StudyInstanceUID=None), tmp_path / "film.dcm")
    with pytest.raises(BadInput) as caught:
        write_masks(read_image(path), path, segments(40, 32), tmp_path / "out")
    assert "StudyInstanceUID" in str(caught.value.found)
    assert list((tmp_path / "out").glob("*")) == []


def test_a_mask_of_another_size_is_refused(tmp_path: Path) -> None:
    path = saved(instance(film(40, 32)), tmp_path / "film.dcm")
    with pytest.raises(BadInput, match="does not fit"):
        write_masks(read_image(path), path, segments(41, 32), tmp_path / "out")


def test_a_code_without_a_dicom_designator_is_refused(tmp_path: Path) -> None:
    path = saved(instance(film(40, 32)), tmp_path / "film.dcm")
    coded = Coding(system="http://local.example", code="1", display="x")
    local = Segment("x", segments(40, 32)[0].mask, 1.0, *BY, coded=coded)
    with pytest.raises(BadInput, match="no DICOM SEG"):
        write_masks(read_image(path), path, [local], tmp_path / "out")
