"""One slice of a volume as an image: its scale, its place in the series, shown as a reader would."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tools.errors import BadInput
from tools.imaging.frame import SOFT_TISSUE, Image, Spacing, scaled
from tools.imaging.volume import Volume


def slice_of(volume: Volume, number: int) -> Image:
    """Slice `number`, 0-based along the volume's slice axis, as an `Image`; `frame` is that number.

    Raises:
        BadInput: there is no such slice.
    """
    if not 0 <= number < len(volume.values):
        raise BadInput(
            "there is no such slice",
            found=f"slice {number}",
            expected=f"0 to {len(volume.values) - 1}",
            action="name a slice of this series",
        )
    values = volume.values[number]
    low, high = shown_range(volume)
    uid = volume.slices[number].sop_instance_uid if volume.slices else None
    return Image(
        pixels=scaled(values, low, high),
        values=values,
        name=volume.name,
        sha256=volume.sha256,
        format=volume.format,
        photometric="MONOCHROME2",
        bits=16,
        frame=number,
        frames=len(volume.values),
        spacing=scale_of(volume),
        header=replace(volume.header, sop_instance_uid=uid),
        warnings=volume.warnings,
    )


def scale_of(volume: Volume) -> Spacing:
    """The scale within a slice: it holds in the patient."""
    row, column = volume.spacing_mm[1:]
    return Spacing((row, column), "PixelSpacing" if volume.format == "DICOM" else volume.spacing_source, True)


def shown_range(volume: Volume) -> tuple[float, float]:
    """What is shown black and what white: soft tissue of a CT, all but the extremes otherwise."""
    if (volume.header.modality or "").upper() == "CT":
        return SOFT_TISSUE
    thinned = volume.values[:: max(1, len(volume.values) // 16)]
    low, high = np.percentile(thinned, [0.5, 99.5])
    return float(low), float(high)
