"""LAA-950: the share of the lung below -950 HU, on an inspiratory thin-section CT without contrast and on no other.

-950 HU is the threshold whose area agreed with emphysema on lung slices (Gevenois 1995, doi
10.1164/ajrccm.152.2.7633722); with sections of 1.25 mm compared with morphometry by Madani 2006 (doi
10.1148/radiol.2382042196). The index moves with thickness, kernel and depth of breath (doi 10.1016/j.acra.2009.08.007;
PMC4161463), so it is refused where these are unknown. A share is not a diagnosis and has no grade here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np

from tools.errors import BadInput, NotAssessable
from tools.imaging.volume import Volume, Voxels, measurable
from tools.segmenters.ct_technique import Stated, contrast_free, inspired, required, thick

THRESHOLD_HU = -950.0
THICKEST_MM = 1.25
EXPECTED = "full inspiration, no contrast, sections of at most 1.25 mm without gaps"
_SHARP = re.compile(r"\b(B[rlv]?[5-9]\d|Hr[5-9]\d|FC[58]\d|(bone|lung|edge|sharp|yc|l)\b)", re.I)


@dataclass(frozen=True)
class LowAttenuation:
    """LAA-950 in percent of the lung; `percentile_15` in HU. Uncalibrated: `doubts` says what moves it."""

    percent: float
    percentile_15: float
    lung_ml: float
    voxels: int
    doubts: tuple[str, ...] = ()
    method: str = "share of the voxels of both lungs, airways left out, below -950 HU"
    mask: Voxels | None = field(default=None, repr=False, compare=False)


def conditions(volume: Volume, said: Stated) -> None:
    """Raise unless the scan is known to have been taken as the index needs it.

    Raises:
        NotAssessable: it was not, or nobody knows; `action` asks.
    """
    measurable(volume)
    required(
        "LAA-950",
        EXPECTED,
        [contrast_free(volume, said), inspired(volume, said), thick(volume, 0.0, THICKEST_MM)],
    )


def low_attenuation(
    volume: Volume, lungs: Voxels, stated: Stated | None = None, *, whole: bool | None = None, keep: bool = False
) -> LowAttenuation:
    """LAA-950 within a mask of both lungs.

    `whole`: whether both lungs are wholly in the picture, where that is known; `keep`: return the mask too.

    Raises:
        NotAssessable: the scan was not taken for it, or it is not known how it was taken; `action` asks.
        BadInput: the mask does not belong to the volume, or is empty.
    """
    conditions(volume, stated or Stated())
    if lungs.shape != volume.values.shape or not lungs.any():
        raise BadInput(
            "the mask is not one of this volume's lungs",
            found=f"{lungs.shape}, {int(lungs.sum())} voxels",
            expected=f"{volume.values.shape} and at least one voxel",
            action="segment the lungs of this volume",
        )
    if whole is False:
        raise NotAssessable(
            "LAA-950 is not assessable on a part of the lungs",
            found="lungs cut off by the series",
            expected="both lungs wholly in the picture",
            action="give the whole series",
        )
    values = np.concatenate([volume.values[n][lungs[n]] for n in np.flatnonzero(lungs.any(axis=(1, 2)))])
    below = int((values < THRESHOLD_HU).sum())
    doubts = [] if whole else ["it is not known whether the lungs are wholly in the picture"]
    kernel = volume.header.acquisition.kernel
    if kernel is None:
        doubts.append("the reconstruction kernel is not stated")
    elif _SHARP.search(kernel):
        doubts.append(f"kernel {kernel} looks like a sharp one: its noise raises the share")
    return LowAttenuation(
        percent=round(100 * below / values.size, 2),
        percentile_15=round(float(np.percentile(values, 15)), 1),
        lung_ml=round(values.size * volume.voxel_ml, 1),
        voxels=below,
        doubts=tuple(doubts),
        mask=np.asarray(lungs & (volume.values < THRESHOLD_HU)) if keep else None,
    )
