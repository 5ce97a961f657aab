"""Small DICOM images and pictures made for the tests, and the context of a demo patient to read them in."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from agent.records import Records
from agent.settings import Settings
from knowledge.guideline import default_corpus
from knowledge.terminology import default_terminology
from tools.context import ImageFile, ToolContext, VisionModel

DX = "1.2.840.10008.5.1.4.1.1.1.1"
PATIENT, NAME, BORN = "demo-af", "Ellison^Margaret", "19480312"


def film(path: Path, columns: int = 320, rows: int = 240, **elements: Any) -> ImageFile:
    """A digital radiograph with a bright square; by default of the patient's chest."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = DX, generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    pixels = np.full((rows, columns), 200, dtype=np.uint16)
    pixels[rows // 4 : rows // 2, columns // 4 : columns // 2] = 900
    given: dict[str, Any] = {
        "SOPClassUID": DX,
        "SOPInstanceUID": meta.MediaStorageSOPInstanceUID,
        "StudyInstanceUID": generate_uid(),
        "SeriesInstanceUID": generate_uid(),
        "Modality": "DX",
        "BodyPartExamined": "CHEST",
        "PatientID": PATIENT,
        "PatientName": NAME,
        "PatientBirthDate": BORN,
        "StudyDate": "20260225",
        "Rows": rows,
        "Columns": columns,
        "BitsAllocated": 16,
        "BitsStored": 10,
        "HighBit": 9,
        "PixelRepresentation": 0,
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "PixelData": pixels.tobytes(),
    }
    for name, value in (given | elements).items():
        setattr(made, name, value)
    made.save_as(path, enforce_file_format=True)
    return ImageFile(path, hashlib.sha256(path.read_bytes()).hexdigest(), path.name)


async def context(home: Path, *images: ImageFile, vision: VisionModel | None = None) -> ToolContext:
    """The context of a demo patient with these images attached."""
    records, as_of = Records(Settings(home=home)), "2026-03-02T09:00:00+00:00"
    record = await records.open({"patient": PATIENT, "as_of": as_of, "record": None})
    return ToolContext(
        patient=PATIENT,
        as_of=datetime(2026, 3, 2, 9, tzinfo=UTC),
        terminology=default_terminology(),
        corpus=default_corpus(),
        record=record,
        vision=vision,
        slot="image.read",
        images=images,
    )
