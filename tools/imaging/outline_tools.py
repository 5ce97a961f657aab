"""`image.point` and `image.segment`: a structure outlined by its name, or where a person points.

What is measured on it (`image.sizes`) reads the outline, so that a person's box, brush or rejection reruns what rests
on it and nothing else.
What a program outlines is not validated (docs/segmenters.md): it is shown as such and decides no criterion.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field

from knowledge.coding import Coding
from knowledge.evidence import Evidence, Statement
from tools.context import ToolContext
from tools.errors import BadInput, NotAssessable
from tools.imaging.chest import bound
from tools.imaging.describe import item_of, region
from tools.imaging.dicom_out import HAND
from tools.imaging.frame import Image
from tools.imaging.mask_files import UNKNOWN_HAND
from tools.imaging.measures.shape import box_of
from tools.imaging.outline_files import DRAWN, AnyMask, keep_outline, labels_of, parts_of
from tools.imaging.outline_prompts import pointed_shown, read_pointed
from tools.imaging.sizes import OnImage, folder_of, target_for
from tools.imaging.slices import slice_of
from tools.imaging.volume import Volume
from tools.segmenters.contract import Prompts, Target
from tools.segmenters.segment import Segment
from tools.segmenters.structures import OBJECT, REGION
from tools.spec import ToolOutput, ToolSpec, tool

VERSION = "1.0.0"
OUTLINE, POINTED = "outline", "pointed"
POINT = "point at it: a box or a click on a slice, as a correction of what is pointed at"
WITHIN: Mapping[str, str] = {"emphysema": "lungs"}
"""What is no structure but is measured within one (`tools.imaging.outline_sizes`)."""

_STEP = re.compile(r"slice \d+: propagated from slice")


class PointParams(OnImage):
    """On which image."""


class SegmentParams(OnImage):
    """What is outlined: by its name, or what is pointed at."""

    structure: str = Field(default="", description="a structure in the field's words: liver, left lung")
    pointed: str | None = Field(default=None, description="bound from image.point: what a person points at")


@tool("image.point", version=VERSION, kind="image", title="What a person points at on an image")
async def image_point(params: PointParams, ctx: ToolContext) -> ToolOutput:
    """Holds what a person points at on an attached image or volume. Empty until a person gives it as a correction:
    {"box": [x0, y0, x1, y1]} and/or {"points": [[x, y, "+"], ...]} in 0-based stored pixels, on a volume with
    "slice": N."""

    def hold() -> ToolOutput:
        target = target_for(params, ctx)
        shown = f"nothing is pointed at yet{f' for the {params.structure}' if params.structure else ''}"
        return ToolOutput(evidence=[item_of(ctx, target, None, shown, region(target, segment=POINTED))])

    return await asyncio.to_thread(hold)


@tool("image.segment", version=VERSION, kind="image", title="The outline of a structure on an image or a volume")
async def image_segment(params: SegmentParams, ctx: ToolContext) -> ToolOutput:
    """Outlines a structure by its name where something here can, or what is pointed at. A correction replaces the
    outline or a part of it: a brush, a mask, a box or clicks, a rejection."""

    def draw() -> ToolOutput:
        target = target_for(params, ctx)
        given = bound(ctx, "pointed")
        prompts = read_pointed(given, target) if given is not None else None
        segments = outlined_for(target, params.structure, prompts, models_beside(folder_of(params, ctx)))
        where = ""
        if prompts is not None:
            source = ctx.inputs["pointed"].source
            who = source.by if isinstance(source, Statement) and source.by else "a person"
            where = f" where {who} pointed ({pointed_shown(prompts)})"
        return drawn(segments, target, folder_of(params, ctx), ctx, where)

    return await asyncio.to_thread(draw)


def outlined_for(target: Target, structure: str, prompts: Prompts | None, models: Path) -> list[Segment]:
    """What is named or pointed at.

    Raises:
        NotAssessable: nothing is named or pointed at, or nothing here outlines it; the action says how to go on.
        BadInput: it is no structure, or a prompt cannot be used.
    """
    from tools.imaging.measuring import outlined
    from tools.segmenters.prompts import WhichStructure

    name = WITHIN.get(structure.strip().casefold(), structure.strip())
    pointed = prompts is not None and bool(prompts.kinds)
    if not pointed and not name:
        raise NotAssessable(
            "nothing is named and nothing is pointed at",
            found="an image alone",
            expected="the name of a structure, a box or a click",
            action=f"name a structure, or {POINT}",
        )
    try:
        return outlined(target, name or None, prompts if pointed else None, models)
    except WhichStructure:
        raise
    except NotAssessable as error:
        # Its advice is that of the command line.
        if pointed or "point at it" not in error.action:
            raise
        raise NotAssessable(error.message, found=error.found, expected=error.expected, action=POINT) from error


def drawn(segments: Sequence[Segment], target: Target, folder: Path, ctx: ToolContext, where: str = "") -> ToolOutput:
    """Segments kept and as evidence: the outline, then one item for each part."""
    from tools.imaging.measuring import unvalidated

    by_name = {one.structure: one for one in segments}
    shape = target.pixels.shape if isinstance(target, Image) else target.values.shape
    labels, names, shared = labels_of({name: one.mask for name, one in by_name.items()}, shape)
    parts = {name: mask for name, mask in parts_of(labels, names).items() if mask.any()}
    if not parts:
        raise NotAssessable("nothing was outlined", found="an empty outline", expected="a structure", action=POINT)
    key = keep_outline(folder, labels, names)
    by = " and ".join(dict.fromkeys(f"{one.algorithm} {one.version}".strip() for one in segments))
    sure = min(one.confidence for one in segments)
    head = Evidence(
        slot=ctx.slot,
        value=f"{DRAWN}{key}",
        display=f"{', '.join(parts)} outlined by {by}{where}{_slices(labels)}, confidence {sure:.2f} (uncalibrated); "
        "unvalidated",
        effective_at=target.header.taken_at,
        patient=ctx.patient,
        source=place_of(target, labels > 0, OUTLINE, by, _shared_code(list(by_name.values()))),
    )
    items = [part_item(ctx.slot, name, mask, by_name[name], target, ctx.patient) for name, mask in parts.items()]
    doubts = dict.fromkeys(doubt for one in segments for doubt in doubts_of(one))
    return ToolOutput(evidence=[head, *items], warnings=[*unvalidated(segments), *doubts, *shared, *target.warnings])


def part_item(
    slot: str,
    name: str,
    mask: AnyMask,
    segment: Segment | None,
    target: Target,
    patient: str | None,
    drawn: str | None = None,
) -> Evidence:
    """One part of an outline as evidence; without a segment a person drew it, or `drawn` did."""
    count = int(np.count_nonzero(mask))
    unit = "pixels" if isinstance(target, Image) else "voxels"
    by = drawn or HAND if segment is None else f"{segment.algorithm} {segment.version}".strip()
    told = "" if by == HAND else "; unvalidated"
    if segment is not None and UNKNOWN_HAND not in segment.doubts:
        told = f", confidence {segment.confidence:.2f} (uncalibrated){told}"
    elif segment is not None:
        told = f" ({UNKNOWN_HAND}){told}"
    code = code_of(name) if segment is None else segment.coding
    return Evidence(
        slot=f"{slot}.{slug(name)}",
        value=name,
        display=f"{name}{' outlined by hand' if by == HAND else ''}: {count} {unit}{_slices(mask)}{told}",
        effective_at=target.header.taken_at,
        patient=patient,
        source=place_of(target, mask, name, by, code),
    )


def place_of(target: Target, mask: AnyMask, name: str, by: str, code: Coding | None) -> Any:
    """Where an outline lies: its box, and its slice where it is on one only."""
    flat: AnyMask = np.asarray(mask.any(axis=0)) if mask.ndim == 3 else mask
    on = target
    if isinstance(target, Volume) and len(there := np.flatnonzero(mask.any(axis=(1, 2)))) == 1:
        on = slice_of(target, int(there[0]))
    return region(
        on,
        segment=name,
        box=box_of(flat) if flat.any() else None,
        algorithm=by,
        structure=f"{code.system}|{code.code}" if code is not None else None,
        validated=None if by == HAND else False,
    )


def doubts_of(segment: Segment) -> list[str]:
    """What speaks against a segment, without the line of each slice that was propagated: one names them all."""
    return [doubt for doubt in segment.doubts if not _STEP.match(doubt)]


def code_of(name: str) -> Coding:
    """The code of a part by its name; an image region where it is no structure of the vocabulary."""
    try:
        return Segment(name, np.zeros((0, 0), dtype=bool), 1.0, HAND, "").coding
    except BadInput:
        return REGION


def slug(name: str) -> str:
    """A name as the last word of a slot."""
    return re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_") or OBJECT


def models_beside(folder: Path) -> Path:
    """Where weights are kept, beside the folder of the images."""
    return folder.parent / "models"


def _slices(mask: Any) -> str:
    if mask.ndim == 2:
        return ""
    there = np.flatnonzero(mask.any(axis=(1, 2)))
    if len(there) == 1:
        return f" on slice {there[0]}"
    return f" on slices {there[0]} to {there[-1]}" if len(there) else ""


def _shared_code(segments: Sequence[Segment]) -> Coding | None:
    """The code of the outline, where all its parts have the same."""
    codes = {(one.coding.system, one.coding.code): one.coding for one in segments}
    return next(iter(codes.values())) if len(codes) == 1 else None


TOOLS: list[ToolSpec[Any]] = [image_point, image_segment]
