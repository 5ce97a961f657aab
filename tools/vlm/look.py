"""How a model looks at an image: as a whole, at parts that it asks to see larger, or part by part as code says.

The whole picture is given at the model's own resolution, which may lose what is small; a part is cut from the full
resolution. What a model asks for are boxes and nothing else: none of its words comes back to it, and each part costs
one of a fixed budget. It ends with an answer that asks for nothing more, with the budget, or when what it asks for has
been shown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from knowledge.evidence import ImageRegion
from tools.context import VisionModel, VisionReply
from tools.errors import NotAssessable
from tools.imaging.frame import Image
from tools.vlm.regions import Wanted, regions_of, separate, wanted
from tools.vlm.render import MAX_EDGE, Part, part, whole
from tools.vlm.tiles import grid
from tools.vlm.words import INSTRUCTIONS, Said, Unusable, again, parse, prompt, schema

ATTEMPTS = 2
MAX_PROBES = 64
End = Literal["answer", "budget", "repetition", "no usable answer"]


@dataclass(frozen=True)
class Probe:
    """A part that was shown larger, and why: the model's words, or none where code chose it."""

    part: Part
    why: str = ""


@dataclass(frozen=True)
class Look:
    """What a model said after everything it was shown, and what that was."""

    answer: str
    regions: tuple[ImageRegion, ...]
    shown: tuple[Probe, ...]
    replies: tuple[VisionReply, ...] = field(repr=False)
    ended: End = "answer"
    told: tuple[str, ...] = ()

    @property
    def probes(self) -> tuple[Probe, ...]:
        """What was shown beside the first picture."""
        return self.shown[1:]


def edge_of(model: VisionModel) -> int:
    """The longest edge of a picture that the model takes as it is, where it says so."""
    edge = getattr(model, "edge", None)
    return edge if isinstance(edge, int) and edge > 0 else MAX_EDGE


async def look(model: VisionModel, image: Image, question: str, probes: int = 0) -> Look:
    """The whole image, and at most `probes` parts that the model asks to see larger.

    Args:
        question: without names (`tools.vlm.words.withheld`).

    Raises:
        NotAssessable: no answer that can be used.
        UpstreamError: the model cannot be reached.
    """
    edge = edge_of(model)
    first = await asyncio.to_thread(whole, image, edge)
    shown, told = [Probe(first)], list[str]()
    said, replies = await _ask(model, [first], question, probes)
    if not probes:
        said = replace(said, closer=[])
    ended: End = "answer"
    while said.closer and ended == "answer":
        asked, lines = wanted(said.closer, [one.part for one in shown], probes - len(shown) + 1)
        told += lines
        if not asked:
            ended = "repetition"
            break
        shown += [await asyncio.to_thread(_closer, image, one, edge) for one in asked]
        left = probes - len(shown) + 1
        try:
            said, more = await _ask(model, [one.part for one in shown], question, left)
        except NotAssessable:
            # The answer before stands; what was shown since is known to have been shown.
            told.append("after parts were shown larger the model gave no usable answer: the one before stands")
            ended = "no usable answer"
            break
        replies += more
        if not left:
            ended = "budget"
    regions, lines = regions_of(said.regions, image.sha256, image.frame, [one.part for one in shown])
    return Look(
        said.answer,
        tuple(separate(regions)),
        tuple(shown),
        tuple(replies),
        ended,
        tuple(dict.fromkeys([*told, *lines])),
    )


async def look_part_by_part(model: VisionModel, image: Image, question: str, probes: int) -> list[Look]:
    """The whole image, then each part of a grid alone, for models that do not ask: the whole first, then each part in
    which the model marked something that it had not marked before. A part without contrast is not shown.

    Raises:
        NotAssessable: no usable answer about the whole.
        UpstreamError: the model cannot be reached.
    """
    edge = edge_of(model)
    looks = [await look(model, image, question)]
    marked = list(looks[0].regions)
    shown, silent = 0, 0
    for box in grid(image, edge, probes):
        tile = await asyncio.to_thread(part, image, box, edge)
        shown += 1
        try:
            said, replies = await _ask(model, [tile], question, 0, tile=True)
        except NotAssessable:
            silent += 1
            continue
        found, lines = regions_of(said.regions, image.sha256, image.frame, [tile])
        new = separate(found, marked)
        marked += new
        looks.append(Look(said.answer, tuple(new), (looks[0].shown[0], Probe(tile)), tuple(replies), told=tuple(lines)))
    told = [f"{shown} parts were shown to the model larger, one by one"]
    if silent:
        told.append(f"on {silent} of them it gave no answer that could be used")
    first = looks[0]
    return [replace(first, told=(*first.told, *told)), *looks[1:]]


async def _ask(
    model: VisionModel, parts: Sequence[Part], question: str, left: int, *, tile: bool = False
) -> tuple[Said, list[VisionReply]]:
    """What the model says of pictures, and every reply that was had.

    Raises:
        NotAssessable: no answer that can be used.
    """
    sizes = [one.size for one in parts]
    asked, form = prompt(question, sizes, left, tile=tile), schema(sizes, left)
    replies: list[VisionReply] = []
    text, problem = asked, ""
    for _ in range(ATTEMPTS):
        replies.append(await model.read([one.png for one in parts], text, form, instructions=INSTRUCTIONS))
        try:
            return parse(replies[-1].text), replies
        except Unusable as error:
            problem, text = str(error), again(asked, error)
    raise NotAssessable(
        f"the model {model.name} gave no answer about the image that could be used",
        found=problem,
        expected="one JSON object of the form asked for",
        action="look at the image; try another model",
    )


def _closer(image: Image, one: Wanted, edge: int) -> Probe:
    return Probe(part(image, one.box, edge), one.why)
