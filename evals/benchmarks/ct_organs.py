"""`osler bench ct-organs --data FOLDER`: lungs, bone, body, vertebrae on CT against another program's labels; phantoms.

The labels are TotalSegmentator's (v2 numbers), no person's; they hold the bases of the lungs only. Where two of its
models labelled the same scan, their agreement is reported beside ours. The drawn trunks have true volumes.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from evals.benchmarks import ct_spine
from evals.metrics import document, mean
from tools.errors import NotAssessable, UsageError
from tools.imaging.phantom_ct import grid, places, sampled, trunk
from tools.imaging.volume import Volume, Voxels, canonical
from tools.imaging.volumes import read_volume
from tools.segmenters.ct_threshold import segmenter

Json = dict[str, Any]
# Scan, labels, and a second model's labels of the same scan.
PAIRS = (
    ("example_ct_sm.nii.gz", "example_seg.nii.gz", "example_seg_fast.nii.gz"),
    ("example_ct.nii.gz", "example_seg_fast_force_split.nii.gz", None),
    ("example_ct_dicom", "example_seg_dicom.nii.gz", None),
)
# TotalSegmentator v2, task "total" (totalsegmentator/map_to_binary.py).
LABELS = {
    "left lung": (10, 11),
    "right lung": (12, 13, 14),
    "bone": (*range(25, 51), *range(69, 79), *range(91, 117)),
}
GRIDS: tuple[tuple[str, Json], ...] = (
    ("1.5 mm cubes", {"spacing": (1.5, 1.5, 1.5)}),
    ("3 x 1 x 1 mm, axes flipped", {"spacing": (3.0, 1.0, 1.0), "flips": (0, 2)}),
    ("2.5 x 0.9 x 0.9 mm", {"spacing": (2.5, 0.9, 0.9), "low": (-210.0, -130.0, -150.7)}),
    ("4 x 1.2 x 1.2 mm", {"spacing": (4.0, 1.2, 1.2), "low": (-210.0, -130.0, -151.3)}),
    ("5 x 1.5 x 1.5 mm", {"spacing": (5.0, 1.5, 1.5)}),
    ("5 x 1 x 1 mm, slices elsewhere", {"spacing": (5.0, 1.0, 1.0), "low": (-210.0, -130.0, -152.0)}),
    ("coronal, 2 x 1.5 x 1.2 mm", {"spacing": (1.5, 2.0, 1.2), "axes": (1, 0, 2), "flips": (1,)}),
    (
        "oblique by 15 degrees, 1.5 x 1.2 x 1.2 mm",
        {"spacing": (1.5, 1.2, 1.2), "turn_deg": 15.0, "low": (-185, -170, -185), "high": (185, 170, 165)},
    ),
    ("airway only, 0.8 mm cubes", {"spacing": (0.8, 0.8, 0.8), "low": (-60, -50, -60), "high": (60, 60, 130)}),
)
_AIRWAY_GRID = "airway only, 0.8 mm cubes"


def run(folder: Path, n: int | None = None, grids: Sequence[tuple[str, Json]] = GRIDS) -> Json:
    """Score the scans of the folder (or the first `n`), then the phantoms on the grids."""
    started = time.perf_counter()
    pairs = [pair for pair in PAIRS if (folder / pair[0]).exists() and (folder / pair[1]).exists()][:n]
    if not pairs:
        raise UsageError(
            "no scan with labels in this folder",
            found=str(folder),
            expected=", ".join(f"{scan} with {labels}" for scan, labels, _ in PAIRS),
            action="give the folder of TotalSegmentator's samples",
        )
    cases: list[Json] = []
    excluded: list[Json] = []
    for scan, labels, second in pairs:
        found, out = _scored(folder, scan, labels, second)
        cases += found
        excluded += out
    lungs = [row["dice"] for row in cases if row["structure"] == "both lungs"]
    drawn = phantoms(grids)
    return document(
        "ct-organs",
        "mean Dice of both lungs (their bases)",
        0,
        len(lungs),
        time.perf_counter() - started,
        score=mean(lungs),
        interval=None,
        interval_method="none: few scans of one or two people; every case is listed",
        excluded=excluded,
        by={
            name: mean([row["dice"] for row in cases if row["structure"] == name])
            for name in ("right lung", "left lung", "bone")
        },
        vertebrae={**ct_spine.labelled(folder), "drawn": ct_spine.drawn() if grids else []},
        phantom={"limit_percent": 2.0, "worst_percent": worst(drawn), "errors_percent": drawn},
        cases=cases,
    )


def phantoms(grids: Sequence[tuple[str, Json]]) -> dict[str, dict[str, float | None]]:
    """Error of each volume on drawn trunks, in percent of the truth; None where a structure was not found."""
    what = trunk()
    out: dict[str, dict[str, float | None]] = {}
    for name, how in grids:
        affine, shape = grid(**how)
        # Two places in a slice of 5 mm draw ribs up to 2 % too small.
        volume = sampled(what, affine, shape, per_axis=places(affine), noise=15.0)
        wanted = ("airway",) if name == _AIRWAY_GRID else ("body", "right lung", "left lung", "bone")
        found = {one.structure: one for one in segmenter.segment(volume, wanted)}
        out[name] = {
            structure: round(
                100 * (float(found[structure].mask.sum()) * volume.voxel_ml / what.truth[structure] - 1), 2
            )
            if structure in found
            else None
            for structure in wanted
        }
        if "turn_deg" in how:
            # The turned grid cuts body, spine and upper windpipe off at its corners.
            out[name] = {key: value for key, value in out[name].items() if key in ("right lung", "left lung")}
    return out


def worst(errors: dict[str, dict[str, float | None]]) -> dict[str, float | None]:
    """The largest error of each structure."""
    out: dict[str, float | None] = {}
    for row in errors.values():
        for name, error in row.items():
            known = out.get(name, 0.0)
            out[name] = None if error is None or known is None else max(known, abs(error))
    return out


def _scored(folder: Path, scan: str, labels: str, second: str | None) -> tuple[list[Json], list[Json]]:
    volume = read_volume(folder / scan)
    turned, _ = canonical(volume)
    reference = _labels(folder / labels, turned)
    other = _labels(folder / second, turned) if second and (folder / second).exists() else None
    found: dict[str, Voxels] = {}
    doubts: dict[str, Any] = {}
    excluded: list[Json] = []
    for wanted in ("lung", "bone", "body"):
        started = time.perf_counter()
        try:
            for one in segmenter.segment(turned, [wanted]):
                found[one.structure] = one.mask
                doubts[one.structure] = {
                    "confidence": one.confidence,
                    "doubts": list(one.doubts),
                    "seconds": round(time.perf_counter() - started, 2),
                }
        except NotAssessable as error:
            doubts[wanted] = {"refused": error.message}
    nothing = np.zeros(reference.shape, dtype=bool)
    groups = {**LABELS, "both lungs": (*LABELS["right lung"], *LABELS["left lung"])}
    found["both lungs"] = found.get("right lung", nothing) | found.get("left lung", nothing)
    rows = []
    for name, numbers in groups.items():
        truth = np.isin(reference, numbers)
        mask = found.get(name, nothing)
        if not truth.any():
            said = "nothing found, rightly" if not mask.any() else f"{mask.sum() * volume.voxel_ml:.1f} ml found"
            excluded.append({"id": f"{scan}: {name}", "reason": f"none in the reference; {said}"})
            continue
        row = {
            "id": scan,
            "structure": name,
            "dice": _dice(mask, truth),
            "found_ml": round(float(mask.sum()) * volume.voxel_ml, 1),
            "reference_ml": round(float(truth.sum()) * volume.voxel_ml, 1),
            **doubts.get(name, {}),
        }
        if other is not None:
            row["reference_models_between_themselves"] = _dice(np.isin(other, numbers), truth)
        rows.append(row)
    if "body" in found:
        inside = float((found["body"] & (reference > 0)).sum()) / max(float((reference > 0).sum()), 1.0)
        rows.append({"id": scan, "structure": "body", "share_of_labels_inside": round(inside, 4), "dice": None})
    return rows, excluded


def _labels(path: Path, like: Volume) -> np.ndarray[Any, np.dtype[np.int32]]:
    turned, _ = canonical(read_volume(path))
    if turned.values.shape != like.values.shape or not np.allclose(turned.affine, like.affine, atol=0.5):
        raise UsageError(
            "the labels do not lie on the grid of the scan",
            found=f"{path.name}: {turned.values.shape}",
            expected=f"{like.name}: {like.values.shape}",
            action="give the labels made from this scan",
        )
    return np.asarray(np.rint(turned.values), dtype=np.int32)


def _dice(one: Voxels, two: Voxels) -> float:
    total = int(one.sum()) + int(two.sum())
    return round(2 * int((one & two).sum()) / total, 4) if total else 1.0
