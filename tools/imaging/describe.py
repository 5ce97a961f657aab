"""`image.describe`: what an image is, its scale, whose it is and how good it is; each a piece of evidence."""

from __future__ import annotations

import asyncio
from typing import Any

from pydantic import Field

from knowledge.evidence import DicomRegion, Evidence, Value
from tools.context import ToolContext
from tools.imaging.attached import find, patient_of, target_of
from tools.imaging.frame import Image
from tools.imaging.identity import Identity, compare_identity
from tools.imaging.markers_side import with_markers
from tools.imaging.quality import Quality, quality
from tools.imaging.slices import scale_of, slice_of
from tools.imaging.volume import Volume
from tools.imaging.what import What, matches, what_is, what_of_volume
from tools.spec import Params, ToolOutput, tool
from tools.vlm.asked import kinds_named, regions_named


class DescribeParams(Params):
    """Which image."""

    image: str | None = Field(default=None, description="its name or SHA-256; not needed where there is only one")
    frame: int = Field(default=0, ge=0, description="which frame, from 0")
    question: str | None = Field(default=None, description="what was asked: whether the image can show it is said")


def region(target: Image | Volume, **more: Any) -> DicomRegion:
    """The source of a fact about an image, one slice of a volume, or a whole volume (then without a frame)."""
    header = target.header
    whole = isinstance(target, Volume)
    spacing = scale_of(target) if isinstance(target, Volume) else target.spacing
    return DicomRegion(
        study_instance_uid=header.study_instance_uid,
        series_instance_uid=header.series_instance_uid,
        sop_instance_uid=None if whole else header.sop_instance_uid,
        file_sha256=target.sha256,
        frame=None if isinstance(target, Volume) else target.frame,
        pixel_spacing_mm=spacing.mm,
        spacing_source=spacing.source,
        **more,
    )


def item_of(ctx: ToolContext, target: Image | Volume, value: Value, display: str, source: DicomRegion) -> Evidence:
    """What fills the slot of a step: a fact about an image, or a place that is kept."""
    return Evidence(
        slot=ctx.slot,
        value=value,
        display=display,
        effective_at=target.header.taken_at,
        patient=ctx.patient,
        source=source,
    )


def grade(image: Image, what: What) -> Quality | None:
    """The quality of a projection film; None for what is not one, or not known to be."""
    return quality(image) if what.is_film else None


@tool("image.describe", version="1.0.0", kind="image", title="What an image is, its scale, whose it is, its quality")
async def image_describe(params: DescribeParams, ctx: ToolContext) -> ToolOutput:
    """Modality, region, view and side of an attached image, the scale and its source, whether it is this patient's, and
    the quality of a projection film. What cannot be told is unknown.

    An image of another patient stops the tool. One whose identity is not confirmed needs a named person's word: a
    correction of `identity` to "confirmed".
    """
    patient = patient_of(ctx)
    file = find(ctx.images, params.image)
    target = await asyncio.to_thread(target_of, file, params.frame)
    told = [*target.warnings, *file.told]
    if isinstance(target, Volume):
        return _volume(target, params, ctx, compare_identity(target.header.who, patient), told)
    image = target
    identity = compare_identity(image.header.who, patient)
    what, burnt = await asyncio.to_thread(lambda: with_markers(image, what_is(image)))
    judged = await asyncio.to_thread(grade, image, what)
    warnings = [*beside_the_question(image, what, params.question), *told, *burnt, *_dated(image, ctx)]
    items = [
        _item(image, ctx, name, value, display)
        for name, value, display in [
            *_facts(what),
            _scale(image),
            ("identity", identity.status, identity.display),
            ("quality", judged.verdict if judged else None, judged.display if judged else _NOT_JUDGED),
        ]
    ]
    named = " ".join(str(fact) for fact in (what.modality, what.body_part, what.view) if fact.value)
    head = _item(image, ctx, "", named or None, what.display)
    return ToolOutput(evidence=[head, *items], warnings=warnings, detail=info(image, what, judged, identity))


def _volume(
    volume: Volume, params: DescribeParams, ctx: ToolContext, identity: Identity, told: list[str]
) -> ToolOutput:
    """A volume: what its header says, how its slices lie. Its quality is not judged."""
    what = what_of_volume(volume)
    middle = slice_of(volume, len(volume.values) // 2)
    warnings = [*beside_the_question(middle, what, params.question), *told, *_dated(volume, ctx)]
    items = [
        _item(volume, ctx, name, value, display)
        for name, value, display in [
            *_facts(what),
            _scale(middle),
            ("slices", len(volume.values), slices_shown(volume)),
            ("identity", identity.status, identity.display),
            ("quality", None, "quality not judged: a series of slices"),
        ]
    ]
    named = " ".join(str(fact) for fact in (what.modality, what.body_part, what.view) if fact.value)
    head = _item(volume, ctx, "", f"{named} series".strip(), f"{slices_shown(volume)}; {what.display}")
    facts = {"modality": what.modality, "body_part": what.body_part, "view": what.view}
    detail = {
        "name": volume.name,
        "sha256": volume.sha256,
        "format": volume.format,
        "slices": len(volume.values),
        "rows": int(volume.values.shape[1]),
        "columns": int(volume.values.shape[2]),
        "taken_at": volume.header.taken_at,
        "study_instance_uid": volume.header.study_instance_uid,
        "series_instance_uid": volume.header.series_instance_uid,
        **{name: fact.value for name, fact in facts.items()},
        "geometry": volume.geometry(),
        "identity": {"status": identity.status, "agrees": list(identity.agrees)},
        "warnings": warnings,
    }
    return ToolOutput(evidence=[head, *items], warnings=warnings, detail=detail)


def slices_shown(volume: Volume) -> str:
    """How many slices, how far apart by what, and whether they may be measured as a volume."""
    across = volume.spacing_mm[0]
    even = "even" if volume.uniform else "not evenly spaced: not measured as a volume"
    tilt = "" if volume.square else f", leaning by {volume.tilt_deg:.1f} degrees"
    return f"{len(volume.values)} slices, {across:.3g} mm apart ({volume.spacing_source}), {even}{tilt}"


def _dated(target: Image | Volume, ctx: ToolContext) -> list[str]:
    taken = target.header.taken_at
    if taken is None or taken[:10] <= ctx.now.date().isoformat():
        return []
    return [f"the image is dated {taken[:10]}, after the time this consultation is asked at"]


def beside_the_question(image: Image, what: What, question: str | None) -> list[str]:
    """That an image cannot show what a question is about: a film of the hand and the size of the liver."""
    told = []
    for expected, by_kind in ((kinds_named(question or ""), True), (regions_named(question or ""), False)):
        found = [matches(image, one if by_kind else None, None if by_kind else one, what) for one in expected]
        if found and all(one.answer == "no" for one in found):
            told.append(f"the question is about {' or '.join(expected)}, and the image is not: {found[0].reason}")
    return told


_NOT_JUDGED = "quality not judged: not known to be a projection film"


def _item(image: Image | Volume, ctx: ToolContext, name: str, value: Value, display: str) -> Evidence:
    return Evidence(
        slot=f"{ctx.slot}.{name}" if name else ctx.slot,
        value=value,
        unit="mm" if isinstance(value, float) else None,
        display=display,
        effective_at=image.header.taken_at,
        patient=ctx.patient,
        source=region(image),
    )


def _facts(what: What) -> list[tuple[str, Value, str]]:
    named = {
        "modality": ("modality", what.modality),
        "body_part": ("body part", what.body_part),
        "view": ("view", what.view),
        "position": ("position of the patient", what.position),
        "side": ("side", what.side),
    }
    return [
        (name, fact.value, f"{label}: {fact}" + (f", {fact.confidence} ({fact.source})" if fact.value else ""))
        for name, (label, fact) in named.items()
    ]


def _scale(image: Image) -> tuple[str, Value, str]:
    """The scale; one number only where rows and columns have the same."""
    mm = image.spacing.mm
    if mm is None:
        return "spacing", None, "no scale: lengths can be given in pixels only"
    shown = f"{mm[0]:g} mm" if mm[0] == mm[1] else f"{mm[0]:g} mm between rows, {mm[1]:g} mm between columns"
    return "spacing", mm[0] if mm[0] == mm[1] else None, f"pixel spacing {shown}: {image.spacing.source}"


def info(image: Image, what: What, judged: Quality | None, identity: Identity | None = None) -> dict[str, Any]:
    """One file of `osler image info --json`."""
    facts = {"modality": what.modality, "body_part": what.body_part, "view": what.view}
    facts |= {"position": what.position, "side": what.side}
    return {
        "name": image.name,
        "sha256": image.sha256,
        "format": image.format,
        "rows": image.rows,
        "columns": image.columns,
        "frame": image.frame,
        "frames": image.frames,
        "photometric": image.photometric,
        "bits": image.bits,
        "lossy": image.lossy,
        "taken_at": image.header.taken_at,
        "sop_class": image.header.sop_class,
        "study_instance_uid": image.header.study_instance_uid,
        "series_instance_uid": image.header.series_instance_uid,
        "sop_instance_uid": image.header.sop_instance_uid,
        **{name: fact.value for name, fact in facts.items()},
        "stated_in": {name: fact.source for name, fact in facts.items()},
        "confidence": {name: fact.confidence for name, fact in facts.items()},
        "chest_likeness": what.chest_likeness,
        "kind": what.kind.value,
        "geometry": image.geometry(),
        "quality": None if judged is None else quality_document(judged),
        "identity": None if identity is None else {"status": identity.status, "agrees": list(identity.agrees)},
        "warnings": list(image.warnings),
    }


def quality_document(judged: Quality) -> dict[str, Any]:
    """The quality of a film as JSON."""
    return {
        "verdict": judged.verdict,
        "problems": [
            {"name": item.name, "measured": item.measured, "limit": item.limit, "verdict": item.verdict}
            for item in judged.problems
        ],
        "figures": judged.figures,
        "not_measured": list(judged.not_measured),
    }


TOOLS = [image_describe]
