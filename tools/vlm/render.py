"""The picture a model is given: pixels and nothing else. No header, no name, no file name goes with it.

Words that were burnt into the pixels when the image was made are still in them; covering those is not done here.
"""

from __future__ import annotations

import io

import numpy as np

from tools.imaging.frame import Image

MAX_EDGE = 896
"""MedGemma's and Gemma 3's own input size; what is larger would be made smaller by their processor anyway."""


def picture(image: Image, most: int = MAX_EDGE) -> tuple[bytes, tuple[int, int]]:
    """An 8-bit RGB PNG, its longer edge at most `most`, and its size (columns, rows). Shapes are kept."""
    from PIL import Image as Pillow

    grey = np.rint(image.pixels * 255.0).astype(np.uint8)
    made = Pillow.fromarray(grey, mode=None).convert("RGB")
    if max(made.size) > most:
        scale = most / max(made.size)
        size = (max(1, round(made.width * scale)), max(1, round(made.height * scale)))
        made = made.resize(size, Pillow.Resampling.BOX if scale < 0.5 else Pillow.Resampling.LANCZOS)
    held = io.BytesIO()
    made.save(held, "PNG")
    return held.getvalue(), (made.width, made.height)
