"""What is measured on an image or a volume: one way for tools and command line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from tools.errors import BadInput, NotAssessable, OslerError, UsageError
from tools.imaging import archive
from tools.imaging.dicom_out import HAND
from tools.imaging.frame import Image
from tools.imaging.mask_files import AnyMask, segment_from
from tools.imaging.measures.density import density
from tools.imaging.measures.lines import Landmark, angle, distance
from tools.imaging.measures.model import PIXELS, Interval, Measurement
from tools.imaging.measures.scale import Plane, plane_of, plane_of_slices, within_scale
from tools.imaging.measures.shape import area, box_of, count, diameters, volume
from tools.imaging.measures.vertebra import is_vertebra, vertebral
from tools.imaging.nifti import is_nifti
from tools.imaging.reading import looks_like_dicom, read_image
from tools.imaging.resample import evened, squared
from tools.imaging.sr_out import Measured
from tools.imaging.volume import Volume
from tools.imaging.volumes import head_of, read_volume, stacks_at
from tools.segmenters.contract import Prompts, Target
from tools.segmenters.pointed import Method
from tools.segmenters.segment import Segment
from tools.segmenters.structures import OBJECT

Resample = Literal["even", "square"]
UNCHECKED = "unvalidated: an outline by a program, checked by no clinician (docs/segmenters.md); decides nothing"
_ON_FILMS = ("osler-lung-fields", "osler-heart-borders")


@dataclass(frozen=True)
class Wanted:
    """What is measured: landmarks, a mask from a file, or what a segmenter outlines by its name or where pointed at."""

    structure: str | None = None
    mask: Path | None = None
    label: int | None = None
    points: str | None = None
    prompts: Prompts = field(default_factory=Prompts)

    @property
    def nothing(self) -> bool:
        """Whether a file alone was given."""
        return self.structure is None and self.mask is None and self.points is None and not self.prompts.kinds


def read_target(
    path: Path,
    frame: int | None = None,
    series: str | None = None,
    modality: str | None = None,
    resample: Resample | None = None,
) -> Target:
    """A folder, an archive, NIfTI or a multi-frame CT or MR as a volume; any other file, or a frame, as one image.

    Args:
        frame: which frame of a file with several; it is then one image.
        modality: a person's word, where the file says nothing.
        resample: bring a volume onto even slices, or a leaning one to right angles; its warnings say so.

    Raises:
        OslerError: it cannot be read (`read_image`, `read_volume`), or the file says another modality.
    """
    head = head_of(path)
    whole = head is None or archive.is_zip(head) or is_nifti(path, head)
    if whole or (frame is None and looks_like_dicom(head or b"") and stacks_at(path).volumes):
        found: Target = read_volume(path, series)
    else:
        found = read_image(path, frame or 0)
    return stated(found if resample is None else resampled(found, resample), modality)


def stated(target: Target, modality: str | None) -> Target:
    """The target with the modality a person states, where the file says none.

    Raises:
        BadInput: the file says another one.
    """
    there, said = target.header.modality, (modality or "").upper()
    if not said or there == said:
        return target
    if there is not None:
        raise BadInput(
            "the file says another modality", found=there, expected=said, action="leave the stated modality out"
        )
    told = f"the modality is {said} by the word of whoever asked; the file does not say"
    return replace(target, header=replace(target.header, modality=said), warnings=(*target.warnings, told))


def resampled(target: Target, how: Resample) -> Volume:
    """A volume on even slices, or on a grid with right angles.

    Raises:
        BadInput: one image.
        NotAssessable: `tools.imaging.resample`.
    """
    if not isinstance(target, Volume):
        raise BadInput(
            "one image has no slices to resample",
            found="one image",
            expected="a series",
            action="leave the resampling out",
        )
    return evened(target) if how == "even" else squared(target)


def outlined(
    target: Target,
    structure: str | None,
    prompts: Prompts | None = None,
    models: Path | None = None,
    method: Method = "auto",
) -> list[Segment]:
    """What is named or pointed at (`tools.segmenters.prompted`); what was pointed at keeps the name it was given.

    Raises:
        OslerError: nothing is found, or nothing here outlines it.
    """
    from tools.segmenters.prompted import segmented

    found = segmented(target, structure, prompts, models, method)
    if prompts is None or not prompts.kinds:
        return found
    return [
        replace(one, edited=True)
        if one.structure != OBJECT or not structure
        else replace(one, edited=True, structure=structure, coded=one.coding)
        for one in found
    ]


def unvalidated(segments: Sequence[Segment]) -> list[str]:
    """What is said of outlines that an algorithm drew: no clinician has checked them."""
    from tools.imaging.measure import UNVALIDATED

    said = {UNVALIDATED if one.algorithm in _ON_FILMS else UNCHECKED for one in segments if one.algorithm != HAND}
    return sorted(said, reverse=True)


def found_on(target: Target, wanted: Wanted, models: Path | None = None) -> list[Measured]:
    """What is wanted, outlined where it has to be, and every measure that can be taken of it.

    Raises:
        UsageError: nothing is named.
        OslerError: the mask does not fit, nothing is found, or nothing can be measured.
    """
    if wanted.nothing:
        raise UsageError(
            "nothing is named that could be measured",
            found="a file alone",
            expected="a structure, a box, a mask or landmarks",
            action="add --structure NAME, --mask FILE, --box x0,y0,x1,y1 or --points 'COLUMN,ROW COLUMN,ROW'",
        )
    from tools.imaging.chest import measurable
    from tools.imaging.what import what_is

    name = wanted.structure or ""
    if wanted.points is not None:
        return [Measured(name, (between(read_points(wanted.points), target).of(name),))]
    if wanted.mask is not None:
        segments = [segment_from(wanted.mask, target, wanted.label, wanted.structure)]
    else:
        segments = outlined(target, wanted.structure, wanted.prompts, models)
        if isinstance(target, Image) and any(one.algorithm in _ON_FILMS for one in segments):
            # An outline may be drawn on a poor film; nothing is measured on it.
            measurable(target, what_is(target))
    made = []
    for number, one in enumerate(segments, 1):
        by_hand = one.edited and wanted.mask is not None
        rows, why = measured(target, one.mask, one.structure)
        told = (*([] if by_hand else unvalidated([one])), *why, *one.doubts)
        kept = rows if by_hand else [replace(row, validated=False) for row in rows]
        made.append(Measured(one.structure, tuple(kept), one, number, tuple(dict.fromkeys(told))))
    return made


def told_of(found: Sequence[Measured]) -> list[str]:
    """What has to be said with what was measured, once."""
    return list(dict.fromkeys(text for one in found for text in one.told))


def of_film(film: Image) -> tuple[list[Measurement], list[str]]:
    """The lung fields' areas and the cardiothoracic ratio of a frontal chest film, and what has to be said with them.

    Raises:
        NotAssessable: no frontal chest film, or one of unusable quality.
    """
    from tools.imaging.chest import measurable, shortcomings
    from tools.imaging.measure import area as area_of
    from tools.imaging.measure import scale
    from tools.imaging.what import what_is
    from tools.segmenters.cardiothoracic import METHOD, cardiothoracic
    from tools.segmenters.film import segmenter

    fit = measurable(film, what_is(film))
    segments = segmenter.segment(film, ("lung", "heart"))
    rows: list[Measurement] = []
    for one in segments[:2]:
        pixels, share, cm2 = area_of(film, one)
        where, how = {"box": list(one.box)}, f"{one.algorithm} {one.version}"
        rows.append(Measurement("area", pixels, PIXELS, how, where=where).of(one.structure))
        rows.append(Measurement("share", share, "%", how, where=where).of(one.structure))
        if cm2 is not None:
            rows.append(Measurement("area", cm2, "cm2", how, scale(film), where=where).of(one.structure))
    ratio = cardiothoracic(segments)
    ends = None
    if ratio.low is not None and ratio.high is not None:
        ends = Interval(ratio.low, ratio.high, "95 %: the four borders moved independently by their spread")
    calipers = {"calipers": {name: list(point) for name, point in ratio.ends.items()}}
    rows.append(
        Measurement("cardiothoracic ratio", ratio.value, "1", METHOD, None, ends, calipers, notes=("no verdict",))
    )
    quality = fit.quality.verdict if fit.quality else None
    against = shortcomings(fit.what.view.value, fit.what.position.value, quality)
    told = [
        *unvalidated(segments),
        *(f"heart size is not judged on this film: {reason}" for reason in against),
        *(doubt for one in segments for doubt in one.doubts),
    ]
    return [replace(row, validated=False) for row in rows], list(dict.fromkeys(told))


def plane(target: Target) -> Plane:
    """The plane in which lengths are taken."""
    return plane_of(target) if isinstance(target, Image) else plane_of_slices(target)


def measured(target: Target, mask: AnyMask, structure: str = "") -> tuple[list[Measurement], list[str]]:
    """Every measure of a mask that can be taken, and why others cannot.

    Raises:
        BadInput: the mask is empty or not of the target's shape.
        NotAssessable: it lies outside the region in which the scale holds.
    """
    shape = target.pixels.shape if isinstance(target, Image) else target.values.shape
    if mask.shape != shape:
        raise BadInput(
            "the mask is not of this image", found=mask.shape, expected=shape, action="take the mask that belongs to it"
        )
    if isinstance(target, Image) and mask.any():
        within_scale(target, box_of(mask))
    rows = diameters(mask, plane(target))
    told: list[str] = []
    if isinstance(target, Image):
        rows.append(area(mask, plane_of(target)))
    else:
        try:
            rows.append(volume(mask, target))
        except NotAssessable as error:
            told.append(_why("volume", error))
    rows.append(count(mask))
    if (target.header.modality or "CT") == "CT" and target.values is not None:
        try:
            rows += density(mask, target)
        except NotAssessable as error:
            told.append(_why("density", error))
    rows = [one.of(structure) for one in rows]
    if isinstance(target, Volume) and is_vertebra(structure):
        try:
            more, why = vertebral(mask, target, structure)
            rows, told = [*rows, *more], [*told, *why]
        except NotAssessable as error:
            told.append(_why("the vertebra's heights and spongy bone", error))
    return rows, told


def between(points: Sequence[Landmark], target: Target) -> Measurement:
    """Two landmarks give a distance, four the angle between two lines.

    Raises:
        BadInput: another number of them, or one outside the image.
        NotAssessable: the volume is unevenly sampled.
    """
    grid = plane_of(target) if isinstance(target, Image) else target
    if isinstance(target, Image) and any(x >= target.columns or y >= target.rows for x, y, *_ in points):
        raise BadInput(
            "a landmark lies outside the image",
            found=str([list(point) for point in points]),
            expected=f"columns 0 to {target.columns - 1}, rows 0 to {target.rows - 1}",
            action="set it again",
        )
    if isinstance(target, Image) and points:
        x, y = zip(*((point[0], point[1]) for point in points), strict=True)
        within_scale(target, (min(x), min(y), max(x), max(y)))
    if len(points) == 2:
        return distance(points[0], points[1], grid)
    if len(points) == 4:
        return angle((points[0], points[1]), (points[2], points[3]), grid)
    raise BadInput(
        "this many landmarks make no measure",
        found=f"{len(points)} landmarks",
        expected="two for a distance, four for the angle between two lines",
        action="give them as COLUMN,ROW (COLUMN,ROW,SLICE in a volume)",
    )


def read_points(text: str) -> list[Landmark]:
    """Landmarks from text: `10,20 30,40`, with a third number for the slice.

    Raises:
        BadInput: they are no landmarks.
    """
    words = [word for word in re.split(r"[;\s]+", text.strip()) if word]
    try:
        points: list[Landmark] = [tuple(float(part) for part in word.split(",")) for word in words]
    except ValueError:
        points = []
    if not points or any(len(point) not in (2, 3) for point in points):
        raise BadInput(
            "these are no landmarks",
            found=text[:80],
            expected="COLUMN,ROW COLUMN,ROW ... in 0-based stored pixels",
            action="write each landmark as two numbers with a comma, three in a volume",
        )
    return points


def _why(what: str, error: OslerError) -> str:
    return f"{what} not measured: {error.message} ({error.found})"
