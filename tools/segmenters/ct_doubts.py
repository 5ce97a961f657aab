"""What in a CT lowers the confidence in what was found on it: figures of the whole scan, each with its words.

Every figure is taken from the values alone, so that it notices what a header does not tell: noise, blurred borders,
slices that repeat, are lost, out of order or shifted, a field of view that ends within the body, metal; and proportions
that no chest has. How much each costs was set on a drawn trunk that was spoilt by code and on another program's scans
whose licence allows it (`osler bench corruption --on ct`). The bounds of proportions are ours, from no publication.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tools.imaging.measures.density import PADDING
from tools.imaging.volume import Voxels
from tools.segmenters.ct_body import SKIN
from tools.segmenters.ct_grid import CtGrid, metal
from tools.segmenters.segment import Segment

Floats = NDArray[np.float64]
LUNGS = ("right lung", "left lung")
_SIDE = 48
_NEIGHBOURS = 7
# Steps between slices, in HU, that are noise.
LEAST_STEP = 15.0
METAL_VOXELS = 20
# Height of both lungs as a share of their width: whole ones, and the most that any part of them has.
PROPORTION = (0.6, 1.2)
WIDEST_MM = 620.0
OUT_OF_PROPORTION = 0.3


@dataclass(frozen=True)
class ScanFigures:
    """What was measured on a scan.

    `grain`: noise of voxels in HU; `lines`: noise that is drawn out along rows, in HU; `edge_mm`: how wide strong
    borders are; `repeats`: slices for each different one; `jump`: the largest step between neighbouring slices, in
    steps of those around it; `restless`: a step between neighbours as a share of one over two slices; `step_hu`: that
    step; `metal_ml`; `beyond`: share of the body's border that lies at padding; `lost`: slices that are empty between
    full ones; `voxel_mm`: between slices, and within them.
    """

    grain: float
    lines: float
    edge_mm: float
    repeats: float
    jump: float
    restless: float
    step_hu: float
    metal_ml: float
    beyond: float
    lost: tuple[int, ...]
    voxel_mm: tuple[float, float]

    @property
    def blur_mm(self) -> float:
        """How wide borders are beyond one voxel; large voxels have a little more of it."""
        return float(np.sqrt(max(self.edge_mm**2 - self.voxel_mm[1] ** 2, 0.0))) - 0.15 * self.voxel_mm[1]

    @property
    def thick_mm(self) -> float:
        """How thick slices are that were written more than once; 0 where none was."""
        return self.repeats * self.voxel_mm[0] if self.repeats > 1.8 else 0.0

    @property
    def unrest(self) -> float:
        """By how much neighbouring slices differ (HU) where slices further apart hardly differ more."""
        return self.step_hu if self.restless > 0.75 else 0.0


@dataclass(frozen=True)
class Rule:
    """A figure that begins to matter at `low`, and from `high` on lowers confidence by `most` of each structure."""

    words: str
    figure: Callable[[ScanFigures], float]
    low: float
    high: float
    most: dict[str, float]


_BLUR = "borders are blurred (kernel, movement or thick slices)"
_THICK = "slices repeat each other: they are thicker than their distance"
_UNREST = "neighbouring slices do not continue each other: movement, or out of order"
_AIRY = (*LUNGS, "airway")
RULES = (
    Rule("the scan is noisy", lambda f: f.grain, 38.0, 110.0, {"bone": 0.4}),
    Rule("noise lies in lines", lambda f: min(f.grain, f.lines), 60.0, 150.0, dict.fromkeys(_AIRY, 0.4)),
    Rule(_BLUR, lambda f: f.blur_mm, 2.5, 3.5, dict.fromkeys((*_AIRY, "bone"), 0.3)),
    Rule(_THICK, lambda f: f.thick_mm, 5.0, 15.0, dict.fromkeys(_AIRY, 0.2)),
    Rule(_THICK, lambda f: f.thick_mm, 3.0, 8.0, {"bone": 0.3}),
    Rule(_UNREST, lambda f: f.unrest, 125.0, 220.0, dict.fromkeys(("body", *LUNGS), 0.4)),
    Rule(_UNREST, lambda f: f.unrest, 60.0, 150.0, dict.fromkeys(("bone", "airway"), 0.4)),
    Rule("the field of view ends within the body", lambda f: f.beyond, 0.08, 0.5, {"body": 0.4, "bone": 0.3}),
    Rule("there is metal, and its rays", lambda f: f.metal_ml, 10.5, 20.0, dict.fromkeys(_AIRY, 0.4)),
    Rule("slices seem to be missing or out of order", lambda f: f.jump, 3.0, 6.0, {"airway": 0.3}),
)
LOST = "slices are empty within it"


def doubted(one: Segment, scan: ScanFigures) -> Segment:
    """A segment, its slices to the head, with what the scan's figures take from its confidence."""
    fall, doubts = 0.0, []
    for rule in RULES:
        share = float(np.clip((rule.figure(scan) - rule.low) / (rule.high - rule.low), 0, 1))
        lost = share * rule.most.get(one.structure, 0.0)
        if lost > 0:
            fall += lost
            doubts.append(rule.words)
    within, count = _lost_within(one.mask, scan.lost)
    if within:
        doubts.append(f"{within} {LOST}")
        fall += 1.4 * within / count
    return lowered(one, fall, tuple(dict.fromkeys(doubts)))


def _lost_within(mask: Voxels, lost: tuple[int, ...]) -> tuple[int, int]:
    """How many of the empty slices lie in a structure or at its end, and how many slices it then takes up."""
    levels = np.flatnonzero(mask.any(axis=(1, 2)))
    if not levels.size:
        return 0, 1
    low, high = int(levels[0]), int(levels[-1])
    while low - 1 in lost:
        low -= 1
    while high + 1 in lost:
        high += 1
    return sum(low <= number <= high for number in lost), high - low + 1


def lowered(one: Segment, fall: float, doubts: tuple[str, ...]) -> Segment:
    """A segment with less confidence and why."""
    if not doubts:
        return one
    return replace(one, confidence=round(max(one.confidence - fall, 0.05), 2), doubts=(*one.doubts, *doubts))


def proportion_doubts(grid: CtGrid, inside: Voxels, right: Voxels | None, left: Voxels | None) -> tuple[str, ...]:
    """Whether body and lungs have sizes that none has: a spacing is wrong, or slices are missing unsaid."""
    doubts = []
    between, _, across = grid.volume.spacing_mm
    columns = np.flatnonzero(inside.any(axis=(0, 1)))
    wide = (columns[-1] - columns[0] + 1) * grid.coarse_mm[2] if columns.size else 0.0
    if wide > WIDEST_MM:
        doubts.append(f"the body is {wide:.0f} mm wide: check the pixel spacing")
    if right is not None and left is not None:
        held = [np.flatnonzero(right.any(axis=axes) | left.any(axis=axes)) for axes in ((1, 2), (0, 1))]
        tall, wide = ((part[-1] - part[0] + 1) * step for part, step in zip(held, (between, across), strict=True))
        whole = held[0][0] > 0 and held[0][-1] < right.shape[0] - 1
        if tall > PROPORTION[1] * wide or (whole and tall < PROPORTION[0] * wide):
            doubts.append(
                f"the lungs are {tall:.0f} mm high and {wide:.0f} mm wide: is the spacing right, are slices missing?"
            )
    return tuple(doubts)


def exchanged_doubts(right: Voxels | None, left: Voxels | None) -> tuple[str, ...]:
    """Whether the lungs, where both are whole, are as large as the other side's."""
    if right is None or left is None:
        return ()
    both = right | left
    if both[0].any() or both[-1].any() or int(left.sum()) <= int(right.sum()):
        return ()
    return ("the left lung is the larger one: left and right may be exchanged, or the right lung has lost volume",)


def scan_figures(grid: CtGrid, inside: Voxels) -> ScanFigures:
    """The figures of a scan, from a few dozen slices and a reduced copy."""
    grain, lines, edge = _of_slices(grid, inside)
    reduced, filled = _reduced(grid)
    voxel = grid.volume.spacing_mm[0], grid.volume.spacing_mm[1]
    full = filled > 0.25 * float(np.median(filled))
    held = np.flatnonzero(full)
    lost = tuple(int(number) for number in np.flatnonzero(~full) if held.size and held[0] < number < held[-1])
    return ScanFigures(
        grain,
        lines,
        edge,
        *_between(reduced, full),
        metal(grid.coarse, METAL_VOXELS) * grid.coarse_ml,
        _beyond(grid, inside),
        lost,
        voxel,
    )


def _of_slices(grid: CtGrid, inside: Voxels) -> tuple[float, float, float]:
    """Noise of voxels, noise along rows, and the width of borders of the body, from about two dozen slices."""
    from scipy import ndimage

    levels = np.flatnonzero(inside.any(axis=(1, 2)))
    chosen = levels[:: max(1, levels.size // 24)]
    grains: list[Floats] = []
    streaks: list[Floats] = []
    widths: list[Floats] = []
    for level in chosen:
        rows = slice(int(level), int(level) + 1)
        number = min(int(level) * grid.factors[0], grid.values.shape[0] - 1)
        values = np.asarray(grid.values[number], dtype=np.float64)
        body = grid.full(inside, rows)[0]
        soft = body & (ndimage.uniform_filter(values, 5) > -150) & (ndimage.uniform_filter(values, 5) < 120)
        grains.append(_bends(values, 0)[soft[1:-1]])
        long = ndimage.uniform_filter1d(values, 7, axis=1)
        streaks.append(_bends(long, 0)[soft[1:-1]])
        widths.append(_steepness(np.clip(values, -1000, 200), body))
    steep = np.concatenate(widths)
    edge = grid.volume.spacing_mm[1] / max(float(np.median(steep)), 0.05) if steep.size > 20 else 0.0
    return _spread(grains), _spread(streaks), edge


def _bends(values: Floats, axis: int) -> Floats:
    return np.asarray(np.diff(values, 2, axis=axis))


def _spread(parts: list[Floats]) -> float:
    """The standard deviation of noise whose second differences these are."""
    all_of = np.concatenate(parts) if parts else np.zeros(0)
    return float(1.4826 * np.median(np.abs(all_of)) / np.sqrt(6)) if all_of.size else 0.0


def _steepness(values: Floats, body: Voxels) -> Floats:
    """At strong borders along rows: the largest step of one voxel as a share of the rise over six."""
    steps = np.abs(np.diff(values, axis=1))
    rise = np.abs(values[:, 6:] - values[:, :-6])
    strong = (rise > 500) & body[:, 3:-3]
    largest = np.max([steps[:, n : n + rise.shape[1]] for n in range(6)], axis=0)
    return np.asarray(largest[strong] / rise[strong]).clip(0, 1)


def _reduced(grid: CtGrid) -> tuple[Floats, Floats]:
    """Every slice as means over blocks (about 48 across), from air to bone; and the share of each that is body."""
    _, rows, columns = grid.values.shape
    tall, wide = max(1, rows // _SIDE), max(1, columns // _SIDE)
    out = []
    for values in grid.values:
        part = np.clip(values[: rows // tall * tall, : columns // wide * wide], -1000, 300)
        out.append(part.reshape(rows // tall, tall, columns // wide, wide).mean(axis=(1, 3), dtype=np.float64))
    reduced = np.stack(out)
    return reduced, (reduced > SKIN).mean(axis=(1, 2))


def _between(reduced: Floats, full: Voxels) -> tuple[float, float, float, float]:
    """How slices follow each other: repeats, jump, restless and the common step."""
    body = (reduced > SKIN).any(axis=0)
    if not body.any() or int(full.sum()) < 2:
        return 1.0, 1.0, 0.0, 0.0
    kept = reduced[full][:, body]
    steps = np.abs(np.diff(kept, axis=0)).mean(axis=1)
    common = float(np.median(steps[steps > 0])) if (steps > 0).any() else 0.0
    moving = steps > 0.02 * common
    repeats = len(kept) / max(int(moving.sum()) + 1, 1)
    kept = kept[np.concatenate([[True], moving])]
    if len(kept) < 8:
        return repeats, 1.0, 0.0, 0.0
    near = np.abs(np.diff(kept, axis=0)).mean(axis=1)
    far = np.abs(kept[2:] - kept[:-2]).mean(axis=1)
    # The first and the last slice of a body may be half empty.
    jump = max(float(near[n] / max(_around(near, n), LEAST_STEP)) for n in range(1, len(near) - 1))
    return repeats, jump, float(np.median(near) / max(float(np.median(far)), 1e-6)), float(np.median(near))


def _around(steps: Floats, number: int) -> float:
    low = max(0, number - _NEIGHBOURS)
    others = np.concatenate([steps[low:number], steps[number + 1 : number + 1 + _NEIGHBOURS]])
    return float(np.percentile(others, 75)) if others.size else 0.0


def _beyond(grid: CtGrid, inside: Voxels) -> float:
    """The share of the body's border, slice by slice, where the picture was not filled in."""
    from scipy import ndimage

    empty = grid.coarse < PADDING
    if not empty.any():
        return 0.0
    plane = ndimage.generate_binary_structure(3, 1)
    plane[[0, 2]] = False
    border = inside & ~ndimage.binary_erosion(inside, plane, border_value=1)
    # Noise in air falls below it too, but not on a patch.
    near = ndimage.binary_dilation(ndimage.binary_opening(empty, plane), plane, iterations=2)
    return float((border & near).sum()) / max(int(border.sum()), 1)
