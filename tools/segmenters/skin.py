"""The outline of a lesion on a photograph of skin: what is darker or redder than the skin around it.

Hair and ruler ticks are filled, uneven light is taken out by a smooth surface fitted to the skin, and what stands out
from the skin's own variation is split off in two classes. An outline only: nothing here says what a lesion is. Drawn
skin is all it was tried on; on real photographs its quality is unmeasured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tools.errors import NotAssessable
from tools.imaging.colour_kind import SKIN, ColourKind, colour_kind
from tools.segmenters.contract import PHOTOGRAPH, Card, Prompts, Target
from tools.segmenters.segment import Mask, Segment
from tools.segmenters.skin_hair import Floats, filled, lines_on
from tools.segmenters.vessels import checked, colours_of, only
from tools.segmenters.vessels_features import field_of_view

STRUCTURE = "skin lesion"
ALGORITHM = "Osler skin lesion outline"
VERSION = "1.0.0"
SIDE = 320
"""Pixels of the longer side while the lesion is looked for."""
SMALLEST = 64
MINIMUM = 0.35
CEILING = 0.7
"""No confidence is above this while no real photograph was measured."""
UNMEASURED = "unmeasured on real photographs; an outline, no diagnosis"


@dataclass(frozen=True, eq=False)
class SkinLesion:
    """The lesion, what was taken for hair or a ruler, how sure, and what lowers that."""

    segment: Segment
    lines: Mask = field(repr=False)
    confidence: float
    doubts: tuple[str, ...]


def skin_lesion(rgb: NDArray[np.generic], *, minimum: float = MINIMUM) -> SkinLesion:
    """The lesion on a photograph of skin given as (rows, columns, 3), 0 to 255: one, the largest near the middle.

    Raises:
        BadInput: no colour picture, or too small.
        NotAssessable: it does not look like skin, or nothing stands out from it.
    """
    image = checked(rgb, SMALLEST)
    kind = colour_kind(image)
    if kind.skin == 0:
        raise _nothing("it does not look like a photograph of skin")
    small = _reduced(image)
    lit = _lit(small)
    lines = lines_on(small.mean(axis=2)) & lit
    clean = filled(small, lines)
    away = standing_out(clean, lit)
    if not lit.any() or float(np.ptp(away[lit])) < 1e-6:
        raise _nothing("nothing differs from anything else in it")
    first = _central(away > _otsu(away, lit), lit)
    mask = _central(_split(away, first, lit), lit)
    confidence, doubts = _judged(kind, away, first, mask, lit, lines)
    if confidence < minimum:
        raise _nothing("; ".join(doubts) or f"confidence {confidence:.2f}")
    shape = image.shape[:2]
    segment = Segment(STRUCTURE, _enlarged(mask, shape), round(confidence, 2), ALGORITHM, VERSION, doubts=doubts)
    return SkinLesion(segment, _enlarged(lines, shape), round(confidence, 2), doubts)


def _nothing(found: str) -> NotAssessable:
    return NotAssessable(
        "no lesion was found that stands out from the skin",
        found=found,
        expected="a photograph of skin with one lesion near the middle, darker or redder than what surrounds it",
        action="take it closer and in even light, or draw the outline by hand",
    )


def standing_out(colour: Floats, lit: Mask) -> Floats:
    """By how many times the skin's own variation each pixel is darker than the skin, all colours together."""
    from scipy import ndimage

    light = np.log(np.maximum(ndimage.gaussian_filter(colour, (1.2, 1.2, 0)), 0.01))
    rows, columns = lit.shape
    y, x = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j]
    surface = np.stack([np.ones(lit.shape), x, y, x * x, x * y, y * y], axis=2)
    # Skin is what lies outward at first, then whatever the surface explains.
    depth = ndimage.distance_transform_edt(np.pad(lit, 1))[1:-1, 1:-1]
    skin = lit & (depth <= 0.35 * depth.max())
    for _ in range(6):
        weights, *_rest = np.linalg.lstsq(surface[skin], light[skin], rcond=None)
        left = light - surface @ weights
        spread = np.maximum(1.4826 * np.median(np.abs(left[skin]), axis=0), 0.008)
        skin = lit & (np.abs(left) <= 2.5 * spread).all(axis=2)
        if skin.sum() < 0.1 * lit.sum():
            break
    darker = np.maximum(-left, 0) / spread
    return np.asarray(np.where(lit, np.sqrt((darker**2).mean(axis=2)), 0.0))


def _reduced(image: NDArray[np.float32]) -> Floats:
    from PIL import Image as Pillow

    made = Pillow.fromarray(np.clip(image, 0, 255).astype(np.uint8))
    ratio = SIDE / max(made.size)
    if ratio < 1:
        size = max(1, round(made.width * ratio)), max(1, round(made.height * ratio))
        made = made.resize(size, Pillow.Resampling.BOX)
    return np.asarray(made, dtype=np.float64) / 255


def _lit(small: Floats) -> Mask:
    """Without the dark rim of a dermatoscope, where there is one in all corners that are dark."""
    from scipy import ndimage

    everything = np.ones(small.shape[:2], dtype=bool)
    lit = field_of_view(small * 255)
    corner = max(4, min(small.shape[:2]) // 12)
    corners = [
        part[columns]
        for part in (small[:corner], small[-corner:])
        for columns in (np.s_[:, :corner], np.s_[:, -corner:])
    ]
    dark = sum(float(part.max(axis=2).mean()) < 0.35 * float(np.median(small.max(axis=2)[lit])) for part in corners)
    if dark < 2 or lit.mean() < 0.3:
        return everything
    return np.asarray(ndimage.binary_erosion(lit, iterations=6, border_value=1))


def _otsu(away: Floats, lit: Mask) -> float:
    """The threshold that splits best in two classes, on a root scale so that a dark core does not hide a pale rim."""
    values = np.sqrt(away[lit])
    counts, edges = np.histogram(values, 128, (0.0, float(max(np.percentile(values, 99.5), 1e-6))))
    centres = (edges[:-1] + edges[1:]) / 2
    below, total = np.cumsum(counts), np.cumsum(counts * centres)
    above = below[-1] - below
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (total / below - (total[-1] - total) / above) ** 2
    if not np.isfinite(between).any():
        raise _nothing("nothing differs from anything else in it")
    return float(centres[int(np.nanargmax(between))] ** 2)


def _split(away: Floats, start: Mask, lit: Mask) -> Mask:
    """Two regions of constant value with a short border (Chan and Vese 2001), by thresholded blurring."""
    from scipy import ndimage

    values = np.sqrt(away)
    mask = start
    for _ in range(15):
        outside = lit & ~mask
        if not mask.any() or not outside.any():
            break
        inner, outer = float(np.median(values[mask])), float(np.median(values[outside]))
        likely = 1 / (1 + np.exp(-6 * (values - (inner + outer) / 2) / max(inner - outer, 1e-6)))
        new = (ndimage.gaussian_filter(np.where(lit, likely, 0.0), 1.5) > 0.5) & lit
        if (new == mask).all():
            break
        mask = new
    return np.asarray(mask)


def _central(found: Mask, lit: Mask) -> Mask:
    """The piece that is largest for how near the middle it lies, without holes and thin spurs."""
    from scipy import ndimage

    opened = ndimage.binary_opening(found & lit, iterations=2)
    parts, count = ndimage.label(opened)
    if not count:
        return np.zeros(found.shape, dtype=bool)
    y, x = np.mgrid[-1 : 1 : found.shape[0] * 1j, -1 : 1 : found.shape[1] * 1j]
    near = np.exp(-(x**2 + y**2) / (2 * 0.5**2))
    chosen = parts == 1 + int(np.argmax(ndimage.sum_labels(near, parts, range(1, count + 1))))
    closed = ndimage.binary_closing(np.pad(chosen, 4), iterations=3)[4:-4, 4:-4]
    return np.asarray(ndimage.binary_fill_holes(closed))


def _judged(
    kind: ColourKind, away: Floats, first: Mask, mask: Mask, lit: Mask, lines: Mask
) -> tuple[float, tuple[str, ...]]:
    """A confidence, and what lowers it. The bounds were set on drawn skin; it is not calibrated."""
    from scipy import ndimage

    if not mask.any():
        return 0.0, ("nothing stands out from the skin",)
    ring = ndimage.binary_dilation(mask, iterations=10) & ~ndimage.binary_dilation(mask, iterations=3) & lit
    step = float(np.median(away[mask]) - np.median(away[ring])) if ring.any() else 0.0
    border = mask & ~ndimage.binary_erosion(mask)
    edge = ~ndimage.binary_erosion(lit, iterations=2)
    agreed = 2 * float((first & mask).sum()) / max(float(first.sum() + mask.sum()), 1.0)
    others = float((away[lit & ~ndimage.binary_dilation(mask, iterations=5)] > max(step, 2.0)).mean())
    area = float(mask.sum() / lit.sum())
    shares = {
        "it does not look like a photograph of skin": (kind.skin, 0.0, 0.5),
        "it hardly stands out from the skin": (step, 1.5, 3.5),
        "it is very small in the picture": (area, 0.003, 0.012),
        "it fills the picture: little skin around it to compare with": (-area, -0.6, -0.4),
        "it is cut off by the edge of the picture": (-float((border & edge).sum() / border.sum()), -0.35, -0.05),
        "two ways to split it off disagree": (agreed, 0.6, 0.85),
        "other places stand out as much": (-others, -0.15, -0.03),
        "hair or other lines cover much of it": (-float(lines[mask].mean()), -0.6, -0.25),
    }
    confidence, doubts = CEILING, []
    for doubt, (value, low, high) in shares.items():
        share = float(np.clip((value - low) / (high - low), 0, 1))
        if share < 1:
            doubts.append(doubt)
        confidence *= share
    return confidence, (*doubts, UNMEASURED)


def _enlarged(mask: Mask, shape: tuple[int, ...]) -> Mask:
    from PIL import Image as Pillow

    if mask.shape == shape:
        return mask
    made = Pillow.fromarray((mask * 255).astype(np.uint8)).resize((shape[1], shape[0]), Pillow.Resampling.BILINEAR)
    return np.asarray(made) >= 128


class SkinSegmenter:
    """A skin lesion's outline behind the contract of all segmenters."""

    card = Card(
        name="skin-lesion",
        version=VERSION,
        title="Outline of a lesion on a photograph of skin",
        modalities=frozenset({PHOTOGRAPH, "XC", "DMS", "GM"}),
        anatomy=frozenset(),
        dimensions=2,
        structures=(STRUCTURE,),
        prompts=frozenset({"structure"}),
        licence="Apache-2.0",
        source="colour distance from the surrounding skin, two-class split; nothing fitted",
        measured="unmeasured on real photographs (drawn skin only)",
    )

    def lacks(self) -> str | None:
        """Nothing: no weights."""
        return None

    def segment(self, target: Target, structures: Sequence[str], prompts: Prompts | None = None) -> list[Segment]:
        """The lesion nearest the middle of a photograph.

        Raises:
            NotAssessable: no photograph of skin in colour, or nothing stands out.
            BadInput: another structure was asked for, or the picture is too small.
        """
        only(structures, self.card, prompts)
        return [skin_lesion(colours_of(target, "skin lesions", SKIN)).segment]


segmenter = SkinSegmenter()
