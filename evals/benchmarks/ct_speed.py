"""`osler bench ct-speed`: a drawn CT of 500 slices read and its lungs segmented, beside SimpleITK doing the same.

SimpleITK's part is the plain pipeline
of its tutorials on the full grid: threshold, components, those at the edge of the picture left out, closing by 5 mm.
The score is the share of our runs whose two volumes are within 2 % of the drawn truth, in under 60 s and 3 GB.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evals.metrics import document
from evals.peers import OURS, PEER, in_turn, peak_gb, ratio

Json = dict[str, Any]
SLICES, SIDE, RUNS = 500, 512, 1
SPACING = (0.56, 0.57, 0.82)
LIMIT_SECONDS, LIMIT_GB, LIMIT_PERCENT = 60.0, 3.0, 2.0
_SCRIPTS = {
    OURS: """
from pathlib import Path
import pydicom.filereader, pydicom.pixels, scipy.ndimage
from tools.imaging.volumes import read_volume
from tools.segmenters.ct_threshold import segmenter
started = time.perf_counter()
volume = read_volume(Path(folder))
loaded = time.perf_counter() - started
segments = segmenter.segment(volume, ["lung"])
seconds = time.perf_counter() - started
ml = {one.structure: float(one.mask.sum()) * volume.voxel_ml for one in segments}
more = {"loading": loaded, "ml": ml}
""",
    PEER: """
import numpy as np
import SimpleITK as sitk
sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(2)
started = time.perf_counter()
reader = sitk.ImageSeriesReader()
reader.SetFileNames(reader.GetGDCMSeriesFileNames(folder))
image = reader.Execute()
loaded = time.perf_counter() - started
dark = sitk.BinaryThreshold(image, -2000, -401)
labels = sitk.ConnectedComponent(dark)
flat = sitk.GetArrayViewFromImage(labels)
edge = np.concatenate([flat[:, 0].ravel(), flat[:, -1].ravel(), flat[:, :, 0].ravel(), flat[:, :, -1].ravel()])
counts = np.bincount(flat.ravel())
counts[np.unique(edge)] = 0
counts[0] = 0
step = image.GetSpacing()
radius = [max(1, round(5 / one)) for one in step]
ml = {}
for number in np.argsort(counts)[::-1][:2]:
    lung = sitk.BinaryMorphologicalClosing(sitk.Equal(labels, int(number)), radius)
    mask = sitk.GetArrayViewFromImage(lung)
    side = "right lung" if np.flatnonzero(mask.any(axis=(0, 1))).mean() < mask.shape[2] / 2 else "left lung"
    ml[side] = float(mask.sum()) * step[0] * step[1] * step[2] / 1000
seconds = time.perf_counter() - started
more = {"loading": loaded, "ml": ml}
""",
}


def run(n: int | None = None) -> Json:
    """Draw the series once; read and segment it `n` times by each, in turn."""
    started = time.perf_counter()
    runs = n or RUNS
    with tempfile.TemporaryDirectory(prefix="osler-ct-speed-") as folder:
        truth = write_series(Path(folder))
        rows = in_turn(_SCRIPTS, folder, runs)
    for found in rows.values():
        for row in found:
            row["error_percent"] = {
                side: round(100 * (row["ml"].get(side, 0.0) / truth[side] - 1), 2)
                for side in ("right lung", "left lung")
            }
    return document(
        "ct-speed",
        f"runs on {SLICES} slices of {SIDE} x {SIDE} within {LIMIT_PERCENT:g} %, {LIMIT_SECONDS:g} s, {LIMIT_GB:g} GB",
        sum(_good(row) for row in rows[OURS]),
        runs,
        time.perf_counter() - started,
        by={
            name: {
                "seconds": [round(row["seconds"], 2) for row in found],
                "of which loading": [round(row["loading"], 2) for row in found],
                "peak_gb": peak_gb(found),
                "error_percent": found[0]["error_percent"],
            }
            for name, found in rows.items()
        },
        ratio=ratio(rows),
    )


def write_series(folder: Path, slices: int = SLICES, side: int = SIDE) -> dict[str, float]:
    """The drawn trunk as a DICOM series with noise, and its true volumes."""
    import numpy as np

    from tools.imaging.phantom_ct import painted, trunk
    from tools.imaging.phantom_series import write_slices

    what = trunk()
    step = tuple(
        size * full / new for size, full, new in zip(SPACING, (500, 512, 512), (slices, side, side), strict=True)
    )
    affine = np.diag([step[2], step[1], step[0], 1.0])
    affine[:3, 3] = [-step[2] * (side - 1) / 2, 12 - step[1] * (side - 1) / 2, -150 + step[0] / 2]
    random = np.random.default_rng(0)

    def planes() -> Iterator[tuple[str, int, Any]]:
        for first in range(0, slices, 20):
            last = min(first + 20, slices)
            slab = painted(what, affine, (first, last), (slices, side, side), per_axis=1)
            slab += random.standard_normal(slab.shape, dtype=np.float32) * np.float32(20)
            yield from ((f"{z:05d}.dcm", z, values) for z, values in zip(range(first, last), slab, strict=True))

    write_slices(folder, planes(), affine, {"BodyPartExamined": "CHEST"}, ("ct-speed",))
    return what.truth


def _good(row: Json) -> bool:
    right = max(abs(error) for error in row["error_percent"].values()) <= LIMIT_PERCENT
    return bool(right and row["seconds"] < LIMIT_SECONDS and row["peak_bytes"] < LIMIT_GB * 1e9)
