"""`osler image export` and `osler image sign`: masks and measures as DICOM, pictures and FHIR drafts; and a signature.

Whose image it is is for whoever gives the file to know: nothing here is put into a consultation or a record.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.cli_asked import Asked, about, models, target_of, wanted_of
from tools.errors import NotAssessable, OslerError, UsageError

if TYPE_CHECKING:
    from tools.imaging.sr_out import Measured
    from tools.segmenters.contract import Target

KINDS = ("seg", "sr", "gsps", "png", "fhir")


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
    from tools.imaging.measuring import found_on, told_of

    wanted = _kinds(kinds)
    target = target_of(asked)
    found = found_on(target, wanted_of(asked), models())
    job = _Job(target, asked.path, out, found, patient, [], None, told_of(found))
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
    return {
        "written": written,
        "not_written": [{"as": kind, **error.document()} for kind, error in refused],
        "segments": job.masks,
        "measurements": [row.document() for one in found for row in one.measurements],
        **about(asked, target),
        "verified": False,
        "warnings": list(dict.fromkeys([*job.told, *target.warnings])),
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
    if job.patient and job.target.header.who.patient_id not in (None, job.patient):
        job.told.append(
            f"the file names its patient by another id than {job.patient}: whose it is was not compared here; "
            "a consultation does (osler ask --image)"
        )
    return [write_drafts(job.target, job.found, job.out, job.patient, objects)]


_WRITERS: dict[str, Callable[[_Job], list[Path]]] = {
    "seg": _seg,
    "sr": _sr,
    "gsps": _gsps,
    "png": _png,
    "fhir": _fhir,
}
