"""`read_volume`: a folder, an archive or a file becomes a `Volume`, or a refusal that says what there is instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tools.errors import NotAssessable, UsageError
from tools.imaging import archive
from tools.imaging.nifti import is_nifti, read_nifti
from tools.imaging.reading import looks_like_dicom, sha256_of
from tools.imaging.refusals import NotAnImage
from tools.imaging.series import Found, Stack, found_among, found_in
from tools.imaging.series_pixels import values_of
from tools.imaging.volume import Slice, Volume

EXPECTED = "a folder or ZIP archive of a DICOM series, a multi-frame CT or MR, or NIfTI"
_LISTED = 12


def read_volume(path: Path, series: str | None = None, time: int | None = None) -> Volume:
    """The volume in a folder, an archive or a file.

    Args:
        series: the Series Instance UID, or the id of a stack, where there are several.
        time: which volume of a 4-D NIfTI file, from 0.

    Raises:
        UsageError: there is nothing at `path`.
        NotAssessable: no volume, or several and none named; `found` lists them.
        IdentityMismatch: the slices are said to be of different patients.
        BadInput: it cannot be read (`tools.imaging.refusals`).
    """
    head = head_of(path)
    if head is not None and archive.is_zip(head):
        folder = archive.unpacked(path)
        files = [one for one in folder.rglob("*") if one.is_file()]
        if len(files) == 1:
            return read_volume(files[0], series, time)
        return _read(found_in(folder), series, path.name)
    if head is not None and is_nifti(path, head):
        return read_nifti(path, sha256_of(path), time)
    if head is not None and not looks_like_dicom(head):
        raise NotAnImage(
            f"{path.name} is not read as a volume",
            found="neither DICOM nor NIfTI",
            expected=EXPECTED,
            action="give one",
        )
    return _read(stacks_at(path), series, path.name)


def read_files(paths: Sequence[Path], name: str, series: str | None = None) -> Volume:
    """The volume among files that need not lie in one folder.

    Raises:
        NotAssessable, IdentityMismatch, BadInput: see `read_volume`.
    """
    return _read(found_among(paths), series, name)


def _read(found: Found, series: str | None, name: str) -> Volume:
    volume = volume_of(chosen(found, series, name), name)
    return replace(volume, warnings=(*volume.warnings, *found.told)) if found.told else volume


def stacks_at(path: Path) -> Found:
    """The stacks in a folder, an archive or one DICOM file.

    Raises:
        UsageError, BadInput: see `read_volume`.
    """
    head = head_of(path)
    if head is None:
        return found_in(path)
    if archive.is_zip(head):
        return found_in(archive.unpacked(path))
    return found_among([path])


def head_of(path: Path) -> bytes | None:
    """The first bytes of a file; None of a folder.

    Raises:
        UsageError: there is neither.
    """
    if path.is_dir():
        return None
    try:
        with path.open("rb") as file:
            return file.read(512)
    except OSError as error:
        raise UsageError(
            f"cannot read {path.name}", found=error.strerror, expected=EXPECTED, action="check the path"
        ) from error


def chosen(found: Found, series: str | None, name: str) -> Stack:
    """The stack that is meant: the one named, or the only volume.

    Raises:
        NotAssessable: none, or several.
        IdentityMismatch: the one there is mixes patients.
    """
    if series is not None:
        named = [one for one in found.stacks if one.id == series] or [
            one for one in found.stacks if one.header.series_instance_uid == series
        ]
        named = [one for one in named if one.grid is not None] or named
        if len(named) == 1:
            return _usable(named[0])
        raise _unclear(name, named or found.stacks, "no such series" if not named else "several stacks in that series")
    if len(found.volumes) == 1:
        return found.volumes[0]
    if found.volumes:
        raise _unclear(name, found.volumes, f"{len(found.volumes)} volumes")
    unusable = [one for one in found.stacks if one.error is not None and len(one.planes) > 1]
    if len(unusable) == 1:
        return _usable(unusable[0])
    there = [f"{one.id}: {one.display}" for one in found.stacks] + sorted({one.why for one in found.apart})
    raise NotAssessable(
        f"{name} holds no volume",
        found="; ".join(there[:_LISTED]) or "no images",
        expected=EXPECTED,
        action="give the whole series",
    )


def _usable(stack: Stack) -> Stack:
    if stack.error is not None:
        raise stack.error
    return stack


def _unclear(name: str, stacks: tuple[Stack, ...] | list[Stack], what: str) -> NotAssessable:
    listed = "; ".join(f"{one.id}: {one.display}" for one in stacks[:_LISTED])
    return NotAssessable(
        f"it is not clear which series of {name} is meant: {what}",
        found=listed or "no series",
        expected="one series",
        action="name one with --series",
    )


def volume_of(stack: Stack, name: str) -> Volume:
    """The volume of a stack, its pixels read.

    Raises:
        NotAssessable: it makes no volume.
        BadInput: a slice cannot be read.
    """
    made = _usable(stack).grid
    assert made is not None
    values, digest, odd = values_of(made.planes, stack.stored, name)
    slices = tuple(Slice(one.path, one.frame, one.sop_instance_uid, one.position) for one in made.planes)
    return Volume(
        values=values,
        affine=made.affine,
        name=name,
        sha256=digest,
        format="DICOM",
        spacing_source="ImagePositionPatient",
        uniform=made.uniform,
        tilt_deg=made.tilt_deg,
        header=stack.header,
        slices=slices,
        warnings=(*stack.told, *odd),
    )
