"""`image.outline`, `image.lung_fields`, `image.calipers`, `image.cardiothoracic`: from a chest film to its ratio.

Each step reads the one before it, so that a person's mask or caliper reruns what rests on it and nothing else. Nothing
here is validated against a reference standard (docs/segmenters.md): it is shown as such and decides no criterion.
"""

from __future__ import annotations

import asyncio
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field

from knowledge.evidence import Derivation, DicomRegion, Evidence
from tools.context import ToolContext
from tools.errors import BadInput
from tools.imaging.attached import find
from tools.imaging.chest import Film, FilmParams, bound, film_for, shortcomings
from tools.imaging.describe import region
from tools.imaging.frame import Image
from tools.imaging.masks import ALGORITHMS, KEPT, heart_of, lung_outline, lungs_of
from tools.segmenters.cardiothoracic import METHOD, Ratio, cardiothoracic, ratio_of
from tools.segmenters.lungs import LungFields
from tools.segmenters.segment import CODINGS, Segment
from tools.spec import ToolOutput, ToolSpec, tool

VERSION = "1.0.0"
UNVALIDATED = "unvalidated: compared with one non-radiologist reader only (docs/segmenters.md); decides nothing"
DEFINED_BY = ("primary_care_notebook_ctr",)
_TITLES = {"lung": "lung fields", "heart": "heart"}


class OutlineParams(FilmParams):
    """Which structure."""

    structure: Literal["lung", "heart"] = Field(description="lung (both fields) or heart")
    lungs: str | None = Field(default=None, description="for the heart: bound from image.outline of the lungs")


class FieldsParams(FilmParams):
    """Which outline."""

    outline: str | None = Field(default=None, description="bound from image.outline: the outline of the lungs")


class CaliperParams(FilmParams):
    """Which outlines."""

    lungs: str | None = Field(default=None, description="bound from image.outline: the outline of the lungs")
    heart: str | None = Field(default=None, description="bound from image.outline: the outline of the heart")


class RatioParams(CaliperParams):
    """Which calipers, and what decides whether a ratio could be judged."""

    calipers: str | None = Field(default=None, description="bound from image.calipers")
    view: str | None = Field(default=None, description="bound from image.film_fact")
    position: str | None = Field(default=None, description="bound from image.film_fact")
    age: Any = Field(default=None, description="the patient's age")


@tool("image.outline", version=VERSION, kind="image", title="The outline of lungs or heart on a chest film")
async def image_outline(params: OutlineParams, ctx: ToolContext) -> ToolOutput:
    """Draws the lung fields or the heart on a frontal chest film. A correction replaces the outline: the path of a mask
    (PNG) or strokes of a brush."""

    def draw() -> ToolOutput:
        film = film_for(params, ctx)
        drawn = lung_outline(_folder(params, ctx)) if params.structure == "lung" else ALGORITHMS["heart"]
        lungs = _lungs(film, params, drawn if params.structure == "lung" else bound(ctx, "lungs"), ctx)
        segment = (
            _whole(lungs) if params.structure == "lung" else heart_of(film.image, None, lungs, _folder(params, ctx))
        )
        doubts = f" ({'; '.join(lungs.doubts)})" if lungs.doubts and params.structure == "lung" else ""
        item = Evidence(
            slot=ctx.slot,
            value=drawn,
            display=f"{_TITLES[params.structure]} outlined by {drawn}, confidence "
            f"{segment.confidence:.2f} (uncalibrated){doubts}",
            effective_at=film.image.header.taken_at,
            patient=ctx.patient,
            source=_region(film.image, segment, params.structure),
        )
        return ToolOutput(evidence=[item], warnings=[UNVALIDATED, *_sides(film)])

    return await asyncio.to_thread(draw)


@tool("image.lung_fields", version=VERSION, kind="image", title="The lung fields on a chest film and their area")
async def image_lung_fields(params: FieldsParams, ctx: ToolContext) -> ToolOutput:
    """The share of the film that each lung field takes, in pixels, and in cm² where the scale has a source. It says
    nothing of what is in the lungs."""

    def measure() -> ToolOutput:
        film = film_for(params, ctx)
        lungs = _lungs(film, params, bound(ctx, "outline"), ctx)
        parts = [_area(film.image, segment) for segment in lungs.segments]
        whole = _whole(lungs)
        share, _ = _area(film.image, whole)
        shown = ", ".join(
            f"{part.structure.split()[0]} {text}" for part, (_, text) in zip(lungs.segments, parts, strict=True)
        )
        rows = [(whole, "", share, f"lung fields take {share:g} % of the film ({shown})")]
        rows += [
            (part, f".{part.structure.split()[0]}", value, f"{part.structure}: {text}")
            for part, (value, text) in zip(lungs.segments, parts, strict=True)
        ]
        items = [
            Evidence(
                slot=f"{ctx.slot}{suffix}",
                value=value,
                unit="%",
                display=f"{text}; drawn {_by(segment)}, unvalidated",
                effective_at=film.image.header.taken_at,
                patient=ctx.patient,
                source=_region(film.image, segment, segment.structure),
            )
            for segment, suffix, value, text in rows
        ]
        return ToolOutput(evidence=items, warnings=[UNVALIDATED, *_sides(film)])

    return await asyncio.to_thread(measure)


@tool("image.calipers", version=VERSION, kind="image", title="The calipers of the cardiothoracic ratio")
async def image_calipers(params: CaliperParams, ctx: ToolContext) -> ToolOutput:
    """The ends of heart and thorax on a frontal chest film, column and row in 0-based stored pixels. A correction moves
    one or several: {"heart_left": [COLUMN, ROW]}."""

    def place() -> ToolOutput:
        film = film_for(params, ctx)
        ratio = _ratio(film, params, ctx)
        return ToolOutput(evidence=[_calipers(film.image, ratio, ctx)], warnings=[UNVALIDATED, *_sides(film)])

    return await asyncio.to_thread(place)


@tool("image.cardiothoracic", version=VERSION, kind="image", title="Cardiothoracic ratio, unvalidated", unit="1")
async def image_cardiothoracic(params: RatioParams, ctx: ToolContext) -> ToolOutput:
    """The cardiothoracic ratio of a frontal chest film with its range. No verdict: its error is known from one
    non-radiologist reader only. On an AP or supine film, a child's, or one of poor quality it says that it would not be
    judged in any case."""

    def work_out() -> ToolOutput:
        film = film_for(params, ctx)
        given = bound(ctx, "calipers")
        ratio = read_calipers(given) if given is not None else _ratio(film, params, ctx)
        against = shortcomings(
            bound(ctx, "view") or film.what.view.value,
            bound(ctx, "position") or film.what.position.value,
            bound(ctx, "quality") or (film.quality.verdict if film.quality else None),
            _age(ctx),
        )
        return ToolOutput(
            evidence=[_ratio_evidence(film.image, ratio, against, ctx)],
            warnings=[UNVALIDATED, *(f"heart size is not judged on this film: {reason}" for reason in against)],
        )

    return await asyncio.to_thread(work_out)


def calipers_text(ratio: Ratio) -> str:
    """Calipers as evidence holds them."""
    ends = {name: [round(part, 1) for part in point] for name, point in ratio.ends.items()}
    return json.dumps({**ends, "midline": round(ratio.midline, 1), "edited": ratio.edited})


def read_calipers(text: str) -> Ratio:
    """A ratio from its calipers.

    Raises:
        BadInput: they are no calipers.
    """
    try:
        body = json.loads(text)
        edited, middle = bool(body.pop("edited")), float(body.pop("midline"))
        ends: dict[Any, Any] = {name: (float(x), float(y)) for name, (x, y) in body.items()}
        made = ratio_of(ends, middle, edited=edited)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadInput(
            "these are no calipers",
            found=text[:80],
            expected='{"heart_right": [COLUMN, ROW], "heart_left": ..., "thorax_right": ..., "thorax_left": ...}',
            action="move the ends on the film",
        ) from error
    # The error of what a person drew is not known here.
    return replace(made, low=None, high=None) if edited else made


def area(image: Image, segment: Segment) -> tuple[int, float, float | None]:
    """Pixels, share of the frame in percent, and cm² at the scale of the file, where it has one."""
    pixels = int(np.count_nonzero(segment.mask))
    mm = image.spacing.mm
    return pixels, round(100 * pixels / segment.mask.size, 1), pixels * mm[0] * mm[1] / 100 if mm else None


def scale(image: Image) -> str:
    """Where lengths and areas hold."""
    if image.spacing.mm is None or image.spacing.calibrated:
        return image.spacing.source
    return f"{image.spacing.source}, not in the patient"


def _area(image: Image, segment: Segment) -> tuple[float, str]:
    pixels, share, cm2 = area(image, segment)
    physical = "" if cm2 is None else f", {cm2:.0f} cm² by {scale(image)}"
    return share, f"{share:g} %, {pixels} pixels{physical}"


def _lungs(film: Film, params: FilmParams, outline: str | None, ctx: ToolContext) -> LungFields:
    return lungs_of(film.image, outline, _folder(params, ctx))


def _ratio(film: Film, params: FilmParams, ctx: ToolContext) -> Ratio:
    lungs = _lungs(film, params, bound(ctx, "lungs"), ctx)
    heart = heart_of(film.image, bound(ctx, "heart"), lungs, _folder(params, ctx))
    return cardiothoracic([*lungs.segments, heart])


def _folder(params: FilmParams, ctx: ToolContext) -> Path:
    """Where the film is kept, and masks beside it."""
    return (find(ctx.images, params.image) if params.image else ctx.images[0]).path.parent


def _whole(lungs: LungFields) -> Segment:
    right, left = lungs.segments
    return Segment(
        "lung", right.mask | left.mask, lungs.confidence, right.algorithm, right.version, right.edited or left.edited
    )


def _region(image: Image, segment: Segment, name: str) -> DicomRegion:
    coding = CODINGS[segment.structure]
    return region(
        image,
        segment=name,
        box=segment.box,
        algorithm=f"{segment.algorithm} {segment.version}".strip(),
        structure=f"{coding.system}|{coding.code}",
        validated=False,
    )


def _calipers(image: Image, ratio: Ratio, ctx: ToolContext) -> Evidence:
    x, y = zip(*ratio.ends.values(), strict=True)
    right, left, thorax = (caliper.pixels for caliper in ratio.calipers)
    return Evidence(
        slot=ctx.slot,
        value=calipers_text(ratio),
        display=f"calipers: heart {right:.0f} + {left:.0f} pixels, thorax {thorax:.0f} pixels, unvalidated",
        effective_at=image.header.taken_at,
        patient=ctx.patient,
        source=region(
            image,
            segment="calipers",
            box=(min(x), min(y), max(x), max(y)),
            algorithm=_drawn_by(ctx, "heart"),
            validated=False,
        ),
    )


def _ratio_evidence(image: Image, ratio: Ratio, against: list[str], ctx: ToolContext) -> Evidence:
    bounds = None if ratio.low is None or ratio.high is None else (round(ratio.low, 2), round(ratio.high, 2))
    span = f" ({bounds[0]:.2f} to {bounds[1]:.2f})" if bounds else " (set by a person; error not known)"
    why = f"; heart size is not judged on this film: {', '.join(against)}" if against else ""
    right, left, thorax = (caliper.pixels for caliper in ratio.calipers)
    return Evidence(
        slot=ctx.slot,
        value=round(ratio.value, 2),
        unit="1",
        range=bounds,
        display=f"{ratio.value:.2f}{span}, unvalidated, no verdict{why}",
        effective_at=image.header.taken_at,
        patient=ctx.patient,
        source=Derivation(
            tool="image.cardiothoracic",
            version=VERSION,
            steps=(METHOD, f"({right:.1f} + {left:.1f}) / {thorax:.1f} = {ratio.value:.3f}"),
            references=DEFINED_BY,
            warnings=(UNVALIDATED, *against),
            validated=False,
        ),
    )


def _drawn_by(ctx: ToolContext, name: Literal["heart"]) -> str:
    given = bound(ctx, name)
    return "by hand" if given is not None and given.startswith(KEPT) else ALGORITHMS[name]


def _by(segment: Segment) -> str:
    return "by hand" if segment.edited else f"by {segment.algorithm} {segment.version}"


def _sides(film: Film) -> list[str]:
    if film.what.side.value is not None:
        return []
    return ["the side is not established: the patient's right is taken to be at the image's left"]


def _age(ctx: ToolContext) -> float | None:
    evidence = ctx.inputs.get("age")
    quantity = evidence.quantity if evidence is not None else None
    return quantity.value if quantity is not None and math.isfinite(quantity.value) else None


TOOLS: list[ToolSpec[Any]] = [image_outline, image_lung_fields, image_calipers, image_cardiothoracic]
