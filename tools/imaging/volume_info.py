"""What there is in a folder, an archive or a volume file, without reading more pixels than it needs.

One row for each stack that makes a volume or nearly does, and for each single image; what is neither is named with
its reason.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from tools.errors import NotAssessable, ToolError
from tools.imaging import archive
from tools.imaging.describe import grade, info
from tools.imaging.frame import Header
from tools.imaging.markers_side import with_markers
from tools.imaging.nifti import Nifti, is_nifti, open_nifti
from tools.imaging.reading import looks_like_dicom, read_image
from tools.imaging.refusals import NotAnImage
from tools.imaging.series import Apart, Found, Stack, found_among, found_in
from tools.imaging.volume import geometry_of, slices_lie
from tools.imaging.volumes import head_of
from tools.imaging.what import region_of, what_is

Json = dict[str, Any]
MAX_IMAGES = 50


def rows_of(path: Path, frame: int | None = None) -> tuple[list[Json], list[Json]]:
    """(rows, what stands apart) of a file, a folder or an archive; with a `frame`, a file is one image.

    Raises:
        UsageError: there is nothing at `path`.
        NotAssessable: a folder with nothing in it that can be looked at.
        BadInput: a file that cannot be read.
    """
    head = head_of(path)
    if head is None:
        return _several(found_in(path), path, path)
    if archive.is_zip(head):
        folder = archive.unpacked(path)
        return _several(found_in(folder), path, folder)
    if is_nifti(path, head):
        return [nifti_row(path)], []
    if looks_like_dicom(head) and frame is None:
        found = found_among([path])
        if found.volumes:
            return [stack_row(stack, path) for stack in found.volumes], []
    return [image_row(path, frame or 0)], []


def stack_row(stack: Stack, path: Path) -> Json:
    """A stack of DICOM slices."""
    made, first, header = stack.grid, stack.planes[0], stack.header
    row = _row(path, "DICOM", header, stack.id) | {
        "kind": stack.kind,
        "display": stack.display,
        "slices": len(stack.planes),
        "rows": first.rows,
        "columns": first.columns,
        "geometry": _no_geometry()
        if made is None
        else geometry_of(made.affine, "ImagePositionPatient", made.uniform, made.tilt_deg),
        "warnings": [*stack.told, *([stack.error.message] if stack.error else [])],
        "usable": made is not None,
    }
    if made is not None:
        row["view"] = slices_lie(made.affine)
        row["stated_in"]["view"] = "ImageOrientationPatient"
        row["confidence"]["view"] = "stated"
    return row


def nifti_row(path: Path) -> Json:
    """A NIfTI file."""
    opened = open_nifti(path)
    try:
        return _nifti_row(path, opened)
    finally:
        opened.close()


def _nifti_row(path: Path, opened: Nifti) -> Json:
    return _row(path, "NIfTI", Header(), path.name) | {
        "kind": "labels" if opened.is_labels else "volume",
        "display": f"NIfTI, {opened.shape[2]} slices of {opened.shape[0]} x {opened.shape[1]}",
        "slices": opened.shape[2],
        "rows": opened.shape[1],
        "columns": opened.shape[0],
        "volumes": opened.times,
        "geometry": geometry_of(opened.affine, opened.spacing_source, True, opened.tilt_deg),
        "warnings": [
            *opened.told,
            *([f"{opened.times} volumes: one has to be named"] if opened.times > 1 else []),
        ],
        "usable": True,
    }


def image_row(path: Path, frame: int = 0) -> Json:
    """One frame of an image file."""
    read = read_image(path, frame)
    what, burnt = with_markers(read, what_is(read))
    row = {"path": str(path), **info(read, what, grade(read, what))}
    return row | {"warnings": [*row["warnings"], *burnt]}


def _several(found: Found, path: Path, folder: Path) -> tuple[list[Json], list[Json]]:
    stacks = [stack for stack in found.stacks if len(stack.planes) > 1]
    single = [plane.path for stack in found.stacks if len(stack.planes) == 1 for plane in stack.planes]
    rows = [stack_row(stack, path) for stack in stacks]
    candidates = [*(Apart(one, "") for one in single), *found.apart]
    apart: list[Json] = []
    read = 0
    for one in candidates:
        name = str(one.path.relative_to(folder))
        if _may_be_image(one) and read < MAX_IMAGES:
            read += 1
            try:
                rows += _row_of(one.path)
                continue
            except ToolError as error:
                why = str(error.found) if isinstance(error, NotAnImage) else f"{error.message}: {error.found}"
                apart.append({"path": name, "why": why})
        else:
            apart.append({"path": name, "why": one.why or f"not looked at: more than {MAX_IMAGES} single images"})
    if not rows:
        raise NotAssessable(
            f"{path.name} holds no image",
            found="; ".join(sorted({str(one["why"]) for one in apart}))[:400] or "no files",
            expected="DICOM, NIfTI, PNG, JPEG or TIFF",
            action="give a folder of images",
        )
    return rows, apart


def _may_be_image(one: Apart) -> bool:
    """Whether a file that is in no stack is worth reading by itself."""
    return one.header is not None or one.why in ("", "not DICOM") or one.error is not None


def _row_of(path: Path) -> list[Json]:
    head = head_of(path) or b""
    return [nifti_row(path)] if is_nifti(path, head) else [image_row(path)]


def _row(path: Path, kind: str, header: Header, id_: str) -> Json:
    regions = [
        ("BodyPartExamined", header.body_part),
        *(("AnatomicRegionSequence", text) for text in header.anatomy),
        *(("description", text) for text in header.descriptions),
    ]
    part = next(((name, found) for name, text in regions if text and (found := region_of(text))), None)
    body_part = part[1] if part else (header.body_part or "").casefold() or None
    facts = {"modality": header.modality, "body_part": body_part, "view": None, "position": None, "side": None}
    sources = {
        "modality": "Modality" if header.modality else "not stated",
        "body_part": (part[0] if part else "BodyPartExamined") if body_part else "not stated",
        "view": "not stated",
        "position": "not stated",
        "side": "not stated",
    }
    return {
        "path": str(path),
        "name": path.name,
        "id": id_,
        "format": kind,
        "taken_at": header.taken_at,
        "sop_class": header.sop_class,
        "study_instance_uid": header.study_instance_uid,
        "series_instance_uid": header.series_instance_uid,
        **facts,
        "stated_in": sources,
        "confidence": {name: "stated" if value else "unknown" for name, value in facts.items()},
        "acquisition": {name: value for name, value in asdict(header.acquisition).items() if value is not None},
        "quality": None,
        "identity": None,
    }


def _no_geometry() -> Json:
    return {"spacing_mm": None, "spacing_source": "none", "orientation": None, "uniform": None, "tilt_deg": None}
