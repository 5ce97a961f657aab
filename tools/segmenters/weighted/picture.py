"""What networks of photographs are given of an image or a slice: three channels of a size, normalised."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tools.imaging.frame import SOFT_TISSUE, scaled
from tools.imaging.volume import Volume
from tools.segmenters.contract import Target

Floats = NDArray[np.float32]
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
CLIP = ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
# The grey range of what is no CT, without its last half per cent at either end, as MedSAM prepares its images (Ma 2024,
# Nature Communications 15:654).
PERCENTILES = (0.5, 99.5)


def grey_range(target: Target) -> tuple[float, float]:
    """What is shown black and what white."""
    if not isinstance(target, Volume):
        return 0.0, 1.0
    if (target.header.modality or "").upper() == "CT":
        return SOFT_TISSUE
    low, high = np.percentile(target.values, PERCENTILES)
    return float(low), float(high)


def slice_of(target: Target, number: int) -> Floats:
    """The grey values of a slice, or of the image."""
    return np.asarray(target.values[number] if isinstance(target, Volume) else target.pixels, dtype=np.float32)


def three_channels(
    grey: Floats,
    size: tuple[int, int],
    shown: tuple[float, float],
    norm: tuple[Sequence[float], Sequence[float]] = IMAGENET,
) -> Floats:
    """Grey as (3, rows, columns) of a size, stretched to it."""
    from PIL import Image

    picture = Image.fromarray(scaled(grey, *shown), mode="F").resize((size[1], size[0]), Image.Resampling.BILINEAR)
    mean, spread = (np.asarray(part, dtype=np.float32)[:, None, None] for part in norm)
    return np.asarray((np.asarray(picture, dtype=np.float32)[None] - mean) / spread, dtype=np.float32)


def at_size(scores: Floats, size: tuple[int, int]) -> Floats:
    """Scores at the size of the image (bilinear)."""
    from PIL import Image

    return np.asarray(
        Image.fromarray(scores.astype(np.float32), mode="F").resize((size[1], size[0]), Image.Resampling.BILINEAR)
    )
