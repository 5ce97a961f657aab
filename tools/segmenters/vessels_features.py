"""What surrounds each pixel of a fundus photograph, described so that turning the photograph changes nothing.

The field of view is found from the picture, the green channel becomes the share of light lost against its
surroundings, and a bank of line filters (second derivatives of a Gaussian across, a Gaussian along: the matched filter
of Chaudhuri et al. 1989, doi:10.1109/42.34715, at four widths) gives each pixel the direction of the line it may lie
on. Its surroundings are then sampled along and across that direction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
DIAMETER = 540.0
"""Pixels across the field of view while vessels are looked for: about 45 degrees."""
RIM = 4
"""Pixels at the edge of the field, at that size, where no vessel is looked for: lens edge and glare."""
# Width (sigma across) and length (sigma along) of the line filters, pixels at that size.
FILTERS = ((1.0, 5.0), (1.6, 6.0), (2.4, 7.0), (3.6, 8.0))
DIRECTIONS = 12
_ALONG = (-8, -4, 0, 4, 8)
_ACROSS = (-6.0, -4.0, -2.5, -1.2, 0.0, 1.2, 2.5, 4.0, 6.0)
_FAR_ALONG, _FAR_ACROSS = (-16, 16), (-4, 0, 4)
_SURROUNDINGS = 12.0


def field_of_view(rgb: NDArray[np.generic]) -> Mask:
    """What the camera lit: the largest bright region, without holes; everything where nothing around it is dark."""
    from scipy import ndimage

    light = ndimage.gaussian_filter(np.asarray(rgb, dtype=np.float32).max(axis=2), 1.5)
    low, high = np.percentile(light, [1, 90])
    if high - low < 8:
        return np.ones(light.shape, dtype=bool)
    lit = light > low + 0.18 * (high - low)
    parts, count = ndimage.label(ndimage.binary_opening(lit, iterations=2))
    if not count:
        return np.ones(light.shape, dtype=bool)
    sizes = ndimage.sum_labels(lit, parts, range(1, count + 1))
    return np.asarray(ndimage.binary_fill_holes(parts == 1 + int(np.argmax(sizes))))


def lost_light(green: Floats, field: Mask) -> tuple[Floats, Mask]:
    """The share of light lost against what surrounds each pixel (log scale, vessels above 0), and where it is known."""
    from scipy import ndimage

    inner = ndimage.binary_erosion(field, iterations=RIM)
    light = np.log(np.asarray(green, dtype=np.float64) + 1.0)
    around = _mean_around(light, inner)
    away = light - around
    spread = 1.4826 * float(np.median(np.abs(away[inner]))) if inner.any() else 0.0
    around = _mean_around(light, inner & (np.abs(away) <= 2 * spread))
    return np.where(inner, around - light, 0.0), inner


def _mean_around(light: Floats, known: Mask) -> Floats:
    from scipy import ndimage

    weight = ndimage.gaussian_filter(known.astype(np.float64), _SURROUNDINGS)
    total = ndimage.gaussian_filter(np.where(known, light, 0.0), _SURROUNDINGS)
    return np.asarray(total / np.maximum(weight, 1e-6))


def responses(lost: Floats, sigma: float, length: float) -> Array:
    """What the line filter of each direction answers: (directions, rows, columns)."""
    from scipy import fft

    kernels = list(_kernels(sigma, length))
    reach = kernels[0].shape[0] // 2
    padded = np.pad(lost, reach, mode="reflect")
    size = [fft.next_fast_len(side, real=True) for side in padded.shape]
    spectrum = fft.rfft2(padded, size)
    rows, columns = lost.shape
    out = np.empty((len(kernels), rows, columns), dtype=np.float32)
    for number, kernel in enumerate(kernels):
        found = fft.irfft2(spectrum * fft.rfft2(kernel, size), size)
        out[number] = found[2 * reach : 2 * reach + rows, 2 * reach : 2 * reach + columns]
    return out


def line_banks(lost: Floats) -> list[Array]:
    """The answers of the filters of every width."""
    return [responses(lost, sigma, length) for sigma, length in FILTERS]


def _kernels(sigma: float, length: float) -> Iterator[Floats]:
    reach = int(np.ceil(max(4.8 * sigma, 2.2 * length))) + 1
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(float)
    for number in range(DIRECTIONS):
        angle = np.pi * number / DIRECTIONS
        along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
        window = np.exp(-(along**2) / (2 * length**2) - across**2 / (2 * sigma**2))
        kernel = (1 - across**2 / sigma**2) * window
        kernel -= window * (kernel.sum() / window.sum())
        yield kernel / (np.abs(kernel).sum() / 2)


def line_strength(banks: Sequence[Array], inner: Mask) -> Array:
    """How far the best direction's answer stands out at each pixel, in spreads of the answers, over three widths."""
    found = np.zeros(inner.shape, dtype=np.float32)
    for bank in banks[:3]:
        best = bank.max(axis=0)
        middle = np.median(best[inner])
        found += (best - middle) / max(float(1.4826 * np.median(np.abs(best[inner] - middle))), 1e-6) / 3
    return np.where(inner, found, np.float32(0))


def features(lost: Floats, inner: Mask, banks: Sequence[Array]) -> Array:
    """One row per pixel of `inner`; in units of the strongest lines of the picture, so that contrast drops out."""
    from scipy import ndimage

    strongest = [bank.max(axis=0) for bank in banks]
    unit = max(float(np.percentile(strongest[1][inner], 95)), 1e-6)
    scales = [max(float(np.percentile(best[inner], 90)), 1e-6) for best in strongest[:3]]
    together = np.sum([bank / np.float32(scale) for bank, scale in zip(banks, scales, strict=False)], axis=0)
    chosen = together.argmax(axis=0)
    columns: list[NDArray[np.floating]] = []
    for bank, best in zip(banks, strongest, strict=True):
        columns += [_pick(bank, chosen), best, bank.mean(axis=0)]
        columns.append(_pick(bank, (chosen + DIRECTIONS // 2) % DIRECTIONS))
    rows = [column[inner] for column in columns]
    y, x = np.nonzero(inner)
    angle = (np.pi * chosen / DIRECTIONS)[inner]
    down, right = np.sin(angle), np.cos(angle)

    def sampled(values: Floats, along: float, across: float) -> Floats:
        at = [y + along * down + across * right, x + along * right - across * down]
        return np.asarray(ndimage.map_coordinates(values, at, order=1, mode="nearest"))

    fine, coarse = (np.asarray(ndimage.gaussian_filter(lost, sigma)) for sigma in (0.6, 2.0))
    rows += [sampled(fine, along, across) for along in _ALONG for across in _ACROSS]
    rows += [sampled(coarse, along, across) for along in _FAR_ALONG for across in _FAR_ACROSS]
    rows.append(ndimage.gaussian_filter(lost, 6.0)[inner])
    rows.append(ndimage.gaussian_filter(np.abs(lost), 12.0)[inner])
    depth = np.minimum(ndimage.distance_transform_edt(inner)[inner], 30.0) / 30.0
    return np.stack([*(row / unit for row in rows), depth], axis=1).astype(np.float32)


def _pick(bank: Array, chosen: NDArray[np.integer]) -> Array:
    return np.asarray(np.take_along_axis(bank, chosen[None], axis=0)[0])
