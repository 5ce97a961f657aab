"""Measures of one vertebral body: its heights at the back, middle and front, and the density of its spongy bone.

They follow from the mask and the CT alone, so that a mask that a person drew or corrected is measured in the same way.
No grade of fracture and no diagnosis of osteoporosis is given: both need more than a number (docs/segmenters.md).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.errors import NotAssessable, OslerError
from tools.imaging.measures.density import HU, hounsfield
from tools.imaging.measures.model import Interval, Measurement
from tools.imaging.volume import Volume, Voxels, measurable

Real = NDArray[np.float64]
STEP_MM = 1.0
FINE_MM = 0.5
REACH_MM = 32.0
# Where heights are taken, as shares of the depth from back to front, and how far around.
PLACES = (("posterior height", 0.1), ("middle height", 0.5), ("anterior height", 0.9))
AROUND = 0.06
STRIP_MM = 5.0
# Coarser voxels along the axis say nothing of an end plate (drawn spines at 5 mm: heights up to 8 mm off).
COARSE_MM = 3.5
# Of a voxel: by so much a height may be off (drawn spines, see the benchmark ct-organs).
OFF = 1.2
# The ellipse of spongy bone: half axes as shares of width and depth, its middle so far in front of the body's, in a
# layer so thick. The back third, where the veins leave, and the shell are left out.
ROI = (0.28, 0.22)
AHEAD = 0.1
LAYER_MM = 5.0
LEAST_VOXELS = 30
KVP = 120.0
HEIGHT = (
    "distance of the end plates along the body's axis in a strip of 10 mm around the midline; the edge lies half a "
    "millimetre outside of each plate's brightest line (the plate taken as 1 mm thick)"
)
MASK_HEIGHT = "distance of the mask's ends along the body's axis in a strip of 10 mm around the midline"
SCREENED = (
    "for information: against DXA in 1,867 adults, 160 HU or less at L1 was 90 % sensitive for osteoporosis and 110 HU "
    "more than 90 % specific (Pickhardt, Ann Intern Med 2013, abstract); in 536 British adults it was 169 and 104 HU "
    "(doi 10.1186/s13244-023-01400-1, abstract); no diagnosis follows from it"
)
GENANT = (
    "for information: Genant's visual grades on lateral radiographs begin at 20 % of lost height (1: 20 to 25 %, "
    "2: 25 to 40 %, 3: above 40 %; stated in doi 10.21037/qims.2019.02.04); this is a measure on CT, not a grade, and "
    "short vertebrae and wedges also have other causes"
)
AUTOMATED = (
    "the ellipse was placed by a program: with another one such values were 21 HU higher on average than a reader's "
    "(Jang, American Roentgen Ray Society, abstract 3161)"
)


@dataclass(frozen=True, eq=False)
class Frame:
    """A body's middle and directions, its ends over (front, left), and where its back and front walls are."""

    middle: Real
    up: Real
    front: Real
    left: Real
    ends: tuple[Real, Real] = field(repr=False)
    back_mm: float
    front_mm: float
    half_width_mm: float
    along_mm: float
    refined: bool


def is_vertebra(structure: str) -> bool:
    """Whether a segment's name is that of a vertebra."""
    return bool(re.match(r"vertebra\b|[CTL]\d{1,2} vertebra\b|[CTL]\d{1,2}$", structure))


def vertebral(mask: Voxels, volume: Volume, structure: str = "vertebra") -> tuple[list[Measurement], list[str]]:
    """Heights, their ratios and the density of spongy bone of one body, and why one of them is not given.

    Raises:
        BadInput: the mask is empty.
        NotAssessable: the slices are unevenly spaced, or the mask is no body.
    """
    measurable(volume)
    body = frame(mask, volume)
    rows, told = _heights(body, volume)
    try:
        rows.append(_density(mask, volume, body, structure))
    except OslerError as error:
        told.append(f"density of spongy bone not measured: {error.message} ({error.found})")
    return [one.of(structure) for one in rows], told


def frame(mask: Voxels, volume: Volume) -> Frame:
    """The body's own directions: the axis is the mean normal of its two ends.

    Raises:
        NotAssessable: the mask is empty or too small, or has no two ends.
    """
    index = np.argwhere(mask)
    if len(index) < LEAST_VOXELS:
        raise NotAssessable(
            "this is no vertebral body",
            found=f"{len(index)} voxels",
            expected=f"at least {LEAST_VOXELS}",
            action="give the mask of one body",
        )
    middle = volume.affine[:3, :3] @ index.mean(axis=0)[::-1] + volume.affine[:3, 3]
    part, low = _part(mask, index)
    up = np.array([0.0, 0.0, 1.0])
    across = np.arange(-REACH_MM, REACH_MM + STEP_MM, STEP_MM)
    tall = np.arange(-REACH_MM, REACH_MM + FINE_MM, FINE_MM)
    for _ in range(4):
        front, left = _directions(up)
        held = _sample(part, low, volume, middle, (up, front, left), across, tall)
        bottom, top, inner = _ends(held, tall)
        slopes = _normal(bottom, inner, across) + _normal(top, inner, across)
        turned = slopes[0] * front + slopes[1] * left + 2 * up
        up = turned / np.linalg.norm(turned)
    front, left = _directions(up)
    held = _sample(part, low, volume, middle, (up, front, left), across, tall)
    bottom, top, inner = _ends(held, tall)
    level = held[:, :, np.abs(tall) <= 4].mean(axis=2)
    ahead = across[np.flatnonzero(level[:, np.abs(across) <= 3].mean(axis=1) >= 0.5)]
    aside = across[np.flatnonzero(level[np.abs(across) <= 3].mean(axis=0) >= 0.5)]
    if not inner.any() or len(ahead) < 8 or len(aside) < 8:
        raise NotAssessable(
            "this is no vertebral body",
            found="a mask without two ends over one cross-section",
            expected="one body, without its arch",
            action="give the mask of one body",
        )
    own = volume.affine[:3, :3] / np.linalg.norm(volume.affine[:3, :3], axis=0)
    along = float(np.linalg.norm((own.T @ up) * np.array(volume.spacing_mm)[::-1]))
    ends, refined = (bottom, top), False
    if (volume.header.modality or "CT") == "CT":
        ends, refined = _refined(volume, middle, (up, front, left), across, tall, (bottom, top), along), True
    width = float(aside[-1] - aside[0]) / 2 + STEP_MM / 2
    return Frame(middle, up, front, left, ends, float(ahead[0]), float(ahead[-1]), width, along, refined)


def _directions(up: Real) -> tuple[Real, Real]:
    front = np.array([0.0, -1.0, 0.0])
    front = front - up * float(front @ up)
    front = front / np.linalg.norm(front)
    return front, np.cross(up, -front)


def _part(mask: Voxels, index: NDArray[np.int64]) -> tuple[NDArray[np.float32], Real]:
    low = np.maximum(index.min(axis=0) - 1, 0)
    high = index.max(axis=0) + 2
    return mask[low[0] : high[0], low[1] : high[1], low[2] : high[2]].astype(np.float32), low.astype(float)


def _sample(
    values: NDArray[np.float32],
    low: Real,
    volume: Volume,
    middle: Real,
    turned: tuple[Real, Real, Real],
    across: Real,
    tall: Real,
) -> NDArray[np.float32]:
    """Values at (front, left, up) around the middle; nought outside."""
    from scipy import ndimage

    up, front, left = turned
    inverse = np.linalg.inv(volume.affine)
    rotate = inverse[:3, :3]
    start = (rotate @ middle + inverse[:3, 3])[::-1] - low
    a, b, c = ((rotate @ one)[::-1] for one in (front, left, up))
    index = (
        start[:, None, None, None]
        + a[:, None, None, None] * across[None, :, None, None]
        + b[:, None, None, None] * across[None, None, :, None]
        + c[:, None, None, None] * tall[None, None, None, :]
    )
    return np.asarray(ndimage.map_coordinates(values, index, order=1, mode="constant", cval=0.0, output=np.float32))


def _ends(held: NDArray[np.float32], tall: Real) -> tuple[Real, Real, Voxels]:
    """Lowest and highest place of the mask over each place of the cross-section, and the places well inside."""
    from scipy import ndimage

    inside = held >= 0.5
    there = inside.any(axis=2)
    first = inside.argmax(axis=2)
    last = inside.shape[2] - 1 - inside[..., ::-1].argmax(axis=2)
    lengths = np.where(there, last - first, 0)
    usual = float(np.median(lengths[there])) if there.any() else 0.0
    inner = ndimage.binary_erosion(there & (lengths > 0.6 * usual), iterations=2)
    # Between two places the mask falls from one to nought: half of it is the edge.
    bottom = tall[first] - FINE_MM * _share(held, first, -1)
    top = tall[last] + FINE_MM * _share(held, last, 1)
    return bottom, top, np.asarray(inner)


def _share(held: NDArray[np.float32], at: NDArray[np.int64], way: int) -> Real:
    here = np.take_along_axis(held, at[..., None], axis=2)[..., 0].astype(float)
    next_ = np.take_along_axis(held, np.clip(at + way, 0, held.shape[2] - 1)[..., None], axis=2)[..., 0]
    return np.asarray(np.clip((here - 0.5) / np.maximum(here - next_, 1e-3), 0, 1))


def _normal(end: Real, inner: Voxels, across: Real) -> Real:
    """The slopes of a plane through one end, as the front and left parts of its normal."""
    if not inner.any():
        return np.zeros(2)
    a, b = np.meshgrid(across, across, indexing="ij")
    rows = np.column_stack([np.ones(int(inner.sum())), a[inner], b[inner]])
    found = np.linalg.lstsq(rows, end[inner], rcond=None)[0]
    return np.asarray(-found[1:])


def _refined(
    volume: Volume,
    middle: Real,
    turned: tuple[Real, Real, Real],
    across: Real,
    tall: Real,
    ends: tuple[Real, Real],
    along: float,
) -> tuple[Real, Real]:
    """Both ends moved to the end plates' surfaces, by at most a voxel."""
    from scipy import ndimage

    from tools.segmenters.ct_spine_body import outer_edges

    values = _sample(volume.values, np.zeros(3), volume, middle, turned, across, tall)
    values = ndimage.gaussian_filter(np.clip(values, -100, 700), (1.0, 1.0, 0.8))
    made = []
    for end, way in zip(ends, (1, -1), strict=True):
        line = values[..., ::way]
        heights = tall[::way]
        near = np.rint((end - heights[0]) / (way * FINE_MM)).astype(np.int64)
        near = np.clip(near, 1, len(tall) - 2)
        exact = heights[0] + way * FINE_MM * outer_edges(line, near, spread=True)
        made.append(np.where(np.abs(exact - end) <= max(along, 1.0), exact, end))
    return made[0], made[1]


def _heights(body: Frame, volume: Volume) -> tuple[list[Measurement], list[str]]:
    if body.along_mm > COARSE_MM:
        return [], [
            f"heights not given: voxels of {body.along_mm:.1f} mm along the body's axis are too coarse for them"
        ]
    across = np.arange(-REACH_MM, REACH_MM + STEP_MM, STEP_MM)
    depth = body.front_mm - body.back_mm
    tall = body.ends[1] - body.ends[0]
    strip = np.abs(across) <= STRIP_MM
    off = OFF * max(body.along_mm, 1.0)
    method = HEIGHT if body.refined else MASK_HEIGHT
    rows = []
    for name, share in PLACES:
        near = np.abs(across - (body.back_mm + share * depth)) <= max(AROUND * depth, STEP_MM)
        value = float(np.median(tall[np.ix_(near, strip)]))
        within = Interval(value - off, value + off, f"{OFF:g} of a voxel along the body's axis, as on drawn spines")
        where = {"share_of_depth": share, "middle_mm": [round(float(part), 1) for part in body.middle]}
        rows.append(Measurement(name, value, "mm", method, volume.spacing_source, within, where))
    back, mid, front = rows
    rows.append(_ratio("wedge ratio", front, back, "anterior height by posterior height"))
    rows.append(_ratio("biconcavity ratio", mid, back, "middle height by posterior height"))
    low, high = min(rows[:3], key=lambda one: one.value), max(rows[:3], key=lambda one: one.value)
    lost = _ratio("height loss", low, high, "")
    assert lost.interval is not None
    rows.append(
        Measurement(
            "height loss",
            100 * (1 - lost.value),
            "%",
            "1 minus the lowest by the highest of the three heights of this body; neighbours are not compared",
            None,
            Interval(max(0.0, 100 * (1 - lost.interval.high)), 100 * (1 - lost.interval.low), lost.interval.method),
            {"lowest": low.name, "highest": high.name},
            notes=(GENANT,),
        )
    )
    return rows, []


def _ratio(name: str, one: Measurement, other: Measurement, method: str) -> Measurement:
    assert one.interval is not None and other.interval is not None
    bounds = Interval(
        one.interval.low / other.interval.high,
        one.interval.high / other.interval.low,
        "both heights at the ends of their ranges",
    )
    return Measurement(name, one.value / other.value, "1", method, None, bounds)


def _density(mask: Voxels, volume: Volume, body: Frame, structure: str) -> Measurement:
    """Mean of the voxels in the ellipse."""
    values = hounsfield(volume)
    index = np.argwhere(mask)
    places = index[:, ::-1] @ volume.affine[:3, :3].T + volume.affine[:3, 3] - body.middle
    depth = body.front_mm - body.back_mm
    ahead = places @ body.front - ((body.front_mm + body.back_mm) / 2 + AHEAD * depth)
    aside = places @ body.left
    half = (ROI[0] * 2 * body.half_width_mm, ROI[1] * depth)
    layer = max(LAYER_MM, body.along_mm)
    chosen = ((aside / half[0]) ** 2 + (ahead / half[1]) ** 2 <= 1) & (np.abs(places @ body.up) <= layer / 2)
    held = values[tuple(index[chosen].T)]
    if held.size < LEAST_VOXELS // 2:
        raise NotAssessable(
            "the body is too small for an ellipse of spongy bone",
            found=f"{held.size} voxels",
            expected=f"at least {LEAST_VOXELS // 2}",
            action="give a finer series",
        )
    error = 1.96 * float(held.std()) / math.sqrt(held.size)
    mean = float(held.mean())
    where: dict[str, Any] = {
        "half_axes_mm": [round(part, 1) for part in half],
        "layer_mm": round(layer, 1),
        "middle_mm": [round(float(part), 1) for part in body.middle + AHEAD * depth * body.front],
        "voxels": int(held.size),
        "sd_hu": round(float(held.std()), 1),
    }
    return Measurement(
        "spongy bone density",
        mean,
        HU,
        "mean of an ellipse at mid height in the front part of the body, shell and back third left out",
        "CT values (HU)",
        Interval(mean - error, mean + error, "1.96 standard errors of the mean of the voxels: noise alone"),
        where,
        notes=_said(volume, structure, mean, float(held.std())),
    )


def _said(volume: Volume, structure: str, mean: float, spread: float) -> tuple[str, ...]:
    """What has to be known to read the density: voltage, contrast, field of view, level."""
    from tools.segmenters.ct_technique import Stated, contrast_free

    kvp = volume.header.acquisition.kvp
    plain = contrast_free(volume, Stated())
    across = sorted((n * step for n, step in zip(volume.values.shape, volume.spacing_mm, strict=True)), reverse=True)[
        :2
    ]
    voltage = "tube voltage not stated" if kvp is None else f"{kvp:g} kVp"
    contrast = {"yes": "no contrast", "no": "contrast given", "unknown": "contrast not stated"}[plain.holds]
    told = [
        f"{voltage}; {contrast} ({plain.found}); field of view {across[0]:.0f} x {across[1]:.0f} mm as reconstructed"
    ]
    usual = kvp is not None and abs(kvp - KVP) < 0.5
    if kvp is not None and not usual:
        told.append(f"density of bone depends on the tube voltage: limits published for 120 kVp do not hold at {kvp:g}")
    elif kvp is None:
        told.append("density of bone depends on the tube voltage: limits published for 120 kVp may not hold")
    if plain.holds != "yes":
        told.append(
            "contrast may raise it: not noticeably in 20,374 adults but for those under 40 (Jang 2019, doi "
            "10.1148/radiol.2019181648), by 11 % (arterial) and 21 % (venous) in 288 others (Grünewald, ECR abstract)"
        )
    if usual and structure.startswith("L1"):
        told.append(SCREENED)
    told.append(AUTOMATED)
    if spread > 100 or mean > 350:
        told.append(
            "very uneven or dense: sclerosis, cement, metal or a fracture would be; the mean is not that of spongy bone"
        )
    return tuple(told)
