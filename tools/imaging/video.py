"""Frames of videos: MPEG-2, MPEG-4 and HEVC instances, and clips in MP4, AVI or MPEG files; with the extra `[video]`.

Frames are decoded by PyAV in the process of `decode.py`, one after the other from the beginning: exact, and as slow
as the frame is late. A clip says nothing of the patient, the view or the scale.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np

from tools.imaging.frame import Image, luminance, scaled
from tools.imaging.refusals import ImageTooLarge, UnreadableImage, UnsupportedImage

MAX_FRAMES = 20_000
_FIRST, _LAST = 100, 108
# Below this mean difference between channels (of 255) colour is noise of compression, not colour.
_GREY_CHROMA = 3.0


def is_video(syntax: str) -> bool:
    """Whether a transfer syntax is a video stream: 1.2.840.10008.1.2.4.100 to 108 (DICOM PS3.5 8.2.5 to 8.2.8)."""
    parts = syntax.split(".")
    return parts[:7] == ["1", "2", "840", "10008", "1", "2", "4"] and _FIRST <= int(parts[7]) <= _LAST


def need_video(name: str, kind: str) -> None:
    """Refuse a video where its decoder is not installed.

    Raises:
        UnsupportedImage: it is not.
    """
    if importlib.util.find_spec("av") is None:
        raise UnsupportedImage(
            f"{name} is a video",
            found=f"{kind}, and no video decoder",
            expected="the extra [video]",
            action="pip install 'osler[video]', or export single frames",
        )


def read_clip(path: Path, frame: int, sha256: str) -> Image:
    """One frame of a video file.

    Raises:
        UnsupportedImage: the decoder is not installed.
        UnreadableImage: broken, or no such frame.
        ImageTooLarge: more frames than are read.
    """
    from tools.imaging.dicom import MAX_PIXELS, decoded_apart
    from tools.imaging.reading import clip_kind

    with path.open("rb") as file:
        kind = clip_kind(file.read(16)) or "video"
    need_video(path.name, kind)
    decoded = decoded_apart([(path, -1), (path, frame)], kind)
    frames = int(next(decoded)[0])
    if frames > MAX_FRAMES:
        raise ImageTooLarge(
            f"{path.name} is too long",
            found=f"{frames:,} frames",
            expected=f"at most {MAX_FRAMES:,}",
            action="cut the clip",
        )
    if not 0 <= frame < frames:
        raise UnreadableImage(
            f"{path.name} has no frame {frame}",
            found=f"{frames} frames",
            expected=f"0 to {frames - 1}",
            action="name a frame that is there",
        )
    array = next(decoded)
    if array.shape[0] * array.shape[1] > MAX_PIXELS:
        raise ImageTooLarge(
            f"{path.name} is too large",
            found=f"{array.shape[1]} x {array.shape[0]} pixels",
            expected=f"at most {MAX_PIXELS:,} pixels a frame",
            action="export it smaller",
        )
    wide = array.astype(np.int16)
    colour = float((wide.max(axis=2) - wide.min(axis=2)).mean()) > _GREY_CHROMA
    light = luminance(array)
    return Image(
        pixels=scaled(light, 0.0, 255.0),
        values=None if colour else light.astype(np.float32),
        name=path.name,
        sha256=sha256,
        format=kind,
        photometric="RGB" if colour else "grey",
        bits=8,
        frame=frame,
        frames=frames,
        lossy=True,
        warnings=("a colour picture: read as its brightness",) if colour else (),
        colour=array.astype(np.uint8) if colour else None,
    )
