"""Where one vertebra ends and the next begins: discs along the spine's axis, each with its tilt.

A disc is a dark layer between two bright plates. On the straightened volume every tilt is tried at every height, and
the set of discs is chosen whose distances are those of vertebrae.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.imaging.volume import Volume
from tools.segmenters.ct_spine_axis import STEP_MM, Axis, Real, at, shifted

# The middle of a body lies so far in front of the middle of the canal; the layer is looked at so far around it.
BODY_MM = 27.0
DEEP_MM = 10.0
WIDE_MM = 11.0
TILTS_DEG = tuple(range(-24, 25, 3))
HALF_MM = (2.0, 3.0, 4.0, 5.0, 6.0)
# From disc to disc, thoracic and lumbar; those of the neck are closer.
GAP_MM = (21.0, 52.0)
# Shares of the clearest discs' score.
CLEAREST, CLEAR, LEAST = 4, 0.9, 0.4
# What a distance costs that is not its neighbours': squared logarithm.
UNEVEN = 4.0
LEAST_HU = 35.0
AROUND_MM, DARKER = 36.0, 0.5
# The wings of the sacrum: bone beside the body, from here to there from its middle, more than beside the body above.
# The disc above it leans forward. (Set on one scan: where it is not clear nothing is said.)
WING_MM = (30.0, 46.0)
WING_HU = 110.0
WING_SHARE = 0.2
WING_RATIO = 1.4
LEANS_DEG = 18.0
WINGS_ALONE = 0.4


@dataclass(frozen=True, eq=False)
class Disc:
    """The layer between two bodies: the middle and the normal towards the head (LPS millimetres), and how clear it is.

    `half_mm`: half of its thickness. `s`: where on the axis.
    """

    s: float
    middle: Real
    normal: Real
    front: Real
    half_mm: float
    score: float


def discs(volume: Volume, line: Axis) -> list[Disc]:
    """The discs from below upwards."""
    line = shifted(line, BODY_MM)
    layers = _layers(volume, line)
    found, half = _scores(layers)
    best = found.max(axis=0)
    peaks = _peaks(best)
    if not len(peaks):
        return []
    clear = float(np.median(np.sort(best[peaks])[-CLEAREST:]))
    if clear < LEAST_HU:
        return []
    chosen = _chosen(peaks, best[peaks] / (CLEAR * clear))
    return [_disc(line, s, int(found[:, s].argmax()), half, found) for s in chosen]


def _disc(line: Axis, s: int, tilt: int, half: Real, found: Real) -> Disc:
    place, up, front, _ = line.frame(s * STEP_MM)
    turn = math.radians(TILTS_DEG[tilt])
    normal = math.cos(turn) * up - math.sin(turn) * front
    ahead = math.cos(turn) * front + math.sin(turn) * up
    return Disc(s * STEP_MM, place, normal, ahead, float(half[tilt, s]), float(found[tilt, s]))


def _layers(volume: Volume, line: Axis) -> Real:
    """Mean density of tilted layers through the bodies' middle line: (tilt, height)."""
    u = np.arange(-DEEP_MM, DEEP_MM + 1, 2.0)
    v = np.arange(-WIDE_MM, WIDE_MM + 1, 2.0)
    left = np.cross(line.up, -line.front)
    middle = line.places
    out = np.zeros((len(TILTS_DEG), len(middle)))
    for number, degrees in enumerate(TILTS_DEG):
        turn = math.radians(degrees)
        ahead = math.cos(turn) * line.front + math.sin(turn) * line.up
        places = (
            middle[:, None, None]
            + u[None, :, None, None] * ahead[:, None, None]
            + v[None, None, :, None] * left[:, None, None]
        )
        values = np.clip(at(volume, places), -150, 600)
        out[number] = np.mean(values.reshape(len(middle), -1), axis=1)
    return out


def _scores(layers: Real) -> tuple[Real, Real]:
    """By how much each layer is darker than the plates around it, and half of its thickness."""
    from scipy import ndimage

    best = np.full(layers.shape, -np.inf)
    half = np.zeros(layers.shape)
    count = layers.shape[1]
    index = np.arange(count)
    soft = ndimage.gaussian_filter1d(layers, 1.0, axis=1, mode="nearest")
    # Darker than the bodies around it, where these are not porous.
    level = ndimage.uniform_filter1d(layers, round(AROUND_MM / STEP_MM), axis=1, mode="nearest")
    for size in HALF_MM:
        reach = round((size + 1.0) / STEP_MM)
        core = 2 * max(round((size - 1.0) / STEP_MM), 0) + 1
        within = ndimage.uniform_filter1d(layers, core, axis=1, mode="nearest")
        above = soft[:, np.minimum(index + reach, count - 1)]
        below = soft[:, np.maximum(index - reach, 0)]
        # Both plates: one alone is an edge. Thick layers have to be worth it.
        depth = 0.9 * np.minimum(above, below) + 0.1 * np.maximum(above, below) - within
        depth += DARKER * (level - within)
        better = depth > best
        best[better], half[better] = depth[better], size
    # The first and last millimetres have only one plate.
    best[:, : int(4 / STEP_MM)] = -np.inf
    best[:, count - int(4 / STEP_MM) :] = -np.inf
    return best, half


def _peaks(best: Real) -> NDArray[np.int64]:
    """Heights that are the best within 5 mm."""
    from scipy import ndimage

    reach = 2 * round(5.0 / STEP_MM) + 1
    top = ndimage.maximum_filter1d(best, reach, mode="nearest")
    return np.flatnonzero((best == top) & (best > 0))


def _chosen(peaks: NDArray[np.int64], scores: Real) -> list[int]:
    """The peaks whose scores are high and whose distances are like their neighbours'."""
    count = len(peaks)
    gain = np.minimum(scores, 1.2) - LEAST
    # One state for each pair of discs that follow each other.
    total: dict[tuple[int, int], float] = {}
    came: dict[tuple[int, int], int] = {}
    best, end = 0.0, (-1, -1)
    for single in range(count):
        if gain[single] > best:
            best, end = float(gain[single]), (-1, single)
    for upper in range(count):
        for lower in range(upper):
            gap = float(peaks[upper] - peaks[lower]) * STEP_MM
            if not GAP_MM[0] <= gap <= GAP_MM[1]:
                continue
            value, before = float(gain[lower]), -1
            for least in range(lower):
                if (least, lower) in total:
                    other = float(peaks[lower] - peaks[least]) * STEP_MM
                    reached = total[least, lower] - UNEVEN * math.log(gap / other) ** 2
                    if reached > value:
                        value, before = reached, least
            total[lower, upper], came[lower, upper] = value + float(gain[upper]), before
            if total[lower, upper] > best:
                best, end = total[lower, upper], (lower, upper)
    out: list[int] = []
    lower, upper = end
    while upper >= 0:
        out.append(int(peaks[upper]))
        lower, upper = (came.get((lower, upper), -1) if lower >= 0 else -1), lower
    return out[::-1]


def wings(volume: Volume, lower: Disc | None, upper: Disc) -> tuple[float, float]:
    """Which share of what lies right and left beside a body is bone: the wings of the sacrum, or muscle.

    `lower` is None for what lies below the lowest disc: then the 8 to 22 mm below it are looked at.
    """
    if lower is None:
        levels = [upper.middle - distance * upper.normal for distance in np.arange(upper.half_mm + 6.0, 26.0, 2.0)]
    else:
        levels = [lower.middle + share * (upper.middle - lower.middle) for share in np.arange(0.3, 0.75, 0.1)]
    left = np.cross(upper.normal, -upper.front)
    u = np.arange(-12.0, 9.0, 2.0)
    v = np.arange(WING_MM[0], WING_MM[1] + 1, 2.0)
    sides = []
    for sign in (-1.0, 1.0):
        places = (
            np.array(levels)[:, None, None]
            + u[None, :, None, None] * upper.front
            + sign * v[None, None, :, None] * left
        )
        sides.append(float((at(volume, places) >= WING_HU).mean()))
    return sides[0], sides[1]


def sacrum_below(volume: Volume, found: Sequence[Disc]) -> int | None:
    """Which of the discs is the one above the sacrum: it leans, bone on both sides below it, muscle above it."""
    for number, upper in enumerate(found[:-1][:3]):
        lean = math.degrees(math.acos(min(1.0, abs(float(upper.normal[2])))))
        below = min(wings(volume, found[number - 1] if number else None, upper))
        above = max(wings(volume, upper, found[number + 1]))
        broad = below >= WING_SHARE and below >= WING_RATIO * above
        if broad and (lean >= LEANS_DEG or below >= WINGS_ALONE >= 3 * above):
            return number
    return None
