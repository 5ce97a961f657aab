"""What a lung segmenter has to beat: Otsu's threshold, and the mean shape of the other patients' lungs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from evals.cxr.films import SIDE, Film
from tools.segmenters.pixels import WHOLE, normal, sampled


def otsu(film: Film) -> NDArray[np.bool_]:
    """Dark by Otsu's threshold (doi:10.1109/TSMC.1979.4310076)."""
    square = normal(sampled(film.pixels(), WHOLE, SIDE))
    counts, edges = np.histogram(square, bins=256, range=(0, 1))
    share = counts / counts.sum()
    below, mean = np.cumsum(share), np.cumsum(share * (edges[:-1] + edges[1:]) / 2)
    above = 1 - below
    valid = (below > 0) & (above > 0)
    between = np.zeros(256)
    between[valid] = (mean[-1] * below[valid] - mean[valid]) ** 2 / (below[valid] * above[valid])
    return np.asarray(square <= edges[int(between.argmax()) + 1])


def mean_shape(film: Film, others: Sequence[Film]) -> NDArray[np.bool_]:
    """Where most of the other patients' films have lung."""
    masks = [other.mask for other in others if other.patient != film.patient]
    known = np.sum([mask != 127 for mask in masks], axis=0)
    lung = np.sum([mask == 255 for mask in masks], axis=0)
    return np.asarray(lung > known / 2)
