"""`image.read`: what a model that sees says of one image. An opinion, with regions; its evidence holds no value."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from pydantic import Field

from knowledge.evidence import Evidence, ModelReading
from tools.context import ToolContext, VisionModel, VisionReply
from tools.ehr.naming import naming
from tools.errors import BadInput, NotAssessable
from tools.imaging.attached import attached, patient_of
from tools.imaging.frame import Image
from tools.imaging.identity import compare_identity
from tools.imaging.what import Match, matches, what_is
from tools.spec import Params, ToolOutput, tool
from tools.vlm.asked import kinds_named, regions_named
from tools.vlm.limits import oversteps
from tools.vlm.regions import regions_of
from tools.vlm.render import picture
from tools.vlm.words import INSTRUCTIONS, PROMPT_VERSION, Unusable, again, parse, prompt, schema

VERSION = "1.0.0"
ATTEMPTS = 2


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


@tool("image.read", version=VERSION, kind="image", title="What a model sees in an image (an opinion)")
async def image_read(params: ReadParams, ctx: ToolContext) -> ToolOutput:
    """A model that sees looks at one image that came with the question and says in a sentence or two what it sees,
    and where. An opinion: it carries no measurement, no normal finding and no exclusion of a disease.

    An image of another part of the body, or of another kind, than the question is about is refused before the model is
    asked. The model gets pixels and the question without names; words burnt into the pixels are not covered.
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
    png, seen = await asyncio.to_thread(picture, image)
    asked = prompt(params.question, *seen, hidden=[ctx.patient or "", *naming(patient)])
    answer, raw, replies = await _ask(ctx.vision, png, asked, schema(*seen))
    regions, told = regions_of(raw, image.sha256, image.frame, seen, (image.columns, image.rows))
    reply = replies[-1]
    said = Evidence(
        slot=ctx.slot,
        value=None,
        display=f"{reply.model}: “{answer}” (a model's opinion)",
        patient=ctx.patient,
        effective_at=image.header.taken_at,
        source=ModelReading(
            model=reply.model,
            revision=reply.revision,
            prompt_version=PROMPT_VERSION,
            images=(image.sha256,),
            regions=tuple(regions),
        ),
    )
    if over := oversteps(" ".join([answer, *(region.label for region in regions)])):
        warnings.append(f"the model's words hold {' and '.join(over)}: an opinion carries none")
    warnings += [*_shown_as(image), *told]
    return ToolOutput(evidence=[said], warnings=warnings, detail=_detail(replies, seen))


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
        (regions, [matches(image, None, region, what) for region in regions]),
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


async def _ask(
    model: VisionModel, png: bytes, asked: str, form: dict[str, Any]
) -> tuple[str, list[Any], list[VisionReply]]:
    """The answer, its regions as they came, and every reply that was had.

    Raises:
        NotAssessable: no answer that can be used.
    """
    replies: list[VisionReply] = []
    question, problem = asked, ""
    for _ in range(ATTEMPTS):
        replies.append(await model.read([png], question, form, instructions=INSTRUCTIONS))
        try:
            answer, raw = parse(replies[-1].text)
        except Unusable as error:
            problem, question = str(error), again(asked, error)
        else:
            return answer, raw, replies
    raise NotAssessable(
        f"the model {model.name} gave no answer about the image that could be used",
        found=problem,
        expected="one JSON object of the form asked for",
        action="look at the image; try another model",
    )


def _shown_as(image: Image) -> list[str]:
    """What of the image the model did not see as it is, or saw although it had better not."""
    told = []
    if image.photometric.startswith(("RGB", "YBR", "PALETTE")):
        told.append("the model was shown the brightness of a colour picture, not its colours")
    if (image.header.burned_in or "").upper() != "NO":
        told.append("words burnt into the pixels, where there are any, were shown to the model: they are not covered")
    return told


def _detail(replies: list[VisionReply], seen: tuple[int, int]) -> dict[str, Any]:
    return {
        "attempts": len(replies),
        "seconds": round(sum(reply.seconds for reply in replies), 3),
        "tokens_in": sum(reply.tokens_in for reply in replies),
        "tokens_out": sum(reply.tokens_out for reply in replies),
        "constrained": replies[-1].constrained,
        "shown": {"columns": seen[0], "rows": seen[1]},
    }


TOOLS = [image_read]
