"""`osler bench volume-speed`: a CT series loaded by Osler and, where it is installed, by SimpleITK, in turn.

The series is generated: 500 uncompressed slices of 512 x 512, in files whose names say nothing of their order. The
score is the share of runs in which the loaded values were exactly those written.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from evals.metrics import document
from evals.peers import OURS, PEER, in_turn, peak_gb, ratio

Json = dict[str, Any]
SLICES, SIDE, RUNS = 500, 512, 3
LIMIT_SECONDS, LIMIT_GB = 60.0, 3.0

_CHECKED = """
seconds = time.perf_counter() - started
import numpy as np
index = np.arange(values.shape[0], dtype=np.int64)[:, None]
truth = (index * 7 + np.arange(0, values.shape[1], 37) * 3 + 5) % 3000 - 1000
more = {"same": bool((values[:, ::37, 5] == truth).all())}
"""
# Imports are left out of both times; what is imported stays in both peaks.
_SCRIPTS = {
    OURS: """
from pathlib import Path
import pydicom.filereader, pydicom.pixels
from tools.imaging.volumes import read_volume
started = time.perf_counter()
values = read_volume(Path(folder)).values
"""
    + _CHECKED,
    PEER: """
import SimpleITK
SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(2)
started = time.perf_counter()
reader = SimpleITK.ImageSeriesReader()
reader.SetFileNames(reader.GetGDCMSeriesFileNames(folder))
values = SimpleITK.GetArrayFromImage(reader.Execute())
"""
    + _CHECKED,
}


def run(n: int | None = None) -> Json:
    """Load the series `n` times by each reader, in turn."""
    started = time.perf_counter()
    runs = n or RUNS
    with tempfile.TemporaryDirectory(prefix="osler-volume-speed-") as folder:
        write_series(Path(folder))
        rows = in_turn(_SCRIPTS, folder, runs)
    slowest, peak = max(row["seconds"] for row in rows[OURS]), peak_gb(rows[OURS])
    return document(
        "volume-speed",
        f"loads of {SLICES} slices of {SIDE} x {SIDE} whose values are exact",
        sum(row["same"] for row in rows[OURS]),
        runs,
        time.perf_counter() - started,
        by={
            name: {
                "seconds": [round(row["seconds"], 2) for row in found],
                "median_seconds": round(statistics.median(row["seconds"] for row in found), 2),
                "peak_gb": peak_gb(found),
                "exact": sum(row["same"] for row in found),
            }
            for name, found in rows.items()
        },
        ratio=ratio(rows),
        limits={
            "seconds": LIMIT_SECONDS,
            "peak_gb": LIMIT_GB,
            "kept": slowest < LIMIT_SECONDS and peak < LIMIT_GB,
            "float32_values_gb": round(SLICES * SIDE * SIDE * 4 / 1e9, 3),
        },
    )


def write_series(folder: Path, slices: int = SLICES, side: int = SIDE) -> None:
    """A CT series of known values: (7 z + 3 y + x) mod 3000 - 1000 HU."""
    import numpy as np

    from tools.imaging.phantom_series import write_slices

    y, x = np.mgrid[0:side, 0:side]
    affine = np.diag([0.703125, 0.703125, 0.75, 1.0])
    affine[:3, 3] = -180, -180, 0
    order = np.random.default_rng(0).permutation(slices)
    planes = ((f"{name:05d}", int(z), (int(z) * 7 + y * 3 + x) % 3000 - 1000) for name, z in enumerate(order))
    write_slices(folder, planes, affine, {}, ("volume-speed",))
