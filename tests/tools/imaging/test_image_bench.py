"""`osler bench dicom`: what was read, what was refused and as what, what crashed."""

from __future__ import annotations

from pathlib import Path

import pytest
from films import film, instance, saved

from evals.benchmarks import dicom
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

    def broken(path: Path) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(dicom, "read_image", broken)
    assert run("dicom", tmp_path / "a", None)["by"] == {"read": 0, "crashed": 1, "refused": 0}


def test_data_is_needed(tmp_path: Path) -> None:
    for data in (None, tmp_path / "nothing"):
        with pytest.raises(UsageError):
            run("dicom", data, None)
