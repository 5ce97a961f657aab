"""The drawn trunk as a CT series in a demo patient's name, so that volumes can be tried without a real one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tools.imaging.phantom import stated
from tools.imaging.phantom_ct import grid, sampled, trunk
from tools.imaging.volume import Affine, Grid

SPACING = (5.0, 3.0, 3.0)
"""Millimetres between slices, rows and columns."""
CT = "1.2.840.10008.5.1.4.1.1.2"
_AIR = -1024


def write_series(folder: Path, patient: dict[str, Any], taken: str) -> Path:
    """Write the slices as DICOM, head first; `taken` is their date, ISO 8601. The same series is the same files."""
    affine, shape = grid(SPACING)
    values = sampled(trunk(), affine, shape, noise=8.0).values
    stating = {
        "BodyPartExamined": "CHEST",
        "SeriesDescription": "Drawn phantom, trunk",
        **stated(patient, taken),
        "KVP": 120,
        "ConvolutionKernel": "DRAWN",
        "PatientPosition": "HFS",
        "WindowCenter": 40,
        "WindowWidth": 400,
    }
    planes = ((f"{number + 1:03d}.dcm", number, plane) for number, plane in enumerate(values))
    return write_slices(folder, planes, affine, stating, ("ct", str(patient.get("id")), taken))


def write_slices(
    folder: Path,
    planes: Iterable[tuple[str, int, Grid]],
    affine: Affine,
    stating: Mapping[str, Any],
    seed: Sequence[str],
) -> Path:
    """Write a CT series as uncompressed DICOM.

    Args:
        planes: name of the file, number of the slice in the grid, values in HU.
        stating: what else the files say.
        seed: what the UIDs follow from.
    """
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    across_rows, across_columns, step = (affine[:3, axis] for axis in (1, 0, 2))
    sizes = [round(float(np.linalg.norm(one)), 6) for one in (across_rows, across_columns)]
    shared = {
        "SOPClassUID": CT,
        "StudyInstanceUID": generate_uid(entropy_srcs=["study", *seed]),
        "SeriesInstanceUID": generate_uid(entropy_srcs=["series", *seed]),
        "FrameOfReferenceUID": generate_uid(entropy_srcs=["frame", *seed]),
        "Modality": "CT",
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "SliceThickness": round(float(np.linalg.norm(step)), 6),
        "PixelSpacing": sizes,
        "ImageOrientationPatient": np.round([*(across_columns / sizes[1]), *(across_rows / sizes[0])], 6).tolist(),
        "RescaleSlope": 1,
        "RescaleIntercept": _AIR,
        "RescaleType": "HU",
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 16,
        "BitsStored": 12,
        "HighBit": 11,
        "PixelRepresentation": 0,
        **stating,
    }
    folder.mkdir(parents=True, exist_ok=True)
    for instance, (name, number, plane) in enumerate(planes, 1):
        made = Dataset()
        made.file_meta = FileMetaDataset()
        made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        own = {
            "SOPInstanceUID": generate_uid(entropy_srcs=["instance", str(number), *seed]),
            "InstanceNumber": instance,
            "ImagePositionPatient": [round(float(part), 6) for part in affine[:3] @ np.array([0, 0, number, 1.0])],
            "Rows": plane.shape[0],
            "Columns": plane.shape[1],
        }
        for key, value in (shared | own).items():
            setattr(made, key, value)
        made.PixelData = (np.clip(np.rint(plane), _AIR, 3071) - _AIR).astype(np.uint16).tobytes()
        made["PixelData"].VR = "OW"
        made.save_as(folder / name, enforce_file_format=True)
    return folder
