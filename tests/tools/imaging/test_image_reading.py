"""Reading: values, windows, inversion, colour, frames; and what is refused, as what."""

from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from films import CT, film, instance, saved
from PIL import Image as Pillow
from pydicom.dataset import Dataset
from pydicom.filereader import read_file_meta_info
from pydicom.uid import JPEG2000Lossless, RLELossless

from evals.benchmarks.dicom import files_of
from tools.errors import ToolError, UsageError
from tools.imaging import dicom, reading
from tools.imaging.reading import read_image
from tools.imaging.refusals import ImageTooLarge, NotAnImage, UnreadableImage, UnsupportedImage

DATA = Path(__file__).parents[4] / "shared" / "data"
FOLDERS = [DATA / "dicom-pydicom", DATA / "dicom-pydicom-data"]


def refused(path: Path, kind: type[ToolError], frame: int = 0) -> ToolError:
    """The refusal of a file, which says all three things."""
    with pytest.raises(kind) as caught:
        read_image(path, frame)
    assert type(caught.value) is kind
    assert all(caught.value.document().values())
    return caught.value


# -- DICOM ------------------------------------------------------------------------------------------------------------


def test_a_dicom_film_with_its_facts(tmp_path: Path) -> None:
    made = instance(film(), PatientID="MRN1", PatientName="Ellison^Margaret", ViewPosition="PA")
    image = read_image(saved(made, tmp_path / "film"))
    assert (image.rows, image.columns, image.frames, image.bits, image.format) == (512, 480, 1, 12, "DICOM")
    assert image.header.sop_instance_uid == made.SOPInstanceUID
    assert image.header.taken_at == "2026-03-01T10:15:00"
    assert image.pixels.dtype == np.float32 and 0.0 <= image.pixels.min() <= image.pixels.max() <= 1.0
    assert image.values is not None and np.array_equal(image.values, film())
    assert "Ellison" not in repr(image) and "MRN1" not in repr(image.header)


def test_monochrome1_is_turned_over_for_showing_only(tmp_path: Path) -> None:
    straight = read_image(saved(instance(film()), tmp_path / "a.dcm"))
    turned = read_image(saved(instance(film(), PhotometricInterpretation="MONOCHROME1"), tmp_path / "b.dcm"))
    assert np.allclose(turned.pixels, 1 - straight.pixels, atol=1e-6)
    assert turned.values is not None and np.array_equal(turned.values, film())


def test_rescaling_and_window(tmp_path: Path) -> None:
    stored = np.arange(0, 2500, dtype=np.uint16).reshape(50, 50)
    made = instance(stored, CT, Modality="CT", RescaleSlope=1, RescaleIntercept=-1024, WindowCenter=40, WindowWidth=400)
    image = read_image(saved(made, tmp_path / "ct.dcm"))
    assert image.values is not None and image.values[0, 0] == -1024 and image.values[-1, -1] == 1475
    assert (image.pixels[image.values <= -160] == 0).all() and (image.pixels[image.values >= 240] == 1).all()
    assert image.pixels[image.values == 40][0] == pytest.approx(0.5, abs=0.01)


def test_padding_does_not_set_the_span_shown(tmp_path: Path) -> None:
    stored = np.full((40, 40), 1000, dtype=np.uint16)
    stored[:20], stored[0] = 2000, 0
    image = read_image(saved(instance(stored, PixelPaddingValue=0), tmp_path / "padded.dcm"))
    assert (image.pixels[30, 0], image.pixels[10, 0], image.pixels[0, 0]) == (0.0, 1.0, 0.0)


def test_frames_are_read_one_by_one(tmp_path: Path) -> None:
    stack = np.stack([np.full((30, 20), level, dtype=np.uint16) for level in (10, 20, 30)])
    path = saved(instance(stack), tmp_path / "stack.dcm")
    read = [read_image(path, number) for number in range(3)]
    assert [float(image.values[0, 0]) for image in read if image.values is not None] == [10, 20, 30]
    assert [image.frame for image in read] == [0, 1, 2] and read[0].frames == 3
    assert "0 to 2" in str(refused(path, UnreadableImage, 3).expected)


def test_colour_is_read_as_brightness(tmp_path: Path) -> None:
    red = np.zeros((20, 20), dtype=np.uint8)
    made = instance(red, Modality="US", SamplesPerPixel=3, PlanarConfiguration=0, PhotometricInterpretation="RGB")
    made.PixelData = np.tile(np.array([255, 0, 0], dtype=np.uint8), 400).tobytes()
    image = read_image(saved(made, tmp_path / "red.dcm"))
    assert image.values is None and image.pixels[0, 0] == pytest.approx(0.299, abs=0.001)


def test_compressed_pixels_are_decoded_in_a_process_of_their_own(tmp_path: Path) -> None:
    made = instance(film(64, 60))
    plain = read_image(saved(made, tmp_path / "plain.dcm"))
    made.compress(JPEG2000Lossless, generate_instance_uid=False)
    squeezed = read_image(saved(made, tmp_path / "j2k.dcm"))
    assert np.array_equal(plain.pixels, squeezed.pixels) and squeezed.lossy is False


def test_a_decoder_that_breaks_or_hangs_breaks_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = instance(film(64, 60))
    made.compress(JPEG2000Lossless, generate_instance_uid=False)
    path = saved(made, tmp_path / "j2k.dcm")
    stub = tmp_path / "stub.py"
    monkeypatch.setattr(dicom.decode, "__file__", str(stub))
    stub.write_text("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    assert "broke down (-11)" in str(refused(path, UnreadableImage).found)
    stub.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(dicom, "SECONDS", 0.5)
    assert "did not end" in str(refused(path, UnreadableImage).found)


def test_compressed_pixels_that_are_damaged(tmp_path: Path) -> None:
    made = instance(film(64, 60))
    made.compress(JPEG2000Lossless, generate_instance_uid=False)
    body = bytearray(made.PixelData)
    body[40:200] = bytes(160)
    made.PixelData = bytes(body)
    refused(saved(made, tmp_path / "damaged.dcm"), UnreadableImage)


def test_broken_dicom(tmp_path: Path) -> None:
    path = saved(instance(film(64, 60)), tmp_path / "whole.dcm")
    (tmp_path / "half.dcm").write_bytes(path.read_bytes()[:-100])
    assert "less than expected" in str(refused(tmp_path / "half.dcm", UnreadableImage).found)
    (tmp_path / "start.dcm").write_bytes(path.read_bytes()[:150])
    refused(tmp_path / "start.dcm", NotAnImage)
    refused(saved(instance(film(64, 60), Rows=None), tmp_path / "rowless.dcm"), UnreadableImage)


def test_sizes_are_bounded_before_anything_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused(saved(instance(film(64, 60), Rows=60000, Columns=60000), tmp_path / "wide.dcm"), ImageTooLarge)
    Pillow.fromarray(np.zeros((100, 100), np.uint8)).save(tmp_path / "big.png")
    monkeypatch.setattr("tools.imaging.picture.MAX_PIXELS", 5000)
    refused(tmp_path / "big.png", ImageTooLarge)
    monkeypatch.setattr(reading, "MAX_BYTES", 100)
    refused(tmp_path / "big.png", ImageTooLarge)


def test_a_deflated_bomb_is_not_inflated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = instance(np.zeros((500, 500), np.uint16))
    made.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1.99"
    path = saved(made, tmp_path / "deflated.dcm")
    assert read_image(path).rows == 500
    monkeypatch.setattr(dicom, "MAX_INFLATED", 10_000)
    refused(path, ImageTooLarge)


@pytest.mark.parametrize(
    ("sop_class", "named"),
    [
        ("1.2.840.10008.5.1.4.1.1.88.33", "Comprehensive SR"),
        ("1.2.840.10008.5.1.4.1.1.481.5", "RT Plan"),
        ("1.2.840.10008.5.1.4.1.1.9.1.1", "12-lead ECG"),
        ("1.2.840.10008.5.1.4.1.1.104.1", "Encapsulated PDF"),
    ],
)
def test_what_is_no_image_is_refused_as_what_it_is(sop_class: str, named: str, tmp_path: Path) -> None:
    made = instance(film(20, 20), sop_class)
    del made.PixelData
    assert named in str(refused(saved(made, tmp_path / "other.dcm"), NotAnImage).found)


def test_a_header_without_pixels(tmp_path: Path) -> None:
    made = instance(film(20, 20))
    del made.PixelData
    assert "header only" in str(refused(saved(made, tmp_path / "header.dcm"), UnreadableImage).found)


def test_a_data_set_without_file_meta_is_read(tmp_path: Path) -> None:
    path = saved(instance(film(20, 20)), tmp_path / "bare")
    whole = path.read_bytes()
    path.write_bytes(whole[whole.index(b"\x08\x00\x16\x00") :])
    assert read_image(path).rows == 20


def test_odd_values_are_counted_and_never_quoted(tmp_path: Path) -> None:
    made = instance(film(20, 20), StudyDate=None)
    path = saved(made, tmp_path / "odd.dcm")
    path.write_bytes(path.read_bytes().replace(b"101500", b"Smith!"))
    image = read_image(path)
    assert not any("Smith" in warning for warning in image.warnings)
    assert isinstance(made, Dataset) and image.header.taken_at is None


# -- other files ------------------------------------------------------------------------------------------------------


def test_pictures(tmp_path: Path) -> None:
    grey = (film() >> 4).astype(np.uint8)
    Pillow.fromarray(grey).save(tmp_path / "grey.png")
    Pillow.fromarray(film()).save(tmp_path / "deep.png")
    Pillow.fromarray(film()).save(tmp_path / "deep.tif")
    Pillow.fromarray(np.stack([grey] * 3, -1)).save(tmp_path / "grey.jpg", quality=95)
    read = {path.name: read_image(path) for path in sorted(tmp_path.iterdir())}
    for image in read.values():
        assert (image.rows, image.columns, image.spacing.source) == (512, 480, "none")
        assert image.header.study_instance_uid is None and image.photometric == "grey"
    assert [read[name].bits for name in ("deep.png", "deep.tif", "grey.png")] == [16, 16, 8]
    assert read["deep.png"].values is not None and np.array_equal(read["deep.png"].values, film())
    assert read["grey.jpg"].lossy and abs(read["grey.jpg"].pixels - read["grey.png"].pixels).mean() < 0.02


def test_a_colour_picture_and_one_that_wants_turning(tmp_path: Path) -> None:
    colour = np.zeros((30, 40, 3), np.uint8)
    colour[..., 0] = 200
    exif = Pillow.Exif()
    exif[0x0112] = 6
    Pillow.fromarray(colour).save(tmp_path / "turned.jpg", exif=exif)
    image = read_image(tmp_path / "turned.jpg")
    assert (image.photometric, image.rows, image.columns) == ("RGB", 30, 40)
    assert any("orientation 6" in warning for warning in image.warnings)


def test_pages_of_a_tiff(tmp_path: Path) -> None:
    pages = [Pillow.fromarray(np.full((10, 10), level, np.uint8)) for level in (0, 255)]
    pages[0].save(tmp_path / "pages.tif", save_all=True, append_images=pages[1:])
    assert [float(read_image(tmp_path / "pages.tif", page).pixels.max()) for page in (0, 1)] == [0.0, 1.0]
    refused(tmp_path / "pages.tif", UnreadableImage, 2)


@pytest.mark.parametrize(
    ("body", "kind", "found"),
    [
        (b"", NotAnImage, "0 bytes"),
        (b"Dear colleague, the film shows", NotAnImage, "text"),
        (gzip.compress(b"x" * 100, mtime=0), NotAnImage, "gzip"),
        (b"%PDF-1.7 ....", NotAnImage, "PDF"),
        (b"GIF89a" + bytes(20), UnsupportedImage, "GIF"),
        (bytes(344) + b"n+1\x00" + bytes(10), UnsupportedImage, "NIfTI"),
        (bytes(range(200, 256)) * 4, NotAnImage, "no kind"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), UnreadableImage, "UnidentifiedImageError"),
    ],
)
def test_files_that_are_none_of_these(body: bytes, kind: type[ToolError], found: str, tmp_path: Path) -> None:
    (tmp_path / "file.dcm").write_bytes(body)
    assert found in str(refused(tmp_path / "file.dcm", kind).found)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        read_image(tmp_path / "nothing.dcm")


@pytest.mark.skipif(not all(folder.is_dir() for folder in FOLDERS), reason="pydicom's test files are not at hand")
def test_the_files_of_pydicom_are_read_or_refused() -> None:
    # All of them are read by `osler bench dicom`; here one of each encoding that needs a process of its own.
    outcomes: Counter[str] = Counter()
    encodings: set[str] = set()
    for path in (path for folder in FOLDERS for path in files_of(folder)):
        encoding = encoding_of(path)
        if encoding in encodings:
            continue
        encodings |= {encoding} - {""}
        try:
            outcomes[read_image(path).format] += 1
        except ToolError as error:
            assert all(error.document().values()), path.name
            outcomes[error.code] += 1
    assert outcomes["DICOM"] >= 100 and outcomes["not_an_image"] >= 29 and len(encodings) >= 7, outcomes


def encoding_of(path: Path) -> str:
    """The compressed transfer syntax of a file, or nothing."""
    if path.read_bytes()[128:132] != b"DICM":
        return ""
    syntax = read_file_meta_info(path).get("TransferSyntaxUID", "")
    return str(syntax) if syntax.startswith("1.2.840.10008.1.2.4.") else ""


def test_damaged_run_lengths_are_refused(tmp_path: Path) -> None:
    made = instance(film(64, 60))
    made.compress(RLELossless, generate_instance_uid=False)
    path = saved(made, tmp_path / "rle.dcm")
    assert np.array_equal(read_image(path).values, film(64, 60))
    body = bytearray(path.read_bytes())
    body[-4000:-100] = bytes([128]) * 3900  # runs of nothing: too few bytes come out
    path.write_bytes(bytes(body))
    refused(path, UnreadableImage)
