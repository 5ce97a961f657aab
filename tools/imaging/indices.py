"""Measures that are asked for by name, because each needs more than a mask: how the scan was taken, or a second mask.

LAA-950 and the Agatston score of a CT, the fractional area change of two frames, the ellipsoid of three diameters.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tools.errors import BadInput, NotAssessable, UsageError
from tools.imaging.frame import Image
from tools.imaging.mask_files import mask_from
from tools.imaging.measures.axes import Mask
from tools.imaging.measures.change import fractional_area_change
from tools.imaging.measures.lines import angle, distance
from tools.imaging.measures.model import Measurement
from tools.imaging.measures.scale import plane_of, within_scale
from tools.imaging.measures.shape import box_of, ellipsoid
from tools.imaging.measuring import Wanted, read_points
from tools.imaging.volume import Volume, Voxels
from tools.segmenters.contract import Target
from tools.segmenters.ct_technique import Stated

UNVALIDATED = "unvalidated: right on drawn scans, compared with no reader (docs/segmenters.md); decides nothing"
Taken = tuple[list[Measurement], list[str]]
# Three lines drawn by hand are taken as axes up to this much from a right angle.
_SKEW_DEG = 15.0


def laa950(target: Target, wanted: Wanted, said: Stated) -> Taken:
    """The share of both lungs below -950 HU.

    Raises:
        NotAssessable: no CT in Hounsfield units, or the scan was not taken for it, or nobody has said; `action` asks.
        BadInput: one image, or a mask that does not fit.
    """
    from tools.segmenters.ct_emphysema import conditions, low_attenuation

    volume = _ct(target, "LAA-950")
    # Before the lungs are looked for: that takes a while.
    conditions(volume, said)
    lungs, whole, doubts = _lungs(volume, wanted)
    found = low_attenuation(volume, lungs, said, whole=whole)
    where = {"voxels": int(lungs.sum()), "mask": str(wanted.mask) if wanted.mask else "osler-ct-threshold"}
    share = Measurement("LAA-950", found.percent, "%", found.method, None, None, where, notes=found.doubts)
    low = Measurement("15th percentile", found.percentile_15, "[hnsf'U]", "of the same voxels", where=where)
    size = Measurement(
        "volume", found.lung_ml, "mL", "voxels of both lungs, airways left out", volume.spacing_source, where=where
    )
    return _unvalidated([one.of("lung") for one in (share, low, size)], doubts)


def agatston(target: Target, wanted: Wanted, said: Stated) -> Taken:
    """The Agatston score of a region that a person gives.

    Raises:
        UsageError: no region.
        NotAssessable, BadInput: see `laa950`.
    """
    from tools.segmenters import ct_calcium

    volume = _ct(target, "the Agatston score")
    if wanted.mask is None:
        raise UsageError(
            "the Agatston score needs the region of the coronary arteries",
            found="no region",
            expected="--mask REGION: what is calcified in it counts, vessel or not",
            action="draw it on the axial sections of this series",
        )
    found = ct_calcium.agatston(volume, mask_from(wanted.mask, volume, wanted.label), said)
    where = {"mask": str(wanted.mask), "lesions": len(found.lesions)}
    source = volume.spacing_source
    score = Measurement("Agatston score", found.agatston, "1", found.method, source, where=where, notes=found.doubts)
    size = Measurement("calcium volume", found.volume_mm3, "mm3", "voxels of the same patches", source, where=where)
    told = ["the score is that of the region given, which is not checked to be the coronary arteries"]
    if not found.lesions:
        told.append("no calcium at the threshold in the region: that does not exclude coronary disease")
    return _unvalidated([score, size], told)


def area_change(target: Target, wanted: Wanted, systole: Path | None) -> Taken:
    """The fractional area change between two masks of a cavity: at end-diastole, and at end-systole.

    Raises:
        UsageError: a mask is missing.
        BadInput: a volume, a mask that does not fit, or the cavity is not larger at end-diastole.
    """
    if wanted.mask is None or systole is None:
        raise UsageError(
            "the fractional area change needs two masks",
            found="one mask" if wanted.mask or systole else "no mask",
            expected="the cavity at end-diastole and at end-systole",
            action="give --mask DIASTOLE --systole SYSTOLE",
        )
    if not isinstance(target, Image):
        raise BadInput(
            "the fractional area change is measured on frames",
            found="a volume",
            expected="a clip or an image",
            action="give the clip that both masks were drawn on",
        )
    masks: list[Mask] = [mask_from(path, target, wanted.label) for path in (wanted.mask, systole)]
    for mask in masks:
        within_scale(target, box_of(mask))
    return [fractional_area_change(masks[0], masks[1], plane_of(target)).of(wanted.structure or "")], []


def of_three_diameters(target: Target, wanted: Wanted) -> Taken:
    """The volume of an ellipsoid whose three diameters are six landmarks of a volume.

    Raises:
        UsageError: other than six landmarks.
        BadInput: one image, or diameters that are not at right angles.
        NotAssessable: the volume is unevenly sampled.
    """
    points = read_points(wanted.points or "0,0")
    if len(points) != 6 or not isinstance(target, Volume):
        raise UsageError(
            "the ellipsoid needs three diameters of a volume",
            found=f"{len(points) if wanted.points else 0} landmarks of {_what(target)}",
            expected="six landmarks: the ends of three diameters at right angles",
            action="give --points 'COLUMN,ROW,SLICE ...' on the series",
        )
    pairs = [(points[n], points[n + 1]) for n in (0, 2, 4)]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        if (found := angle(pairs[one], pairs[other], target).value) < 90 - _SKEW_DEG:
            raise BadInput(
                "these diameters are not at right angles",
                found=f"{found:.0f} degrees between diameters {one + 1} and {other + 1}",
                expected="about 90 degrees",
                action="set the ends again",
            )
    first, second, third = (distance(*pair, target, seed=number) for number, pair in enumerate(pairs))
    return [ellipsoid(first, second, third).of(wanted.structure or "")], []


def _unvalidated(rows: list[Measurement], told: list[str]) -> Taken:
    return [replace(row, validated=False) for row in rows], [UNVALIDATED, *told]


def _what(target: Target) -> str:
    return "a volume" if isinstance(target, Volume) else "one image"


def _ct(target: Target, what: str) -> Volume:
    """A CT in Hounsfield units."""
    from tools.segmenters.ct_grid import ct_grid

    if not isinstance(target, Volume):
        raise BadInput(
            f"{what} is measured on a CT series",
            found="one image",
            expected="all sections of the series",
            action="give its folder, archive or NIfTI file",
        )
    if target.header.modality != "CT":
        raise NotAssessable(
            f"{what} is a measure of CT",
            found=target.header.modality or "the file does not say its modality",
            expected="a CT in Hounsfield units",
            action="give the CT, or state --modality CT where the file does not",
        )
    ct_grid(target)
    return target


def _lungs(volume: Volume, wanted: Wanted) -> tuple[Voxels, bool | None, list[str]]:
    """Both lungs without airways, whether they are wholly in the picture, and what speaks against them."""
    from tools.segmenters.ct_threshold import segmenter

    if wanted.mask is not None:
        lungs = mask_from(wanted.mask, volume, wanted.label)
        told = "the mask of the lungs was given: whether it holds airways is not known"
        return lungs, False if _cut(lungs) else None, [told]
    found = segmenter.segment(volume, ("lung",))
    if len(found) < 2:
        raise NotAssessable(
            "LAA-950 is a share of both lungs",
            found=f"only the {found[0].structure}",
            expected="both lungs",
            action="give a mask of the lungs with --mask",
        )
    lungs = found[0].mask | found[1].mask
    return lungs, not _cut(lungs), [doubt for one in found for doubt in one.doubts]


def _cut(mask: Voxels) -> bool:
    """Whether it reaches the edge of the volume."""
    return any(bool(mask.take(end, axis).any()) for axis in range(3) for end in (0, -1))
