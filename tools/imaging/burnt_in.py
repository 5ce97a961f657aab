"""Text burnt into the pixels: found, read where an OCR is installed, and covered before a model sees the image.

What is read here never leaves: a place keeps its box and, for markers of side, projection and position, what the
marker means. Everything else that was or may be text is covered (safety rule 17). Reading needs the extra `[ocr]`
(RapidOCR, its models come in its wheel); without it every line that looks like text is covered unread.
"""

from __future__ import annotations

import functools
import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tools.errors import NotAssessable
from tools.imaging.burnt_in_lines import Box, text_lines
from tools.imaging.frame import Array, Image
from tools.imaging.markers import SIDES, Kind, kind_of

LONGEST = 1600
"""The longer side at which text is read: what is legible only when enlarged beyond that is found by its strokes."""
SURE_SIDE = 0.8
UNREAD = 0.3
"""What is squarish and cannot be read is no word; a long one is covered all the same."""
MISSING = "without the extra [ocr] no text was read: what looks like a line of text was covered, markers among it"
NONE_FOUND = "words burnt into the pixels were looked for and none were found; faint or handwritten ones may be there"
_LOCK = threading.Lock()
Reader = Literal["rapidocr", "none"]


@dataclass(frozen=True)
class Place:
    """Where text is, or seems to be. `means` is filled for markers only; no other text is kept."""

    box: Box
    kind: Kind
    means: tuple[str, ...] = ()
    mirrored: bool = False
    covered: bool = True


@dataclass(frozen=True)
class BurntIn:
    """The places of one image, and what read them."""

    places: tuple[Place, ...]
    reader: Reader

    @property
    def covered(self) -> tuple[Box, ...]:
        """What is covered in a picture given to a model."""
        return tuple(place.box for place in self.places if place.covered)

    @property
    def markers(self) -> tuple[Place, ...]:
        """Markers of side, projection and position."""
        return tuple(place for place in self.places if place.kind == "marker")

    @property
    def told(self) -> tuple[str, ...]:
        """What was found, in words that repeat no text of the image."""
        lines = []
        if self.covered:
            named = sum(place.kind == "identifier" for place in self.places)
            more = f", {named} of them with names, numbers or dates" if named else ""
            count = "1 place" if len(self.covered) == 1 else f"{len(self.covered)} places"
            where = "; ".join(f"columns {b[0]}-{b[2]}, rows {b[1]}-{b[3]}" for b in self.covered[:6])
            more_of = f" and {len(self.covered) - 6} more" if len(self.covered) > 6 else ""
            lines.append(f"{count} with burnt-in text{more}: {where}{more_of}")
        if self.markers:
            lines.append("markers read: " + ", ".join(sorted({one for place in self.markers for one in place.means})))
        if self.reader == "none" and self.covered:
            lines.append(MISSING)
        return tuple(lines)


def reader_here() -> Reader:
    """Whether text can be read here."""
    import importlib.util

    return "rapidocr" if importlib.util.find_spec("rapidocr") else "none"


def burnt_in(image: Image, reader: Reader | None = None) -> BurntIn:
    """The text in an image; the last few images are remembered."""
    return _found(_Held(image.pixels), reader or reader_here())


def hidden(image: Image, found: BurntIn | None = None) -> tuple[Image, tuple[str, ...]]:
    """The image with its text covered, markers left visible, and what was covered.

    Raises:
        NotAssessable: the file says that text is burnt into it, and none was found to cover.
    """
    known = found or burnt_in(image)
    if (image.header.burned_in or "").upper() == "YES" and not known.places:
        raise NotAssessable(
            "the file says that words are burnt into this image, and none were found to cover",
            found="BurnedInAnnotation YES",
            expected="an image whose words can be covered",
            action="have the words removed at the source, or look at the image yourself",
        )
    if not known.covered:
        if known.places or (image.header.burned_in or "").upper() == "NO":
            return image, known.told
        return image, (NONE_FOUND,)
    pixels = image.pixels.copy()
    colour = None if image.colour is None else image.colour.copy()
    for left, top, right, bottom in known.covered:
        pixels[top:bottom, left:right] = 0.0
        if colour is not None:
            colour[top:bottom, left:right] = 0
    told = (f"covered before the model saw it: {known.told[0]}", *known.told[1:])
    return replace(image, pixels=pixels, colour=colour), told


class _Held:
    """Pixels, told apart by their values: the same picture is read once, whatever file it came in."""

    def __init__(self, pixels: Array) -> None:
        self.pixels = pixels
        self.digest = hashlib.sha256(np.ascontiguousarray(pixels).data).digest() + repr(pixels.shape).encode()

    def __hash__(self) -> int:
        return hash(self.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and self.digest == other.digest


@functools.lru_cache(maxsize=8)
def _found(held: _Held, reader: Reader) -> BurntIn:
    places = _read(held.pixels) if reader == "rapidocr" else []
    for box in text_lines(held.pixels):
        # What was read is known; strokes beside it that were not are covered like unknown text.
        if not any(_share(box, place.box) > 0.5 for place in places):
            places.append(Place(box, "unknown"))
    shape = held.pixels.shape
    return BurntIn(tuple(replace(place, box=_wider(place.box, shape)) for place in _neighbours(places)), reader)


def _read(pixels: Array) -> list[Place]:
    from tools.imaging.sampling import at_longest

    small = at_longest(pixels, LONGEST) if max(pixels.shape) > LONGEST else pixels
    scale = pixels.shape[1] / small.shape[1]
    grey = np.rint(np.clip(small, 0, 1) * 255).astype(np.uint8)
    reading = _ocr(grey)
    places = []
    for corners, text, score in zip(_none(reading.boxes), _none(reading.txts), _none(reading.scores), strict=True):
        (left, top), (right, bottom) = np.min(corners, axis=0), np.max(corners, axis=0)
        box = (int(left * scale), int(top * scale), int(np.ceil(right * scale)), int(np.ceil(bottom * scale)))
        kind, means = kind_of(text, float(score))
        wide, tall = box[2] - box[0], box[3] - box[1]
        if score < UNREAD and max(wide, tall) < 1.5 * min(wide, tall):
            continue
        if kind == "marker" and set(means) & set(SIDES) and float(score) < SURE_SIDE:
            kind, means = "unknown", ()
        mirrored = kind == "marker" and len(text.strip()) <= 2 and _mirrored(grey, corners, float(score))
        places.append(Place(box, kind, means, mirrored, kind not in ("marker", "sign")))
    return places


def _mirrored(grey: NDArray[np.uint8], corners: Any, score: float) -> bool:
    """Whether a short marker reads better the other way round."""
    (left, top), (right, bottom) = np.min(corners, axis=0).astype(int), np.max(corners, axis=0).astype(int)
    cut = grey[max(top, 0) : bottom + 1, max(left, 0) : right + 1][:, ::-1]
    other = _ocr(np.ascontiguousarray(cut), find=False)
    texts, scores = _none(other.txts), _none(other.scores)
    return bool(texts) and kind_of(texts[0])[0] == "marker" and float(scores[0]) > score


def _ocr(grey: NDArray[np.uint8], *, find: bool = True) -> Any:
    """Every flag is given each time: the engine keeps those of the call before."""
    with _LOCK:
        return _engine()(np.repeat(grey[..., None], 3, axis=2), use_det=find, use_cls=False, use_rec=True)


@functools.cache
def _engine() -> Any:
    """RapidOCR on one core; its angle classifier is off: it turns lines of units upside down."""
    from rapidocr import RapidOCR

    threads = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": 1 for kind in ("intra", "inter")}
    quiet = {"Global.use_cls": False, "Global.text_score": 0.0, "Global.log_level": "error"}
    return RapidOCR(params={**quiet, **threads})


def _none(values: Any) -> Sequence[Any]:
    return [] if values is None else list(values)


def _neighbours(places: list[Place]) -> list[Place]:
    """Single signs beside other text are part of it: letters set wide apart may spell a name."""

    def beside(one: Place, other: Place) -> bool:
        tall = one.box[3] - one.box[1]
        level = min(one.box[3], other.box[3]) - max(one.box[1], other.box[1]) > 0.5 * tall
        return level and max(one.box[0], other.box[0]) - min(one.box[2], other.box[2]) < 1.5 * tall

    return [
        replace(place, covered=True)
        if place.kind == "sign" and any(other is not place and beside(place, other) for other in places)
        else place
        for place in places
    ]


def _wider(box: Box, shape: tuple[int, ...]) -> Box:
    """A box with a margin of a quarter of its height: accents and strokes at its edge."""
    margin = 1 + (box[3] - box[1]) // 4
    left, top, right, bottom = box
    return max(0, left - margin), max(0, top - margin), min(shape[1], right + margin), min(shape[0], bottom + margin)


def _share(box: Box, other: Box) -> float:
    """How much of a box lies in another."""
    wide = min(box[2], other[2]) - max(box[0], other[0])
    tall = min(box[3], other[3]) - max(box[1], other[1])
    return max(0, wide) * max(0, tall) / max(1, (box[2] - box[0]) * (box[3] - box[1]))
