"""What a person puts in the place of an outline: strokes of a brush, a mask, what they point at, or nothing.

The outline it takes the place of stays kept; parts that were not touched stay as they were drawn.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.evidence import DicomRegion, Evidence
from tools.context import ImageFile
from tools.errors import BadInput
from tools.imaging.attached import target_of
from tools.imaging.dicom_out import HAND
from tools.imaging.frame import Image
from tools.imaging.mask_files import UNKNOWN_HAND, segment_from
from tools.imaging.masks import outlined_parts
from tools.imaging.outline_files import (
    DRAWN,
    KEPT,
    AnyMask,
    by_program,
    is_kept,
    keep_outline,
    key_in,
    labels_of,
    parts_of,
)
from tools.imaging.outline_prompts import pointed_shown, read_pointed
from tools.imaging.outline_tools import doubts_of, models_beside, outlined_for, part_item, slug
from tools.imaging.sizes import GIVEN, PROGRAM, WHERE_POINTED
from tools.imaging.volume import Volume
from tools.segmenters.contract import Target
from tools.segmenters.prompts import LONGEST
from tools.segmenters.segment import Correction, Segment, from_points
from tools.segmenters.structures import OBJECT

MOST_STROKES = 2000
_EXPECTED = (
    'strokes [{"points": [[COLUMN, ROW], ...], "radius": PIXELS, "inside": true, "slice": N, "part": NAME}, ...], '
    '{"box": [x0, y0, x1, y1], "slice": N}, {"points": [[x, y, "+"], ...], "slice": N}, {"reject": PART}, '
    'or the path of a mask: {"mask": PATH, "by_hand": true} where a person drew it'
)
Parts = dict[str, AnyMask]


@dataclass(frozen=True)
class Outline:
    """An outline as evidence has it. `value`: empty where it was rejected; `first`: what was drawn at the beginning.

    `items`: the evidence of its parts; `region`: where the outline is.
    """

    value: str
    first: str
    slot: str
    patient: str | None
    region: DicomRegion
    file: ImageFile
    items: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class Redrawn:
    """What takes its place: the value (None: rejected), how it is shown, the evidence of its parts."""

    value: str | None
    display: str
    items: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class _Change:
    """The parts after a correction, who drew those that changed, and how it is said.

    `segments`: what a program or nobody knows who drew; None where a person's hand changed the parts. `given`: the part
    that a person says to have drawn, even where it is as it was.
    """

    parts: Parts
    said: str
    by: str = HAND
    segments: Mapping[str, Segment] | None = None
    given: str | None = None


def corrected_outline(given: Any, outline: Outline) -> Redrawn:
    """The outline that takes its place.

    Args:
        given: strokes of a brush, the path of a mask, {"mask": PATH, "part": NAME, "by_hand": true}, a box or clicks,
            {"reject": PART}; None rejects all of it.

    Raises:
        BadInput: it is none of these, lies outside, names no part there is, or changes nothing.
        NotAssessable: nothing is found where was pointed, or the outline is no longer kept.
    """
    if given is None:
        return Redrawn(None, "the outline was rejected")
    target = target_of(outline.file, outline.region.frame or 0)
    folder = outline.file.path.parent
    before = outlined_parts(target, outline.value, folder) if outline.value else {}
    change = _changed(_read(given), before, _names(outline, before, target), target, folder)
    shape = _shape(target)
    parts = {name: mask for name, mask in change.parts.items() if mask.any()}
    if not parts:
        return Redrawn(None, "the outline was rejected: no part of it is left")
    labels, names, _ = labels_of(parts, shape)
    left = _by_program(outline, before, folder)
    items = _items(outline, before, parts_of(labels, names), change, target, left)
    # A part that was taken away leaves the others as they were drawn.
    kind = KEPT if change.by == HAND and (change.segments is None or not outline.value.startswith(DRAWN)) else DRAWN
    programs = [str(item.value) for item in items if _algorithm(item) != HAND]
    same = parts.keys() == before.keys() and all(np.array_equal(before[name], mask) for name, mask in parts.items())
    if same and set(programs) == set(left):
        raise BadInput(
            "this changes nothing of the outline", found=str(given)[:80], expected="a change", action="draw it again"
        )
    key = keep_outline(folder, labels, names, programs if kind == KEPT else [])
    return Redrawn(f"{kind}{key}", f"{', '.join(names)} {change.said}", items)


def _algorithm(item: Evidence) -> str | None:
    return item.source.algorithm if isinstance(item.source, DicomRegion) else None


def _changed(body: Any, before: Parts, names: Sequence[str], target: Target, folder: Path) -> _Change:
    if isinstance(body, list):
        return _brushed(body, before, names, target)
    if "reject" in body:
        gone = _part(str(body["reject"]), before)
        rest = {name: mask for name, mask in before.items() if name != gone}
        return _Change(rest, f"stay outlined; the {gone} was rejected", segments={})
    name = _name(body["part"], before) if body.get("part") else None
    if "mask" in body:
        return _from_file(body, name, before, names, target)
    return _pointed({key: part for key, part in body.items() if key != "part"}, name, before, names, target, folder)


def _brushed(strokes: list[Any], before: Parts, names: Sequence[str], target: Target) -> _Change:
    if not 0 < len(strokes) <= MOST_STROKES:
        raise _not_so(strokes, f"{len(strokes)} strokes")
    parts = {name: mask.copy() for name, mask in before.items()}
    touched: list[int] = []
    for one in strokes:
        try:
            line = tuple((float(x), float(y)) for x, y in one["points"])
            made = Correction(line, float(one["radius"]), True)
            inside, part, at = bool(one["inside"]), one.get("part"), one.get("slice")
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            raise _not_so(one, str(error)) from error
        where = _plane(at, target)
        shape = _shape(target)[-2:]
        brushed = from_points(np.zeros(shape, dtype=bool), [made])
        if inside:
            mine = _name(part, parts) if part else _touched(parts, names, brushed, where)
            parts.setdefault(mine, np.zeros(_shape(target), dtype=bool))[where] |= brushed
        for name in parts if not part or inside else [_part(str(part), parts)]:
            if not inside or name != mine:
                parts[name][where] &= ~brushed
        touched += [] if at is None else [int(at)]
    on = f" on slice{'s' if len(set(touched)) > 1 else ''} {', '.join(map(str, sorted(set(touched))))}"
    return _Change(parts, f"outlined by hand: corrected with a brush{on if touched else ''}")


def _touched(parts: Parts, names: Sequence[str], brushed: AnyMask, where: Any) -> str:
    """The part that a stroke goes on from: the one it lies on most, else the only one.

    Raises:
        BadInput: there are several, and it touches none.
    """
    if len(parts) <= 1:
        return next(iter(parts), names[0])
    shares = {name: int(np.count_nonzero(mask[where] & brushed)) for name, mask in parts.items()}
    name = max(shares, key=lambda one: shares[one])
    if not shares[name]:
        raise BadInput(
            "it is not clear which part the stroke belongs to",
            found="a stroke that touches none of them",
            expected=", ".join(parts),
            action='name it: "part"',
        )
    return name


def _from_file(
    body: Mapping[str, Any], part: str | None, before: Parts, names: Sequence[str], target: Target
) -> _Change:
    path, label, by_hand = Path(str(body["mask"])), body.get("label"), body.get("by_hand", False)
    if not isinstance(by_hand, bool) or not (label is None or re.fullmatch(r"[0-9]{1,9}", str(label))):
        raise _not_so(dict(body), "by_hand is true or false, label a whole number")
    if part is None and len(before) > 1:
        raise BadInput(
            "it is not clear which part the mask is of",
            found=path.name,
            expected=", ".join(before),
            action='name it: {"mask": PATH, "part": NAME}',
        )
    name = part or names[0]
    found = segment_from(path, target, int(str(label)) if label is not None else None, name)
    parts = {**{one: mask & ~found.mask for one, mask in before.items()}, name: found.mask}
    if UNKNOWN_HAND in found.doubts and not by_hand:
        # Who does not say that a person drew it has not said so: it may be a program's.
        unknown = replace(found, algorithm=f"{GIVEN} as a file")
        return _Change(parts, f"outlined in {GIVEN} ({UNKNOWN_HAND}); unvalidated", unknown.algorithm, {name: unknown})
    if found.algorithm == HAND:
        return _Change(parts, "outlined by hand: a mask that was given", given=name)
    by = f"{found.algorithm} {found.version}".strip()
    said = f"outlined by {by}, in {GIVEN}; unvalidated"
    return _Change(parts, said, by, {name: found})


def _pointed(
    body: dict[str, Any], part: str | None, before: Parts, names: Sequence[str], target: Target, folder: Path
) -> _Change:
    prompts = read_pointed(body, target)
    name = part or (names[0] if len(names) == 1 else "")
    found = outlined_for(target, name, prompts, models_beside(folder))
    one = replace(found[0], structure=name) if name else found[0]
    rest = {other: mask & ~one.mask for other, mask in before.items()} if part else {}
    by = f"{one.algorithm} {one.version}".strip()
    doubts = f" ({'; '.join(doubts_of(one))})" if one.doubts else ""
    said = f"outlined by {by} {WHERE_POINTED} ({pointed_shown(prompts)}), confidence {one.confidence:.2f} "
    said += f"(uncalibrated); unvalidated{doubts}"
    return _Change({**rest, one.structure: one.mask}, said, by, {one.structure: one})


def _by_program(outline: Outline, before: Parts, folder: Path) -> dict[str, str]:
    """The parts that no person drew so far, and what did."""
    said = {item.slot: _algorithm(item) for item in outline.items}
    key = key_in(outline.value)
    told = by_program(folder, key) if key is not None and is_kept(outline.value, folder) else ()
    if not outline.items and outline.value.startswith(DRAWN):
        told = tuple(before)
    known = {name: said.get(f"{outline.slot}.{slug(name)}") or (PROGRAM if name in told else HAND) for name in before}
    return {name: by for name, by in known.items() if by != HAND}


def _items(
    outline: Outline, before: Parts, parts: Parts, change: _Change, target: Target, left: Mapping[str, str]
) -> tuple[Evidence, ...]:
    """The evidence of the parts: those that were not touched keep theirs; `left`: what no person drew so far."""
    held = {item.slot: item for item in outline.items}
    made = []
    for name, mask in parts.items():
        if not mask.any():
            continue
        kept = held.get(f"{outline.slot}.{slug(name)}")
        same = _same(before.get(name), mask) and name != change.given
        if kept is not None and same:
            made.append(kept)
        else:
            segment = (change.segments or {}).get(name)
            # What only lost a border to a part that no person drew is not drawn by hand for that.
            whose = left.get(name) if change.segments is not None or same else None
            made.append(part_item(outline.slot, name, mask, segment, target, outline.patient, whose))
    return tuple(made)


def _same(before: AnyMask | None, after: AnyMask) -> bool:
    return before is not None and np.array_equal(before, after)


def _names(outline: Outline, before: Parts, target: Target) -> tuple[str, ...]:
    """What the parts are called; those of the first outline where all were rejected."""
    if before:
        return tuple(before)
    if outline.first:
        return tuple(outlined_parts(target, outline.first, outline.file.path.parent))
    return (OBJECT,)


def _read(given: Any) -> Any:
    """Strokes, or what else was given, from JSON or its text; a path as a mask.

    Raises:
        BadInput: none of these.
    """
    body = given
    if isinstance(given, str):
        if not given.lstrip().startswith(("[", "{")):
            return {"mask": given}
        try:
            body = json.loads(given)
        except ValueError as error:
            raise _not_so(given, str(error)) from error
    if isinstance(body, list) or (isinstance(body, dict) and {"reject", "mask", "box", "points"} & set(body)):
        return body
    raise _not_so(given, "")


def _name(given: Any, parts: Parts) -> str:
    """What a part is called: as one that is there, else as it was given.

    Raises:
        BadInput: a name that is too long for one.
    """
    text = str(given).strip()
    if not text or len(text) > LONGEST:
        raise _not_so(given, "no name of a part")
    return next((one for one in parts if slug(one) == slug(text)), text)


def _part(name: str, parts: Parts) -> str:
    found = [one for one in parts if one == name or slug(one) == slug(name)]
    if len(found) != 1:
        raise BadInput(
            "the outline has no such part",
            found=name[:80],
            expected=", ".join(parts) or "no part: the outline was rejected",
            action="name one that is there",
        )
    return found[0]


def _plane(at: Any, target: Target) -> Any:
    """Where in the labels a stroke is drawn: everywhere in an image, one slice of a volume."""
    whole = isinstance(at, int) and not isinstance(at, bool)
    if isinstance(target, Image) and at is None:
        return slice(None)
    if isinstance(target, Volume) and whole and 0 <= at < len(target.values):
        return at
    raise BadInput(
        "a stroke in a volume needs its slice" if isinstance(target, Volume) else "one image has no slices",
        found=f"slice {at}",
        expected=f"0 to {len(target.values) - 1}" if isinstance(target, Volume) else "no slice",
        action="draw it on a slice of this image",
    )


def _shape(target: Target) -> tuple[int, ...]:
    return target.pixels.shape if isinstance(target, Image) else target.values.shape


def _not_so(given: Any, why: str) -> BadInput:
    return BadInput(
        "the outline cannot be corrected with this",
        found=f"{str(given)[:80]}{f': {why}' if why else ''}",
        expected=_EXPECTED,
        action="draw on the image",
    )
