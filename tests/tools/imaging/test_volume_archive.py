"""ZIP archives: unpacked within bounds, and never out of their folder."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import numpy as np
import pytest
from series_made import affine_of, nifti, numbered, slices, written

from tools.imaging import archive
from tools.imaging.refusals import ImageTooLarge, UnreadableImage, UnsupportedImage
from tools.imaging.volumes import read_volume


def packed(folder: Path, path: Path) -> Path:
    """A folder as a ZIP archive."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for file in folder.rglob("*"):
            made.write(file, file.relative_to(folder.parent))
    return path


def test_a_series_and_a_nifti_file_in_an_archive(tmp_path: Path) -> None:
    folder = written(slices(numbered(), affine_of(np.eye(3))), tmp_path / "s")
    read = read_volume(packed(folder, tmp_path / "s.zip"))
    assert np.array_equal(read.values, numbered()) and read.name == "s.zip"
    assert read.sha256 == read_volume(folder).sha256
    assert archive.unpacked(tmp_path / "s.zip") == archive.unpacked(tmp_path / "s.zip")
    (tmp_path / "n").mkdir()
    nifti(numbered(), affine_of(np.eye(3)), tmp_path / "n" / "v.nii.gz")
    assert read_volume(packed(tmp_path / "n", tmp_path / "n.zip")).format == "NIfTI"


@pytest.mark.parametrize("name", ["../out.dcm", "/tmp/out.dcm", "a/../../out.dcm", "C:\\out.dcm", "..\\out.dcm"])
def test_names_that_lead_out_are_refused(name: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as made:
        made.writestr("fine.txt", "fine")
        made.writestr(name, "out")
    with pytest.raises(UnsupportedImage) as caught:
        read_volume(tmp_path / "bad.zip")
    assert "leads out" in str(caught.value.found)
    assert not (tmp_path / "out.dcm").exists() and not Path("/tmp/out.dcm").exists()


def test_links_archives_within_and_broken_ones_are_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as made:
        made.writestr(link, "/etc/passwd")
    with zipfile.ZipFile(tmp_path / "nested.zip", "w") as made:
        made.write(tmp_path / "link.zip", "inner.dcm")
    for name, word in (("link", "a link"), ("nested", "within")):
        with pytest.raises(UnsupportedImage) as caught:
            read_volume(tmp_path / f"{name}.zip")
        assert word in str(caught.value.found)
    whole = (tmp_path / "link.zip").read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[:-30])
    with pytest.raises(UnreadableImage):
        read_volume(tmp_path / "cut.zip")


def test_entries_and_bytes_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / "many.zip", "w", zipfile.ZIP_DEFLATED) as made:
        for number in range(5):
            made.writestr(str(number), b"\0" * 100_000)
    for name, limit in (("MAX_ENTRIES", 4), ("MAX_INFLATED", 300_000)):
        with monkeypatch.context() as patch:
            patch.setattr(archive, name, limit)
            with pytest.raises(ImageTooLarge):
                archive.unpacked(tmp_path / "many.zip")
