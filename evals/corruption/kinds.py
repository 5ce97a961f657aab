"""Ways in which a film can be spoilt, each in three severities, drawn by code from a seed.

A change takes grey values of 0 to 1 (bright = dense) and the reference mask, and gives both back: what moves the
picture moves the mask. Severities run from what is seen daily to what nobody should measure on.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.float32]
Mask = NDArray[np.uint8]
Change = Callable[[Grey, Mask, int, np.random.Generator], tuple[Grey, Mask]]


def _pixels(change: Callable[[Grey, int, np.random.Generator], Any]) -> Change:
    """A change of grey values only."""

    def made(grey: Grey, mask: Mask, level: int, random: np.random.Generator) -> tuple[Grey, Mask]:
        return np.clip(change(grey, level, random), 0, 1).astype(np.float32), mask

    return made


def _blur(grey: Grey, level: int, _: np.random.Generator) -> Any:
    from scipy import ndimage

    return ndimage.gaussian_filter(grey, (1.0, 3.0, 8.0)[level])


def _motion(grey: Grey, level: int, _: np.random.Generator) -> Any:
    from scipy import ndimage

    return ndimage.uniform_filter1d(grey, (5, 15, 41)[level], axis=0)


def _gaussian(grey: Grey, level: int, random: np.random.Generator) -> Any:
    return grey + random.normal(0, (0.03, 0.1, 0.25)[level], grey.shape)


def _poisson(grey: Grey, level: int, random: np.random.Generator) -> Any:
    photons = (2000, 200, 20)[level]
    return random.poisson(grey * photons) / photons


def _speckle(grey: Grey, level: int, random: np.random.Generator) -> Any:
    return grey * (1 + random.normal(0, (0.05, 0.2, 0.5)[level], grey.shape))


def _salt(grey: Grey, level: int, random: np.random.Generator) -> Any:
    drawn = random.random(grey.shape)
    share = (0.005, 0.03, 0.15)[level]
    return np.where(drawn < share / 2, 0.0, np.where(drawn > 1 - share / 2, 1.0, grey))


def _clip(grey: Grey, level: int, _: np.random.Generator) -> Any:
    low, high = np.percentile(grey, ((5, 95), (20, 80), (40, 60))[level])
    return (grey - low) / max(float(high - low), 1e-3)


def _gamma(grey: Grey, level: int, _: np.random.Generator) -> Any:
    return grey ** (0.8, 2.2, 5.0)[level]


def _contrast(grey: Grey, level: int, _: np.random.Generator) -> Any:
    return np.round((0.5 + (grey - 0.5) * (0.5, 0.15, 0.03)[level]) * 255) / 255


def _inversion(grey: Grey, level: int, _: np.random.Generator) -> Any:
    """Whole, and by parts: solarised bright parts."""
    return np.where(grey > (0.85, 0.6, -1.0)[level], 1 - grey, grey)


def _occlusion(grey: Grey, level: int, random: np.random.Generator) -> Any:
    made, side = grey.copy(), (0.1, 0.25, 0.45)[level]
    rows, columns = (round(side * size) for size in grey.shape)
    top, left = (
        int(random.integers(0, size - part + 1)) for size, part in zip(grey.shape, (rows, columns), strict=True)
    )
    made[top : top + rows, left : left + columns] = 0.0
    return made


def _bars(grey: Grey, level: int, _: np.random.Generator) -> Any:
    made, edge = grey.copy(), tuple(round((0.03, 0.1, 0.25)[level] * size) for size in grey.shape)
    made[: edge[0]] = made[-edge[0] :] = 0.0
    made[:, : edge[1]] = made[:, -edge[1] :] = 0.0
    return made


def _jpeg(grey: Grey, level: int, _: np.random.Generator) -> Any:
    from PIL import Image

    held = io.BytesIO()
    Image.fromarray(np.rint(grey * 255).astype(np.uint8)).save(held, "JPEG", quality=(50, 10, 1)[level])
    return np.asarray(Image.open(held), dtype=np.float32) / 255


def _smaller(grey: Grey, level: int, _: np.random.Generator) -> Any:
    from tools.imaging.sampling import at_longest, resized

    return resized(at_longest(grey, (256, 96, 24)[level]), *grey.shape)


def _grid_lines(grey: Grey, level: int, _: np.random.Generator) -> Any:
    y = np.arange(grey.shape[0])[:, None]
    return grey + (0.03, 0.1, 0.3)[level] * np.sin(2 * np.pi * y / 4)


def _text(grey: Grey, level: int, _: np.random.Generator) -> Any:
    from PIL import Image, ImageDraw, ImageFont

    made = Image.fromarray(np.rint(grey * 255).astype(np.uint8))
    for line in range((1, 4, 12)[level]):
        font = ImageFont.load_default((14, 18, 26)[level])
        ImageDraw.Draw(made).text((8, 6 + 34 * line), "DRAWN TEXT 12345 OF NOBODY", fill=255, font=font)
    return np.asarray(made, dtype=np.float32) / 255


def _devices(grey: Grey, level: int, random: np.random.Generator) -> Any:
    """Wires and a generator's box."""
    made, (rows, columns) = grey.copy(), grey.shape
    for _ in range((1, 4, 10)[level]):
        x = random.uniform(0.1, 0.9) * columns + np.cumsum(random.normal(0, 1.5, rows))
        for wide in range(2):
            made[np.arange(rows), np.clip(x + wide, 0, columns - 1).astype(int)] = 1.0
    side = round((0.08, 0.14, 0.2)[level] * rows)
    top, left = round(0.15 * rows), round(0.65 * columns)
    made[top : top + side, left : left + side] = 1.0
    return made


def _bias(grey: Grey, level: int, _: np.random.Generator) -> Any:
    x = np.linspace(-1, 1, grey.shape[1])
    return grey * (1 + (0.1, 0.4, 0.9)[level] * x) / (1 + (0.1, 0.4, 0.9)[level])


def _bits(grey: Grey, level: int, _: np.random.Generator) -> Any:
    steps = (63, 7, 1)[level]
    return np.round(grey * steps) / steps


def _vignette(grey: Grey, level: int, _: np.random.Generator) -> Any:
    y, x = (np.linspace(-1, 1, size) for size in grey.shape)
    return grey * np.exp(-(0.2, 1.0, 3.0)[level] * (y[:, None] ** 2 + x[None] ** 2))


def _rotation(grey: Grey, mask: Mask, level: int, _: np.random.Generator) -> tuple[Grey, Mask]:
    from scipy import ndimage

    if level == 2:
        return np.ascontiguousarray(np.rot90(grey)), np.ascontiguousarray(np.rot90(mask))
    angle = (5, 15)[level]
    turned = ndimage.rotate(grey, angle, reshape=False, order=1, mode="constant")
    return turned, ndimage.rotate(mask, angle, reshape=False, order=0, mode="constant")


def _flip(grey: Grey, mask: Mask, level: int, _: np.random.Generator) -> tuple[Grey, Mask]:
    """Left and right exchanged, upside down, both."""
    axes = ((1,), (0,), (0, 1))[level]
    return np.ascontiguousarray(np.flip(grey, axes)), np.ascontiguousarray(np.flip(mask, axes))


def _crop(grey: Grey, mask: Mask, level: int, _: np.random.Generator) -> tuple[Grey, Mask]:
    """Less of the film; the worst holds little more than one lung."""
    top, bottom, left, right = ((0.05, 0.95, 0.05, 0.95), (0.2, 0.9, 0.1, 0.9), (0.1, 0.9, 0.45, 1.0))[level]

    def cut(array: NDArray[Any]) -> NDArray[Any]:
        rows, columns = array.shape
        part = array[round(top * rows) : round(bottom * rows), round(left * columns) : round(right * columns)]
        return np.ascontiguousarray(part)

    return cut(grey), cut(mask)


KINDS: dict[str, Change] = {
    "blur": _pixels(_blur),
    "motion": _pixels(_motion),
    "gaussian noise": _pixels(_gaussian),
    "poisson noise": _pixels(_poisson),
    "speckle": _pixels(_speckle),
    "salt and pepper": _pixels(_salt),
    "clipping": _pixels(_clip),
    "gamma": _pixels(_gamma),
    "low contrast": _pixels(_contrast),
    "inversion": _pixels(_inversion),
    "rotation": _rotation,
    "flip": _flip,
    "crop": _crop,
    "occlusion": _pixels(_occlusion),
    "collimation bars": _pixels(_bars),
    "JPEG": _pixels(_jpeg),
    "downsampling": _pixels(_smaller),
    "grid lines": _pixels(_grid_lines),
    "burnt-in text": _pixels(_text),
    "devices": _pixels(_devices),
    "bias field": _pixels(_bias),
    "bit depth": _pixels(_bits),
    "vignetting": _pixels(_vignette),
}
