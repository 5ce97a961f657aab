"""Drawn photographs of skin with a lesion of known outline: nobody's skin, to try outlines on.

Hair, a ruler, a dark rim as of a dermatoscope, light from one side and a border that fades are what an outline has to
get past. Drawn lesions are simpler than real ones: how well real ones are outlined is not known from them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# Skin from pale to dark: share of red, green and blue light that comes back.
TONES = ((0.86, 0.68, 0.58), (0.78, 0.58, 0.46), (0.62, 0.43, 0.32), (0.42, 0.28, 0.2))


@dataclass(frozen=True)
class SkinPhantom:
    """A drawn photograph and its lesion; `lesion` is empty where none was drawn."""

    rgb: NDArray[np.uint8] = field(repr=False)
    lesion: NDArray[np.bool_] = field(repr=False)


def draw_skin(
    seed: int = 0,
    *,
    rows: int = 360,
    columns: int = 480,
    tone: int | None = None,
    lesion: bool = True,
    contrast: float | None = None,
    red: bool = False,
    hairs: int = 0,
    ruler: bool = False,
    vignette: bool = False,
    shade: float = 0.15,
) -> SkinPhantom:
    """A photograph; `contrast` is the share of green light the lesion takes away, `shade` how uneven the light is."""
    from scipy import ndimage

    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:rows, 0:columns].astype(float)
    skin = np.array(TONES[int(random.integers(len(TONES))) if tone is None else tone])
    light = np.ones((rows, columns))
    for sigma, strength in ((1.0, 0.012), (3.0, 0.015), (14.0, 0.02)):
        texture = ndimage.gaussian_filter(random.normal(0, 1, light.shape), sigma)
        light += strength * texture / texture.std()
    angle = random.uniform(0, 2 * np.pi)
    light *= 1 + shade * ((x / columns - 0.5) * np.cos(angle) + (y / rows - 0.5) * np.sin(angle)) * 2
    shape, depth = _lesion(random, x, y, contrast) if lesion else (np.zeros(light.shape, bool), np.zeros(light.shape))
    share = np.array([0.15, 1.0, 0.9]) if red else np.array([0.7, 1.0, 1.05])
    colour = skin * light[..., None] * np.exp(-depth[..., None] * share)
    if ruler:
        for tick in range(0, columns, 12):
            tall = 22 if tick % 60 == 0 else 12
            colour[rows - tall :, tick : tick + 2] *= 0.25
    for _ in range(hairs):
        _hair(random, colour, columns)
    if vignette:
        away = np.hypot(x - columns / 2, y - rows / 2) / (0.52 * columns)
        colour *= 1 / (1 + np.exp((away - 1) / 0.015))[..., None]
    colour = ndimage.gaussian_filter(colour, (0.7, 0.7, 0)) + random.normal(0, 0.008, colour.shape)
    return SkinPhantom((np.clip(colour, 0, 1) * 255).round().astype(np.uint8), shape)


def _lesion(
    random: np.random.Generator, x: Floats, y: Floats, contrast: float | None
) -> tuple[NDArray[np.bool_], Floats]:
    """An uneven blob near the middle: its outline, and how much light it takes at each pixel (log scale)."""
    from scipy import ndimage

    rows, columns = x.shape
    centre = columns * random.uniform(0.42, 0.58), rows * random.uniform(0.42, 0.58)
    size = rows * random.uniform(0.13, 0.3)
    turn, wide = random.uniform(0, np.pi), random.uniform(1.0, 1.4)
    dx, dy = x - centre[0], y - centre[1]
    u, v = dx * np.cos(turn) + dy * np.sin(turn), dy * np.cos(turn) - dx * np.sin(turn)
    round_ = np.arctan2(v * wide, u / wide)
    radius = size * (
        1 + sum(random.normal(0, 0.22 / k) * np.cos(k * round_ + random.uniform(0, 6)) for k in range(2, 7))
    )
    inside = np.hypot(u / wide, v * wide) - radius
    fade = random.uniform(1.5, 6.0)
    patches = ndimage.gaussian_filter(random.normal(0, 1, x.shape), size / 4)
    strength = contrast if contrast is not None else random.uniform(0.3, 0.7)
    depth = -np.log(1 - strength) * (1 + 0.25 * patches / patches.std())
    return inside <= 0, np.maximum(depth, 0.05) / (1 + np.exp(np.clip(inside / fade, -50, 50)))


def _hair(random: np.random.Generator, colour: Floats, columns: int) -> None:
    """One dark, slightly bent hair, across the picture."""
    rows = colour.shape[0]
    at = np.array([random.uniform(0, columns), random.uniform(0, rows)])
    heading, bend = random.uniform(0, 2 * np.pi), random.normal(0, 0.004)
    for _ in range(int(random.uniform(60, 300))):
        at += np.cos(heading), np.sin(heading)
        heading += bend
        column, row = round(at[0]), round(at[1])
        if not (0 < column < columns - 1 and 0 < row < rows - 1):
            return
        colour[row : row + 2, column : column + 2] = np.minimum(colour[row : row + 2, column : column + 2], 0.12)
