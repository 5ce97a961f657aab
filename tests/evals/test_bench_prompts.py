"""The benchmark of boxes and clicks on drawn scans: what it counts, what it leaves out, what any method must beat."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest

from evals.benchmarks import prompts
from evals.pointing.clicks import clicked, dice, disc, worst
from evals.pointing.organs import label_names, scans
from tools.errors import NotAssessable

XML = (
    '<?xml version="1.0"?><CaretExtension><VolumeInformation><LabelTable>'
    '<Label Key="1" Red="1"><![CDATA[kidney_left]]></Label><Label Key="2"><![CDATA[kidney_right]]></Label>'
    '<Label Key="3"><![CDATA[gallbladder]]></Label></LabelTable></VolumeInformation></CaretExtension>'
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One drawn scan: two kidneys, and a gallbladder that is too small to point at."""
    made = tmp_path_factory.mktemp("scans")
    x, y, z = np.mgrid[:90, :70, :9]
    labels = np.zeros(x.shape, dtype=np.uint8)
    for number, column in ((1, 22), (2, 66)):
        labels[((x - column) / 11) ** 2 + ((y - 30) / 8) ** 2 + ((z - 4) / 4.5) ** 2 <= 1] = number
    labels[44:46, 50:52, 4] = 3
    values = np.where(labels > 0, 120, 30) + np.random.default_rng(0).normal(0, 6, labels.shape)
    affine = np.diag([3.0, 3.0, 3.0, 1.0])
    nibabel.save(nibabel.Nifti1Image(values.astype(np.int16), affine), made / "example_ct_sm.nii.gz")
    image = nibabel.Nifti1Image(labels, affine)
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension(30, XML.encode()))
    nibabel.save(image, made / "example_seg.nii.gz")
    return made


def test_the_document(folder: Path) -> None:
    body = prompts.run(folder)
    assert body["n"] == 4 and 0.8 < body["score"] <= 1 and body["interval"][0] <= body["score"] <= body["interval"][1]
    assert [row["id"] for row in body["excluded"]] == ["example_ct_sm.nii.gz/gallbladder"]
    by = body["by"]
    assert by["walker/box"]["score"] > by["floor/box itself"]["score"] > by["floor/disc"]["score"]
    assert by["walker/5 clicks"]["score"] >= by["walker/1 clicks"]["score"] - 0.05
    assert set(body["organs"]) == {"kidney"} and body["litemedsam"] == "not asked for"
    assert body["propagation"]["1 slices away"]["dice"] > 0.8
    assert not any(key.startswith("litemedsam") for key in by)


def test_names_come_from_the_label_map(folder: Path) -> None:
    assert label_names(folder / "example_seg.nii.gz") == {1: "kidney_left", 2: "kidney_right", 3: "gallbladder"}
    (scan,) = scans(folder)
    assert scan.volume.values.shape == scan.labels.shape == (9, 70, 90)
    # A kidney is brighter than what is around it: scan and labels lie on each other.
    assert scan.volume.values[scan.labels == 1].mean() > 110


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(NotAssessable):
        prompts.run(tmp_path)


def test_a_click_goes_to_the_middle_of_the_largest_error() -> None:
    reference = np.zeros((40, 40), dtype=bool)
    reference[5:26, 5:26] = True
    assert worst(np.zeros_like(reference), reference) == ((15.0, 15.0), True)
    too_much = reference.copy()
    too_much[30:39, :] = True
    place, belongs = worst(too_much, reference)
    assert place is not None and 30 <= place[1] < 39 and not belongs
    assert worst(reference, reference) == (None, True)
    assert dice(disc((15.0, 15.0), reference.shape), reference) < 0.2


def test_clicks_are_counted_and_a_failure_keeps_what_there_was() -> None:
    reference = np.zeros((20, 20), dtype=bool)
    reference[4:16, 4:16] = True
    asked: list[int] = []

    def answer(inside: list[tuple[float, float]], outside: list[tuple[float, float]]) -> np.ndarray:
        asked.append(len(inside) + len(outside))
        if asked[-1] == 2:
            raise NotAssessable("nothing there")
        half = reference.copy()
        half[10:] = False
        return half if asked[-1] == 1 else reference

    found = clicked(reference, answer, (1, 2, 3))
    assert asked == [1, 2, 3] and found[1] == found[2] < 1 and found[3] == 1
