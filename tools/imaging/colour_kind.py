"""Which kind of photograph a colour picture likely is, from its pixels alone: of the eye's fundus, of skin, or other.

Only likely, never certain: a wooden table has the colours of skin. A fundus camera leaves a lit disc on black, orange
to red, with dark lines on it; skin is one even tone from pink to brown. The bounds were set on drawn pictures
(tools/imaging/phantom_fundus.py, phantom_skin.py) and on what is known of both; nothing is fitted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["fundus photograph", "skin photograph", "other"]
FUNDUS: Kind = "fundus photograph"
SKIN: Kind = "skin photograph"
OTHER: Kind = "other"
LIKELY = 0.5
_SIDE = 256
_SMALLEST = 32


@dataclass(frozen=True)
class ColourKind:
    """The likelier kind, how far its marks are there (0 to 1, uncalibrated), and the marks of both kinds."""

    kind: Kind
    confidence: float
    fundus: float
    skin: float
    marks: dict[str, float]


def colour_kind(rgb: NDArray[np.generic]) -> ColourKind:
    """What an (rows, columns, 3) picture with values of 0 to 255 likely shows; "other" for grey or tiny ones."""
    array = np.asarray(rgb)
    if array.ndim != 3 or array.shape[2] < 3 or min(array.shape[:2]) < _SMALLEST:
        return ColourKind(OTHER, 1.0, 0.0, 0.0, {})
    marks = _marks(_small(array))
    fundus = _between(marks["reddish"], 0.7, 0.95) * _between(marks["chroma"], 0.35, 0.55)
    fundus *= _between(-marks["green_of_red"], -0.8, -0.66) * _between(marks["even"], 0.5, 0.8)
    # Blood hardly dims red light; hair does.
    fundus *= _between(marks["lines"], 2.9, 3.8) * _between(-marks["lines_in_red"], -0.75, -0.55)
    # Without a lit disc on black it may be a cut-out of a fundus photograph, or anything orange with lines on it.
    fundus *= max(_between(marks["round"], 0.85, 0.95) * _between(marks["dark_around"], 0.5, 0.75), 0.55)
    skin = _between(marks["reddish"], 0.6, 0.85) * _between(marks["chroma"], 0.06, 0.14)
    skin *= _between(-marks["chroma"], -0.75, -0.6) * _between(marks["even"], 0.5, 0.8)
    skin *= _between(marks["green_of_red"], 0.42, 0.55) * _between(marks["light"], 0.12, 0.25) * 0.8
    skin *= _between(-marks["grain"], -0.25, -0.12)
    best = max(fundus, skin)
    marks = {name: round(value, 3) for name, value in marks.items()}
    scores = round(fundus, 2), round(skin, 2)
    if best < LIKELY:
        return ColourKind(OTHER, round(1 - best, 2), *scores, marks)
    # Where both have their marks, neither is sure.
    sure = best * (1 - 0.5 * min(fundus, skin) / best)
    return ColourKind(FUNDUS if fundus >= skin else SKIN, round(sure, 2), *scores, marks)


def _between(value: float, low: float, high: float) -> float:
    return float(np.clip((value - low) / (high - low), 0.0, 1.0))


def _small(array: NDArray[np.generic]) -> NDArray[np.float64]:
    """The picture with its longer side at 256 pixels or less, 0 to 1."""
    from PIL import Image as Pillow

    top = 255.0 if array.dtype == np.uint8 or float(array.max()) > 1.0 else 1.0
    made = Pillow.fromarray(np.clip(array[..., :3].astype(np.float64) / top * 255, 0, 255).astype(np.uint8))
    ratio = _SIDE / max(made.size)
    if ratio < 1:
        size = max(1, round(made.width * ratio)), max(1, round(made.height * ratio))
        made = made.resize(size, Pillow.Resampling.BOX)
    return np.asarray(made, dtype=np.float64) / 255


def _marks(small: NDArray[np.float64]) -> dict[str, float]:
    from scipy import ndimage

    from tools.segmenters.vessels_features import field_of_view

    field = field_of_view(small * 255)
    if field.mean() < 0.05:
        field = np.ones(field.shape, dtype=bool)
    inner = ndimage.binary_erosion(field, iterations=4)
    inner = inner if inner.any() else field
    red, green, blue = (small[..., n] for n in range(3))
    light = small.max(axis=2)
    shown = inner & (light > 0.05)
    shown = shown if shown.any() else inner
    chroma = (light - small.min(axis=2)) / np.maximum(light, 1e-3)
    reddish = (red > 1.03 * green) & (green > 0.9 * blue)
    hue = np.arctan2(np.sqrt(3) * (green - blue), 2 * red - green - blue)
    middle = float(np.median(hue[shown]))
    outside = ~ndimage.binary_dilation(field, iterations=4)
    rows, columns = np.flatnonzero(field.any(axis=1)), np.flatnonzero(field.any(axis=0))
    tall, wide = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
    smooth = ndimage.gaussian_filter(green, 1.0)
    grain = np.abs(smooth - ndimage.gaussian_filter(green, 3.0))[shown] / max(float(np.median(green[shown])), 0.02)
    return {
        "reddish": float(reddish[shown].mean()),
        "chroma": float(np.median(chroma[shown])),
        "green_of_red": float(np.median(green[shown]) / max(float(np.median(red[shown])), 1e-3)),
        "even": float((np.abs(hue - middle)[shown] < 0.3).mean()),
        "light": float(np.median(light[shown])),
        "grain": float(grain.mean()),
        **_lines(red, green, inner),
        "round": _roundness(field, int(tall), int(wide)),
        "dark_around": 1 - float(light[outside].mean() / max(float(light[inner].mean()), 1e-3))
        if outside.any()
        else 0.0,
    }


def _roundness(field: NDArray[np.bool_], tall: int, wide: int) -> float:
    """How well a disc as wide as the field, cut off where the field is cut off, covers the field (Dice)."""
    y, x = np.mgrid[0 : field.shape[0], 0 : field.shape[1]]
    rows, columns = np.flatnonzero(field.any(axis=1)), np.flatnonzero(field.any(axis=0))
    radius = max(tall, wide) / 2
    middle = (rows[0] + rows[-1]) / 2, (columns[0] + columns[-1]) / 2
    disc = np.hypot(y - middle[0], x - middle[1]) <= radius + 0.5
    return 2 * float((disc & field).sum()) / float(disc.sum() + field.sum())


def _lines(red: NDArray[np.float64], green: NDArray[np.float64], inner: NDArray[np.bool_]) -> dict[str, float]:
    """How far the strongest dark lines stand out of a line filter's answers; how dark they are in red, of in green."""
    from tools.segmenters.vessels_features import lost_light, responses

    lost, known = lost_light(green * 255, inner)
    if not known.any():
        return {"lines": 0.0, "lines_in_red": 1.0}
    best = responses(lost, 1.0, 4.0).max(axis=0)
    strong = known & (best >= np.percentile(best[known], 96))
    in_red = float(np.median(lost_light(red * 255, inner)[0][strong]))
    return {
        "lines": float(best[strong].min() / max(float(np.median(best[known])), 1e-4)),
        "lines_in_red": in_red / max(float(np.median(lost[strong])), 1e-4),
    }
