"""Video frames: clips and DICOM video, each frame the one that was asked for."""

from __future__ import annotations

import importlib.util
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from films import film, instance, saved
from numpy.typing import NDArray
from pydicom.encaps import encapsulate
from pydicom.uid import UID

from tools.imaging.dicom import decoded_apart
from tools.imaging.reading import read_image
from tools.imaging.refusals import NotAnImage, UnreadableImage, UnsupportedImage
from tools.imaging.video import is_video

FRAMES = 6
US_MULTI = "1.2.840.10008.5.1.4.1.1.3.1"


def pictures(colour: bool = False) -> NDArray[np.uint8]:
    """Frames whose brightness rises with their number."""
    made = np.zeros((FRAMES, 64, 96, 3), np.uint8)
    for number in range(FRAMES):
        made[number] = 20 + 35 * number
        made[number, :, 48:, 0 if colour else slice(None)] = 240
    return made


def stream(kind: str, codec: str, colour: bool = False) -> bytes:
    """The frames encoded."""
    av: Any = pytest.importorskip("av", reason="the extra [video] is not installed")
    if codec not in av.codecs_available:
        pytest.skip(f"this build of PyAV has no {codec}")
    out = io.BytesIO()
    with av.open(out, "w", format=kind) as container:
        video = container.add_stream(codec, rate=25)
        video.width, video.height, video.pix_fmt = 96, 64, "yuvj420p" if codec == "mjpeg" else "yuv420p"
        for picture in pictures(colour):
            container.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(video.encode())
    return out.getvalue()


@pytest.mark.parametrize(("kind", "codec", "name"), [("mp4", "mpeg4", "MP4"), ("avi", "mjpeg", "AVI")])
def test_each_frame_of_a_clip(kind: str, codec: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / "clip"
    path.write_bytes(stream(kind, codec))
    read = read_image(path, 4)
    assert (read.format, read.frames, read.frame, read.columns, read.rows) == (name, FRAMES, 4, 96, 64)
    assert float(read.pixels[:, :40].mean()) * 255 == pytest.approx(20 + 35 * 4, abs=6)
    assert read.spacing.mm is None and read.values is not None
    if kind == "mp4":
        with pytest.raises(UnreadableImage):
            read_image(path, FRAMES)


@pytest.mark.parametrize(
    ("uid", "kind", "codec"),
    [
        ("1.2.840.10008.1.2.4.100", "mpeg2video", "mpeg2video"),
        ("1.2.840.10008.1.2.4.102", "mp4", "libx264"),
        ("1.2.840.10008.1.2.4.107", "hevc", "libx265"),
    ],
)
def test_video_in_dicom(uid: str, kind: str, codec: str, tmp_path: Path) -> None:
    body = stream(kind, codec)
    made = instance(film(64, 96), sop_class=US_MULTI, Modality="US", BitsAllocated=8, BitsStored=8, HighBit=7)
    made.SamplesPerPixel, made.PhotometricInterpretation, made.PlanarConfiguration = 3, "YBR_PARTIAL_420", 0
    made.NumberOfFrames = FRAMES
    made.file_meta.TransferSyntaxUID = UID(uid)
    # In several fragments, as long streams have to be.
    made.PixelData = encapsulate([body], fragments_per_frame=3, has_bot=False)
    made["PixelData"].VR = "OB"
    path = saved(made, tmp_path / "loop.dcm")
    if kind == "mp4":
        read = read_image(path, 5)
        assert (read.frames, read.lossy) == (FRAMES, True)
        assert float(read.pixels[:, :40].mean()) * 255 == pytest.approx(20 + 35 * 5, abs=8)
    arrays = list(decoded_apart([(path, frame) for frame in (-1, *range(FRAMES))], "video"))
    assert arrays[0][0] == FRAMES
    assert [round((float(array[:, :40].mean()) - 20) / 35) for array in arrays[1:]] == list(range(FRAMES))


def test_colour_clips_keep_their_colour(tmp_path: Path) -> None:
    (tmp_path / "c").write_bytes(stream("mp4", "mpeg4", colour=True))
    read = read_image(tmp_path / "c", 0)
    assert (read.photometric, read.values) == ("RGB", None)
    assert read.colour is not None and read.colour.shape == (64, 96, 3)


def test_broken_clips_and_no_decoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "clip"
    path.write_bytes(b"\0\0\0\x20ftypisom" + bytes(300))
    if importlib.util.find_spec("av") is not None:
        with pytest.raises(UnreadableImage):
            read_image(path)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UnsupportedImage) as caught:
        read_image(path)
    assert "osler[video]" in caught.value.action
    path.write_bytes(b"\0\0\0\x20ftypheic" + bytes(300))
    with pytest.raises(NotAnImage):
        read_image(path)


def test_only_video_syntaxes_are_videos() -> None:
    assert is_video("1.2.840.10008.1.2.4.100") and is_video("1.2.840.10008.1.2.4.101.1")
    for other in ("1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.109", "1.2.840.10008.1.2.1", "1.2.3", ""):
        assert not is_video(other)
