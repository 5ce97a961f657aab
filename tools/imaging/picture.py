"""PNG, JPEG and TIFF by Pillow. Such a file says nothing of the patient, the view or the scale."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from tools.imaging.dicom import MAX_PIXELS
from tools.imaging.frame import Array, Image, luminance, scaled
from tools.imaging.refusals import ImageTooLarge, UnreadableImage

FORMATS = ("PNG", "JPEG", "TIFF")
_EXIF_ORIENTATION = 0x0112
_PHOTOMETRIC, _WHITE_IS_ZERO = 262, 0
_DEEP = ("I;16", "I;16B", "I;16L", "I;16N", "I", "F")
# Below this mean difference between channels (of 255) colour is noise of compression, not colour.
_GREY_CHROMA = 3.0


def read_picture(path: Path, frame: int, sha256: str) -> Image:
    """One page of a picture.

    Raises:
        UnreadableImage: broken, or no such page.
        ImageTooLarge: more pixels than are read.
    """
    from PIL import Image as Pillow
    from PIL import UnidentifiedImageError

    told: list[str] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Pillow.open(path, formats=FORMATS) as file:
                frames = int(getattr(file, "n_frames", 1))
                if not 0 <= frame < frames:
                    raise UnreadableImage(
                        f"{path.name} has no page {frame}",
                        found=f"{frames} page{'s' if frames > 1 else ''}",
                        expected=f"0 to {frames - 1}",
                        action="name a page that is there",
                    )
                file.seek(frame)
                if file.width * file.height > MAX_PIXELS:
                    raise _too_large(path.name, f"{file.width} x {file.height} pixels")
                file.load()
                kind, mode = str(file.format), file.mode
                turned = int(file.getexif().get(_EXIF_ORIENTATION, 1) or 1)
                array = np.asarray(file if mode in ("L", *_DEEP) else file.convert("RGB"))
                # Pillow turns a negative over only where it has 8 bits.
                if mode in _DEEP and getattr(file, "tag_v2", {}).get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
                    array = array.max() - array
                    told.append("stored as a negative (WhiteIsZero): turned over")
    except Pillow.DecompressionBombError as error:
        raise _too_large(path.name, str(error)) from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, TypeError, KeyError) as error:
        raise UnreadableImage(
            f"{path.name} cannot be read",
            found=f"{type(error).__name__}: {' '.join(str(error).split())[:200]}",
            expected="a whole PNG, JPEG or TIFF",
            action="save it again from its source",
        ) from error
    if turned != 1:
        told.append(f"the file asks to be shown turned or mirrored (EXIF orientation {turned}); read as stored")
    pixels, values, photometric = _grey(array, told)
    colour = array[..., :3].astype(np.uint8) if photometric == "RGB" else None
    return Image(
        pixels=pixels,
        values=values,
        name=path.name,
        sha256=sha256,
        format=kind,
        photometric=photometric,
        bits=8 if array.dtype.itemsize == 1 else 16,
        frame=frame,
        frames=frames,
        lossy=True if kind == "JPEG" else None,
        warnings=tuple(told),
        colour=colour,
    )


def _grey(array: Any, told: list[str]) -> tuple[Array, Array | None, str]:
    """(pixels, values, photometric): three equal channels are grey; deeper than 8 bits is shown over its span."""
    if array.ndim == 3:
        wide = array.astype(np.int16)
        chroma = float((wide.max(axis=2) - wide.min(axis=2)).mean())
        light = luminance(array)
        if chroma > _GREY_CHROMA:
            told.append("a colour picture: shown as its brightness")
            return scaled(light, 0.0, 255.0), None, "RGB"
        return scaled(light, 0.0, 255.0), light.astype(np.float32), "grey"
    if array.dtype == np.uint8:
        return scaled(array, 0.0, 255.0), array.astype(np.float32), "grey"
    finite = np.nan_to_num(array.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    return scaled(finite, float(finite.min()), float(finite.max())), finite.astype(np.float32), "grey"


def _too_large(name: str, found: str) -> ImageTooLarge:
    return ImageTooLarge(
        f"{name} is too large", found=found, expected=f"at most {MAX_PIXELS:,} pixels", action="save it smaller"
    )
