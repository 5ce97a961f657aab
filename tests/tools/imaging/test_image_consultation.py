"""An image that comes with a question: compared with the patient, kept, described; and `osler image info`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from films import film, instance, saved
from PIL import Image as Pillow
from typer.testing import CliRunner

from agent import ClinicalAssistant
from agent.cli import cli
from agent.cli_image import describe
from tools.context import ImageFile
from tools.errors import IdentityMismatch, NotAssessable, UsageError
from tools.imaging.attached import find
from tools.imaging.quality import UNLIKE
from tools.imaging.refusals import NotAnImage

QUESTION = "Should she be anticoagulated?"
HERS: dict[str, Any] = {"PatientID": "OSL-0001", "PatientName": "Ellison^Margaret", "PatientBirthDate": "19480312"}


def chest_film(path: Path, **elements: Any) -> Path:
    """A chest film of the demo patient, unless `elements` say otherwise."""
    given = {**HERS, "BodyPartExamined": "CHEST", "ViewPosition": "PA", "ImagerPixelSpacing": [0.2, 0.2], **elements}
    return saved(instance(film(), **given), path)


def facts(document: dict[str, Any], slot: str = "image.1") -> dict[str, Any]:
    """What the evidence holds about an image."""
    found = {item["slot"]: item for item in document["evidence"].values() if item["kind"] == "dicom"}
    return {name.removeprefix(f"{slot}."): item for name, item in found.items() if name.startswith(slot)}


def test_a_film_of_hers_is_described_with_evidence(osler: ClinicalAssistant, tmp_path: Path) -> None:
    path = chest_film(tmp_path / "film.dcm")
    consult = osler.consult(QUESTION, "demo-af", images=[path], model="none")
    found = facts(consult.document())
    values = {name: item["value"] for name, item in found.items()}
    assert values == {
        "image.1": "CR chest PA", "modality": "CR", "body_part": "chest", "view": "PA", "position": None, "side": None,
        "spacing": 0.2, "identity": "confirmed", "quality": "reduced",
    }  # fmt: skip
    assert found["quality"]["display"].startswith("image quality reduced: unlike the films")  # it is drawn
    source = found["spacing"]["source"]
    assert (source["pixel_spacing_mm"], source["spacing_source"]) == ([0.2, 0.2], "ImagerPixelSpacing at the detector")
    assert found["spacing"]["unit"] == "mm" and found["view"]["effective_at"] == "2026-03-01T10:15:00"
    kept = osler.settings.home / "attachments" / f"{source['file_sha256']}.dcm"
    assert kept.read_bytes() == path.read_bytes()


def test_another_patients_film_is_not_taken(osler: ClinicalAssistant, tmp_path: Path) -> None:
    path = chest_film(tmp_path / "film.dcm", PatientName="Brandt^Thomas", PatientID="OSL-0009")
    with pytest.raises(IdentityMismatch) as caught:
        osler.consult(QUESTION, "demo-af", images=[path])
    assert "Brandt" not in str(caught.value.document())


def test_what_is_no_image_is_not_taken(osler: ClinicalAssistant, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear colleague")
    with pytest.raises(NotAnImage):
        osler.consult(QUESTION, "demo-af", images=[tmp_path / "letter.txt"])
    with pytest.raises(UsageError):
        osler.consult(QUESTION, "demo-af", images=[tmp_path / "nothing.dcm"])


def test_without_identity_a_named_person_decides(osler: ClinicalAssistant, tmp_path: Path) -> None:
    Pillow.fromarray((film() >> 4).astype(np.uint8)).save(tmp_path / "film.png")
    consult = osler.consult(QUESTION, "demo-af", images=[tmp_path / "film.png"], model="none")
    found = facts(consult.document())
    assert found["identity"]["value"] == "unconfirmed" and "a named person" in found["identity"]["display"]
    assert found["spacing"]["value"] is None and "pixels only" in found["spacing"]["display"]
    assert found["identity"]["source"]["study_instance_uid"] is None
    with pytest.raises(UsageError):
        consult.correct("image.1.identity", value="confirmed", by="")
    consult.correct("image.1.identity", value="confirmed", by="Dr A", reason="taken in this room")
    said = [item for item in consult.document()["evidence"].values() if item["slot"] == "image.1.identity"]
    assert {(item["value"], item["source"].get("by")) for item in said} == {
        ("unconfirmed", None),
        ("confirmed", "Dr A"),
    }


def test_a_film_from_after_the_clock_is_pointed_out(osler: ClinicalAssistant, tmp_path: Path) -> None:
    path = chest_film(tmp_path / "film.dcm", StudyDate="20260401")
    consult = osler.consult(QUESTION, "demo-af", images=[path], model="none")
    record = next(row for row in consult.document()["records"] if row["tool"] == "image.describe")
    assert any("dated 2026-04-01" in warning for warning in record["warnings"])


def test_which_image_is_meant() -> None:
    images = tuple(ImageFile(Path(f"/{name}"), name[0] * 64, name) for name in ("a.png", "b.png"))
    assert find(images, "b.png") == find(images, "b" * 64) == find(images, "b" * 8) == images[1]
    assert find(images[:1], None) == images[0]
    for asked, among in ((None, images), ("c.png", images), ("b" * 7, images), (None, ())):
        with pytest.raises(NotAssessable):
            find(among, asked)


# -- osler image info -------------------------------------------------------------------------------------------------


def test_info_says_what_files_share(tmp_path: Path) -> None:
    one = chest_film(tmp_path / "one.dcm")
    other = chest_film(tmp_path / "other.dcm", ViewPosition="AP")
    (tmp_path / "note.txt").write_text("a note")
    body = describe([one, other, tmp_path / "note.txt"])
    assert list(body) == ["files", "modality", "body_part", "view", "quality", "geometry", "apart", "warnings"]
    assert (body["modality"], body["body_part"], body["view"]) == ("CR", "chest", None)
    assert list(body["geometry"]) == ["spacing_mm", "spacing_source", "orientation", "uniform", "tilt_deg"]
    assert body["geometry"]["spacing_mm"] == [0.2, 0.2]
    assert body["files"][2]["error"]["code"] == "not_an_image"
    assert "note.txt: note.txt is not an image" in body["warnings"]
    assert [line for line in body["warnings"] if "side not established" in line and line.startswith("one.dcm")]
    assert "Ellison" not in json.dumps(body) and "OSL-0001" not in json.dumps(body)


def test_info_on_the_command_line(tmp_path: Path) -> None:
    path = chest_film(tmp_path / "film.dcm")
    shown = CliRunner().invoke(cli, ["image", "info", str(path), "--json"])
    assert shown.exit_code == 0
    assert [item["name"] for item in json.loads(shown.stdout)["quality"]["problems"]] == [UNLIKE]
    told = CliRunner().invoke(cli, ["image", "info", str(path)])
    assert "view: PA (ViewPosition)" in told.stdout and "spacing: 0.2 x 0.2 mm" in told.stdout


def test_info_of_a_file_that_is_refused_ends_with_its_error(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("a note")
    with pytest.raises(NotAnImage) as caught:
        describe([tmp_path / "note.txt"])
    assert caught.value.exit_code == 2
