"""`image.read`: what a model that sees says of one image. An opinion, with regions; its evidence holds no value."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field

from knowledge.evidence import Evidence, ModelReading
from tools.context import ToolContext
from tools.ehr.naming import naming
from tools.errors import BadInput, NotAssessable
from tools.imaging.attached import attached, patient_of
from tools.imaging.burnt_in import hidden
from tools.imaging.describe import region
from tools.imaging.frame import Image
from tools.imaging.identity import compare_identity
from tools.imaging.what import Match, matches, what_is
from tools.spec import Params, ToolOutput, tool
from tools.vlm.asked import kinds_named, regions_named
from tools.vlm.limits import oversteps
from tools.vlm.look import MAX_PROBES, Look, Probe, look, look_part_by_part
from tools.vlm.words import PROMPT_VERSION, withheld

VERSION = "2.0.0"


class WrongImage(BadInput):
    """The image does not show what the question is about."""

    code: ClassVar[str] = "wrong_image"


class ReadParams(Params):
    """What to look at, and what for."""

    question: str = Field(min_length=1, description="what to look for, in words")
    image: str | None = Field(default=None, description="its name or SHA-256; not needed where there is only one")
    modality: str | None = Field(default=None, description="the kind of image it is about: a DICOM code, XR for films")
    anatomy: str | None = Field(default=None, description="the part of the body it is about")
    frame: int = Field(default=0, ge=0, description="which frame, from 0")
    closer: Literal["asked", "tiles", "never"] = Field(
        default="asked",
        description="parts shown larger: those that the model asks for, all of a grid one by one, or none",
    )
    probes: int = Field(default=4, ge=0, le=MAX_PROBES, description="how many parts at most")


@tool("image.read", version=VERSION, kind="image", title="What a model sees in an image (an opinion)")
async def image_read(params: ReadParams, ctx: ToolContext) -> ToolOutput:
    """A model that sees looks at one image that came with the question and says in a sentence or two what it sees,
    and where. An opinion: it carries no measurement, no normal finding and no exclusion of a disease.

    An image of another part of the body, or of another kind, than the question is about is refused before the model is
    asked. The model sees the whole image at its own resolution and may ask to see parts larger, which are cut from the
    full resolution and kept as evidence. It gets pixels and the question without names; words burnt into the pixels are
    covered, markers of side and projection are left visible.
    """
    if ctx.vision is None:
        raise NotAssessable(
            "no model reads images here",
            found="no model",
            expected="a model that sees",
            action="set OSLER_MODEL to one on this machine, or OSLER_MODEL_URL to a server of yours",
        )
    patient = patient_of(ctx)
    image = await asyncio.to_thread(attached, ctx, params.image, params.frame)
    identity = compare_identity(image.header.who, patient)
    warnings = [] if identity.status == "confirmed" else [identity.display]
    warnings += await asyncio.to_thread(check_image, image, params)
    question = withheld(params.question, [ctx.patient or "", *naming(patient)])
    seen, covered = await asyncio.to_thread(hidden, image)
    if params.closer == "tiles":
        looks = await look_part_by_part(ctx.vision, seen, question, params.probes)
    else:
        looks = [await look(ctx.vision, seen, question, params.probes if params.closer == "asked" else 0)]
    items: list[Evidence] = []
    crops: list[Evidence] = []
    for one in [looks[0], *(one for one in looks[1:] if one.regions)]:
        slot = f"{ctx.slot}.part.{len(items)}" if items else ctx.slot
        shown = [_crop(image, probe, f"{ctx.slot}.crop.{len(crops) + n}", ctx) for n, probe in enumerate(one.probes, 1)]
        crops += shown
        items.append(_opinion(one, image, slot, shown, ctx))
        if over := oversteps(" ".join([one.answer, *(found.label for found in one.regions)])):
            warnings.append(f"the model's words hold {' and '.join(over)}: an opinion carries none")
    warnings += [*_shown_as(image), *covered, *dict.fromkeys(line for one in looks for line in one.told)]
    return ToolOutput(evidence=[*items, *crops], warnings=warnings, detail=_detail(looks))


def _opinion(one: Look, image: Image, slot: str, crops: Sequence[Evidence], ctx: ToolContext) -> Evidence:
    reply = one.replies[-1]
    bound = [item.id for item in ctx.inputs.values()]
    return Evidence(
        slot=slot,
        value=None,
        display=f"{reply.model}: “{one.answer}” (a model's opinion)",
        patient=ctx.patient,
        effective_at=image.header.taken_at,
        source=ModelReading(
            model=reply.model,
            revision=reply.revision,
            prompt_version=PROMPT_VERSION,
            images=(image.sha256,),
            regions=one.regions,
            inputs=(*bound, *(crop.id for crop in crops)) if crops else (),
        ),
    )


def _crop(image: Image, probe: Probe, slot: str, ctx: ToolContext) -> Evidence:
    left, top, right, bottom = probe.part.box
    why = f", which it asked for: “{probe.why}”" if probe.why else ""
    return Evidence(
        slot=slot,
        value=None,
        display=f"columns {left} to {right}, rows {top} to {bottom} shown to the model {probe.part.scale:.2g} times as "
        f"large as stored{why}",
        patient=ctx.patient,
        effective_at=image.header.taken_at,
        source=region(image, segment="shown larger", box=probe.part.box),
    )


def check_image(image: Image, params: ReadParams) -> list[str]:
    """What the image does not say of itself, as warnings.

    Raises:
        WrongImage: it is of another part of the body, or of another kind, than the question is about.
    """
    what = what_is(image)
    kinds = [params.modality] if params.modality else kinds_named(params.question)
    regions = regions_named(params.anatomy or params.question) or ([params.anatomy] if params.anatomy else [])
    told = []
    for expected, found in (
        (kinds, [matches(image, kind, None, what) for kind in kinds]),
        (regions, [matches(image, None, part, what) for part in regions]),
    ):
        if _all(found, "no"):
            raise WrongImage(
                f"the question is about {' or '.join(expected)}, and the image is not: {found[0].reason}",
                found=found[0].reason,
                expected=" or ".join(expected),
                action="attach the image that the question is about, or ask about this one",
            )
        if found and not any(match.answer == "yes" for match in found):
            told.append(f"not known whether the image is of {' or '.join(expected)}: {found[0].reason}")
    return told


def _all(found: list[Match], answer: str) -> bool:
    return bool(found) and all(match.answer == answer for match in found)


def _shown_as(image: Image) -> list[str]:
    """What of the image the model did not see as it is."""
    told = []
    if image.colour is None and image.photometric.startswith(("RGB", "YBR", "PALETTE")):
        told.append("the model was shown the brightness of a colour picture, not its colours")
    return told


def _detail(looks: Sequence[Look]) -> dict[str, Any]:
    replies = [reply for one in looks for reply in one.replies]
    first = looks[0].shown[0].part
    return {
        "attempts": len(replies),
        "seconds": round(sum(reply.seconds for reply in replies), 3),
        "tokens_in": sum(reply.tokens_in for reply in replies),
        "tokens_out": sum(reply.tokens_out for reply in replies),
        "constrained": replies[-1].constrained,
        "shown": {"columns": first.size[0], "rows": first.size[1]},
        "probes": sum(len(one.probes) for one in looks),
        "ended": looks[0].ended,
    }


TOOLS = [image_read]
