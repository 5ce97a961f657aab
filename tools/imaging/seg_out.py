"""Masks of an image written out: DICOM SEG where the source is DICOM, PNG with JSON where it is not (safety rule 15).

One SEG holds all segments, each with the algorithm that drew it. Where a segment brings probabilities, the SEG is a
fractional one and every mask without them is 0 or 1 in it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.errors import BadInput
from tools.imaging.dicom_out import (
    Sources,
    category_of,
    code,
    equipment,
    family_of,
    kind_of,
    plain,
    save,
    side_of,
    sources_of,
    stem_of,
    writing,
)
from tools.imaging.frame import Image
from tools.segmenters.segment import Segment

_STEPS = 255


def write_masks(image: Image, source: Path, segments: Sequence[Segment], folder: Path) -> list[dict[str, Any]]:
    """Write the masks of an image; a row for each (`segments` of `osler image segment --json`).

    Args:
        source: the file `image` was read from.

    Raises:
        BadInput: a mask is not of the image's size, or the source lacks what a SEG has to reference.
    """
    fitting(segments, image.pixels.shape, "image")
    stem = stem_of(image, segments)
    if image.is_dicom:
        made = sources_of(image, source)
        folder.mkdir(parents=True, exist_ok=True)
        paths = [write_seg(made, segments, folder / f"{stem}.dcm")] * len(segments)
    else:
        folder.mkdir(parents=True, exist_ok=True)
        paths = _write_png(image, segments, folder, stem)
    return [row_of(one, path, number) for number, (one, path) in enumerate(zip(segments, paths, strict=True), 1)]


def fitting(segments: Sequence[Segment], shape: tuple[int, ...], what: str) -> None:
    """Nothing, where all masks are of that shape.

    Raises:
        BadInput: one is not.
    """
    for segment in segments:
        drawn = (segment.mask, *(() if segment.probability is None else (segment.probability,)))
        if any(one.shape != shape for one in drawn):
            raise BadInput(
                f"the mask of {segment.structure} does not fit the {what}",
                found=" x ".join(map(str, segment.mask.shape)),
                expected=" x ".join(map(str, shape)),
                action=f"give masks on the {what}'s own pixels",
            )


def row_of(segment: Segment, path: Path, label: int) -> dict[str, Any]:
    """A row of `segments` in the contract; `label` is the segment's number in a SEG, its value in a label map."""
    return {
        "structure": segment.structure,
        "coding": segment.coding.model_dump(),
        "voxels": int(np.count_nonzero(segment.mask)),
        "path": str(path),
        "label": label,
        "algorithm": {
            "name": segment.algorithm,
            "version": segment.version,
            "family": family_of(segment.algorithm).model_dump(),
            "type": kind_of(segment),
        },
        "confidence": segment.confidence,
        "edited": segment.edited,
    }


def write_seg(sources: Sources, segments: Sequence[Segment], path: Path) -> Path:
    """One DICOM SEG that references all sources.

    Raises:
        BadInput: the sources lack what a SEG needs.
    """
    with writing("SEG"):
        save(_segmentation(sources, segments), path)
    return path


def _write_png(image: Image, segments: Sequence[Segment], folder: Path, stem: str) -> list[Path]:
    """A PNG per mask (255 inside, 0 outside) and one JSON that says what each is and of which file."""
    from PIL import Image as Pillow

    paths = []
    for segment in segments:
        path = folder / (f"{stem}.png" if len(segments) == 1 else f"{stem}-{plain(segment.structure)}.png")
        Pillow.fromarray(segment.mask.astype(np.uint8) * 255).save(path)
        paths.append(path)
    rows = [row_of(one, path, 1) | {"path": path.name} for one, path in zip(segments, paths, strict=True)]
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


def _segmentation(sources: Sources, segments: Sequence[Segment]) -> Any:
    import highdicom as hd

    fractional = any(one.probability is not None for one in segments)
    types = hd.seg.SegmentationTypeValues
    made = hd.seg.Segmentation(
        source_images=sources.datasets,
        pixel_array=_pixels(sources, segments, fractional),
        segmentation_type=types.FRACTIONAL if fractional else types.BINARY,
        segment_descriptions=[_described(number, one) for number, one in enumerate(segments, 1)],
        max_fractional_value=_STEPS,
        series_description="; ".join(dict.fromkeys(f"{one.algorithm} {one.version}".strip() for one in segments))[:64],
        **equipment(),
    )
    for described, one in zip(made.SegmentSequence, segments, strict=True):
        if side := side_of(one):
            typed = described.SegmentedPropertyTypeCodeSequence[0]
            typed.SegmentedPropertyTypeModifierCodeSequence = [hd.sr.CodedConcept.from_code(code(side))]
    if "FrameOfReferenceUID" not in made:
        # A film's spacing is no measure in the patient: DICOM PS3.3 A.51.5 has this group only where the frame of
        # reference is the patient's. The mask lies on the source's pixels.
        for group in made.SharedFunctionalGroupsSequence:
            group.pop("PixelMeasuresSequence", None)
        made.PatientOrientation = sources.datasets[0].get("PatientOrientation")
    return made


def _pixels(sources: Sources, segments: Sequence[Segment], fractional: bool) -> NDArray[Any]:
    """(frames of the sources, rows, columns, segments): an instance with several frames has all of them."""
    shape = segments[0].mask.shape[-2:]
    kind = np.float32 if fractional else np.uint8
    frames = sources.frames or len(sources.places)
    made = np.zeros((frames, *shape, len(segments)), dtype=kind)
    where = [frame for _, frame in sources.places] if sources.frames else list(range(frames))
    for number, one in enumerate(segments):
        drawn = one.mask if one.probability is None else np.clip(one.probability, 0, 1)
        made[where, ..., number] = drawn if drawn.ndim == 3 else drawn[None]
    return made


def _described(number: int, segment: Segment) -> Any:
    import highdicom as hd

    kind = kind_of(segment)
    algorithm = None
    if kind != "MANUAL":
        algorithm = hd.AlgorithmIdentificationSequence(
            name=segment.algorithm, family=code(family_of(segment.algorithm)), version=segment.version or "unknown"
        )
    return hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=segment.structure[:64],
        segmented_property_category=code(category_of(segment)),
        segmented_property_type=code(segment.coding),
        algorithm_type=kind,
        algorithm_identification=algorithm,
    )
