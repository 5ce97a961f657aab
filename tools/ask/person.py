"""What a record says of the person: birth, age, sex, identifiers, coverage."""

from __future__ import annotations

from typing import Any

from knowledge.evidence import FhirElement, Value
from tools.ask.events import Visit
from tools.ask.query import Query
from tools.ehr.compartment import walk
from tools.ehr.dates import start_of, years_at
from tools.ehr.elements import words
from tools.ehr.record import PatientRecord

_PATHS = {
    "sex": "gender",
    "birth_date": "birthDate",
    "marital_status": "maritalStatus",
    "language": "communication.language",
    "phone": "telecom",
    "address": "address",
    "name": "name",
}
_EXTENSIONS = {
    "ethnicity": ("us-core-race", "us-core-ethnicity"),
    "religion": ("patient-religion",),
}
Found = list[tuple[Value, str, FhirElement, str | None]]


async def of_person(record: PatientRecord, query: Query, visits: list[Visit] | None) -> Found | str:
    """Values of a field of the patient, or why there are none."""
    field, patient = query.field or "", record.patient
    if visits is not None and not visits:
        return "there is no such stay in this record"
    if field == "insurance":
        return await _coverage(record, visits)
    found: Found = []
    if field == "age":
        return _age(record, visits)
    if field == "deceased":
        if patient.get("deceasedDateTime"):
            return [
                _row(
                    record, str(patient["deceasedDateTime"]), f"died {patient['deceasedDateTime']}", "Patient.deceased"
                )
            ]
        if isinstance(patient.get("deceasedBoolean"), bool):
            dead = patient["deceasedBoolean"]
            return [_row(record, dead, "deceased" if dead else "not deceased", "Patient.deceased")]
        return "whether the patient is alive is not recorded"
    if field == "mrn":
        for row in walk(patient, "identifier"):
            code = next(walk(row, "type.coding.code"), None)
            if code in ("MR", "MRN") and row.get("value"):
                found.append(_row(record, str(row["value"]), str(row["value"]), "Patient.identifier"))
        rows = [row for row in walk(patient, "identifier") if isinstance(row, dict) and row.get("value")]
        if not found and len(rows) == 1:
            found.append(_row(record, str(rows[0]["value"]), str(rows[0]["value"]), "Patient.identifier"))
        return found or "no medical record number is recorded"
    if field in _EXTENSIONS:
        for extension in walk(patient, "extension"):
            if str(extension.get("url", "")).rsplit("/", 1)[-1] in _EXTENSIONS[field]:
                text = words(extension.get("valueCodeableConcept")) or next(
                    (str(v) for v in walk(extension, "extension.valueString")), ""
                )
                text = text or next((str(v) for v in walk(extension, "extension.valueCoding.display")), "")
                if text:
                    found.append(_row(record, text, text, "Patient.extension"))
        return found or f"{field} is not recorded"
    for row in walk(patient, _PATHS.get(field, field)):
        text = _text(field, row)
        if text:
            found.append(_row(record, text, text, f"Patient.{_PATHS.get(field, field)}"))
    return found or f"{field.replace('_', ' ')} is not recorded"


def _text(field: str, row: Any) -> str:
    if isinstance(row, str):
        return row
    if not isinstance(row, dict):
        return ""
    if field == "phone":
        return str(row.get("value") or "") if row.get("system") in ("phone", "sms", None) else ""
    if field == "address":
        parts = [
            *(row.get("line") or []),
            *(str(row[key]) for key in ("city", "state", "postalCode", "country") if row.get(key)),
        ]
        return str(row.get("text") or ", ".join(parts))
    if field == "name":
        return str(row.get("text") or " ".join([*(row.get("given") or []), str(row.get("family") or "")]))
    return words(row)


def _row(
    record: PatientRecord, value: Value, shown: str, path: str, unit: str | None = None
) -> tuple[Value, str, FhirElement, str | None]:
    version = (record.patient.get("meta") or {}).get("versionId")
    return value, shown, FhirElement(reference=f"Patient/{record.patient['id']}", version=version, path=path), unit


def _age(record: PatientRecord, visits: list[Visit] | None) -> Found | str:
    birth = record.patient.get("birthDate")
    if not birth:
        return "the date of birth is not recorded"
    died = start_of(record.patient.get("deceasedDateTime"))
    moment = visits[-1].start if visits else min(record.as_of, died) if died else record.as_of
    if moment is None:
        return "when that stay began is not recorded"
    low, high = years_at(birth, moment)
    if low != high:
        return f"born {birth}: {low} or {high} years old"
    when = f" on {moment.date().isoformat()}" if visits or (died and died < record.as_of) else ""
    return [_row(record, low, f"{low} years{when} (born {birth})", "Patient.birthDate", "a")]


async def _coverage(record: PatientRecord, visits: list[Visit] | None) -> Found | str:
    part = await record.slice("Coverage")
    found: Found = []
    for entry in part.entries:
        start, end = (start_of(next(walk(entry.resource, f"period.{key}"), None)) for key in ("start", "end"))
        if visits:
            fits = any(
                (start is None or visit.end is None or start <= visit.end)
                and (end is None or visit.start is None or end >= visit.start)
                for visit in visits
            )
        else:
            fits = end is None or end > record.as_of
        name = str(next(walk(entry.resource, "payor.display"), "")) or words(entry.resource.get("type"))
        if fits and name and all(name != row[0] for row in found):
            source = FhirElement(reference=entry.reference, version=entry.version, path="Coverage.payor")
            found.append((name, name, source, None))
    return found or "no insurance is recorded for that time"
