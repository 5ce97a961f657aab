"""Films for the page's tests: a drawing of a chest as DICOM or PNG, hers unless said otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

HERS = {"PatientID": "OSL-0001", "PatientName": "Ellison^Margaret", "PatientBirthDate": "19480312"}


def drawing(rows: int = 512, columns: int = 480) -> NDArray[np.uint16]:
    """Two dark lungs beside a bright spine, with ribs and grain; 12 bits."""
    y, x = np.mgrid[0 : 1 : rows * 1j, 0 : 1 : columns * 1j]
    lungs = np.minimum(*(((x - c) / 0.16) ** 2 + ((y - 0.42) / 0.3) ** 2 for c in (0.28, 0.72)))
    light = 0.35 + 0.4 / (1 + np.exp(-(lungs - 1) * 8)) + 0.12 * np.exp(-(((x - 0.5) / 0.06) ** 2))
    light += 0.05 * (np.sin(y * 75 + 9 * (x - 0.5) ** 2) > 0.3)
    light += np.random.default_rng(0).normal(0, 0.004, light.shape)
    return np.clip(light * 4000, 0, 4095).astype(np.uint16)


def dicom(path: Path, pixels: NDArray[np.uint16] | None = None, **elements: Any) -> str:
    """A film of hers as a DICOM file; `elements` override."""
    pixels = drawing() if pixels is None else pixels
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    given = {
        "SOPClassUID": "1.2.840.10008.5.1.4.1.1.1", "SOPInstanceUID": generate_uid(), "Modality": "CR",
        "StudyInstanceUID": generate_uid(), "SeriesInstanceUID": generate_uid(), "StudyDate": "20260301",
        "StudyTime": "101500", "BodyPartExamined": "CHEST", "ViewPosition": "PA", "ImagerPixelSpacing": [0.2, 0.2],
        "Rows": pixels.shape[-2], "Columns": pixels.shape[-1], "SamplesPerPixel": 1, "BitsAllocated": 16,
        "PhotometricInterpretation": "MONOCHROME2", "BitsStored": 12, "HighBit": 11, "PixelRepresentation": 0,
        **HERS, **elements,
    }  # fmt: skip
    if pixels.ndim == 3:
        given["NumberOfFrames"] = len(pixels)
    for name, value in given.items():
        setattr(made, name, value)
    made.PixelData = pixels.tobytes()
    made["PixelData"].VR = "OW"
    made.save_as(path, enforce_file_format=True)
    return str(path)


def png(path: Path) -> str:
    """The same film as a PNG, which names nobody."""
    Pillow.fromarray((drawing() >> 4).astype(np.uint8)).save(path)
    return str(path)
