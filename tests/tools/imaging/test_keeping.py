"""What is kept of a series is what is read again: the same volume, told the same way, whole or not at all."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from films import film, instance, saved
from pydicom.dataset import Dataset
from series_made import affine_of, enhanced, nifti, numbered, slices, written

from agent.attach import attach_images, image_files
from knowledge.guideline import Corpus
from knowledge.terminology import default_terminology
from tools.context import ToolContext
from tools.ehr.bundles import import_document
from tools.ehr.compact import build_bundle
from tools.ehr.record import open_record
from tools.ehr.store.store import Store
from tools.errors import IdentityMismatch, NotAssessable
from tools.imaging import attached, keeping
from tools.imaging.attached import find, target_of
from tools.imaging.describe import image_describe
from tools.imaging.keeping import keep_all
from tools.imaging.volume import Volume

NOW = datetime.fromisoformat("2026-07-02T09:00:00Z")
HERS: dict[str, Any] = {"PatientID": "MRN-1", "PatientName": "Marsh^Ada", "PatientBirthDate": "19500520"}
PATIENT = {"resourceType": "Patient", "id": "p1", "identifier": [{"value": "MRN-1"}]}
AFFINE = affine_of(np.eye(3))


async def scene() -> ToolContext:
    store = Store()
    person = {"id": "p1", "name": {"given": "Ada", "family": "Marsh"}, "gender": "female", "birth_date": "1950-05-20"}
    import_document(store, build_bundle({**person, "identifier": "MRN-1"}))
    record = await open_record(store, "p1", as_of=NOW, terminology=default_terminology())
    return ToolContext("p1", NOW, default_terminology(), Corpus([]), record=record, slot="image.1")


def two_phases(path: Path) -> Path:
    """One file of ten frames: five places, each scanned twice."""
    made = enhanced(numbered((10, 4, 3)), AFFINE)
    order = np.random.default_rng(1).permutation(10)
    frames = dict(zip(order, made.PerFrameFunctionalGroupsSequence, strict=True))
    places = {n: frame.PlanePositionSequence for n, frame in frames.items()}
    for n, frame in frames.items():
        content = Dataset()
        content.TemporalPositionIndex = 1 + int(n) // 5
        frame.FrameContentSequence, frame.PlanePositionSequence = [content], places[n % 5]
    for name, value in HERS.items():
        setattr(made, name, value)
    return saved(made, path)


def phases(folder: Path) -> Path:
    """A folder of two scans of one place in one series, each slice with a time of its own."""
    made = slices(numbered((5, 4, 3)), AFFINE, **HERS)
    later = slices(numbered((5, 4, 3)) + 7, AFFINE, **HERS, SeriesInstanceUID=made[0].SeriesInstanceUID)
    for number, one in enumerate([*made, *later]):
        one.FrameOfReferenceUID = made[0].FrameOfReferenceUID
        one.TemporalPositionIdentifier = 1 + number // 5
        one.AcquisitionDateTime = f"202603011015{number:02d}"
    return written([*made, *later], folder, seed=3)


def read(file: Any) -> Volume:
    target = target_of(file)
    assert isinstance(target, Volume)
    return target


async def test_two_stacks_of_one_file_are_two_volumes(tmp_path: Path) -> None:
    ctx, folder = await scene(), tmp_path / "kept"
    rows = attach_images(ctx, [two_phases(tmp_path / "e.dcm")], folder)
    assert len(rows) == 2 and rows[0]["file"] == rows[1]["file"] and len(list(folder.iterdir())) == 1
    assert len({row["sha256"] for row in rows}) == len({row["series"] for row in rows}) == 2
    assert len({row["name"] for row in rows}) == 2
    files = image_files({"attachments": rows}, folder)
    before = [read(file) for file in files]
    attached._HELD.clear()
    after = [read(file) for file in files]
    for one, other, file in zip(before, after, files, strict=True):
        assert np.array_equal(one.values, other.values) and one.sha256 == other.sha256 == file.sha256
        assert find(files, file.sha256) is file
    # The first holds the first five of the ten numbered slices, the second the others.
    assert sorted(float(one.values.min()) for one in after) == [0.0, 60.0]


async def test_a_single_volume_is_kept_as_it_always_was(tmp_path: Path) -> None:
    made = enhanced(numbered(), AFFINE)
    made.PatientID = "MRN-1"
    (row,) = attach_images(await scene(), [saved(made, tmp_path / "e.dcm")], tmp_path / "kept")
    assert set(row) == {"kind", "sha256", "name", "file", "identity"} and row["file"] == f"{row['sha256']}.dcm"


async def test_what_is_said_is_the_same_once_it_is_no_longer_at_hand(tmp_path: Path) -> None:
    ctx, folder = await scene(), tmp_path / "kept"
    given = [phases(tmp_path / "p"), nifti(numbered(), AFFINE, tmp_path / "v.nii"), two_phases(tmp_path / "e.dcm")]
    rows = attach_images(ctx, given, folder)
    assert len(rows) == 5
    files = image_files({"attachments": rows}, folder)
    bound = ToolContext(**{**vars(ctx), "images": files})
    for file in files:
        said: list[Any] = []
        for at_hand in (True, False):
            assert ((file.path, file.series) in attached._HELD) == at_hand
            output = await image_describe.call({"image": file.sha256}, bound)
            said.append(([item.id for item in output.evidence], output.warnings, output.detail, read(file).header))
            attached._HELD.pop((file.path, file.series))
        assert said[0] == said[1]
    # What only the whole folder shows is told all the same.
    parts = [text for row in rows if row["name"].startswith("p: ") for text in row["told"]]
    assert parts == [f"one part of its series: TemporalPositionIdentifier {n}, {n} of 2" for n in (1, 2)]


def test_half_a_file_and_a_lost_slice_are_mended(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    film_file = saved(instance(film(), **HERS), tmp_path / "film.dcm")
    given = [film_file, written(slices(numbered(), AFFINE, **HERS), tmp_path / "s")]
    image, volume = keep_all(given, PATIENT, folder)
    (folder / image.file).write_bytes(film_file.read_bytes()[:1000])
    lost = sorted((folder / volume.file).iterdir())
    lost[0].unlink()
    lost[1].write_bytes(b"half")
    assert keep_all(given, PATIENT, folder) == [image, volume]
    assert (folder / image.file).read_bytes() == film_file.read_bytes()
    rows = [asdict(volume)]
    attached._HELD.clear()
    assert len(read(image_files({"attachments": rows}, folder)[0]).values) == 5
    assert not list(folder.glob("part-*"))


def test_a_copy_that_fails_leaves_nothing(tmp_path: Path) -> None:
    whole, folder = tmp_path / "whole", tmp_path / "kept"
    whole.write_bytes(b"whole")
    with pytest.raises(OSError):
        keeping._copied_all({whole: folder / "v" / "1.dcm", tmp_path: folder / "v" / "2.dcm"}, folder / "v")
    with pytest.raises(OSError):
        keeping._copied(tmp_path, folder / "a.dcm")
    assert not list(folder.iterdir())


def test_old_volumes_go_before_a_new_one_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "kept"
    given = [written(slices(numbered(), AFFINE, **HERS), tmp_path / "a"), nifti(numbered(), AFFINE, tmp_path / "v.nii")]
    rows = [asdict(kept) for kept in keep_all(given, PATIENT, folder)]
    files = image_files({"attachments": rows}, folder)
    monkeypatch.setattr(attached, "MOST_HELD", 300)
    asked: list[int] = []
    room = attached.make_room

    def told_room(voxels: int) -> None:
        asked.append(voxels)
        room(voxels)

    monkeypatch.setattr(attached, "make_room", told_room)
    attached._HELD.clear()
    for file in files:
        asked.clear()
        assert read(file).values.nbytes == 240
        # Once before it is read, once when it is held.
        assert asked == [60, 60] and list(attached._HELD) == [(file.path, None)]


def test_mixed_patients_beside_a_single_image_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    mixed = slices(numbered(), AFFINE, **HERS)
    mixed[2].PatientID = "MRN-2"
    written(mixed, folder)
    saved(instance(film(), **HERS), folder / "film.dcm")
    with pytest.raises(IdentityMismatch, match="different patients"):
        keep_all([folder], PATIENT, tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


def test_what_is_left_beside_single_images_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    scout = slices(numbered(), AFFINE, **HERS)
    for one in scout:
        one.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    written(scout, folder)
    saved(instance(film(), **HERS), folder / "film.dcm")
    (folder / "report.txt").write_text("nothing")
    (kept,) = keep_all([folder], PATIENT, tmp_path / "kept")
    assert kept.kind == "image" and len(kept.told) == 2
    assert "5 slices of 3 x 4" in kept.told[0] and "localiser" in kept.told[0]
    assert kept.told[1] == "not taken from study: report.txt (not DICOM)"


def test_a_file_of_several_volumes_is_to_be_split(tmp_path: Path) -> None:
    import nibabel

    path = tmp_path / "four.nii"
    nibabel.save(nibabel.Nifti1Image(np.zeros((3, 4, 5, 6), np.int16), np.eye(4)), path)
    with pytest.raises(NotAssessable, match="holds 6 volumes") as caught:
        keep_all([path], PATIENT, tmp_path / "kept")
    assert caught.value.action == "split the file and give one volume"
