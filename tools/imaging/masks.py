"""Outlines on an image as evidence holds them: what an algorithm draws, or a mask that a person gave.

Evidence names an outline in a line of text: `osler-lung-fields 1.0.0` is drawn again from the film wherever it is
needed (the same film gives the same mask); `mask:SHA256` is a PNG or a label map kept beside the image, `drawn:SHA256`
a label map that a program drew (`tools.imaging.outline_files`).
"""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from tools.errors import BadInput, NotAssessable
from tools.imaging import outline_files
from tools.imaging.frame import Image
from tools.imaging.outline_files import DRAWN, AnyMask, is_kept, key_in, parts_of, read_outline
from tools.imaging.training_store import OFF, head_of, used
from tools.imaging.volume import Volume
from tools.segmenters import heart as hearts
from tools.segmenters import lungs as fields
from tools.segmenters.heart import midline
from tools.segmenters.lungs import LungFields
from tools.segmenters.segment import Correction, Mask, Segment, from_points
from tools.segmenters.structures import OBJECT

Structure = Literal["lung", "heart"]
ALGORITHMS: dict[Structure, str] = {
    "lung": f"{fields.ALGORITHM} {fields.VERSION}",
    "heart": f"{hearts.ALGORITHM} {hearts.VERSION}",
}
KEPT = outline_files.KEPT
_BY_HAND = "by hand"
_HELD = 2
_DRAWN: dict[tuple[str, int, str], LungFields] = {}
WITH = " + "
"""Between the algorithm and a head learnt here that is on it."""


def lungs_of(image: Image, outline: str | None, folder: Path | None) -> LungFields:
    """The lung fields that `outline` names; by default those the algorithm draws.

    A person's mask holds both lungs: what lies on either side of the midline is one of them.

    Raises:
        NotAssessable: the film shows no two lung fields, or a mask is no longer kept.
        BadInput: a mask without two lungs.
    """
    headed = f"{ALGORITHMS['lung']}{WITH}"
    if outline is not None and outline.startswith(headed) and folder is not None:
        return _drawn_lungs(image, heads_beside(folder), outline.removeprefix(headed))
    drawn = _drawn_lungs(image)
    if outline is None or outline == ALGORITHMS["lung"]:
        return drawn
    both = kept_mask(image, outline, folder)
    middle = midline(*_by_column(drawn))
    left_half = np.arange(both.shape[1]) < middle
    halves = (both & left_half, both & ~left_half)
    if not all(half.any() for half in halves):
        raise BadInput(
            "the mask does not hold two lungs",
            found="nothing on one side of the midline",
            expected="one mask with both lung fields",
            action="draw both lungs",
        )
    right, left = halves[::-1] if drawn.flipped else halves
    return LungFields(
        replace(drawn.right, mask=right, edited=True, algorithm=_BY_HAND, version="", confidence=1.0),
        replace(drawn.left, mask=left, edited=True, algorithm=_BY_HAND, version="", confidence=1.0),
        1.0,
        (),
        drawn.flipped,
    )


def lung_outline(folder: Path | None) -> str:
    """What draws the lung fields here: the algorithm, with a head on it where one was put to use."""
    version = used(heads_beside(folder))["version"] if folder is not None else OFF
    return ALGORITHMS["lung"] if version == OFF else f"{ALGORITHMS['lung']}{WITH}{version}"


def heads_beside(folder: Path) -> Path:
    """Where heads learnt here are kept, beside the folder of the images."""
    return folder.parent / "heads"


def heart_of(image: Image, outline: str | None, lungs: LungFields, folder: Path | None) -> Segment:
    """The heart that `outline` names; by default what the algorithm finds between the lungs.

    Raises:
        NotAssessable: no border can be followed, or a mask is no longer kept.
    """
    if outline is None or outline == ALGORITHMS["heart"]:
        return hearts.heart(image.pixels, lungs)
    return Segment("heart", kept_mask(image, outline, folder), 1.0, _BY_HAND, "", edited=True)


def mask_of(target: Image | Volume, outline: str, folder: Path) -> AnyMask:
    """The mask that evidence names, all parts together.

    Raises:
        NotAssessable: it is no longer kept.
        BadInput: it is not of this image.
    """
    parts = list(outlined_parts(target, outline, folder).values())
    return np.logical_or.reduce(parts) if len(parts) != 1 else parts[0]


def outlined_parts(target: Image | Volume, outline: str, folder: Path, name: str = OBJECT) -> dict[str, AnyMask]:
    """The parts of the outline that evidence names, by their names.

    Args:
        name: what a mask without names is called.

    Raises:
        NotAssessable: it is no longer kept.
        BadInput: it is not of this image.
    """
    if isinstance(target, Volume) or outline.startswith(DRAWN) or is_kept(outline, folder):
        shape = target.values.shape if isinstance(target, Volume) else target.pixels.shape
        return parts_of(*read_outline(folder, key_in(outline) or "", shape))
    if outline.startswith(ALGORITHMS["lung"]):
        return {one.structure: one.mask for one in lungs_of(target, outline, folder).segments}
    if outline == ALGORITHMS["heart"]:
        return {"heart": heart_of(target, None, lungs_of(target, None, folder), folder).mask}
    return {name: kept_mask(target, outline, folder)}


def kept_mask(image: Image, outline: str, folder: Path | None) -> Mask:
    """A mask that a person gave, by the name evidence has for it."""
    if folder is not None and is_kept(outline, folder):
        return mask_of(image, outline, folder)
    key = outline.removeprefix(KEPT)
    path = folder / f"{key}.mask.png" if folder is not None and key.isalnum() else None
    if not outline.startswith(KEPT) or path is None or not path.exists():
        raise NotAssessable(
            "a mask is not kept here",
            found=outline,
            expected=f"{' or '.join(ALGORITHMS.values())}, or a mask that was given as a correction",
            action="correct the outline with a mask again",
        )
    return read_mask(path, image)


def read_mask(path: Path, image: Image, label: int | None = None) -> Mask:
    """A mask from a PNG: what is not black belongs to it, or what is not transparent where parts are.

    Args:
        label: the stored grey value, or index of the palette, that is meant.

    Raises:
        BadInput: no such picture, or not of the film's size, or without that label.
    """
    from PIL import Image as Pillow

    try:
        with Pillow.open(path, formats=("PNG",)) as file:
            size = file.size
            mask = _painted(file, label) if size == (image.columns, image.rows) else None
    except (OSError, ValueError, SyntaxError, Pillow.DecompressionBombError) as error:
        raise BadInput(
            "the mask cannot be read",
            found=type(error).__name__,
            expected="the path of a PNG of the film's size",
            action="save the mask as PNG",
        ) from error
    if mask is None or not mask.any():
        raise BadInput(
            "the mask does not fit the film",
            found=f"{size[0]} x {size[1]} pixels" if mask is None else "an empty mask",
            expected=f"{image.columns} x {image.rows}, not empty",
            action="draw the mask over the stored pixels",
        )
    return mask


def _painted(file: Any, label: int | None) -> Mask:
    if label is not None:
        stored = np.asarray(file)
        if stored.ndim != 2:
            raise BadInput(
                "a picture in colour has no labels",
                found=f"PNG of mode {file.mode}, label {label}",
                expected="grey values or a palette",
                action="save the labels as a grey PNG, or leave the label out",
            )
        if not (stored == label).any():
            raise BadInput(
                f"the mask has no label {label}",
                found=", ".join(str(value) for value in np.unique(stored)[:30]),
                expected="one of these",
                action="name one that is there",
            )
        return np.asarray(stored == label)
    if file.mode in ("RGBA", "LA") or "transparency" in file.info:
        opaque = np.asarray(file.convert("RGBA"))[..., 3] > 0
        if not opaque.all():
            return np.asarray(opaque)
    return np.asarray(file.convert("L")) > 0


def keep(mask: Mask, folder: Path) -> str:
    """Keep a mask beside the film; the name evidence has for it."""
    from PIL import Image as Pillow

    out = io.BytesIO()
    Pillow.fromarray(mask.astype(np.uint8) * 255).save(out, format="PNG")
    key = hashlib.sha256(out.getvalue()).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{key}.mask.png").write_bytes(out.getvalue())
    return f"{KEPT}{key}"


def corrected(given: Any, mask: Mask, image: Image) -> Mask:
    """A mask as a person corrects it: the path of a PNG, or strokes of a brush over the mask there is.

    Raises:
        BadInput: neither of both, or outside the film.
    """
    if isinstance(given, str) and not given.lstrip().startswith("["):
        return read_mask(Path(given), image)
    try:
        strokes = json.loads(given) if isinstance(given, str) else given
        made = [
            Correction(tuple((float(x), float(y)) for x, y in one["points"]), float(one["radius"]), bool(one["inside"]))
            for one in strokes
        ]
    except (TypeError, ValueError, KeyError) as error:
        raise BadInput(
            "the outline cannot be corrected with this",
            found=str(given)[:80],
            expected='the path of a PNG, or [{"points": [[COLUMN, ROW], ...], "radius": PIXELS, "inside": true}, ...]',
            action="draw on the film",
        ) from error
    return from_points(mask, made)


def _drawn_lungs(image: Image, heads: Path | None = None, head: str = "") -> LungFields:
    """What the algorithm draws; the last two films' outlines are held, since several steps ask for them."""
    orientation = image.header.patient_orientation
    flipped = bool(orientation) and orientation[0].startswith("R")
    key = (image.sha256, image.frame, f"{heads}/{head}/{flipped}")
    if (found := _DRAWN.get(key)) is None:
        classifier = head_of(heads, head, fields.shipped()) if heads is not None else None
        found = fields.lung_fields(image.pixels, flipped=flipped, classifier=classifier)
        if head:
            version = f"{fields.VERSION}{WITH}{head}"
            right, left = (replace(one, version=version) for one in found.segments)
            found = replace(found, right=right, left=left)
        while len(_DRAWN) >= _HELD:
            _DRAWN.pop(next(iter(_DRAWN)), None)
        _DRAWN[key] = found
    return found


def _by_column(lungs: LungFields) -> tuple[Mask, Mask]:
    return (lungs.left.mask, lungs.right.mask) if lungs.flipped else (lungs.right.mask, lungs.left.mask)
