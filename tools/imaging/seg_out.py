"""Masks written out: DICOM SEG where the source is DICOM, PNG with JSON where it is not (safety rule 15).

The source's UIDs are read from its file and referenced; a source that lacks one is refused, none is made up. UIDs of
the new objects are UUID-derived (2.25). Codes are given by the caller: nothing is coded here.
"""

from __future__ import annotations

import json
import threading
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.coding import SYSTEMS, Coding
from tools.errors import BadInput
from tools.imaging.frame import Image

DCM = "http://dicom.nema.org/resources/ontology/DCM"
ANATOMY = Coding(system=SYSTEMS["snomed"], code="91723000", display="Anatomical Structure")
"""The category of DICOM PS3.16 CID 7150 for parts of the body, as pydicom's code dictionary has it."""
_SCHEMES = {SYSTEMS["snomed"]: "SCT", DCM: "DCM"}
_REFERENCED = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")
_LOCK = threading.Lock()


@dataclass(frozen=True)
class Algorithm:
    """What drew the masks. `family` is a code of DICOM PS3.16 CID 7162."""

    name: str
    version: str
    family: Coding


@dataclass(frozen=True)
class Segment:
    """One structure: a mask over the stored pixels, its code and the category of that code.

    `edited`: a person has changed what the algorithm drew (SEMIAUTOMATIC in the SEG).
    """

    structure: str
    mask: NDArray[np.bool_] = field(repr=False)
    coding: Coding
    category: Coding = ANATOMY
    confidence: float | None = None
    edited: bool = False


def write_masks(
    image: Image, source: Path, segments: list[Segment], by: Algorithm, folder: Path
) -> list[dict[str, Any]]:
    """Write the masks of an image; a row for each (`segments` of `osler image segment --json`).

    Args:
        source: the file `image` was read from.

    Raises:
        BadInput: a mask is not of the image's size, or the source lacks what a SEG has to reference.
    """
    for segment in segments:
        if segment.mask.shape != image.pixels.shape:
            raise BadInput(
                f"the mask of {segment.structure} does not fit the image",
                found=f"{segment.mask.shape[1]} x {segment.mask.shape[0]} pixels",
                expected=f"{image.columns} x {image.rows}",
                action="draw the mask over the stored pixels",
            )
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{image.sha256[:12]}-{image.frame}-{_plain(by.name)}"
    if image.is_dicom:
        paths = [_write_seg(image, source, segments, by, folder / f"{stem}.dcm")] * len(segments)
    else:
        paths = _write_png(image, segments, by, folder, stem)
    return [_row(segment, path, by) for segment, path in zip(segments, paths, strict=True)]


def _row(segment: Segment, path: Path, by: Algorithm) -> dict[str, Any]:
    return {
        "structure": segment.structure,
        "coding": segment.coding.model_dump(),
        "voxels": int(np.count_nonzero(segment.mask)),
        "path": str(path),
        "algorithm": {"name": by.name, "version": by.version, "family": by.family.model_dump()},
        "confidence": segment.confidence,
        "edited": segment.edited,
    }


def _write_png(image: Image, segments: list[Segment], by: Algorithm, folder: Path, stem: str) -> list[Path]:
    """A PNG per mask (255 inside, 0 outside) and one JSON that says what each is and of which file."""
    from PIL import Image as Pillow

    paths = []
    for segment in segments:
        path = folder / f"{stem}-{_plain(segment.structure)}.png"
        Pillow.fromarray(segment.mask.astype(np.uint8) * 255).save(path)
        paths.append(path)
    rows = [_row(segment, path, by) | {"path": path.name} for segment, path in zip(segments, paths, strict=True)]
    about = {
        "source": {"sha256": image.sha256, "format": image.format, "rows": image.rows, "columns": image.columns},
        "frame": image.frame,
        "spacing_mm": None,
        "spacing_source": image.spacing.source,
        "segments": rows,
    }
    text = json.dumps(about, ensure_ascii=False, indent=1)
    (folder / f"{stem}.json").write_text(text, encoding="utf-8")
    return paths


def _write_seg(image: Image, source: Path, segments: list[Segment], by: Algorithm, path: Path) -> Path:
    from pydicom import dcmread

    with _LOCK, warnings.catch_warnings():
        # highdicom warns of names and dates that it copies from the source as they are.
        warnings.simplefilter("ignore")
        dataset = dcmread(source)
        missing = [name for name in _REFERENCED if not dataset.get(name)]
        if missing:
            raise BadInput(
                "the source cannot be referenced by a DICOM SEG",
                found=f"no {', '.join(missing)}",
                expected="study, series and instance UIDs of the source",
                action="export the image again from the archive; UIDs are never made up",
            )
        try:
            made = _segmentation(image, dataset, segments, by)
        except (AttributeError, ValueError, KeyError, TypeError) as error:
            raise BadInput(
                "no DICOM SEG can be made of this source",
                found=f"{type(error).__name__}: {' '.join(str(error).split())[:200]}",
                expected="a DICOM image with the elements of its kind",
                action="export the image again from the archive",
            ) from error
        made.save_as(path)
    return path


def _segmentation(image: Image, dataset: Any, segments: list[Segment], by: Algorithm) -> Any:
    import importlib.metadata

    import highdicom as hd
    from pydicom.uid import generate_uid

    version = importlib.metadata.version("osler")
    algorithm = hd.AlgorithmIdentificationSequence(name=by.name, family=_code(by.family), version=by.version)
    masks = np.zeros((image.frames, image.rows, image.columns, len(segments)), dtype=np.uint8)
    for number, segment in enumerate(segments):
        masks[image.frame, ..., number] = segment.mask
    made = hd.seg.Segmentation(
        source_images=[dataset],
        pixel_array=masks,
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[
            hd.seg.SegmentDescription(
                segment_number=number,
                segment_label=segment.structure[:64],
                segmented_property_category=_code(segment.category),
                segmented_property_type=_code(segment.coding),
                algorithm_type="SEMIAUTOMATIC" if segment.edited else "AUTOMATIC",
                algorithm_identification=algorithm,
            )
            for number, segment in enumerate(segments, 1)
        ],
        series_instance_uid=generate_uid(prefix=None),
        series_number=1,
        sop_instance_uid=generate_uid(prefix=None),
        instance_number=1,
        manufacturer="Osler",
        manufacturer_model_name="Osler",
        software_versions=version,
        device_serial_number="none",
        series_description=f"{by.name} {by.version}"[:64],
    )
    if "FrameOfReferenceUID" not in made:
        # A film's spacing is no measure in the patient: DICOM PS3.3 A.51.5 has this group only where the frame of
        # reference is the patient's. The mask lies on the source's pixels.
        for group in made.SharedFunctionalGroupsSequence:
            group.pop("PixelMeasuresSequence", None)
    return made


def _code(coding: Coding) -> Any:
    """A code as DICOM writes it.

    Raises:
        ValueError: its system has no designator here, or it has no meaning in words.
    """
    from pydicom.sr.coding import Code

    if coding.system not in _SCHEMES or not coding.display:
        raise ValueError(f"found {coding.system}|{coding.code}; expected a SNOMED CT or DCM code with its words")
    return Code(coding.code, _SCHEMES[coding.system], coding.display)


def _plain(text: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in text.casefold()).strip("-")
