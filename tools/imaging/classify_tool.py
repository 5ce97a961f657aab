"""`image.classify` and `image.operating`: what a classifier says of a frontal film, at the clinician's operating point.

A classifier's word is an opinion: it names what it scores high, it excludes nothing and decides no criterion.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from tools.context import ToolContext
from tools.errors import BadInput, NotAssessable
from tools.imaging.attached import attached, find
from tools.imaging.chest import bound, identity_of
from tools.imaging.describe import item_of, region
from tools.spec import Params, ToolOutput, ToolSpec, tool

if TYPE_CHECKING:
    from tools.segmenters.weighted.classify import Classifier
    from tools.segmenters.weighted.operating import Point

VERSION = "1.0.0"
TABLE = "operating-points.csv"
"""Beside the weights: thresholds with sensitivity and specificity, measured by whoever put it there."""
OPERATING = "operating"
_WANTED = re.compile(r"\s*(sensitivity|specificity)\s*(?:of\s*|>=\s*|:\s*)?(\d+(?:\.\d+)?)\s*(%?)\s*", re.IGNORECASE)


class OperatingParams(Params):
    """Which image."""

    image: str | None = Field(default=None, description="its name or SHA-256; not needed where there is only one")


class ClassifyParams(OperatingParams):
    """Which film. What a person may correct counts only as evidence bound from a step, never as an argument."""

    frame: int = Field(default=0, ge=0, description="which frame, from 0")
    identity: str | None = Field(default=None, description="bound from image.film_fact: whether it is this patient's")
    operating: str | None = Field(default=None, description="bound from image.operating")


@tool("image.operating", version=VERSION, kind="image", title="The operating point of a classifier, by a person's word")
async def image_operating(params: OperatingParams, ctx: ToolContext) -> ToolOutput:
    """A place for the sensitivity or specificity that a clinician wants of a classifier ("sensitivity 95 %"). Empty
    until a person gives it as a correction; without it no threshold is chosen."""
    image = await asyncio.to_thread(attached, ctx, params.image)
    item = item_of(ctx, image, None, "no operating point chosen (sensitivity 95 %, for example)", region(image))
    return ToolOutput(evidence=[item])


@tool("image.classify", version=VERSION, kind="image", title="A classifier's opinion of a frontal film")
async def image_classify(params: ClassifyParams, ctx: ToolContext) -> ToolOutput:
    """Which findings a classifier with other people's weights scores high on a frontal film: calibrated where somebody
    fitted that, at the clinician's operating point where one was chosen. An opinion; it excludes nothing."""

    def work_out() -> ToolOutput:
        image = attached(ctx, params.image, params.frame)
        if (bound(ctx, "identity") or identity_of(image, ctx).status) != "confirmed":
            raise NotAssessable(
                "no classifier is asked about an image before it is known to be this patient's",
                found="an identity that is not confirmed",
                expected="an identity that is confirmed",
                action='a named person corrects the image\'s identity to "confirmed"',
            )
        models = find(ctx.images, params.image).path.parent.parent / "models"
        model = _ready(models)
        wanted = bound(ctx, OPERATING)
        points, told = operating_points(wanted, model, models) if wanted else ({}, [])
        scores = model.classify(image, points)
        opinion = model.reading(image, scores, ctx.slot, ctx.patient)
        return ToolOutput(evidence=[opinion], warnings=told, detail={"scores": [one.display for one in scores]})

    return await asyncio.to_thread(work_out)


def classifiers_here(models: Path) -> list[Classifier]:
    """The classifiers whose weights lie here."""
    from tools.segmenters.weighted.catalogue import classifiers

    return [one for one in classifiers(models) if one.lacks_files() is None]


def operating_points(wanted: str, model: Classifier, models: Path) -> tuple[dict[str, Point], list[str]]:
    """The thresholds that reach what a clinician wants, by finding, and for which findings there is none.

    Raises:
        BadInput: it is no sensitivity or specificity, or the table cannot be read.
        NotAssessable: nobody has put a table beside the weights.
    """
    from tools.segmenters.weighted.operating import choose, read_table

    match = _WANTED.fullmatch(wanted)
    least = float(match[2]) / (100 if match[3] or float(match[2]) > 1 else 1) if match else 0.0
    if match is None or not 0 < least < 1:
        raise BadInput(
            "this is no operating point",
            found=wanted[:60],
            expected="sensitivity or specificity with a share: sensitivity 95 %",
            action="correct the operating point",
        )
    path = Path(model.card.weights or models).parent / TABLE
    if not path.is_file():
        raise NotAssessable(
            "no thresholds were measured for this classifier here",
            found=f"no {TABLE} beside its weights",
            expected="a table of thresholds with sensitivity and specificity, best on patients of this clinic",
            action="leave the operating point out, or put the table there",
        )
    table = read_table(path)
    points: dict[str, Point] = {}
    told = []
    for finding in model.findings:
        try:
            points[finding] = choose(table, finding, "sensitivity" if match[1].lower()[:4] == "sens" else "specificity",
                                     least)  # fmt: skip
        except NotAssessable as error:
            told.append(f"{error.message}: {error.found}")
    return points, told


def _ready(models: Path) -> Classifier:
    found: Sequence[Classifier] = classifiers_here(models)
    if not found:
        from tools.segmenters.weighted.catalogue import classifiers

        lacks = [f"{one.card.title}: {one.lacks()}" for one in classifiers(models)]
        raise NotAssessable(
            "no classifier's weights are kept here",
            found="; ".join(lacks),
            expected="weights in the folder of models (docs/weighted-segmenters.md)",
            action="put them there; nothing is fetched by itself",
        )
    if (lacks_packages := found[0].lacks()) is not None:
        raise NotAssessable(
            f"{found[0].card.title} cannot run here",
            found=lacks_packages,
            expected="the packages of the extra `local`",
            action="install them",
        )
    return found[0]


TOOLS: list[ToolSpec[Any]] = [image_operating, image_classify]
