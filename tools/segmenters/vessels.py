"""Retinal vessels on a fundus photograph: a pure function of its colours.

Two readings of each pixel of the field of view are averaged: how far a line filter's answer stands out there, and what
a small classifier says of what lies along and across that line (`vessels_features`). The classifier was fitted on drawn
photographs only (`python -m evals.retina.fit`), no real one.
Arteries and veins are not told apart, and nothing here says anything about disease.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tools.errors import BadInput, NotAssessable
from tools.imaging.colour_kind import FUNDUS, OTHER, ColourKind, Kind, colour_kind
from tools.imaging.frame import Image
from tools.segmenters.classifier import Classifier
from tools.segmenters.contract import PHOTOGRAPH, Card, Prompts, Target
from tools.segmenters.segment import Mask, Segment
from tools.segmenters.vessels_doubts import photograph_doubts
from tools.segmenters.vessels_features import (
    DIAMETER,
    Array,
    features,
    field_of_view,
    line_banks,
    line_strength,
    lost_light,
)

STRUCTURE = "retinal vessels"
ALGORITHM = "Osler retinal vessels"
VERSION = "1.0.0"
PARAMETERS = Path(__file__).with_name("vessels.npz")
MIDDLE = 2.7
"""Spreads above the median at which a line filter's answer counts as much for a vessel as against it."""
THRESHOLD = 0.35
"""Likelihood from which a pixel belongs, best on drawn photographs."""
SURE = 0.45
"""A connected piece is kept where some pixel of it is at least this likely."""
SMALLEST_PIECE = 30
SMALLEST = 200
"""Pixels across the field of view below which thin vessels cannot be there."""
MINIMUM = 0.35
CEILING = 0.75
"""No confidence is above the mean overlap that was measured on real photographs."""


@dataclass(frozen=True, eq=False)
class FundusVessels:
    """The vessels, the field of view they were looked for in, and their share of it (no scale is needed for that)."""

    segment: Segment
    field_of_view: Mask = field(repr=False)
    density: float
    confidence: float
    doubts: tuple[str, ...]


def vessels(rgb: NDArray[np.generic], *, minimum: float = MINIMUM) -> FundusVessels:
    """The vessels of a fundus photograph given as (rows, columns, 3), 0 to 255.

    Raises:
        BadInput: no colour picture, or too small.
        NotAssessable: it does not look like a fundus photograph, or no vessel stands out.
    """
    image = checked(rgb, SMALLEST)
    kind = colour_kind(image)
    if kind.fundus == 0:
        raise _nothing("it does not look like a fundus photograph")
    lit = field_of_view(image)
    rows, columns = np.flatnonzero(lit.any(axis=1)), np.flatnonzero(lit.any(axis=0))
    across = max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1
    likely = likelihood(image[..., 1], lit, DIAMETER / float(across))
    mask = _kept(likely, float(across) / DIAMETER) & lit
    density = float(mask.sum() / lit.sum())
    confidence, doubts = _judged(kind, mask, likely, density, int(across))
    if confidence < minimum:
        raise _nothing("; ".join(doubts) or f"confidence {confidence:.2f}")
    if mask.any():
        left, more = photograph_doubts(image, lit, mask, likely, kind, int(across))
        confidence, doubts = confidence * left, (*doubts, *more)
    confidence = min(confidence, CEILING)
    segment = Segment(STRUCTURE, mask, round(confidence, 2), ALGORITHM, VERSION, doubts=doubts)
    return FundusVessels(segment, lit, round(density, 4), round(confidence, 2), doubts)


def _nothing(found: str) -> NotAssessable:
    return NotAssessable(
        "no retinal vessels were found that could be relied on",
        found=found,
        expected="a colour photograph of the fundus, in focus, vessels dark on orange",
        action="check that the picture is one, or draw the vessels by hand",
    )


def likelihood(
    green: NDArray[np.generic], lit: Mask, ratio: float = 1.0, classifier: Classifier | None = None
) -> Array:
    """How likely each pixel is a vessel's: the mean of what the classifier and the plain line filter say of it.

    `ratio` brings the field of view to the size the filters are made for.
    """
    from scipy import ndimage

    seen, known = np.asarray(green, dtype=np.float64), lit
    if abs(ratio - 1) > 0.02:
        if ratio < 1:
            seen = ndimage.gaussian_filter(seen, max(0.5 / ratio - 0.5, 0.0))
        seen = ndimage.zoom(seen, ratio, order=1, mode="nearest", grid_mode=True)
        known = ndimage.zoom(lit.astype(np.float32), ratio, order=1, mode="nearest", grid_mode=True) >= 0.5
    lost, inner = lost_light(np.maximum(seen, 0), known)
    found = np.zeros(seen.shape, dtype=np.float32)
    if inner.any():
        banks = line_banks(lost)
        line = 1 / (1 + np.exp(MIDDLE - line_strength(banks, inner)[inner]))
        found[inner] = (line + (classifier or shipped()).probabilities(features(lost, inner, banks))[:, 1]) / 2
    if found.shape != lit.shape:
        found = ndimage.zoom(
            found, np.array(lit.shape) / np.array(found.shape), order=1, mode="nearest", grid_mode=True
        )
    return np.asarray(found, dtype=np.float32)


@functools.cache
def shipped() -> Classifier:
    """The fitted parameters."""
    return Classifier.load(PARAMETERS)


def checked(rgb: NDArray[np.generic], smallest: int) -> NDArray[np.float32]:
    """A colour picture of useful size as 0 to 255.

    Raises:
        BadInput: it is none.
    """
    array = np.asarray(rgb)
    if array.ndim != 3 or array.shape[2] != 3 or not np.issubdtype(array.dtype, np.number):
        raise BadInput(
            "this is not a colour picture",
            found=f"shape {array.shape}, type {array.dtype}",
            expected="rows x columns x red, green, blue",
            action="give the photograph in colour",
        )
    if min(array.shape[:2]) < smallest:
        raise BadInput(
            "the photograph is too small",
            found=f"{array.shape[1]} x {array.shape[0]} pixels",
            expected=f"at least {smallest} pixels each way",
            action="give it in its full size",
        )
    image = array.astype(np.float32)
    if not np.isfinite(image).all():
        raise BadInput(
            "the photograph holds values that are not numbers",
            found="NaN or infinity",
            expected="0 to 255",
            action="check how the file was decoded",
        )
    if array.dtype.kind == "f" and image.max() <= 1.0:
        image = image * np.float32(255)
    return image


def _kept(likely: Array, scale: float) -> Mask:
    """Pieces above the threshold that are long enough and somewhere sure."""
    from scipy import ndimage

    above = likely >= THRESHOLD
    parts, count = ndimage.label(above, np.ones((3, 3)))
    if not count:
        return np.zeros(likely.shape, dtype=bool)
    numbers = range(1, count + 1)
    surest = ndimage.maximum(likely, parts, numbers)
    sizes = ndimage.sum_labels(above, parts, numbers)
    kept = (np.asarray(surest) >= SURE) & (np.asarray(sizes) >= SMALLEST_PIECE * scale)
    return np.asarray(np.concatenate([[False], kept])[parts])


def _judged(kind: ColourKind, mask: Mask, likely: Array, density: float, across: int) -> tuple[float, tuple[str, ...]]:
    """A confidence, and what lowers it. The bounds were set on drawn photographs; it is not calibrated."""
    from scipy import ndimage

    if not mask.any():
        return 0.0, ("no vessel stands out",)
    parts, count = ndimage.label(mask, np.ones((3, 3)))
    sizes = np.sort(ndimage.sum_labels(mask, parts, range(1, count + 1)))[::-1]
    shares = {
        "it does not look like a fundus photograph": (kind.fundus, 0.0, 0.5),
        "few vessels were found": (density, 0.02, 0.05),
        "more was marked than vessels take up": (-density, -0.3, -0.2),
        "what was found is in pieces": (float(sizes[:8].sum() / sizes.sum()), 0.3, 0.65),
        "the classifier is unsure": (float(likely[mask].mean()), 0.55, 0.75),
        "the photograph is small: thin vessels are lost": (float(across), 150.0, 400.0),
    }
    confidence, doubts = 1.0, []
    for doubt, (value, low, high) in shares.items():
        share = float(np.clip((value - low) / (high - low), 0, 1))
        if share < 1:
            doubts.append(doubt)
        confidence *= share
    return confidence, tuple(doubts)


def colours_of(target: Target, what: str, wanted: Kind) -> NDArray[np.uint8]:
    """The colours of an image that was read.

    Raises:
        NotAssessable: it has none, or says nothing of itself and likely is a photograph of another kind.
    """
    if isinstance(target, Image) and target.colour is not None:
        seen = OTHER if target.header.modality else colour_kind(target.colour).kind
        if seen in (OTHER, wanted):
            return target.colour
        raise NotAssessable(
            f"{what} are looked for on a {wanted}",
            found=f"likely a {seen} (its colours and lines)",
            expected=f"a {wanted}",
            action="give the right picture, or state what it is: --modality OP (fundus) or XC (skin)",
        )
    raise NotAssessable(
        f"{what} are looked for on a colour photograph",
        found=_seen(target),
        expected="a photograph in colour",
        action="give the colour photograph",
    )


def _seen(target: Target) -> str:
    from tools.imaging.what import what_is

    if not isinstance(target, Image):
        return "a volume"
    region = what_is(target).body_part
    return "an image in grey" + (f", {region.confidence} {region.value} ({region.source})" if region.value else "")


class VesselSegmenter:
    """Retinal vessels behind the contract of all segmenters."""

    card = Card(
        name="retinal-vessels",
        version=VERSION,
        title="Retinal vessels on a fundus photograph",
        modalities=frozenset({PHOTOGRAPH, "OP"}),
        anatomy=frozenset({"eye"}),
        dimensions=2,
        structures=(STRUCTURE,),
        prompts=frozenset({"structure"}),
        licence="Apache-2.0",
        source="line filters and a small classifier, fitted on drawn photographs (evals/retina/fit.py)",
        measured="10 photographs (DRIVE): Dice in field 0.752 (0.722 to 0.774), lowest 0.630; osler bench retina",
    )

    def lacks(self) -> str | None:
        """Nothing: the parameters are shipped."""
        return None

    def segment(self, target: Target, structures: Sequence[str], prompts: Prompts | None = None) -> list[Segment]:
        """The vessels of a fundus photograph.

        Raises:
            NotAssessable: no fundus photograph in colour, or no vessel stands out.
            BadInput: another structure was asked for, or the picture is too small.
        """
        only(structures, self.card, prompts)
        return [vessels(colours_of(target, STRUCTURE, FUNDUS)).segment]


def only(structures: Sequence[str], card: Card, prompts: Prompts | None) -> None:
    """Refuse what a card does not offer.

    Raises:
        BadInput: a structure or a prompt of another kind.
    """
    wrong = [name for name in structures if name not in card.structures]
    if wrong or (prompts is not None and prompts.kinds - card.prompts):
        raise BadInput(
            f"{card.title} cannot be asked for this",
            found=", ".join(wrong) or ", ".join(sorted((prompts or Prompts()).kinds)),
            expected=", ".join(card.structures),
            action="name one of these, without boxes or points",
        )


segmenter = VesselSegmenter()
__all__ = ["FUNDUS", "FundusVessels", "VesselSegmenter", "segmenter", "vessels"]
