"""Density of a mask in Hounsfield units: only of CT, and only of values that are Hounsfield units."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tools.errors import NotAssessable
from tools.imaging.frame import Image
from tools.imaging.measures.model import Measurement
from tools.imaging.measures.perturb import by_boundary
from tools.imaging.measures.shape import box_of
from tools.imaging.volume import Volume

HU = "[hnsf'U]"
PERCENTILES = (5, 50, 95)
# The scale is fixed by air at -1000 and water at 0; scanners store down to -1024. What lies lower is padding.
LOWEST = -1100.0
# Fat lies near -100 HU; a picture without anything below this holds no air and no fat.
FAT = -50.0


def density(mask: NDArray[np.bool_], target: Image | Volume, seed: int = 0) -> list[Measurement]:
    """Mean, standard deviation and percentiles of the values within a mask.

    Raises:
        NotAssessable: no CT, values that are no Hounsfield units, or padding within the mask.
        BadInput: the mask is empty.
    """
    values = hounsfield(target)
    held = values[mask]
    flat = np.asarray(mask.any(axis=0)) if mask.ndim == 3 else mask
    where = {"box": list(box_of(flat))}
    if float(held.min()) < LOWEST:
        raise NotAssessable(
            "the mask holds values that are no tissue",
            found=f"values down to {held.min():.0f} HU",
            expected=f"values above {LOWEST:.0f} HU",
            action="leave out the padding around the image",
        )
    mean = by_boundary(mask, lambda part, cut: float(values[cut][part].mean()), seed, empty=None)
    rows = [
        ("mean density", float(held.mean()), "mean of the values in the mask", mean),
        ("density SD", float(held.std()), "standard deviation of the values in the mask: spread, not error", None),
    ]
    for share in PERCENTILES:
        name = f"{share}th percentile"
        rows.append((f"density {name}", float(np.percentile(held, share)), f"{name} of the values in the mask", None))
    return [
        Measurement(name=name, value=value, unit=HU, method=method, scale_source="CT values (HU)", interval=interval,
                    where=where)
        for name, value, method, interval in rows
    ]  # fmt: skip


def hounsfield(target: Image | Volume) -> NDArray[np.float32]:
    """The values of a CT in HU.

    Raises:
        NotAssessable: it is no CT, or not known to be one, or its values cannot be HU.
    """
    modality = target.header.modality
    values = target.values
    if modality != "CT" or values is None:
        raise NotAssessable(
            "density is measured on CT only",
            found=modality or "a file that does not say its modality",
            expected="CT with values in Hounsfield units",
            action="take the CT from the archive as DICOM",
        )
    if isinstance(target, Volume) and (said := [text for text in target.warnings if text.startswith("CT values are")]):
        raise NotAssessable(
            "these values are not known to be Hounsfield units",
            found=said[0],
            expected="every file of the series rescaled to Hounsfield units",
            action="take the original series",
        )
    if "LOCALIZER" in target.header.image_type:
        raise NotAssessable(
            "density is measured on slices of CT only",
            found="a localiser: a projection",
            expected="a slice or a volume",
            action="take the series it was planned for",
        )
    kind = target.header.acquisition.rescale_type
    if kind not in (None, "", "HU"):
        raise NotAssessable(
            "these values are not Hounsfield units",
            found=f"rescaled to {kind}",
            expected="RescaleType HU",
            action="take the original series",
        )
    # Padding is no air: a stored value far below it says nothing of the scale.
    least = float(values.min(initial=np.inf, where=values >= LOWEST))
    if least > FAT:
        raise NotAssessable(
            "these values are not known to be Hounsfield units",
            found=f"no value below {least:.0f}: neither air nor fat in the picture",
            expected="air near -1000 HU somewhere in the picture",
            action="take the original series, not a derived or windowed one",
        )
    return values
