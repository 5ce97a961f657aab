"""`image.similar`: images of this site that look like one of the consultation. Cards, and no conclusion from them."""

from __future__ import annotations

import asyncio

from pydantic import Field

from knowledge.evidence import Derivation, Evidence
from tools.context import ToolContext
from tools.errors import NotAssessable
from tools.imaging.attached import attached, find, patient_of
from tools.imaging.describe import DescribeParams
from tools.imaging.identity import compare_identity
from tools.imaging.similar import Descriptor
from tools.imaging.similar_store import FOLDER, KEY, Near, search
from tools.spec import ToolOutput, tool

VERSION = "1.0.0"
NOT_THE_SAME = "similar is not the same diagnosis"


class SimilarParams(DescribeParams):
    """Which image, and how many."""

    count: int = Field(default=5, ge=1, le=20, description="how many at most")


@tool("image.similar", version=VERSION, kind="image", title="Images of this site that look alike")
async def image_similar(params: SimilarParams, ctx: ToolContext) -> ToolOutput:
    """Looks in the site's own index for images that look like an attached one, each with what its report says where
    that was given. They are other patients': nothing but a hash names them, and similar is not the same diagnosis.

    An image of another patient stops the tool; so does a site without an index.
    """

    def look() -> ToolOutput:
        image = attached(ctx, params.image, params.frame)
        identity = compare_identity(image.header.who, patient_of(ctx))
        home = find(ctx.images, params.image).path.parent.parent
        if not (home / KEY).exists():
            raise NotAssessable(
                "this site has no index of its images",
                found="none",
                expected="an index of images",
                action="make one with `osler image index FOLDER`",
            )
        found = search(image, Descriptor(), (home / KEY).read_bytes(), home / FOLDER, params.count)
        head = _card(ctx, ctx.slot, f"{len(found)} images of this site look most like it; {NOT_THE_SAME}", image.sha256)
        cards = [_card(ctx, f"{ctx.slot}.{n}", shown(one), image.sha256) for n, one in enumerate(found, start=1)]
        warnings = [] if identity.status == "confirmed" else [identity.display]
        return ToolOutput(evidence=[head, *cards], warnings=warnings)

    return await asyncio.to_thread(look)


def shown(near: Near) -> str:
    """One image as a card says it."""
    entry = near.entry
    what = " ".join(part for part in (entry.modality, entry.body_part, entry.view) if part) or "an image"
    label = f"its report says “{entry.label}”" if entry.label else "no report was given"
    return f"image {entry.id}, {what}, similarity {near.similarity:.2f}: {label}; {NOT_THE_SAME}"


def _card(ctx: ToolContext, slot: str, display: str, sha256: str) -> Evidence:
    return Evidence(
        slot=slot,
        value=None,
        display=display,
        patient=ctx.patient,
        source=Derivation(
            tool="image.similar",
            version=VERSION,
            steps=(f"cosine of {Descriptor.id} vectors with that of {sha256[:12]}",),
            warnings=(NOT_THE_SAME,),
        ),
    )
