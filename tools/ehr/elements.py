"""Elements of resources as plain values: codings, words, dates, quantities."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from knowledge.coding import Coding, canonical_system
from knowledge.units import ucum
from tools.ehr.compartment import walk
from tools.ehr.dates import interval, start_of
from tools.ehr.fhirjson import Resource

# Where a type says when it happened, and when it became known; the first found counts.
_HAPPENED: dict[str, tuple[str, ...]] = {
    "Observation": ("effectiveDateTime", "effectiveInstant", "effectivePeriod", "issued"),
    "DiagnosticReport": ("effectiveDateTime", "effectivePeriod", "issued"),
    "Condition": ("onsetDateTime", "onsetPeriod", "recordedDate"),
    "AllergyIntolerance": ("onsetDateTime", "recordedDate"),
    "MedicationRequest": ("authoredOn",),
    "ServiceRequest": ("authoredOn",),
    "MedicationStatement": ("effectiveDateTime", "effectivePeriod", "dateAsserted"),
    "MedicationAdministration": ("effectiveDateTime", "effectivePeriod"),
    "MedicationDispense": ("whenHandedOver", "whenPrepared"),
    "Procedure": ("performedDateTime", "performedPeriod"),
    "Immunization": ("occurrenceDateTime", "recorded"),
    "DocumentReference": ("date", "context.period"),
    "Encounter": ("period",),
    "FamilyMemberHistory": ("date",),
    "ImagingStudy": ("started",),
    "AdverseEvent": ("date", "detected", "recordedDate"),
    "CarePlan": ("period", "created"),
    "CareTeam": ("period",),
    "ClinicalImpression": ("effectiveDateTime", "effectivePeriod", "date"),
    "Communication": ("sent", "received"),
    "CommunicationRequest": ("authoredOn",),
    "Composition": ("date",),
    "Consent": ("dateTime",),
    "DetectedIssue": ("identifiedDateTime", "identifiedPeriod"),
    "DeviceRequest": ("authoredOn",),
    "DeviceUseStatement": ("timingDateTime", "timingPeriod", "recordedOn"),
    "EpisodeOfCare": ("period",),
    "Flag": ("period",),
    "Goal": ("startDate", "statusDate"),
    "List": ("date",),
    "Media": ("createdDateTime", "createdPeriod", "issued"),
    "NutritionOrder": ("dateTime",),
    "QuestionnaireResponse": ("authored",),
    "RequestGroup": ("authoredOn",),
    "RiskAssessment": ("occurrenceDateTime", "occurrencePeriod"),
    "Specimen": ("collection.collectedDateTime", "receivedTime"),
    "VisionPrescription": ("dateWritten",),
}
_KNOWN: dict[str, str] = {
    "Observation": "issued",
    "DiagnosticReport": "issued",
    "Condition": "recordedDate",
    "AllergyIntolerance": "recordedDate",
    "MedicationStatement": "dateAsserted",
}


def codings(concept: Any) -> list[Coding]:
    """The codings of a CodeableConcept that have a system and a code."""
    return [
        Coding(system=canonical_system(str(coding["system"])), code=str(coding["code"]), display=coding.get("display"))
        for coding in walk(concept, "coding")
        if isinstance(coding, dict) and coding.get("system") and coding.get("code")
    ]


def words(concept: Any) -> str:
    """How a CodeableConcept (or the first of a list of them) reads: its text, else a display, else a code."""
    if isinstance(concept, list):
        concept = concept[0] if concept else None
    if not isinstance(concept, dict):
        return ""
    text = concept.get("text") or next(walk(concept, "coding.display"), None) or next(walk(concept, "coding.code"), "")
    return " ".join(str(text).split())


def when(resource: Resource, as_of: datetime | None = None) -> str | None:
    """When it happened or was so, as the record writes it; of a period its end (unless that lies after `as_of`), else
    its start."""
    for path in _HAPPENED.get(str(resource.get("resourceType")), ()):
        for value in walk(resource, path):
            if isinstance(value, dict):
                end = start_of(value.get("end")) if isinstance(value.get("end"), str) else None
                over = end is not None and (as_of is None or end <= as_of)
                value = value.get("end") if over else value.get("start") or value.get("end")
            if isinstance(value, str) and start_of(value):
                return value
    return None


def begun(resource: Resource) -> datetime | None:
    """The earliest moment at which it can have begun."""
    for path in _HAPPENED.get(str(resource.get("resourceType")), ()):
        for value in walk(resource, path):
            text = value.get("start") or value.get("end") if isinstance(value, dict) else value
            found = start_of(text) if isinstance(text, str) else None
            if found:
                return found
    return None


def visible(resource: Resource, as_of: datetime) -> bool:
    """Whether the record could show it at the clinical clock: neither begun nor reported later."""
    moments = [begun(resource), start_of(resource.get(_KNOWN.get(str(resource.get("resourceType")), "")))]
    return all(moment is None or moment <= as_of for moment in moments)


def iso(text: str | None) -> str | None:
    """A FHIR date as `effective_at`: dates stay dates, times get their zone (UTC where none is written)."""
    if not text:
        return None
    if len(text) <= 10:
        return text
    try:
        return interval(text)[0].isoformat().replace("+00:00", "Z")
    except ValueError:
        return text


@dataclass(frozen=True)
class Measured:
    """A quantity as recorded: its unit in UCUM where it can be told, `written` as it stands in the record."""

    value: float
    unit: str | None
    written: str
    comparator: str | None = None


def quantity(element: Any) -> Measured | None:
    """A Quantity element, or nothing where it holds no number."""
    if not isinstance(element, dict) or isinstance(element.get("value"), bool):
        return None
    value = element.get("value")
    if not isinstance(value, int | float):
        return None
    written = str(element.get("unit") or element.get("code") or "")
    coded = element.get("code") if "unitsofmeasure" in str(element.get("system", "")) else None
    unit = str(coded) if coded else ucum(written) if written else None
    # An assay's name stands in the printed unit more often than in the code: it must not be lost (safety rule 7).
    if coded and "{" not in str(coded) and ucum(written).partition("{")[0] == coded:
        unit = ucum(written)
    return Measured(float(value), unit, written, element.get("comparator"))
