"""One way in: a structure by its name, or something that is pointed at, on an image or a volume.

A name goes to the segmenters whose cards offer it for such an image; a box, clicks or scribbles go to what works from
pointing. On a volume they are given on one slice, and the outline is propagated through its neighbours, which say so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from tools.errors import BadInput, NotAssessable, OslerError
from tools.imaging.colour_kind import FUNDUS, SKIN, colour_kind
from tools.imaging.frame import Image, scaled
from tools.imaging.volume import Volume
from tools.segmenters import propagate
from tools.segmenters.contract import Prompts, Segmenter, Target
from tools.segmenters.pointed import Method, drawn, picture_of, shown_range
from tools.segmenters.prompts import NotAStructure, Prompt, structure_of
from tools.segmenters.segment import Segment
from tools.segmenters.structures import OBJECT, kind_of, structures
from tools.segmenters.structures_zones import head_to_feet, part_of

UNVALIDATED = "outlined where a person pointed; not validated"
_LIKELY = {FUNDUS: "fundus", SKIN: "skin"}


def segmented(
    target: Target,
    structure: str | None = None,
    prompts: Prompts | None = None,
    folder: Path | None = None,
    method: Method = "auto",
    through: bool = True,
    among: Sequence[Segmenter] | None = None,
) -> list[Segment]:
    """What is named or pointed at, as segments with what has to be said of them.

    Args:
        folder: where LiteMedSAM's network and other models are kept; without one, nothing with weights is used.
        method: `litemedsam` or `walker` where one of both is wanted.
        through: a volume's other slices too.
        among: the segmenters that are asked by name; all that are listed by default.

    Raises:
        NotAStructure, WhichStructure: the name is none, or of several.
        NotAssessable: nothing here outlines it on such an image, or it is not found.
        BadInput: a prompt cannot be used.
    """
    if prompts is not None and prompts.kinds:
        return _pointed(target, structure, prompts, folder, method, through)
    if not structure:
        raise NotAStructure(
            "nothing is named and nothing is pointed at",
            found="an image alone",
            expected="a structure, a box or a click",
            action="give --structure NAME, --box x0,y0,x1,y1 or --point x,y,+",
        )
    from tools.segmenters.registry import offered

    prompt = structure_of(structure, seen_on(target))
    found = _by_name(target, prompt, offered(folder) if among is None else among)
    said = tuple(f"{wrong!r} read as {right!r}" for wrong, right in prompt.respelt)
    return [_zoned(target, one, prompt, said) for one in found]


def seen_on(target: Target) -> str | None:
    """Which kind of image it is, in the words of the vocabulary; None where neither file nor colours say."""
    stated = (target.header.modality or "").upper()
    if not stated and isinstance(target, Image) and target.colour is not None:
        return _LIKELY.get(colour_kind(target.colour).kind)
    return kind_of(stated)


def _by_name(target: Target, prompt: Prompt, every: Sequence[Segmenter]) -> list[Segment]:
    from tools.segmenters.weighted.gate import admit

    wanted = {prompt.structure, *prompt.whole}
    able = [one for one in every if wanted & set(one.card.structures)]
    refused: list[OslerError] = []
    missing: list[str] = []
    for segmenter in able:
        names = [name for name in prompt.whole if name in segmenter.card.structures] or [prompt.structure]
        try:
            admitted = admit(segmenter.card, target, names, Prompts())
        except OslerError as error:
            refused.append(error)
            continue
        if lacks := segmenter.lacks():
            missing.append(f"{segmenter.card.title}: {lacks}")
            continue
        kept = [one for one in segmenter.segment(target, names) if _answers(one.structure, wanted)]
        if not kept:
            raise NotAssessable(
                f"{segmenter.card.title} did not find the {prompt.whole[0]}",
                found="no such part",
                expected=", ".join(prompt.whole),
                action="point at it with a box or a click",
            )
        return [replace(one, doubts=tuple(dict.fromkeys((*one.doubts, *admitted.doubts)))) for one in kept]
    if missing or not refused:
        raise _no_one(target, prompt, every, missing)
    raise refused[0]


def _answers(segment: str, wanted: set[str]) -> bool:
    """Whether a segment is one of what was asked for: a level answers "vertebra", by its name or its number."""
    whole = segment.partition(", ")[0]
    return bool({segment, whole} & wanted) or ("vertebra" in wanted and whole.endswith(" vertebra"))


def _no_one(target: Target, prompt: Prompt, every: Sequence[Segmenter], missing: Sequence[str]) -> NotAssessable:
    modality = (target.header.modality or "").upper()
    names = {name for one in every if modality in one.card.modalities for name in one.card.structures}
    # Every level by itself would hide the rest.
    there = sorted(name for name in names if not ("vertebra" in names and name.endswith(" vertebra")))
    whole = structures()[prompt.structure].within
    part = f"; it is a part of the {whole}" if whole else ""
    return NotAssessable(
        f"nothing here outlines the {prompt.structure} by its name{part}",
        found="; ".join(missing) or f"{modality or 'an image of unknown modality'}, {len(every)} segmenters",
        expected=", ".join(there) or "a segmenter for such an image",
        action="point at it with --box or --point" + (", or install what is missing" if missing else ""),
    )


def _zoned(target: Target, found: Segment, prompt: Prompt, said: tuple[str, ...]) -> Segment:
    if prompt.zone is None:
        return replace(found, doubts=(*found.doubts, *said))
    axis, head_first = head_to_feet(target)
    if isinstance(target, Volume) and any(found.mask.take(end, axis).any() for end in (0, -1)):
        raise NotAssessable(
            f"the {prompt.zone} is a share of the whole height of the {found.structure}",
            found=f"the {found.structure} is cut off by the series, its height is not known",
            expected=f"the whole {found.structure} in the picture",
            action="ask for the structure without its zone, or give the whole series",
        )
    mask = part_of(found.mask, prompt.zone, axis, head_first)
    told = f"the {prompt.zone} is a share of the height of the outline, not an anatomical part"
    return replace(found, structure=f"{found.structure}, {prompt.zone}", mask=mask, doubts=(*found.doubts, *said, told))


def _pointed(
    target: Target, structure: str | None, prompts: Prompts, folder: Path | None, method: Method, through: bool
) -> list[Segment]:
    name, said = _called(structure, target)
    at = _slice_of(target, prompts)
    picture = picture_of(target, at, name)
    found = drawn(picture, prompts, folder, method)
    doubts = (*found.doubts, *said, UNVALIDATED)
    if isinstance(target, Image):
        return [Segment(name, found.mask, found.confidence, found.algorithm, found.version, doubts=doubts)]
    assert at is not None
    if not through:
        mask = np.zeros(target.values.shape, dtype=bool)
        mask[at] = found.mask
        doubts = (*doubts, f"drawn on slice {at} only")
        return [Segment(name, mask, found.confidence, found.algorithm, found.version, doubts=doubts)]
    return [_through(target, at, name, found.mask, found.confidence, doubts)]


def _slice_of(target: Target, prompts: Prompts) -> int | None:
    """The one slice that is pointed at.

    Raises:
        BadInput: several slices, or a slice of one image.
    """
    clicks = (*prompts.clicks, *(click for stroke in prompts.scribbles for click in stroke))
    named = {one for one in (prompts.slice_, *(click.slice_ for click in clicks)) if one is not None}
    if len(named) > 1:
        raise BadInput(
            "the prompts lie on several slices",
            found=f"slices {', '.join(map(str, sorted(named)))}",
            expected="one slice; the others follow from it",
            action="point on one slice at a time",
        )
    if named and isinstance(target, Image):
        raise BadInput(
            "one image has no slices",
            found=f"slice {min(named)} of one image",
            expected="a place as column and row",
            action="leave the slice out; give the folder of the series for a volume, --frame N for a frame",
        )
    return named.pop() if named else None


def _through(
    volume: Volume,
    at: int,
    name: str,
    mask: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
    sure: float,
    doubts: tuple[str, ...],
) -> Segment:
    if not volume.uniform:
        doubts = (*doubts, "the slices are not evenly spaced: neighbours may lie far apart")
    slices = scaled(volume.values, *shown_range(volume, name))
    walked = propagate.propagate(slices, at, mask)
    least = min((step.confidence for step in walked.steps), default=1.0)
    return Segment(
        name,
        walked.mask,
        round(sure * least, 2),
        propagate.ALGORITHM,
        propagate.VERSION,
        doubts=(*doubts, *walked.doubts, *(step.said for step in walked.steps)),
    )


def _called(structure: str | None, target: Target) -> tuple[str, tuple[str, ...]]:
    """What something that was pointed at is called; what is no structure stays an object."""
    if not structure:
        return OBJECT, ()
    try:
        prompt = structure_of(structure, seen_on(target))
    except NotAStructure as error:
        return OBJECT, (f"called {structure!r} by who pointed at it: {error.message}",)
    said = tuple(f"{wrong!r} read as {right!r}" for wrong, right in prompt.respelt)
    kind = seen_on(target)
    if kind is not None and kind not in structures()[prompt.structure].on:
        said = (*said, f"called {prompt.structure} by who pointed at it: it is not known to be seen on such an image")
    if prompt.side in (None, "both") and len(prompt.whole) > 1:
        return prompt.structure, (*said, "its side was not said")
    return prompt.segments[0], said
