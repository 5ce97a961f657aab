"""Synthetic DICOM series and NIfTI files of known geometry: every voxel's value says where it is."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations, product
from pathlib import Path
from typing import Any

import numpy as np
from films import CT, instance, saved
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

Array = NDArray[Any]


def orientations() -> list[Array]:
    """The directions of column, row and slice along patient axes that a right-handed scan can have: 24 of them."""
    found = []
    for order, signs in product(permutations(range(3)), product((1, -1), repeat=3)):
        turn = np.zeros((3, 3))
        for column, (world, sign) in enumerate(zip(order, signs, strict=True)):
            turn[world, column] = sign
        if np.linalg.det(turn) > 0:
            found.append(turn)
    return found


def affine_of(turn: Array, spacing: Sequence[float] = (0.7, 1.3, 2.5), origin: Sequence[float] = (5, -7, 11)) -> Array:
    """(column, row, slice) to LPS for directions and spacings (between columns, rows, slices)."""
    affine = np.eye(4)
    affine[:3, :3] = np.asarray(turn) * np.asarray(spacing)
    affine[:3, 3] = origin
    return affine


def numbered(shape: tuple[int, int, int] = (5, 4, 3)) -> Array:
    """Voxels whose values are all different."""
    return np.arange(np.prod(shape), dtype=np.int16).reshape(shape)


def slices(values: Array, affine: Array, **more: Any) -> list[Any]:
    """Data sets of an axial CT series, one for each slice."""
    shared = {
        "Modality": "CT",
        "SeriesInstanceUID": generate_uid(),
        "StudyInstanceUID": generate_uid(),
        "FrameOfReferenceUID": generate_uid(),
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "PatientID": "P1",
        "RescaleSlope": 1,
        "RescaleIntercept": -1024,
        "RescaleType": "HU",
        "SliceThickness": 9,
        "BitsStored": 16,
        "HighBit": 15,
        "PixelRepresentation": 1,
    } | more
    column, row = (affine[:3, n] / np.linalg.norm(affine[:3, n]) for n in (0, 1))
    spacing = [float(np.linalg.norm(affine[:3, 1])), float(np.linalg.norm(affine[:3, 0]))]
    made = []
    for number, plane in enumerate(values):
        place = affine[:3] @ [0, 0, number, 1]
        made.append(
            instance(
                plane + 1024,
                sop_class=CT,
                ImagePositionPatient=[f"{part:.10g}" for part in place],
                ImageOrientationPatient=[f"{part:.10g}" for part in (*column, *row)],
                PixelSpacing=[f"{part:.10g}" for part in spacing],
                InstanceNumber=(number * 7) % 11,
                **shared,
            )
        )
    return made


def enhanced(values: Array, affine: Array) -> Any:
    """One enhanced multi-frame CT, its frames in an order that says nothing, the second half rescaled otherwise."""
    order = np.random.default_rng(1).permutation(len(values))
    parts = slices(values, affine)
    slopes = [1 if n < len(values) // 2 else 2 for n in range(len(values))]
    stored = np.stack([(values[n] + 1024) * 2 // slopes[n] for n in order])
    made = instance(stored, sop_class="1.2.840.10008.5.1.4.1.1.2.1", Modality="CT", BitsStored=16, HighBit=15)
    frames = []
    for n in order:
        group, place, value = Dataset(), Dataset(), Dataset()
        place.ImagePositionPatient = parts[n].ImagePositionPatient
        value.RescaleSlope, value.RescaleIntercept, value.RescaleType = slopes[n] / 2, -1024, "HU"
        group.PlanePositionSequence, group.PixelValueTransformationSequence = [place], [value]
        frames.append(group)
    made.PerFrameFunctionalGroupsSequence = frames
    shared, turn, measures = Dataset(), Dataset(), Dataset()
    turn.ImageOrientationPatient = parts[0].ImageOrientationPatient
    measures.PixelSpacing, measures.SliceThickness = parts[0].PixelSpacing, 9
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = [turn], [measures]
    made.SharedFunctionalGroupsSequence = [shared]
    return made


def written(datasets: Sequence[Any], folder: Path, seed: int = 0) -> Path:
    """The data sets as files whose names and order say nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    order = np.random.default_rng(seed).permutation(len(datasets))
    for name, number in enumerate(order):
        saved(datasets[number], folder / f"{name:04d}.dcm")
    return folder


def nifti(values: Array, affine: Array, path: Path, **header: Any) -> Path:
    """The same voxels as NIfTI; `affine` speaks of LPS, the file of RAS."""
    import nibabel

    image = nibabel.Nifti1Image(values.transpose(2, 1, 0), np.diag([-1, -1, 1, 1]) @ affine)
    image.header.set_xyzt_units("mm")
    for name, value in header.items():
        image.header[name] = value
    nibabel.save(image, path)
    return path
