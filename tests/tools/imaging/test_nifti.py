"""NIfTI volumes: where their voxels lie, and what is refused rather than guessed."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from series_made import affine_of, nifti, numbered

from tools.errors import NotAssessable, ToolError
from tools.imaging.refusals import ImageTooLarge, NotAnImage, UnreadableImage, UnsupportedImage
from tools.imaging.volumes import read_volume

AFFINE = affine_of(np.eye(3))


def made(path: Path, values: Any = None, **header: Any) -> Path:
    """A NIfTI file with these header fields."""
    return nifti(numbered() if values is None else values, AFFINE, path, **header)


def patched(path: Path, at: int, content: bytes) -> Path:
    """The file with some header bytes changed, where nibabel would set them back on saving."""
    raw = bytearray(path.read_bytes())
    raw[at : at + len(content)] = content
    path.write_bytes(raw)
    return path


def test_sform_before_qform_and_neither_is_refused(tmp_path: Path) -> None:
    both = made(tmp_path / "both.nii", sform_code=2, qform_code=1, qoffset_x=77)
    read = read_volume(both)
    assert read.affine == pytest.approx(AFFINE, abs=1e-5)
    assert read.spacing_source == "NIfTI sform"
    assert "sform and qform place the volume differently: the sform is used" in read.warnings
    only = read_volume(patched(made(tmp_path / "q.nii", qform_code=1, qoffset_x=77), 254, b"\0\0"))
    assert only.spacing_source == "NIfTI qform"
    assert only.affine[0, 3] == -77
    with pytest.raises(NotAssessable, match="left and right"):
        read_volume(patched(made(tmp_path / "n.nii"), 252, b"\0\0\0\0"))


def test_units_and_scaling(tmp_path: Path) -> None:
    metres = read_volume(made(tmp_path / "m.nii", xyzt_units=1))
    assert metres.spacing_mm == pytest.approx((2500, 1300, 700))
    silent = read_volume(made(tmp_path / "s.nii", xyzt_units=0))
    assert silent.spacing_source == "NIfTI sform, unit not stated" and "taken as millimetres" in silent.warnings[0]
    plain = patched(made(tmp_path / "x.nii"), 112, struct.pack("<ff", 0.5, -3.0))
    (tmp_path / "x.nii.gz").write_bytes(gzip.compress(plain.read_bytes()))
    scaled = read_volume(tmp_path / "x.nii.gz")
    assert scaled.values == pytest.approx(numbered() * 0.5 - 3)


def test_one_of_several_volumes_has_to_be_named(tmp_path: Path) -> None:
    import nibabel

    data = np.stack([numbered(), numbered() + 200], axis=-1).transpose(2, 1, 0, 3)
    nibabel.save(nibabel.Nifti1Image(data, np.eye(4)), tmp_path / "t.nii.gz")
    with pytest.raises(NotAssessable, match="holds 2 volumes"):
        read_volume(tmp_path / "t.nii.gz")
    second = read_volume(tmp_path / "t.nii.gz", time=1)
    assert np.array_equal(second.values, numbered() + 200) and "volume 1 of 2 (from 0)" in second.warnings
    with pytest.raises(NotAssessable):
        read_volume(tmp_path / "t.nii.gz", time=2)


def test_a_sheared_sform_leans(tmp_path: Path) -> None:
    affine = AFFINE.copy()
    affine[1, 2] = 2.5 * np.tan(np.radians(10))
    read = read_volume(nifti(numbered(), affine, tmp_path / "s.nii", qform_code=0))
    assert read.tilt_deg == pytest.approx(10, abs=1e-3) and not read.square
    affine[:3, 1] = (0.4, 1.3, 0)
    with pytest.raises(NotAssessable, match="skewed"):
        read_volume(nifti(numbered(), affine, tmp_path / "k.nii", qform_code=0))


def test_the_name_does_not_matter_and_numbers_that_are_none_do(tmp_path: Path) -> None:
    packed = made(tmp_path / "v.nii.gz").rename(tmp_path / "0123abcd")
    assert np.array_equal(read_volume(packed).values, numbered())
    holes = numbered().astype(np.float32)
    holes[1, 1, 1] = np.nan
    read = read_volume(made(tmp_path / "h.nii", holes))
    assert read.values[1, 1, 1] == 0 and "values that are not numbers are taken as 0" in read.warnings


def test_what_is_broken_or_something_else_is_refused(tmp_path: Path) -> None:
    whole = made(tmp_path / "v.nii").read_bytes()
    packed = gzip.compress(whole)
    pair = bytearray(whole)
    pair[344:348] = b"ni1\x00"
    huge = bytearray(whole)
    huge[42:48] = (30000).to_bytes(2, "little") * 3
    text = gzip.compress(b"a text")
    cases: dict[str, tuple[bytes, type[ToolError]]] = {
        "cut": (whole[:-9], UnreadableImage),
        "header": (whole[:350], UnreadableImage),
        "packed": (packed[:-20], UnreadableImage),
        "pair": (bytes(pair), UnsupportedImage),
        "huge": (bytes(huge), ImageTooLarge),
        "text": (text, NotAnImage),
    }
    for name, (content, kind) in cases.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(kind):
            read_volume(tmp_path / name)
    with pytest.raises(UnsupportedImage):
        read_volume(made(tmp_path / "flat.nii", numbered()[:1]))
    colour = np.zeros((5, 4, 3), dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
    with pytest.raises(UnsupportedImage, match="not read as a volume"):
        read_volume(made(tmp_path / "rgb.nii", colour))


@pytest.mark.parametrize("seed", range(40))
def test_damaged_headers_never_crash(seed: int, tmp_path: Path) -> None:
    raw = bytearray(made(tmp_path / "v.nii").read_bytes())
    dice = np.random.default_rng(seed)
    for at in dice.integers(0, 348, 6):
        raw[at] = dice.integers(0, 256)
    (tmp_path / "d.nii").write_bytes(bytes(raw))
    try:
        read = read_volume(tmp_path / "d.nii")
    except ToolError as error:
        assert error.document()["action"]
    else:
        assert read.values.ndim == 3 and np.isfinite(read.affine).all()


def test_public_volumes_are_read() -> None:
    folder = Path(__file__).parents[3].parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no ../shared/data")
    for path in sorted((folder / "niivue-images").glob("*.nii.gz")):
        read = read_volume(path)
        assert read.axes == ("S", "A", "R") and read.uniform and read.square
    series = read_volume(folder / "totalsegmentator-samples" / "example_ct_dicom")
    labels = read_volume(folder / "totalsegmentator-samples" / "example_seg_dicom.nii.gz")
    from tools.imaging.volume import canonical

    ours, theirs = canonical(series)[0], canonical(labels)[0]
    assert ours.values.shape == theirs.values.shape == (20, 512, 512)
    assert ours.affine == pytest.approx(theirs.affine, abs=1e-3)
    # What the reference calls lung (TotalSegmentator's labels 10 to 14) is air in the series.
    lung = (theirs.values >= 10) & (theirs.values <= 14)
    assert lung.sum() == 0 or float(np.median(ours.values[lung])) < -500
