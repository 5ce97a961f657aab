"""The header of one DICOM file becomes planes: where each frame lies and how its pixels are stored.

Nothing is decoded. Where the pixels begin is noted, so that they are read once and the header not again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.imaging.dicom import about, check_inflated
from tools.imaging.frame import Header
from tools.imaging.header import element, header_of, integer, number, text
from tools.imaging.reading import looks_like_dicom
from tools.imaging.refusals import ImageTooLarge, NotAnImage, UnreadableImage
from tools.imaging.series_planes import Plane, is_square
from tools.imaging.spacing import functional_group

MAX_FRAMES = 10_000
_PIXELS = (0x7FE00008, 0x7FE00009, 0x7FE00010)
_NATIVE = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1")
_DEFLATED = "1.2.840.10008.1.2.1.99"
_EMPTY_LENGTH = 0xFFFFFFFF
# What tells images at one place apart, the most telling first.
MARKS = (
    "TemporalPositionIdentifier",
    "TemporalPositionIndex",
    "EchoNumbers",
    "EchoTime",
    "EffectiveEchoTime",
    "DiffusionBValue",
    "TriggerTime",
    "NominalPercentageOfCardiacPhase",
    "AcquisitionNumber",
    "ImageType",
    "FrameType",
    "AcquisitionTime",
    "StackID",
)
_MARK_GROUPS = (
    "FrameContentSequence",
    "MRDiffusionSequence",
    "MREchoSequence",
    "MRImageFrameTypeSequence",
    "CTImageFrameTypeSequence",
)


@dataclass(frozen=True)
class Stored:
    """How the pixels of a file are stored. `offset`: where native ones begin; None where they have to be decoded."""

    path: Path
    syntax: str
    offset: int | None
    bits: int
    bits_stored: int
    signed: bool
    frames: int
    padding: int | None = None
    plain: bool = True
    odd: bool = False


@dataclass(frozen=True)
class Instance:
    """One DICOM image: its facts, its planes (none where it has no place in the patient), and why it stands apart."""

    header: Header
    stored: Stored
    planes: tuple[Plane, ...] = field(repr=False)
    frame_of_reference: str | None = None
    why_not: str | None = None
    series_number: int | None = None
    description: str | None = None
    rescaled: bool = True

    @property
    def is_localiser(self) -> bool:
        """Whether the file calls itself a localiser."""
        return any(part.upper() in ("LOCALIZER", "SCOUT") for part in self.header.image_type)

    @property
    def is_derived(self) -> bool:
        """Whether the file says it was computed from other images."""
        return self.header.image_type[:1] == ("DERIVED",)


def instance_of(path: Path) -> Instance | None:
    """The image in a file; None where the file is no DICOM at all.

    Raises:
        NotAnImage: DICOM, but no image; `found` says what.
        BadInput: an image that cannot be read.
    """
    from pydicom.filereader import read_partial

    with path.open("rb") as file:
        head = file.read(512)
        if not looks_like_dicom(head):
            return None
        told: list[str] = []
        with about(path.name, told):
            file.seek(0)
            dataset = read_partial(file, stop_when=_at_pixels, force=not check_inflated(path))
            at = file.tell()
            tag = file.read(12)
            return _instance(path, dataset, at, tag, bool(told))


def _at_pixels(tag: Any, vr: str | None, length: int) -> bool:
    return tag in _PIXELS


def _instance(path: Path, dataset: Any, at: int, tag: bytes, odd: bool) -> Instance:
    from pydicom.uid import UID

    syntax = str(dataset.file_meta.get("TransferSyntaxUID", "") or "")
    if len(dataset) == 0 or (len(tag) < 8 and syntax != _DEFLATED):
        uid = text(dataset, "SOPClassUID") or text(dataset.file_meta, "MediaStorageSOPClassUID")
        kind = UID(uid).name if uid else ("DICOMDIR" if "DirectoryRecordSequence" in dataset else None)
        if kind is not None and "Image Storage" in kind:
            raise UnreadableImage(
                f"{path.name} has no pixel data",
                found=f"{kind}, header only",
                expected="the header with its pixels",
                action="export the whole image",
            )
        raise NotAnImage(
            f"{path.name} is not an image",
            found=kind or "DICOM elements without pixels",
            expected="a DICOM image with pixel data",
            action="give an image; reports, plans, waveforms and indexes are not read as images",
        )
    frames = max(1, integer(dataset, "NumberOfFrames") or 1)
    if frames > MAX_FRAMES:
        raise ImageTooLarge(
            f"{path.name} has too many frames",
            found=f"{frames:,} frames",
            expected=f"at most {MAX_FRAMES:,}",
            action="export fewer",
        )
    header = header_of(dataset, 0)
    planes, why_not = _planes(path, dataset, frames, header)
    value = functional_group(dataset, "PixelValueTransformationSequence", 0) or dataset
    return Instance(
        header=header,
        stored=_stored(path, dataset, syntax, at, tag, frames, odd),
        planes=planes,
        frame_of_reference=text(dataset, "FrameOfReferenceUID"),
        why_not=why_not,
        series_number=integer(dataset, "SeriesNumber"),
        description=text(dataset, "SeriesDescription"),
        rescaled=number(value, "RescaleIntercept") is not None,
    )


def _stored(path: Path, dataset: Any, syntax: str, at: int, tag: bytes, frames: int, odd: bool) -> Stored:
    bits = integer(dataset, "BitsAllocated") or 0
    bits_stored = integer(dataset, "BitsStored") or bits
    implicit, little = dataset.original_encoding
    begins = at + (8 if implicit else 12)
    length = int.from_bytes(tag[4:8] if implicit else tag[8:12], "little")
    rows, columns = integer(dataset, "Rows") or 0, integer(dataset, "Columns") or 0
    native = (
        (syntax in _NATIVE or not syntax)
        and bool(little)
        and bits in (8, 16)
        and integer(dataset, "HighBit") in (None, bits_stored - 1)
        and length != _EMPTY_LENGTH
        and length >= rows * columns * frames * bits // 8 > 0
        and tag[:4] == b"\xe0\x7f\x10\x00"
    )
    padding = element(dataset, "PixelPaddingValue")
    return Stored(
        path=path,
        syntax=syntax,
        offset=begins if native else None,
        bits=bits,
        bits_stored=bits_stored,
        signed=integer(dataset, "PixelRepresentation") == 1,
        frames=frames,
        padding=padding if isinstance(padding, int) else None,
        plain=not element(dataset, "ModalityLUTSequence"),
        odd=odd,
    )


def _planes(path: Path, dataset: Any, frames: int, header: Header) -> tuple[tuple[Plane, ...], str | None]:
    """The planes of a file, or why it has none."""
    samples = integer(dataset, "SamplesPerPixel") or 1
    if samples != 1 or text(dataset, "PhotometricInterpretation") == "PALETTE COLOR":
        return (), "a colour image"
    if header.modality == "SEG":
        return (), "a segmentation: marks drawn on an image"
    rows, columns = integer(dataset, "Rows"), integer(dataset, "Columns")
    if not rows or not columns or rows < 0 or columns < 0:
        return (), "it does not say how large it is"
    planes: list[Plane] = []
    for frame in range(frames):
        measures = functional_group(dataset, "PixelMeasuresSequence", frame)
        place = functional_group(dataset, "PlanePositionSequence", frame)
        turn = functional_group(dataset, "PlaneOrientationSequence", frame)
        if frames > 1 and place is None:
            return (), "frames without a place of their own: a film, not a volume"
        position = _numbers(place or dataset, "ImagePositionPatient", 3)
        orientation = _numbers(turn or dataset, "ImageOrientationPatient", 6)
        spacing = _numbers(measures or dataset, "PixelSpacing", 2)
        if position is None or orientation is None or not is_square(orientation):
            return (), "it does not state where it lies in the patient"
        if spacing is None or min(spacing) <= 0:
            return (), "it does not state its pixel spacing"
        value = functional_group(dataset, "PixelValueTransformationSequence", frame) or dataset
        slope, intercept = number(value, "RescaleSlope"), number(value, "RescaleIntercept")
        if slope == 0:
            return (), "its rescale slope is 0: every value would be the same"
        planes.append(
            Plane(
                path=path,
                frame=frame,
                position=(position[0], position[1], position[2]),
                orientation=orientation,
                spacing=(spacing[0], spacing[1]),
                rows=rows,
                columns=columns,
                slope=1.0 if slope is None else slope,
                intercept=intercept or 0.0,
                sop_instance_uid=header.sop_instance_uid,
                marks=_marks(dataset, frame),
            )
        )
    return tuple(planes), None


def _marks(dataset: Any, frame: int) -> tuple[tuple[str, str], ...]:
    groups = [functional_group(dataset, name, frame) for name in _MARK_GROUPS]
    found = []
    for name in MARKS:
        for source in (*groups, dataset):
            if source is not None and (value := text(source, name)) is not None:
                found.append((name, value))
                break
    return tuple(found)


def _numbers(dataset: Any, name: str, count: int) -> tuple[float, ...] | None:
    value = element(dataset, name)
    try:
        found = tuple(float(part) for part in value or ())
    except (TypeError, ValueError):
        return None
    return found if len(found) == count and all(math.isfinite(part) for part in found) else None
