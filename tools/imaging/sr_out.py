"""Measurements written out as a DICOM SR measurement report (PS3.16 TID 1500).

Measures of a mask refer to its segment in the SEG (TID 1410, 1411); measures with calipers hold the calipers' ends on
the image (TID 1501, under the same tracking identifiers). A report is preliminary and UNVERIFIED until a person signs
it (`tools.imaging.sr_sign`). The method, the scale's source and what else must be said stand with every value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.coding import Coding
from tools.imaging.dicom_out import (
    ABNORMAL,
    HAND,
    UCUM,
    Sources,
    category_of,
    code,
    device_uid,
    equipment,
    new_uid,
    own,
    save,
    side_of,
    sources_of,
    stem_of,
    version,
    writing,
)
from tools.imaging.frame import Image
from tools.imaging.measures.model import Measurement, rounded
from tools.imaging.outlines import at_detector, lines_of
from tools.imaging.volume import Volume
from tools.imaging.what import FILMS
from tools.segmenters.contract import Target
from tools.segmenters.segment import Segment
from tools.segmenters.structures import REGION

AT_DETECTOR = "At the detector, not in the patient"
# By the attributes of pydicom's code dictionary: scheme, name of the measure, derivation.
_NAMES = {
    "long axis": ("SCT", "LongAxis", None),
    "short axis": ("SCT", "ShortAxis", None),
    "mean diameter": ("SCT", "Diameter", "Mean"),
    "area": ("SCT", "Area", None),
    "volume": ("SCT", "Volume", None),
    "distance": ("DCM", "Distance", None),
    "angle": ("SCT", "Angle", None),
    "mean density": ("DCM", "AttenuationCoefficient", "Mean"),
    "density SD": ("DCM", "AttenuationCoefficient", "StandardDeviation"),
    "density 50th percentile": ("DCM", "AttenuationCoefficient", "Median"),
}
_PROCEDURES = {
    "CT": "CTUnspecifiedBodyRegion",
    "MR": "MRIUnspecifiedBodyRegion",
    **dict.fromkeys(sorted(FILMS), "XRUnspecifiedBodyRegion"),
}


@dataclass(frozen=True)
class Measured:
    """What was measured of one structure: on its mask (segment `number` of the SEG), or on landmarks alone."""

    structure: str
    measurements: tuple[Measurement, ...]
    segment: Segment | None = None
    number: int | None = None
    told: tuple[str, ...] = ()


def write_report(
    target: Target, found: Sequence[Measured], folder: Path, source: Path | None = None, seg: Path | None = None
) -> Path:
    """Write the report beside its SEG.

    Args:
        source: the file of an image; a volume knows its own.
        seg: the DICOM SEG that holds the segments of `found`.

    Raises:
        BadInput: the sources cannot be referenced, or lack what a report needs.
    """
    sources = sources_of(target, source)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name_of(target, found)}-sr.dcm"
    with writing("SR"):
        save(_report(target, sources, found, seg), path)
    return path


def name_of(target: Target, found: Sequence[Measured]) -> str:
    """The name of the files about what was measured, without their ending."""
    segments = [one.segment for one in found if one.segment]
    return stem_of(target, segments, [row.where for one in found for row in one.measurements])


def _report(target: Target, sources: Sources, found: Sequence[Measured], seg: Path | None) -> Any:
    import highdicom as hd
    from pydicom import dcmread
    from pydicom.sr.codedict import codes

    stored = None if seg is None else dcmread(seg, stop_before_pixels=True)
    groups = [group for one in found for group in _groups(target, sources, one, stored)]
    observer = hd.sr.ObserverContext(
        observer_type=codes.DCM.Device,
        observer_identifying_attributes=hd.sr.DeviceObserverIdentifyingAttributes(
            uid=device_uid(), name="Osler", manufacturer_name="Osler", model_name=f"Osler {version()}"
        ),
    )
    procedure = _PROCEDURES.get(target.header.modality or "", "ImagingProcedure")
    content = hd.sr.MeasurementReport(
        observation_context=hd.sr.ObservationContext(observer_device_context=observer),
        procedure_reported=getattr(codes.cid100, procedure),
        imaging_measurements=groups,
        title=codes.DCM.ImagingMeasurementReport,
    )
    across = any(_crosses(row) for one in found for row in one.measurements)
    kind = hd.sr.Comprehensive3DSR if across else hd.sr.ComprehensiveSR
    return kind(
        evidence=[*sources.datasets, *([stored] if stored is not None else [])],
        content=content[0],
        is_complete=True,
        is_final=False,
        is_verified=False,
        series_description="Osler measurements, not verified",
        **equipment(),
    )


def _groups(target: Target, sources: Sources, one: Measured, stored: Any) -> list[Any]:
    import highdicom as hd

    tracking = hd.sr.TrackingIdentifier(uid=new_uid(), identifier=one.structure or "landmarks")
    shared = {"tracking_identifier": tracking, **_about(one)}
    drawn = [row for row in one.measurements if not lines_of(row)]
    groups: list[Any] = []
    kind: Any
    region: Any
    if one.segment is not None and one.number is not None and stored is not None and drawn:
        rows = [_measurement(row) for row in drawn]
        if isinstance(target, Volume):
            region = hd.sr.ReferencedSegment(
                stored.SOPClassUID,
                stored.SOPInstanceUID,
                one.number,
                source_series=hd.sr.SourceSeriesForSegmentation(sources.datasets[0].SeriesInstanceUID),
            )
            kind = hd.sr.VolumetricROIMeasurementsAndQualitativeEvaluations
        else:
            region = _frame(sources, one.number, stored)
            kind = hd.sr.PlanarROIMeasurementsAndQualitativeEvaluations
        groups.append(kind(referenced_segment=region, measurements=rows, **shared))
    else:
        drawn = []
    others = [row for row in one.measurements if row not in drawn]
    if others:
        rows = [_measurement(row, _coordinates(target, sources, row)) for row in others]
        groups.append(hd.sr.MeasurementsAndQualitativeEvaluations(measurements=rows, **shared))
    for group in groups:
        group[0].ContentSequence.extend(_comments(one, hd))
    return groups


def _about(one: Measured) -> dict[str, Any]:
    """Finding, its site and the algorithm that drew it."""
    import highdicom as hd

    if one.segment is None:
        return {}
    coding = one.segment.coding
    about: dict[str, Any] = {"finding_type": code(coding)}
    if category_of(one.segment) != ABNORMAL and coding != REGION:
        side = side_of(one.segment)
        about["finding_sites"] = [hd.sr.FindingSite(code(coding), laterality=code(side) if side else None)]
    if one.segment.algorithm != HAND:
        about["algorithm_id"] = hd.sr.AlgorithmIdentification(one.segment.algorithm, one.segment.version or "unknown")
    return about


def _comments(one: Measured, hd: Any) -> list[Any]:
    told = list(one.told)
    if one.segment is not None:
        if one.segment.algorithm == HAND:
            told.append("the outline was given by a person")
        elif one.segment.edited:
            told.append("a person changed the outline, or showed where it is")
    return [_comment(text, hd.sr.RelationshipTypeValues.CONTAINS) for text in dict.fromkeys(told)]


def _comment(text: str, relation: Any) -> Any:
    import highdicom as hd
    from pydicom.sr.codedict import codes

    return hd.sr.TextContentItem(name=codes.DCM.Comment, value=text, relationship_type=relation)


def _measurement(row: Measurement, coordinates: Sequence[Any] = ()) -> Any:
    import highdicom as hd

    name, derivation = _name(row.name)
    properties = None
    if row.interval is not None:
        properties = hd.sr.MeasurementProperties(
            upper_measurement_uncertainty=rounded(row.interval.high - row.value),
            lower_measurement_uncertainty=rounded(row.value - row.interval.low),
        )
    made = hd.sr.Measurement(
        name=name,
        value=rounded(row.value),
        unit=code(Coding(system=UCUM, code=row.unit, display=row.unit)),
        derivation=derivation,
        method=own("at-detector", AT_DETECTOR) if at_detector(row) else None,
        algorithm_id=hd.sr.AlgorithmIdentification("Osler measures", version()),
        properties=properties,
        referenced_coordinates=list(coordinates) or None,
    )
    item = made[0]
    if properties is not None:
        # TID 310 gives both in the unit of the value.
        unit = item.MeasuredValueSequence[0].MeasurementUnitsCodeSequence
        for child in item.ContentSequence:
            if child.ValueType == "NUM":
                child.MeasuredValueSequence[0].MeasurementUnitsCodeSequence = unit
    item.ContentSequence.append(_comment(_said(row), hd.sr.RelationshipTypeValues.HAS_PROPERTIES))
    return made


def _said(row: Measurement) -> str:
    """How it was taken, in words."""
    parts = [f"method: {row.method}"]
    parts += [f"scale: {row.scale_source}"] if row.scale_source else []
    parts += [f"uncertainty: {row.interval.method}"] if row.interval else []
    return "; ".join([*parts, *row.notes])


def _name(name: str) -> tuple[Any, Any]:
    from pydicom.sr.codedict import codes

    if name in _NAMES:
        scheme, word, derivation = _NAMES[name]
        return getattr(getattr(codes, scheme), word), getattr(codes.SCT, derivation) if derivation else None
    if name.startswith("density "):
        share = name.removeprefix("density ")
        return codes.DCM.AttenuationCoefficient, own(share.replace(" ", "-"), share)
    return own(name.replace(" ", "-"), name), None


def _crosses(row: Measurement) -> bool:
    """Whether a caliper runs from one slice to another."""
    return any(line.shape[1] == 3 and len({round(end) for end in line[:, 2]}) > 1 for line in lines_of(row))


def _coordinates(target: Target, sources: Sources, row: Measurement) -> list[Any]:
    import highdicom as hd

    made: list[Any] = []
    for line in lines_of(row):
        if _crosses(row):
            assert isinstance(target, Volume)
            places = np.array([target.at(z, y, x) for x, y, z in line])
            made.append(
                hd.sr.CoordinatesForMeasurement3D(
                    graphic_type="POLYLINE",
                    graphic_data=places,
                    frame_of_reference_uid=sources.datasets[0].FrameOfReferenceUID,
                )
            )
            continue
        number = round(line[0, 2]) if line.shape[1] == 3 else int(row.where.get("slice", 0))
        instance = sources.datasets[sources.places[number][0]]
        image = hd.sr.SourceImageForRegion(instance.SOPClassUID, instance.SOPInstanceUID, sources.frame_numbers(number))
        made.append(
            # DICOM counts from the corner of the first pixel, we from its centre.
            hd.sr.CoordinatesForMeasurement(graphic_type="POLYLINE", graphic_data=line[:, :2] + 0.5, source_image=image)
        )
    return made


def _frame(sources: Sources, number: int, stored: Any) -> Any:
    """The frame of the SEG that holds a segment of an image."""
    import highdicom as hd

    shared = stored.SharedFunctionalGroupsSequence[0]
    frames = [
        at
        for at, frame in enumerate(stored.PerFrameFunctionalGroupsSequence, 1)
        if (frame if "SegmentIdentificationSequence" in frame else shared)
        .SegmentIdentificationSequence[0]
        .ReferencedSegmentNumber
        == number
    ]
    source = sources.datasets[0]
    image = hd.sr.SourceImageForSegmentation(source.SOPClassUID, source.SOPInstanceUID, sources.frame_numbers(0))
    made = hd.sr.ReferencedSegmentationFrame(stored.SOPClassUID, stored.SOPInstanceUID, frames[0], number, image)
    # The frame says which segment; DICOM PS3.3 table 10-3 has the segment's number only where no frame is named.
    del made[0].ReferencedSOPSequence[0].ReferencedSegmentNumber
    return made


def reportable(target: Target) -> bool:
    """Whether there is a DICOM source that a report can refer to."""
    return target.is_dicom if isinstance(target, Image) else target.format == "DICOM"
