"""Pointing without weights: a box, clicks or scribbles and what the pixels around them look like.

Two steps, on the part of the picture that matters, at most 128 pixels wide. First a guess of what belongs: inside and
around a box, or the best-bordered of the regions that grow from a click along the cheapest way (geodesic distance).
Then a random walker with a prior (Grady, "Multilabel random walker image segmentation using prior models", CVPR 2005):
how likely each grey value is inside and outside is the prior, clicks and the far background are its seeds; two rounds.
Nothing is fitted. What was pointed at is kept: an inside click belongs to the mask, an outside click does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.errors import BadInput, NotAssessable
from tools.segmenters.segment import Mask

Array = NDArray[np.float32]
Box = tuple[float, float, float, float]
Place = tuple[float, float]
ALGORITHM = "osler-random-walker"
VERSION = "1.0.0"
WIDEST = 128
ROUNDS = 2
_BINS = 32
_BETA = 200.0
_PRIOR = 0.3
_SOFT = 0.12
_MARGIN = 0.35
_LEVELS = 60
_CORE = 0.3


@dataclass(frozen=True, eq=False)
class Grown:
    """A mask, how likely each pixel belongs, and how sharply its border divides inside from outside (0..1)."""

    mask: Mask
    likely: Array
    border: float


def from_prompts(
    pixels: NDArray[np.generic],
    box: Box | None = None,
    inside: Sequence[Place] = (),
    outside: Sequence[Place] = (),
    start: Mask | None = None,
) -> Grown:
    """The object that a box, clicks (column, row) or a first mask point at, on a grey picture.

    Raises:
        BadInput: nothing points at anything, or it lies outside the picture.
        NotAssessable: nothing can be told from its surroundings.
    """
    image = np.asarray(pixels, dtype=np.float32)
    _check(image, box, inside, outside, start)
    window = _window(image.shape, box, inside, outside, start)
    step = max(1.0, max(window[1] - window[0], window[3] - window[2]) / WIDEST)
    small, places = _sampled(image, window, step)
    seeds_in = _seeds(inside, window, step, small.shape)
    seeds_out = _seeds(outside, window, step, small.shape)
    held = _held(box, window, step, small.shape)
    guess = _first(small, seeds_in, seeds_out, held, None if start is None else start[np.ix_(*places)])
    likely = guess.astype(np.float32)
    if held is not None and not len(seeds_in) and start is None:
        seeds_in = np.argwhere(_ellipse(held, _CORE))
    for _ in range(ROUNDS):
        likely = _walk(small, likely > 0.5, seeds_in, seeds_out, held)
        if not (likely > 0.5).any():
            break
    chosen = _tidy(likely > 0.5, seeds_in)
    if not chosen.any():
        raise NotAssessable(
            "nothing can be told from its surroundings there",
            found="no border between inside and outside",
            expected="a box around an object, or clicks in it and beside it",
            action="add a click outside it, or draw it",
        )
    full = np.zeros(image.shape, dtype=np.float32)
    top, bottom, left, right = window
    full[top:bottom, left:right] = _enlarged(np.where(chosen, likely, np.minimum(likely, 0.49)), window, step)
    mask = full > 0.5
    for column, row in inside:
        mask[round(row), round(column)] = True
    for column, row in outside:
        mask[round(row), round(column)] = False
    return Grown(mask, full, _border(small, chosen))


def _check(
    image: Array, box: Box | None, inside: Sequence[Place], outside: Sequence[Place], start: Mask | None
) -> None:
    rows, columns = image.shape if image.ndim == 2 else (0, 0)
    if box is None and not inside and start is None:
        raise BadInput(
            "nothing is pointed at",
            found=f"{len(outside)} clicks outside",
            expected="a box, or a click inside the object",
            action="give --box x0,y0,x1,y1 or --point x,y,+",
        )
    for column, row in (*inside, *outside):
        if not (0 <= column <= columns - 1 and 0 <= row <= rows - 1):
            raise BadInput(
                "a click lies outside the image",
                found=f"{column:g},{row:g}",
                expected=f"columns 0 to {columns - 1}, rows 0 to {rows - 1}",
                action="click on the image; columns come first",
            )
    if start is not None and start.shape != image.shape:
        raise BadInput(
            "the mask to correct is not of this image",
            found=str(start.shape),
            expected=str(image.shape),
            action="give the mask of this image",
        )


def _window(
    shape: tuple[int, ...], box: Box | None, inside: Sequence[Place], outside: Sequence[Place], start: Mask | None
) -> tuple[int, int, int, int]:
    """The part of the picture that is looked at: top, bottom, left, right (ends not included)."""
    rows, columns = shape
    xs = [place[0] for place in (*inside, *outside)]
    ys = [place[1] for place in (*inside, *outside)]
    if box is not None:
        xs += [box[0], box[2]]
        ys += [box[1], box[3]]
    if start is not None and start.any():
        held = np.nonzero(start)
        xs += [float(held[1].min()), float(held[1].max())]
        ys += [float(held[0].min()), float(held[0].max())]
    if box is None and start is None:
        # Clicks alone do not say how large the object is: everything is looked at.
        return 0, rows, 0, columns
    margin = max(8.0, _MARGIN * max(max(xs) - min(xs), max(ys) - min(ys)))
    top, bottom = max(0, int(min(ys) - margin)), min(rows, int(max(ys) + margin) + 2)
    left, right = max(0, int(min(xs) - margin)), min(columns, int(max(xs) + margin) + 2)
    return top, bottom, left, right


def _sampled(
    image: Array, window: tuple[int, int, int, int], step: float
) -> tuple[Array, tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """The part, smoothed and thinned by `step`, as 0..1; and the rows and columns it was read at."""
    from scipy import ndimage

    top, bottom, left, right = window
    part = image[top:bottom, left:right]
    smooth = ndimage.gaussian_filter(part, max(0.5, step / 2))
    at = [
        np.minimum(((np.arange(max(2, round(size / step))) + 0.5) * step).astype(int), size - 1) for size in part.shape
    ]
    thin = smooth[np.ix_(*at)]
    low, high = np.percentile(thin, [0.5, 99.5])
    grey = np.clip((thin - low) / max(float(high - low), 1e-6), 0, 1).astype(np.float32)
    return grey, (at[0] + top, at[1] + left)


def _seeds(
    places: Sequence[Place], window: tuple[int, int, int, int], step: float, shape: tuple[int, ...]
) -> NDArray[np.intp]:
    rows = [min(max(int((row - window[0]) / step), 0), shape[0] - 1) for _, row in places]
    columns = [min(max(int((column - window[2]) / step), 0), shape[1] - 1) for column, _ in places]
    return np.array([rows, columns], dtype=np.intp).T.reshape(-1, 2)


def _held(box: Box | None, window: tuple[int, int, int, int], step: float, shape: tuple[int, ...]) -> Mask | None:
    """What lies in the box, with the pixels its line runs through."""
    if box is None:
        return None
    y = (np.arange(shape[0]) + 0.5) * step + window[0]
    x = (np.arange(shape[1]) + 0.5) * step + window[2]
    rows = (y >= min(box[1], box[3])) & (y <= max(box[1], box[3]) + 1)
    columns = (x >= min(box[0], box[2])) & (x <= max(box[0], box[2]) + 1)
    return np.asarray(rows[:, None] & columns[None])


def _first(
    grey: Array, inside: NDArray[np.intp], outside: NDArray[np.intp], held: Mask | None, start: Mask | None
) -> Mask:
    """A first guess of the object."""
    if start is not None and start.any():
        return _corrected(grey, inside, outside, start)
    if held is not None:
        return _ellipse(held)
    return _best_region(grey, inside, outside)


def _corrected(grey: Array, inside: NDArray[np.intp], outside: NDArray[np.intp], start: Mask) -> Mask:
    """A mask with what a click beside it adds, and without what a click in it takes away.

    Neither may run off: what is added is at most as large as the mask, what is taken away at most half of it, and the
    middle of what lies on the other side of the border is held against it.
    """
    mask = start.copy()
    area = int(start.sum())
    beside = inside[~start[tuple(inside.T)]]
    if len(beside):
        mask |= _best_region(grey, beside, np.concatenate([outside, _deepest(~start, beside)]), area)
    within = outside[start[tuple(outside.T)]]
    if len(within):
        mask &= ~_best_region(grey, within, np.concatenate([inside, _deepest(start, within)]), area // 2)
    return mask


def _deepest(part: Mask, clicked: NDArray[np.intp]) -> NDArray[np.intp]:
    """The place of a part that is farthest from its border and from what was clicked."""
    from scipy import ndimage

    free = part.copy()
    free[tuple(clicked.T)] = False
    depth = ndimage.distance_transform_edt(np.pad(free, 1))[1:-1, 1:-1]
    return np.array([np.unravel_index(int(np.argmax(depth)), depth.shape)], dtype=np.intp)


def _ellipse(held: Mask, share: float = 1.0) -> Mask:
    """The ellipse that a box holds, or one of `share` of its axes."""
    rows, columns = np.flatnonzero(held.any(axis=1)), np.flatnonzero(held.any(axis=0))
    y, x = np.ogrid[: held.shape[0], : held.shape[1]]
    tall, wide = len(rows) / 2, len(columns) / 2
    middle = (rows[0] + tall - 0.5, columns[0] + wide - 0.5)
    tall, wide = max(share * tall, 0.6), max(share * wide, 0.6)
    return np.asarray(((y - middle[0]) / tall) ** 2 + ((x - middle[1]) / wide) ** 2 <= 1)


def _best_region(grey: Array, inside: NDArray[np.intp], outside: NDArray[np.intp], most: int | None = None) -> Mask:
    """Of the regions that grow from the clicks along the cheapest way, the one with the sharpest border."""
    from scipy import ndimage
    from skimage.graph import MCP_Geometric

    edges = np.hypot(*(ndimage.sobel(grey, axis) for axis in (0, 1))) / 4
    smooth = ndimage.uniform_filter(grey, 3)
    unlike = np.min([np.abs(grey - smooth[row, column]) for row, column in inside], axis=0)
    reach, _ = MCP_Geometric(0.02 + edges + unlike).find_costs(inside)
    allowed = np.ones(grey.shape, dtype=bool)
    if len(outside):
        other, _ = MCP_Geometric(0.02 + edges).find_costs(outside)
        allowed = reach < other
    ranked = np.sort(reach[allowed])
    sizes = np.unique(np.geomspace(8, max(9, min(most or 0.4 * grey.size, ranked.size - 1)), _LEVELS).astype(int))
    best, mask = -1.0, np.zeros(grey.shape, dtype=bool)
    for size in sizes[sizes < ranked.size]:
        region = ndimage.binary_fill_holes((reach <= ranked[size]) & allowed)
        rim = region & ~ndimage.binary_erosion(region)
        # The border's weakest quarter counts: a leak runs over flat ground.
        sharp = float(np.percentile(edges[rim], 25)) * _compact(region, rim)
        if sharp > best:
            best, mask = sharp, region
    if not mask.any():
        mask[tuple(inside.T)] = True
        mask = ndimage.binary_dilation(mask, iterations=3)
    return np.asarray(mask)


def _compact(region: Mask, rim: Mask) -> float:
    """1 for a disc, less the longer the border is for what it holds."""
    return float(min(1.0, 3.5 * float(region.sum()) ** 0.5 / max(float(rim.sum()), 1.0)) ** 0.5)


def _walk(grey: Array, guess: Mask, inside: NDArray[np.intp], outside: NDArray[np.intp], held: Mask | None) -> Array:
    """How likely each pixel belongs, given what the guess holds: a random walker with a prior."""
    from scipy import ndimage, sparse
    from scipy.sparse.linalg import spsolve

    depth = ndimage.distance_transform_edt(guess) - ndimage.distance_transform_edt(~guess)
    soft = max(1.0, _SOFT * float(guess.sum()) ** 0.5)
    shape = 1 / (1 + np.exp(-np.clip(depth / soft, -30, 30)))
    beside = (depth < 0) & (depth > -4 * soft)
    brightness = _likelihood(grey, guess, beside if beside.any() else ~guess)
    likely = brightness * shape / (brightness * shape + (1 - brightness) * (1 - shape) + 1e-9)
    fixed_in = np.zeros(grey.shape, dtype=bool)
    fixed_in[tuple(inside.T)] = True
    fixed_out = (depth < -6 * soft if held is None else ~held) & ~fixed_in
    fixed_out[tuple(outside.T)] = True
    fixed_in &= ~fixed_out
    free = ~(fixed_in | fixed_out)
    count = int(free.sum())
    if not count:
        return fixed_in.astype(np.float32)
    number = np.full(grey.shape, -1)
    number[free] = np.arange(count)
    diagonal = np.full(count, _PRIOR)
    right = _PRIOR * likely[free].astype(np.float64)
    rows, columns, values = [np.arange(count)], [np.arange(count)], []
    for axis in (0, 1):
        ends = [tuple(part if n == axis else slice(None) for n in (0, 1)) for part in (slice(None, -1), slice(1, None))]
        weight = np.exp(-_BETA * (grey[ends[0]] - grey[ends[1]]) ** 2) + 1e-4
        for here, there in (ends, ends[::-1]):
            a, b = number[here], number[there]
            np.add.at(diagonal, a[a >= 0], weight[a >= 0])
            both = (a >= 0) & (b >= 0)
            rows.append(a[both])
            columns.append(b[both])
            values.append(-weight[both])
            seeded = (a >= 0) & fixed_in[there]
            np.add.at(right, a[seeded], weight[seeded])
    places = (np.concatenate(rows), np.concatenate(columns))
    system = sparse.csc_matrix((np.concatenate([diagonal, *values]), places), shape=(count, count))
    out = fixed_in.astype(np.float32)
    out[free] = spsolve(system, right)
    return out


def _likelihood(grey: Array, inside: Mask, outside: Mask) -> Array:
    """By brightness alone: how likely a pixel is one of the inside ones."""
    from scipy import ndimage

    bins = np.minimum((grey * _BINS).astype(int), _BINS - 1)
    shares = []
    for part in (inside, outside):
        counts = np.bincount(bins[part], minlength=_BINS).astype(np.float64) + 1e-3
        smooth = ndimage.gaussian_filter1d(counts, 1.0, mode="nearest")
        shares.append(smooth / smooth.sum())
    return np.asarray((shares[0] / (shares[0] + shares[1] + 1e-9))[bins], dtype=np.float32)


def _tidy(mask: Mask, inside: NDArray[np.intp]) -> Mask:
    """The parts that were clicked, else the largest; small holes filled."""
    from scipy import ndimage

    parts, count = ndimage.label(mask)
    if not count:
        return mask
    clicked = {int(parts[row, column]) for row, column in inside} - {0}
    if not clicked:
        sizes = ndimage.sum_labels(mask, parts, range(1, count + 1))
        clicked = {1 + int(np.argmax(sizes))}
    kept = np.isin(parts, list(clicked))
    return np.asarray(ndimage.binary_fill_holes(kept))


def _enlarged(values: Array, window: tuple[int, int, int, int], step: float) -> Array:
    from scipy import ndimage

    top, bottom, left, right = window
    y = (np.arange(bottom - top) + 0.5) / step - 0.5
    x = (np.arange(right - left) + 0.5) / step - 0.5
    grid = np.meshgrid(y, x, indexing="ij")
    return np.asarray(ndimage.map_coordinates(values, grid, order=1, mode="nearest"), dtype=np.float32)


def _border(grey: Array, mask: Mask) -> float:
    """By how much the pixels just inside differ from those just outside, of the range of greys."""
    from scipy import ndimage

    inner = mask & ~ndimage.binary_erosion(mask, iterations=2)
    outer = ndimage.binary_dilation(mask, iterations=2) & ~mask
    if not (inner.any() and outer.any()):
        return 0.0
    return float(abs(grey[inner].mean() - grey[outer].mean()))
