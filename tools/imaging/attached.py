"""The images and volumes that came with a question, found by name or SHA-256 and read."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any, TypeVar

from tools.context import ImageFile, ToolContext
from tools.errors import NotAssessable
from tools.imaging.frame import Image
from tools.imaging.nifti import is_nifti, open_nifti
from tools.imaging.reading import looks_like_dicom, read_image
from tools.imaging.refusals import UnreadableImage
from tools.imaging.series import Found, Stack
from tools.imaging.slices import slice_of
from tools.imaging.volume import Volume
from tools.imaging.volumes import chosen, head_of, read_volume, stacks_at, volume_of

MOST_HELD = 1_200_000_000
"""Bytes of volumes that stay at hand: two series of 500 slices; the last one read stays whatever its size."""
_BYTES = 4
"""A voxel is a float32."""
_HELD: dict[tuple[Path, str | None], Volume] = {}
_LOCK = threading.RLock()
Read = TypeVar("Read", Image, Volume)


def attached(ctx: ToolContext, image: str | None = None, frame: int = 0) -> Image:
    """One frame of an attached image, or one slice of a volume; without a name, of the only one there is.

    Raises:
        NotAssessable: there is none, none of that name, or several and none named.
        BadInput: it cannot be read (`tools.imaging.refusals`).
    """
    target = attached_target(ctx, image, frame)
    return slice_of(target, frame) if isinstance(target, Volume) else target


def attached_target(ctx: ToolContext, image: str | None = None, frame: int = 0) -> Image | Volume:
    """What is attached: the whole volume, or one frame of an image.

    Raises:
        NotAssessable, BadInput: see `attached`.
    """
    return target_of(find(ctx.images, image), frame)


def target_of(file: ImageFile, frame: int = 0) -> Image | Volume:
    """A volume that is kept, or one frame of an image, as it was when it was attached.

    Raises:
        NotAssessable: it is no longer kept.
        BadInput: it cannot be read, or has changed.
    """
    if not file.path.exists():
        raise NotAssessable(
            "an image of this consultation is no longer kept here",
            found=f"no file for {file.sha256[:12]}",
            expected="the image as it was attached",
            action="ask again with the image",
        )
    if file.kind == "volume":
        return _volume(file)
    return _unchanged(read_image(file.path, frame), file)


def hold(path: Path, volume: Volume, series: str | None = None) -> None:
    """Keep a volume at hand that was read just now; the oldest are let go where memory would grow too large.

    Args:
        path: where it is kept; `volume` is as it would be read from there, and named so.
        series: which stack of what is kept there.
    """
    with _LOCK:
        _HELD.pop((path, series), None)
        make_room(volume.values.size)
        _HELD[path, series] = volume


def make_room(voxels: int) -> None:
    """Let the oldest volumes go for one of so many voxels: before it is read, so that memory holds not both."""
    with _LOCK:
        while _HELD and voxels * _BYTES + sum(held.values.nbytes for held in _HELD.values()) > MOST_HELD:
            del _HELD[next(iter(_HELD))]


def read_stack(stack: Stack, found: Found, name: str, series: str | None = None) -> Volume:
    """The volume of a stack. One of several in the same files (`series`) has a SHA-256 of its own, of theirs and its
    id.

    Raises:
        NotAssessable, BadInput: see `tools.imaging.volumes.volume_of`.
    """
    make_room(len(stack.planes) * stack.planes[0].rows * stack.planes[0].columns)
    volume = volume_of(stack, name)
    own = volume.sha256 if series is None else hashlib.sha256(f"{volume.sha256} {series}".encode()).hexdigest()
    return replace(volume, sha256=own, warnings=(*volume.warnings, *found.told))


def _volume(file: ImageFile) -> Volume:
    # Tools of one wave run side by side: the second waits for the volume that the first reads.
    with _LOCK:
        held = _HELD.get((file.path, file.series))
        hold(file.path, held := held if held is not None else _read(file), file.series)
    return _unchanged(held, file)


def _read(file: ImageFile) -> Volume:
    head = head_of(file.path)
    if head is None or looks_like_dicom(head):
        found = stacks_at(file.path)
        return read_stack(chosen(found, file.series, file.path.name), found, file.path.name, file.series)
    if is_nifti(file.path, head):
        with contextlib.closing(open_nifti(file.path)) as opened:
            make_room(prod(opened.shape))
    return read_volume(file.path)


def _unchanged(read: Read, file: ImageFile) -> Read:
    if read.sha256 != file.sha256:
        raise UnreadableImage(
            "an attached image has changed since it was attached",
            found=read.sha256[:12],
            expected=file.sha256[:12],
            action="ask again with the image",
        )
    return read


def patient_of(ctx: ToolContext) -> dict[str, Any]:
    """The Patient that an image is compared with.

    Raises:
        NotAssessable: there is none.
    """
    if ctx.record is None:
        raise NotAssessable(
            "there is no patient to compare the image with",
            found="no patient",
            expected="a patient's record",
            action="name a patient",
        )
    return ctx.record.patient


def find(images: tuple[ImageFile, ...], image: str | None) -> ImageFile:
    """The image meant by a name, a SHA-256 or at least 8 characters of its beginning."""
    if image is None:
        matching = images
    else:
        matching = tuple(
            file
            for file in images
            if file.name == image or file.sha256 == image or (len(image) >= 8 and file.sha256.startswith(image))
        )
    if len({file.sha256 for file in matching}) == 1:
        return matching[0]
    if not images:
        found = "no image"
    elif not matching:
        found = f"{len(images)} images, none called that"
    else:
        found = f"{len(matching)} images"
    raise NotAssessable(
        "it is not clear which image is meant" if images else "no image came with the question",
        found=found,
        expected="one image",
        action="name it by its SHA-256" if images else "attach one with --image FILE",
    )
