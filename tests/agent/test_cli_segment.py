"""`osler image segment` by name, box and points, on drawn images."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image as Pillow
from typer.testing import CliRunner

from agent.cli_asked import Asked, prompts_of
from agent.cli_image import image as cli
from tools.errors import BadInput, NotAssessable, OslerError, UsageError


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSLER_HOME", str(tmp_path / "home"))


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A bright disc on dark ground."""
    y, x = np.mgrid[:120, :160]
    disc = np.hypot(x - 70, y - 60) < 28
    grey = np.where(disc, 190, 60) + np.random.default_rng(0).normal(0, 6, disc.shape)
    Pillow.fromarray(grey.clip(0, 255).astype(np.uint8)).save(tmp_path / "disc.png")
    return tmp_path / "disc.png"


@pytest.fixture
def series(tmp_path: Path) -> Path:
    """A ball in HU as NIfTI."""
    x, y, z = np.mgrid[:64, :56, :7]
    ball = ((x - 30) / 16) ** 2 + ((y - 28) / 14) ** 2 + ((z - 3) / 3.4) ** 2 <= 1
    values = np.where(ball, 110, 10) + np.random.default_rng(0).normal(0, 6, ball.shape)
    nibabel.save(
        nibabel.Nifti1Image(values.astype(np.int16), np.diag([-2.0, -2.0, 3.0, 1.0])), tmp_path / "ball.nii.gz"
    )
    return tmp_path / "ball.nii.gz"


def run(*arguments: object) -> dict[str, object]:
    done = CliRunner().invoke(cli, ["segment", *(str(one) for one in arguments), "--json"], standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    body: dict[str, object] = json.loads(done.stdout)
    return body


def test_a_box_and_a_point_on_a_picture(picture: Path, tmp_path: Path) -> None:
    body = run(picture, "--box", "40,30,100,90", "--method", "walker", "--out", tmp_path / "a")
    (row,) = body["segments"]  # type: ignore[misc]
    assert row["structure"] == "object" and row["coding"]["code"] == "111030"
    assert abs(row["voxels"] - np.pi * 28**2) < 200
    mask = np.asarray(Pillow.open(row["path"])) > 0
    assert mask.shape == (120, 160) and mask[60, 70] and not mask[10, 10]
    assert set(row) >= {"algorithm", "confidence", "doubts", "laterality", "box"} and row["validated"] is False
    clicked = run(
        picture, "--point", "70,60,+", "--point", "140,100,-", "--structure", "left kidney", "--out", tmp_path / "b"
    )
    (row,) = clicked["segments"]  # type: ignore[misc]
    assert row["structure"] == "left kidney" and row["laterality"]["display"] == "Left"
    assert abs(row["voxels"] - np.pi * 28**2) < 300


def test_a_box_on_one_slice_goes_through_the_volume(series: Path, tmp_path: Path) -> None:
    given = ("--box", "17,13,46,43", "--slice", 3, "--modality", "ct", "--structure", "spleen", "--method", "walker")
    body = run(series, *given, "--out", tmp_path / "v")
    (row,) = body["segments"]  # type: ignore[misc]
    written = nibabel.load(row["path"])
    labels = np.asarray(written.dataobj)
    source = nibabel.load(series)
    assert labels.shape == source.shape and np.allclose(written.affine, source.affine)
    bright = np.asarray(source.dataobj) > 60
    assert 2 * (bright & (labels > 0)).sum() / (bright.sum() + (labels > 0).sum()) > 0.85
    assert row["algorithm"]["name"] == "osler-slice-propagation"
    assert any("propagated from slice" in text for text in body["warnings"])  # type: ignore[attr-defined]
    assert json.loads(Path(row["path"].replace(".nii.gz", ".json")).read_text())["segments"][0]["label"] == 1


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        (("--structure", "is the liver enlarged?"), BadInput),
        (("--structure", "lobe"), NotAssessable),
        (("--structure", "spleen"), NotAssessable),
        (("--box", "1,2,3"), UsageError),
        (("--box", "a,b,c,d"), UsageError),
        (("--point", "5,5"), UsageError),
        (("--point", "5,5,5,5,+"), UsageError),
        (("--box", "500,500,600,600"), BadInput),
        (("--method", "magic"), UsageError),
        (("--point", "70,60,+", "--method", "litemedsam"), BadInput),
        (("--box", "40,30,100,90", "--method", "litemedsam"), NotAssessable),
    ],
)
def test_what_cannot_be_done_is_said(
    picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...], kind: type[OslerError]
) -> None:
    monkeypatch.setattr("tools.segmenters.medsam.locate", lambda _: None)
    with pytest.raises(kind) as refused:
        run(picture, *more, "--out", tmp_path / "x")
    assert isinstance(refused.value, OslerError) and refused.value.action
    assert not (tmp_path / "x").exists()


def test_points_are_column_row_slice() -> None:
    found = prompts_of(Asked(Path("x"), clicks=("1,2,+", "3,4,5,-"), box="0,1,2,3"))
    assert found.box == (0, 1, 2, 3)
    assert [(one.at, one.inside, one.slice_) for one in found.clicks] == [((1, 2), True, None), ((3, 4), False, 5)]
