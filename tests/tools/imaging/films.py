"""Synthetic images: a drawn chest film, and DICOM instances around any array."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

CR = "1.2.840.10008.5.1.4.1.1.1"
CT = "1.2.840.10008.5.1.4.1.1.2"
US = "1.2.840.10008.5.1.4.1.1.6.1"


def film(rows: int = 512, columns: int = 480, seed: int = 0) -> NDArray[np.uint16]:
    """A 12-bit drawing of a frontal chest film: two dark lungs, a spine, ribs, grain."""
    y, x = np.mgrid[0 : 1 : rows * 1j, 0 : 1 : columns * 1j]
    lungs = np.minimum(*(((x - c) / 0.16) ** 2 + ((y - 0.42) / 0.3) ** 2 for c in (0.28, 0.72)))
    light = 0.35 + 0.4 / (1 + np.exp(-(lungs - 1) * 8)) + 0.12 * np.exp(-(((x - 0.5) / 0.06) ** 2))
    light += 0.05 * (np.sin(y * 75 + 9 * (x - 0.5) ** 2) > 0.3) + 0.05 * (np.abs(x - 0.28) < 0.004)
    light += np.random.default_rng(seed).normal(0, 0.004, light.shape)
    return np.clip(light * 4000, 0, 4095).astype(np.uint16)


def instance(pixels: NDArray[Any], sop_class: str = CR, **elements: Any) -> Dataset:
    """A DICOM instance around an array of (rows, columns) or (frames, rows, columns); `elements` override."""
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    frames = 1 if pixels.ndim == 2 else len(pixels)
    given = {
        "SOPClassUID": sop_class,
        "SOPInstanceUID": generate_uid(),
        "StudyInstanceUID": generate_uid(),
        "SeriesInstanceUID": generate_uid(),
        "Modality": "CR",
        "StudyDate": "20260301",
        "StudyTime": "101500",
        "AccessionNumber": "",
        "ReferringPhysicianName": "",
        "StudyID": "1",
        "SeriesNumber": 1,
        "InstanceNumber": 1,
        "PatientID": "",
        "PatientName": "",
        "PatientBirthDate": "",
        "PatientSex": "",
        "Rows": pixels.shape[-2],
        "Columns": pixels.shape[-1],
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 8 * pixels.dtype.itemsize,
        "BitsStored": 12 if pixels.dtype.itemsize == 2 else 8,
        "HighBit": 11 if pixels.dtype.itemsize == 2 else 7,
        "PixelRepresentation": 0,
    } | elements
    if frames > 1:
        given["NumberOfFrames"] = frames
    for name, value in given.items():
        if value is not None:
            setattr(made, name, value)
    made.PixelData = pixels.tobytes()
    made["PixelData"].VR = "OW" if pixels.dtype.itemsize == 2 else "OB"
    return made


def saved(dataset: Dataset, path: Path) -> Path:
    """The instance as a DICOM file."""
    dataset.save_as(path, enforce_file_format=True)
    return path
