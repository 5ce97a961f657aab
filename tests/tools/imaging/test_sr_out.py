"""Measurement reports: content read back equal by pydicom alone, unverified until signed, no UID made up."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from films import film, instance, saved
from pydicom import dcmread
from series_made import affine_of, slices, written

from tools.errors import BadInput, Refused, UsageError
from tools.imaging.dicom_out import HAND
from tools.imaging.measures.model import rounded
from tools.imaging.measuring import Target, between, measured
from tools.imaging.reading import read_image
from tools.imaging.seg_out import write_masks
from tools.imaging.seg_out_volume import write_volume_masks
from tools.imaging.sr_out import AT_DETECTOR, Measured, write_report
from tools.imaging.sr_sign import read_report, sign_report
from tools.imaging.volume import Volume
from tools.imaging.volumes import read_volume
from tools.segmenters.segment import Segment

SHAPE = (6, 40, 30)


def series(folder: Path) -> Volume:
    """A CT series."""
    values = np.random.default_rng(0).integers(0, 90, SHAPE).astype(np.float64)
    return read_volume(written(slices(values, affine_of(np.eye(3))), folder))


def film_at(path: Path) -> Path:
    """A film whose spacing is that at the detector."""
    return saved(instance(film(64, 48), ImagerPixelSpacing=[0.2, 0.2], PatientID="77", PatientName="E^M"), path)


def spleen(shape: tuple[int, ...]) -> Segment:
    """A block."""
    mask = np.zeros(shape, dtype=bool)
    mask[..., 10:30, 8:20] = True
    if mask.ndim == 3:
        mask[0] = mask[5] = False
    return Segment("spleen" if mask.ndim == 3 else "left lung", mask, 0.8, "osler-ct-threshold", "1.0.0")


def report(target: Target, folder: Path, source: Path | None = None) -> tuple[Path, Path, Measured]:
    """SEG and SR of a block, and what was measured."""
    shape = target.values.shape if isinstance(target, Volume) else target.pixels.shape
    one = spleen(shape)
    if isinstance(target, Volume):
        seg = write_volume_masks(target, [one], folder)[0]["path"]
    else:
        assert source is not None
        seg = write_masks(target, source, [one], folder)[0]["path"]
    rows, told = measured(target, one.mask, one.structure)
    found = Measured(one.structure, tuple(rows), one, 1, tuple(told) or ("not validated",))
    return Path(seg), write_report(target, [found], folder, source, Path(seg)), found


def items(dataset: Any, value_type: str) -> list[Any]:
    """Every content item of a type, anywhere in the tree."""
    found = []
    for item in dataset.get("ContentSequence", []):
        found += [item] if item.ValueType == value_type else []
        found += items(item, value_type)
    return found


@pytest.fixture(scope="module")
def of_series(tmp_path_factory: pytest.TempPathFactory) -> tuple[Volume, Path, Path, Measured]:
    folder = tmp_path_factory.mktemp("sr")
    volume = series(folder / "s")
    return volume, *report(volume, folder / "out")


def test_every_value_is_read_back(of_series: tuple[Volume, Path, Path, Measured]) -> None:
    volume, _, path, found = of_series
    stored, rows = read_report(path)
    there = {(row.value, row.unit) for row in rows}
    assert len(rows) == len(found.measurements)
    for one in found.measurements:
        assert (rounded(one.value), one.unit) in there
    long = next(row for row in rows if row.name == "Long axis")
    source = next(one for one in found.measurements if one.name == "long axis")
    assert source.interval is not None and long.tracking == "spleen"
    assert long.low == pytest.approx(source.interval.low, abs=0.02)
    assert long.high == pytest.approx(source.interval.high, abs=0.02)
    assert source.method in long.comment and str(source.scale_source) in long.comment
    assert stored.StudyInstanceUID == volume.header.study_instance_uid and stored.PatientID == "P1"
    assert stored.SeriesInstanceUID != volume.header.series_instance_uid
    assert (stored.VerificationFlag, stored.PreliminaryFlag) == ("UNVERIFIED", "PRELIMINARY")
    for uid in (stored.SOPInstanceUID, stored.SeriesInstanceUID):
        assert uid.startswith("2.25.")


def test_it_refers_to_segment_slices_device_and_algorithm(of_series: tuple[Volume, Path, Path, Measured]) -> None:
    volume, seg, path, _ = of_series
    stored = dcmread(path)
    segment = dcmread(seg)
    images = [item.ReferencedSOPSequence[0] for item in items(stored, "IMAGE")]
    assert (segment.SOPInstanceUID, 1) in {
        (one.ReferencedSOPInstanceUID, one.get("ReferencedSegmentNumber")) for one in images
    }
    sources = {one.sop_instance_uid for one in volume.slices}
    assert {one.ReferencedSOPInstanceUID for one in images} - {segment.SOPInstanceUID} <= sources
    texts = {item.ConceptNameCodeSequence[0].CodeMeaning: item.TextValue for item in items(stored, "TEXT")}
    assert texts["Device Observer Name"] == "Osler" and texts["Tracking Identifier"] == "spleen"
    names = [item.TextValue for item in items(stored, "TEXT") if item.ConceptNameCodeSequence[0].CodeValue == "111001"]
    assert {"osler-ct-threshold", "Osler measures"} == set(names)
    sites = [
        item.ConceptCodeSequence[0].CodeValue
        for item in items(stored, "CODE")
        if item.ConceptNameCodeSequence[0].CodeValue == "363698007"
    ]
    assert set(sites) == {"78961009"}
    # The long axis: two ends on a slice, counted from the corner of the first pixel.
    line = np.reshape(items(stored, "SCOORD")[0].GraphicData, (2, 2))
    assert set(line[:, 0]) <= {8.0, 8.5, 19.5, 20.0} and set(line[:, 1]) <= {10.0, 10.5, 29.5, 30.0}


def test_on_a_film_lengths_are_at_the_detector(tmp_path: Path) -> None:
    path = film_at(tmp_path / "film.dcm")
    seg, made, _ = report(read_image(path), tmp_path / "out", path)
    stored, rows = read_report(made)
    assert {row.method for row in rows if row.unit in ("mm", "cm2")} == {AT_DETECTOR}
    assert all("detector" in row.comment.lower() for row in rows if row.unit in ("mm", "cm2"))
    frame = [item for item in items(stored, "IMAGE") if item.ConceptNameCodeSequence[0].CodeValue == "121214"]
    assert frame[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID == dcmread(seg).SOPInstanceUID


def test_landmarks_alone_within_and_across_slices(tmp_path: Path) -> None:
    volume = series(tmp_path / "s")
    flat = between([(4, 5, 2), (20, 30, 2)], volume)
    across = between([(4, 5, 1), (20, 30, 4)], volume)
    one = write_report(volume, [Measured("lesion", (flat,))], tmp_path / "flat")
    other = write_report(volume, [Measured("", (across,))], tmp_path / "across")
    drawn = items(dcmread(one), "SCOORD")[0]
    assert list(drawn.GraphicData) == [4.5, 5.5, 20.5, 30.5]
    shown = drawn.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID
    assert shown == volume.slices[2].sop_instance_uid
    places = np.reshape(items(dcmread(other), "SCOORD3D")[0].GraphicData, (2, 3))
    assert np.linalg.norm(places[1] - places[0]) == pytest.approx(across.value, abs=1e-3)
    assert read_report(other)[1][0].tracking == "landmarks"


def test_signed_by_a_person(tmp_path: Path, of_series: tuple[Volume, Path, Path, Measured]) -> None:
    _, _, path, _ = of_series
    with pytest.raises(UsageError):
        sign_report(path, " ", "Hospital", tmp_path)
    signed = sign_report(path, "Weber^Anna", "Hospital", tmp_path)
    before, rows = read_report(path)
    after, same = read_report(signed)
    assert rows == same and before.VerificationFlag == "UNVERIFIED"
    assert (after.VerificationFlag, after.PreliminaryFlag) == ("VERIFIED", "FINAL")
    assert after.VerifyingObserverSequence[0].VerifyingObserverName == "Weber^Anna"
    assert after.VerifyingObserverSequence[0].VerifyingOrganization == "Hospital"
    earlier = after.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0]
    assert earlier.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == before.SOPInstanceUID
    assert len({before.SOPInstanceUID, after.SOPInstanceUID, before.SeriesInstanceUID, after.SeriesInstanceUID}) == 4
    with pytest.raises(Refused):
        sign_report(signed, "Weber^Anna", "Hospital", tmp_path)


def test_a_mask_drawn_by_hand_has_no_algorithm(tmp_path: Path) -> None:
    path = film_at(tmp_path / "film.dcm")
    image = read_image(path)
    one = replace(spleen(image.pixels.shape), algorithm=HAND, version="")
    seg = Path(write_masks(image, path, [one], tmp_path / "out")[0]["path"])
    rows, _ = measured(image, one.mask, one.structure)
    stored = dcmread(write_report(image, [Measured("left lung", tuple(rows), one, 1)], tmp_path / "out", path, seg))
    texts = [item.TextValue for item in items(stored, "TEXT")]
    assert any("given by a person" in text for text in texts) and "osler-ct-threshold" not in texts


def test_what_is_no_report_or_cannot_be_referenced(tmp_path: Path) -> None:
    path = saved(instance(film(40, 32), SeriesInstanceUID=None), tmp_path / "film.dcm")
    with pytest.raises(BadInput, match="referenced"):
        write_report(read_image(path), [], tmp_path / "out", path)
    with pytest.raises(BadInput, match="no measurement report"):
        read_report(path)
    (tmp_path / "x").write_text("x")
    with pytest.raises(BadInput):
        read_report(tmp_path / "x")
    with pytest.raises(UsageError):
        read_report(tmp_path / "none")


def test_dcmtk_reads_the_tree(tmp_path: Path, of_series: tuple[Volume, Path, Path, Measured]) -> None:
    if shutil.which("dsrdump") is None:
        pytest.skip("dsrdump is not installed: apt-get install dcmtk")
    _, _, path, found = of_series
    for each in (path, sign_report(path, "Weber^Anna", "Hospital", tmp_path)):
        done = subprocess.run(["dsrdump", "-Ei", str(each)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("<has properties TEXT:") == len(found.measurements)
        assert "Imaging Measurement Report" in done.stdout
