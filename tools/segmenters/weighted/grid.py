"""A volume in the orientation and the spacing that a network was trained in, and its answer back on the volume."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.errors import BadInput
from tools.imaging.volume import Volume, Voxels, canonical

Floats = NDArray[np.float32]
# nnU-Net's own limit: above it, the coarse axis is resampled by itself (nnunetv2/configuration.py, ANISO_THRESHOLD).
ANISOTROPIC = 3.0
_OF = {"L": ("L", "R"), "R": ("L", "R"), "A": ("P", "A"), "P": ("P", "A"), "S": ("S", "I"), "I": ("S", "I")}
# What the axes (column, row, slice) of a canonical volume grow to.
_CANONICAL = ("L", "P", "S")


def oriented(volume: Volume, orientation: str) -> tuple[Floats, tuple[float, float, float], Any]:
    """Values with axes (slice, row, column) growing as `orientation` names them, the spacing, and the way back.

    Args:
        orientation: what columns, rows and slices grow to, as in NIfTI ("RAS"): one each of L/R, A/P, S/I, in
            this order.

    Raises:
        BadInput: not such a word.
    """
    letters = orientation.upper()
    if len(letters) != 3 or any(letter not in _OF[axis] for letter, axis in zip(letters, _CANONICAL, strict=True)):
        raise BadInput(
            f"no orientation {orientation!r}",
            found=orientation,
            expected="left or right, anterior or posterior, superior or inferior, such as RAS or LPS",
            action="correct it beside the model",
        )
    turned = tuple(2 - n for n, (letter, axis) in enumerate(zip(letters, _CANONICAL, strict=True)) if letter != axis)
    standing, back = canonical(volume)

    def home(mask: Voxels) -> Voxels:
        return back(np.flip(mask, turned))

    return np.ascontiguousarray(np.flip(standing.values, turned)), standing.spacing_mm, home


def resized(values: Floats, shape: Sequence[int], order: int, coarse: int | None = None) -> Floats:
    """An array of one channel at another size, voxel centres kept; `coarse`: an axis resampled nearest, by itself."""
    from skimage import transform

    resize: Any = transform.resize

    if tuple(values.shape) == tuple(shape):
        return values
    if coarse is None:
        return _float(resize(values, shape, order, mode="edge", anti_aliasing=False))
    plane = tuple(size for axis, size in enumerate(shape) if axis != coarse)
    slices = [
        resize(np.take(values, n, coarse), plane, order, mode="edge", anti_aliasing=False)
        for n in range(values.shape[coarse])
    ]
    stacked = np.stack(slices, coarse)
    if stacked.shape[coarse] == shape[coarse]:
        return _float(stacked)
    scale = stacked.shape[coarse] / shape[coarse]
    # Halfway between two slices the later one, as scipy and so nnU-Net take it.
    places = np.clip(np.floor(scale * (np.arange(shape[coarse]) + 0.5)), 0, stacked.shape[coarse] - 1)
    return _float(np.take(stacked, places.astype(int), coarse))


def coarse_axis(*spacings: Sequence[float]) -> int | None:
    """The one axis that is much coarser than the others, in the first of the spacings that has one."""
    for spacing in spacings:
        if max(spacing) / min(spacing) > ANISOTROPIC:
            coarsest = [axis for axis, size in enumerate(spacing) if size == max(spacing)]
            return coarsest[0] if len(coarsest) == 1 else None
    return None


def new_shape(shape: Sequence[int], old: Sequence[float], new: Sequence[float]) -> tuple[int, ...]:
    """The size at another spacing."""
    return tuple(max(round(here / there * size), 1) for size, here, there in zip(shape, old, new, strict=True))


def _float(values: Any) -> Floats:
    return np.asarray(values, dtype=np.float32)
