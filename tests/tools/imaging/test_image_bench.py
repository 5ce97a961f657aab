"""`osler bench dicom`: what was read, what was refused and as what, what crashed."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from films import film, instance, saved
from series_made import affine_of, enhanced, numbered, slices, written

from evals.benchmarks import dicom, volume_speed
from evals.benchmarks.volume_speed import write_series
from evals.commands import run
from tools.errors import UsageError


def test_outcomes_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    saved(instance(film(30, 30)), tmp_path / "a" / "film.dcm")
    (tmp_path / "b" / "note.txt").write_text("a note")
    body = run("dicom", tmp_path / "a", None, [tmp_path / "b"])
    assert (body["n"], body["score"], body["by"]) == (
        2,
        1.0,
        {"read": 1, "crashed": 0, "refused": 1, "not_an_image": 1},
    )
    assert [case["id"] for case in body["cases"]] == ["a/film.dcm", "b/note.txt"]
    assert body["kinds"] == {"Computed Radiography Image Storage": {"read": 1}, "other": {"refused": 1}}

    def broken(path: Path) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(dicom, "read_image", broken)
    assert run("dicom", tmp_path / "a", None)["by"] == {"read": 0, "crashed": 1, "refused": 0}


def test_volumes_and_frames_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = slices(numbered(), affine_of(np.eye(3)))
    del made[2]
    written(made, tmp_path / "s")
    saved(enhanced(numbered(), affine_of(np.eye(3))), tmp_path / "e.dcm")
    body = run("dicom", tmp_path, None)
    assert (body["files"], body["n"], body["score"]) == (5, 7, 1.0)
    assert body["multi_frame"] == {"files": 1, "frames": 5, "frames tried": 4, "frames read": 4}
    assert body["volumes"] == {"read": 2, "stacks": 2, "slices": 9, "uneven": 1}

    def broken(stack: object, name: str) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(dicom, "volume_of", broken)
    body = run("dicom", tmp_path, None)
    assert body["volumes"]["crashed"] == 2 and body["score"] == round(5 / 7, 4)


def test_loads_of_a_series_are_timed_and_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(volume_speed, "write_series", lambda folder: write_series(folder, 6, 64))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    body = run("volume-speed", None, 1)
    assert (body["score"], body["by"]["osler"]["exact"], body["limits"]["kept"]) == (1.0, 1, True)
    assert "not installed" in body["ratio"]["note"]


def test_data_is_needed(tmp_path: Path) -> None:
    for data in (None, tmp_path / "nothing"):
        with pytest.raises(UsageError):
            run("dicom", data, None)
