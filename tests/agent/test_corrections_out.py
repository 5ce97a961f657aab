"""Corrections of a consultation as training data; a head that is put to use draws the outline, and says so."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from agent import ClinicalAssistant, Settings
from agent.cli import cli
from agent.cli_image import draw_phantom
from agent.corrections_out import export
from tools.errors import BadInput, UsageError
from tools.imaging.masks import ALGORITHMS, lung_outline, lungs_of
from tools.imaging.reading import read_image
from tools.imaging.training import LINES, read
from tools.imaging.training_gate import Change, decide
from tools.imaging.training_head import Head
from tools.imaging.training_store import OFF, keep, put_to_use
from tools.segmenters.lungs import shipped

QUESTION = "How large is the heart on this film?"
STROKE = {"points": [[440, 380], [450, 400]], "radius": 12, "inside": True}
HIDDEN = ("albrecht", "jürgen", "1959", "demo-hfref", "osl-0019", "dr a", "apex", "1.2.826", "2.25.", "film.dcm")


@pytest.fixture(scope="module")
def settings(osler: ClinicalAssistant) -> Settings:
    return osler.settings


@pytest.fixture(scope="module")
def consultation(osler: ClinicalAssistant, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A consultation in which lungs, heart and calipers of a film were corrected."""
    film = Path(draw_phantom("demo-hfref", tmp_path_factory.mktemp("film") / "film.dcm")["path"])
    consult = osler.consult(QUESTION, "demo-hfref", images=[film], model="none")
    consult.correct("film_lung_outline", value=[{**STROKE, "inside": False}], by="Dr A", reason="apex, Mr Albrecht")
    consult.correct("film_heart_outline", value=[STROKE], by="Dr A")
    consult.correct("film_calipers", value={"heart_left": [450, 400]}, by="Dr A")
    return consult.id


def test_outlines_go_out_without_a_name_and_pictures_only_with_a_ground(
    settings: Settings, consultation: str, tmp_path: Path
) -> None:
    bare = export(settings, [consultation], tmp_path / "bare")
    assert bare["pictures"] == 0 and [item.pixels for item in read(tmp_path / "bare")] == [None, None]
    body = export(settings, [consultation], tmp_path / "out", consent="ethics 12/34", licence="CC BY 4.0")
    assert (len(body["corrections"]), body["patients"], body["pictures"], body["left_out"]) == (2, 1, 2, [])
    items = {item.structure: item for item in read(tmp_path / "out")}
    assert set(items) == {"lung", "heart"}
    lung, heart = items["lung"], items["heart"]
    assert (lung.modality, lung.view, lung.consent, lung.licence) == ("CR", "PA", "ethics 12/34", "CC BY 4.0")
    assert lung.algorithm == ALGORITHMS["lung"] and lung.by == heart.by and lung.image == heart.image
    assert lung.before.sum() > lung.after.sum() and not lung.after[390, 445]
    assert heart.before.sum() < heart.after.sum() and heart.after[390, 445]
    # The same pseudonyms in both exports of this site; nothing that names anybody in any file, nor the key.
    assert {row["patient"] for row in bare["corrections"]} == {lung.patient}
    key = (settings.home / "training.key").read_bytes()
    for path in (tmp_path / "out").iterdir():
        held = path.read_bytes()
        assert key not in held and key.hex().encode() not in held
        if path.name == LINES:
            assert not [word for word in HIDDEN if word in held.decode().casefold()]
    everyone = export(settings, [], tmp_path / "all")
    assert {row["id"] for row in everyone["corrections"]} >= {lung.id, heart.id}
    assert (settings.home / "training.key").stat().st_mode & 0o077 == 0


def test_a_folder_of_something_else_is_left_alone(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match="holds something else"):
        export(settings, [], tmp_path)


def test_a_head_in_use_draws_the_outline_and_says_so(tmp_path: Path) -> None:
    images = tmp_path / "attachments"
    kept = Path(draw_phantom("demo-hfref", images / "film.dcm")["path"])
    base, image = shipped(), read_image(kept)
    added = np.zeros((len(base.mean) + 1, 3), dtype=np.float32)
    added[-1] = (0.4, 0, 0)
    change = Change(0.01, 0.005, 0.02, 9, 9)
    keep(tmp_path / "heads", Head.on(base, added), base, decide(change, change, ""), [])
    assert lung_outline(images) == ALGORITHMS["lung"]
    put_to_use(tmp_path / "heads", "lung-001", "Dr A")
    drawn = lung_outline(images)
    assert drawn == f"{ALGORITHMS['lung']} + lung-001"
    plain, headed = lungs_of(image, None, images), lungs_of(image, drawn, images)
    assert headed.right.version.endswith("+ lung-001") and headed.right.mask.sum() < plain.right.mask.sum()
    put_to_use(tmp_path / "heads", OFF, "Dr A")
    assert lung_outline(images) == ALGORITHMS["lung"]
    # What it drew stays readable evidence while its version is kept.
    assert np.array_equal(lungs_of(image, drawn, images).left.mask, headed.left.mask)
    with pytest.raises(BadInput):
        lungs_of(image, f"{ALGORITHMS['lung']} + ../../lung-001", images)


def test_on_the_command_line(tmp_path: Path) -> None:
    runner, home = CliRunner(), {"OSLER_HOME": str(tmp_path)}
    none = json.loads(runner.invoke(cli, ["image", "head", "--json"], env=home).stdout)
    assert none == {"in_use": "off", "changes": [], "versions": []}
    for words in (["image", "head", "lung-001"], ["image", "head", "lung-001", "--by", "Dr A"]):
        with pytest.raises((UsageError, BadInput)):
            runner.invoke(cli, words, env=home, catch_exceptions=False)
