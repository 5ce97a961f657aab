"""The body of one vertebra between two discs: a wall around it and two end plates, each where density falls by half.

The wall is a closed line about the body's axis (polar coordinates, dynamic programming), which passes over the
pedicles; a plate is a height over each place of the cross-section, smoothed. The arch is not outlined.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tools.imaging.volume import Volume, Voxels
from tools.segmenters.ct_spine_axis import Axis, Real, at
from tools.segmenters.ct_spine_discs import Disc

Index = NDArray[np.int64]
ANGLES = 60
RADII_MM = (8.0, 34.0)
FINE_MM = 0.5
# The back wall lies at least so far in front of the canal's middle.
CANAL_MM = 4.5
# Share of the clearest edges below which there is none.
UNSURE = 0.4
# Angles that look at the canal, and how much further back the corners beside it lie.
BACK = -0.94
CORNER_MM = 2.0
# An edge is the difference between the means so far inside and outside of it.
EDGE_MM = 2.5
# The wall moves by so much at most from one angle to the next.
STEEP = 2
WIGGLE = 4.0
GRID_MM = 1.0
# An end plate or wall is taken to be so thick; no scan of a trunk shows it.
SHELL_MM = 1.0
# A plate lies so far from the disc's middle, at most.
PLATE_MM = 11.0
# Bone beyond this is not denser for a plate or a wall.
TOP_HU = 700.0


@dataclass(frozen=True, eq=False)
class Body:
    """A body: its middle, its directions (up, front, left), its wall and its plates, and how clear its edges are.

    `wall[k]`: distance from the middle at the angle 2 pi k / ANGLES, from the front to the left. `plates`: heights
    below and above the middle over (front, left) on `across`, NaN outside the wall.
    """

    middle: Real
    up: Real
    front: Real
    left: Real
    wall: Real = field(repr=False)
    across: Real = field(repr=False)
    plates: tuple[Real, Real] = field(repr=False)
    edge_hu: float

    def mask(self, volume: Volume) -> Voxels:
        """The voxels of the volume whose middle lies in the body."""
        from scipy import ndimage

        out = np.zeros(volume.values.shape, dtype=bool)
        reach = float(np.nanmax(np.abs(np.concatenate([self.plates[0].ravel(), self.plates[1].ravel()]))))
        reach = math.hypot(reach, float(self.wall.max())) + 2
        inverse = np.linalg.inv(volume.affine)
        middle = inverse[:3, :3] @ self.middle + inverse[:3, 3]
        spread = reach / np.array(volume.spacing_mm)[::-1] * _lean(volume)
        low = np.maximum(np.floor(middle - spread), 0).astype(int)
        high = np.minimum(np.ceil(middle + spread) + 1, np.array(volume.values.shape)[::-1]).astype(int)
        if (high <= low).any():
            return out
        c, r, s = (np.arange(a, b, dtype=float) for a, b in zip(low, high, strict=True))
        part = volume.affine[:3, :3]
        places = (
            c[None, None, :, None] * part[:, 0]
            + r[None, :, None, None] * part[:, 1]
            + s[:, None, None, None] * part[:, 2]
            + (volume.affine[:3, 3] - self.middle)
        )
        ahead, aside, above = places @ self.front, places @ self.left, places @ self.up
        angle = np.mod(np.arctan2(aside, ahead), 2 * math.pi) / (2 * math.pi) * ANGLES
        wall = np.interp(angle, np.arange(ANGLES + 1), np.append(self.wall, self.wall[0]))
        within = np.hypot(ahead, aside) <= wall
        first = float(self.across[0])
        index = np.stack([(ahead - first) / GRID_MM, (aside - first) / GRID_MM])
        bottom, top = (
            ndimage.map_coordinates(plate, index, order=1, mode="nearest", output=np.float64) for plate in self.plates
        )
        within &= (above >= bottom) & (above <= top)
        out[low[2] : high[2], low[1] : high[1], low[0] : high[0]] = within
        return out


def body(volume: Volume, canal: Axis, lower: Disc, upper: Disc) -> Body:
    """The body between two discs, in front of the canal."""
    up = lower.normal + upper.normal
    up = up / np.linalg.norm(up)
    front = lower.front + upper.front
    front = front - up * float(front @ up)
    front = front / np.linalg.norm(front)
    left = np.cross(up, -front)
    middle = (lower.middle + upper.middle) / 2
    height = float((upper.middle - lower.middle) @ up)
    # Twice: the wall is looked for from where the first one has its middle.
    for _ in range(2):
        wall, clear = _wall(volume, middle, (up, front, left), height, _behind(canal, middle, up, front))
        angles = 2 * math.pi * np.arange(ANGLES) / ANGLES
        shift = _centre(wall, angles)
        middle = middle + shift[0] * front + shift[1] * left
    wall, clear = _wall(volume, middle, (up, front, left), height, _behind(canal, middle, up, front))
    size = math.ceil(float(wall.max())) + 1
    across = np.arange(-size, size + GRID_MM, GRID_MM)
    held = _held(wall, across)
    plates = tuple(_plate(volume, middle, (up, front, left), across, held, disc, sign) for disc, sign in
                   ((lower, -1.0), (upper, 1.0)))  # fmt: skip
    return Body(middle, up, front, left, wall, across, (plates[0], plates[1]), clear)


def _lean(volume: Volume) -> float:
    """How much longer a box along the grid's axes is than what turns in it."""
    unit = volume.affine[:3, :3] / np.linalg.norm(volume.affine[:3, :3], axis=0)
    return float(np.abs(np.linalg.inv(unit)).sum(axis=1).max())


def _behind(canal: Axis, middle: Real, up: Real, front: Real) -> float:
    """How far the middle is in front of the canal's."""
    away = middle - canal.places
    at_level = int(np.abs(away @ up).argmin())
    return float(away[at_level] @ front)


def _wall(
    volume: Volume, middle: Real, turned: tuple[Real, Real, Real], height: float, behind: float
) -> tuple[Real, float]:
    """The closed line of steepest fall from inside to outside, at mid height."""
    from scipy import ndimage

    up, front, left = turned
    angles = 2 * math.pi * np.arange(ANGLES) / ANGLES
    radii = np.arange(RADII_MM[0] - EDGE_MM, RADII_MM[1] + EDGE_MM + FINE_MM, FINE_MM)
    levels = np.arange(-0.2 * height, 0.2 * height + 0.5, 1.5)
    rays = np.cos(angles)[:, None] * front + np.sin(angles)[:, None] * left
    places = middle + levels[:, None, None, None] * up + radii[None, None, :, None] * rays[None, :, None, :]
    values = np.clip(at(volume, places), -100, TOP_HU).mean(axis=0)
    values = ndimage.gaussian_filter1d(values, 1.0, axis=1)
    size = int(EDGE_MM / FINE_MM)
    mean = ndimage.uniform_filter1d(values, size, axis=1)
    edge = mean[:, : -2 * size] - mean[:, 2 * size :]
    # Index n of `edge` is the radius in the middle between both means.
    start = radii[size]
    radii = start + FINE_MM * np.arange(edge.shape[1])
    gain = edge / max(float(np.percentile(edge, 95)), 1.0)
    ahead = np.cos(angles)[:, None] * radii
    gain[ahead < CANAL_MM - behind] = -2.0
    # Where the canal is, the back wall is clear; beside it are pedicles, and the wall lies hardly further back.
    opposite = np.cos(angles) < BACK
    back = ahead[opposite][np.arange(int(opposite.sum())), gain[opposite].argmax(axis=1)]
    gain[ahead < float(np.median(back)) - CORNER_MM] = -2.0
    path = _closed(gain)
    told = gain[np.arange(ANGLES), path]
    clear = float(np.median(edge[np.arange(ANGLES), path]))
    # The shell is looked at from outside inwards.
    last = values.shape[1] - 1
    near = last - np.rint((radii[path] - start) / FINE_MM + size).astype(np.int64)
    line = start + FINE_MM * (last - outer_edges(values[:, ::-1], near) - size)
    line = np.where(np.abs(line - radii[path]) <= EDGE_MM, line, radii[path])
    sure = told >= UNSURE
    if sure.sum() >= ANGLES // 2:
        # Over the pedicles there is no edge: the wall is drawn from one side to the other.
        line = np.interp(np.arange(ANGLES), np.flatnonzero(sure), line[sure], period=ANGLES)
    return ndimage.gaussian_filter1d(line, 1.0, mode="wrap"), clear


def outer_edges(values: Real, near: Index, spread: bool = False) -> Real:
    """Index of the outer surface of a thin bright shell along the last axis, which runs inwards.

    Blur moves the place of half density outwards, by a third of a voxel to a whole one, but not the shell's brightest
    line: the surface is half a shell outside of that. Where bone within is as dense as the shell, half density it is.
    `spread`: the line is the middle of all that is brighter than both sides; the brightest place alone snaps to the
    nearest slice.
    """
    count = values.shape[-1]
    index = np.arange(count)
    reach = int(3.0 / FINE_MM)
    inner = (index >= near[..., None] - 1) & (index <= near[..., None] + reach)
    outer = (index <= near[..., None]) & (index >= near[..., None] - reach)
    within = np.where(inner, values, -np.inf)
    top = np.clip(within.argmax(axis=-1), 1, count - 2)
    peak = within.max(axis=-1)
    before, here, after = (np.take_along_axis(values, (top + n)[..., None], axis=-1)[..., 0] for n in (-1, 0, 1))
    bend = 2 * here - before - after
    line = top + np.where(bend > 1e-3, np.clip((after - before) / (2 * np.maximum(bend, 1e-3)), -1, 1), 0.0)
    if spread:
        sides = [
            np.take_along_axis(values, np.clip(top + n, 0, count - 1)[..., None], axis=-1) for n in (-reach, reach)
        ]
        bright = np.clip(values - np.maximum(*sides), 0, None) * (np.abs(index - top[..., None]) <= reach)
        total = bright.sum(axis=-1)
        line = np.where(total > 0, (bright * index).sum(axis=-1) / np.maximum(total, 1e-6), line)
    line = line - SHELL_MM / 2 / FINE_MM

    least = np.where(outer, values, np.inf).min(axis=-1)
    level = (peak + least) / 2
    above = (values >= level[..., None]) & (np.abs(index - near[..., None]) <= reach)
    first = np.clip(np.where(above.any(axis=-1), above.argmax(axis=-1), near), 1, count - 1)
    now, earlier = (np.take_along_axis(values, (first - n)[..., None], axis=-1)[..., 0] for n in (0, 1))
    half = first - np.clip((now - level) / np.maximum(now - earlier, 1e-3), 0, 1)
    shell = (top < near + reach) & (bend > 1e-3)
    return np.asarray(np.where(shell, line, half))


def _closed(gain: Real) -> Index:
    """The best closed way around: the first pass finds where to begin, the second ends there."""
    turned = np.roll(gain, ANGLES // 2, axis=0)
    begin = int(_way(turned, None)[ANGLES // 2])
    return _way(gain, begin)


def _way(gain: Real, begin: int | None) -> Index:
    count, width = gain.shape
    total = gain[0].copy()
    if begin is not None:
        total = np.where(np.abs(np.arange(width) - begin) <= 1, total, -1e9)
    came = np.zeros((count, width), dtype=np.int64)
    for row in range(1, count):
        padded = np.pad(total, STEEP, constant_values=-1e9)
        stack = np.stack([padded[n : n + width] - (n - STEEP) ** 2 / WIGGLE * 0.1 for n in range(2 * STEEP + 1)])
        came[row] = stack.argmax(axis=0) - STEEP
        total = stack.max(axis=0) + gain[row]
    if begin is not None:
        total = np.where(np.abs(np.arange(width) - begin) <= 2 * STEEP, total, -1e9)
    way = np.zeros(count, dtype=np.int64)
    way[-1] = int(total.argmax())
    for row in range(count - 1, 0, -1):
        way[row - 1] = way[row] + came[row][way[row]]
    return way


def _centre(wall: Real, angles: Real) -> tuple[float, float]:
    """The middle of the area within the wall."""
    area = float((wall**2).sum()) / 2
    ahead = float((wall**3 * np.cos(angles)).sum()) / 3 / area
    aside = float((wall**3 * np.sin(angles)).sum()) / 3 / area
    return ahead, aside


def _held(wall: Real, across: Real) -> Voxels:
    ahead, aside = across[:, None], across[None, :]
    angle = np.mod(np.arctan2(aside, ahead), 2 * math.pi) / (2 * math.pi) * ANGLES
    radius = np.interp(angle, np.arange(ANGLES + 1), np.append(wall, wall[0]))
    return np.asarray(np.hypot(ahead, aside) <= radius)


def _plate(
    volume: Volume,
    middle: Real,
    turned: tuple[Real, Real, Real],
    across: Real,
    held: Voxels,
    disc: Disc,
    sign: float,
) -> Real:
    """Heights of one end plate over the cross-section: the outermost fall from plate to disc, smoothed."""
    from scipy import ndimage

    up, front, left = turned
    # Height of the disc's middle plane over each place.
    away = disc.middle - middle
    slope = np.array([-(disc.normal @ front), -(disc.normal @ left)]) / float(disc.normal @ up)
    base = float(away @ disc.normal) / float(disc.normal @ up)
    plane = base + slope[0] * across[:, None] + slope[1] * across[None, :]
    depth = np.arange(-4.0, PLATE_MM + 0.5, FINE_MM)
    flat = middle + across[:, None, None] * front + across[None, :, None] * left
    heights = plane[..., None] - sign * depth
    values = np.clip(at(volume, flat[:, :, None, :] + heights[..., None] * up), -100, TOP_HU)
    values = ndimage.gaussian_filter(values, (1.5, 1.5, 0.8))
    size = 4
    mean = ndimage.uniform_filter1d(values, size, axis=2)
    # From the disc's middle into the body, density rises.
    rise = np.full(values.shape, -np.inf)
    rise[..., size:-size] = mean[..., 2 * size :] - mean[..., : -2 * size]
    rise[..., depth < 0.5] = -np.inf
    first = rise.argmax(axis=2).astype(float)
    trend = _trend(first, held, across)
    near = np.abs(np.arange(len(depth)) - trend[..., None]) <= 4.0 / FINE_MM
    second = np.where(near, rise, -np.inf).argmax(axis=2)
    exact = outer_edges(values, second)
    exact = np.where(np.abs(exact - trend) <= 5.0 / FINE_MM, exact, trend)
    weight = ndimage.gaussian_filter(held.astype(float), 2.0)
    smooth = ndimage.gaussian_filter(np.where(held, exact, 0.0), 2.0) / np.maximum(weight, 1e-3)
    found = plane - sign * (depth[0] + FINE_MM * smooth)
    outside = plane - sign * (depth[0] + FINE_MM * trend)
    return np.asarray(np.where(weight > 0.05, found, outside))


def _trend(heights: Real, held: Voxels, across: Real) -> Real:
    """A bent surface (second degree) through the heights, those far from it left out."""
    a, b = np.meshgrid(across / 20.0, across / 20.0, indexing="ij")
    terms = np.stack([np.ones_like(a), a, b, a * a, a * b, b * b], axis=-1)
    inner = held & (np.hypot(a * 20, b * 20) < 0.95 * float(np.abs(across).max()))
    rows, wanted = terms[inner], heights[inner]
    weight: Real = np.ones(len(wanted))
    found: Real = np.zeros(6)
    for _ in range(8):
        found = np.asarray(np.linalg.lstsq(rows * weight[:, None], wanted * weight, rcond=None)[0], dtype=np.float64)
        off = np.abs(rows @ found - wanted)
        # Twice the usual deviation counts less and less.
        scale = max(float(np.median(off)) * 1.5, 1.0)
        weight = np.sqrt(1 / (1 + (off / scale) ** 2))
    return np.asarray(terms @ found)
