"""DICOM series become volumes: each voxel at its place in the patient, whatever files are called or numbered."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from films import instance, saved
from pydicom.uid import generate_uid
from series_made import affine_of, enhanced, nifti, numbered, orientations, slices, written

from tools.errors import IdentityMismatch, NotAssessable, UsageError
from tools.imaging.reading import read_image
from tools.imaging.refusals import NotAnImage, UnreadableImage
from tools.imaging.volume import Volume, canonical, measurable
from tools.imaging.volumes import read_volume, stacks_at

AXIAL = affine_of(np.eye(3))


def places(volume: Volume) -> dict[float, tuple[float, ...]]:
    """Where each value lies."""
    return {float(value): volume.at(*index) for index, value in np.ndenumerate(volume.values)}


@pytest.mark.parametrize("number", range(24))
def test_every_voxel_lies_where_the_files_say(number: int, tmp_path: Path) -> None:
    affine = affine_of(orientations()[number])
    values = numbered()
    read = read_volume(written(slices(values, affine), tmp_path / "s", seed=number))
    assert (read.uniform, read.tilt_deg, read.spacing_source) == (True, 0.0, "ImagePositionPatient")
    assert read.spacing_mm == pytest.approx((2.5, 1.3, 0.7))
    found = places(read)
    for index, value in np.ndenumerate(values):
        k, j, i = index
        assert found[float(value)] == pytest.approx((affine @ [i, j, k, 1])[:3])
    same = read_volume(nifti(values, affine, tmp_path / "v.nii.gz"))
    ours, theirs = canonical(read)[0], canonical(same)[0]
    assert np.array_equal(ours.values, theirs.values)
    assert ours.affine == pytest.approx(theirs.affine, abs=1e-5)


def test_oblique_slices_keep_their_place(tmp_path: Path) -> None:
    # Any three directions at right angles will do.
    turn, _ = np.linalg.qr(np.array([[0.7, -0.4, 0.5], [0.6, 0.8, 0.1], [-0.3, 0.2, 0.9]]))
    affine = affine_of(turn * [1, 1, np.linalg.det(turn)])
    read = read_volume(written(slices(numbered(), affine), tmp_path / "s"))
    assert read.affine == pytest.approx(affine, abs=1e-6)
    assert read.tilt_deg == 0.0


def test_a_missing_slice_is_found_and_not_measured(tmp_path: Path) -> None:
    for gone in (1, 3, 7):
        made = slices(numbered((9, 4, 3)), AXIAL)
        del made[gone]
        read = read_volume(written(made, tmp_path / str(gone)))
        assert not read.uniform
        assert f"slices {gone - 1} and {gone} are 5 mm apart where 2.5 mm is usual: 1 slice missing" in read.warnings[0]
        with pytest.raises(NotAssessable):
            measurable(read)


def test_uneven_and_shifted_slices_are_not_uniform(tmp_path: Path) -> None:
    made = slices(numbered((6, 4, 3)), AXIAL)
    made[5].ImagePositionPatient = [5, -7, 11 + 4 * 2.5 + 4]
    assert not read_volume(written(made, tmp_path / "uneven")).uniform
    made = slices(numbered((6, 4, 3)), AXIAL)
    made[3].ImagePositionPatient = [8, -7, 11 + 3 * 2.5]
    shifted = read_volume(written(made, tmp_path / "shifted"))
    assert not shifted.uniform and "sideways" in shifted.warnings[0]
    rounded = slices(numbered((9, 4, 3)), affine_of(np.eye(3), (0.7, 1.3, 0.625)))
    for one in rounded:
        one.ImagePositionPatient = [round(float(part), 1) for part in one.ImagePositionPatient]
    assert read_volume(written(rounded, tmp_path / "rounded")).uniform


def test_a_tilted_gantry_is_seen_in_the_positions(tmp_path: Path) -> None:
    affine = affine_of(np.eye(3))
    affine[:3, 2] = (0, 2.5 * np.tan(np.radians(17)), 2.5)
    read = read_volume(written(slices(numbered(), affine, GantryDetectorTilt=17), tmp_path / "s"))
    assert read.uniform and not read.square
    assert read.tilt_deg == pytest.approx(17)
    assert read.voxel_ml == pytest.approx(0.7 * 1.3 * 2.5 / 1000)
    assert read.warnings == ("the stack leans by 17 degrees: sheared, not at right angles",)
    square = read_volume(written(slices(numbered(), AXIAL, GantryDetectorTilt=17), tmp_path / "t"))
    assert square.square and "states a gantry tilt of 17 degrees, the positions show no tilt" in square.warnings[0]


def test_localisers_reports_and_text_stand_apart(tmp_path: Path) -> None:
    folder = written(slices(numbered(), AXIAL), tmp_path / "s")
    scout = slices(numbered((2, 4, 3)), affine_of(orientations()[5]), ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    written(scout, folder / "scout")
    report = instance(numbered()[0], Modality="SR", sop_class="1.2.840.10008.5.1.4.1.1.88.67")
    del report.PixelData, report.Rows, report.Columns
    saved(report, folder / "dose.dcm")
    (folder / "notes.txt").write_text("notes")
    found = stacks_at(folder)
    assert sorted(stack.kind for stack in found.stacks) == ["localiser", "volume"]
    assert [stack.kind for stack in found.volumes] == ["volume"]
    assert {one.path.name: one.why for one in found.apart} == {
        "dose.dcm": "X-Ray Radiation Dose SR Storage",
        "notes.txt": "not DICOM",
    }
    assert len(read_volume(folder).values) == 5


def test_slices_of_another_orientation_in_the_series_stand_apart(tmp_path: Path) -> None:
    made = slices(numbered(), AXIAL)
    odd = slices(numbered((1, 4, 3)), affine_of(orientations()[5]))[0]
    odd.SeriesInstanceUID, odd.FrameOfReferenceUID = made[0].SeriesInstanceUID, made[0].FrameOfReferenceUID
    read = read_volume(written([*made, odd], tmp_path / "s"))
    assert len(read.values) == 5 and read.uniform
    long = slices(numbered((30, 4, 3)), AXIAL)
    few = slices(numbered((3, 4, 3)), affine_of(orientations()[5]))
    for one in few:
        one.SeriesInstanceUID, one.FrameOfReferenceUID = long[0].SeriesInstanceUID, long[0].FrameOfReferenceUID
    found = stacks_at(written([*long, *few], tmp_path / "t"))
    assert [stack.kind for stack in found.stacks] == ["volume", "aside"] and len(found.volumes) == 1


def test_series_without_identifiers_stay_apart(tmp_path: Path) -> None:
    silent = {"SeriesInstanceUID": None, "StudyInstanceUID": None}
    one = slices(numbered(), AXIAL, SeriesNumber=1, **silent)
    two = slices(numbered(), AXIAL, SeriesNumber=2, **silent)
    found = stacks_at(written([*one, *two], tmp_path / "s"))
    assert [stack.id for stack in found.volumes] == ["without-series-uid", "without-series-uid~2"]
    assert len(read_volume(tmp_path / "s", "without-series-uid~2").values) == 5


def test_of_several_series_one_has_to_be_named(tmp_path: Path) -> None:
    one, two = slices(numbered(), AXIAL), slices(numbered((6, 4, 3)), AXIAL, SeriesDescription="bone")
    folder = written([*one, *two], tmp_path / "s")
    with pytest.raises(NotAssessable, match="2 volumes") as caught:
        read_volume(folder)
    assert "bone" in str(caught.value.found) and one[0].SeriesInstanceUID in str(caught.value.found)
    assert len(read_volume(folder, two[0].SeriesInstanceUID).values) == 6
    with pytest.raises(NotAssessable, match="no such series"):
        read_volume(folder, "1.2.3")


def test_phases_at_the_same_places_are_told_apart_or_refused(tmp_path: Path) -> None:
    shared = {"SeriesInstanceUID": generate_uid(), "FrameOfReferenceUID": generate_uid()}
    early = slices(numbered(), AXIAL, TemporalPositionIdentifier=1, **shared)
    late = slices(numbered() + 100, AXIAL, TemporalPositionIdentifier=2, **shared)
    found = stacks_at(written([*early, *late], tmp_path / "s"))
    assert ["TemporalPositionIdentifier 1, 1 of 2" in found.stacks[0].why, len(found.volumes)] == [True, 2]
    assert read_volume(tmp_path / "s", found.stacks[1].id).values.min() == 100
    same = [*slices(numbered(), AXIAL, **shared), *slices(numbered(), AXIAL, **shared)]
    with pytest.raises(NotAssessable, match="same place"):
        read_volume(written(same, tmp_path / "t"))


def test_two_acquisitions_that_overlap_are_two_volumes(tmp_path: Path) -> None:
    shared = {"SeriesInstanceUID": generate_uid(), "FrameOfReferenceUID": generate_uid()}
    upper = slices(numbered((8, 4, 3)), AXIAL, AcquisitionNumber=1, **shared)
    lower = slices(numbered((8, 4, 3)), affine_of(np.eye(3), origin=(5, -7, 24.7)), AcquisitionNumber=2, **shared)
    assert len(stacks_at(written([*upper, *lower], tmp_path / "s")).volumes) == 2


def test_the_same_instance_twice_is_read_once(tmp_path: Path) -> None:
    made = slices(numbered(), AXIAL)
    folder = written(made, tmp_path / "s")
    saved(made[0], folder / "copy.dcm")
    assert len(read_volume(folder).values) == 5
    assert stacks_at(folder).told


def test_different_patients_are_never_one_volume(tmp_path: Path) -> None:
    made = slices(numbered(), AXIAL)
    made[2].PatientID = "P2"
    with pytest.raises(IdentityMismatch) as caught:
        read_volume(written(made, tmp_path / "s"))
    assert "P2" not in str(caught.value.document())


def test_every_slice_is_rescaled_by_its_own_numbers(tmp_path: Path) -> None:
    made = slices(numbered(), AXIAL)
    for number, one in enumerate(made):
        one.RescaleSlope = number + 0.5
    read = read_volume(written(made, tmp_path / "s"))
    for number, plane in enumerate(read.values):
        assert plane == pytest.approx((numbered()[number] + 1024) * (number + 0.5) - 1024)


def test_a_multi_frame_ct_is_one_volume(tmp_path: Path) -> None:
    affine = affine_of(orientations()[7])
    values = numbered()
    one = enhanced(values, affine)
    read = read_volume(saved(one, tmp_path / "enhanced.dcm"))
    assert np.array_equal(
        canonical(read)[0].values, canonical(read_volume(nifti(values, affine, tmp_path / "v.nii")))[0].values
    )
    assert read.affine == pytest.approx(affine)
    assert {part.frame for part in read.slices} == set(range(5))
    assert read.header.acquisition.slice_thickness_mm == 9
    del one.PerFrameFunctionalGroupsSequence
    with pytest.raises(NotAssessable, match="holds no volume") as caught:
        read_volume(saved(one, tmp_path / "cine.dcm"))
    assert "a film, not a volume" in str(caught.value.found)


def test_values_that_are_not_hounsfield_units_are_said(tmp_path: Path) -> None:
    plain = slices(numbered(), AXIAL, RescaleSlope=None, RescaleIntercept=None, RescaleType=None)
    assert "CT values are as stored" in read_volume(written(plain, tmp_path / "s")).warnings[0]
    other = slices(numbered(), AXIAL, RescaleType="HU_MOD")
    assert read_volume(written(other, tmp_path / "t")).warnings == ("CT values are HU_MOD, not Hounsfield units",)


def test_padding_and_missing_bits(tmp_path: Path) -> None:
    values = numbered()
    values[2, 1, 1] = -2048
    made = slices(values, AXIAL, PixelPaddingValue=-1024)
    read = read_volume(written(made, tmp_path / "s"))
    assert "1 voxels are padding outside the image (PixelPaddingValue, here -2048)" in read.warnings
    twelve = slices(numbered(), AXIAL, BitsStored=12, HighBit=11, PixelRepresentation=0)
    for one in twelve:
        one.PixelData = (np.frombuffer(one.PixelData, np.uint16) | 0xA000).tobytes()
    assert np.array_equal(read_volume(written(twelve, tmp_path / "t")).values, numbered())


@pytest.mark.parametrize("syntax", ["implicit", "big", "rle", "j2k", "lut"])
def test_other_encodings_give_the_same_voxels(syntax: str, tmp_path: Path) -> None:
    from pydicom.dataset import Dataset
    from pydicom.uid import ImplicitVRLittleEndian, JPEG2000Lossless, RLELossless

    made = slices(numbered((3, 32, 32)), AXIAL)
    folder = tmp_path / "s"
    folder.mkdir()
    for number, one in enumerate(made):
        if syntax == "implicit":
            one.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
        elif syntax == "big":
            one.PixelData = np.frombuffer(one.PixelData, "<i2").astype(">i2").tobytes()
            one.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.2"
        elif syntax in ("rle", "j2k"):
            one.compress(RLELossless if syntax == "rle" else JPEG2000Lossless, generate_instance_uid=False)
        else:
            del one.RescaleSlope, one.RescaleIntercept, one.RescaleType
            lut = Dataset()
            lut.LUTDescriptor, lut.ModalityLUTType = [4096, 0, 16], "US"
            lut.LUTData = np.arange(4096, dtype=np.uint16).tobytes()
            lut["LUTData"].VR = "OW"
            one.ModalityLUTSequence, one.PixelRepresentation = [lut], 0
        saved(one, folder / f"{number}.dcm") if syntax != "big" else one.save_as(
            folder / f"{number}.dcm", implicit_vr=False, little_endian=False, enforce_file_format=True
        )
    read = read_volume(folder)
    assert np.array_equal(read.values, numbered((3, 32, 32)) + (1024 if syntax == "lut" else 0))
    # Each compressed image starts a process: one is enough.
    for number, one in list(enumerate(read.slices))[: 1 if syntax == "j2k" else 3]:
        image = read_image(one.path or folder)
        assert image.values is not None and np.array_equal(image.values, read.values[number])


def test_a_slice_cut_short_or_broken_is_named(tmp_path: Path) -> None:
    folder = written(slices(numbered(), AXIAL), tmp_path / "s")
    whole = (folder / "0002.dcm").read_bytes()
    (folder / "0002.dcm").write_bytes(whole[:-10])
    with pytest.raises(UnreadableImage, match="0002"):
        read_volume(folder)
    (folder / "0002.dcm").write_bytes(whole[:300])
    found = stacks_at(folder)
    assert [one.path.name for one in found.apart] == ["0002.dcm"]
    assert "images that cannot be read are left out: 0002.dcm" in read_volume(folder).warnings


def test_what_is_no_volume_says_so(tmp_path: Path) -> None:
    folder = written(slices(numbered()[:1], AXIAL), tmp_path / "one")
    with pytest.raises(NotAssessable, match="holds no volume") as caught:
        read_volume(folder)
    assert "one slice is no volume" in str(caught.value.found)
    with pytest.raises(NotAssessable):
        read_volume(saved(instance(numbered()[0]), tmp_path / "film.dcm"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(NotAssessable):
        read_volume(tmp_path / "empty")
    (tmp_path / "text.txt").write_text("text")
    with pytest.raises(NotAnImage):
        read_volume(tmp_path / "text.txt")
    with pytest.raises(UsageError):
        read_volume(tmp_path / "nothing")
