"""A drawn frontal chest film, so that an image can be tried without a real one: `write_phantom`.

A body, two lungs, ribs, a spine and a heart of known width; no person's film. It carries the identity it is given, and
says in its header that it was drawn.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROWS, COLUMNS = 640, 576
MIDDLE = 288.0
RIGHT_BORDER = 66.0
SPACING = (0.6, 0.6)
CR = "1.2.840.10008.5.1.4.1.1.1"


@dataclass(frozen=True)
class Phantom:
    """A drawn film with the columns of its heart's borders and of the outer borders of its lungs."""

    pixels: NDArray[np.uint16] = field(repr=False)
    heart: tuple[float, float]
    thorax: tuple[float, float]

    @property
    def ratio(self) -> float:
        """Its cardiothoracic ratio, as drawn."""
        return (self.heart[1] - self.heart[0]) / (self.thorax[1] - self.thorax[0])


def draw(apex: float = 150.0) -> Phantom:
    """A film of 12 bits; `apex` is how many columns the heart reaches to the left of the midline."""
    from scipy import ndimage

    y, x = np.mgrid[0:ROWS, 0:COLUMNS].astype(float)

    def lung(centre: float, base: float) -> NDArray[np.bool_]:
        across = ((x - centre) / 109) ** 2
        return np.asarray((across + ((y - 344) / 264) ** 2 <= 1) & (y < base + across * 48) & (np.abs(x - MIDDLE) > 26))

    lungs = lung(MIDDLE - 125, 456) | lung(MIDDLE + 125, 472)
    heart = ((x - MIDDLE) / np.where(x < MIDDLE, RIGHT_BORDER, apex)) ** 2 + ((y - 400) / 99) ** 2 <= 1
    body = ((x - MIDDLE) / 275) ** 2 + ((y - 480) / 528) ** 2 <= 1
    light = np.where(body, 0.75, 0.02)
    light[lungs] = 0.3
    light[heart & (y < 480)] = 0.8
    light[(np.abs(x - MIDDLE) < 26) & body] = 0.9
    for row in range(112, 480, 42):
        light[(np.abs(y - row - 0.001 * (x - MIDDLE) ** 2) < 6) & lungs] += 0.08
    grain = np.random.default_rng(0).normal(0, 0.012, light.shape)
    light = ndimage.gaussian_filter(light, 1.2) + grain
    columns = np.flatnonzero(lungs.any(axis=0))
    return Phantom(
        np.clip(light * 4000, 0, 4095).astype(np.uint16),
        (MIDDLE - RIGHT_BORDER, MIDDLE + apex),
        (float(columns[0]), float(columns[-1])),
    )


def write_phantom(path: Path, patient: dict[str, Any], taken: str, view: str = "PA", position: str = "ERECT") -> Path:
    """Write the film as DICOM in a patient's name (a Patient resource of the demo); `taken` is its date, ISO 8601."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    film = draw().pixels
    seed = [str(patient.get("id")), taken, view, position]
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    elements = {
        "SOPClassUID": CR,
        # Made from what the film is of, so that the same film is the same file.
        "SOPInstanceUID": generate_uid(entropy_srcs=["instance", *seed]),
        "StudyInstanceUID": generate_uid(entropy_srcs=["study", *seed]),
        "SeriesInstanceUID": generate_uid(entropy_srcs=["series", *seed]),
        "Modality": "CR",
        "BodyPartExamined": "CHEST",
        "ViewPosition": view,
        "SeriesDescription": f"Drawn phantom, {position}",
        "PatientOrientation": ["L", "F"],
        **stated(patient, taken),
        "InstanceNumber": 1,
        "ImagerPixelSpacing": list(SPACING),
        "Rows": film.shape[0],
        "Columns": film.shape[1],
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 16,
        "BitsStored": 12,
        "HighBit": 11,
        "PixelRepresentation": 0,
    }
    for key, value in elements.items():
        setattr(made, key, value)
    made.PixelData = film.tobytes()
    made["PixelData"].VR = "OW"
    path.parent.mkdir(parents=True, exist_ok=True)
    made.save_as(path, enforce_file_format=True)
    return path


def stated(patient: dict[str, Any], taken: str) -> dict[str, Any]:
    """Whose a drawn image is said to be, and of when: DICOM elements by keyword."""
    name = (patient.get("name") or [{}])[0]
    return {
        "StudyDate": taken.replace("-", ""),
        "StudyTime": "101500",
        "AccessionNumber": "",
        "ReferringPhysicianName": "",
        "StudyID": "1",
        "SeriesNumber": 1,
        "PatientID": next((str(item["value"]) for item in patient.get("identifier", []) if item.get("value")), ""),
        "PatientName": f"{name.get('family', '')}^{' '.join(name.get('given', []))}",
        "PatientBirthDate": str(patient.get("birthDate", "")).replace("-", ""),
        "PatientSex": {"male": "M", "female": "F"}.get(str(patient.get("gender")), ""),
        "SpecificCharacterSet": "ISO_IR 192",
        "BurnedInAnnotation": "NO",
    }
