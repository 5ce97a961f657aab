"""A part of a volume around a mask, and masks of the part back on the whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from tools.imaging.volume import Volume, Voxels


def around(volume: Volume, mask: Voxels, margin_mm: float) -> tuple[Volume, Callable[[Voxels], Voxels]]:
    """The box around a mask that is not empty, widened by a margin, as a volume of its own, and the way back."""
    window = []
    for axis, step in enumerate(volume.spacing_mm):
        other = tuple(n for n in range(3) if n != axis)
        places = np.flatnonzero(mask.any(axis=other))
        margin = int(np.ceil(margin_mm / step))
        window.append(slice(max(int(places[0]) - margin, 0), min(int(places[-1]) + 1 + margin, mask.shape[axis])))
    chosen = tuple(window)
    affine = volume.affine.copy()
    affine[:3, 3] = volume.at(*(float(part.start) for part in chosen))
    part = replace(volume, values=volume.values[chosen], affine=affine, slices=volume.slices[chosen[0]])

    def back(found: Voxels) -> Voxels:
        whole = np.zeros(mask.shape, dtype=bool)
        whole[chosen] = found
        return whole

    return part, back
