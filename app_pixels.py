"""The pixels behind an image's evidence: read, made an 8-bit PNG in memory, with what was drawn on them.

Nothing of a file's header reaches the picture, and no picture is stored: each is read when somebody looks. Of a volume
one slice is shown, and no other is sent; its small picture is remembered, since a volume takes seconds to read.
"""

from __future__ import annotations

import base64
import io
import logging
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app_film import Film, Look, drawn_from
from app_layers import fullest_slice, on_image, on_slice, outlined, slice_of
from app_parts import Json
from app_slices import cut_of, fitting, picture, slices, windows
from tools.context import ImageFile
from tools.errors import OslerError
from tools.imaging.attached import find, target_of
from tools.imaging.frame import Image
from tools.imaging.volume import Volume

log = logging.getLogger("osler.page")
LARGE, SMALL = 1400, 220
# Slices follow each other as fast as a wheel turns: a larger file is made sooner.
_QUICK = 1
_REMEMBERED = 16
_THUMBNAILS: dict[str, Film] = {}


def image_of(state: Json, evidence: Json) -> tuple[str, int | None] | None:
    """The SHA-256 and frame of the image that a piece of evidence is about, through corrections and opinions; no frame
    where it is about a whole volume."""
    root = drawn_from(state, evidence)
    source = root["source"]
    if root["kind"] == "dicom" and source.get("file_sha256"):
        return str(source["file_sha256"]), source.get("frame")
    if root["kind"] == "reading" and source.get("images"):
        first = (source.get("regions") or [{}])[0]
        return str(first.get("image") or source["images"][0]), int(first.get("frame", 0))
    return None


def thumbnail(files: tuple[ImageFile, ...], state: Json, sha256: str, frame: int | None, evidence: Json) -> Film | None:
    """A small picture: the frame, or a volume's middle slice; None where the file is no longer kept."""
    try:
        file = find(files, sha256)
    except OslerError:
        return None
    known = _THUMBNAILS.get(sha256) if file.kind == "volume" and file.path.exists() else None
    if known is not None:
        return known
    made = film(files, state, sha256, Look(frame), evidence, longest=SMALL, layers=False)
    if made is not None and file.kind == "volume":
        while len(_THUMBNAILS) >= _REMEMBERED:
            _THUMBNAILS.pop(next(iter(_THUMBNAILS)), None)
        _THUMBNAILS[sha256] = made
    return made


def film(files: tuple[ImageFile, ...], state: Json, sha256: str, look: Look, evidence: Json, *, longest: int = LARGE,
         layers: bool = True) -> Film | None:
    """A frame, or a slice of a volume, as the page shows it; None where the file is no longer kept.

    Args:
        evidence: what is looked at: of a volume, the slice that shows most of it unless one is asked for.
    """
    try:
        file = find(files, sha256)
        target = target_of(file, 0 if file.kind == "volume" else look.frame or 0)
    except OslerError as error:
        log.info("an image is not shown: %s", error.document()["message"])
        return None
    if isinstance(target, Volume):
        return of_volume(target, state, look, evidence, file, longest=longest, layers=layers)
    return _of_image(target, state, file, longest=longest, layers=layers)


def _of_image(image: Image, state: Json, file: ImageFile, *, longest: int, layers: bool) -> Film:
    mm = image.spacing.mm or (1.0, 1.0)
    return Film(
        image.sha256, png(image.pixels, longest), image.columns, image.rows,
        image.columns * mm[1] / (image.rows * mm[0]), image.frame, image.frames,
        min(longest, max(image.rows, image.columns)),
        tuple(on_image(image, state, file.path.parent)) if layers else (), image.warnings,
    )


def of_volume(volume: Volume, state: Json, look: Look, evidence: Json, file: ImageFile, *, longest: int = LARGE,
              layers: bool = True) -> Film:
    """One slice of a volume: the one asked for, else the one that shows most of what evidence is about."""
    folder = file.path.parent
    cut = cut_of(volume, look.plane if look.plane in (1, 2) else 0)
    outline = outlined(volume, state, folder, evidence) if layers and None in (look.frame, look.window) else None
    own = slice_of(state, evidence) if layers else None
    number = own if look.frame is None else look.frame
    if number is None and outline is not None:
        number = fullest_slice(outline, evidence, cut.axis)
    number = cut.count // 2 if number is None else min(max(number, 0), cut.count - 1)
    window = look.window if look.window in windows(volume) else fitting(volume, " ".join(outline[1]) if outline else "")
    grey = picture(volume, cut, number, window)
    return Film(
        volume.sha256, png(grey, longest, aspect=cut.aspect if longest == SMALL else None, quick=longest == LARGE),
        cut.columns, cut.rows, cut.aspect, number, cut.count, min(longest, max(cut.rows, cut.columns)),
        tuple(on_slice(volume, cut, number, state, folder)) if layers else (), volume.warnings if layers else (),
        slices(volume, cut, window), own is not None and own == number,
    )


def png(pixels: NDArray[np.float32], longest: int, *, aspect: float | None = None, quick: bool = False) -> str:
    """Grey values as the address of a PNG, at most `longest` pixels a side; `aspect` stretches it to that."""
    from PIL import Image as Pillow

    picture = Pillow.fromarray((np.clip(pixels, 0, 1) * 255).round().astype(np.uint8))
    if aspect is not None:
        high = max(picture.height, picture.width / aspect)
        wide, high = _within((high * aspect, high), longest)
        picture = picture.resize((round(wide), round(high)), Pillow.Resampling.LANCZOS)
    elif max(picture.size) > longest:
        picture.thumbnail((longest, longest), Pillow.Resampling.LANCZOS)
    out = io.BytesIO()
    picture.save(out, format="PNG", **({"compress_level": _QUICK} if quick else {}))
    return f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode('ascii')}"


def _within(size: Sequence[float], longest: int) -> tuple[float, float]:
    share = min(1.0, longest / max(size))
    return max(1.0, size[0] * share), max(1.0, size[1] * share)
