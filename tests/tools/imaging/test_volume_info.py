"""`osler image info` of folders, archives and volume files: geometry without a person having to open anything."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from films import film, instance, saved
from series_made import affine_of, enhanced, nifti, numbered, orientations, slices, written
from typer.testing import CliRunner

from agent.cli import cli
from agent.cli_image import describe
from tools.errors import NotAssessable
from tools.imaging.volumes import read_volume

AXIAL = affine_of(np.eye(3))


def test_a_series_with_its_geometry(tmp_path: Path) -> None:
    made = slices(numbered(), AXIAL, BodyPartExamined="CHEST", ConvolutionKernel="B70f", KVP=120, SeriesNumber=3)
    body = describe([written(made, tmp_path / "s")])
    (row,) = body["files"]
    assert (body["modality"], body["body_part"], body["view"], body["quality"]) == ("CT", "chest", "axial", None)
    assert body["geometry"] == {
        "spacing_mm": [2.5, 1.3, 0.7],
        "spacing_source": "ImagePositionPatient",
        "orientation": [1, 0, 0, 0, 1, 0],
        "uniform": True,
        "tilt_deg": 0.0,
    }
    assert body["geometry"] == read_volume(tmp_path / "s").geometry()
    assert (row["slices"], row["rows"], row["columns"], row["id"]) == (5, 4, 3, made[0].SeriesInstanceUID)
    assert row["acquisition"] == {"slice_thickness_mm": 9.0, "kvp": 120.0, "kernel": "B70f", "rescale_type": "HU"}


def test_a_folder_of_many_things(tmp_path: Path) -> None:
    folder = written(slices(numbered((9, 4, 3)), AXIAL)[::2], tmp_path / "s")
    written(slices(numbered(), AXIAL, ImageType=["DERIVED", "SECONDARY", "MPR"]), folder / "mpr")
    saved(instance(film(64, 60)), folder / "film.dcm")
    nifti(numbered(), AXIAL, folder / "v.nii.gz")
    (folder / "cut.dcm").write_bytes((folder / "film.dcm").read_bytes()[:700])
    (folder / "list.txt").write_text("a list")
    body = describe([folder])
    kinds = [(row["format"], row.get("kind"), row["geometry"]["uniform"]) for row in body["files"]]
    assert sorted(kinds, key=str) == [
        ("DICOM", "derived", True),
        ("DICOM", "volume", True),
        ("DICOM", None, None),
        ("NIfTI", "volume", True),
    ]
    assert {one["path"] for one in body["apart"]} == {"cut.dcm", "list.txt"}
    assert body["modality"] is None
    assert len(read_volume(folder).values) == 5


def test_gaps_and_tilts_are_said(tmp_path: Path) -> None:
    made = slices(numbered((9, 4, 3)), AXIAL)
    del made[3]
    body = describe([written(made, tmp_path / "gap")])
    assert body["geometry"]["uniform"] is False and "1 slice missing" in body["warnings"][0]
    leaning = AXIAL.copy()
    leaning[1, 2] = 1.0
    body = describe([written(slices(numbered(), leaning), tmp_path / "tilt")])
    assert body["geometry"]["tilt_deg"] == pytest.approx(21.801)


def test_one_file_may_be_a_volume(tmp_path: Path) -> None:
    multi = describe([saved(enhanced(numbered(), affine_of(orientations()[7])), tmp_path / "e.dcm")])
    assert multi["files"][0]["slices"] == 5 and multi["geometry"]["uniform"] is True
    labels = describe([nifti(numbered(), AXIAL, tmp_path / "l.nii", intent_code=1002)])
    assert labels["files"][0]["kind"] == "labels" and labels["geometry"]["spacing_source"] == "NIfTI sform"
    one = describe([written(slices(numbered()[:1], AXIAL), tmp_path / "one") / "0000.dcm"])
    assert one["files"][0]["frames"] == 1 and one["geometry"]["spacing_source"] == "PixelSpacing"


def test_the_command(tmp_path: Path) -> None:
    folder = written(slices(numbered(), AXIAL, SeriesDescription="thin"), tmp_path / "s")
    runner = CliRunner()
    shown = runner.invoke(cli, ["image", "info", str(folder)])
    assert shown.exit_code == 0
    assert "CT, thin, 5 slices of 3 x 4, 2.5 mm apart, axial" in shown.output and "; even" in shown.output
    given = runner.invoke(cli, ["image", "info", str(folder), "--json"])
    assert set(json.loads(given.output)) >= {
        "files",
        "modality",
        "body_part",
        "view",
        "geometry",
        "quality",
        "warnings",
    }
    (tmp_path / "empty").mkdir()
    with pytest.raises(NotAssessable, match="holds no image"):
        describe([tmp_path / "empty"])
