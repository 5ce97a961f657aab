"""The picture a model is given: pixels and nothing else. No header, no name, no file name goes with it.

Words that were burnt into the pixels are covered by `tools.imaging.burnt_in.hidden` before an image comes here.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import numpy as np

from tools.imaging.frame import Image

MAX_EDGE = 896
"""MedGemma's and Gemma 3's own input size; what is larger would be made smaller by their processor anyway."""
ENLARGED = 4.0
"""No part is shown more times larger than this: there is nothing more to see in it."""

Size = tuple[int, int]
"""Columns and rows."""
Box = tuple[int, int, int, int]
"""0-based stored pixels, column first, right and bottom exclusive."""


@dataclass(frozen=True)
class Part:
    """A part of an image as a model was shown it: the PNG, its size, and where it lies in the image as stored."""

    png: bytes = field(repr=False)
    size: Size
    box: Box

    @property
    def scale(self) -> float:
        """How many pixels a stored pixel was shown as, across."""
        return self.size[0] / (self.box[2] - self.box[0])


def whole(image: Image, most: int = MAX_EDGE) -> Part:
    """An 8-bit RGB PNG of the whole image, its longer edge at most `most`. Shapes are kept."""
    return part(image, (0, 0, image.columns, image.rows), most, 1.0)


def part(image: Image, box: Box, most: int = MAX_EDGE, enlarged: float = ENLARGED) -> Part:
    """A part of the image from its full resolution: made smaller or larger so that its longer edge is `most`."""
    from PIL import Image as Pillow

    left, top, right, bottom = box
    shown = image.colour if image.colour is not None else np.rint(image.pixels * 255.0).astype(np.uint8)
    made = Pillow.fromarray(shown[top:bottom, left:right]).convert("RGB")
    scale = min(most / max(made.size), enlarged)
    if scale != 1:
        size = (max(1, round(made.width * scale)), max(1, round(made.height * scale)))
        made = made.resize(size, Pillow.Resampling.BOX if scale < 0.5 else Pillow.Resampling.LANCZOS)
    held = io.BytesIO()
    made.save(held, "PNG")
    return Part(held.getvalue(), (made.width, made.height), box)
