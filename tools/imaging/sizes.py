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

from knowledge.evidence import Evidence
from tools.context import ToolContext
from tools.errors import BadInput, NotAssessable
from tools.imaging.attached import attached, find
from tools.imaging.chest import bound, identity_of
from tools.imaging.describe import region
from tools.imaging.frame import Image
from tools.imaging.masks import ALGORITHMS, KEPT, heart_of, kept_mask, lungs_of
from tools.imaging.measures.axes import Mask, axes
from tools.imaging.measures.density import density
from tools.imaging.measures.lines import Landmark, angle, distance
from tools.imaging.measures.model import PIXELS, Interval, Measurement, rounded
from tools.imaging.measures.scale import plane_of, within_scale
from tools.imaging.measures.shape import METHOD_MEAN, area, box_of, diameters
from tools.spec import Params, ToolOutput, ToolSpec, tool

VERSION = "1.0.0"
LANDMARKS, MASK = "landmarks", "mask"
Kind = Literal["distance", "angle", "long axis", "short axis", "mean diameter", "area", "mean density"]


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
        there = [attached(ctx, name) for name in names]
        fit = [image for image in there if image.header.modality == params.modality]
        if not fit:
            raise NotAssessable(
                f"no {params.modality} image came with the question",
                found=", ".join(image.header.modality or "an image that does not say what it is" for image in there)
                or "no image",
                expected=f"an image whose file says {params.modality}",
                action="attach it with --image FILE",
            )
        # A localiser is a projection: nothing in it is measured while there is a slice.
        fit = [image for image in fit if "LOCALIZER" not in image.header.image_type] or fit
        image = max(fit, key=lambda one: one.header.taken_at or "")
        identity_of(image, ctx)
        when = f", taken {image.header.taken_at[:10]}" if image.header.taken_at else ", date not stated"
        item = _item(ctx, image, image.sha256, f"{params.modality} image {image.name}{when}", region(image))
        told = ["several such images came with the question: the newest is used"] if len(fit) > 1 else []
        return ToolOutput(evidence=[item], warnings=[*image.warnings, *told])

    return await asyncio.to_thread(pick)


@tool("image.mask", version=VERSION, kind="image", title="A structure that a person outlines on an image")
async def image_mask(params: OnImage, ctx: ToolContext) -> ToolOutput:
    """Holds the outline of a structure on an attached image. Empty until a person gives one as a correction: the path
    of a mask (PNG) or strokes of a brush."""

    def hold() -> ToolOutput:
        image = image_for(params, ctx)
        what = params.structure or "structure"
        item = _item(ctx, image, None, f"no outline of the {what} yet", region(image, segment=MASK))
        return ToolOutput(evidence=[item], warnings=list(image.warnings))

    return await asyncio.to_thread(hold)


@tool("image.landmarks", version=VERSION, kind="image", title="Landmarks on an image")
async def image_landmarks(params: LandmarkParams, ctx: ToolContext) -> ToolOutput:
    """The ends of the long axis, then of the short axis, of an outline; without one, empty until a person sets them as
    a correction: [[COLUMN, ROW], ...] in 0-based stored pixels, two for a length, four for two axes or an angle."""

    def place() -> ToolOutput:
        image = image_for(params, ctx)
        outline = bound(ctx, "mask")
        if outline is None:
            what = params.structure or "structure"
            shown = f"no landmarks on the {what} yet: the ends of its long axis, then of its short axis"
            return ToolOutput(evidence=[_item(ctx, image, None, shown, region(image, segment=LANDMARKS))])
        found = axes(mask_of(image, outline, _folder(params, ctx)), plane_of(image))
        points = [*found.long.ends, *found.short.ends]
        source = region(image, segment=LANDMARKS, box=_box(points), **_drawn(outline))
        item = _item(ctx, image, landmarks_text(points, edited=False), landmarks_shown(points), source)
        return ToolOutput(evidence=[item])

    return await asyncio.to_thread(place)


@tool("image.measure", version=VERSION, kind="image", title="A size, angle, area or density on an image")
async def image_measure(params: MeasureParams, ctx: ToolContext) -> ToolOutput:
    """One measure of landmarks or of an outline, with its range and the source of its scale. A length on a projection
    film is at the detector; without a scale there is none in millimetres. It can be corrected by its landmarks or its
    outline only."""

    def work_out() -> ToolOutput:
        image = image_for(params, ctx)
        points, outline = bound(ctx, "landmarks"), bound(ctx, "mask")
        if points is None and outline is None:
            raise NotAssessable(
                "there is nothing to measure yet",
                found="neither landmarks nor an outline",
                expected="one of them, set by a person",
                action="correct the step that holds them",
            )
        if points is not None:
            made = of_landmarks(params.measure, read_landmarks(points, image), image)
        else:
            made = of_mask(params.measure, mask_of(image, str(outline), _folder(params, ctx)), image)
        return ToolOutput(
            evidence=[_measured(made.of(params.structure), params, ctx, image)], warnings=list(made.notes)
        )

    return await asyncio.to_thread(work_out)


def image_for(params: OnImage, ctx: ToolContext) -> Image:
    """The image, once it is known to be this patient's.

    Raises:
        NotAssessable: there is none, or whose it is is not confirmed.
        IdentityMismatch: it is another patient's.
    """
    image = attached(ctx, params.image, params.frame)
    identity = identity_of(image, ctx)
    if (bound(ctx, "identity") or identity.status) != "confirmed":
        raise NotAssessable(
            "nothing is measured on an image before it is known to be this patient's",
            found=identity.display,
            expected="an identity that is confirmed",
            action='a named person corrects the image\'s identity to "confirmed"',
        )
    return image


def mask_of(image: Image, outline: str, folder: Path) -> Mask:
    """The mask that evidence names: a person's, or the lungs' or heart's of a chest film.

    Raises:
        NotAssessable: it is no longer kept.
    """
    if outline.startswith(ALGORITHMS["lung"]):
        right, left = lungs_of(image, outline, folder).segments
        return right.mask | left.mask
    if outline == ALGORITHMS["heart"]:
        return heart_of(image, None, lungs_of(image, None, folder), folder).mask
    return kept_mask(image, outline, folder)


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
    within_scale(image, _box(points))
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


def of_mask(kind: Kind, mask: Mask, image: Image) -> Measurement:
    """A measure of a mask.

    Raises:
        BadInput: a measure that needs landmarks, or an empty mask.
        NotAssessable: a density on what is no CT.
    """
    if mask.any():
        within_scale(image, box_of(mask))
    grid = plane_of(image)
    if kind == "area":
        return area(mask, grid)
    if kind == "mean density":
        return density(mask, image)[0]
    if kind in ("distance", "angle"):
        raise BadInput(
            f"{kind} is measured between landmarks",
            found="an outline",
            expected="landmarks",
            action="set them on the image",
        )
    return next(one for one in diameters(mask, grid) if one.name == kind)


def landmarks_text(points: Sequence[Landmark], *, edited: bool) -> str:
    """Landmarks as evidence holds them."""
    return json.dumps({"points": [[round(part, 1) for part in point] for point in points], "edited": edited})


def landmarks_shown(points: Sequence[Landmark]) -> str:
    """Landmarks as people read them."""
    return f"{len(points)} landmarks at " + ", ".join(f"({x:.0f}, {y:.0f})" for x, y, *_ in points)


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


def _no_landmarks(text: str, image: Image) -> BadInput:
    return BadInput(
        "these are no landmarks of this image",
        found=text[:80],
        expected=f"[[COLUMN, ROW], ...], two or four, columns 0 to {image.columns - 1}, rows 0 to {image.rows - 1}",
        action="set them on the image",
    )


def _named(one: Measurement, kind: str, value: float, interval: Interval | None, method: str) -> Measurement:
    return Measurement(kind, value, one.unit, method, one.scale_source, interval, dict(one.where), "", one.notes)


def _measured(made: Measurement, params: MeasureParams, ctx: ToolContext, image: Image) -> Evidence:
    scaled = made.unit != PIXELS
    span = (rounded(made.interval.low), rounded(made.interval.high)) if made.interval and scaled else None
    source = f"; scale: {made.scale_source}" if made.scale_source else ""
    shown = f"{made.label} {made.shown}{source}" if scaled else f"{made.label} {made.shown}; no scale, so not in mm"
    outline = None if bound(ctx, "landmarks") is not None else bound(ctx, "mask")
    box = made.where.get("box") or _box([tuple(point) for point in made.where.get("points", [])])
    found = region(image, segment=f"{params.structure} {params.measure}".strip(), box=tuple(box), **_drawn(outline))
    return Evidence(
        slot=ctx.slot,
        value=rounded(made.value) if scaled else None,
        unit=made.unit if scaled else None,
        range=span,
        display=shown + (f" ({'; '.join(made.notes)})" if made.notes and scaled else ""),
        effective_at=image.header.taken_at,
        patient=ctx.patient,
        source=found,
    )


def _drawn(outline: str | None) -> dict[str, Any]:
    """Who drew what was measured; what an algorithm drew is not validated and decides nothing."""
    if outline is None or outline.startswith(KEPT):
        return {"algorithm": "by hand"}
    return {"algorithm": outline, "validated": False}


def _item(ctx: ToolContext, image: Image, value: str | None, shown: str, source: Any) -> Evidence:
    return Evidence(
        slot=ctx.slot,
        value=value,
        display=shown,
        effective_at=image.header.taken_at,
        patient=ctx.patient,
        source=source,
    )


def _folder(params: OnImage, ctx: ToolContext) -> Path:
    return find(ctx.images, params.image).path.parent


def _box(points: Sequence[Landmark]) -> tuple[float, float, float, float]:
    x, y = zip(*((point[0], point[1]) for point in points), strict=True)
    return min(x), min(y), max(x), max(y)


TOOLS: list[ToolSpec[Any]] = [image_pick, image_mask, image_landmarks, image_measure]
