"""The CTs that are spoilt: drawn trunks of several sizes and spacings, and scans of a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evals.corruption.volume_kinds import Scan
from tools.errors import ToolError
from tools.imaging.phantom_ct import (
    AIR,
    FAT,
    LUNG,
    RIM,
    Column,
    Ellipsoid,
    Ring,
    Shape,
    Trunk,
    grid,
    sampled,
    trunk,
)
from tools.imaging.volume import Affine, Volume, Voxels, canonical
from tools.imaging.volumes import read_volume
from tools.segmenters.ct_threshold import segmenter

STRUCTURES = ("body", "right lung", "left lung", "airway", "bone")
# TotalSegmentator v2, task "total" (totalsegmentator/map_to_binary.py).
LABELS = {
    "left lung": (10, 11),
    "right lung": (12, 13, 14),
    "bone": (*range(25, 51), *range(69, 79), *range(91, 117)),
}
PAIRS = (("example_ct_sm.nii.gz", "example_seg.nii.gz"), ("example_ct.nii.gz", "example_seg_fast_force_split.nii.gz"))


@dataclass(frozen=True)
class Drawing:
    """One drawn trunk: its grid, how much larger than the drawing it is, its noise, and how much of it is scanned."""

    spacing: tuple[float, float, float]
    size: float = 1.0
    noise: float = 15.0
    low: float = -150.0
    high: float = 130.0
    table: bool = True
    holes: int = 8


# Even numbers were looked at while confidence was set, odd ones are held out.
DRAWINGS = (
    Drawing((3.0, 2.5, 2.5)),
    Drawing((2.0, 2.5, 2.5), size=1.1, noise=25.0, holes=0),
    Drawing((4.0, 3.0, 3.0), size=0.85, noise=8.0, table=False),
    Drawing((5.0, 2.5, 2.5), size=0.95, noise=12.0, low=-150.0, high=60.0),
    Drawing((2.5, 3.0, 3.0), size=1.15, noise=20.0, low=-60.0, high=130.0, holes=2),
    Drawing((3.0, 2.0, 2.0), size=0.9, noise=30.0, table=False, holes=4),
)


def drawn(number: int) -> Scan:
    """One of the drawings as a scan with its true masks."""
    how = DRAWINGS[number]
    what = trunk(holes=how.holes, table=how.table)
    affine, shape = grid(how.spacing, low=(-210.0, -130.0, how.low), high=(210.0, 155.0, how.high))
    volume = sampled(what, affine, shape, noise=how.noise)
    truth = _painted(what, affine, shape)
    larger = affine.copy()
    larger[:3] *= how.size
    made = Volume(**{**_fields(volume), "affine": larger, "name": f"drawn trunk {number}"})
    return Scan(made, truth, {}).of_a_part()


def scans(folder: Path, n: int | None = None) -> list[tuple[str, Scan]]:
    """The scans of the folder with another program's labels; body and airway as found on the unspoilt scan."""
    found = []
    for name, labels in PAIRS[:n]:
        if (folder / name).exists() and (folder / labels).exists():
            found.append((name, _labelled(folder / name, folder / labels)))
    return found


def _labelled(scan: Path, labels: Path) -> Scan:
    volume, _ = canonical(read_volume(scan))
    turned, _ = canonical(read_volume(labels))
    numbers = np.rint(turned.values).astype(np.int32)
    truth: dict[str, Voxels] = {name: np.isin(numbers, wanted) for name, wanted in LABELS.items()}
    for name in ("body", "airway"):
        try:
            truth[name] = segmenter.segment(volume, [name])[0].mask
        except ToolError:
            continue
    return Scan(volume, {name: mask for name, mask in truth.items() if mask.any()}, {}).of_a_part()


def _painted(what: Trunk, affine: Affine, shape: tuple[int, int, int]) -> dict[str, Voxels]:
    """Which voxel centres lie in each structure."""
    groups: dict[str, list[Shape]] = {name: [] for name in STRUCTURES}
    lungs = [one for one in what.shapes if isinstance(one, Ellipsoid) and one.hu == LUNG]
    groups["right lung"], groups["left lung"] = [lungs[0]], [lungs[1]]
    for one in what.shapes:
        if isinstance(one, Column) and one.hu == FAT:
            groups["body"].append(one)
        elif isinstance(one, Column) and one.hu == AIR:
            groups["airway"].append(one)
        elif isinstance(one, Column | Ring) and one.hu == RIM:
            groups["bone"].append(one)
    c, r, s = (np.arange(size, dtype=float) for size in shape[::-1])
    x, y, z = (
        affine[n, 0] * c[None, None] + affine[n, 1] * r[None, :, None] + affine[n, 2] * s[:, None, None] + affine[n, 3]
        for n in range(3)
    )
    masks = {}
    for name, shapes in groups.items():
        mask = np.zeros(shape, dtype=bool)
        for one in shapes:
            mask |= one.inside(x, y, z)
        if mask.any():
            masks[name] = mask
    return masks


def _fields(volume: Volume) -> dict[str, Any]:
    return {name: getattr(volume, name) for name in volume.__dataclass_fields__}
