"""Compact patient files (YAML) to R4 transaction Bundles, and changed copies of them.

A row keeps the names of its FHIR elements in short form (`clinical`, `verification`, `authored`, `at`). Ids are
prefixed by the patient's, so that several patients fit in one store. `build_bundle` gives the same Bundle for the same
file, byte for byte.
"""

from __future__ import annotations

import base64
import copy
from collections.abc import Callable
from typing import Any

from knowledge.coding import Coding
from tools.errors import UsageError

Row = dict[str, Any]
_TERMS = "http://terminology.hl7.org/CodeSystem"
_LISTS = {
    "encounters",
    "conditions",
    "observations",
    "medications",
    "allergies",
    "notes",
    "procedures",
    "immunizations",
    "imaging",
    "reports",
}


def concept(code: str | None, text: str | None = None) -> Row:
    """A CodeableConcept: coded where there is a code, words where there are some."""
    body: Row = {}
    if code:
        coding = Coding.parse(code)
        body["coding"] = [{"system": coding.system, "code": coding.code, **({"display": text} if text else {})}]
    if text:
        body["text"] = text
    return body


def _status(system: str, code: str) -> Row:
    return {"coding": [{"system": f"{_TERMS}/{system}", "code": code}]}


def _quantity(value: Any, unit: str | None, comparator: str | None = None) -> Row:
    body: Row = {"value": value}
    if comparator:
        body["comparator"] = comparator
    if unit:
        body |= {"unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
    return body


def _filled(body: Row) -> Row:
    return {key: value for key, value in body.items() if value not in (None, [], {})}


def build_bundle(patient: Row) -> Row:
    """The patient as a transaction Bundle."""
    me = str(patient["id"])
    resources = [_patient(patient)]
    for section, build in _BUILDERS.items():
        for row in patient.get(section) or []:
            body = build(row, {"reference": f"Patient/{me}"})
            resources.append({"resourceType": body.pop("resourceType"), "id": f"{me}-{row['id']}", **_filled(body)})
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {
                "fullUrl": f"http://osler.local/fhir/{item['resourceType']}/{item['id']}",
                "resource": item,
                "request": {"method": "PUT", "url": f"{item['resourceType']}/{item['id']}"},
            }
            for item in resources
        ],
    }


def _patient(patient: Row) -> Row:
    name = patient["name"]
    given = name["given"] if isinstance(name["given"], list) else [name["given"]]
    body: Row = {
        "resourceType": "Patient",
        "id": str(patient["id"]),
        "active": True,
        "identifier": [{"system": "urn:osler:demo:mrn", "value": str(patient["identifier"])}]
        if patient.get("identifier")
        else [],
        "name": [{"use": "official", "family": name["family"], "given": given}],
        "gender": patient.get("gender"),
        "birthDate": patient.get("birth_date"),
    }
    dead = patient.get("deceased")
    if isinstance(dead, bool):
        body["deceasedBoolean"] = dead
    elif dead:
        body["deceasedDateTime"] = str(dead)
    return _filled(body)


def _encounter(row: Row, subject: Row) -> Row:
    return {
        "resourceType": "Encounter",
        "status": row.get("status", "finished" if row.get("end") else "in-progress"),
        "class": {"system": f"{_TERMS}/v3-ActCode", "code": row["class"]},
        "type": [concept(row.get("code"), row.get("type"))],
        "subject": subject,
        "period": _filled({"start": row.get("start"), "end": row.get("end")}),
    }


def _condition(row: Row, subject: Row) -> Row:
    # Invariant con-5: an entry made in error has no clinical status.
    wrong = row.get("verification") == "entered-in-error"
    return {
        "resourceType": "Condition",
        "clinicalStatus": None if wrong or not row.get("clinical") else _status("condition-clinical", row["clinical"]),
        "verificationStatus": _status("condition-ver-status", row.get("verification", "confirmed")),
        "category": [_status("condition-category", row.get("category", "problem-list-item"))],
        "code": concept(row.get("code"), row.get("text")),
        "subject": subject,
        "onsetDateTime": row.get("onset"),
        "abatementDateTime": row.get("abated"),
        "recordedDate": row.get("recorded"),
    }


def _value(row: Row) -> Row:
    if row.get("value_code") is not None:
        return {"valueCodeableConcept": concept(row["value_code"], row.get("value_text"))}
    if row.get("value_text") is not None:
        return {"valueString": row["value_text"]}
    if isinstance(row.get("value"), bool):
        return {"valueBoolean": row["value"]}
    if row.get("value") is not None:
        return {"valueQuantity": _quantity(row["value"], row.get("unit"), row.get("comparator"))}
    if row.get("absent"):
        return {"dataAbsentReason": _status("data-absent-reason", row["absent"])}
    return {}


def _observation(row: Row, subject: Row) -> Row:
    limits = _filled(
        {side: _quantity(row[side], row.get("unit")) if row.get(side) is not None else None for side in ("low", "high")}
    )
    return {
        "resourceType": "Observation",
        "status": row.get("status", "final"),
        "category": [_status("observation-category", row.get("category", "laboratory"))],
        "code": concept(row.get("code"), row.get("text")),
        "subject": subject,
        "effectiveDateTime": row.get("at"),
        **_value(row),
        "interpretation": [_status("v3-ObservationInterpretation", row["interpretation"])]
        if row.get("interpretation")
        else None,
        "referenceRange": [limits] if limits else None,
        "component": [
            _filled({"code": concept(part["code"], part.get("text")), **_value(part)})
            for part in row.get("components") or []
        ],
    }


def _medication(row: Row, subject: Row) -> Row:
    return {
        "resourceType": "MedicationRequest",
        "status": row.get("status", "active"),
        "intent": row.get("intent", "order"),
        "doNotPerform": True if row.get("do_not_perform") else None,
        "medicationCodeableConcept": concept(row.get("code"), row.get("text")),
        "subject": subject,
        "authoredOn": row.get("authored"),
        "dosageInstruction": [{"text": row["dose"]}] if row.get("dose") else None,
    }


def _allergy(row: Row, subject: Row) -> Row:
    wrong = row.get("verification") == "entered-in-error"
    return {
        "resourceType": "AllergyIntolerance",
        "clinicalStatus": None if wrong else _status("allergyintolerance-clinical", row.get("status", "active")),
        "verificationStatus": _status("allergyintolerance-verification", row.get("verification", "confirmed")),
        "criticality": row.get("criticality"),
        "code": concept(row.get("code"), row.get("text")),
        "patient": subject,
        "recordedDate": row.get("recorded"),
        "reaction": [{"manifestation": [concept(None, row["reaction"])]}] if row.get("reaction") else None,
    }


def _note(row: Row, subject: Row) -> Row:
    data = base64.b64encode(str(row["text"]).encode()).decode()
    return {
        "resourceType": "DocumentReference",
        "status": row.get("status", "current"),
        "docStatus": row.get("doc_status"),
        "type": concept(row.get("code"), row.get("type", "Note")),
        "subject": subject,
        "date": row.get("at"),
        "author": [{"display": row["author"]}] if row.get("author") else None,
        "content": [{"attachment": {"contentType": "text/plain; charset=utf-8", "data": data}}],
    }


def _procedure(row: Row, subject: Row) -> Row:
    return {
        "resourceType": "Procedure",
        "status": row.get("status", "completed"),
        "code": concept(row.get("code"), row.get("text")),
        "subject": subject,
        "performedDateTime": row.get("at"),
    }


def _immunization(row: Row, subject: Row) -> Row:
    vaccine = concept(row.get("code"), row.get("text") or row.get("disease"))
    return {
        "resourceType": "Immunization",
        "status": row.get("status", "completed"),
        "vaccineCode": vaccine,
        "patient": subject,
        "occurrenceDateTime": row.get("at"),
        "protocolApplied": [
            {
                "targetDisease": [concept(None, row["disease"])],
                "doseNumberPositiveInt": row.get("dose", 1),
            }
        ]
        if row.get("disease")
        else None,
    }


def _imaging(row: Row, subject: Row) -> Row:
    """A study of one series per row of `series` ({modality, site, images})."""
    series = [
        _filled(
            {
                "uid": part["uid"],
                "number": number,
                "modality": {"system": "http://dicom.nema.org/resources/ontology/DCM", "code": part["modality"]},
                "description": part.get("description"),
                "numberOfInstances": part.get("images"),
                "bodySite": {"system": "http://snomed.info/sct", "code": part["site_code"], "display": part["site"]}
                if part.get("site_code")
                else None,
            }
        )
        for number, part in enumerate(row.get("series") or [], 1)
    ]
    return {
        "resourceType": "ImagingStudy",
        "identifier": [{"system": "urn:dicom:uid", "value": f"urn:oid:{row['uid']}"}] if row.get("uid") else None,
        "status": row.get("status", "available"),
        "subject": subject,
        "started": row.get("at"),
        "numberOfSeries": len(series) or None,
        "numberOfInstances": sum(part.get("images") or 0 for part in row.get("series") or []) or None,
        "procedureCode": [concept(row["code"], row.get("text"))] if row.get("code") else None,
        "description": row.get("text"),
        "series": series,
    }


def _report(row: Row, subject: Row) -> Row:
    """A diagnostic report; `study` is the id of the imaging row it is about."""
    me = subject["reference"].partition("/")[2]
    section = {"system": f"{_TERMS}/v2-0074", "code": row.get("section", "RAD")}
    return {
        "resourceType": "DiagnosticReport",
        "status": row.get("status", "final"),
        "category": [{"coding": [section]}],
        "code": concept(row.get("code"), row.get("text")),
        "subject": subject,
        "effectiveDateTime": row.get("at"),
        "issued": row.get("issued"),
        "performer": [{"display": row["author"]}] if row.get("author") else None,
        "imagingStudy": [{"reference": f"ImagingStudy/{me}-{row['study']}"}] if row.get("study") else None,
        "conclusion": row.get("conclusion"),
    }


_BUILDERS: dict[str, Callable[[Row, Row], Row]] = {
    "encounters": _encounter,
    "conditions": _condition,
    "observations": _observation,
    "medications": _medication,
    "allergies": _allergy,
    "notes": _note,
    "procedures": _procedure,
    "immunizations": _immunization,
    "imaging": _imaging,
    "reports": _report,
}


# -- changed copies --------------------------------------------------------------------------------------------------


def apply_change(patient: Row, change: Row) -> Row:
    """A changed copy of a compact patient.

    Args:
        change: `{KIND: {...}}` (or `{kind: KIND, ...}`), with KIND one of set_observation {id, value, unit, component},
            set_birth_date {value}, set_gender {value}, add_ and remove_ with condition, medication, note, observation,
            allergy or procedure.

    Raises:
        UsageError: no such kind, or nothing with that id.
    """
    body = copy.deepcopy(patient)
    if "kind" in change:
        changes = {str(change["kind"]): {key: value for key, value in change.items() if key != "kind"}}
    else:
        changes = change
    for kind, given in changes.items():
        _apply(body, kind, given if isinstance(given, dict) else {"value": given})
    return body


def _apply(body: Row, kind: str, given: Row) -> None:
    action, _, what = kind.partition("_")
    section = next((name for name in _LISTS if name in (f"{what}s", f"{what[:-1]}ies")), None)
    if kind in ("set_birth_date", "set_gender"):
        body["birth_date" if kind == "set_birth_date" else "gender"] = given["value"]
    elif kind == "set_observation":
        row = _row(body, "observations", given["id"])
        if given.get("component"):
            row = next((part for part in row.get("components", []) if part["code"] == given["component"]), {})
            if not row:
                raise UsageError(
                    f"no component {given['component']!r}",
                    found=given["component"],
                    expected="a component of the observation",
                    action="correct the change",
                )
        if "value" in given:
            for key in ("value_code", "value_text", "comparator", "interpretation", "absent"):
                row.pop(key, None)
        row |= {key: value for key, value in given.items() if key not in ("id", "component")}
    elif action == "add" and section:
        rows = body.get(section) or []
        if any(row["id"] == given.get("id") for row in rows):
            raise UsageError(
                f"{section} already has {given['id']!r}",
                found=given["id"],
                expected="a new id",
                action="correct the change",
            )
        body[section] = [*rows, {**given, "id": given.get("id", f"x{len(rows)}")}]
    elif action == "remove" and section:
        row = _row(body, section, given["id"])
        body[section] = [other for other in body[section] if other is not row]
    else:
        raise UsageError(
            f"no change {kind!r}",
            found=kind,
            expected="set_, add_ or remove_ with a section",
            action="correct the change",
        )


def _row(body: Row, section: str, id_: Any) -> Row:
    for row in body.get(section) or []:
        if row["id"] == id_:
            found: Row = row
            return found
    raise UsageError(
        f"no {section} row {id_!r}",
        found=id_,
        expected=[row["id"] for row in body.get(section) or []],
        action="correct the change",
    )
