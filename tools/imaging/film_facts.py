"""`image.film` and `image.film_fact`: which attached image is the chest film, and one fact about it at a time.

Each fact fills a slot of its own, so that a protocol can decide on it and a person can correct it.
"""

from __future__ import annotations

import asyncio
from typing import Any, Literal

from pydantic import Field

from knowledge.evidence import Value
from tools.context import ToolContext
from tools.imaging.attached import attached_target
from tools.imaging.chest import FilmParams, find_film, frontal, identity_of, not_frontal
from tools.imaging.describe import grade, item_of, region
from tools.imaging.frame import Image
from tools.imaging.volume import Volume
from tools.spec import Params, ToolOutput, ToolSpec, tool

VERSION = "1.0.0"
_UNSTATED = {"view": "view: unknown (the file does not say)", "position": "position of the patient: unknown"}


class PickParams(Params):
    """Which image; the newest frontal chest film where none is named."""

    image: str | None = Field(default=None, description="its name or SHA-256")
    frame: int = Field(default=0, ge=0, description="which frame, from 0")


class FactParams(FilmParams):
    """Which film, and what about it."""

    fact: Literal["identity", "view", "position", "quality"] = Field(description="what is asked of the film")


@tool("image.film", version=VERSION, kind="image", title="The chest film that came with the question")
async def image_film(params: PickParams, ctx: ToolContext) -> ToolOutput:
    """The attached image that is a frontal chest film, by its SHA-256; the newest of several. Another patient's, a
    colour picture and what is not known to be a chest film are refused."""

    def pick() -> ToolOutput:
        image, what = find_film(ctx, params.image, params.frame)
        identity_of(image, ctx)
        if (why := frontal(image, what)).answer != "yes":
            raise not_frontal(why)
        named = " ".join(str(fact) for fact in (what.modality, what.body_part, what.view) if fact.value)
        when = f", taken {image.header.taken_at[:10]}" if image.header.taken_at else ""
        item = item_of(ctx, image, image.sha256, f"{named}{when} ({why.reason})", region(image))
        several = len({file.sha256 for file in ctx.images}) > 1 and params.image is None
        told = ["several images came with the question: the newest frontal chest film is used"] if several else []
        return ToolOutput(evidence=[item], warnings=[*image.warnings, *told])

    return await asyncio.to_thread(pick)


@tool("image.film_fact", version=VERSION, kind="image", title="One fact about the chest film")
async def image_film_fact(params: FactParams, ctx: ToolContext) -> ToolOutput:
    """Whether the film is this patient's (identity), its view, the patient's position, or its quality. What the file
    does not say is unknown. A named person can correct each."""

    def read() -> ToolOutput:
        value: Value
        if params.fact == "identity" and params.image is not None:
            return _identity(attached_target(ctx, params.image, params.frame), ctx)
        image, what = find_film(ctx, params.image, params.frame)
        if params.fact == "identity":
            return _identity(image, ctx)
        if params.fact == "quality":
            judged = grade(image, what)
            value, display = (judged.verdict, judged.display) if judged else (None, "quality not judged")
        else:
            fact = what.view if params.fact == "view" else what.position
            value = fact.value
            display = f"{params.fact} {fact.value} ({fact.source})" if fact.value else _UNSTATED[params.fact]
        item = item_of(ctx, image, value, display, region(image))
        return ToolOutput(evidence=[item])

    return await asyncio.to_thread(read)


class ScanParams(Params):
    """Which image, and what about how it was taken."""

    image: str | None = Field(default=None, description="its name or SHA-256; not needed where there is only one")
    fact: Literal["inspiration", "contrast"] = Field(description="what only who was there can say")


@tool("image.scan_fact", version=VERSION, kind="image", title="How a scan was taken, by a person's word")
async def image_scan_fact(params: ScanParams, ctx: ToolContext) -> ToolOutput:
    """A place for what a file does not say of how a scan was taken: in full inspiration, with contrast into a vein.
    Unknown until a person corrects it to true or false, but for contrast that the file states: an agent, or the
    words of a CT's description."""

    def read() -> ToolOutput:
        from tools.segmenters.ct_technique import no_contrast

        target = attached_target(ctx, params.image)
        named = {"inspiration": "full inspiration", "contrast": "contrast into a vein"}[params.fact]
        value, display = None, f"{named}: unknown (the file does not say)"
        if params.fact == "contrast" and (stated := no_contrast(target.header)).holds != "unknown":
            value = stated.holds == "no"
            display = f"{named}: {'yes' if value else 'no'} (the file states {stated.found})"
        item = item_of(ctx, target, value, display, region(target))
        return ToolOutput(evidence=[item])

    return await asyncio.to_thread(read)


def _identity(target: Image | Volume, ctx: ToolContext) -> ToolOutput:
    identity = identity_of(target, ctx)
    item = item_of(ctx, target, identity.status, identity.display, region(target))
    return ToolOutput(evidence=[item])


TOOLS: list[ToolSpec[Any]] = [image_film, image_film_fact, image_scan_fact]
