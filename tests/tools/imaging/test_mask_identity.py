"""What a mask is of, whose, and how much of it there is: never taken for something else in silence."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from films import film, instance, saved
from PIL import Image as Pillow
from typer.testing import CliRunner

from agent.cli import cli
from agent.cli_image import draw_phantom
from tools.errors import BadInput, IdentityMismatch, NotAssessable, UsageError
from tools.imaging.comparing import same_patient
from tools.imaging.frame import Image, Who
from tools.imaging.lesions import named_from
from tools.imaging.mask_files import segment_from
from tools.imaging.masks import read_mask
from tools.imaging.outline_sizes import _whole_name
from tools.imaging.reading import read_image
from tools.imaging.seg_out import write_masks
from tools.segmenters.segment import Mask, Segment
from tools.segmenters.skin import skin_lesion


@pytest.fixture
def image(tmp_path: Path) -> Image:
    return read_image(saved(instance(film(rows=60, columns=80)), tmp_path / "film.dcm"))


def square(image: Image, at: int) -> Mask:
    mask = np.zeros(image.pixels.shape, dtype=bool)
    mask[at : at + 10, at : at + 10] = True
    return mask


def test_a_label_of_a_picture_is_that_label_alone(image: Image, tmp_path: Path) -> None:
    one, two = square(image, 5), square(image, 30)
    Pillow.fromarray((one + 2 * two).astype(np.uint8)).save(tmp_path / "labels.png")
    assert np.array_equal(read_mask(tmp_path / "labels.png", image, 2), two)
    assert np.array_equal(read_mask(tmp_path / "labels.png", image), one | two)
    with pytest.raises(BadInput, match="no label 7"):
        read_mask(tmp_path / "labels.png", image, 7)


def test_what_is_transparent_is_not_the_mask(image: Image, tmp_path: Path) -> None:
    painted = np.full((*image.pixels.shape, 4), 255, dtype=np.uint8)
    painted[..., 3] = 255 * square(image, 5)
    Pillow.fromarray(painted).save(tmp_path / "layer.png")
    assert np.array_equal(read_mask(tmp_path / "layer.png", image), square(image, 5))


def written(image: Image, one: Segment, tmp_path: Path) -> Path:
    (row,) = write_masks(image, tmp_path / "film.dcm", [one], tmp_path / "out")
    return Path(row["path"])


def test_a_seg_is_not_taken_for_the_other_side(image: Image, tmp_path: Path) -> None:
    path = written(image, Segment("left lung", square(image, 5), 0.9, "osler-lung-fields", "1.0.0"), tmp_path)
    assert segment_from(path, image, structure="left lung").structure == "left lung"
    for wrong in ("right lung", "heart"):
        with pytest.raises(BadInput, match=f"not of the {wrong}"):
            segment_from(path, image, structure=wrong)


def test_another_outline_is_another_file(image: Image, tmp_path: Path) -> None:
    made = {written(image, Segment("left lung", square(image, at), 0.9, "a", "1"), tmp_path) for at in (5, 30)}
    assert len(made) == 2 and all(path.exists() for path in made)


def test_a_node_is_one_in_any_words_and_a_lesion_counts_once() -> None:
    named = named_from("1:Axillary lymph node,2:nodes,3:liver,4:LN")
    assert [one.node for one in named] == [True, True, False, True]
    with pytest.raises(UsageError, match="named twice"):
        named_from("1:liver,1:liver")


@pytest.mark.parametrize(
    ("ours", "theirs", "same"),
    [
        ("Albrecht^Jürgen", "Else^Some", False),
        ("Albrecht^Jürgen", "ALBRECHT^JUERGEN", True),
        ("Müller^Eva", "Muller^E", True),
        ("Müller^Eva", "田中^花子", True),
    ],
)
def test_names_with_accents_are_compared(ours: str, theirs: str, same: bool, image: Image) -> None:
    one, other = (replace(image, header=replace(image.header, who=Who(names=(name,)))) for name in (ours, theirs))
    if same:
        same_patient(one, other)
    else:
        with pytest.raises(IdentityMismatch):
            same_patient(one, other)


def test_what_is_left_of_the_lungs_is_not_called_lungs() -> None:
    mask = np.ones((2, 2), dtype=bool)
    assert _whole_name("lungs", {"right lung": mask, "left lung": mask}) == "lungs"
    assert _whole_name("lungs", {"right lung": mask}) == "right lung"
    assert _whole_name("nodule", {"nodule": mask}) == "nodule"


def test_a_picture_in_which_nothing_differs_shows_no_lesion() -> None:
    with pytest.raises(NotAssessable):
        skin_lesion(np.full((300, 300, 3), (214, 164, 140), dtype=np.uint8))


def test_an_exported_outline_of_a_program_is_tagged(tmp_path: Path) -> None:
    drawn = draw_phantom("demo-hfref", tmp_path / "film.dcm")
    given = [
        "image",
        "export",
        str(drawn["path"]),
        "--structure",
        "lungs",
        "--as",
        "fhir",
        "--out",
        str(tmp_path / "o"),
    ]
    shown = CliRunner().invoke(cli, given)
    assert shown.exit_code == 0, shown.output
    body = json.loads(next((tmp_path / "o").rglob("*.json")).read_text(encoding="utf-8"))
    wrong = CliRunner().invoke(cli, [*given, "--patient", "demo-af", "--out", str(tmp_path / "p")])
    assert wrong.exit_code == 0 and "another id than demo-af" in wrong.output
    found = [entry["resource"] for entry in body["entry"] if entry["resource"]["resourceType"] == "Observation"]
    assert found
    for one in found:
        codes = {tag["code"] for tag in one["meta"]["tag"]}
        assert codes == {"draft", "unvalidated"}


def test_a_deep_negative_is_turned_over(tmp_path: Path) -> None:
    ramp = np.tile(np.arange(300, dtype=np.uint16) * 200, (300, 1))
    Pillow.fromarray(ramp).save(tmp_path / "plain.tif")
    Pillow.fromarray(ramp.max() - ramp).save(tmp_path / "negative.tif", tiffinfo={262: 0})
    plain, negative = read_image(tmp_path / "plain.tif"), read_image(tmp_path / "negative.tif")
    assert np.allclose(plain.pixels, negative.pixels) and any("WhiteIsZero" in text for text in negative.warnings)
