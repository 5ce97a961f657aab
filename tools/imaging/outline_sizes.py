"""`image.sizes`: every measure that can be taken of an outline and its parts, the principal one first."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import numpy as np
from pydantic import Field

from knowledge.evidence import Evidence, Statement
from tools.context import ToolContext
from tools.errors import BadInput, NotAssessable
from tools.imaging.chest import bound
from tools.imaging.describe import region
from tools.imaging.dicom_out import HAND
from tools.imaging.frame import Image
from tools.imaging.masks import outlined_parts
from tools.imaging.measures.model import Measurement
from tools.imaging.measures.scale import plane_of
from tools.imaging.measures.shape import area, volume
from tools.imaging.outline_files import KEPT, AnyMask, by_program, is_kept, key_in
from tools.imaging.outline_tools import VERSION, WITHIN, slug
from tools.imaging.sizes import OnImage, drawn_by, folder_of, size_of, target_for
from tools.imaging.volume import Volume
from tools.segmenters.contract import Target
from tools.segmenters.structures import OBJECT
from tools.spec import ToolOutput, ToolSpec, tool

LUNGS = {"right_lung", "left_lung"}


class SizesParams(OnImage):
    """Which outline. How a scan was taken counts only as a person's word bound from a step that asked for it."""

    outline: str | None = Field(default=None, description="bound from image.segment, image.mask or image.outline")
    inspiration: bool | None = Field(default=None, description="bound: whether the CT was taken in full inspiration")
    contrast: bool | None = Field(default=None, description="bound: whether contrast was given into a vein")


@tool("image.sizes", version=VERSION, kind="image", title="The sizes of what is outlined on an image or a volume")
async def image_sizes(params: SizesParams, ctx: ToolContext) -> ToolOutput:
    """Volume or area first, then diameters, parts and density of each part, with their ranges and the source of the
    scale; of emphysema the share of the lungs below -950 HU, on a CT taken for it. Nothing is corrected here: the
    outline is."""

    def work_out() -> ToolOutput:
        from tools.imaging.measuring import UNCHECKED

        target = target_for(params, ctx)
        parts = _parts(params, ctx, target)
        drawn = _drawn(params, ctx)
        told: list[str] = []
        if params.structure.strip().casefold() in WITHIN:
            items = _low_attenuation(params, ctx, target, parts, drawn, told)
        else:
            items = _sizes(params, ctx, target, parts, drawn, told)
        said = [UNCHECKED] if drawn.get("validated") is False else []
        return ToolOutput(evidence=items, warnings=list(dict.fromkeys([*said, *told, *target.warnings])))

    return await asyncio.to_thread(work_out)


def _parts(params: SizesParams, ctx: ToolContext, target: Target) -> dict[str, AnyMask]:
    """The parts that are outlined now.

    Raises:
        NotAssessable: nothing is outlined, or a person rejected what was.
    """
    outline = bound(ctx, "outline")
    if outline is not None:
        found = outlined_parts(target, outline, folder_of(params, ctx), params.structure or OBJECT)
        if parts := {name: mask for name, mask in found.items() if mask.any()}:
            return parts
    held = ctx.inputs.get("outline")
    source = held.source if held is not None else None
    if isinstance(source, Statement):
        why = f": {source.reason}" if source.reason else ""
        raise NotAssessable(
            "no sizes are given: the outline was rejected",
            found=f"rejected by {source.by or 'a person'}{why}",
            expected="an outline that stands",
            action="outline the structure anew: a brush, a mask, a box or clicks on the image",
        )
    raise NotAssessable(
        "there is nothing to measure yet",
        found="no outline",
        expected="a structure that is outlined",
        action="point at it: a box or a click on a slice",
    )


def _drawn(params: SizesParams, ctx: ToolContext) -> dict[str, Any]:
    """Who drew the outline; what a program drew is not validated and decides nothing."""
    return drawn_by(ctx.inputs["outline"], folder_of(params, ctx))


def _left(params: SizesParams, ctx: ToolContext) -> tuple[str, ...]:
    """The parts that a program drew, of an outline that a person corrected."""
    key = key_in(str(ctx.inputs["outline"].value))
    folder = folder_of(params, ctx)
    return by_program(folder, key) if key is not None and is_kept(f"{KEPT}{key}", folder) else ()


def _sizes(
    params: SizesParams,
    ctx: ToolContext,
    target: Target,
    parts: dict[str, AnyMask],
    drawn: dict[str, Any],
    told: list[str],
) -> list[Evidence]:
    from tools.imaging.measuring import measured

    items = []
    left = _left(params, ctx)
    first: Measurement | None = None
    kind = "volume" if isinstance(target, Volume) else "area"
    for name, mask in parts.items():
        rows, why = measured(target, mask, name)
        told += [f"{name}: {text}" for text in why]
        told += [note for row in rows for note in row.notes]
        by = {"algorithm": HAND} if left and name not in left else drawn
        items += [size_of(row, f"{ctx.slot}.{slug(name)}.{slug(row.name)}", ctx, target, **by) for row in rows]
        first = next((row for row in rows if row.name == kind), None)
    what = _whole_name(params.structure.strip(), parts)
    if len(parts) > 1:
        try:
            first = _principal(target, np.logical_or.reduce(list(parts.values()))).of(what)
        except NotAssessable:
            first = None
    elif first is not None:
        first = first.of(what)
    if first is None:
        # Not known is a value too: what of it could be measured stands in the items.
        why_not = next((text for text in told if f"{kind} not measured" in text), f"{kind} not measured")
        head = Evidence(
            slot=ctx.slot,
            value=None,
            display=why_not,
            effective_at=target.header.taken_at,
            patient=ctx.patient,
            source=region(target, segment=f"{what} {kind}", **drawn),
        )
    else:
        head = size_of(first, ctx.slot, ctx, target, **drawn)
    return [head, *items]


def _whole_name(structure: str, parts: Mapping[str, AnyMask]) -> str:
    """What the parts are together: the structure that was asked for, unless one of its sides is not among them."""
    from tools.segmenters.prompts import structure_of

    try:
        whole = set(structure_of(structure).whole) if structure else set()
    except (BadInput, NotAssessable):
        whole = set()
    lacking = bool(whole & set(parts)) and bool(whole - set(parts))
    return ", ".join(parts) if lacking or not structure else structure


def _principal(target: Target, mask: AnyMask) -> Measurement:
    return area(mask, plane_of(target)) if isinstance(target, Image) else volume(mask, target)


def _low_attenuation(
    params: SizesParams,
    ctx: ToolContext,
    target: Target,
    parts: dict[str, AnyMask],
    drawn: dict[str, Any],
    told: list[str],
) -> list[Evidence]:
    """LAA-950 of both lungs (safety rule 16).

    Raises:
        NotAssessable: no CT volume, one lung only, or a scan that was not, or is not known to be, taken for it.
    """
    from tools.segmenters.ct_emphysema import low_attenuation
    from tools.segmenters.ct_technique import Stated

    if not isinstance(target, Volume) or target.header.modality != "CT":
        raise NotAssessable(
            "emphysema is measured on a CT series",
            found="one image" if isinstance(target, Image) else target.header.modality or "modality not stated",
            expected="a CT of the whole chest",
            action="attach the series",
        )
    if {slug(name) for name in parts} != LUNGS:
        raise NotAssessable(
            "LAA-950 is a share of both lungs",
            found=", ".join(parts),
            expected="two parts: right lung, left lung",
            action="correct the outline of the lungs",
        )
    lungs: AnyMask = np.logical_or.reduce(list(parts.values()))
    whole = not any(bool(lungs.take(end, axis).any()) for axis in range(3) for end in (0, -1))
    said = Stated(_word(ctx, "inspiration"), _word(ctx, "contrast"))
    found = low_attenuation(target, lungs, said, whole=whole)
    where = {"voxels": int(np.count_nonzero(lungs))}
    share = Measurement("LAA-950", found.percent, "%", found.method, where=where, notes=found.doubts)
    low = Measurement("15th percentile", found.percentile_15, "[hnsf'U]", "of the same voxels", where=where)
    told += found.doubts
    told += [f"{name}: {'yes' if getattr(said, name) else 'no'}, by a person's word"
             for name in ("inspiration", "contrast") if getattr(said, name) is not None]  # fmt: skip
    rows = [share.of("lungs"), low.of("lungs"), volume(lungs, target).of("lungs")]
    slots = [ctx.slot, f"{ctx.slot}.lungs.15th_percentile", f"{ctx.slot}.lungs.volume"]
    return [size_of(row, slot, ctx, target, **drawn) for row, slot in zip(rows, slots, strict=True)]


def _word(ctx: ToolContext, name: str) -> bool | None:
    """A person's word; what the file itself states is read where the condition is checked."""
    held = ctx.inputs.get(name)
    said = held is not None and isinstance(held.source, Statement) and isinstance(held.value, bool)
    return bool(held.value) if held is not None and said else None


TOOLS: list[ToolSpec[Any]] = [image_sizes]
