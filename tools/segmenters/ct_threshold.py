"""`ct-threshold`: body, lungs, airway and bone on a CT by thresholds and morphology. No network, no weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tools.errors import BadInput, NotAssessable
from tools.segmenters.contract import Card, Prompts, Target
from tools.segmenters.ct_airway import AREA_MM2, LEAST_LENGTH_MM, Airway, airway, fine
from tools.segmenters.ct_body import Body, body, body_voxels
from tools.segmenters.ct_bone import bone
from tools.segmenters.ct_doubts import (
    OUT_OF_PROPORTION,
    doubted,
    exchanged_doubts,
    lowered,
    proportion_doubts,
    scan_figures,
)
from tools.segmenters.ct_grid import CtGrid, ct_grid
from tools.segmenters.ct_lungs import lungs
from tools.segmenters.segment import Segment

ALGORITHM = "osler-ct-threshold"
VERSION = "1.0.0"
# The shortest and narrowest windpipe that is looked for.
LEAST_AIRWAY_ML = LEAST_LENGTH_MM * AREA_MM2[0] / 1000
SIDES = ("right lung", "left lung")
STRUCTURES = ("body", "lung", *SIDES, "airway", "bone")
CARD = Card(
    name="ct-threshold",
    version=VERSION,
    title="Body, lungs, airway and bone on CT by thresholds and morphology",
    modalities=frozenset({"CT"}),
    anatomy=frozenset(),
    dimensions=3,
    structures=STRUCTURES,
    prompts=frozenset({"structure"}),
    licence="Apache-2.0",
    source="Osler",
    measured=(
        "against another program's labels: bases of the lungs Dice 0.96 (two scans of one person), bone 0.78 (three "
        "scans); on drawn trunks volumes of body and lungs within 0.6 %, bone within 1.7 % (3.2 % in slices of 5 mm; "
        "osler bench ct-organs)"
    ),
)


class CtThreshold:
    """The segmenter; everything is worked out at the call."""

    card = CARD

    def lacks(self) -> str | None:
        """It always runs."""
        return None

    def segment(self, target: Target, structures: Sequence[str], prompts: Prompts | None = None) -> list[Segment]:
        """The structures asked for; "lung" gives both sides. What is not found is left out unless nothing is.

        Raises:
            BadInput: not a volume, or a structure it does not know.
            NotAssessable: not a CT in Hounsfield units, slices uneven or tilted, or none of the structures is there.
        """
        wanted = _wanted(structures)
        grid = ct_grid(target)
        outline = body(grid)
        tree = airway(grid, outline.mask) if wanted & {"airway", *SIDES} else None
        made: list[Segment] = []
        missing: list[NotAssessable] = []
        for part in (_body, _lungs, _airway, _bone):
            try:
                made += part(grid, outline, tree, wanted)
            except NotAssessable as error:
                missing.append(error)
        if not made:
            raise missing[0]
        return _with_doubts(grid, outline, made)


def _with_doubts(grid: CtGrid, outline: Body, made: list[Segment]) -> list[Segment]:
    """What the scan as a whole takes from the confidence, and the masks on the scan's own grid."""
    scan = scan_figures(grid, outline.mask)
    right, left = (next((one.mask for one in made if one.structure == side), None) for side in SIDES)
    sizes = proportion_doubts(grid, outline.mask, right, left)
    sides = exchanged_doubts(right, left)
    found = []
    for one in made:
        told = lowered(doubted(one, scan), OUT_OF_PROPORTION * len(sizes), sizes)
        if one.structure in SIDES:
            told = lowered(told, 0.15 * len(sides), sides)
        found.append(replace(told, mask=grid.back(one.mask)))
    return found


def _wanted(structures: Sequence[str]) -> set[str]:
    unknown = sorted(set(structures) - set(STRUCTURES))
    if unknown or not structures:
        raise BadInput(
            "this segmenter does not know the structure",
            found=", ".join(unknown) or "none named",
            expected=", ".join(STRUCTURES),
            action="name one of these",
        )
    wanted = set(structures)
    return wanted | set(SIDES) if "lung" in wanted else wanted


# The parts' masks lie on the turned grid: slices to the head, rows to the back.
def _body(grid: CtGrid, outline: Body, tree: Airway | None, wanted: set[str]) -> list[Segment]:
    if "body" not in wanted:
        return []
    mask = body_voxels(grid, outline)
    return [Segment("body", mask, outline.confidence, ALGORITHM, VERSION, doubts=(*grid.doubts, *outline.doubts))]


def _lungs(grid: CtGrid, outline: Body, tree: Airway | None, wanted: set[str]) -> list[Segment]:
    if not wanted & set(SIDES):
        return []
    found = lungs(grid, outline.mask, tree)
    doubts = (*grid.doubts, *found.doubts)
    sides = dict(zip(SIDES, (found.right, found.left), strict=True))
    made = [
        Segment(name, mask, found.confidence, ALGORITHM, VERSION, doubts=doubts)
        for name, mask in sides.items()
        if name in wanted and mask is not None
    ]
    if not made:
        raise NotAssessable(
            f"the {' and the '.join(sorted(wanted & set(SIDES)))} was not found",
            found="; ".join(doubts),
            expected="air in that side of the chest",
            action="check the region and the orientation of the series",
        )
    return made


def _airway(grid: CtGrid, outline: Body, tree: Airway | None, wanted: set[str]) -> list[Segment]:
    if "airway" not in wanted:
        return []
    mask = None if tree is None else fine(grid, outline.mask, tree)
    if mask is None or float(mask.sum()) * grid.volume.voxel_ml < LEAST_AIRWAY_ML:
        raise NotAssessable(
            "no windpipe was found",
            found="no round column of air near the midline, at least 20 mm long",
            expected="a CT with the windpipe in the picture",
            action="check the region of the series",
        )
    doubts = [*grid.doubts, "the branches beyond the large bronchi are not followed"]
    confidence = 0.8
    if max(grid.volume.spacing_mm) > 2.5:
        doubts.append("thick slices: thin walls between airway and lung are not seen")
        confidence = 0.6
    return [Segment("airway", mask, confidence, ALGORITHM, VERSION, doubts=tuple(doubts))]


def _bone(grid: CtGrid, outline: Body, tree: Airway | None, wanted: set[str]) -> list[Segment]:
    if "bone" not in wanted:
        return []
    found = bone(grid, outline.mask)
    doubts = (*grid.doubts, *found.doubts, "calcified cartilage and large calcified vessels count as bone")
    return [Segment("bone", found.mask, found.confidence, ALGORITHM, VERSION, doubts=doubts)]


segmenter = CtThreshold()
