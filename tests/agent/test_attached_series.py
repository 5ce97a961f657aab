"""A series that comes with a question: kept as one volume, described, and refused where it is another patient's."""

from __future__ import annotations

import asyncio
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread

from agent import ClinicalAssistant, Consultation, recompute
from agent.cli_image import draw_phantom
from tools.context import ImageFile
from tools.errors import BadInput, IdentityMismatch, NotAssessable
from tools.imaging.attached import target_of
from tools.imaging.slices import slice_of
from tools.imaging.volume import Volume

PATIENT = "demo-hfref"


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(draw_phantom(PATIENT, tmp_path_factory.mktemp("ct") / "series", ct=True)["path"])


@pytest.fixture(scope="module")
def consult(osler: ClinicalAssistant, series: Path) -> Iterator[Consultation]:
    found = osler.consult("What is on this CT?", PATIENT, images=[series], model="none")
    found.document()
    yield found


def facts(consult: Consultation, slot: str = "image.1") -> dict[str, dict[str, Any]]:
    body = consult.document()
    record = next(row for row in body["records"] if row["slot"] == slot)
    held = [body["evidence"][name] for name in record["evidence"]]
    return {item["slot"].removeprefix(f"{slot}.") if item["slot"] != slot else "": item for item in held}


def test_a_folder_is_one_volume(consult: Consultation, osler: ClinicalAssistant, series: Path) -> None:
    rows = consult.state["case"]["attachments"]
    assert [(row["kind"], row["identity"]) for row in rows] == [("volume", "confirmed")]
    known = facts(consult)
    assert known[""]["value"] == "CT chest axial series"
    assert known["slices"]["value"] == 56 and "5 mm apart (ImagePositionPatient), even" in known["slices"]["display"]
    assert known["spacing"]["value"] == 3.0 and known["identity"]["value"] == "confirmed"
    assert known["quality"]["value"] is None
    # A whole series has no one frame and no one instance.
    assert known["slices"]["source"]["frame"] is None and known["slices"]["source"]["sop_instance_uid"] is None
    kept = osler.core.settings.home / "attachments" / rows[0]["file"]
    assert kept.is_dir() and len(list(kept.iterdir())) == len(list(series.iterdir()))


def test_it_is_read_again_and_a_change_is_found(
    consult: Consultation, osler: ClinicalAssistant, tmp_path: Path
) -> None:
    row = consult.state["case"]["attachments"][0]
    kept = tmp_path / "copy"
    shutil.copytree(osler.core.settings.home / "attachments" / row["file"], kept)
    read = target_of(ImageFile(kept, row["sha256"], row["name"], "volume"))
    assert isinstance(read, Volume) and read.values.shape[0] == 56
    middle = slice_of(read, 28)
    assert middle.frame == 28 and middle.spacing.mm == (3.0, 3.0) and middle.header.sop_instance_uid
    with pytest.raises(BadInput, match="no such slice"):
        slice_of(read, 56)
    other = tmp_path / "changed"
    shutil.copytree(kept, other)
    first = sorted(other.iterdir())[0]
    dataset = dcmread(first)
    dataset.PixelData = bytes(len(dataset.PixelData))
    dataset.save_as(first)
    with pytest.raises(BadInput, match="has changed"):
        target_of(ImageFile(other, row["sha256"], row["name"], "volume"))


def test_loose_files_and_an_archive_make_the_same_volume(
    osler: ClinicalAssistant, consult: Consultation, series: Path, tmp_path: Path
) -> None:
    packed = tmp_path / "series.zip"
    with zipfile.ZipFile(packed, "w") as made:
        for file in series.iterdir():
            made.write(file, file.name)
        made.writestr("readme.txt", "nothing")
    expected = consult.state["case"]["attachments"][0]["sha256"]
    loose = osler.consult("What is this?", PATIENT, images=sorted(series.iterdir())[::-1], model="none")
    zipped = osler.consult("What is this?", PATIENT, images=[packed], model="none")
    for found in (loose, zipped):
        assert [(r["kind"], r["sha256"]) for r in found.state["case"]["attachments"]] == [("volume", expected)]
    # What came with it and is no part of it is told.
    assert any("readme.txt" in text for row in zipped.document()["records"] for text in row["warnings"])


def test_a_few_slices_stay_pictures(osler: ClinicalAssistant, series: Path) -> None:
    chosen = sorted(series.iterdir())[20:22]
    found = osler.consult("What is this?", PATIENT, images=chosen, model="none")
    assert [row["kind"] for row in found.state["case"]["attachments"]] == ["image", "image"]


def test_two_films_in_an_archive_are_two_images(osler: ClinicalAssistant, tmp_path: Path) -> None:
    film = Path(draw_phantom(PATIENT, tmp_path / "film.dcm")["path"])
    packed = tmp_path / "films.zip"
    with zipfile.ZipFile(packed, "w") as made:
        made.write(film, "a.dcm")
    found = osler.consult("How large is the heart on this film?", PATIENT, images=[packed], model="none")
    assert [row["kind"] for row in found.state["case"]["attachments"]] == ["image"]
    assert found.state["plan"]["protocols"] == ["chest-film"]


def test_another_patients_series_and_an_empty_folder(osler: ClinicalAssistant, series: Path, tmp_path: Path) -> None:
    with pytest.raises(IdentityMismatch):
        osler.consult("What is this?", "demo-af", images=[series], model="none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(NotAssessable, match="no volume"):
        osler.consult("What is this?", PATIENT, images=[tmp_path / "empty"], model="none")


def test_a_question_beside_the_series_is_told(osler: ClinicalAssistant, series: Path) -> None:
    found = osler.consult("Is there a fracture on this hand X-ray?", PATIENT, images=[series], model="none")
    told = [text for row in found.document()["records"] for text in row["warnings"]]
    assert any("the question is about" in text and "the image is not" in text for text in told)


def test_a_correction_is_worked_out_once_while_others_are_served(
    consult: Consultation, monkeypatch: pytest.MonkeyPatch
) -> None:
    work_out, on_loop = recompute.corrections, []

    def watched(*given: Any) -> Any:
        try:
            asyncio.get_running_loop()
            on_loop.append(True)
        except RuntimeError:
            on_loop.append(False)
        return work_out(*given)

    monkeypatch.setattr(recompute, "corrections", watched)
    consult.correct("image.1.identity", value="confirmed", by="Dr A")
    assert on_loop == [False]
    with pytest.raises(BadInput):
        consult.correct("image.1.identity", value=3, by="Dr A")
