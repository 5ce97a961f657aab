"""Density of a mask in Hounsfield units: only of CT, and only of values that are Hounsfield units."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.errors import BadInput, NotAssessable
from tools.imaging.frame import Image
from tools.imaging.measures.model import Measurement
from tools.imaging.measures.perturb import by_boundary
from tools.imaging.measures.shape import box_of
from tools.imaging.volume import Volume

HU = "[hnsf'U]"
PERCENTILES = (5, 50, 95)
# The scale is fixed by air at -1000 and water at 0; scanners store down to -1024. What lies lower is padding.
LOWEST = -1100.0
# Below this there is padding, not air.
PADDING = -1200.0
AIR_RANGE = (-1100.0, -900.0)
SOFT_RANGE = (-200.0, 150.0)
# Where soft tissue lies in stored values whose intercept of -1024 was lost; a tenth of a body is not so dense.
OFFSET = (800.0, 1300.0)
# Any piece of a body holds fat or air: at least this share lies below.
FATTY = -20.0
LEAST_DARK = 0.002


@dataclass(frozen=True)
class Calibration:
    """Where air and soft tissue lie among some values (None: there is none), and why these can be no HU."""

    air: float | None
    soft: float | None
    highest: float
    why: str | None


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
    if (why := calibration(values).why) is not None:
        raise NotAssessable(
            "these values are not known to be Hounsfield units",
            found=why,
            expected="air near -1000 and fat or soft tissue between -200 and 150",
            action="take the original series, not a derived or windowed one",
        )
    return values


def calibration(values: NDArray[np.float32]) -> Calibration:
    """Whether values look like Hounsfield units of a body: by the peaks of air and of soft tissue.

    Raises:
        BadInput: values that are not numbers.
    """
    sample = _sample(values)
    air, dark, soft = _peak(sample, *AIR_RANGE), _peak(sample, -math.inf, -700.0), _peak(sample, -300.0, 300.0)
    why = None
    if (soft is None and dark is None) or not SOFT_RANGE[0] <= (soft or 0.0) <= SOFT_RANGE[1]:
        why = f"no peak of fat or soft tissue; values from {sample.min():.0f} to {sample.max():.0f}"
    elif dark is not None and dark < AIR_RANGE[0]:
        why = f"air at {dark:.0f}"
    elif dark is None and float(np.mean((sample > OFFSET[0]) & (sample < OFFSET[1]))) > 0.1:
        why = "no air, and much at about 1000: stored values without their intercept?"
    elif float(np.mean(sample < FATTY)) < LEAST_DARK:
        # A windowed export, an MR called CT, an empty file: zero to something, and no way back to HU.
        why = f"neither air nor fat: values from {sample.min():.0f} to {sample.max():.0f}"
    return Calibration(air, soft, float(sample.max()), why)


def _sample(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """About a hundred values along each axis, without padding."""
    steps = tuple(slice(None, None, max(1, size // 100)) for size in values.shape)
    found = np.asarray(values[steps]).ravel()
    if not np.isfinite(found).all():
        raise BadInput(
            "the picture holds values that are not numbers",
            found="NaN or infinity",
            expected="Hounsfield units",
            action="check how the file was made",
        )
    kept = found[found > PADDING]
    return kept if kept.size else found


def _peak(sample: NDArray[np.float32], low: float, high: float) -> float | None:
    """The commonest value in a range (histogram of 10 HU, smoothed), where at least 1 % of the sample lies there."""
    part = sample[(sample >= low) & (sample < high)]
    if part.size < 0.01 * sample.size or not part.size:
        return None
    edges = np.arange(max(float(part.min()), PADDING) - 15, float(part.max()) + 26, 10.0)
    counts = np.convolve(np.histogram(part, edges)[0], np.ones(3), "same")
    top = int(counts.argmax())
    return float((edges[top] + edges[top + 1]) / 2)
