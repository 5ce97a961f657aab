"""Ways in which a CT can be spoilt, each in three severities, drawn by code from a seed.

A change takes a CT with its true masks and volumes, and gives all of it back. What moves the voxels moves the masks.
What the picture lost stays in the true volume where nobody could know that it is gone (a slice dropped without a gap
in the header), and leaves it where the picture is plainly of a part (fewer slices, a smaller field of view).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.imaging.volume import Affine, Grid, Volume, Voxels

Random = np.random.Generator
Change = Callable[["Scan", int, Random], "Scan"]


@dataclass(frozen=True, eq=False)
class Scan:
    """A CT, which voxels each structure takes up, and its true volume in millilitres."""

    volume: Volume
    truth: dict[str, Voxels]
    ml: dict[str, float]

    def with_values(self, values: NDArray[Any]) -> Scan:
        """The same places with other values."""
        made = np.ascontiguousarray(values, dtype=np.float32)
        return replace(self, volume=replace(self.volume, values=made, slices=()))

    def moved(self, change: Callable[[NDArray[Any]], NDArray[Any]], affine: Affine | None = None) -> Scan:
        """Values and masks moved alike, in a header that knows of it or does not."""
        volume = replace(
            self.volume,
            values=np.ascontiguousarray(change(self.volume.values)),
            affine=self.volume.affine if affine is None else affine,
            slices=(),
        )
        return Scan(volume, {name: np.ascontiguousarray(change(mask)) for name, mask in self.truth.items()}, self.ml)

    def of_a_part(self) -> Scan:
        """The true volumes are those of what is in the picture."""
        return replace(self, ml={name: float(mask.sum()) * self.volume.voxel_ml for name, mask in self.truth.items()})


def _values(change: Callable[[Grid, int, Random], Any]) -> Change:
    """A change of values only."""

    def made(scan: Scan, level: int, random: Random) -> Scan:
        return scan.with_values(np.asarray(change(scan.volume.values, level, random)))

    return made


def _pixels_of(mm: float, scan: Scan) -> float:
    return mm / scan.volume.spacing_mm[1]


def _axis(size: int) -> NDArray[Any]:
    return np.linspace(-1, 1, size)


def _noise(values: Grid, level: int, random: Random) -> Any:
    return values + random.normal(0, (15.0, 60.0, 200.0)[level], values.shape)


def _starved(values: Grid, level: int, random: Random) -> Any:
    """Too few photons across the shoulders: noise drawn out into lines."""
    from scipy import ndimage

    lines = ndimage.gaussian_filter1d(random.normal(0, 1, values.shape), 12, axis=2)
    return values + (10.0, 50.0, 200.0)[level] * lines / lines.std()


def _salt(values: Grid, level: int, random: Random) -> Any:
    drawn, share = random.random(values.shape), (0.001, 0.01, 0.08)[level]
    return np.where(drawn < share / 2, -1024, np.where(drawn > 1 - share / 2, 3071, values))


def _metal(scan: Scan, level: int, _: Random) -> Scan:
    """A rod of metal beside the spine, with its dark and bright rays."""
    values = scan.volume.values.copy()
    slices, rows, columns = values.shape
    radius = _pixels_of((3.0, 6.0, 12.0)[level], scan)
    y, x = np.mgrid[0:rows, 0:columns]
    y, x = y - 0.55 * rows, x - 0.42 * columns
    away, angle = np.hypot(y, x), np.arctan2(y, x)
    rays = (150.0, 500.0, 1500.0)[level] * np.cos(6 * angle) * np.exp(-away / (0.25 * columns))
    part = slice(slices // 3, 2 * slices // 3)
    values[part] += np.where(away > radius, rays, 0).astype(np.float32)
    values[part, away <= radius] = 8000.0
    return scan.with_values(np.maximum(values, -1024))


def _cupping(scan: Scan, level: int, _: Random) -> Scan:
    """Beam hardening: too dark in the middle."""
    _, rows, columns = scan.volume.values.shape
    away = np.hypot(_axis(rows)[:, None], _axis(columns)[None])
    return scan.with_values(scan.volume.values - (15.0, 80.0, 300.0)[level] * np.clip(1 - away**2, 0, 1))


def _offset(values: Grid, level: int, _: Random) -> Any:
    """A rescale intercept that is wrong, or was lost."""
    return values + (10.0, 70.0, 1024.0)[level]


def _slope(values: Grid, level: int, _: Random) -> Any:
    return values * (1.01, 0.88, 2.0)[level]


def _clipped(values: Grid, level: int, _: Random) -> Any:
    """To 12 bits, to a wide window, to one of soft tissue."""
    return np.clip(values, *((-1024, 3071), (-900, 300), (-160, 240))[level])


def _exported(values: Grid, level: int, _: Random) -> Any:
    """A window written as 0 to 255 and called Hounsfield units."""
    low, high = ((-1024, 3071), (-1000, 1000), (-160, 240))[level]
    made = np.rint((np.clip(values, low, high) - low) / (high - low) * 255)
    return low + made / 255 * (high - low) if level == 0 else made


def _bits(values: Grid, level: int, _: Random) -> Any:
    step = (4.0, 40.0, 300.0)[level]
    return np.round(values / step) * step


def _negative(values: Grid, level: int, _: Random) -> Any:
    """Dense parts wrapped round, as 16 bits read with the wrong sign; all of it."""
    return np.where(values > (1500.0, 200.0, -5000.0)[level], -values, values)


def _kept_slices(scan: Scan, kept: Sequence[int]) -> Scan:
    return scan.moved(lambda array: array[list(kept)])


def _missing(scan: Scan, level: int, _: Random) -> Scan:
    """Slices left out, and nothing says so: one, a tenth in a row, every second."""
    count = scan.volume.values.shape[0]
    gone = (range(count // 2, count // 2 + 1), range(count // 2, count // 2 + count // 10), range(1, count, 2))[level]
    return _kept_slices(scan, [number for number in range(count) if number not in gone])


def _gap(scan: Scan, level: int, _: Random) -> Scan:
    """The same, and the header shows it: slices at uneven distances."""
    made = _missing(scan, level % 2, np.random.default_rng(0))
    return replace(made, volume=replace(made.volume, uniform=False, warnings=("slices at uneven distances",)))


def _disordered(scan: Scan, level: int, random: Random) -> Scan:
    """Two neighbours exchanged, two blocks exchanged, all shuffled."""
    count = scan.volume.values.shape[0]
    order = np.arange(count)
    if level == 0:
        order[[count // 2, count // 2 + 1]] = order[[count // 2 + 1, count // 2]]
    elif level == 1:
        third = count // 3
        order = np.concatenate([order[third : 2 * third], order[:third], order[2 * third :]])
    else:
        random.shuffle(order)
    return _kept_slices(scan, order.tolist())


def _empty(scan: Scan, level: int, _: Random) -> Scan:
    """Slices that were lost and stand there as air: one, a tenth, a third."""
    values = scan.volume.values.copy()
    count = values.shape[0]
    values[count // 2 : count // 2 + (1, max(count // 10, 2), count // 3)[level]] = -1000.0
    return scan.with_values(values)


def _cropped(scan: Scan, level: int, _: Random) -> Scan:
    """A smaller field of view; the header knows."""
    part = (0.04, 0.15, 0.3)[level]
    rows, columns = scan.volume.values.shape[1:]
    top, left = round(part * rows), round(part * columns)
    affine = scan.volume.affine.copy()
    affine[:3, 3] += affine[:3, 0] * left + affine[:3, 1] * top
    return scan.moved(lambda array: array[:, top : rows - top, left : columns - left], affine).of_a_part()


def _covered(scan: Scan, level: int, _: Random) -> Scan:
    """Fewer slices: the lower 0.9, 0.6, 0.3 of them; the header knows."""
    count = max(10, round((0.9, 0.6, 0.3)[level] * scan.volume.values.shape[0]))
    return _kept_slices(scan, range(count)).of_a_part()


def _circle(scan: Scan, level: int, _: Random) -> Scan:
    """Padding beyond the round field of the scanner, which ends outside the body, at it, and well within."""
    _, rows, columns = scan.volume.values.shape
    away = np.hypot(_axis(rows)[:, None] * rows / columns, _axis(columns)[None])
    return scan.with_values(np.where(away > (1.0, 0.75, 0.5)[level], -2000.0, scan.volume.values))


def _couch(scan: Scan, level: int, _: Random) -> Scan:
    """A mattress touching the back, a denser one, one as dense as fat wrapped half round."""
    body = scan.truth["body"]
    thick = max(2, round(_pixels_of(20.0, scan)))
    values = scan.volume.values.copy()
    forward = scan.volume.axes[1] == "P"
    for number in range(values.shape[0]):
        rows = np.flatnonzero(body[number].any(axis=1))
        if not rows.size:
            continue
        back = int(rows[-1]) if forward else int(rows[0])
        reach = (0, 0, round(0.3 * rows.size))[level]
        start, stop = (back - reach, back + thick) if forward else (back - thick + 1, back + reach + 1)
        part = np.zeros_like(body[number])
        part[max(start, 0) : max(stop, 0)] = True
        values[number][part & ~body[number]] = (-700.0, -300.0, -60.0)[level]
    return scan.with_values(values)


def _smooth(scan: Scan, level: int, _: Random) -> Scan:
    from scipy import ndimage

    sigma = _pixels_of((1.0, 3.0, 8.0)[level], scan)
    return scan.with_values(ndimage.gaussian_filter(scan.volume.values, (0, sigma, sigma)))


def _sharp(scan: Scan, level: int, random: Random) -> Scan:
    """A sharp kernel: borders overshoot, noise grows."""
    from scipy import ndimage

    values = scan.volume.values
    sigma = _pixels_of(2.0, scan)
    strength = (0.4, 1.5, 5.0)[level]
    made = values + strength * (values - ndimage.gaussian_filter(values, (0, sigma, sigma)))
    return scan.with_values(np.maximum(made + random.normal(0, 20 * strength, values.shape), -1024))


def _stretched(axis: int, factors: tuple[float, float, float]) -> Change:
    """A spacing in the header that is wrong; `axis` of the affine's columns (2: between slices)."""

    def made(scan: Scan, level: int, _: Random) -> Scan:
        affine = scan.volume.affine.copy()
        for column in (2,) if axis == 2 else (0, 1):
            affine[:3, column] *= factors[level]
        return replace(scan, volume=replace(scan.volume, affine=affine))

    return made


def _leaning(scan: Scan, level: int, _: Random) -> Scan:
    """A tilted gantry that the header does not tell of: each slice a little further to the back."""
    step = np.tan(np.radians((3.0, 12.0, 30.0)[level])) * scan.volume.spacing_mm[0] / scan.volume.spacing_mm[1]
    count = scan.volume.values.shape[0]
    return _shifted(scan, [(round(step * (number - count / 2)), 0) for number in range(count)])


def _shifted(scan: Scan, by: Sequence[tuple[int, int]]) -> Scan:
    def change(array: NDArray[Any]) -> NDArray[Any]:
        out = np.full_like(array, -1000.0 if array.dtype.kind == "f" else False)
        for number, (down, right) in enumerate(by):
            rows, columns = array.shape[1:]
            to = slice(max(down, 0), rows + min(down, 0)), slice(max(right, 0), columns + min(right, 0))
            of = slice(max(-down, 0), rows + min(-down, 0)), slice(max(-right, 0), columns + min(-right, 0))
            out[number][to] = array[number][of]
        return out

    return scan.moved(change).of_a_part()


def _jitter(scan: Scan, level: int, random: Random) -> Scan:
    """The patient moved between slices."""
    reach = max(1.0, _pixels_of((1.5, 6.0, 20.0)[level], scan))
    drawn = np.rint(random.normal(0, reach, (scan.volume.values.shape[0], 2))).astype(int)
    return _shifted(scan, [(int(down), int(right)) for down, right in drawn])


def _breath(scan: Scan, level: int, _: Random) -> Scan:
    """The patient breathed: each slice twice, one of them moved forward."""
    by = max(1, round(_pixels_of((2.0, 8.0, 20.0)[level], scan)))
    return scan.with_values((scan.volume.values + np.roll(scan.volume.values, by, axis=1)) / 2)


def _transposed(scan: Scan, level: int, _: Random) -> Scan:
    """Two axes exchanged, and the header does not know: rows and columns, slices and rows, slices and columns."""
    return scan.moved(lambda array: array.transpose(((0, 2, 1), (1, 0, 2), (2, 1, 0))[level]))


def _flipped(scan: Scan, level: int, _: Random) -> Scan:
    """Left and right, front and back, head and foot exchanged, and the header does not know."""
    return scan.moved(lambda array: np.flip(array, 2 - level))


def _turned(scan: Scan, level: int, _: Random) -> Scan:
    """The same grid stored otherwise, and the header knows: nothing has changed."""
    affine = scan.volume.affine.copy()
    axis = 2 - level
    column = 2 - axis
    affine[:3, 3] += affine[:3, column] * (scan.volume.values.shape[axis] - 1)
    affine[:3, column] *= -1
    return scan.moved(lambda array: np.flip(array, axis), affine)


def _thick(scan: Scan, level: int, _: Random) -> Scan:
    """Means over 2, 5, 10 slices, written once for each of them."""
    values, step = scan.volume.values.copy(), (2, 5, 10)[level]
    for start in range(0, values.shape[0], step):
        values[start : start + step] = values[start : start + step].mean(axis=0)
    return scan.with_values(values)


def _contrast(scan: Scan, level: int, _: Random) -> Scan:
    """An agent in what is soft near the middle."""
    from scipy import ndimage

    values = scan.volume.values
    y, x = (_axis(size) for size in values.shape[1:])
    near = np.hypot(y[:, None] * 1.6, x[None] * 1.6) < 0.5
    soft = ndimage.uniform_filter(values, 3)
    return scan.with_values(np.where(near & (soft > -20) & (soft < 120), values + (60, 180, 400)[level], values))


def _rings(scan: Scan, level: int, _: Random) -> Scan:
    _, rows, columns = scan.volume.values.shape
    y, x = np.mgrid[0:rows, 0:columns]
    away = np.hypot(y - rows / 2, x - columns / 2)
    return scan.with_values(scan.volume.values + (8.0, 50.0, 250.0)[level] * np.sin(away * 2 * np.pi / 7))


KINDS: dict[str, Change] = {
    "noise": _values(_noise),
    "photon starvation": _values(_starved),
    "salt and pepper": _values(_salt),
    "metal": _metal,
    "cupping": _cupping,
    "wrong intercept": _values(_offset),
    "wrong slope": _values(_slope),
    "clipping": _values(_clipped),
    "windowed export": _values(_exported),
    "few grey levels": _values(_bits),
    "wrapped values": _values(_negative),
    "missing slices": _missing,
    "gap in the header": _gap,
    "disordered slices": _disordered,
    "empty slices": _empty,
    "cropped": _cropped,
    "partial coverage": _covered,
    "round field": _circle,
    "couch": _couch,
    "smooth kernel": _smooth,
    "sharp kernel": _sharp,
    "wrong distance of slices": _stretched(2, (1.08, 1.6, 3.0)),
    "wrong pixel spacing": _stretched(0, (1.05, 1.4, 3.0)),
    "untold tilt": _leaning,
    "slice jitter": _jitter,
    "breathing": _breath,
    "exchanged axes": _transposed,
    "untold flip": _flipped,
    "told flip": _turned,
    "thick slices": _thick,
    "contrast agent": _contrast,
    "rings": _rings,
}
