"""`ct-spine`: the bodies of thoracic and lumbar vertebrae on a CT, told apart by their discs. No network, no weights.

The canal is followed, discs are found along it, and a body is outlined between each two. A level (L1) is named only
where the sacrum is seen below; else vertebrae are counted from the top of what was found.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tools.errors import BadInput, NotAssessable
from tools.imaging.volume import Volume
from tools.segmenters.contract import Card, Prompts, Target
from tools.segmenters.ct_body import body as outline_of
from tools.segmenters.ct_grid import CtGrid, ct_grid
from tools.segmenters.ct_spine_axis import axis
from tools.segmenters.ct_spine_body import Body, body
from tools.segmenters.ct_spine_discs import Disc, discs, sacrum_below
from tools.segmenters.segment import Segment

ALGORITHM = "osler-ct-spine"
VERSION = "1.0.0"
WHOLE = "vertebra"
# From the sacrum upwards.
LEVELS = (*(f"L{n}" for n in range(5, 0, -1)), *(f"T{n}" for n in range(12, 0, -1)))
NAMES = tuple(f"{level} vertebra" for level in LEVELS)
COUNTED = (
    "the level was counted up from the sacrum, ribs were not counted: a transitional vertebra or a lumbar rib shifts "
    "every name by one in slightly under 10 % of people (doi 10.1007/s13244-013-0286-0); check it"
)
UNNAMED = "the level is not known: no sacrum was recognised below, so vertebrae are counted from the top"
BODY_ONLY = "the body alone: pedicles, arch and processes are left out"
# A disc this much fainter than the others, a distance this much longer than the next: something may be joined.
FAINT = 0.5
LONG = 1.5
EDGE_HU = 60.0
THICK_MM = 3.5
CARD = Card(
    name="ct-spine",
    version=VERSION,
    title="Bodies of thoracic and lumbar vertebrae on CT by canal and discs",
    modalities=frozenset({"CT"}),
    anatomy=frozenset(),
    dimensions=3,
    structures=(WHOLE, *NAMES),
    prompts=frozenset({"structure"}),
    licence="Apache-2.0",
    source="Osler",
    measured=(
        "against another program's labels, one scan of 3 mm in view of which it was made: bodies Dice 0.90, five of "
        "five levels alike; drawn spines: heights within 1.2 mm at 1.5 to 2 mm, 3.1 mm at 3 mm (osler bench ct-organs)"
    ),
)


@dataclass(frozen=True, eq=False)
class Found:
    """A vertebra: its body, the discs below and above, its level where established, and what speaks against it."""

    body: Body
    lower: Disc
    upper: Disc
    level: str | None
    number: int
    doubts: tuple[str, ...]

    @property
    def name(self) -> str:
        """What its segment is called."""
        return f"{self.level} vertebra" if self.level else f"{WHOLE}, number {self.number} from the top"


class CtSpine:
    """The segmenter; everything is worked out at the call."""

    card = CARD

    def lacks(self) -> str | None:
        """It always runs."""
        return None

    def segment(self, target: Target, structures: Sequence[str], prompts: Prompts | None = None) -> list[Segment]:
        """The bodies from the top downwards, or the level asked for.

        Raises:
            BadInput: not a volume, or a structure it does not know.
            NotAssessable: not a CT in Hounsfield units, slices uneven or tilted, no spine, or the level is not known.
        """
        unknown = sorted(set(structures) - set(self.card.structures))
        if unknown or not structures:
            raise BadInput(
                "this segmenter does not know the structure",
                found=", ".join(unknown) or "none named",
                expected=", ".join(self.card.structures),
                action="name one of these",
            )
        grid = ct_grid(target)
        every = vertebrae(grid)
        wanted = every if WHOLE in structures else [one for one in every if one.name in structures]
        if not wanted:
            raise _not_there(structures, every)
        return [_segment(grid, one) for one in wanted]


def vertebrae(grid: CtGrid) -> list[Found]:
    """The whole vertebrae from the top downwards.

    Raises:
        NotAssessable: no spine, or no two discs with a body between them.
    """
    line = axis(_coarse(grid), outline_of(grid).mask)
    found = discs(grid.volume, line)
    if len(found) < 2:
        raise NotAssessable(
            "no whole vertebra was found",
            found=f"{len(found)} disc along {len(line.places)} mm of the spine",
            expected="a vertebra with the discs above and below it, thoracic or lumbar",
            action="give a longer series, or draw the vertebra and give the mask",
        )
    sacrum = sacrum_below(grid.volume, found)
    made: list[Found] = []
    sure = sacrum is not None
    for number in range(sacrum or 0, len(found) - 1):
        lower, upper = found[number], found[number + 1]
        doubts, whole = _doubts(found, number)
        sure = sure and whole and number - (sacrum or 0) < len(LEVELS)
        level = LEVELS[number - (sacrum or 0)] if sure else None
        shape = body(grid.volume, line, lower, upper)
        if shape.edge_hu < EDGE_HU:
            doubts.append(f"faint edges ({shape.edge_hu:.0f} HU): the outline is not to be relied on")
        made.append(Found(shape, lower, upper, level, 0, tuple(doubts)))
    made.reverse()
    return [replace(one, number=number) for number, one in enumerate(made, 1)]


def _coarse(grid: CtGrid) -> Volume:
    """The grid's coarse copy as a volume of its own."""
    affine = grid.volume.affine.copy()
    wide = np.array(grid.factors[::-1], dtype=float)
    affine[:3, 3] += affine[:3, :3] @ ((wide - 1) / 2)
    affine[:3, :3] *= wide
    return replace(grid.volume, values=grid.coarse, affine=affine, slices=())


def _doubts(found: Sequence[Disc], number: int) -> tuple[list[str], bool]:
    """What speaks against a vertebra, and whether it can be one vertebra at all."""
    lower, upper = found[number], found[number + 1]
    clear = float(np.median([one.score for one in found]))
    doubts = [
        f"the disc {where} it is faint"
        for where, one in (("below", lower), ("above", upper))
        if one.score < FAINT * clear
    ]
    lengths = [float(np.linalg.norm(b.middle - a.middle)) for a, b in itertools.pairwise(found)]
    near = [lengths[n] for n in (number - 1, number + 1) if 0 <= n < len(lengths)]
    if near and lengths[number] > LONG * max(near):
        doubts.append("much taller than its neighbours: two vertebrae may have been taken for one")
        return doubts, False
    return doubts, True


def _segment(grid: CtGrid, one: Found) -> Segment:
    doubts = [*grid.doubts, *one.doubts, COUNTED if one.level else UNNAMED, BODY_ONLY]
    confidence = 0.7 - 0.25 * len(one.doubts)
    if max(grid.volume.spacing_mm) > THICK_MM:
        doubts.append(f"voxels of {max(grid.volume.spacing_mm):g} mm: end plates are blurred")
        confidence -= 0.1
    mask = grid.back(one.body.mask(grid.volume))
    return Segment(one.name, mask, round(max(confidence, 0.1), 2), ALGORITHM, VERSION, doubts=tuple(doubts))


def _not_there(structures: Sequence[str], every: Sequence[Found]) -> NotAssessable:
    known = [one.name for one in every]
    if any(one.level for one in every):
        return NotAssessable(
            f"the {' and the '.join(structures)} was not found on this scan",
            found=", ".join(known),
            expected="a level that is wholly in the picture",
            action="name one of these, or give a longer series",
        )
    return NotAssessable(
        "which vertebra is which level is not known on this scan",
        found=f"no sacrum recognised below the {len(every)} found",
        expected="a scan that shows the sacrum and every vertebra up to the one asked for",
        action='ask for "vertebrae", see which it is, and give its mask with --mask and --structure LEVEL',
    )


segmenter = CtSpine()
