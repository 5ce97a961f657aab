"""What comes with a question, sorted into volumes and single images and kept under its SHA-256.

A folder, an archive or loose files of one series become one volume; where there is none, each image stands for itself.
Whose each is has been compared with the patient before anything is kept.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import Any, Literal

from tools.errors import IdentityMismatch, NotAssessable
from tools.imaging import archive
from tools.imaging.attached import hold, make_room, read_stack
from tools.imaging.identity import compare_identity
from tools.imaging.nifti import is_nifti, open_nifti, read_nifti
from tools.imaging.reading import clip_kind, is_picture, looks_like_dicom, read_image, sha256_of
from tools.imaging.series import Found, Stack, found_among, found_in
from tools.imaging.volume import Volume
from tools.imaging.volumes import chosen, head_of

MAX_VOLUMES = 8
MAX_IMAGES = 20
SERIES = 5
"""So many loose files of one series are the series; fewer are pictures that somebody chose from it."""
_SUFFIXES = {"DICOM": ".dcm", "PNG": ".png", "JPEG": ".jpg", "TIFF": ".tif"}
_SHOWN = 4


@dataclass(frozen=True)
class Kept:
    """One volume or image: `file` is a file or a folder of slices below the folder it is kept in; `told` what of the
    path it came with is no part of it, and what is known of it only from there; `series` which stack of `file` it is,
    where that holds several."""

    kind: Literal["image", "volume"]
    sha256: str
    name: str
    file: str
    identity: str
    told: tuple[str, ...] = ()
    series: str | None = None


def keep_all(paths: Sequence[Path], patient: dict[str, Any], folder: Path) -> list[Kept]:
    """Keep everything that the paths hold.

    Args:
        patient: the Patient resource that each is compared with.

    Raises:
        UsageError: there is nothing at a path.
        NotAssessable: a folder or an archive without images, or with more than are looked at.
        IdentityMismatch: another patient's, or slices of different patients.
        BadInput: it cannot be read (`tools.imaging.refusals`).
    """
    return [kept for found in _sorted(paths) for kept in found.keep(patient, folder)]


@dataclass(frozen=True)
class _There:
    """What is to be kept from one path: stacks, or single files."""

    name: str
    stacks: tuple[Stack, ...] = ()
    files: tuple[Path, ...] = ()
    told: tuple[str, ...] = ()

    def keep(self, patient: dict[str, Any], folder: Path) -> Iterator[Kept]:
        """Each of them, compared and kept."""
        called = [stack.description or stack.id for stack in self.stacks]
        for stack, own in zip(self.stacks, called, strict=True):
            # Stacks of one series share its description.
            own = f"{own}, {stack.why or stack.id}" if called.count(own) > 1 else own
            name = f"{self.name}: {own}" if len(called) > 1 else self.name
            yield _keep_stack(stack, name, self.told, patient, folder)
        for path in self.files:
            yield _keep_file(path, self.told, patient, folder)


def _sorted(paths: Sequence[Path]) -> Iterator[_There]:
    loose = [path for path in paths if (head := head_of(path)) is not None and looks_like_dicom(head)]
    series = _series_among(loose)
    joined = {plane.path for stack in series for plane in stack.planes}
    if series:
        yield _There(loose[0].name, stacks=series)
    for path in paths:
        if path in joined:
            continue
        head = head_of(path)
        if head is None:
            yield _folder(found_in(path), path.name)
        elif archive.is_zip(head):
            yield _folder(found_in(archive.unpacked(path)), path.name)
        else:
            yield _There(path.name, files=(path,))


def _series_among(loose: Sequence[Path]) -> tuple[Stack, ...]:
    """The stacks that loose files make: a whole series, or one file with all its slices."""
    if not loose:
        return ()
    stacks = found_among(loose).volumes
    files = {stack.id: len({plane.path for plane in stack.planes}) for stack in stacks}
    return tuple(one for one in stacks if files[one.id] >= SERIES or len(one.planes) > files[one.id] == 1)


def _folder(found: Found, name: str) -> _There:
    """Of a folder its volumes; without one, its images."""
    if len(found.volumes) > MAX_VOLUMES:
        raise _too_many(name, f"{len(found.volumes)} series", f"at most {MAX_VOLUMES} series")
    if found.volumes:
        taken = {stack.id for stack in found.volumes}
        left = [one.display for one in found.stacks if one.id not in taken]
        left += [f"{one.path.name} ({one.why})" for one in found.apart]
        return _There(name, stacks=found.volumes, told=(*found.told, *_not_taken(name, left)))
    for stack in found.stacks:
        if isinstance(stack.error, IdentityMismatch):
            raise stack.error
    alone = [plane.path for stack in found.stacks if len(stack.planes) == 1 for plane in stack.planes]
    files = [*alone, *(one.path for one in found.apart if one.header is not None or one.why == "not DICOM")]
    files = [path for path in files if _may_be_image(path)]
    if len(files) > MAX_IMAGES:
        raise _too_many(name, f"{len(files)} single images", f"a series, or at most {MAX_IMAGES} images")
    if not files:
        chosen(found, None, name)
    left = [one.display for one in found.stacks if not any(plane.path in files for plane in one.planes)]
    left += [f"{one.path.name} ({one.why})" for one in found.apart if one.path not in files]
    return _There(name, files=tuple(files), told=(*found.told, *_not_taken(name, left)))


def _not_taken(name: str, left: Sequence[str]) -> list[str]:
    more = [f"and {len(left) - _SHOWN} more in {name}"] if len(left) > _SHOWN else []
    return [*(f"not taken from {name}: {one}" for one in left[:_SHOWN]), *more]


def _too_many(name: str, found: str, expected: str) -> NotAssessable:
    return NotAssessable(
        f"{name} holds more than one question is asked of", found=found, expected=expected, action="give one study"
    )


def _may_be_image(path: Path) -> bool:
    head = head_of(path) or b""
    return looks_like_dicom(head) or is_picture(head) or clip_kind(head) is not None or is_nifti(path, head)


def _keep_stack(stack: Stack, name: str, told: tuple[str, ...], patient: dict[str, Any], folder: Path) -> Kept:
    identity = compare_identity(stack.header.who, patient)
    paths = list(dict.fromkeys(plane.path for plane in stack.planes))
    # As it will be read again from what is kept, so that nothing changes when it is: its own files and no others.
    found = found_among(paths)
    again = _again(stack, found, name)
    series = None if len(found.volumes) == 1 and found.volumes[0] is again else again.id
    volume = read_stack(again, found, name, series)
    kept = volume.sha256
    if len(paths) == 1:
        kept = f"{volume.sha256 if series is None else sha256_of(paths[0])}.dcm"
        _copied(paths[0], folder / kept)
        renamed = dict.fromkeys(paths, folder / kept)
    else:
        renamed = {path: folder / kept / f"{number:05d}.dcm" for number, path in enumerate(paths, 1)}
        _copied_all(renamed, folder / kept)
    slices = tuple(replace(one, path=renamed[one.path] if one.path else None) for one in volume.slices)
    hold(folder / kept, replace(volume, name=kept, slices=slices), series)
    more = tuple(text for text in stack.told if text not in volume.warnings)
    return Kept("volume", volume.sha256, name, kept, identity.status, (*more, *told), series)


def _again(stack: Stack, found: Found, name: str) -> Stack:
    """The stack as its files alone make it.

    Raises:
        NotAssessable: they make another.
    """
    wanted = [(plane.path, plane.frame) for plane in stack.planes]
    for one in found.stacks:
        if one.grid is not None and [(plane.path, plane.frame) for plane in one.planes] == wanted:
            return one
    raise NotAssessable(
        f"{name} shares its files with other series and cannot be kept alone",
        found="; ".join(one.display for one in found.stacks[:_SHOWN]),
        expected="files that hold one series",
        action="export each series to files of its own",
    )


def _keep_file(path: Path, told: tuple[str, ...], patient: dict[str, Any], folder: Path) -> Kept:
    head = head_of(path) or b""
    if is_nifti(path, head):
        with contextlib.closing(open_nifti(path)) as opened:
            if opened.times > 1:
                raise NotAssessable(
                    f"{path.name} holds {opened.times} volumes, and one is looked at",
                    found=f"a 4-D NIfTI file of {opened.times} volumes",
                    expected="a NIfTI file of one volume",
                    action="split the file and give one volume",
                )
            make_room(prod(opened.shape))
        # NIfTI says of nobody whose it is.
        volume: Volume = read_nifti(path, sha256_of(path))
        identity = compare_identity(volume.header.who, patient)
        file = f"{volume.sha256}.nii" + (".gz" if head.startswith(b"\x1f\x8b") else "")
        _copied(path, folder / file)
        hold(folder / file, replace(volume, name=file))
        return Kept("volume", volume.sha256, path.name, file, identity.status, told)
    image = read_image(path)
    identity = compare_identity(image.header.who, patient)
    file = f"{image.sha256}{_SUFFIXES.get(image.format, path.suffix.lower())}"
    _copied(path, folder / file)
    return Kept("image", image.sha256, path.name, file, identity.status, told)


def _copied(source: Path, target: Path) -> None:
    """A file is there whole or not at all; one of another size than its source is written anew."""
    if target.is_file() and target.stat().st_size == source.stat().st_size:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix="part-", dir=target.parent)
    os.close(handle)
    try:
        shutil.copyfile(source, name)
        Path(name).replace(target)
    finally:
        Path(name).unlink(missing_ok=True)


def _copied_all(renamed: dict[Path, Path], target: Path) -> None:
    """A folder of slices is there whole or not at all; one that has lost some is written anew."""
    sizes = {kept.name: source.stat().st_size for source, kept in renamed.items()}
    if _sizes(target) == sizes:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix="part-", dir=target.parent))
    try:
        new, old = part / "new", part / "old"
        new.mkdir(mode=0o700)
        for source, kept in renamed.items():
            shutil.copyfile(source, new / kept.name)
        if target.is_dir():
            target.rename(old)
        new.rename(target)
    except OSError:
        # Another question may have kept the same series meanwhile.
        if _sizes(target) != sizes:
            raise
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _sizes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in folder.iterdir()} if folder.is_dir() else {}
