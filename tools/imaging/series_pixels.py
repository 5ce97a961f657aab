"""The pixels of a stack, each file read once: native ones as they lie, compressed ones by decoders of their own.

Every slice is rescaled by its own slope and intercept, which PET and some scanners vary from slice to slice.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.imaging.refusals import ImageTooLarge, UnreadableImage
from tools.imaging.series_headers import Stored
from tools.imaging.series_planes import Plane
from tools.imaging.volume import Grid

MAX_VOXELS = 600_000_000
"""2.4 GB of float32: 2,280 slices of 512 x 512."""
READERS = 2
_WORTH_TWO = 32
_RLE = "1.2.840.10008.1.2.5"
_DEFLATED = "1.2.840.10008.1.2.1.99"
Put = Callable[[int, NDArray[Any], bool], None]


def check_voxels(name: str, slices: int, rows: int, columns: int) -> None:
    """Refuse more voxels than are read, before memory is asked for.

    Raises:
        ImageTooLarge: there are more.
    """
    if slices * rows * columns > MAX_VOXELS:
        raise ImageTooLarge(
            f"{name} is too large",
            found=f"{slices} slices of {columns} x {rows}",
            expected=f"at most {MAX_VOXELS:,} voxels",
            action="give a part of the series, or one reconstructed with thicker slices",
        )


def values_of(planes: Sequence[Plane], stored: dict[Path, Stored], name: str) -> tuple[Grid, str, list[str]]:
    """(values, SHA-256, what was odd) of planes in order. The hash is of the files' hashes, in the order of the slices.

    Raises:
        BadInput: a slice cannot be read; it is named.
    """
    check_voxels(name, len(planes), planes[0].rows, planes[0].columns)
    values = np.empty((len(planes), planes[0].rows, planes[0].columns), dtype=np.float32)
    padded = np.zeros(len(planes), dtype=np.int64)
    by_file: dict[Path, list[int]] = defaultdict(list)
    for number, plane in enumerate(planes):
        by_file[plane.path].append(number)

    def put(number: int, array: NDArray[Any], rescaled: bool) -> None:
        plane = planes[number]
        if array.shape != values.shape[1:]:
            raise UnreadableImage(
                f"{plane.path.name} does not hold what its header says",
                found=f"pixels of shape {array.shape}",
                expected=f"{plane.rows} rows and {plane.columns} columns",
                action="export it again from the archive",
            )
        padding = stored[plane.path].padding
        if padding is not None and not rescaled:
            padded[number] = int((array == padding).sum())
        if rescaled or (plane.slope == 1.0 and plane.intercept == 0.0):
            values[number] = array
        elif array.dtype.kind in "iu" and array.dtype.itemsize <= 2:
            # 16-bit numbers, and their products with a slope, are exact in float32 or as near as it gets.
            np.multiply(array, np.float32(plane.slope), out=values[number], casting="unsafe")
            values[number] += np.float32(plane.intercept)
        else:
            values[number] = array.astype(np.float64) * plane.slope + plane.intercept

    native = [path for path in by_file if stored[path].offset is not None and stored[path].plain]
    apart = [path for path in by_file if path not in set(native) and _is_apart(stored[path])]
    with ThreadPoolExecutor(READERS) as pool:
        jobs = [pool.submit(_native, stored[path], by_file[path], planes, put) for path in native]
        # A process takes a second to start: a few files do not need two.
        parts = READERS if len(apart) >= _WORTH_TWO else 1
        chunks = [apart[n::parts] for n in range(parts)]
        jobs += [pool.submit(_decoded, chunk, by_file, planes, stored, put) for chunk in chunks if chunk]
        digests = {path: digest for job in jobs for path, digest in job.result().items()}
    for path in by_file:
        if path not in digests:
            digests[path] = _through_image(path, by_file[path], planes, put)
    one = next(iter(digests.values())) if len(by_file) == 1 else None
    total = one or hashlib.sha256("".join(digests[path] for path in by_file).encode()).hexdigest()
    return values, total, _odd(values, int(padded.sum()), stored[planes[0].path].padding, planes[0])


def _odd(values: Grid, padded: int, padding: int | None, first: Plane) -> list[str]:
    told = []
    if padded:
        shown = (padding or 0) * first.slope + first.intercept
        told.append(f"{padded:,} voxels are padding outside the image (PixelPaddingValue, here {shown:g})")
    # A sum is not finite where one of its values is not; it needs no second array of this size.
    if not all(np.isfinite(plane.sum(dtype=np.float64)) for plane in values):
        np.nan_to_num(values, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
        told.append("values that are not numbers are taken as 0")
    return told


def _is_apart(one: Stored) -> bool:
    """Whether the pixels are compressed by a codec that runs in a process of its own."""
    from pydicom.uid import UID

    if not one.plain or one.syntax in ("", _RLE, _DEFLATED) or one.bits not in (8, 16, 32):
        return False
    syntax = UID(one.syntax)
    return bool(syntax.is_transfer_syntax and syntax.is_compressed)


def _native(one: Stored, numbers: Sequence[int], planes: Sequence[Plane], put: Put) -> dict[Path, str]:
    data = one.path.read_bytes()
    plane = planes[numbers[0]]
    size = plane.rows * plane.columns
    kind = np.dtype(f"<{'i' if one.signed else 'u'}{one.bits // 8}")
    for number in numbers:
        begins = (one.offset or 0) + planes[number].frame * size * kind.itemsize
        if begins + size * kind.itemsize > len(data):
            raise UnreadableImage(
                f"{one.path.name} is cut short",
                found=f"{len(data):,} bytes",
                expected=f"at least {begins + size * kind.itemsize:,}",
                action="export it again from the archive",
            )
        array = np.frombuffer(data, kind, size, begins).reshape(plane.rows, plane.columns)
        put(number, _used_bits(array, one), False)
    return {one.path: hashlib.sha256(data).hexdigest()}


def _used_bits(array: NDArray[Any], one: Stored) -> NDArray[Any]:
    """Bits above Bits Stored may hold anything (DICOM PS3.5 8.1.1): shifted out, the sign kept."""
    spare = one.bits - one.bits_stored
    if spare <= 0:
        return array
    shifted: NDArray[Any] = np.right_shift(np.left_shift(array, spare), spare)
    return shifted


def _decoded(
    paths: Sequence[Path], by_file: dict[Path, list[int]], planes: Sequence[Plane], stored: dict[Path, Stored], put: Put
) -> dict[Path, str]:
    from pydicom.uid import UID

    from tools.imaging.dicom import decoded_apart
    from tools.imaging.reading import sha256_of

    wanted = [number for path in paths for number in by_file[path]]
    frames = [(planes[number].path, planes[number].frame) for number in wanted]
    syntax = UID(stored[paths[0]].syntax).name
    for number, array in zip(wanted, decoded_apart(frames, syntax), strict=True):
        put(number, array, False)
    return {path: sha256_of(path) for path in paths}


def _through_image(path: Path, numbers: Sequence[int], planes: Sequence[Plane], put: Put) -> str:
    """Whatever else there is (LUTs, RLE, big-endian, float pixels), one image at a time."""
    from tools.imaging.reading import read_image

    digest = ""
    for number in numbers:
        image = read_image(path, planes[number].frame)
        if image.values is None:
            raise UnreadableImage(
                f"{path.name} is in colour",
                found=image.photometric,
                expected="one value for each voxel",
                action="give it as a single image",
            )
        put(number, image.values, True)
        digest = image.sha256
    return digest
