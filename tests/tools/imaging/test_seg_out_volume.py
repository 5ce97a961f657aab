"""Masks of a series as one DICOM SEG over its slices, opened again; masks of NIfTI as a label map."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.uid import generate_uid
from series_made import affine_of, enhanced, nifti, slices, written

from knowledge.coding import Coding
from tools.errors import BadInput
from tools.imaging.mask_files import mask_from
from tools.imaging.seg_out_volume import write_volume_masks
from tools.imaging.volumes import read_volume
from tools.segmenters.segment import Segment

BY = ("a method", "1")
SPLEEN = Coding(system="http://snomed.info/sct", code="78961009", display="Splenic structure")
SHAPE = (5, 8, 6)


def values() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 1000, SHAPE).astype(np.float64)


def segments() -> list[Segment]:
    first, second = np.zeros(SHAPE, dtype=bool), np.zeros(SHAPE, dtype=bool)
    first[1:3, 2:5, 1:3] = True
    second[4, 6:, 4:] = True
    return [
        Segment("spleen", first, 0.9, *BY, edited=True),
        Segment("another", second, 0.5, "other", "2", coded=SPLEEN),
    ]


def test_a_series_gets_one_seg_that_lies_on_its_slices(tmp_path: Path) -> None:
    source = written(slices(values(), affine_of(np.eye(3))), tmp_path / "s")
    volume = read_volume(source)
    rows = write_volume_masks(volume, segments(), tmp_path / "out")
    assert [row["label"] for row in rows] == [1, 2] and len({row["path"] for row in rows}) == 1
    for number, segment in enumerate(segments(), 1):
        assert (mask_from(Path(rows[0]["path"]), volume, number) == segment.mask).all()
    stored = dcmread(rows[0]["path"])
    assert stored.Modality == "SEG" and stored.StudyInstanceUID == volume.header.study_instance_uid
    assert [one.SegmentAlgorithmType for one in stored.SegmentSequence] == ["SEMIAUTOMATIC", "AUTOMATIC"]
    referenced = {one.ReferencedSOPInstanceUID for one in stored.ReferencedSeriesSequence[0].ReferencedInstanceSequence}
    assert referenced <= {one.sop_instance_uid for one in volume.slices}


def test_a_multi_frame_source_is_one_instance(tmp_path: Path) -> None:
    made = enhanced(values(), affine_of(np.eye(3)))
    made.FrameOfReferenceUID = generate_uid()
    source = written([made], tmp_path / "e")
    volume = read_volume(source)
    rows = write_volume_masks(volume, segments(), tmp_path / "out")
    assert (mask_from(Path(rows[0]["path"]), volume, 1) == segments()[0].mask).all()


def test_a_tilted_series_keeps_its_tilt(tmp_path: Path) -> None:
    leaning = affine_of(np.eye(3))
    leaning[1, 2] = 0.6
    volume = read_volume(written(slices(values(), leaning), tmp_path / "t"))
    assert volume.tilt_deg > 5
    stored = dcmread(write_volume_masks(volume, segments(), tmp_path / "out")[0]["path"])
    places = {
        tuple(float(part) for part in frame.PlanePositionSequence[0].ImagePositionPatient)
        for frame in stored.PerFrameFunctionalGroupsSequence
    }
    assert places == {one.position_mm for one in volume.slices if one.position_mm is not None} - {
        volume.slices[n].position_mm for n in (0, 3)
    }


def test_probabilities_make_a_fractional_seg(tmp_path: Path) -> None:
    volume = read_volume(written(slices(values(), affine_of(np.eye(3))), tmp_path / "s"))
    sure = np.random.default_rng(3).random(SHAPE).astype(np.float32)
    marks = [Segment("spleen", sure > 0.5, 0.9, *BY, probability=sure), segments()[1]]
    path = Path(write_volume_masks(volume, marks, tmp_path / "out")[0]["path"])
    stored = dcmread(path)
    assert (stored.SegmentationType, stored.SegmentationFractionalType) == ("FRACTIONAL", "PROBABILITY")
    import highdicom

    uids = [str(one.sop_instance_uid) for one in volume.slices]
    back = highdicom.seg.segread(path).get_pixels_by_source_instance(uids, segment_numbers=[1])[..., 0]
    assert np.abs(back - sure).max() <= 0.5 / 255 + 1e-6
    far = np.abs(sure - 0.5) > 0.01
    assert ((mask_from(path, volume, 1) == (sure > 0.5)) | ~far).all()
    assert (mask_from(path, volume, 2) == segments()[1].mask).all()


def test_nifti_gets_a_label_map_on_its_grid(tmp_path: Path) -> None:
    volume = read_volume(nifti(values(), affine_of(np.eye(3)), tmp_path / "v.nii.gz"))
    rows = write_volume_masks(volume, segments(), tmp_path / "out")
    assert np.allclose(nibabel.load(rows[0]["path"]).affine, nibabel.load(tmp_path / "v.nii.gz").affine, atol=1e-4)
    for number, segment in enumerate(segments(), 1):
        assert (mask_from(Path(rows[0]["path"]), volume, number) == segment.mask).all()
    (told,) = (tmp_path / "out").glob("*.json")
    about = json.loads(told.read_text())
    assert [row["structure"] for row in about["segments"]] == ["spleen", "another"]
    assert np.array_equal(about["affine_lps"], volume.affine)
    assert np.array_equal(np.diag([-1, -1, 1, 1]) @ about["affine_ras"], volume.affine)


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    volume = read_volume(written(slices(values(), affine_of(np.eye(3))), tmp_path / "s"))
    with pytest.raises(BadInput):
        write_volume_masks(
            volume, [Segment("x", np.zeros((2, 2, 2), dtype=bool), 1.0, *BY, coded=SPLEEN)], tmp_path / "out"
        )
    made = slices(values(), affine_of(np.eye(3)))
    for one in made:
        del one.StudyInstanceUID
    bare = read_volume(written(made, tmp_path / "bare"))
    with pytest.raises(BadInput, match="referenced"):
        write_volume_masks(bare, segments(), tmp_path / "out")
