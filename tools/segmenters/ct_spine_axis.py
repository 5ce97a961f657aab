"""The spine's axis on a CT: the canal is followed from slice to slice, and the volume straightened along it.

Everything is in LPS millimetres on a grid of our own, so that anisotropic, flipped and oblique series are one case.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tools.errors import NotAssessable
from tools.imaging.volume import Grid, Volume, Voxels

Real = NDArray[np.float64]
# The grid the canal is followed on; half of it is as fine as the vertebrae are told apart on.
COARSE_MM = 3.0
# Bone that bounds the canal is looked for so far from its middle: the canal is 12 to 30 mm wide.
RING_MM = (6.0, 19.0)
RAYS = 16
CORE_MM = 4.5
# The body in front of the canal's middle.
FRONT_MM = (13.0, 32.0)
ASIDE_MM = 9.0
# A vertebra's left and right are alike, a hip's are not.
UNEVEN = 1.5
ALIKE_MM = 27.0
# What the canal's middle holds: fluid, cord, fat.
CANAL_HU = (-120.0, 130.0)
# Mean of the score along the way below which there is no spine.
LEAST = 0.45
SHORTEST_MM = 35.0
SMOOTH_MM = 9.0
STEP_MM = 1.0


@dataclass(frozen=True, eq=False)
class Sampled:
    """A volume on an upright grid of equal steps: axis 0 to the head, 1 to the back, 2 to the patient's left."""

    values: Grid = field(repr=False)
    origin: tuple[float, float, float]
    step: float

    def places(self, index: Real) -> Real:
        """LPS millimetres (x, y, z) of (z, y, x) indices, along the last axis."""
        return np.asarray(index[..., ::-1] * self.step + np.array(self.origin))


@dataclass(frozen=True, eq=False)
class Axis:
    """The canal's middle every millimetre from below upwards, its direction, and where the front is."""

    places: Real = field(repr=False)
    up: Real = field(repr=False)
    front: Real = field(repr=False)
    score: float

    def frame(self, s: float) -> tuple[Real, Real, Real, Real]:
        """Place, up, front and left at `s` millimetres from the lower end."""
        at = min(max(s / STEP_MM, 0.0), len(self.places) - 1.0)
        low = min(int(at), len(self.places) - 2)
        share = at - low
        place, up, front = (
            (1 - share) * part[low] + share * part[low + 1] for part in (self.places, self.up, self.front)
        )
        up = up / np.linalg.norm(up)
        front = front - up * float(front @ up)
        front = front / np.linalg.norm(front)
        return place, up, front, np.cross(up, -front)


def sampled(volume: Volume, inside: Voxels | None = None, step: float = COARSE_MM) -> Sampled:
    """The volume on an upright grid; what lies outside the scan is air. `inside`: only the box around it."""
    from scipy import ndimage

    low, high = _box(volume, inside)
    shape = tuple(math.ceil((high[n] - low[n]) / step) + 1 for n in (2, 1, 0))
    inverse = np.linalg.inv(volume.affine)
    # From (z, y, x) of the new grid to (slice, row, column).
    matrix = (inverse[:3, :3] * step)[::-1, ::-1]
    offset = (inverse[:3, :3] @ low + inverse[:3, 3])[::-1]
    own = np.array(volume.spacing_mm)
    values = volume.values
    if (own < step * 0.75).any():
        # Without this, fine voxels between the new places would be left out.
        values = ndimage.gaussian_filter(values, 0.35 * np.maximum(step / own - 1, 0), output=np.float32)
    made = ndimage.affine_transform(
        values, matrix, offset, output_shape=shape, order=1, mode="constant", cval=-1000.0, output=np.float32
    )
    return Sampled(made, (float(low[0]), float(low[1]), float(low[2])), step)


def at(volume: Volume, places: Real) -> NDArray[np.float32]:
    """The volume's values at LPS places (the last axis x, y, z), air outside."""
    from scipy import ndimage

    inverse = np.linalg.inv(volume.affine)
    index = places @ inverse[:3, :3].T + inverse[:3, 3]
    found = ndimage.map_coordinates(
        volume.values, np.moveaxis(index[..., ::-1], -1, 0), order=1, mode="constant", cval=-1000.0, output=np.float32
    )
    return np.asarray(found)


def axis(volume: Volume, inside: Voxels | None = None) -> Axis:
    """The canal's axis.

    Raises:
        NotAssessable: no canal with a body in front of it is seen over a hand's breadth.
    """
    grid = sampled(volume, inside)
    score = _score(grid.values, grid.step)
    way, along = _followed(score)
    start, stop = _kept(along, grid.step)
    if (stop - start) * grid.step < SHORTEST_MM:
        raise NotAssessable(
            "no spine was found",
            found=f"a canal with bone around and a body in front over {max(stop - start, 0) * grid.step:.0f} mm",
            expected=f"at least {SHORTEST_MM:.0f} mm of it",
            action="check the region of the series, or draw the vertebra and give the mask",
        )
    index = np.column_stack([np.arange(start, stop), way[start:stop]]).astype(float)
    return _smooth(grid.places(index), float(along[start:stop].mean()), grid.step)


def _box(volume: Volume, inside: Voxels | None) -> tuple[Real, Real]:
    if inside is None or not inside.any():
        corners = [[0, size - 1] for size in volume.values.shape]
    else:
        corners = []
        for number in range(3):
            found = np.flatnonzero(inside.any(axis=tuple(n for n in range(3) if n != number)))
            corners.append([int(found[0]), int(found[-1])])
    places = np.array([volume.at(z, y, x) for z in corners[0] for y in corners[1] for x in corners[2]])
    return places.min(axis=0), places.max(axis=0)


def _score(values: Grid, step: float) -> Grid:
    """How much each place looks like the middle of the canal: bone around, none within, a body in front."""
    from scipy import ndimage

    reach = 2 * round(6.0 / step) + 1
    # The arch is open between two vertebrae: what is around slightly above or below counts.
    bone: Grid = np.clip((values - 120) / 180, 0, 1, dtype=np.float32)
    tall = ndimage.maximum_filter1d(bone, reach, axis=0)
    around = np.zeros_like(values)
    for ray in range(RAYS):
        angle = 2 * math.pi * ray / RAYS
        best = np.zeros_like(values)
        far = np.arange(RING_MM[0], RING_MM[1] + step / 2, step)
        for distance in far:
            np.maximum(best, _moved(tall, distance * math.cos(angle) / step, distance * math.sin(angle) / step), best)
        around += best
    around /= RAYS
    core = _disc(bone, CORE_MM / step)
    middle = _disc(values, CORE_MM / step)
    body: Grid = np.clip((values - 60) / 120, 0, 1, dtype=np.float32)
    wide = 2 * round(ASIDE_MM / step) + 1
    body = ndimage.uniform_filter1d(ndimage.maximum_filter1d(body, reach, axis=0), wide, axis=2)
    long = round((FRONT_MM[1] - FRONT_MM[0]) / step) + 1
    front = ndimage.uniform_filter1d(body, long, axis=1, mode="constant")
    front = _moved(front, -(FRONT_MM[0] + FRONT_MM[1]) / 2 / step, 0.0)
    score = 0.6 * around + 0.4 * front - 1.5 * core - UNEVEN * _unlike(bone, step)
    score[(middle < CANAL_HU[0]) | (middle > CANAL_HU[1])] -= 0.5
    return np.asarray(score)


def _unlike(bone: Grid, step: float) -> Grid:
    """How much bone there is on one side of each place that is not on the other, 0 to 1."""
    from scipy import ndimage

    out = np.zeros_like(bone)
    reach = range(2, int(ALIKE_MM / step) + 1)
    for columns in reach:
        out += np.abs(_moved(bone, 0.0, columns) - _moved(bone, 0.0, -columns))
    long = 2 * round(21.0 / step) + 1
    return np.asarray(ndimage.uniform_filter1d(out, long, axis=1, mode="constant") / len(reach))


def _moved(values: Grid, down: float, left: float) -> Grid:
    """What lies `down` rows and `left` columns from each place, zero outside."""
    rows, columns = round(down), round(left)
    out = np.zeros_like(values)
    tall, wide = values.shape[1:]
    if abs(rows) >= tall or abs(columns) >= wide:
        return out
    to = (slice(max(-rows, 0), tall - max(rows, 0)), slice(max(-columns, 0), wide - max(columns, 0)))
    of = (slice(max(rows, 0), tall - max(-rows, 0)), slice(max(columns, 0), wide - max(-columns, 0)))
    out[:, to[0], to[1]] = values[:, of[0], of[1]]
    return out


def _disc(values: Grid, radius: float) -> Grid:
    from scipy import ndimage

    size = int(radius)
    y, x = np.mgrid[-size : size + 1, -size : size + 1]
    kernel = (np.hypot(x, y) <= radius).astype(np.float32)
    return np.asarray(ndimage.convolve(values, (kernel / kernel.sum())[None], mode="nearest"))


def _followed(score: Grid) -> tuple[NDArray[np.int64], Real]:
    """The best way through the slices, at most one voxel aside per slice, and its scores; -1 where it does not lead.

    It begins and ends where that is best: a place scores only by what it has above that of no spine.
    """
    levels, tall, wide = score.shape
    moves = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1)]
    # Standing still is dearest to none: a slant costs little, a jitter does.
    cost = np.array([0.02 * math.hypot(y, x) for y, x in moves])
    gain = score.astype(float) - LEAST
    total = gain[0]
    came = np.full((levels, tall, wide), -1, dtype=np.int8)
    best, end = -math.inf, (0, 0, 0)
    for level in range(levels):
        if level:
            padded = np.pad(total, 1, constant_values=-1e9)
            stack = np.stack([padded[1 + y : 1 + y + tall, 1 + x : 1 + x + wide] for y, x in moves])
            stack -= cost[:, None, None]
            step = stack.argmax(axis=0)
            before = np.take_along_axis(stack, step[None], axis=0)[0]
            came[level] = np.where(before > 0, step, -1)
            total = np.maximum(before, 0) + gain[level]
        if total.max() > best:
            place = int(total.argmax())
            best, end = float(total.max()), (level, place // wide, place % wide)
    way = np.zeros((levels, 2), dtype=np.int64)
    along = np.full(levels, -1.0)
    level, row, column = end
    while True:
        way[level] = row, column
        along[level] = score[level, row, column]
        step_back = int(came[level, row, column])
        if step_back < 0:
            return way, along
        y, x = moves[step_back]
        level, row, column = level - 1, row + y, column + x


def _kept(along: Real, step: float) -> tuple[int, int]:
    """The longest run of slices whose mean score over 30 mm is that of a spine."""
    from scipy import ndimage

    led = np.flatnonzero(along >= 0)
    smooth = ndimage.uniform_filter1d(along[led], max(1, round(30.0 / step)), mode="nearest")
    labels, count = ndimage.label(smooth >= LEAST)
    if not count:
        return 0, 0
    best = int(np.bincount(labels)[1:].argmax()) + 1
    where = led[labels == best]
    return int(where[0]), int(where[-1]) + 1


def shifted(line: Axis, ahead_mm: float) -> Axis:
    """The line that runs so far in front of it, with its own millimetres: bends make it longer or shorter."""
    return _even(line.places + ahead_mm * line.front, line.score)


def _smooth(places: Real, score: float, step: float) -> Axis:
    from scipy import ndimage

    # At its ends the filter would draw the line short: the straight part is left as it is.
    ramp = np.arange(len(places), dtype=float)
    soft = np.empty_like(places)
    for n in range(3):
        slope, start = np.polyfit(ramp, places[:, n], 1)
        straight = slope * ramp + start
        rest = ndimage.gaussian_filter1d(places[:, n] - straight, SMOOTH_MM / step, mode="nearest")
        soft[:, n] = straight + rest
    return _even(soft, score)


def _even(places: Real, score: float) -> Axis:
    from scipy import ndimage

    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(places, axis=0), axis=1))])
    even = np.arange(0.0, length[-1], STEP_MM)
    line = np.column_stack([np.interp(even, length, places[:, n]) for n in range(3)])
    up = ndimage.gaussian_filter1d(np.gradient(line, axis=0), 6.0 / STEP_MM, axis=0, mode="nearest")
    up /= np.linalg.norm(up, axis=1, keepdims=True)
    ahead = np.tile([0.0, -1.0, 0.0], (len(up), 1))
    front = ahead - up * (ahead * up).sum(axis=1, keepdims=True)
    front /= np.linalg.norm(front, axis=1, keepdims=True)
    return Axis(line, up, front, score)
