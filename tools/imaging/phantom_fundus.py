"""Drawn fundus photographs with a known vessel tree: nobody's eye, to try and to set vessel filters on.

A vessel is a cylinder of blood seen through a camera: light is lost along its chord (Beer-Lambert), so that thin
vessels are also faint; an artery is lighter, with a bright streak along its middle. Uneven light, choroid texture, a
bright disc, a dark macula, grain, and on some drawings bleeds and exudates are what a filter has to get past. No real
photograph was used for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
FIELD = 540.0
"""Diameter of the field of view in pixels where `size` is 600: about 45 degrees of the eye."""
# Share of green light lost per pixel of blood on the way there and back, for veins and arteries.
_LOSS = (0.085, 0.055)
_FAINTEST = 0.08
"""A vessel that takes away less light than this is drawn, but is not in the reference: a reader would not see it."""


_HALF_WIDTH = 0.9
"""Half the width at half depth, in pixels, of a line blurred by one pixel."""


@dataclass(frozen=True)
class FundusPhantom:
    """A drawn photograph with its vessels, its field of view and the disc (column, row, radius)."""

    rgb: NDArray[np.uint8] = field(repr=False)
    vessels: Mask = field(repr=False)
    field_of_view: Mask = field(repr=False)
    disc: tuple[float, float, float]


@dataclass
class _Canvas:
    """Half-chords of blood and what a reader sees of it, at twice the size; one kind of vessel. `blur` in pixels."""

    half: Floats
    streak: Floats
    seen: Mask
    blur: float

    def stamp(self, x: float, y: float, radius: float, streak: float) -> None:
        # A reader draws a vessel as wide as the blurred picture shows it: its width at half depth.
        shown = float(np.hypot(radius, 2 * _HALF_WIDTH * self.blur))
        reach = int(np.ceil(shown)) + 1
        left, top = int(x) - reach, int(y) - reach
        rows, columns = self.half.shape
        if left < 0 or top < 0 or left + 2 * reach + 1 >= columns or top + 2 * reach + 1 >= rows:
            return
        steps = np.arange(2 * reach + 1)
        away = (left + steps - x)[None, :] ** 2 + (top + steps - y)[:, None] ** 2
        part = (slice(top, top + 2 * reach + 1), slice(left, left + 2 * reach + 1))
        self.half[part] = np.maximum(self.half[part], np.sqrt(np.maximum(radius * radius - away, 0)))
        self.seen[part] |= away <= shown * shown
        if streak:
            self.streak[part] = np.maximum(self.streak[part], streak * np.exp(-away / (0.18 * radius * radius)))


def draw_fundus(
    seed: int = 0, size: int = 600, grain: float = 0.012, lesions: bool = False, contrast: float = 1.0
) -> FundusPhantom:
    """A photograph `size` pixels square; `grain` is noise as a share of full light, `contrast` scales the blood."""
    from scipy import ndimage

    random = np.random.default_rng(seed)
    scale = size / 600
    radius = FIELD / 2 * scale
    centre = size / 2
    side = 1 if random.random() < 0.5 else -1
    disc = (centre + side * radius * random.uniform(0.5, 0.72), centre + radius * random.uniform(-0.12, 0.12))
    macula = (disc[0] - side * radius * 0.85, disc[1] + radius * random.uniform(0.0, 0.12))
    twice = (2 * size, 2 * size)
    veins, arteries = (_Canvas(np.zeros(twice), np.zeros(twice), np.zeros(twice, dtype=bool), scale) for _ in range(2))
    _grow_trees(random, (veins, arteries), disc, macula, radius, side, scale)

    y, x = np.mgrid[0:size, 0:size].astype(float)
    inside = np.hypot(x - centre, y - centre) <= radius
    depths = [_halved(canvas.half) * loss for canvas, loss in zip((veins, arteries), _LOSS, strict=True)]
    lost = 2 * contrast / scale * np.maximum(*depths)
    taken = 1 - np.exp(-lost)
    streak = np.maximum(_halved(veins.streak), _halved(arteries.streak))
    deepest = ndimage.maximum_filter(ndimage.gaussian_filter(taken, 0.9 * scale), max(3, round(5 * scale)))
    drawn = (_halved((veins.seen | arteries.seen).astype(float)) >= 0.25) & (deepest > _FAINTEST) & inside
    parts, count = ndimage.label(drawn, np.ones((3, 3)))
    long = ndimage.sum_labels(drawn, parts, range(1, count + 1)) >= 60 * scale
    vessels = np.concatenate([[False], long])[parts]

    tone = _background(random, size, radius, centre, disc, macula, lesions)
    blood = np.exp(-lost) * (1 + streak * taken)
    channels, soft = [], random.uniform(0.3, 0.8) * scale
    for base, share in ((random.uniform(0.6, 0.85), 0.25), (random.uniform(0.3, 0.42), 1.0), (0.14, 0.6)):
        light = base * tone[..., 0 if share < 0.5 else 1] * blood**share
        light = ndimage.gaussian_filter(light, random.uniform(0.7, 1.1) * scale)
        light = np.where(inside, light, 0.02)
        noise = random.normal(0, grain, light.shape)
        noise += 2 * ndimage.gaussian_filter(random.normal(0, grain, light.shape), 0.8)
        light = ndimage.gaussian_filter(light, soft) + 0.7 * noise * np.sqrt(light / 0.35)
        channels.append(light)
    rgb = (np.clip(np.stack(channels, axis=2), 0, 1) * 255).round().astype(np.uint8)
    return FundusPhantom(rgb, vessels, inside, (disc[0], disc[1], 0.15 * radius))


def _halved(twice: Floats) -> Floats:
    rows, columns = twice.shape
    averaged: Floats = twice.reshape(rows // 2, 2, columns // 2, 2).mean(axis=(1, 3)) / 2
    return averaged


def _grow_trees(
    random: np.random.Generator,
    canvases: tuple[_Canvas, _Canvas],
    disc: tuple[float, float],
    macula: tuple[float, float],
    radius: float,
    side: int,
    scale: float,
) -> None:
    """Four arcades and two nasal vessels of each kind; they bend round the macula and branch by Murray's law."""
    for number, canvas in enumerate(canvases):
        for up in (-1, 1):
            for turn, caliber in ((0.9, 1.0), (1.9, 0.65), (2.5, 0.6)):
                angle = np.pi - up * (turn + random.normal(0, 0.12) + 0.12 * number)
                heading = angle if side > 0 else np.pi - angle
                start = random.uniform(3.6, 4.8) * (0.85 if number else 1.0) * caliber * scale
                at = (disc[0] + random.normal(0, 3 * scale), disc[1] + random.normal(0, 3 * scale))
                bend = 0.0 if turn > 1 else -up * side * 0.0032 / scale
                streak = 0.0 if number == 0 else random.uniform(0.1, 0.5)
                _grow(random, canvas, at, heading, start, bend, radius, scale, streak, 0)


def _grow(
    random: np.random.Generator,
    canvas: _Canvas,
    at: tuple[float, float],
    heading: float,
    width: float,
    bend: float,
    radius: float,
    scale: float,
    streak: float,
    depth: int,
) -> None:
    """One vessel of half-width `width`, from `at` until it leaves the field or is too thin, with its branches."""
    x, y = at
    wander, until = 0.0, random.exponential(42 * scale) + 16 * scale
    phase, wave = random.uniform(0, 6.28), random.uniform(18, 45) * scale
    swing = random.uniform(0.0, 0.22)
    middle = canvas.half.shape[0] / 4
    travelled = 0.0
    step = 0.6 * scale
    while width > 0.32 * scale and np.hypot(x - middle, y - middle) < radius + 4 * scale:
        wander = 0.97 * wander + random.normal(0, 0.004)
        heading += wander * 0.35 + bend * step
        along = heading + swing * np.sin(phase + travelled / wave * 2.2)
        x, y = x + step * np.cos(along), y + step * np.sin(along)
        travelled += step
        width *= 1 - 0.00065 * step / scale
        canvas.stamp(2 * x, 2 * y, 2 * width, streak if width > 2 * scale else 0.0)
        if travelled > until and depth < 7:
            share = random.uniform(0.12, 0.5) if width > 2 * scale else random.uniform(0.3, 0.5)
            small = width * share ** (1 / 3)
            turn = random.choice([-1, 1]) * random.uniform(0.5, 1.15)
            _grow(random, canvas, (x, y), heading + turn, small * 0.9, 0.0, radius, scale, streak, depth + 1)
            width *= (1 - share) ** (1 / 3)
            heading -= turn * share * 0.5
            until = travelled + (random.exponential(42) + 16) * scale


def _background(
    random: np.random.Generator,
    size: int,
    radius: float,
    centre: float,
    disc: tuple[float, float],
    macula: tuple[float, float],
    lesions: bool,
) -> Floats:
    """Light that comes back where there is no blood, about 1; red in channel 0, green (and blue) in channel 1."""
    from scipy import ndimage

    scale = size / 600
    y, x = np.mgrid[0:size, 0:size].astype(float)
    away = np.hypot(x - centre, y - centre) / radius
    tilt = random.normal(0, 0.12, 2)
    light = 1 - random.uniform(0.1, 0.4) * away**2 + (tilt[0] * (x - centre) + tilt[1] * (y - centre)) / radius
    for sigma, strength in ((3, 0.012), (8, 0.03), (30, 0.05)):
        texture = ndimage.gaussian_filter(random.normal(0, 1, (size, size)), sigma * scale)
        light += strength * texture / texture.std()
    light += _choroid(random, size, scale)
    light *= 1 - random.uniform(0.15, 0.4) * np.exp(
        -((x - macula[0]) ** 2 + (y - macula[1]) ** 2) / (2 * (0.11 * radius) ** 2)
    )
    edge = (np.hypot((x - disc[0]) * random.uniform(1.0, 1.15), y - disc[1]) - 0.15 * radius) / radius
    within = 1 / (1 + np.exp(np.clip(edge / random.uniform(0.004, 0.018), -50, 50)))
    cup = np.exp(-((x - disc[0]) ** 2 + (y - disc[1]) ** 2) / (2 * (0.07 * radius) ** 2))
    beside = np.exp(-((edge / 0.02) ** 2)) * np.clip(np.sign(centre - disc[0]) * (x - disc[0]) / (0.15 * radius), 0, 1)
    green = light * (1 + random.uniform(0.3, 1.0) * within + random.uniform(-0.15, 0.35) * beside) + 0.3 * cup
    red = light * (1 + 0.15 * within)
    rim = np.exp(-(1 - away) / random.uniform(0.01, 0.05)) * np.clip(
        np.cos(np.arctan2(y - centre, x - centre) - random.uniform(0, 6.28)) + random.uniform(-0.5, 1), 0, 1
    )
    green *= 1 + random.uniform(-0.35, 0.6) * rim
    red *= 1 + random.uniform(-0.3, 0.2) * rim
    if lesions:
        for _ in range(int(random.integers(6, 25))):
            spot = _blob(random, x, y, centre, radius, random.uniform(1.2, 7) * scale)
            green *= 1 - random.uniform(0.15, 0.45) * spot
            red *= 1 - 0.15 * spot
        for _ in range(int(random.integers(5, 25))):
            spot = _blob(random, x, y, centre, radius, random.uniform(1.5, 7) * scale)
            green *= 1 + random.uniform(0.2, 0.7) * spot
    return np.stack([red, green], axis=2)


def _choroid(random: np.random.Generator, size: int, scale: float) -> Floats:
    """Broad, blurred bands that shine through in patches, darker or lighter: they are not retinal vessels."""
    from scipy import ndimage

    def waves(sigma: float) -> Floats:
        values = ndimage.gaussian_filter(random.normal(0, 1, (size, size)), sigma * scale)
        return np.asarray(values / values.std())

    patch = np.clip(waves(60) * 0.6 + 0.3, 0, 1)
    bands = np.zeros((size, size))
    for sigma, blur, strength in ((13, 3.0, 0.16), (7, 1.8, 0.1)):
        lines = ndimage.gaussian_filter(np.exp(-((waves(sigma) / 0.25) ** 2)), blur * scale)
        bands += random.uniform(-1, 1) * strength * lines
    return np.asarray(bands * patch)


def _blob(random: np.random.Generator, x: Floats, y: Floats, centre: float, radius: float, size: float) -> Floats:
    angle, far = random.uniform(0, 6.28), radius * 0.9 * np.sqrt(random.random())
    dx, dy = x - centre - far * np.cos(angle), y - centre - far * np.sin(angle)
    wide = random.uniform(0.7, 1.4)
    away = np.hypot(dx * wide, dy / wide) + size * 0.2 * np.sin(3 * np.arctan2(dy, dx) + angle)
    spot: Floats = 1 / (1 + np.exp(np.clip((away - size) / 0.8, -50, 50)))
    return spot
