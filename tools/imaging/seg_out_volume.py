"""Masks of a volume written out: one DICOM SEG over the source's slices, or a NIfTI label map with JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tools.imaging.dicom_out import sources_of, stem_of
from tools.imaging.seg_out import fitting, row_of, write_seg
from tools.imaging.volume import Volume
from tools.segmenters.segment import Segment

# RAS millimetres of NIfTI from LPS millimetres.
_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def write_volume_masks(volume: Volume, segments: Sequence[Segment], folder: Path) -> list[dict[str, Any]]:
    """Write the masks of a volume; a row for each (`segments` of `osler image segment --json`).

    A SEG has the place of every source slice, so that a tilted or uneven series stays as it is.

    Raises:
        BadInput: a mask is not of the volume's shape, or the source lacks what a SEG has to reference.
    """
    fitting(segments, volume.values.shape, "volume")
    stem = stem_of(volume, segments)
    if volume.format == "DICOM":
        sources = sources_of(volume)
        folder.mkdir(parents=True, exist_ok=True)
        path = write_seg(sources, segments, folder / f"{stem}.dcm")
    else:
        folder.mkdir(parents=True, exist_ok=True)
        path = _write_nifti(volume, segments, folder, stem)
    return [row_of(segment, path, number) for number, segment in enumerate(segments, 1)]


def _write_nifti(volume: Volume, segments: Sequence[Segment], folder: Path, stem: str) -> Path:
    """A label map (1, 2, ... in the order of the segments; a later one covers an earlier one) and what is what.

    NIfTI keeps its affine in single precision; the JSON has it as it is.
    """
    import nibabel

    labels = np.zeros(volume.values.shape, dtype=np.uint8 if len(segments) < 256 else np.uint16)
    for number, segment in enumerate(segments, 1):
        labels[segment.mask] = number
    path = folder / f"{stem}.nii.gz"
    # NIfTI's axes are (column, row, slice).
    kind: Any = nibabel.Nifti1Image
    made = kind(labels.transpose(2, 1, 0), _RAS @ volume.affine)
    made.header.set_xyzt_units("mm")
    nibabel.save(made, path)
    covered = [
        segment.structure
        for number, segment in enumerate(segments, 1)
        if np.count_nonzero(labels == number) < np.count_nonzero(segment.mask)
    ]
    about = {
        "source": {"sha256": volume.sha256, "format": volume.format, "shape": list(volume.values.shape)},
        "axes": "column, row, slice to millimetres",
        "affine_lps": volume.affine.tolist(),
        "affine_ras": (_RAS @ volume.affine).tolist(),
        "spacing_mm": list(volume.spacing_mm),
        "spacing_source": volume.spacing_source,
        "partly_covered_by_later": covered,
        "segments": [row_of(one, path, number) | {"path": path.name} for number, one in enumerate(segments, 1)],
    }
    (folder / f"{stem}.json").write_text(json.dumps(about, ensure_ascii=False, indent=1), encoding="utf-8")
    return path
