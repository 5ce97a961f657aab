"""Images that look alike: the descriptor, the site's index, and what a consultation may see of other patients."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from agent.cli import cli
from agent.settings import Settings
from agent.similar import index, similar, site_key
from evals.benchmarks.similar import CHANGES
from knowledge.index import VectorIndex
from tests.tools.vlm.films import context, film
from tools.catalog import catalog
from tools.errors import BadInput, IdentityMismatch, NotAssessable, UsageError
from tools.imaging.frame import Image
from tools.imaging.similar import Descriptor, unit
from tools.imaging.similar_store import ENTRIES, Entry, build, load, search
from tools.imaging.similar_tool import NOT_THE_SAME, image_similar

OTHER: dict[str, Any] = {"PatientID": "OSL-77", "PatientName": "Delgado^Rosa", "PatientBirthDate": "19600101"}


def shapes(seed: int, side: int = 160) -> Image:
    """An image of a few soft discs; the same seed gives the same."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:side, 0:side] / side
    pixels = 0.1 + 0.03 * random.random((side, side))
    for _ in range(6):
        row, column, size, light = random.uniform([0.2, 0.2, 0.05, 0.2], [0.8, 0.8, 0.2, 0.6])
        pixels += light * (np.hypot(y - row, x - column) < size)
    return Image(np.clip(pixels, 0, 1).astype(np.float32), None, f"{seed}", f"{seed:064d}", "PNG", "MONOCHROME2", 8)


def test_a_changed_copy_finds_its_original() -> None:
    encoder, images = Descriptor(), [shapes(seed) for seed in range(30)]
    found = VectorIndex(np.stack([encoder.encode(image) for image in images]))
    for name, change in CHANGES.items():
        if "10 degrees" in name:
            continue
        for row, image in enumerate(images[:10]):
            copy = Image(change(image.pixels), None, "copy", "0" * 64, "PNG", "MONOCHROME2", 8)
            assert found.nearest(encoder.encode(copy), 1)[0][0] == row, name


def test_a_vector_has_length_one_and_a_flat_image_none() -> None:
    assert np.linalg.norm(Descriptor().encode(shapes(1))) == pytest.approx(1, abs=1e-5)
    assert not unit(np.zeros(4)).any()
    assert VectorIndex(np.zeros((0, 4), dtype=np.float32)).nearest(np.ones(4, dtype=np.float32), 3) == []


def test_the_search_is_exact_with_and_without_faiss() -> None:
    random = np.random.default_rng(0)
    vectors = np.stack([unit(row) for row in random.normal(size=(200, 32))])
    found = VectorIndex(vectors)
    exact = VectorIndex(vectors)
    exact._faiss = None
    for query in vectors[:20]:
        one, other = found.nearest(query, 7), exact.nearest(query, 7)
        assert [row for row, _ in one] == [row for row, _ in other] and one[0][1] == pytest.approx(1, abs=1e-5)


@pytest.fixture
def site(tmp_path: Path) -> tuple[Settings, Path]:
    """A home and a folder with films of two patients, one of them in two films, and a text."""
    folder = tmp_path / "films"
    folder.mkdir()
    film(folder / "hers.dcm", 200, 160)
    film(folder / "hers_too.dcm", 210, 160)
    film(folder / "other.dcm", 220, 160, **OTHER)
    (folder / "note.txt").write_text("a note")
    with (tmp_path / "labels.csv").open("w", newline="") as out:
        csv.writer(out).writerows([["image", "label"], ["other.dcm", "pneumonia\x1b[31m\nleft"]])
    return Settings(home=tmp_path / "home"), folder


def test_an_index_holds_hashes_and_labels_and_no_name(site: tuple[Settings, Path], tmp_path: Path) -> None:
    settings, folder = site
    body = index(settings, folder, tmp_path / "labels.csv")
    assert body["images"] == 3 and [row["file"] for row in body["left_out"]] == ["note.txt"]
    text = (settings.home / "similar" / "hog-ranks-1" / ENTRIES).read_text().casefold()
    for hidden in ("delgado", "ellison", "osl-77", "demo-af", "1960", "other.dcm", "2026", site_key(settings).hex()):
        assert hidden not in text
    found = similar(settings, folder / "hers.dcm")
    # Neither itself nor her other film: what is similar in herself is no comparison.
    (row,) = found["similar"]
    assert row["label"] == "pneumonia [31m left" and "patient" not in row and NOT_THE_SAME in row["display"]
    assert "\x1b" not in json.dumps(found) and 0 < row["similarity"] <= 1
    assert len(similar(settings, folder / "other.dcm")["similar"]) == 2


def test_indexes_of_two_encoders_lie_side_by_side(site: tuple[Settings, Path]) -> None:
    settings, folder = site
    index(settings, folder)

    class Other(Descriptor):
        id = "other 1"

    entries, vectors = load(settings.home / "similar", Descriptor())
    assert len(entries) == len(vectors) == 3 and isinstance(entries[0], Entry)
    with pytest.raises(BadInput, match="no index of images") as caught:
        search(shapes(1), Other(), b"key", settings.home / "similar")
    assert caught.value.found == "hog-ranks-1"
    assert build([folder / "hers.dcm"], Other(), b"key", {}, settings.home / "similar")[0] == 1
    assert len(search(shapes(1), Other(), b"key", settings.home / "similar")) == 1
    assert len(load(settings.home / "similar", Descriptor())[0]) == 3
    with pytest.raises(UsageError):
        index(settings, folder / "nothing")
    wrong = folder / "labels.csv"
    wrong.write_text("a,b\n1,2\n")
    with pytest.raises(BadInput, match="no labels"):
        index(settings, folder, wrong)


async def test_a_consultation_sees_cards_without_a_patient_in_them(home: Path, site: tuple[Settings, Path]) -> None:
    settings, folder = site
    kept = settings.home / "attachments"
    kept.mkdir(parents=True)
    hers = film(kept / "film.dcm", 200, 160)
    assert catalog()["image.similar"] is image_similar
    with pytest.raises(NotAssessable, match="no index"):
        await image_similar.call({}, await context(home, hers))
    index(settings, folder)
    output = await image_similar.call({}, await context(home, hers))
    head, card = output.evidence
    assert head.value is None and card.value is None and card.patient == "demo-af"
    assert NOT_THE_SAME in head.display and NOT_THE_SAME in card.display and "no report was given" in card.display
    said = " ".join(item.model_dump_json() for item in output.evidence).casefold()
    assert not any(hidden in said for hidden in ("delgado", "rosa", "osl-77", "1960"))
    with pytest.raises(IdentityMismatch):
        await image_similar.call({}, await context(home, film(kept / "other.dcm", 220, 160, **OTHER)))


def test_on_the_command_line(site: tuple[Settings, Path]) -> None:
    settings, folder = site
    runner, env = CliRunner(), {"OSLER_HOME": str(settings.home)}
    assert "3 images indexed" in runner.invoke(cli, ["image", "index", str(folder)], env=env).stdout
    shown = runner.invoke(cli, ["image", "similar", str(folder / "hers.dcm"), "--count", "1"], env=env).stdout
    assert "similarity 0." in shown.replace("1.00", "0.") and NOT_THE_SAME in shown
