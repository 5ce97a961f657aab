"""`osler image export` and `osler image sign`: masks and measures as DICOM, pictures and FHIR drafts; and a signature.

Whose image it is is for whoever gives the file to know: nothing here is put into a consultation or a record.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.cli_sizes import Asked
from tools.errors import NotAssessable, OslerError, UsageError

if TYPE_CHECKING:
    from tools.imaging.sr_out import Measured
    from tools.segmenters.contract import Target
    from tools.segmenters.segment import Segment

KINDS = ("seg", "sr", "gsps", "png", "fhir")
UNKNOWN_HAND = "the mask came as a file: who or what drew it is not known here"


@dataclass
class _Job:
    """What is to be written of one target, and what was."""

    target: Target
    source: Path
    out: Path
    found: list[Measured]
    patient: str | None
    masks: list[dict[str, Any]]
    report: Path | None
    told: list[str]


def export(asked: Asked, kinds: str, out: Path, patient: str | None = None) -> dict[str, Any]:
    """The document of `osler image export --json`; what cannot be made of this source is named with the reason.

    Raises:
        UsageError: an unknown kind.
        OslerError: a file cannot be read, nothing is found, or nothing of what was asked for can be written.
    """
    from agent.cli_sizes import stated
    from tools.imaging.measuring import read_target

    wanted = _kinds(kinds)
    target = stated(read_target(asked.path, asked.frame, asked.series), asked)
    found, told = _measured(target, asked)
    job = _Job(target, asked.path, out, found, patient, [], None, told)
    written: list[dict[str, Any]] = []
    refused: list[tuple[str, OslerError]] = []
    for kind in wanted:
        try:
            written += [{"as": kind, "path": str(path)} for path in _WRITERS[kind](job)]
        except OslerError as error:
            refused.append((kind, error))
    if not written and refused:
        raise refused[0][1]
    if job.masks and "seg" not in wanted:
        paths = dict.fromkeys(row["path"] for row in job.masks)
        written += [{"as": "seg", "path": path, "why": "the report refers to it"} for path in paths]
    doubts = [doubt for one in found if one.segment for doubt in one.segment.doubts]
    return {
        "written": written,
        "not_written": [{"as": kind, **error.document()} for kind, error in refused],
        "segments": job.masks,
        "measurements": [row.document() for one in found for row in one.measurements],
        "path": str(asked.path),
        "sha256": target.sha256,
        "modality": target.header.modality,
        "geometry": target.geometry(),
        "verified": False,
        "warnings": list(dict.fromkeys([*job.told, *doubts, *target.warnings])),
    }


def sign(report: Path, by: str, organisation: str, out: Path | None) -> dict[str, Any]:
    """The document of `osler image sign --json`: the signed copy, and what was signed.

    Raises:
        OslerError: no report, signed already, or no name.
    """
    from tools.imaging.sr_sign import read_report, sign_report

    signed = sign_report(report, by, organisation, out or report.parent)
    stored, rows = read_report(signed)
    observer = stored.VerifyingObserverSequence[0]
    return {
        "path": str(signed),
        "verification": stored.VerificationFlag,
        "by": str(observer.VerifyingObserverName),
        "organisation": str(observer.VerifyingOrganization),
        "values": [
            {"structure": row.tracking, "name": row.name, "derivation": row.derivation, "value": row.value}
            | {"unit": row.unit, "range": None if row.low is None else [row.low, row.high], "said": row.comment}
            for row in rows
        ],
    }


def export_text(body: dict[str, Any]) -> str:
    """What was written, for people."""
    from agent.cli_sizes import measure_text

    what = {
        "seg": "masks",
        "sr": "measurement report, not verified",
        "gsps": "presentation state",
        "png": "picture",
        "fhir": "drafts, nothing is written to a record",
    }
    lines = [f"{row['as']}: {row['path']} ({row.get('why') or what[row['as']]})" for row in body["written"]]
    lines += [
        f"{row['as']}: not made: {row['message']} ({row['found']}); {row['action']}" for row in body["not_written"]
    ]
    text = measure_text(body)
    return "\n".join([*lines, *([text] if text else [])])


def sign_text(body: dict[str, Any]) -> str:
    """The signed report, for people."""
    from tools.imaging.measures.model import shown

    rows = []
    for row in body["values"]:
        bounds = None if row["range"] is None else (row["range"][0], row["range"][1])
        name = f"{row['name']} ({row['derivation']})" if row["derivation"] else row["name"]
        rows.append(f"{row['structure']}: {name} {shown(row['value'], row['unit'], bounds)}")
    return "\n".join([*rows, f"{body['verification']} by {body['by']}, {body['organisation']}: {body['path']}"])


def _kinds(text: str) -> list[str]:
    found = [word.strip().casefold() for word in text.split(",") if word.strip()]
    if not found or (wrong := [word for word in found if word not in KINDS]):
        raise UsageError(
            "it cannot be written as that",
            found=", ".join(wrong) if found else "nothing",
            expected=", ".join(KINDS),
            action="give --as seg,sr,png",
        )
    return list(dict.fromkeys(found))


def _measured(target: Target, asked: Asked) -> tuple[list[Measured], list[str]]:
    from agent.cli_sizes import segments_of
    from tools.imaging.measuring import between, measured, read_points
    from tools.imaging.sr_out import Measured

    if asked.points is not None:
        row = between(read_points(asked.points), target).of(asked.structure or "")
        return [Measured(asked.structure or "", (row,))], []
    if asked.mask is None and asked.structure is None and asked.box is None and not asked.clicks:
        raise UsageError(
            "nothing is named that could be exported",
            found="a file alone",
            expected="a structure, a box, a mask or landmarks",
            action="add --structure NAME, --mask FILE, --box x0,y0,x1,y1 or --points 'COLUMN,ROW COLUMN,ROW'",
        )
    segments = [_given(target, asked)] if asked.mask is not None else segments_of(target, asked)
    found: list[Measured] = []
    told: list[str] = []
    for number, one in enumerate(segments, 1):
        rows, why = measured(target, one.mask, one.structure)
        found.append(Measured(one.structure, tuple(rows), one, number, (*why, *one.doubts)))
        told += why
    return found, told


def _given(target: Target, asked: Asked) -> Segment:
    """A mask from a file: a DICOM SEG says what it is and what drew it, other files do not."""
    from tools.imaging.dicom_out import HAND
    from tools.imaging.mask_files import mask_from
    from tools.imaging.reading import looks_like_dicom
    from tools.imaging.volumes import head_of
    from tools.segmenters.segment import Segment
    from tools.segmenters.structures import REGION, coding_of

    assert asked.mask is not None
    mask = mask_from(asked.mask, target, asked.label)
    if looks_like_dicom(head_of(asked.mask) or b""):
        stored = _of_seg(asked.mask, asked.label, mask)
        return replace(stored, structure=asked.structure or stored.structure)
    name = asked.structure or asked.mask.name.partition(".")[0]
    try:
        coding = coding_of(name) or REGION
    except OslerError:
        coding = REGION
    known = None if coding != REGION else REGION
    return Segment(name, mask, 1.0, HAND, "", edited=True, doubts=(UNKNOWN_HAND,), coded=known)


def _of_seg(path: Path, label: int | None, mask: Any) -> Segment:
    from pydicom import dcmread

    from knowledge.coding import SYSTEMS, Coding
    from tools.imaging.dicom_out import DCM, HAND
    from tools.segmenters.segment import Segment

    parts = dcmread(path, stop_before_pixels=True).SegmentSequence
    part = next(one for one in parts if label is None or one.SegmentNumber == label)
    typed = part.SegmentedPropertyTypeCodeSequence[0]
    system = {"SCT": SYSTEMS["snomed"], "DCM": DCM}.get(typed.CodingSchemeDesignator)
    coded = Coding(system=system, code=typed.CodeValue, display=typed.CodeMeaning) if system else None
    drawn = part.get("SegmentationAlgorithmIdentificationSequence") or [None]
    version = drawn[0].get("AlgorithmVersion", "") if drawn[0] is not None else ""
    algorithm = HAND if part.SegmentAlgorithmType == "MANUAL" else part.get("SegmentAlgorithmName") or "unknown"
    edited = part.SegmentAlgorithmType != "AUTOMATIC"
    return Segment(part.SegmentLabel, mask, 1.0, str(algorithm), str(version), edited=edited, coded=coded)


def _seg(job: _Job) -> list[Path]:
    """The masks, once: a report refers to them too."""
    from tools.imaging.frame import Image
    from tools.imaging.seg_out import write_masks
    from tools.imaging.seg_out_volume import write_volume_masks

    segments = [one.segment for one in job.found if one.segment is not None]
    if not segments:
        raise NotAssessable(
            "there is no mask to write",
            found="landmarks alone",
            expected="a structure or a mask",
            action="--as sr,gsps",
        )
    if not job.masks:
        if isinstance(job.target, Image):
            job.masks = write_masks(job.target, job.source, segments, job.out)
        else:
            job.masks = write_volume_masks(job.target, segments, job.out)
    return list(dict.fromkeys(Path(row["path"]) for row in job.masks))


def _sr(job: _Job) -> list[Path]:
    from tools.imaging.sr_out import reportable, write_report

    if not reportable(job.target):
        raise NotAssessable(
            "no DICOM report is made of this source",
            found=job.target.format,
            expected="a DICOM source that it can refer to",
            action="take --as png,fhir; UIDs are never made up",
        )
    seg = _seg(job)[0] if any(one.segment is not None for one in job.found) else None
    job.report = write_report(job.target, job.found, job.out, job.source, seg)
    return [job.report]


def _drawings(job: _Job) -> list[Any]:
    from tools.imaging.outlines import drawings_of

    return [
        drawing
        for one in job.found
        for drawing in drawings_of(one.structure, None if one.segment is None else one.segment.mask, one.measurements)
    ]


def _gsps(job: _Job) -> list[Path]:
    from tools.imaging.gsps_out import write_presentation
    from tools.imaging.sr_out import reportable

    if not reportable(job.target):
        raise NotAssessable(
            "no presentation state is made of this source",
            found=job.target.format,
            expected="a DICOM source that it can refer to",
            action="take --as png",
        )
    segments = [one.segment for one in job.found if one.segment is not None]
    return [write_presentation(job.target, _drawings(job), job.out, job.source, segments)]


def _png(job: _Job) -> list[Path]:
    from tools.imaging.overlay import write_overlays

    paths, told = write_overlays(job.target, _drawings(job), job.out)
    job.told += told
    return paths


def _fhir(job: _Job) -> list[Path]:
    from tools.imaging.fhir_out import NOT_WRITTEN, write_drafts, written_of

    made = [Path(row["path"]) for row in job.masks if row["path"].endswith(".dcm")]
    objects = [written_of(path) for path in dict.fromkeys([*made, *([job.report] if job.report else [])])]
    job.told.append(NOT_WRITTEN)
    return [write_drafts(job.target, job.found, job.out, job.patient, objects)]


_WRITERS: dict[str, Callable[[_Job], list[Path]]] = {
    "seg": _seg,
    "sr": _sr,
    "gsps": _gsps,
    "png": _png,
    "fhir": _fhir,
}
