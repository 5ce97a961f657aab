"""`osler image export`: all that is written is opened again by other readers."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from films import film, instance, saved
from PIL import Image as Pillow
from pydicom import dcmread
from series_made import affine_of, enhanced, nifti, slices, written
from typer.testing import CliRunner

from agent.cli_asked import Asked
from agent.cli_image import image
from agent.cli_out import export, export_text, sign
from tools.ehr.checks.validate import check
from tools.errors import NotAssessable, UsageError
from tools.imaging.outlines import outlines_of

SHAPE = (5, 40, 30)


def lung(rows: int = 64, columns: int = 48) -> np.ndarray:
    """A block as a mask."""
    mask = np.zeros((rows, columns), dtype=bool)
    mask[10:30, 8:20] = True
    return mask


@pytest.fixture(scope="module")
def of_film(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("film")
    made = instance(
        film(64, 48), ImagerPixelSpacing=[0.2, 0.2], PatientID="77", PatientName="Ellison^M", Laterality="",
        PatientOrientation=["L", "F"], InstanceCreationDate="20260301",
    )  # fmt: skip
    path = saved(made, folder / "film.dcm")
    Pillow.fromarray(lung().astype(np.uint8) * 255).save(folder / "mask.png")
    asked = Asked(path, "left lung", folder / "mask.png")
    return path, export(asked, "seg,sr,gsps,png,fhir", folder / "out")


@pytest.fixture(scope="module")
def of_series(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("series")
    values = np.random.default_rng(0).integers(0, 90, SHAPE).astype(np.float64)
    source = written(slices(values, affine_of(np.eye(3))), folder / "s")
    labels = np.zeros(SHAPE, dtype=np.uint8)
    labels[1:4, 10:30, 8:20] = 1
    nifti(labels, affine_of(np.eye(3)), folder / "m.nii.gz")
    asked = Asked(source, "spleen", folder / "m.nii.gz")
    return source, export(asked, "seg,sr,gsps,png,fhir", folder / "out", "p1")


def paths(body: dict[str, Any], kind: str) -> list[Path]:
    """The files of a kind."""
    return [Path(row["path"]) for row in body["written"] if row["as"] == kind]


def test_everything_is_written_once(
    of_film: tuple[Path, dict[str, Any]], of_series: tuple[Path, dict[str, Any]]
) -> None:
    for _, body in (of_film, of_series):
        assert {row["as"] for row in body["written"]} == {"seg", "sr", "gsps", "png", "fhir"}
        assert body["not_written"] == [] and body["verified"] is False
        assert any("nothing is written to a record" in text for text in body["warnings"])
        assert all(path.exists() for row in body["written"] for path in [Path(row["path"])])


def test_the_presentation_state_draws_the_outline_and_the_calipers(of_series: tuple[Path, dict[str, Any]]) -> None:
    source, body = of_series
    state = dcmread(paths(body, "gsps")[0])
    files = {each.SOPInstanceUID: each for each in map(dcmread, source.iterdir())}
    assert state.Modality == "PR" and state.StudyInstanceUID == next(iter(files.values())).StudyInstanceUID
    assert len(state.GraphicAnnotationSequence) == 3
    lengths = set()
    for part in state.GraphicAnnotationSequence:
        shown = part.ReferencedImageSequence[0].ReferencedSOPInstanceUID
        assert shown in files
        places = [np.reshape(one.GraphicData, (-1, 2)) for one in part.GraphicObjectSequence]
        assert all(one.GraphicAnnotationUnits == "PIXEL" for one in part.GraphicObjectSequence)
        # Counted from the corner of the first pixel: columns 8 to 19 end at 8 and 20.
        assert np.allclose([places[0].min(axis=0), places[0].max(axis=0)], [[8, 10], [20, 30]])
        lengths.add(len(places))
    assert lengths == {1, 3}
    assert [layer.GraphicLayerDescription for layer in state.GraphicLayerSequence] == ["spleen"]


def test_an_outline_runs_around_parts_and_holes() -> None:
    mask = lung(20, 24)
    mask[15:, :] = False
    mask[12, 12] = False
    mask[2:4, 2:4] = True
    assert len(outlines_of(mask)) == 3
    assert outlines_of(np.ones((3, 3), dtype=bool))[0].min() == -0.5


def test_the_picture_shows_lines_and_says_at_the_detector(of_film: tuple[Path, dict[str, Any]]) -> None:
    path, body = of_film
    picture = np.asarray(Pillow.open(paths(body, "png")[0]).convert("RGB")).astype(int)
    factor = picture.shape[1] // 48
    rows = 64 * factor
    assert picture.shape[0] > rows
    coloured = np.abs(picture[:rows] - picture[:rows].mean(axis=2, keepdims=True)).max(axis=2) > 20
    there = np.argwhere(coloured) / factor
    assert np.allclose(there.min(axis=0), [10, 8], atol=0.7) and np.allclose(there.max(axis=0), [30, 20], atol=0.7)
    state = dcmread(next(path.parent.glob("out/*-pr.dcm")))
    said = state.GraphicAnnotationSequence[0].TextObjectSequence[0].UnformattedTextValue
    assert "at the detector" in said


def test_fhir_drafts_are_valid_preliminary_and_name_their_sources(
    of_film: tuple[Path, dict[str, Any]], of_series: tuple[Path, dict[str, Any]]
) -> None:
    for source, body, subject in (
        (of_film[0], of_film[1], {"type": "Patient", "identifier": {"value": "77"}}),
        (next(of_series[0].iterdir()), of_series[1], {"reference": "Patient/p1"}),
    ):
        file = json.loads(paths(body, "fhir")[0].read_text())
        check(file)
        study, *others = [entry["resource"] for entry in file["entry"]]
        stored = dcmread(source)
        assert study["resourceType"] == "ImagingStudy"
        assert study["identifier"][0]["value"] == f"urn:oid:{stored.StudyInstanceUID}"
        assert [part["modality"]["code"] for part in study["series"]] == [stored.Modality, "SEG", "SR"]
        assert len(others) == len(body["measurements"])
        for one, row in zip(others, body["measurements"], strict=True):
            assert one["status"] == "preliminary" and one["subject"] == subject and one["device"]["display"] == "Osler"
            assert (one["valueQuantity"]["value"], one["valueQuantity"]["code"]) == (row["value"], row["unit"])
            assert one["method"]["text"] == row["method"] and one["bodySite"]["coding"][0]["code"]
            assert [each["type"] for each in one["derivedFrom"]] == ["ImagingStudy", *["DocumentReference"] * 2]


def test_what_cannot_be_made_is_said(tmp_path: Path) -> None:
    Pillow.fromarray((film(64, 48) >> 4).astype(np.uint8)).save(tmp_path / "film.png")
    Pillow.fromarray(lung().astype(np.uint8) * 255).save(tmp_path / "mask.png")
    asked = Asked(tmp_path / "film.png", "thing", tmp_path / "mask.png")
    body = export(asked, "seg,sr,gsps,png,fhir", tmp_path / "out")
    assert {row["as"] for row in body["written"]} == {"seg", "png"}
    assert {row["as"] for row in body["not_written"]} == {"sr", "gsps", "fhir"}
    assert "not made" in export_text(body)
    with pytest.raises(NotAssessable):
        export(asked, "sr", tmp_path / "out")
    for kinds in ("", "stl"):
        with pytest.raises(UsageError):
            export(asked, kinds, tmp_path / "out")
    with pytest.raises(UsageError, match="nothing is named"):
        export(Asked(tmp_path / "film.png"), "png", tmp_path / "out")


def test_burnt_in_text_that_is_not_found_gives_no_picture(tmp_path: Path) -> None:
    path = saved(instance(np.full((64, 48), 900, dtype=np.uint16), BurnedInAnnotation="YES"), tmp_path / "film.dcm")
    with pytest.raises(NotAssessable):
        export(Asked(path, points="5,5 25,5"), "png", tmp_path / "out")


def test_names_in_other_letters_are_kept(tmp_path: Path) -> None:
    made = instance(film(64, 48), SpecificCharacterSet="ISO_IR 100", PatientName="Müller^Jürgen")
    path = saved(made, tmp_path / "film.dcm")
    Pillow.fromarray(lung().astype(np.uint8) * 255).save(tmp_path / "mask.png")
    body = export(Asked(path, "Läsion π", tmp_path / "mask.png"), "seg,sr,gsps", tmp_path / "out")
    objects = [dcmread(row["path"]) for row in body["written"]]
    assert [str(one.PatientName) for one in objects] == ["Müller^Jürgen"] * 3
    assert objects[0].SegmentSequence[0].SegmentLabel == "Läsion π"
    assert objects[2].GraphicLayerSequence[0].GraphicLayerDescription == "Läsion π"
    report = paths(body, "sr")[0]
    signed = sign(report, "Weiß^Łucja", "Hospital", None)
    assert signed["by"] == "Weiß^Łucja" and {row["structure"] for row in signed["values"]} == {"Läsion π"}


def test_another_structure_does_not_overwrite_the_first(tmp_path: Path) -> None:
    path = saved(instance(film(64, 48)), tmp_path / "film.dcm")
    Pillow.fromarray(lung().astype(np.uint8) * 255).save(tmp_path / "mask.png")
    files = set()
    for name in ("left lung", "heart"):
        body = export(Asked(path, name, tmp_path / "mask.png"), "seg,sr,gsps,png", tmp_path / "out")
        files |= {row["path"] for row in body["written"]}
    assert len(files) == 8


def test_a_seg_goes_in_and_keeps_what_drew_it(of_film: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    path, body = of_film
    again = export(Asked(path, None, paths(body, "seg")[0]), "seg", tmp_path / "out")
    first, second = body["segments"][0], again["segments"][0]
    assert {name: second[name] for name in ("structure", "voxels", "coding", "algorithm")} == {
        name: first[name] for name in ("structure", "voxels", "coding", "algorithm")
    }


def test_on_the_command_line_and_signed(of_film: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    path, _ = of_film
    run = CliRunner()
    told = run.invoke(
        image, ["export", str(path), "--points", "5,5 25,5", "--as", "sr,gsps", "--out", str(tmp_path), "--json"]
    )
    assert told.exit_code == 0, told.output
    body = json.loads(told.stdout)
    report = paths(body, "sr")[0]
    assert body["measurements"][0]["value"] == pytest.approx(4.0)
    signed = run.invoke(image, ["sign", str(report), "--by", "Weber^Anna", "--organisation", "Hospital"])
    assert signed.exit_code == 0 and "VERIFIED by Weber^Anna, Hospital" in signed.stdout
    assert "Distance 4 mm" in signed.stdout


def test_the_standards_tables_find_no_error(
    of_film: tuple[Path, dict[str, Any]], of_series: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy is not installed: apt-get install dicom3tools")
    made = [path for _, body in (of_film, of_series) for kind in ("seg", "sr", "gsps") for path in paths(body, kind)]
    stack = enhanced(np.zeros(SHAPE), affine_of(np.eye(3)))
    stack.FrameOfReferenceUID = "2.25.7"
    source = saved(stack, tmp_path / "e.dcm")
    marked = export(Asked(source.parent, None, None, None, "5,5,1 25,5,1"), "sr,gsps", tmp_path / "out")
    made += paths(marked, "sr")
    for path in made:
        told = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
        errors = [line for line in (told.stdout + told.stderr).splitlines() if line.startswith("Error")]
        assert errors == [], f"{path.name}: {errors}"
