"""Masks from files, on the grid of the image they belong to: PNG, NIfTI label map, DICOM SEG.

A mask is never stretched to fit. A NIfTI mask may be stored with its axes turned, if its voxels are the image's own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.coding import SYSTEMS, Coding
from tools.errors import BadInput
from tools.imaging.dicom_out import DCM, HAND
from tools.imaging.frame import Image
from tools.imaging.masks import read_mask
from tools.imaging.reading import looks_like_dicom
from tools.imaging.volume import Volume, canonical
from tools.imaging.volumes import head_of
from tools.segmenters.segment import Segment
from tools.segmenters.structures import REGION, SIDES, coding_of, structure_and_side

AnyMask = NDArray[np.bool_]
UNKNOWN_HAND = "the mask came as a file: who or what drew it is not known here"
EXPECTED = "a PNG for one image, a NIfTI label map for a volume, or a DICOM SEG of the image or series"
# Corners may lie apart by this share of a voxel: affines are stored in single precision.
_APART = 0.02


def mask_from(path: Path, target: Image | Volume, label: int | None = None) -> AnyMask:
    """The mask in a file, of the target's shape.

    Args:
        label: value in a label map, or segment number in a SEG; needed where there are several.

    Raises:
        BadInput: it cannot be read, does not fit the image, is empty, or holds several labels and none is named.
        UsageError: there is no such file.
    """
    head = head_of(path) or b""
    if looks_like_dicom(head):
        mask = _segmentation(path, target, label)
    elif isinstance(target, Image):
        mask = read_mask(path, target, label)
    else:
        mask = _label_map(path, target, label)
    if not mask.any():
        raise BadInput(f"{path.name} is empty here", found="no voxel", expected="a mask", action="check file and label")
    return mask


def segment_from(path: Path, target: Image | Volume, label: int | None = None, structure: str | None = None) -> Segment:
    """The mask in a file as a segment: a DICOM SEG says what it is and what drew it, other files do not.

    Raises:
        OslerError: see `mask_from`.
    """
    mask = mask_from(path, target, label)
    if is_dicom(path):
        return _of_seg(path, label, mask, structure)
    name = structure or name_of(path)
    try:
        coding = coding_of(name) or REGION
    except BadInput:
        coding = REGION
    known = REGION if coding == REGION else None
    return Segment(name, mask, 1.0, HAND, "", edited=True, doubts=(UNKNOWN_HAND,), coded=known)


def is_dicom(path: Path) -> bool:
    """Whether a mask is a DICOM object, which says itself what it is of.

    Raises:
        UsageError: there is no such file.
    """
    return looks_like_dicom(head_of(path) or b"")


def labels_in(path: Path) -> list[int]:
    """The labels of a label map, or the segment numbers of a DICOM SEG.

    Raises:
        BadInput: it is neither.
        UsageError: there is no such file.
    """
    from tools.imaging.nifti import is_nifti, read_nifti
    from tools.imaging.reading import sha256_of

    head = head_of(path) or b""
    if looks_like_dicom(head):
        return [int(number) for number in _opened(path).segment_numbers]
    if not is_nifti(path, head):
        raise _no_mask(path, "a file without labels")
    return [int(value) for value in np.unique(read_nifti(path, sha256_of(path)).values) if value]


def name_of(path: Path) -> str:
    """What the mask in a file is called where nobody says: the file's name without its endings."""
    return path.name.removesuffix(".gz").rpartition(".")[0] or path.name


def _of_seg(path: Path, label: int | None, mask: AnyMask, structure: str | None) -> Segment:
    from pydicom import dcmread

    parts = dcmread(path, stop_before_pixels=True).SegmentSequence
    part = next(one for one in parts if label is None or one.SegmentNumber == label)
    typed = part.SegmentedPropertyTypeCodeSequence[0]
    system = {"SCT": SYSTEMS["snomed"], "DCM": DCM}.get(typed.CodingSchemeDesignator)
    drawn = (part.get("SegmentationAlgorithmIdentificationSequence") or [{}])[0]
    coded = Coding(system=system, code=typed.CodeValue, display=typed.CodeMeaning) if system else None
    _same_structure(path, structure, coded, str(part.SegmentLabel))
    by_hand = part.SegmentAlgorithmType == "MANUAL"
    return Segment(
        structure or part.SegmentLabel,
        mask,
        1.0,
        HAND if by_hand else str(part.get("SegmentAlgorithmName") or "unknown"),
        str(drawn.get("AlgorithmVersion", "")),
        edited=part.SegmentAlgorithmType != "AUTOMATIC",
        coded=coded,
    )


def _same_structure(path: Path, structure: str | None, coded: Coding | None, label: str) -> None:
    """Refuse another structure, or the other side, than the SEG says it holds."""
    if structure is None:
        return
    try:
        asked, side = structure_and_side(structure)
    except BadInput:
        return
    others = [asked.of(one) for one in SIDES if side is not None and one != side and asked.paired]
    other = coded is not None and coded in others and coded != asked.of(side)
    try:
        held, at = structure_and_side(label)
        other = other or held != asked or (side is not None and at is not None and at != side)
    except BadInput:
        pass
    if other:
        raise BadInput(
            f"{path.name} is not of the {structure}",
            found=f"{label}{f' ({coded.display})' if coded else ''}",
            expected=structure,
            action="take the mask of that structure, or leave the name out: the file says what it is",
        )


def _label_map(path: Path, target: Volume, label: int | None) -> AnyMask:
    from tools.imaging.nifti import is_nifti, read_nifti
    from tools.imaging.reading import sha256_of

    if not is_nifti(path, head_of(path) or b""):
        raise _no_mask(path, "neither NIfTI nor DICOM")
    map_ = read_nifti(path, sha256_of(path))
    ours, back = canonical(target)
    theirs, _ = canonical(map_)
    if ours.values.shape != theirs.values.shape or _gap(ours, theirs) > _APART:
        raise BadInput(
            f"{path.name} is not on the grid of {target.name}",
            found=f"{theirs.values.shape}, {_gap(ours, theirs):.2f} voxels apart",
            expected=f"{ours.values.shape} at the same place in the patient",
            action="export the mask on the grid of the series it was drawn on",
        )
    return back(theirs.values == _chosen(path, np.unique(theirs.values), label))


def _chosen(path: Path, values: NDArray[Any], label: int | None) -> int:
    if (values != np.round(values)).any():
        raise BadInput(
            f"{path.name} is no map of labels",
            found="values between whole numbers, as of probabilities or of a mask that was interpolated",
            expected="whole numbers",
            action="export the mask itself, at the threshold it was made for",
        )
    there = [int(value) for value in values if value != 0]
    if label is None and len(there) == 1:
        return there[0]
    if label is None or label not in there:
        raise BadInput(
            f"it is not clear which label of {path.name} is meant",
            found=", ".join(str(value) for value in there[:30]) or "no label",
            expected="one label",
            action="name it with --label",
        )
    return label


def _gap(one: Volume, other: Volume) -> float:
    """The largest distance between corners of two grids of one shape, in voxels."""
    if one.values.shape != other.values.shape:
        return float("inf")
    ends = [(0, size - 1) for size in one.values.shape]
    corners = [(z, y, x) for z in ends[0] for y in ends[1] for x in ends[2]]
    apart = max(float(np.linalg.norm(np.subtract(one.at(*place), other.at(*place)))) for place in corners)
    return apart / min(one.spacing_mm)


def _segmentation(path: Path, target: Image | Volume, label: int | None) -> AnyMask:
    stored = _opened(path)
    number = _chosen(path, np.array(list(stored.segment_numbers)), label)
    frames = _frames_of(target)
    held = {str(uid) for _, _, uid in stored.get_source_image_uids()}
    if not held & {uid for uid, _ in frames}:
        raise BadInput(
            f"{path.name} is a segmentation of other images",
            found=f"{len(held)} source images, none of them these",
            expected="the SEG of this image or series",
            action="take the one that belongs to it",
        )
    return _drawn(stored, number, frames, target)


def _opened(path: Path) -> Any:
    import highdicom

    try:
        return highdicom.seg.segread(path)
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise _no_mask(path, f"a DICOM file that is no segmentation ({type(error).__name__})") from error


def _frames_of(target: Image | Volume) -> list[tuple[str, int]]:
    """SOP instance and frame of every slice."""
    if isinstance(target, Image):
        return [(target.header.sop_instance_uid or "", target.frame)]
    return [(one.sop_instance_uid or "", one.frame) for one in target.slices]


def _drawn(stored: Any, number: int, frames: list[tuple[str, int]], target: Image | Volume) -> AnyMask:
    uids = list(dict.fromkeys(uid for uid, _ in frames))
    more: dict[str, Any] = {
        "segment_numbers": [number],
        "assert_missing_frames_are_empty": True,
        "ignore_spatial_locations": True,
    }
    try:
        if len(uids) == 1 and (len(frames) > 1 or frames[0][1] > 0):
            found = stored.get_pixels_by_source_frame(uids[0], [frame + 1 for _, frame in frames], **more)
        else:
            found = stored.get_pixels_by_source_instance(uids, **more)
    except (ValueError, KeyError, RuntimeError) as error:
        raise BadInput(
            "the segmentation does not cover these images",
            found=str(error)[:120],
            expected="a SEG that says which image each of its frames belongs to",
            action="export the mask again",
        ) from error
    # A fractional SEG gives 0 to 1.
    mask = np.asarray(found[..., 0]) >= 0.5
    mask = mask[0] if isinstance(target, Image) else mask
    shape = target.pixels.shape if isinstance(target, Image) else target.values.shape
    if mask.shape != shape:
        raise BadInput(
            "the segmentation is not of the image's size",
            found=mask.shape,
            expected=shape,
            action="take the one that belongs to it",
        )
    return mask


def _no_mask(path: Path, found: str) -> BadInput:
    return BadInput(
        f"{path.name} is not read as a mask", found=found, expected=EXPECTED, action="export the mask again"
    )
