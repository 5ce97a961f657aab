"""Measures as FHIR R4 resources: drafts for a person to approve. Nothing here is sent anywhere.

An Observation is preliminary, names Osler as the device and what it was derived from; the ImagingStudy is for a record
that lacks it, with the UIDs of the source and of what was written from it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from knowledge.coding import SYSTEMS, Coding
from knowledge.units import unit_label
from tools.ehr.checks.validate import check
from tools.ehr.fhirjson import Resource
from tools.ehr.modifiers import VALIDATION
from tools.ehr.writes.audit import OSLER
from tools.ehr.writes.drafts import DRAFT
from tools.errors import NotAssessable
from tools.imaging.dicom_out import DCM, UCUM
from tools.imaging.measures.model import Measurement, rounded
from tools.imaging.sr_out import Measured, name_of
from tools.segmenters.contract import Target
from tools.segmenters.structures import ANATOMICAL, REGION

NOT_WRITTEN = "drafts only: nothing is written to a record; a person approves what goes there"
_URI, _UID = "urn:ietf:rfc:3986", "urn:dicom:uid"
_CODES = {
    "long axis": ("103339001", "Long axis"),
    "short axis": ("103340004", "Short axis"),
    "area": ("42798000", "Area"),
    "volume": ("118565006", "Volume"),
    "angle": ("1483009", "Angle"),
}


@dataclass(frozen=True)
class Written:
    """A DICOM object that was written: its UIDs and modality."""

    series: str
    instance: str
    sop_class: str
    modality: str


def written_of(path: Path) -> Written:
    """The UIDs of a DICOM object."""
    from pydicom import dcmread

    made = dcmread(path, stop_before_pixels=True)
    return Written(str(made.SeriesInstanceUID), str(made.SOPInstanceUID), str(made.SOPClassUID), str(made.Modality))


def write_drafts(
    target: Target, found: Sequence[Measured], folder: Path, patient: str | None = None, made: Sequence[Written] = ()
) -> Path:
    """Write the drafts as one collection of resources.

    Args:
        patient: the id of the Patient in the record; otherwise whom the image names.
        made: the SEG and SR that were written.

    Raises:
        NotAssessable: it is not known whose they would be.
        Invalid: a resource is none of R4.
    """
    subject = _subject(target, patient)
    study = imaging_study(target, subject, made)
    resources = [study | {"meta": _TAG}] if study else []
    resources += [_observation(target, one, row, subject, made) for one in found for row in one.measurements]
    for resource in resources:
        check(resource)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name_of(target, found)}-fhir-drafts.json"
    body = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}
    check(body)
    path.write_text(json.dumps(body, ensure_ascii=False, indent=1), encoding="utf-8")
    return path


def _subject(target: Target, patient: str | None) -> Resource:
    if patient:
        return {"reference": f"Patient/{patient}"}
    who = target.header.who
    if not who.patient_id:
        raise NotAssessable(
            "it is not known whose measures these are",
            found="an image that names no patient",
            expected="the id of the patient in the record",
            action="give --patient ID",
        )
    assigner = {"assigner": {"display": who.issuer}} if who.issuer else {}
    return {"type": "Patient", "identifier": {"value": who.patient_id, **assigner}}


@dataclass(frozen=True)
class Result:
    """One measured value, as an Observation holds it.

    `code` is a SNOMED CT code with its display; `derived` what it was measured on; `contained` goes with `device`.
    """

    label: str
    value: float
    unit: str
    method: str
    subject: Resource
    notes: tuple[str, ...] = ()
    code: tuple[str, str] | None = None
    taken: str | None = None
    site: Resource | None = None
    derived: tuple[Resource, ...] = ()
    device: Resource | None = None
    contained: tuple[Resource, ...] = ()
    performer: str | None = None
    status: Literal["preliminary", "final"] = "preliminary"
    validated: bool = True


def observation(made: Result) -> Resource:
    """A measured value as an Observation. `focus` stays empty: it would say that the value is not the patient's own
    (safety rule 12). One that is not validated is tagged, so that no reader of ours takes it for a fact."""
    coding = [{"system": SYSTEMS["snomed"], "code": made.code[0], "display": made.code[1]}] if made.code else []
    tag = {"system": VALIDATION, "code": "unvalidated", "display": "not validated: decides nothing"}
    body: Resource = {
        "resourceType": "Observation",
        "meta": None if made.validated else {"tag": [tag]},
        "contained": list(made.contained),
        "status": made.status,
        "category": [
            {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "imaging"}]}
        ],
        "code": {**({"coding": coding} if coding else {}), "text": made.label},
        "subject": made.subject,
        "effectiveDateTime": made.taken,
        "performer": [{"display": made.performer}] if made.performer else None,
        "valueQuantity": _quantity(made.value, made.unit),
        "bodySite": made.site,
        "method": {"text": made.method},
        "device": made.device or OSLER,
        "derivedFrom": list(made.derived),
        "note": [{"text": text} for text in dict.fromkeys(made.notes)],
    }
    return {name: value for name, value in body.items() if value}


def _quantity(value: float, unit: str) -> Resource:
    label = "HU" if unit == "[hnsf'U]" else unit_label(unit)
    return {"value": rounded(value), **({"unit": label} if label else {}), "system": UCUM, "code": unit}


def code_of(measure: str) -> tuple[str, str] | None:
    """The SNOMED CT code of a measure, where one was verified."""
    return _CODES.get(measure)


def imaging_study(target: Target, subject: Resource, made: Sequence[Written] = ()) -> Resource | None:
    """The ImagingStudy, where the source is DICOM with its UIDs. How much else the study holds is not known here and
    not counted.

    Args:
        made: what was written from it.
    """
    header = target.header
    if not (header.study_instance_uid and header.series_instance_uid):
        return None
    slices = getattr(target, "slices", ())
    instances = list(dict.fromkeys(one.sop_instance_uid for one in slices)) or [header.sop_instance_uid]
    parts: list[Resource] = [
        {
            "uid": header.series_instance_uid,
            "modality": _modality(header.modality or "OT"),
            "instance": [
                {"uid": uid, "sopClass": {"system": _URI, "code": f"urn:oid:{header.sop_class_uid}"}}
                for uid in instances
                if uid and header.sop_class_uid
            ],
        }
    ]
    parts += [
        {
            "uid": one.series,
            "modality": _modality(one.modality),
            "numberOfInstances": 1,
            "instance": [{"uid": one.instance, "sopClass": {"system": _URI, "code": f"urn:oid:{one.sop_class}"}}],
        }
        for one in made
    ]
    if not parts[0]["instance"]:
        del parts[0]["instance"]
    body: Resource = {
        "resourceType": "ImagingStudy",
        "identifier": [study_id(header.study_instance_uid)],
        "status": "available",
        "modality": [part["modality"] for part in parts],
        "subject": subject,
        "series": parts,
    }
    return body | ({"started": header.taken_at[:10]} if header.taken_at else {})


def _observation(
    target: Target, one: Measured, row: Measurement, subject: Resource, made: Sequence[Written]
) -> Resource:
    segmented = one.segment is not None and one.segment.coding not in (REGION, ANATOMICAL)
    notes = [*one.told, *row.notes]
    if row.scale_source:
        notes.append(f"scale: {row.scale_source}")
    if row.interval is not None:
        span = f"{rounded(row.interval.low):g} to {rounded(row.interval.high):g} {row.unit}"
        notes.append(f"range {span}: {row.interval.method}")
    if one.segment is not None and one.segment.algorithm:
        notes.append(f"outline: {one.segment.algorithm} {one.segment.version}".strip())
    study = target.header.study_instance_uid
    derived: list[Resource] = [{"type": "ImagingStudy", "identifier": study_id(study)}] if study else []
    derived += [
        {"type": "DocumentReference", "identifier": {"system": _URI, "value": f"urn:oid:{each.instance}"},
         "display": f"DICOM {each.modality}"}
        for each in made
    ]  # fmt: skip
    site = None
    if segmented and one.segment is not None:
        site = {"coding": [_coding(one.segment.coding)], "text": one.structure}
    body = observation(
        Result(
            label=f"{one.structure} {row.name}".strip(),
            value=row.value,
            unit=row.unit,
            method=row.method,
            subject=subject,
            notes=tuple(notes),
            code=code_of(row.name),
            taken=target.header.taken_at[:10] if target.header.taken_at else None,
            site=site,
            derived=tuple(derived),
            validated=row.validated is not False,
        )
    )
    return body | {"meta": {"tag": [*body.get("meta", {}).get("tag", []), *_TAG["tag"]]}}


_TAG: Resource = {"tag": [{"system": DRAFT, "code": "draft", "display": "not approved"}]}


def study_id(uid: str) -> Resource:
    """The identifier that an ImagingStudy has for its study."""
    return {"system": _UID, "value": f"urn:oid:{uid}"}


def _modality(code: str) -> Resource:
    return {"system": DCM, "code": code}


def _coding(coding: Coding) -> Resource:
    return {name: value for name, value in coding.model_dump().items() if value}
