"""Slices of CT with organ masks: scans and label maps in the layout of TotalSegmentator's own samples."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.errors import NotAssessable
from tools.imaging.frame import scaled
from tools.imaging.nifti import read_nifti
from tools.imaging.reading import sha256_of
from tools.imaging.volume import Volume, canonical
from tools.imaging.volumes import read_volume
from tools.segmenters.pointed import WINDOWS
from tools.segmenters.pointed import _window as window_of

# Scan, label map, who was scanned: the two NIfTI scans are of one person.
SCANS = (
    ("example_ct_dicom", "example_seg_dicom.nii.gz", "person 1"),
    ("example_ct_sm.nii.gz", "example_seg.nii.gz", "person 2"),
    ("example_ct.nii.gz", "example_seg_fast_force_split.nii.gz", "person 2"),
)
LEAST_PIXELS, LEAST_MM2 = 30, 100.0
APART, PER_ORGAN = 3, 2
_LABEL = re.compile(rb'<Label Key="(\d+)"[^>]*>(?:<!\[CDATA\[)?([A-Za-z0-9_]+)')


@dataclass(frozen=True, eq=False)
class Case:
    """One organ on one slice, as it would be shown."""

    scan: str
    person: str
    organ: str
    slice_: int
    picture: NDArray[np.float32] = field(repr=False)
    mask: NDArray[np.bool_] = field(repr=False)

    @property
    def name(self) -> str:
        """Scan, organ and slice."""
        return f"{self.scan}/{self.organ}/{self.slice_}"

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The box of the reference mask."""
        rows, columns = np.nonzero(self.mask)
        return float(columns.min()), float(rows.min()), float(columns.max()), float(rows.max())

    @property
    def group(self) -> str:
        """The organ without its side or number."""
        return re.sub(r"_(left|right|[CTLS]?\d+)(?=_|$)", "", self.organ)


@dataclass(frozen=True, eq=False)
class Scan:
    """A scan and its label map on one grid: slices to the head, rows to the back, columns to the patient's left."""

    name: str
    person: str
    volume: Volume
    labels: NDArray[np.int32] = field(repr=False)
    names: dict[int, str]

    def organs(self) -> Iterator[tuple[str, NDArray[np.bool_]]]:
        """Each organ that is there."""
        for value in np.unique(self.labels):
            if value:
                yield self.names.get(int(value), f"label {value}"), self.labels == value

    def shown(self, organ: str) -> NDArray[np.float32]:
        """The slices in the window of an organ."""
        window = WINDOWS[window_of(organ.replace("vertebrae", "vertebra").replace("hip_", "bone_"))]
        return scaled(self.volume.values, *window)


def scans(folder: Path) -> list[Scan]:
    """The scans that are there.

    Raises:
        NotAssessable: none of them.
    """
    found = [_scan(folder, *row) for row in SCANS if (folder / row[0]).exists() and (folder / row[1]).exists()]
    if not found:
        raise NotAssessable(
            "no scan with a label map there",
            found=str(folder),
            expected=", ".join(f"{scan} with {labels}" for scan, labels, _ in SCANS),
            action="give the folder of TotalSegmentator's sample files",
        )
    return found


def cases(scan: Scan) -> tuple[list[Case], list[dict[str, Any]]]:
    """Of each organ the two largest slices that lie apart; and what is too small to be pointed at."""
    found, excluded = [], []
    row_mm, column_mm = scan.volume.spacing_mm[1:]
    for organ, mask in scan.organs():
        areas = mask.sum(axis=(1, 2))
        order = [int(at) for at in np.argsort(areas)[::-1]]
        large = [at for at in order if areas[at] >= LEAST_PIXELS and areas[at] * row_mm * column_mm >= LEAST_MM2]
        if not large:
            excluded.append({"id": f"{scan.name}/{organ}", "reason": f"at most {int(areas.max())} pixels on a slice"})
            continue
        picked: list[int] = []
        for at in large:
            if len(picked) < PER_ORGAN and all(abs(at - other) >= APART for other in picked):
                picked.append(at)
        shown = scan.shown(organ)
        found += [Case(scan.name, scan.person, organ, at, shown[at], mask[at]) for at in picked]
    return found, excluded


def _scan(folder: Path, scan: str, labels: str, person: str) -> Scan:
    volume, _ = canonical(read_volume(folder / scan))
    path = folder / labels
    map_, _ = canonical(read_nifti(path, sha256_of(path)))
    if map_.values.shape != volume.values.shape:
        raise NotAssessable(
            f"{labels} is not on the grid of {scan}",
            found=map_.values.shape,
            expected=volume.values.shape,
            action="take the label map of this scan",
        )
    return Scan(scan, person, volume, map_.values.astype(np.int32), label_names(path))


def label_names(path: Path) -> dict[int, str]:
    """The names that a NIfTI label map carries in its header's extension (the XML of Connectome Workbench)."""
    import nibabel

    image: Any = nibabel.load(path)
    found: dict[int, str] = {}
    for extension in image.header.extensions:
        found |= {int(match[1]): match[2].decode() for match in _LABEL.finditer(extension.content)}
    return found
