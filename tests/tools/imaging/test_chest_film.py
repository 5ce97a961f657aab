"""A chest film measured in a consultation: refusals, no verdict, corrections that rerun what rests on them, the CLI."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from films import instance, saved
from PIL import Image as Pillow
from typer.testing import CliRunner

from agent import ClinicalAssistant, Consultation
from agent.cli import cli
from agent.cli_image import draw_phantom
from tools.errors import BadInput, NotAssessable, UsageError
from tools.imaging.chest import measurable
from tools.imaging.measuring import of_film
from tools.imaging.phantom import ROWS, draw
from tools.imaging.reading import read_image
from tools.imaging.what import what_is

QUESTION = "How large is the heart on this film?"
HIS: dict[str, Any] = {"PatientID": "OSL-0019", "PatientName": "Albrecht^Jürgen", "PatientBirthDate": "19590903"}


@pytest.fixture(scope="module")
def phantom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The drawn film in the name of demo-hfref."""
    return Path(draw_phantom("demo-hfref", tmp_path_factory.mktemp("film") / "film.dcm")["path"])


@pytest.fixture(scope="module")
def consult(osler: ClinicalAssistant, phantom: Path) -> Iterator[Consultation]:
    """The whole consultation on the film, asked once."""
    found = osler.consult(QUESTION, "demo-hfref", images=[phantom], model="none")
    found.document()
    yield found


def held(consult: Consultation, slot: str) -> dict[str, Any]:
    """What fills a slot now."""
    body = consult.document()
    record = [row for row in body["records"] if row["slot"] == slot][-1]
    assert record["evidence"], record
    return dict(body["evidence"][record["evidence"][0]])


def errors(consult: Consultation) -> dict[str, str]:
    """What could not be done, by slot."""
    return {row["slot"]: row["error"]["message"] for row in consult.document()["records"] if row["error"]}


def test_a_whole_consultation_on_a_film(consult: Consultation) -> None:
    body = consult.document()
    assert consult.state["plan"]["protocols"] == ["chest-film"]
    ratio, outline = held(consult, "film_ratio"), held(consult, "film_lung_outline")
    assert ratio["value"] == pytest.approx(draw().ratio, abs=0.05)
    assert ratio["range"][0] < ratio["value"] < ratio["range"][1] and ratio["unit"] == "1"
    assert "unvalidated, no verdict" in ratio["display"]
    assert outline["source"]["algorithm"] == outline["value"] and outline["source"]["validated"] is False
    area = held(consult, "film_lungs")
    assert area["unit"] == "%" and "ImagerPixelSpacing at the detector, not in the patient" in area["display"]
    texts = [claim["text"] for claim in body["answer"]["claims"] if claim["status"] == "shown"]
    assert any("Cardiothoracic ratio as drawn here: 0.4" in text for text in texts)
    assert not any("the heart is enlarged" in text and "whether" not in text for text in texts)


def test_no_criterion_reads_the_ratio_for_more_than_that_it_is_there(osler: ClinicalAssistant) -> None:
    services = osler.portal.call(osler.core.services())
    drawn = {"film_ratio", "film_calipers", "film_heart_outline", "film_lung_outline", "film_lungs"}
    for criterion in services.protocols["chest-film"].criteria:
        for slot in drawn & set(criterion.deciding_slots):
            assert criterion.when == {"known": slot} and not criterion.unless


def test_a_caliper_that_is_moved_reruns_the_ratio_and_no_outline(osler: ClinicalAssistant, phantom: Path) -> None:
    consult = osler.consult(QUESTION, "demo-hfref", images=[phantom], model="none")
    before, calipers = held(consult, "film_ratio"), held(consult, "film_calipers")
    ends = json.loads(calipers["value"])
    moved = [ends["heart_left"][0] + 40, ends["heart_left"][1]]
    change = consult.correct("film_calipers", value={"heart_left": moved}, by="Dr A", reason="apex")
    assert "film_ratio" in str(change["rerun"]) and "film_heart_outline" not in str(change["rerun"])
    after = held(consult, "film_ratio")
    thorax = ends["thorax_left"][0] - ends["thorax_right"][0]
    assert after["value"] == pytest.approx(before["value"] + 40 / thorax, abs=0.011)
    assert after["range"] is None and "set by a person" in after["display"]
    said = held(consult, "film_calipers")
    assert said["supersedes"] == calipers["id"] and said["source"]["by"] == "Dr A"
    assert calipers["id"] in consult.document()["evidence"]
    # A correction of the correction is one too; what cannot be is refused and changes nothing.
    consult.correct("film_calipers", value=json.dumps({"heart_left": ends["heart_left"]}), by="Dr A")
    assert held(consult, "film_ratio")["value"] == before["value"]
    for wrong in ({"heart_left": [10_000, 5]}, {"apex": [5, 5]}, "elsewhere"):
        with pytest.raises(BadInput):
            consult.correct("film_calipers", value=wrong, by="Dr A")
    with pytest.raises(UsageError):
        consult.correct("film_ratio", value={"value": 0.6, "unit": "1"}, by="Dr A")


def test_a_mask_of_a_persons_replaces_the_outline(osler: ClinicalAssistant, phantom: Path, tmp_path: Path) -> None:
    consult = osler.consult(QUESTION, "demo-hfref", images=[phantom], model="none")
    lungs, ratio = held(consult, "film_lungs"), held(consult, "film_ratio")
    stroke = {"points": [[440, 380], [450, 400]], "radius": 12, "inside": True}
    consult.correct("film_heart_outline", value=[stroke], by="Dr A")
    assert held(consult, "film_ratio")["value"] > ratio["value"]
    assert held(consult, "film_lungs")["id"] == lungs["id"]
    mask = np.zeros(draw().pixels.shape, dtype=np.uint8)
    mask[100:400, 60:250] = mask[100:400, 330:520] = 255
    Pillow.fromarray(mask).save(tmp_path / "mask.png")
    consult.correct("film_lung_outline", value=str(tmp_path / "mask.png"), by="Dr A")
    area = held(consult, "film_lungs")
    assert area["value"] == pytest.approx(100 * (mask > 0).mean(), abs=0.1) and "by hand" in area["display"]
    with pytest.raises(BadInput):
        consult.correct("film_lung_outline", value=str(tmp_path / "none.png"), by="Dr A")
    with pytest.raises(UsageError):
        consult.correct("film_lungs", value={"value": 50, "unit": "%"}, by="Dr A")


def test_nothing_is_measured_before_a_person_says_whose_film_it_is(osler: ClinicalAssistant, tmp_path: Path) -> None:
    Pillow.fromarray((draw().pixels >> 4).astype(np.uint8)).save(tmp_path / "film.png")
    consult = osler.consult(QUESTION, "demo-hfref", images=[tmp_path / "film.png"], model="none")
    assert "before it is known to be this patient's" in errors(consult)["film_lung_outline"]
    assert "film_ratio" not in {row["slot"] for row in consult.document()["records"] if row["status"] == "ok"}
    consult.correct("image.1.identity", value="confirmed", by="Dr A", reason="taken in this room")
    ratio = held(consult, "film_ratio")
    assert "view not known" in ratio["display"] and "not known whether erect" in ratio["display"]
    assert "pixels" in held(consult, "film_lungs")["display"] and "cm²" not in held(consult, "film_lungs")["display"]


def test_an_ap_film_has_a_ratio_and_no_verdict(osler: ClinicalAssistant, tmp_path: Path) -> None:
    given = {"BodyPartExamined": "CHEST", "ViewPosition": "AP", "SeriesDescription": "portable supine", **HIS}
    path = saved(instance(draw().pixels, SpecificCharacterSet="ISO_IR 192", **given), tmp_path / "ap.dcm")
    consult = osler.consult(QUESTION, "demo-hfref", images=[path], model="none")
    display = held(consult, "film_ratio")["display"]
    assert "heart size is not judged on this film: AP view, supine position" in display
    texts = [claim["text"] for claim in consult.document()["answer"]["claims"] if claim["status"] == "shown"]
    assert any(text.startswith("This is an AP film") for text in texts)
    assert not any(text.startswith("An erect PA film") for text in texts)


def test_what_is_no_chest_film_is_refused(phantom: Path, tmp_path: Path) -> None:
    film = read_image(phantom)
    y, x = np.mgrid[0:1:400j, 0:1:300j]
    fingers = (np.abs(x[..., None] - np.linspace(0.2, 0.8, 5)) < 0.05).any(axis=2) & (y < 0.6)
    hand = np.where(fingers | ((y >= 0.55) & (np.abs(x - 0.5) < 0.35)), 180, 5).astype(np.uint8)
    Pillow.fromarray(hand).save(tmp_path / "hand.png")
    Pillow.fromarray(np.dstack([hand, hand // 2, hand // 4])).save(tmp_path / "colour.png")
    lateral = replace(film, header=replace(film.header, view_position="LL"))
    for image in (read_image(tmp_path / "hand.png"), read_image(tmp_path / "colour.png"), lateral):
        with pytest.raises(NotAssessable):
            measurable(image, what_is(image))
    blurred = replace(film, pixels=np.full_like(film.pixels, 0.5))
    with pytest.raises(NotAssessable):
        measurable(blurred, what_is(film))
    # An outline is drawn on a poor film; nothing is measured on it.
    clipped = replace(film, pixels=np.clip(film.pixels * 3, 0, 1))
    with pytest.raises(NotAssessable, match="quality"):
        of_film(clipped)
    assert measurable(film, what_is(film)).image is film


def test_segment_and_measure_on_the_command_line(phantom: Path, tmp_path: Path) -> None:
    run = CliRunner().invoke
    done = run(cli, ["image", "segment", str(phantom), "--out", str(tmp_path / "seg"), "--json"])
    body = json.loads(done.stdout)
    assert [row["structure"] for row in body["segments"]] == ["right lung", "left lung"]
    assert {row["path"][-4:] for row in body["segments"]} == {".dcm"}
    assert set(body["segments"][0]) >= {"coding", "voxels", "path", "algorithm", "confidence"}
    from pydicom import dcmread

    seg = dcmread(body["segments"][0]["path"])
    assert seg.Modality == "SEG" and seg.StudyInstanceUID == read_image(phantom).header.study_instance_uid
    Pillow.fromarray((draw().pixels >> 4).astype(np.uint8)).save(tmp_path / "film.png")
    picture = ["segment", str(tmp_path / "film.png"), "--structure", "heart", "--out", str(tmp_path / "png"), "--json"]
    (row,) = json.loads(run(cli, picture).stdout)["segments"]
    assert row["structure"] == "heart" and np.asarray(Pillow.open(row["path"])).shape[0] == ROWS
    assert len(list((tmp_path / "png").glob("*.json"))) == 1
    rows = json.loads(run(cli, ["measure", str(phantom), "--json"]).stdout)["measurements"]
    assert set(rows[0]) >= {"name", "value", "unit", "method", "scale_source", "evidence"}
    (ratio,) = [one for one in rows if one["name"] == "cardiothoracic ratio"]
    assert ratio["validated"] is False and ratio["notes"] == ["no verdict"]
    assert ratio["value"] == pytest.approx(draw().ratio, abs=0.05)
    assert {one["scale_source"] for one in rows if one["unit"] == "cm2"} == {
        "ImagerPixelSpacing at the detector, not in the patient"
    }
    with pytest.raises(NotAssessable, match="liver"):
        run(cli, ["segment", str(phantom), "--structure", "liver"], catch_exceptions=False, standalone_mode=False)
