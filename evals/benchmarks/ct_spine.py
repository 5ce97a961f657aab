"""The part of `osler bench ct-organs` on vertebrae: drawn spines of known heights, and another program's labels.

The labels (bodies and levels) are TotalSegmentator's, no person's; every setting was chosen with that one scan in view.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from evals.metrics import mean
from tools.errors import OslerError
from tools.imaging.measures.vertebra import PLACES, vertebral
from tools.imaging.phantom_ct import grid, places, sampled
from tools.imaging.phantom_ct_spine import TRABECULAR, spine
from tools.imaging.training import dice
from tools.imaging.volumes import read_volume
from tools.segmenters.ct_spine import LEVELS, segmenter

Json = dict[str, Any]
SCAN = "example_ct.nii.gz"
LABELS = "spine_report/example_ct_report/totalseg.nii.gz"
BODIES = "spine_report/example_ct_report/totalseg_vertebrae_body.nii.gz"
# TotalSegmentator v2, task "total": 27 is L5, 28 L4 and so on upwards.
LOWEST = 27
_BOX: Json = {"low": (-90.0, -70.0, -125.0), "high": (90.0, 105.0, 120.0)}
GRIDS: tuple[tuple[str, Json], ...] = (
    ("1.5 mm cubes", {"spacing": (1.5, 1.5, 1.5), **_BOX}),
    ("3 x 1 x 1 mm, axes flipped", {"spacing": (3.0, 1.0, 1.0), "flips": (0, 2), **_BOX}),
    ("coronal, 1.5 x 2 x 1.2 mm", {"spacing": (1.5, 2.0, 1.2), "axes": (1, 0, 2), "flips": (1,), **_BOX}),
    ("oblique by 15 degrees, 1.5 x 1.2 x 1.2 mm", {"spacing": (1.5, 1.2, 1.2), "turn_deg": 15.0, **_BOX}),
    ("5 x 1.2 x 1.2 mm", {"spacing": (5.0, 1.2, 1.2), **_BOX}),
)
# Healthy, and with a wedge of 18 % in the middle; porous bone is as dark as a disc.
SPINES: tuple[tuple[str, Json], ...] = (
    ("plain", {}),
    ("wedged", {"heights": ((27.0, 29.0), (28.0, 29.0), (28.0, 22.0), (28.0, 28.0), (27.0, 26.0))}),
    ("porous", {"trabecular": 60.0, "hollow": 2.5}),
)


def drawn(grids: tuple[tuple[str, Json], ...] = GRIDS) -> list[Json]:
    """Each drawn spine on each grid: how many bodies were found and named rightly, and the largest errors."""
    rows: list[Json] = []
    for grid_name, how in grids:
        affine, shape = grid(**how)
        for name, made in SPINES:
            what = spine(**made)
            volume = sampled(what.drawn, affine, shape, per_axis=places(affine), noise=15.0)
            row: Json = {"spine": name, "grid": grid_name, "bodies": len(what.bodies)}
            try:
                found = {one.structure: one for one in segmenter.segment(volume, ("vertebra",))}
            except OslerError as error:
                rows.append(row | {"named": 0, "refused": error.message})
                continue
            heights: list[float] = []
            doubted: list[float] = []
            density: list[float] = []
            volumes: list[float] = []
            named = 0
            for level, body in zip(LEVELS, what.bodies, strict=False):
                if (one := found.get(f"{level} vertebra")) is None:
                    continue
                named += 1
                volumes.append(100 * (float(one.mask.sum()) * volume.voxel_ml / body.ml - 1))
                measured = {row.name: row.value for row in vertebral(one.mask, volume, one.structure)[0]}
                off = [measured[part] - body.height(share) for part, share in PLACES if part in measured]
                faint = any("faint" in doubt for doubt in one.doubts)
                (doubted if faint else heights).extend(off)
                density.append(measured["spongy bone density"] - made.get("trabecular", TRABECULAR))
            row |= {"found": len(found), "named": named, "density_hu": _worst(density)}
            row |= {"height_mm": _worst(heights), "height_mm_where_a_disc_is_faint": _worst(doubted)}
            rows.append(row | {"volume_percent": _worst(volumes)})
    return rows


def labelled(folder: Path) -> Json:
    """Bodies and levels on the scan that has labels of both; empty where it is not there."""
    if not all((folder / one).exists() for one in (SCAN, LABELS, BODIES)):
        return {}
    volume = read_volume(folder / SCAN)
    levels = np.rint(read_volume(folder / LABELS).values).astype(int)
    bodies = np.rint(read_volume(folder / BODIES).values).astype(int) == 1
    rows: list[Json] = []
    for one in segmenter.segment(volume, ("vertebra",)):
        held = levels[one.mask & bodies]
        number = int(np.bincount(held[held > 0]).argmax()) if (held > 0).any() else 0
        theirs = LEVELS[number - LOWEST] if LOWEST <= number < LOWEST + len(LEVELS) else "none"
        truth = bodies & (levels == number)
        rows.append(
            {
                "structure": one.structure,
                "reference": theirs,
                "named_alike": one.structure == f"{theirs} vertebra",
                "dice_body": round(dice(one.mask, truth), 4),
                "found_ml": round(float(one.mask.sum()) * volume.voxel_ml, 1),
                "reference_ml": round(float(truth.sum()) * volume.voxel_ml, 1),
            }
        )
    return {
        "scan": SCAN,
        "mean_dice_body": mean([row["dice_body"] for row in rows]),
        "named_alike": sum(row["named_alike"] for row in rows),
        "vertebrae": rows,
    }


def _worst(errors: list[float]) -> float | None:
    largest = max(errors, key=abs, default=None)
    return None if largest is None else round(largest, 2)
