"""`image.pick`, `image.mask`, `image.landmarks`, `image.measure`: sizes on an attached image, one step after the other.

A person gives the mask or sets the landmarks, as a correction of the step that holds them; what is measured on them is
then measured again, and nothing else. Nothing is measured before the image is known to be this patient's.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from knowledge.evidence import DicomRegion, Evidence
from tools.context import ToolContext
from tools.errors import BadInput, NotAssessable
from tools.imaging.attached import attached_target, find, patient_of
from tools.imaging.chest import bound
from tools.imaging.describe import item_of, region
from tools.imaging.dicom_out import HAND
from tools.imaging.frame import Image
from tools.imaging.identity import compare_identity
from tools.imaging.masks import KEPT, mask_of
from tools.imaging.measures.axes import axes, longest
from tools.imaging.measures.density import density
from tools.imaging.measures.lines import Landmark, angle, distance
from tools.imaging.measures.model import PIXELS, Interval, Measurement, rounded
from tools.imaging.measures.scale import plane_of, plane_of_slices, within_scale
from tools.imaging.measures.shape import METHOD_MEAN, area, box_of, diameters, volume
from tools.imaging.outline_files import AnyMask, by_program, is_kept, key_in
from tools.imaging.slices import slice_of
from tools.imaging.volume import Volume
from tools.segmenters.contract import Target
from tools.spec import Params, ToolOutput, ToolSpec, tool

VERSION = "1.0.0"
LANDMARKS, MASK = "landmarks", "mask"
PROGRAM, GIVEN, WHERE_POINTED = "a program", "a mask that was given", "where a person pointed"
POINTED_AT = f"{PROGRAM}, {WHERE_POINTED}"
CORRECTED = f"{PROGRAM}, in part corrected by hand"
Kind = Literal["distance", "angle", "long axis", "short axis", "mean diameter", "area", "volume", "mean density"]


class PickParams(Params):
    """Which kind of image."""

    modality: str = Field(description="DICOM modality: CT, MR, US, CR, DX")
    image: str | None = Field(default=None, description="its name or SHA-256, where several came")


class OnImage(Params):
    """Which image. What a person may correct counts only as evidence bound from a step, never as an argument."""

    image: str | None = Field(default=None, description="its name or SHA-256; not needed where there is only one")
    frame: int = Field(default=0, ge=0, description="which frame, from 0")
    identity: str | None = Field(default=None, description="bound from image.film_fact: whether it is this patient's")
    structure: str = Field(default="", description="what is measured, in words: nodule, lesion, lymph node")


class LandmarkParams(OnImage):
    """Which mask they come from, where there is one."""

    mask: str | None = Field(default=None, description="bound from image.mask or image.outline")


class MeasureParams(LandmarkParams):
    """What is measured, and on what."""

    measure: Kind = Field(description="what is measured")
    landmarks: str | None = Field(default=None, description="bound from image.landmarks")


@tool("image.pick", version=VERSION, kind="image", title="The attached image of a kind")
async def image_pick(params: PickParams, ctx: ToolContext) -> ToolOutput:
    """The attached image whose file states the modality asked for, by its SHA-256; the newest of several. Another
    patient's is refused."""

    def pick() -> ToolOutput:
        names = [params.image] if params.image else list(dict.fromkeys(file.sha256 for file in ctx.images))
        # Headers only: of several volumes one is held in memory.
        there = [(name, attached_target(ctx, name).header) for name in names]
        fit = [row for row in there if row[1].modality == params.modality]
        if not fit:
            raise NotAssessable(
                f"no {params.modality} image came with the question",
                found=", ".join(header.modality or "an image that does not say what it is" for _, header in there)
                or "no image",
                expected=f"an image whose file says {params.modality}",
                action="attach it with --image FILE",
            )
        # A localiser is a projection: nothing in it is measured while there is a slice.
        fit = [row for row in fit if "LOCALIZER" not in row[1].image_type] or fit
        chosen, header = max(fit, key=lambda row: row[1].taken_at or "")
        compare_identity(header.who, patient_of(ctx))
        target = attached_target(ctx, chosen)
        when = f", taken {header.taken_at[:10]}" if header.taken_at else ", date not stated"
        what = "series" if isinstance(target, Volume) else "image"
        shown = f"{params.modality} {what} {target.name}{when}"
        item = item_of(ctx, target, target.sha256, shown, region(target))
        told = ["several such images came with the question: the newest is used"] if len(fit) > 1 else []
        return ToolOutput(evidence=[item], warnings=[*target.warnings, *told])

    return await asyncio.to_thread(pick)


@tool("image.mask", version=VERSION, kind="image", title="A structure that a person outlines on an image")
async def image_mask(params: OnImage, ctx: ToolContext) -> ToolOutput:
    """Holds the outline of a structure on an attached image or volume. Empty until a person gives one as a correction:
    the path of a mask (PNG; NIfTI or DICOM SEG of a volume) or strokes of a brush."""

    def hold() -> ToolOutput:
        target = target_for(params, ctx)
        what = params.structure or "structure"
        item = item_of(ctx, target, None, f"no outline of the {what} yet", region(target, segment=MASK))
        return ToolOutput(evidence=[item], warnings=list(target.warnings))

    return await asyncio.to_thread(hold)


@tool("image.landmarks", version=VERSION, kind="image", title="Landmarks on an image")
async def image_landmarks(params: LandmarkParams, ctx: ToolContext) -> ToolOutput:
    """The ends of the long axis, then of the short axis, of an outline; without one, empty until a person sets them as
    a correction: [[COLUMN, ROW], ...] in 0-based stored pixels, two for a length, four for two axes or an angle; on a
    volume {"points": [[COLUMN, ROW], ...], "slice": N}."""

    def place() -> ToolOutput:
        target = target_for(params, ctx)
        outline = bound(ctx, "mask")
        if outline is None:
            what = params.structure or "structure"
            shown = f"no landmarks on the {what} yet: the ends of its long axis, then of its short axis"
            return ToolOutput(evidence=[item_of(ctx, target, None, shown, region(target, segment=LANDMARKS))])
        mask = mask_of(target, outline, folder_of(params, ctx))
        at: int | None = None
        if isinstance(target, Volume):
            at, found = longest(mask, plane_of_slices(target))
        else:
            found = axes(mask, plane_of(target))
        points = [*found.long.ends, *found.short.ends]
        on = target if at is None or isinstance(target, Image) else slice_of(target, at)
        source = region(on, segment=LANDMARKS, box=_box(points), **_outlined_by(params, ctx))
        text, shown = landmarks_text(points, edited=False, at=at), landmarks_shown(points, at)
        return ToolOutput(evidence=[item_of(ctx, target, text, shown, source)])

    return await asyncio.to_thread(place)


@tool("image.measure", version=VERSION, kind="image", title="A size, angle, area or density on an image")
async def image_measure(params: MeasureParams, ctx: ToolContext) -> ToolOutput:
    """One measure of landmarks or of an outline, with its range and the source of its scale. A length on a projection
    film is at the detector; without a scale there is none in millimetres. It can be corrected by its landmarks or its
    outline only."""

    def work_out() -> ToolOutput:
        target = target_for(params, ctx)
        points, outline = bound(ctx, "landmarks"), bound(ctx, "mask")
        if points is None and outline is None:
            raise NotAssessable(
                "there is nothing to measure yet",
                found="neither landmarks nor an outline",
                expected="one of them, set by a person",
                action="correct the step that holds them",
            )
        if points is not None:
            target = on_slice(points, target)
            made = of_landmarks(params.measure, read_landmarks(points, target), target)
        else:
            made = of_mask(params.measure, mask_of(target, str(outline), folder_of(params, ctx)), target)
        drawn = _outlined_by(params, ctx) if points is None else _placed_by(ctx)
        item = size_of(made.of(params.structure), ctx.slot, ctx, target, **drawn)
        return ToolOutput(evidence=[item], warnings=list(made.notes))

    return await asyncio.to_thread(work_out)


def target_for(params: OnImage, ctx: ToolContext) -> Target:
    """The volume or the image, once it is known to be this patient's.

    Raises:
        NotAssessable: there is none, or whose it is is not confirmed.
        IdentityMismatch: it is another patient's.
    """
    target = attached_target(ctx, params.image, params.frame)
    identity = compare_identity(target.header.who, patient_of(ctx))
    if (bound(ctx, "identity") or identity.status) != "confirmed":
        raise NotAssessable(
            "nothing is measured on an image before it is known to be this patient's",
            found=identity.display,
            expected="an identity that is confirmed",
            action='a named person corrects the image\'s identity to "confirmed"',
        )
    return target


def of_landmarks(kind: Kind, points: list[Landmark], image: Image) -> Measurement:
    """A measure of landmarks: two make a distance or the long axis, four the long and the short axis, or two lines.

    Raises:
        BadInput: not as many as it takes, or a measure that needs an outline.
    """
    wanted = {"distance": 2, "long axis": 2, "short axis": 4, "mean diameter": 4, "angle": 4}.get(kind)
    if wanted is None or len(points) < wanted:
        raise BadInput(
            f"{kind} is not measured on {len(points)} landmarks",
            found=f"{len(points)} landmarks",
            expected="an outline" if wanted is None else f"{wanted} landmarks",
            action="set the ends of the long axis, then those of the short axis",
        )
    if box := _box(points):
        within_scale(image, box)
    grid = plane_of(image)
    if kind == "angle":
        return angle((points[0], points[1]), (points[2], points[3]), grid)
    long = distance(points[0], points[1], grid)
    if kind in ("distance", "long axis"):
        return _named(long, kind, long.value, long.interval, long.method)
    short = distance(points[2], points[3], grid, seed=1)
    if kind == "short axis":
        return _named(short, kind, short.value, short.interval, short.method)
    assert long.interval is not None and short.interval is not None
    ends = Interval(
        (long.interval.low + short.interval.low) / 2,
        (long.interval.high + short.interval.high) / 2,
        "both axes at the same end of their intervals",
    )
    made = _named(long, kind, (long.value + short.value) / 2, ends, METHOD_MEAN)
    made.where["points"] = [list(point) for point in points[:4]]
    return made


def of_mask(kind: Kind, mask: AnyMask, target: Target) -> Measurement:
    """A measure of a mask.

    Raises:
        BadInput: a measure that needs landmarks or what this is not, or an empty mask.
        NotAssessable: a density on what is no CT, a volume of uneven slices.
    """
    if isinstance(target, Image) and mask.any():
        within_scale(target, box_of(mask))
    grid = plane_of(target) if isinstance(target, Image) else plane_of_slices(target)
    if (kind == "area" and isinstance(target, Volume)) or (kind == "volume" and isinstance(target, Image)):
        raise BadInput(
            f"{kind} is not measured here",
            found="a series" if kind == "area" else "one image",
            expected="one image" if kind == "area" else "a series",
            action=f"measure the {'volume' if kind == 'area' else 'area'}",
        )
    if isinstance(target, Volume) and kind == "volume":
        return volume(mask, target)
    if kind == "area":
        return area(mask, grid)
    if kind == "mean density":
        return density(mask, target)[0]
    if kind in ("distance", "angle"):
        raise BadInput(
            f"{kind} is measured between landmarks",
            found="an outline",
            expected="landmarks",
            action="set them on the image",
        )
    return next(one for one in diameters(mask, grid) if one.name == kind)


def landmarks_text(points: Sequence[Landmark], *, edited: bool, at: int | None = None) -> str:
    """Landmarks as evidence holds them; `at`: their slice in a volume."""
    body = {"points": [[round(part, 1) for part in point] for point in points], "edited": edited}
    return json.dumps(body if at is None else {**body, "slice": at})


def landmarks_shown(points: Sequence[Landmark], at: int | None = None) -> str:
    """Landmarks as people read them."""
    where = "" if at is None else f" on slice {at}"
    return f"{len(points)} landmarks at " + ", ".join(f"({x:.0f}, {y:.0f})" for x, y, *_ in points) + where


def read_landmarks(text: str, image: Image) -> list[Landmark]:
    """Landmarks from text, all within the image.

    Raises:
        BadInput: they are no landmarks of this image.
    """
    try:
        body = json.loads(text)
        listed = body["points"] if isinstance(body, dict) else body
        points: list[Landmark] = [(float(x), float(y)) for x, y in listed]
        outside = any(not (0 <= x < image.columns and 0 <= y < image.rows) for x, y in points)
    except (ValueError, TypeError, KeyError) as error:
        raise _no_landmarks(text, image) from error
    if outside or len(points) not in (2, 4):
        raise _no_landmarks(text, image)
    return points


def on_slice(landmarks: str, target: Target) -> Image:
    """The image that landmarks are on: of a volume the slice that they name.

    Raises:
        BadInput: landmarks of a volume without their slice, or of one image with one.
    """
    try:
        body = json.loads(landmarks)
    except ValueError:
        body = None
    at = body.get("slice") if isinstance(body, dict) else None
    whole = isinstance(at, int) and not isinstance(at, bool)
    if isinstance(target, Image) and at is None:
        return target
    if isinstance(target, Volume) and whole:
        return slice_of(target, int(str(at)))
    raise BadInput(
        "landmarks in a volume need their slice" if isinstance(target, Volume) else "one image has no slices",
        found=landmarks[:80],
        expected='{"points": [[COLUMN, ROW], ...], "slice": N}' if isinstance(target, Volume) else "no slice",
        action="set them on the image",
    )


def _no_landmarks(text: str, image: Image) -> BadInput:
    return BadInput(
        "these are no landmarks of this image",
        found=text[:80],
        expected=f"[[COLUMN, ROW], ...], two or four, columns 0 to {image.columns - 1}, rows 0 to {image.rows - 1}",
        action="set them on the image",
    )


def _named(one: Measurement, kind: str, value: float, interval: Interval | None, method: str) -> Measurement:
    return Measurement(kind, value, one.unit, method, one.scale_source, interval, dict(one.where), "", one.notes)


def size_of(made: Measurement, slot: str, ctx: ToolContext, target: Target, **drawn: Any) -> Evidence:
    """A measure as evidence, at its place; without a scale it has no value, and pixels are shown.

    Args:
        drawn: who drew what was measured (`drawn_by`).
    """
    scaled = made.unit != PIXELS
    span = (rounded(made.interval.low), rounded(made.interval.high)) if made.interval and scaled else None
    source = f"; scale: {made.scale_source}" if made.scale_source else ""
    at = made.where.get("slice") if isinstance(target, Volume) else None
    place = "" if at is None else f"; slice {at}"
    shown = f"{made.label} {made.shown}{place}"
    shown += source if scaled else "; no scale, so not in mm"
    shown += f" ({'; '.join(made.notes)})" if made.notes and scaled else ""
    box = made.where.get("box") or _box([tuple(point) for point in made.where.get("points", [])])
    on = slice_of(target, at) if isinstance(target, Volume) and at is not None else target
    return Evidence(
        slot=slot,
        value=rounded(made.value) if scaled else None,
        unit=made.unit if scaled else None,
        range=span,
        display=shown + ("; unvalidated" if drawn.get("validated") is False else ""),
        effective_at=target.header.taken_at,
        patient=ctx.patient,
        source=region(on, segment=made.label, box=tuple(box) if box else None, **drawn),
    )


def drawn_by(outline: Evidence, folder: Path) -> dict[str, Any]:
    """Who drew what was measured; what an algorithm drew is not validated and decides nothing.

    Args:
        outline: the evidence that holds the outline.
        folder: where it is kept.
    """
    name = str(outline.value)
    key = key_in(name)
    if name.startswith(KEPT):
        # Of an outline that a person corrected some parts may be as a program drew them.
        part = key is not None and is_kept(name, folder) and by_program(folder, key)
        return {"algorithm": CORRECTED, "validated": False} if part else {"algorithm": HAND}
    if key is None:
        return {"algorithm": name, "validated": False}
    by = getattr(outline.source, "algorithm", None)
    if by is None:
        # What a person put there that no person drew: its words say which.
        said = outline.display
        by = POINTED_AT if WHERE_POINTED in said else GIVEN if GIVEN in said else CORRECTED
    return {"algorithm": by, "validated": False}


def _outlined_by(params: LandmarkParams, ctx: ToolContext) -> dict[str, Any]:
    return drawn_by(ctx.inputs["mask"], folder_of(params, ctx))


def _placed_by(ctx: ToolContext) -> dict[str, Any]:
    """Who set the landmarks: a person, or whoever drew the outline whose ends they are."""
    source = ctx.inputs["landmarks"].source
    if isinstance(source, DicomRegion) and source.algorithm:
        return {"algorithm": source.algorithm, "validated": source.validated}
    return {"algorithm": HAND}


def folder_of(params: OnImage, ctx: ToolContext) -> Path:
    """Where the image is kept, and outlines beside it."""
    return find(ctx.images, params.image).path.parent


def _box(points: Sequence[Landmark]) -> tuple[float, float, float, float] | None:
    if not points:
        return None
    x, y = zip(*((point[0], point[1]) for point in points), strict=True)
    return min(x), min(y), max(x), max(y)


TOOLS: list[ToolSpec[Any]] = [image_pick, image_mask, image_landmarks, image_measure]
