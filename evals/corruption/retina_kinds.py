"""Ways in which a photograph (fundus; skin too) can be spoilt, each in three severities, drawn by code from a seed.

A change takes colours of 0 to 1 (rows, columns, 3) and the reference mask, and gives both back: what moves the picture
moves the mask. What covers a vessel leaves it in the reference: it is there, and is not seen.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Colours = NDArray[np.float32]
Mask = NDArray[np.bool_]
Change = Callable[[Colours, Mask, int, np.random.Generator], tuple[Colours, Mask]]


def _pixels(change: Callable[[Colours, int, np.random.Generator], Any]) -> Change:
    """A change of colours only."""

    def made(rgb: Colours, mask: Mask, level: int, random: np.random.Generator) -> tuple[Colours, Mask]:
        return np.clip(change(rgb, level, random), 0, 1).astype(np.float32), mask

    return made


def _moved(change: Callable[[NDArray[Any], int, int], Any]) -> Change:
    """A change of places: `change(channel, level, order of interpolation)`."""

    def made(rgb: Colours, mask: Mask, level: int, _: np.random.Generator) -> tuple[Colours, Mask]:
        channels = [change(rgb[..., number], level, 1) for number in range(3)]
        moved = np.clip(np.stack(channels, axis=2), 0, 1).astype(np.float32)
        return moved, np.asarray(change(mask.astype(np.float32), level, 0) >= 0.5)

    return made


def _blurred(rgb: Colours, sigma: float) -> NDArray[Any]:
    from scipy import ndimage

    return np.asarray(ndimage.gaussian_filter(rgb, (sigma, sigma, 0)))


def _defocus(rgb: Colours, level: int, _: np.random.Generator) -> Any:
    return _blurred(rgb, (1.0, 2.5, 6.0)[level])


def _motion(rgb: Colours, level: int, _: np.random.Generator) -> Any:
    from scipy import ndimage

    return ndimage.uniform_filter1d(rgb, (3, 11, 31)[level], axis=1)


def _gaussian(rgb: Colours, level: int, random: np.random.Generator) -> Any:
    return rgb + random.normal(0, (0.02, 0.06, 0.18)[level], rgb.shape)


def _photons(rgb: Colours, level: int, random: np.random.Generator) -> Any:
    photons = (2000, 200, 25)[level]
    return random.poisson(rgb * photons) / photons


def _salt(rgb: Colours, level: int, random: np.random.Generator) -> Any:
    drawn = random.random(rgb.shape[:2])[..., None]
    share = (0.002, 0.02, 0.12)[level]
    return np.where(drawn < share / 2, 0.0, np.where(drawn > 1 - share / 2, 1.0, rgb))


def _dark(rgb: Colours, level: int, _: np.random.Generator) -> Any:
    """Underexposed, in eight bits."""
    return np.round(rgb * (0.7, 0.3, 0.08)[level] * 255) / 255


def _bright(rgb: Colours, level: int, _: np.random.Generator) -> Any:
    return rgb * (1.15, 1.9, 3.5)[level]


def _gamma(rgb: Colours, level: int, _: np.random.Generator) -> Any:
    return np.round(rgb ** (0.8, 2.0, 4.0)[level] * 255) / 255


def _uneven(rgb: Colours, level: int, _: np.random.Generator) -> Any:
    x = np.linspace(-1, 1, rgb.shape[1])[None, :, None]
    strength = (0.15, 0.5, 0.95)[level]
    return np.round(rgb * (1 + strength * x) / (1 + strength) * 255) / 255


def _vignette(rgb: Colours, level: int, _: np.random.Generator) -> Any:
    y, x = (np.linspace(-1, 1, size) for size in rgb.shape[:2])
    return np.round(rgb * np.exp(-(0.2, 1.0, 3.5)[level] * (y[:, None] ** 2 + x[None] ** 2))[..., None] * 255) / 255


def _cast(rgb: Colours, level: int, _: np.random.Generator) -> Any:
    """A white balance gone wrong: to yellow, to violet, to green."""
    return rgb * np.array(((1.0, 1.1, 0.8), (1.0, 0.6, 1.8), (0.45, 1.5, 0.9))[level])


def _channels(rgb: Colours, level: int, _: np.random.Generator) -> Any:
    """Half the colour, grey, red and blue exchanged."""
    grey = rgb.mean(axis=2, keepdims=True)
    return (0.5 * rgb + 0.5 * grey, np.repeat(grey, 3, axis=2), rgb[..., ::-1])[level]


def _jpeg(rgb: Colours, level: int, _: np.random.Generator) -> Any:
    from PIL import Image

    held = io.BytesIO()
    Image.fromarray(np.rint(rgb * 255).astype(np.uint8)).save(held, "JPEG", quality=(75, 20, 4)[level])
    return np.asarray(Image.open(held), dtype=np.float32) / 255


def _smaller(rgb: Colours, level: int, _: np.random.Generator) -> Any:
    from PIL import Image

    made, side = Image.fromarray(np.rint(rgb * 255).astype(np.uint8)), (400, 200, 80)[level]
    small = made.resize((side, round(side * made.height / made.width)), Image.Resampling.BOX)
    return np.asarray(small.resize(made.size, Image.Resampling.BICUBIC), dtype=np.float32) / 255


def _haze(rgb: Colours, level: int, _: np.random.Generator) -> Any:
    """A clouded lens: scattered light over a blurred picture."""
    veil, sigma = (0.15, 0.5, 0.85)[level], (0.5, 1.5, 3.0)[level]
    return (1 - veil) * _blurred(rgb, sigma) + veil * np.array([0.6, 0.42, 0.25]) * (rgb.max(axis=2) > 0.06)[..., None]


def _flare(rgb: Colours, level: int, random: np.random.Generator) -> Any:
    y, x = np.mgrid[0 : rgb.shape[0], 0 : rgb.shape[1]]
    side = min(rgb.shape[:2])
    middle = random.uniform(0.3, 0.7, 2) * rgb.shape[:2]
    spot = np.exp(-(((y - middle[0]) ** 2 + (x - middle[1]) ** 2) / (2 * ((0.06, 0.16, 0.3)[level] * side) ** 2)))
    return rgb + (0.5, 0.9, 1.5)[level] * spot[..., None]


def _lashes(rgb: Colours, level: int, random: np.random.Generator) -> Any:
    """Dark, blurred, curved streaks from the edge below."""
    from scipy import ndimage

    rows, columns = rgb.shape[:2]
    shade = np.zeros((rows, columns))
    y = np.arange(round((0.3, 0.5, 0.8)[level] * rows))
    for _ in range((4, 12, 40)[level]):
        x = random.uniform(0.1, 0.9) * columns + random.normal(0, 0.3) * y + random.normal(0, 0.001) * y**2
        for wide in range(-2, 3):
            shade[rows - 1 - y, np.clip(x + wide, 0, columns - 1).astype(int)] = 1.0
    return rgb * (1 - 0.7 * ndimage.gaussian_filter(shade, 1.5))[..., None]


def _crescent(rgb: Colours, level: int, _: np.random.Generator) -> Any:
    """The iris's shadow at one side."""
    y, x = np.mgrid[0 : rgb.shape[0], 0 : rgb.shape[1]]
    away = np.hypot(y / rgb.shape[0] - 0.5, x / rgb.shape[1] - (0.44, 0.3, 0.05)[level]) - 0.5
    return np.round(rgb * (1 / (1 + np.exp(np.clip(away / 0.03, -50, 50))))[..., None] * 255) / 255


def _cover(rgb: Colours, level: int, random: np.random.Generator) -> Any:
    """Something black before the lens."""
    made, side = rgb.copy(), (0.08, 0.25, 0.5)[level]
    rows, columns = (round(side * size) for size in rgb.shape[:2])
    top, left = (int(random.uniform(0.15, 0.85 - side) * size) for size in rgb.shape[:2])
    made[top : top + rows, left : left + columns] = 0.0
    return made


def _dust(rgb: Colours, level: int, random: np.random.Generator) -> Any:
    """Blurred grey spots on the sensor."""
    y, x = np.mgrid[0 : rgb.shape[0], 0 : rgb.shape[1]]
    shade = np.zeros(rgb.shape[:2])
    for _ in range((5, 40, 200)[level]):
        middle, radius = random.random(2) * rgb.shape[:2], random.uniform(2, 7)
        shade = np.maximum(shade, np.exp(-(((y - middle[0]) ** 2 + (x - middle[1]) ** 2) / (2 * radius**2))))
    return rgb * (1 - 0.6 * shade)[..., None]


def _banding(rgb: Colours, level: int, _: np.random.Generator) -> Any:
    y = np.arange(rgb.shape[0])[:, None, None]
    return rgb * (1 + (0.02, 0.08, 0.3)[level] * np.sin(2 * np.pi * y / 9))


def _bits(rgb: Colours, level: int, _: np.random.Generator) -> Any:
    steps = (63, 15, 3)[level]
    return np.round(rgb * steps) / steps


def _text(rgb: Colours, level: int, _: np.random.Generator) -> Any:
    from PIL import Image, ImageDraw, ImageFont

    made = Image.fromarray(np.rint(rgb * 255).astype(np.uint8))
    for line in range((1, 5, 14)[level]):
        font = ImageFont.load_default((14, 18, 26)[level])
        ImageDraw.Draw(made).text((8, 6 + 38 * line), "DRAWN TEXT 12345 OF NOBODY", fill=(255, 255, 255), font=font)
    return np.asarray(made, dtype=np.float32) / 255


def _inversion(rgb: Colours, level: int, _: np.random.Generator) -> Any:
    """Solarised bright parts, more of them, a negative."""
    return np.where(rgb > (0.85, 0.6, -1.0)[level], 1 - rgb, rgb)


def _turn(channel: NDArray[Any], level: int, order: int) -> Any:
    from scipy import ndimage

    if level == 1:
        return np.ascontiguousarray(np.rot90(channel))
    return ndimage.rotate(channel, (7, 0, 140)[level], reshape=False, order=order, mode="constant")


def _flip(channel: NDArray[Any], level: int, order: int) -> Any:
    del order
    return np.ascontiguousarray(np.flip(channel, ((1,), (0,), (0, 1))[level]))


def _small_field(channel: NDArray[Any], level: int, order: int) -> Any:
    """The same picture, smaller, on more black."""
    from scipy import ndimage

    small = ndimage.zoom(channel, (0.8, 0.5, 0.36)[level], order=order, grid_mode=True, mode="nearest")
    out = np.zeros_like(channel)
    top, left = ((size - part) // 2 for size, part in zip(out.shape, small.shape, strict=True))
    out[top : top + small.shape[0], left : left + small.shape[1]] = small
    return out


def _crop(channel: NDArray[Any], level: int, order: int) -> Any:
    """A part of it; from the second on without the black around."""
    del order
    rows, columns = channel.shape
    edge = (0.06, 0.2, 0.3)[level]
    return np.ascontiguousarray(
        channel[round(edge * rows) : round((1 - edge) * rows), round(edge * columns) : round((1 - edge) * columns)]
    )


def _stretch(channel: NDArray[Any], level: int, order: int) -> Any:
    """Wider than it was taken."""
    from scipy import ndimage

    return ndimage.zoom(channel, (1.0, (1.1, 1.5, 2.2)[level]), order=order, grid_mode=True, mode="nearest")


KINDS: dict[str, Change] = {
    "defocus": _pixels(_defocus),
    "motion": _pixels(_motion),
    "gaussian noise": _pixels(_gaussian),
    "few photons": _pixels(_photons),
    "salt and pepper": _pixels(_salt),
    "underexposed": _pixels(_dark),
    "overexposed": _pixels(_bright),
    "gamma": _pixels(_gamma),
    "uneven light": _pixels(_uneven),
    "vignetting": _pixels(_vignette),
    "colour cast": _pixels(_cast),
    "lost colours": _pixels(_channels),
    "JPEG": _pixels(_jpeg),
    "downsampling": _pixels(_smaller),
    "haze": _pixels(_haze),
    "flare": _pixels(_flare),
    "eyelashes": _pixels(_lashes),
    "iris shadow": _pixels(_crescent),
    "occlusion": _pixels(_cover),
    "dust": _pixels(_dust),
    "banding": _pixels(_banding),
    "bit depth": _pixels(_bits),
    "burnt-in text": _pixels(_text),
    "inversion": _pixels(_inversion),
    "rotation": _moved(_turn),
    "flip": _moved(_flip),
    "small field": _moved(_small_field),
    "crop": _moved(_crop),
    "stretch": _moved(_stretch),
}
