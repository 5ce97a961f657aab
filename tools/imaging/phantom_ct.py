"""A drawn CT of a trunk whose volumes are known exactly: nobody's body, sampled on any grid.

Every shape has a formula for its volume, so that a segmenter can be measured in any spacing, flip, tilt or oblique
grid. Millimetres in LPS (x to the patient's left, y to the back, z to the head), the carina near the origin.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tools.imaging.frame import Header
from tools.imaging.volume import Affine, Grid, Volume

Real = NDArray[np.float64]
Inside = NDArray[np.bool_]
Box = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]
AIR, LUNG, FAT, TISSUE, HOLE = -1000.0, -850.0, -100.0, 40.0, -990.0
# The outermost layer of bone is as scanners show it, blurred; then come cortex and marrow.
RIM, CORTEX, MARROW = 420.0, 650.0, 180.0


@dataclass(frozen=True)
class Ellipsoid:
    """An ellipsoid with axes along x, y and z."""

    hu: float
    centre: tuple[float, float, float]
    radii: tuple[float, float, float]

    @property
    def ml(self) -> float:
        """Its volume."""
        return 4 / 3 * math.pi * math.prod(self.radii) / 1000

    @property
    def box(self) -> Box:
        """What it fits in."""
        (x, y, z), (a, b, c) = self.centre, self.radii
        return (x - a, x + a), (y - b, y + b), (z - c, z + c)

    def inside(self, x: Real, y: Real, z: Real) -> Inside:
        """Which of the places lie in it."""
        (u, v, w), (a, b, c) = self.centre, self.radii
        return np.asarray(((x - u) / a) ** 2 + ((y - v) / b) ** 2 + ((z - w) / c) ** 2 <= 1)


@dataclass(frozen=True)
class Column:
    """A stack of equal ellipses from `bottom` to `top`, each shifted by `lean` millimetres in x for one up in z."""

    hu: float
    centre: tuple[float, float]
    radii: tuple[float, float]
    bottom: float
    top: float
    lean: float = 0.0

    @property
    def ml(self) -> float:
        """Its volume; leaning does not change it (Cavalieri)."""
        return math.pi * math.prod(self.radii) * (self.top - self.bottom) / 1000

    @property
    def box(self) -> Box:
        """What it fits in."""
        (x, y), (a, b) = self.centre, self.radii
        far = self.lean * (self.bottom - self.top)
        return (x - a + min(far, 0), x + a + max(far, 0)), (y - b, y + b), (self.bottom, self.top)

    def inside(self, x: Real, y: Real, z: Real) -> Inside:
        """Which of the places lie in it; the centre is that of the top."""
        (u, v), (a, b) = self.centre, self.radii
        shifted = u + self.lean * (z - self.top)
        return np.asarray((((x - shifted) / a) ** 2 + ((y - v) / b) ** 2 <= 1) & (z >= self.bottom) & (z <= self.top))


@dataclass(frozen=True)
class Ring:
    """A torus lying flat, stretched in x: a closed rib."""

    hu: float
    centre: tuple[float, float, float]
    radius: float
    thickness: float
    stretch: float = 1.0

    @property
    def ml(self) -> float:
        """Its volume (Pappus), times the stretch."""
        return 2 * math.pi**2 * self.radius * self.thickness**2 * self.stretch / 1000

    @property
    def box(self) -> Box:
        """What it fits in."""
        (x, y, z), reach = self.centre, self.radius + self.thickness
        wide = reach * self.stretch
        return (x - wide, x + wide), (y - reach, y + reach), (z - self.thickness, z + self.thickness)

    def inside(self, x: Real, y: Real, z: Real) -> Inside:
        """Which of the places lie in it."""
        u, v, w = self.centre
        around = np.hypot((x - u) / self.stretch, y - v) - self.radius
        return np.asarray(around**2 + (z - w) ** 2 <= self.thickness**2)


@dataclass(frozen=True)
class Slab:
    """A block: the table."""

    hu: float
    box: Box

    @property
    def ml(self) -> float:
        """Its volume."""
        return math.prod(high - low for low, high in self.box) / 1000

    def inside(self, x: Real, y: Real, z: Real) -> Inside:
        """Which of the places lie in it."""
        (a, b), (c, d), (e, f) = self.box
        return np.asarray((x >= a) & (x <= b) & (y >= c) & (y <= d) & (z >= e) & (z <= f))


class Shape(Protocol):
    """What can be painted."""

    @property
    def hu(self) -> float:
        """Its density."""
        ...

    @property
    def ml(self) -> float:
        """Its volume."""
        ...

    @property
    def box(self) -> Box:
        """What it fits in."""
        ...

    def inside(self, x: Real, y: Real, z: Real) -> Inside:
        """Which of the places lie in it."""
        ...


@dataclass(frozen=True)
class Trunk:
    """A drawn trunk: shapes in the order they are painted, and the true volume of each structure in millilitres."""

    shapes: tuple[Shape, ...] = field(repr=False)
    truth: dict[str, float]

    def with_shapes(self, *more: Shape) -> Trunk:
        """The same with more painted over it; the truths stay those of the trunk."""
        return replace(self, shapes=(*self.shapes, *more))


def trunk(holes: int = 8, nodules: bool = True, table: bool = True) -> Trunk:
    """A trunk with lungs, windpipe and main bronchi, spine and ribs, gas in the stomach, and the table under it.

    `holes`: emphysema, as spheres of 6 mm radius in each lung. Nodules and vessels count as lung.
    """
    body = Column(FAT, (0, 0), (165, 115), -150, 130)
    right = Ellipsoid(LUNG, (-78, 0, -10), (55, 60, 105))
    left = Ellipsoid(LUNG, (78, 4, -10), (50, 58, 100))
    trachea = Column(AIR, (0.3, 10.2), (9, 9), 20, 130)
    bronchi = [Column(AIR, (0.3, 10.2), (7, 7), -4, 20, lean) for lean in (0.5, -0.5)]
    # Two leaning discs of one radius r part at speed 2 s: what both hold is the integral of the lens, 4 r^3 / (3 s).
    shared = 4 * 7**3 / (3 * 0.5) / 1000
    spine = Column(RIM, (0, 70), (20, 17), -150, 130)
    levels = (-120, -80, -40, 0, 40, 80, 110)
    ribs = [Ring(RIM, (0, 0, z), 97, 5.5, 1.48) for z in levels]
    inner: list[Shape] = [Ring(CORTEX, (0, 0, z), 97, 3.5, 1.48) for z in levels]
    inner += [Column(CORTEX, (0, 70), (17, 14), -150, 130), Column(MARROW, (0, 70), (14, 11), -150, 130)]
    gas = Ellipsoid(AIR, (60, -20, -128), (30, 25, 16))
    found: list[Shape] = []
    for lung in (right, left):
        found += _blobs(lung, HOLE, 6.0, holes)
    solid: list[Shape] = []
    if nodules:
        for lung in (right, left):
            u, v, w = lung.centre
            solid += [
                Ellipsoid(TISSUE, (u, v - 20, w + 40), (5, 5, 5)),
                Column(TISSUE, (u, v + 30), (2.5, 2.5), w - 40, w + 40, 0.2),
            ]
    under: list[Shape] = []
    if table:
        under = [
            Slab(-750.0, ((-200, 200), (122, 142), (-150, 130))),
            Slab(60.0, ((-200, 200), (122, 124), (-150, 130))),
            Slab(60.0, ((-200, 200), (140, 142), (-150, 130))),
        ]
    muscle = Column(TISSUE, (0, 0), (152, 102), -150, 130)
    shapes = (*under, body, muscle, *ribs, spine, *inner, right, left, gas, *found, *solid, trachea, *bronchi)
    lungs = right.ml + left.ml
    truth = {
        "body": body.ml,
        "right lung": right.ml,
        "left lung": left.ml,
        "airway": trachea.ml + sum(one.ml for one in bronchi) - shared,
        "bone": spine.ml + sum(rib.ml for rib in ribs),
        "low attenuation %": 100 * sum(hole.ml for hole in found) / lungs,
    }
    return Trunk(shapes, truth)


def grid(
    spacing: tuple[float, float, float] = (2.5, 1.5, 1.5),
    low: tuple[float, float, float] = (-210.0, -130.0, -150.0),
    high: tuple[float, float, float] = (210.0, 155.0, 130.0),
    *,
    axes: Sequence[int] = (0, 1, 2),
    flips: Sequence[int] = (),
    turn_deg: float = 0.0,
    shear: float = 0.0,
) -> tuple[Affine, tuple[int, int, int]]:
    """An affine from (column, row, slice) to LPS, and the array's shape (slices, rows, columns), that cover a box.

    `spacing` along (z, y, x) of the body. `axes`: which of the body's (z, y, x) the array axes follow; `flips`: which
    array axes run backwards; `turn_deg`: the grid turned about x; `shear`: millimetres in y for one in z.
    """
    sizes = [math.ceil((high[n] - low[n]) / spacing[2 - n]) for n in range(3)]
    # Columns: x, y, z of the body; places are voxel centres.
    directions = np.diag([spacing[2], spacing[1], spacing[0]]).astype(float)
    directions[1, 2] += shear * spacing[0]
    turn = math.radians(turn_deg)
    rotation = np.array([[1, 0, 0], [0, math.cos(turn), -math.sin(turn)], [0, math.sin(turn), math.cos(turn)]])
    middle = np.array([(a + b) / 2 for a, b in zip(low, high, strict=True)])
    start = middle - directions @ ((np.array(sizes) - 1) / 2)
    directions = rotation @ directions
    start = rotation @ (start - middle) + middle
    affine = np.eye(4)
    affine[:3, 3] = start
    shape = []
    for array_axis, body_axis in enumerate(axes):
        xyz = 2 - body_axis
        step, size = directions[:, xyz].copy(), sizes[xyz]
        if array_axis in flips:
            affine[:3, 3] += step * (size - 1)
            step = -step
        affine[:3, 2 - array_axis] = step
        shape.append(size)
    return affine, (shape[0], shape[1], shape[2])


def sampled(
    what: Trunk,
    affine: Affine,
    shape: tuple[int, int, int],
    *,
    per_axis: int | tuple[int, int, int] = 2,
    noise: float = 0.0,
    header: Header | None = None,
    tilt_deg: float = 0.0,
) -> Volume:
    """The trunk as a CT volume: each voxel the mean of `per_axis` places along each axis, air around, seeded noise.

    Two places in a slice of 5 mm are too few: a rib is then drawn up to 3 % too large or too small (`places`).
    """
    values = np.empty(shape, dtype=np.float32)
    random = np.random.default_rng(0)
    for start in range(0, shape[0], 16):
        stop = min(start + 16, shape[0])
        slab = painted(what, affine, (start, stop), shape, per_axis)
        if noise:
            slab += random.standard_normal(slab.shape, dtype=np.float32) * np.float32(noise)
        values[start:stop] = np.rint(slab)
    stated = header or Header(modality="CT", body_part="CHEST")
    digest = hashlib.sha256(values.tobytes()).hexdigest()
    return Volume(values, affine, "drawn trunk", digest, "drawn", "drawn", tilt_deg=tilt_deg, header=stated)


def painted(
    what: Trunk,
    affine: Affine,
    slices: tuple[int, int],
    shape: tuple[int, int, int],
    per_axis: int | tuple[int, int, int] = 2,
) -> Grid:
    """Some slices of the volume, without noise; `per_axis` along (slice, row, column)."""
    start, stop = slices
    total = np.zeros((stop - start, *shape[1:]), dtype=np.float32)
    counts = (per_axis,) * 3 if isinstance(per_axis, int) else per_axis
    slice_steps, row_steps, column_steps = ((np.arange(count) + 0.5) / count - 0.5 for count in counts)
    for s in slice_steps:
        for r in row_steps:
            for c in column_steps:
                moved = affine.copy()
                moved[:3, 3] += affine[:3, :3] @ np.array([c, r, s])
                total += _once(what.shapes, moved, start, total.shape)
    return total / np.float32(math.prod(counts))


def places(affine: Affine, apart_mm: float = 0.75) -> tuple[int, int, int]:
    """So many places along (slice, row, column) of a voxel that they are at most so far apart."""
    across = np.linalg.norm(affine[:3, :3], axis=0)
    column, row, slice_ = (max(2, math.ceil(float(length) / apart_mm - 1e-6)) for length in across)
    return slice_, row, column


def _once(shapes: Sequence[Shape], affine: Affine, start: int, shape: tuple[int, ...]) -> Grid:
    values = np.full(shape, AIR, dtype=np.float32)
    inverse = np.linalg.inv(affine)
    for one in shapes:
        corners = np.array([(x, y, z, 1.0) for x in one.box[0] for y in one.box[1] for z in one.box[2]])
        index = (inverse @ corners.T)[:3] - np.array([[0], [0], [start]])
        low = np.maximum(np.floor(index.min(axis=1)), 0).astype(int)
        high = np.minimum(np.ceil(index.max(axis=1)) + 1, np.array(shape[::-1])).astype(int)
        if (high <= low).any():
            continue
        c, r, s = (np.arange(a, b, dtype=float) for a, b in zip(low, high, strict=True))
        s = s + start
        x, y, z = (
            affine[n, 0] * c[None, None, :]
            + affine[n, 1] * r[None, :, None]
            + affine[n, 2] * s[:, None, None]
            + affine[n, 3]
            for n in range(3)
        )
        part = values[low[2] : high[2], low[1] : high[1], low[0] : high[0]]
        part[one.inside(x, y, z)] = one.hu
    return values


def _blobs(lung: Ellipsoid, hu: float, radius: float, count: int) -> Iterator[Ellipsoid]:
    """Spheres apart from each other and from the border, where nothing else is drawn: the lung's front and top."""
    u, v, w = lung.centre
    for number in range(count):
        angle = 2 * math.pi * number / max(count, 1)
        centre = (u + 22 * math.cos(angle), v - 5 + 22 * math.sin(angle), w - 30 - 8.0 * (number % 2))
        yield Ellipsoid(hu, centre, (radius, radius, radius))
