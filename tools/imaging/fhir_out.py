"""Measures as FHIR R4 resources: drafts for a person to approve. Nothing here is sent anywhere.

An Observation is preliminary, names Osler as the device and what it was derived from; the ImagingStudy is for a record
that lacks it, with the UIDs of the source and of what was written from it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from knowledge.coding import SYSTEMS, Coding
from tools.ehr.checks.validate import check
from tools.ehr.fhirjson import Resource
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
    resources = [*_study(target, subject, made)]
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


def _study(target: Target, subject: Resource, made: Sequence[Written]) -> list[Resource]:
    """The ImagingStudy, where the source is DICOM with its UIDs."""
    header = target.header
    if not (header.study_instance_uid and header.series_instance_uid):
        return []
    slices = getattr(target, "slices", ())
    instances = list(dict.fromkeys(one.sop_instance_uid for one in slices)) or [header.sop_instance_uid]
    parts: list[Resource] = [
        {
            "uid": header.series_instance_uid,
            "modality": _modality(header.modality or "OT"),
            "numberOfInstances": len(instances),
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
        "meta": {"tag": [_tag()]},
        "identifier": [_study_id(target)],
        "status": "available",
        "modality": [part["modality"] for part in parts],
        "subject": subject,
        "numberOfSeries": len(parts),
        "numberOfInstances": sum(part["numberOfInstances"] for part in parts),
        "series": parts,
    }
    return [body | ({"started": header.taken_at[:10]} if header.taken_at else {})]


def _observation(
    target: Target, one: Measured, row: Measurement, subject: Resource, made: Sequence[Written]
) -> Resource:
    label = f"{one.structure} {row.name}".strip()
    coded = _CODES.get(row.name)
    coding = [{"system": SYSTEMS["snomed"], "code": coded[0], "display": coded[1]}] if coded else []
    value: Resource = {"value": rounded(row.value), "unit": row.unit, "system": UCUM, "code": row.unit}
    segmented = one.segment is not None and one.segment.coding not in (REGION, ANATOMICAL)
    notes = [*one.told, *row.notes]
    if row.scale_source:
        notes.append(f"scale: {row.scale_source}")
    if row.interval is not None:
        span = f"{rounded(row.interval.low):g} to {rounded(row.interval.high):g} {row.unit}"
        notes.append(f"range {span}: {row.interval.method}")
    if one.segment is not None and one.segment.algorithm:
        notes.append(f"outline: {one.segment.algorithm} {one.segment.version}".strip())
    body: Resource = {
        "resourceType": "Observation",
        "meta": {"tag": [_tag()]},
        "status": "preliminary",
        "category": [
            {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "imaging"}]}
        ],
        "code": {**({"coding": coding} if coding else {}), "text": label},
        "subject": subject,
        "valueQuantity": value,
        "method": {"text": row.method},
        "device": OSLER,
        "note": [{"text": text} for text in dict.fromkeys(notes)],
    }
    if target.header.taken_at:
        body["effectiveDateTime"] = target.header.taken_at[:10]
    if segmented and one.segment is not None:
        body["bodySite"] = {"coding": [_coding(one.segment.coding)], "text": one.structure}
    derived: list[Resource] = []
    if target.header.study_instance_uid:
        derived.append({"type": "ImagingStudy", "identifier": _study_id(target)})
    derived += [
        {"type": "DocumentReference", "identifier": {"system": _URI, "value": f"urn:oid:{each.instance}"},
         "display": f"DICOM {each.modality}"}
        for each in made
    ]  # fmt: skip
    return body | ({"derivedFrom": derived} if derived else {})


def _tag() -> Resource:
    return {"system": DRAFT, "code": "draft", "display": "not approved"}


def _study_id(target: Target) -> Resource:
    return {"system": _UID, "value": f"urn:oid:{target.header.study_instance_uid}"}


def _modality(code: str) -> Resource:
    return {"system": DCM, "code": code}


def _coding(coding: Coding) -> Resource:
    return {name: value for name, value in coding.model_dump().items() if value}
