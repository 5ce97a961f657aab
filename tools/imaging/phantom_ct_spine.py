"""A drawn CT of a lumbar spine whose heights and densities are known exactly: nobody's spine, sampled on any grid.

Bodies are elliptic blocks in an arc, each with its own tilt, wedge and concave end plates; discs between them, an arch
around the canal behind them, and below, where wanted, a sacrum with its wings.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tools.imaging.phantom_ct import CORTEX, FAT, TISSUE, Box, Column, Inside, Real, Shape, Slab, Trunk

PLATE, TRABECULAR, DISC, FLUID, ARCH, SACRAL = 500.0, 150.0, 85.0, 15.0, 420.0, 190.0
SHELL_MM = 1.0
CANAL_MM = 27.0
WIDE, DEEP = 22.0, 16.0
DISC_MM = 9.0


@dataclass(frozen=True)
class Block:
    """An elliptic block whose top leans back by `tilt_deg`; `behind`, `ahead`: its heights at its back and front ends.

    `hollow`: by how much each end plate is sunk in the middle. All millimetres, LPS.
    """

    hu: float
    centre: tuple[float, float, float]
    tilt_deg: float
    wide: float
    deep: float
    behind: float
    ahead: float
    hollow: float = 0.0

    @property
    def box(self) -> Box:
        """What it fits in."""
        reach = math.hypot(self.deep, max(self.behind, self.ahead) / 2)
        x, y, z = self.centre
        return (x - self.wide, x + self.wide), (y - reach, y + reach), (z - reach, z + reach)

    def height(self, share: float) -> float:
        """Its height in the midline at a share of its depth, 0 at the back, 1 at the front."""
        u = 2 * share - 1
        return (self.behind + self.ahead) / 2 + (self.ahead - self.behind) / 2 * u - 2 * self.hollow * (1 - u * u)

    @property
    def ml(self) -> float:
        """Its volume: the wedge adds nothing, each sunk plate takes half of a cylinder of its depth."""
        area = math.pi * self.wide * self.deep
        return area * ((self.behind + self.ahead) / 2 - self.hollow) / 1000

    def inside(self, x: Real, y: Real, z: Real) -> Inside:
        """Which of the places lie in it."""
        turn = math.radians(self.tilt_deg)
        dy, dz = y - self.centre[1], z - self.centre[2]
        u = (dz * math.sin(turn) - dy * math.cos(turn)) / self.deep
        s = dy * math.sin(turn) + dz * math.cos(turn)
        round_ = u * u + ((x - self.centre[0]) / self.wide) ** 2
        tall = (self.behind + self.ahead) / 2 + (self.ahead - self.behind) / 2 * u - 2 * self.hollow * (1 - round_)
        return np.asarray((round_ <= 1) & (np.abs(s) <= tall / 2))


@dataclass(frozen=True)
class Spine:
    """A drawn spine: what is painted, and the bodies from below upwards."""

    drawn: Trunk
    bodies: tuple[Block, ...]


def spine(
    heights: Sequence[tuple[float, float]] = ((27.0, 29.0), (28.0, 29.0), (28.0, 28.5), (28.0, 28.0), (27.0, 26.0)),
    tilts_deg: Sequence[float] = (-16.0, -8.0, 0.0, 7.0, 13.0),
    hollow: float = 1.5,
    trabecular: float = TRABECULAR,
    sacrum: bool = True,
) -> Spine:
    """A spine; `heights` (back, front) and tilts of the bodies from below upwards; one more at each end is cut off."""
    ends = (heights[0], *heights, heights[-1])
    lean = (tilts_deg[0] - 22.0, *tilts_deg, tilts_deg[-1] + 6.0)
    middles = _middles(ends, lean)
    shift = np.array(middles[len(middles) // 2]) - np.array([0.0, 40.0, 0.0])
    blocks = [
        Block(PLATE, (0.0, float(y - shift[1]), float(z - shift[2])), tilt, WIDE, DEEP, behind, ahead, hollow)
        for (_, y, z), tilt, (behind, ahead) in zip(middles, lean, ends, strict=True)
    ]
    shapes: list[Shape] = [
        Slab(FAT, ((-150, 150), (-105, 115), (-170, 170))),
        Column(TISSUE, (0, 15), (100, 80), -170, 170),
    ]
    shapes += [
        replace(one, hu=DISC, behind=one.behind + DISC_MM, ahead=one.ahead + DISC_MM, hollow=0.0) for one in blocks
    ]
    for one in blocks:
        # The canal reaches up to the back wall, which is painted over it.
        shapes += [_arch(one, ARCH, 19.0, 0.62), _arch(one, FLUID, 12.5, 1.3)]
    if sacrum:
        first = blocks[0]
        wings = replace(
            first, hu=CORTEX, wide=58.0, deep=DEEP - 1, behind=first.behind + 2, ahead=first.ahead + 2, hollow=0.0
        )
        shapes += [wings, _inner(wings, SACRAL, 2.0), _arch(first, FLUID, 9.0, 1.0)]
    for one in blocks:
        shapes += [one, _inner(one, trabecular, SHELL_MM)]
    whole = tuple(blocks[1:-1])
    truth = {f"body {number}": one.ml for number, one in enumerate(whole, 1)}
    return Spine(Trunk(tuple(shapes), truth), whole)


def _middles(heights: Sequence[tuple[float, float]], tilts: Sequence[float]) -> list[tuple[float, float, float]]:
    """Middles of the blocks: from each the half of its height and of the disc along its own direction."""
    out = [(0.0, 0.0, 0.0)]
    for number in range(1, len(heights)):
        _, y, z = out[-1]
        for one in (number - 1, number):
            turn = math.radians(tilts[one])
            step = (sum(heights[one]) / 2 + DISC_MM) / 2
            y, z = y + step * math.sin(turn), z + step * math.cos(turn)
        out.append((0.0, y, z))
    return out


def _inner(one: Block, hu: float, shell: float) -> Block:
    """What a shell of even thickness holds."""
    return replace(
        one,
        hu=hu,
        wide=one.wide - shell,
        deep=one.deep - shell,
        behind=one.behind - 2 * shell,
        ahead=one.ahead - 2 * shell,
    )


def _arch(one: Block, hu: float, radius: float, share: float) -> Block:
    """A round block around the canal behind a body, so high as a share of it."""
    turn = math.radians(one.tilt_deg)
    x, y, z = one.centre
    place = (x, y + CANAL_MM * math.cos(turn), z - CANAL_MM * math.sin(turn))
    return Block(hu, place, one.tilt_deg, radius, radius, one.behind * share, one.behind * share)
