"""`osler bench ct-speed`: a drawn CT of 500 slices read and its lungs segmented, beside SimpleITK doing the same.

Each runs in a process of its own, in turn, so that its peak memory is its own. SimpleITK's part is the plain pipeline
of its tutorials on the full grid: threshold, components, those at the edge of the picture left out, closing by 5 mm.
The score is the share of our runs whose two volumes are within 2 % of the drawn truth, in under 60 s and 3 GB.
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
SLICES, SIDE, RUNS = 500, 512, 1
SPACING = (0.56, 0.57, 0.82)
LIMIT_SECONDS, LIMIT_GB, LIMIT_PERCENT = 60.0, 3.0, 2.0
_SCRIPTS = {
    "osler": """
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
""",
    "SimpleITK": """
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
""",
}
_COMMON = "import json, resource, sys, time\nfolder = sys.argv[1]\n"
_END = """
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(json.dumps({"seconds": seconds, "loading": loaded, "peak_bytes": peak, "ml": ml}))
"""


def run(n: int | None = None) -> Json:
    """Draw the series once; read and segment it `n` times by each, in turn."""
    started = time.perf_counter()
    runs = n or RUNS
    names = ["osler", *(["SimpleITK"] if importlib.util.find_spec("SimpleITK") else [])]
    rows: dict[str, list[Json]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory(prefix="osler-ct-speed-") as folder:
        truth = write_series(Path(folder))
        for _ in range(runs):
            for name in names:
                rows[name].append(_run(name, folder))
    for found in rows.values():
        for row in found:
            row["error_percent"] = {
                side: round(100 * (row["ml"].get(side, 0.0) / truth[side] - 1), 2)
                for side in ("right lung", "left lung")
            }
    good = [_good(row) for row in rows["osler"]]
    ours = [row["seconds"] for row in rows["osler"]]
    theirs = [row["seconds"] for row in rows.get("SimpleITK", [])]
    return document(
        "ct-speed",
        f"runs on {SLICES} slices of {SIDE} x {SIDE} within {LIMIT_PERCENT:g} %, {LIMIT_SECONDS:g} s, {LIMIT_GB:g} GB",
        sum(good),
        runs,
        time.perf_counter() - started,
        by={
            name: {
                "seconds": [round(row["seconds"], 2) for row in found],
                "of which loading": [round(row["loading"], 2) for row in found],
                "peak_gb": round(max(row["peak_bytes"] for row in found) / 1e9, 2),
                "error_percent": found[0]["error_percent"],
            }
            for name, found in rows.items()
        },
        ratio={
            "osler / SimpleITK seconds": round(statistics.median(ours) / statistics.median(theirs), 2)
            if theirs
            else None,
            "note": None if theirs else "SimpleITK is not installed: no peer (pip install SimpleITK)",
        },
    )


def write_series(folder: Path, slices: int = SLICES, side: int = SIDE) -> dict[str, float]:
    """The drawn trunk as a DICOM series with noise, and its true volumes."""
    import numpy as np
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    from tools.imaging.phantom_ct import painted, trunk

    what = trunk()
    step = tuple(
        size * full / new for size, full, new in zip(SPACING, (500, 512, 512), (slices, side, side), strict=True)
    )
    affine = np.diag([step[2], step[1], step[0], 1.0])
    affine[:3, 3] = [-step[2] * (side - 1) / 2, 12 - step[1] * (side - 1) / 2, -150 + step[0] / 2]
    series, study, place = generate_uid(), generate_uid(), generate_uid()
    random = np.random.default_rng(0)
    for first in range(0, slices, 20):
        last = min(first + 20, slices)
        slab = painted(what, affine, (first, last), (slices, side, side), per_axis=1)
        slab += random.standard_normal(slab.shape, dtype=np.float32) * np.float32(20)
        for z, values in zip(range(first, last), slab, strict=True):
            made = Dataset()
            made.file_meta = FileMetaDataset()
            made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
            made.SOPClassUID, made.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", generate_uid()
            made.StudyInstanceUID, made.SeriesInstanceUID, made.FrameOfReferenceUID = study, series, place
            made.Modality, made.ImageType, made.BodyPartExamined = "CT", ["ORIGINAL", "PRIMARY", "AXIAL"], "CHEST"
            for empty in ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime"):
                setattr(made, empty, "")
            made.AccessionNumber = made.StudyID = made.ReferringPhysicianName = made.Manufacturer = ""
            made.SeriesNumber = 1
            made.SeriesDescription, made.InstanceNumber = "Drawn phantom", z + 1
            made.ImagePositionPatient = [round(float(part), 6) for part in (*affine[:2, 3], affine[2, 3] + z * step[0])]
            made.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
            made.PixelSpacing, made.SliceThickness = [step[1], step[2]], step[0]
            made.Rows = made.Columns = side
            made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
            made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 16, 16, 15, 1
            made.RescaleSlope, made.RescaleIntercept, made.RescaleType = 1, -1024, "HU"
            made.PixelData = np.rint(values + 1024).astype("<i2").tobytes()
            made["PixelData"].VR = "OW"
            made.save_as(folder / f"{z:05d}.dcm", enforce_file_format=True)
    return what.truth


def _good(row: Json) -> bool:
    right = max(abs(error) for error in row["error_percent"].values()) <= LIMIT_PERCENT
    return bool(right and row["seconds"] < LIMIT_SECONDS and row["peak_bytes"] < LIMIT_GB * 1e9)


def _run(name: str, folder: str) -> Json:
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", _COMMON + _SCRIPTS[name] + _END, folder], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise UsageError(
            f"{name} did not segment the series",
            found=done.stderr.strip()[-300:],
            expected="two lungs",
            action="free memory and disk, or run it again",
        )
    found: Json = json.loads(done.stdout.strip().splitlines()[-1])
    return found
