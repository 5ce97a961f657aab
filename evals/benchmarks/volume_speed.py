"""`osler bench volume-speed`: a CT series loaded by Osler and, where it is installed, by SimpleITK, in turn.

The series is generated: 500 uncompressed slices of 512 x 512, in files whose names say nothing of their order. Each
reader runs in a process of its own, so that its peak memory is its own. The score is the share of runs in which the
loaded values were exactly those written.
"""

from __future__ import annotations

import importlib.util
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from evals.metrics import document
from tools.errors import UsageError

Json = dict[str, Any]
SLICES, SIDE, RUNS = 500, 512, 3
LIMIT_SECONDS, LIMIT_GB = 60.0, 3.0

_COMMON = """
import json, resource, sys, time
import numpy as np
folder = sys.argv[1]
"""
_END = """
seconds = time.perf_counter() - started
index = np.arange(values.shape[0], dtype=np.int64)[:, None]
truth = (index * 7 + np.arange(0, values.shape[1], 37) * 3 + 5) % 3000 - 1000
same = bool((values[:, ::37, 5] == truth).all())
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(json.dumps({"seconds": seconds, "peak_bytes": peak, "same": same, "shape": list(values.shape)}))
"""
# Imports are left out of both times; what is imported stays in both peaks.
_READERS = {
    "osler": """
from pathlib import Path
import pydicom.filereader, pydicom.pixels
from tools.imaging.volumes import read_volume
started = time.perf_counter()
values = read_volume(Path(folder)).values
""",
    "SimpleITK": """
import SimpleITK
SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(2)
started = time.perf_counter()
reader = SimpleITK.ImageSeriesReader()
reader.SetFileNames(reader.GetGDCMSeriesFileNames(folder))
values = SimpleITK.GetArrayFromImage(reader.Execute())
""",
}


def run(n: int | None = None) -> Json:
    """Load the series `n` times by each reader, in turn."""
    started = time.perf_counter()
    runs = n or RUNS
    names = ["osler", *(["SimpleITK"] if importlib.util.find_spec("SimpleITK") else [])]
    rows: dict[str, list[Json]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory(prefix="osler-volume-speed-") as folder:
        write_series(Path(folder))
        for _ in range(runs):
            for name in names:
                rows[name].append(_read(name, folder))
    ours = [row["seconds"] for row in rows["osler"]]
    peak = max(row["peak_bytes"] for row in rows["osler"])
    theirs = [row["seconds"] for row in rows.get("SimpleITK", [])]
    return document(
        "volume-speed",
        f"loads of {SLICES} slices of {SIDE} x {SIDE} whose values are exact",
        sum(row["same"] for row in rows["osler"]),
        runs,
        time.perf_counter() - started,
        by={
            name: {
                "seconds": [round(row["seconds"], 2) for row in found],
                "median_seconds": round(statistics.median(row["seconds"] for row in found), 2),
                "peak_gb": round(max(row["peak_bytes"] for row in found) / 1e9, 2),
                "exact": sum(row["same"] for row in found),
            }
            for name, found in rows.items()
        },
        ratio={
            "osler / SimpleITK seconds": round(statistics.median(ours) / statistics.median(theirs), 2)
            if theirs
            else None,
            "note": None if theirs else "SimpleITK is not installed: no peer (pip install SimpleITK)",
        },
        limits={
            "seconds": LIMIT_SECONDS,
            "peak_gb": LIMIT_GB,
            "kept": max(ours) < LIMIT_SECONDS and peak < LIMIT_GB * 1e9,
            "float32_values_gb": round(SLICES * SIDE * SIDE * 4 / 1e9, 3),
        },
    )


def write_series(folder: Path, slices: int = SLICES, side: int = SIDE) -> None:
    """A CT series of known values: (7 z + 3 y + x) mod 3000 - 1000 HU."""
    import numpy as np
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    series, study, place = generate_uid(), generate_uid(), generate_uid()
    y, x = np.mgrid[0:side, 0:side]
    order = np.random.default_rng(0).permutation(slices)
    for name, z in enumerate(order):
        made = Dataset()
        made.file_meta = FileMetaDataset()
        made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        made.SOPClassUID, made.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", generate_uid()
        made.StudyInstanceUID, made.SeriesInstanceUID, made.FrameOfReferenceUID = study, series, place
        made.Modality, made.ImageType = "CT", ["ORIGINAL", "PRIMARY", "AXIAL"]
        made.PatientID = made.PatientName = ""
        made.InstanceNumber = int(name)
        made.ImagePositionPatient, made.ImageOrientationPatient = [-180, -180, float(z) * 0.75], [1, 0, 0, 0, 1, 0]
        made.PixelSpacing, made.SliceThickness = [0.703125, 0.703125], 1
        made.Rows = made.Columns = side
        made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
        made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 16, 16, 15, 1
        made.RescaleSlope, made.RescaleIntercept, made.RescaleType = 1, -1024, "HU"
        values = (int(z) * 7 + y * 3 + x) % 3000 - 1000 + 1024
        made.PixelData = values.astype("<i2").tobytes()
        made["PixelData"].VR = "OW"
        made.save_as(folder / f"{name:05d}", enforce_file_format=True)


def _read(name: str, folder: str) -> Json:
    code = _COMMON + _READERS[name] + _END
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code, folder], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise UsageError(
            f"{name} did not load the series",
            found=done.stderr.strip()[-300:],
            expected="a loaded series",
            action="free memory and disk, or run it again",
        )
    found: Json = json.loads(done.stdout.strip().splitlines()[-1])
    return found
