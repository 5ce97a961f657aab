"""DICOM: from a file to one frame with its facts, or to a refusal that says what the file is.

Colour conversion, modality and VOI LUTs and palettes are pydicom's. Parsing is done here; compressed pixel data are
decoded in a process of their own (`decode.py`), because their codecs are native code.
"""

from __future__ import annotations

import io
import json
import logging
import re
import subprocess
import sys
import tempfile
import threading
import time
import warnings
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.errors import ToolError
from tools.imaging import decode
from tools.imaging.frame import Array, Image, luminance, scaled
from tools.imaging.header import header_of, integer, text
from tools.imaging.refusals import ImageTooLarge, NotAnImage, UnreadableImage, UnsupportedImage
from tools.imaging.spacing import functional_group, spacing_of
from tools.imaging.video import is_video, need_video

MAX_PIXELS = 80_000_000  # a 35 x 43 cm film scanned at 50 um has 60 million
MAX_INFLATED = 1024**3
SECONDS = 60.0
PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
GREY = ("MONOCHROME1", "MONOCHROME2")
_EXPORT = "export it without compression"
_DEFLATED = "1.2.840.10008.1.2.1.99"
_RLE = "1.2.840.10008.1.2.5"
_META = 4096
_LOCK = threading.Lock()  # `warnings.catch_warnings` is not safe in threads


def read_dicom(path: Path, frame: int, sha256: str) -> Image:
    """One frame of a DICOM file.

    Raises:
        BadInput: one of `tools.imaging.refusals`.
    """
    from pydicom.pixels import apply_color_lut

    told: list[str] = []
    with about(path.name, told):
        dataset = _parse(path)
        _require_image(dataset, path.name)
        frames = _check_size(dataset, frame, path.name)
        apart = _is_decoded_apart(dataset, path.name)
    decoded = _decoded_apart(path, frame, dataset.file_meta.TransferSyntaxUID.name) if apart else None
    with about(path.name, told):
        array = _frame(dataset, path.name, frame, told) if decoded is None else decoded
        header = header_of(dataset, frame)
        spacing, odd = spacing_of(dataset, header.modality, frame)
        photometric = text(dataset, "PhotometricInterpretation") or "unknown"
        if photometric == "PALETTE COLOR":
            array = apply_color_lut(array, dataset)
        pixels, values = _shown(dataset, array, photometric, frame, told)
        image = Image(
            pixels=pixels,
            values=values,
            name=path.name,
            sha256=sha256,
            format="DICOM",
            photometric=photometric,
            bits=integer(dataset, "BitsStored") or integer(dataset, "BitsAllocated") or 0,
            frame=frame,
            frames=frames,
            spacing=spacing,
            header=header,
            lossy=(text(dataset, "LossyImageCompression") == "01") or _is_lossy(dataset),
            colour=_colour(array) if array.ndim == 3 else None,
        )
    told += odd
    if header.modality == "SEG":
        told.append("a segmentation: marks drawn on an image, not an image of the patient")
    if (header.burned_in or "").upper() == "YES":
        told.append("the file says that text is burnt into the pixels: it may name the patient")
    return replace(image, warnings=tuple(dict.fromkeys(told)))


@contextmanager
def about(name: str, told: list[str]) -> Iterator[None]:
    """Whatever pydicom raises while it works on a file is about that file; its warnings are counted, not quoted.

    Its warnings, its errors and its log quote the value they find odd, which may be a name.
    """

    logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)
    with _LOCK, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield
        except ToolError:
            raise
        except MemoryError as error:
            raise ImageTooLarge(
                f"{name} needs more memory than there is",
                found="an out-of-memory error",
                expected=f"at most {MAX_PIXELS:,} pixels a frame",
                action="export it smaller, or use a machine with more memory",
            ) from error
        except Exception as error:
            raise UnreadableImage(
                f"{name} cannot be read as DICOM",
                found=f"{type(error).__name__}: {_short(error)}",
                expected="a DICOM instance as the standard defines it",
                action="export it again from the archive",
            ) from error
        finally:
            if caught:
                told.append(f"{len(caught)} places of the file do not keep to the DICOM standard")


def _short(error: BaseException) -> str:
    return re.sub(r"'[^']*'|\"[^\"]*\"", "'...'", " ".join(str(error).split()))[:300]


def _parse(path: Path) -> Any:
    from pydicom import dcmread
    from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

    has_preamble = check_inflated(path)
    dataset = dcmread(path, force=not has_preamble)
    if len(dataset) == 0:
        raise NotAnImage(
            f"{path.name} holds no DICOM elements",
            found="no elements",
            expected="a DICOM image",
            action="give the image itself",
        )
    if "TransferSyntaxUID" not in dataset.file_meta:
        # Without it only native pixel data can be meant; their length is checked when they are decoded.
        implicit, little = dataset.original_encoding
        native = ExplicitVRLittleEndian if little else ExplicitVRBigEndian
        dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else native
    return dataset


def check_inflated(path: Path) -> bool:
    """A deflated data set is inflated as a whole: measured first, in pieces. Whether the file has DICOM's preamble."""
    from pydicom.filereader import read_file_meta_info

    with path.open("rb") as file:
        head = file.read(_META)
    has_preamble = head[128:132] == b"DICM"
    # Parsed only where the syntax may be that: this is asked of every slice of a series.
    whole = head[132:136] == b"\x02\x00\x00\x00" and int.from_bytes(head[140:144], "little") < _META - 144
    may_be = _DEFLATED.encode() in head or not whole
    if not has_preamble or not may_be or read_file_meta_info(path).get("TransferSyntaxUID") != _DEFLATED:
        return has_preamble
    length = int(read_file_meta_info(path).FileMetaInformationGroupLength)
    inflate, size = zlib.decompressobj(-zlib.MAX_WBITS), 0
    with path.open("rb") as file:
        file.seek(132 + 12 + length)
        data = file.read(1 << 20)
        while data:
            size += len(inflate.decompress(data, 1 << 24))
            if size > MAX_INFLATED:
                raise ImageTooLarge(
                    f"{path.name} inflates to more than is read",
                    found=f"more than {MAX_INFLATED:,} bytes",
                    expected="less",
                    action="export it without compression of the data set",
                )
            data = inflate.unconsumed_tail or file.read(1 << 20)
    return True


def _require_image(dataset: Any, name: str) -> None:
    """Refuse what is no image, by what it is."""
    from pydicom.uid import UID

    if any(key in dataset for key in PIXELS):
        return
    uid = text(dataset, "SOPClassUID") or text(dataset.file_meta, "MediaStorageSOPClassUID")
    kind = UID(uid).name if uid else None
    modality = text(dataset, "Modality")
    if kind is None and "DirectoryRecordSequence" in dataset:
        kind = "DICOMDIR"
    if kind is not None and ("Image Storage" in kind):
        raise UnreadableImage(
            f"{name} has no pixel data",
            found=f"{kind}, header only",
            expected="the header with its pixels",
            action="export the whole image",
        )
    raise NotAnImage(
        f"{name} is not an image",
        found=kind or (f"modality {modality}" if modality else "DICOM elements without pixels or a class"),
        expected="a DICOM image with pixel data",
        action="give an image; reports, plans, waveforms and indexes are not read as images",
    )


def _check_size(dataset: Any, frame: int, name: str) -> int:
    """The number of frames, once the frame asked for exists and is not too large."""
    rows, columns = integer(dataset, "Rows"), integer(dataset, "Columns")
    if not rows or not columns or rows < 0 or columns < 0:
        raise UnreadableImage(
            f"{name} does not say how large it is",
            found=f"Rows {rows}, Columns {columns}",
            expected="both, above 0",
            action="export it again from the archive",
        )
    if rows * columns > MAX_PIXELS:
        raise ImageTooLarge(
            f"{name} is too large",
            found=f"{columns} x {rows} pixels",
            expected=f"at most {MAX_PIXELS:,} pixels a frame",
            action="export it smaller",
        )
    frames = max(1, integer(dataset, "NumberOfFrames") or 1)
    if not 0 <= frame < frames:
        raise UnreadableImage(
            f"{name} has no frame {frame}",
            found=f"{frames} frame{'s' if frames > 1 else ''}",
            expected=f"0 to {frames - 1}",
            action="name a frame that is there",
        )
    return frames


def _is_decoded_apart(dataset: Any, name: str) -> bool:
    syntax = dataset.file_meta.TransferSyntaxUID
    if not syntax.is_transfer_syntax:
        raise UnsupportedImage(
            f"the pixels of {name} cannot be decoded",
            found=f"transfer syntax {syntax.name}",
            expected="a transfer syntax that is decoded here",
            action=_EXPORT,
        )
    if is_video(str(syntax)):
        need_video(name, syntax.name)
    return bool(syntax.is_compressed and syntax not in (_DEFLATED, _RLE))


def _frame(dataset: Any, name: str, frame: int, told: list[str]) -> NDArray[Any]:
    from pydicom.pixels import pixel_array

    # RLE by pydicom's own decoder: pylibjpeg-rle, where installed, panics on damaged data, past `except Exception`.
    plugin = "pydicom" if dataset.file_meta.TransferSyntaxUID == _RLE else ""
    try:
        array: NDArray[Any] = pixel_array(dataset, index=frame, decoding_plugin=plugin)
    except (NotImplementedError, RuntimeError) as error:
        raise _cannot_decode(name, dataset.file_meta.TransferSyntaxUID.name, str(error)) from error
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        told.append("values that are not numbers are taken as 0")
        array = np.nan_to_num(array, nan=0.0, posinf=0.0, neginf=0.0)
    return array


def _decoded_apart(path: Path, frame: int, syntax: str) -> NDArray[Any]:
    return next(decoded_apart([(path, frame)], syntax))


def decoded_apart(wanted: Sequence[tuple[Path, int]], syntax: str) -> Iterator[NDArray[Any]]:
    """Frames decoded one after the other by one process (`decode.py`), in the order they are asked for.

    Raises:
        UnreadableImage, UnsupportedImage: one cannot be decoded, or takes longer than `SECONDS`; it is named.
    """
    command = [sys.executable, "-P", decode.__file__]
    listed = "".join(json.dumps([str(path), frame]) + "\n" for path, frame in wanted).encode()
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said:
        given.write(listed)
        given.seek(0)
        process = subprocess.Popen(command, stdin=given, stdout=subprocess.PIPE, stderr=said)  # noqa: S603
        try:
            for path, _ in wanted:
                started = time.monotonic()
                timer = threading.Timer(SECONDS, process.kill)
                timer.start()
                try:
                    body = _one_array(process.stdout)
                finally:
                    timer.cancel()
                if body is None:
                    late = time.monotonic() - started >= SECONDS
                    _ended(process)
                    said.seek(0)
                    raise _not_decoded(path.name, syntax, late, process.returncode, said.read(2000))
                yield np.load(io.BytesIO(body), allow_pickle=False)
        finally:
            process.kill()
            process.communicate()


def _ended(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _one_array(stream: Any) -> bytes | None:
    """The next array of `decode.py`; None where it ended before."""
    length = stream.read(8)
    if len(length) < 8:
        return None
    size = int.from_bytes(length, "little")
    body: bytes = stream.read(size) if size <= decode.MAX_MEMORY else b""
    return body if len(body) == size else None


def _not_decoded(name: str, syntax: str, late: bool, code: int, stderr: bytes) -> ToolError:
    if code == decode.REFUSED and not late:
        return _cannot_decode(name, syntax, stderr.decode("utf-8", "replace").strip())
    broke = f"broke down ({code})"
    return UnreadableImage(
        f"the pixels of {name} cannot be decoded",
        found=f"the decoder of {syntax} {f'did not end within {SECONDS:.0f} s' if late else broke}",
        expected="pixel data that decode",
        action=_EXPORT,
    )


def _cannot_decode(name: str, syntax: str, said: str) -> ToolError:
    twelve = "12-bit" in said
    kind = UnsupportedImage if "support" in said or "missing" in said else UnreadableImage
    return kind(
        f"the pixels of {name} cannot be decoded",
        found=f"{syntax}: {' '.join(said.split())[:300]}",
        expected="an encoding that is decoded here, complete",
        # Not a dependency of ours: its licence is the GPL.
        action=f"{_EXPORT}, or pip install pylibjpeg-libjpeg (GPL), which is then used" if twelve else _EXPORT,
    )


def _is_lossy(dataset: Any) -> bool:
    name = str(dataset.file_meta.TransferSyntaxUID.name)
    lossy = any(word in name for word in ("Baseline", "Extended", "Lossy", "Near-Lossless"))
    return lossy or is_video(str(dataset.file_meta.TransferSyntaxUID))


# -- from stored values to what is shown ------------------------------------------------------------------------------


def _shown(
    dataset: Any, array: NDArray[Any], photometric: str, frame: int, told: list[str]
) -> tuple[Array, Array | None]:
    """(pixels, values) of `Image`."""
    from pydicom.pixels import apply_modality_lut

    if array.ndim == 3:
        return scaled(luminance(array), 0.0, _top(array)), None
    if array.ndim != 2:
        raise UnsupportedImage(
            "the frame is not two-dimensional",
            found=f"an array of shape {array.shape}",
            expected="rows and columns",
            action="export single frames",
        )
    rescale = functional_group(dataset, "PixelValueTransformationSequence", frame) or dataset
    values = np.asarray(apply_modality_lut(array, rescale))
    pixels = _window(dataset, values, frame, told)
    if photometric == "MONOCHROME1":
        pixels = (1.0 - pixels).astype(np.float32)
    elif photometric not in GREY:
        told.append(f"photometric interpretation {photometric} is taken as grey")
    return pixels, values.astype(np.float32)


def _colour(array: NDArray[Any]) -> NDArray[np.uint8]:
    return np.rint(scaled(array[..., :3], 0.0, _top(array)) * 255).astype(np.uint8)


def _top(array: NDArray[Any]) -> float:
    return float(np.iinfo(array.dtype).max if array.dtype.kind in "ui" else array.max() or 1.0)


def _window(dataset: Any, values: NDArray[Any], frame: int, told: list[str]) -> Array:
    """0..1 after the first VOI LUT or window; over the whole span where there is none, padding left out."""
    from pydicom.dataset import Dataset
    from pydicom.pixels import apply_voi_lut

    voi = functional_group(dataset, "FrameVOILUTSequence", frame)
    source: Any = dataset
    if voi is not None:
        source = Dataset()
        source.update(voi)
        for name in ("PhotometricInterpretation", "BitsStored", "PixelRepresentation", "BitsAllocated"):
            setattr(source, name, dataset.get(name))
    padding = dataset.get("PixelPaddingValue")
    real = values[values != padding] if isinstance(padding, int) and (values != padding).any() else values
    if source.get("WindowWidth") is not None or source.get("VOILUTSequence"):
        try:
            out = np.asarray(apply_voi_lut(values, source))
        except (ValueError, NotImplementedError, TypeError, AttributeError, IndexError):
            told.append("the window of the header cannot be applied: shown over the whole span")
        else:
            if out is not values and float(out.max()) > float(out.min()):
                return scaled(out, float(out.min()), float(out.max()))
    return scaled(values, float(real.min()), float(real.max()))
