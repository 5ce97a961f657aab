"""nnU-Net's normalisations (nnunetv2/preprocessing/normalization, read in version 2.8.1)."""

from __future__ import annotations

from typing import Any

import numpy as np

from tools.errors import BadInput
from tools.segmenters.weighted.grid import Floats

EPSILON = 1e-8


def normalised(values: Floats, scheme: str, intensities: dict[str, Any], *, masked: bool) -> Floats:
    """Values as the network saw them in training.

    Args:
        intensities: mean, std and percentiles of the training images, which CT is normalised with.
        masked: of what is not zero only.

    Raises:
        BadInput: the plan leaves out a number that its scheme needs.
    """
    if scheme == "CTNormalization":
        try:
            low, high, mean, spread = (
                float(intensities[name]) for name in ("percentile_00_5", "percentile_99_5", "mean", "std")
            )
        except (KeyError, TypeError, ValueError) as error:
            raise BadInput(
                "the plan does not say how CT values are normalised",
                found=f"no {error}",
                expected="mean, std, percentile_00_5 and percentile_99_5 of the training images",
                action="copy the model's own plans.json",
            ) from error
        return np.asarray((np.clip(values, low, high) - mean) / max(spread, EPSILON), dtype=np.float32)
    if scheme == "ZScoreNormalization":
        return _z_score(values, masked)
    if scheme == "RescaleTo01Normalization":
        lifted = values - values.min()
        return np.asarray(lifted / max(float(lifted.max()), EPSILON), dtype=np.float32)
    return values.astype(np.float32)


def _z_score(values: Floats, masked: bool) -> Floats:
    if not masked:
        return np.asarray((values - values.mean()) / max(float(values.std()), EPSILON), dtype=np.float32)
    from scipy.ndimage import binary_fill_holes

    inside = np.asarray(binary_fill_holes(values != 0))
    chosen = values[inside]
    scaled = values.astype(np.float32)
    scaled[inside] = (chosen - chosen.mean()) / max(float(chosen.std()), EPSILON)
    return scaled
